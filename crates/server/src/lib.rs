//! A server for your own machine: folding, embedding, scoring, predicting and drawing as JSON over HTTP, and a page.
//!
//! [`Server::bind`] checks the options, opens the checkpoints and the port; [`Server::run`] serves until it is asked to
//! stop. Requests are read and answered on two threads of an asynchronous runtime (`serve.rs`, `app.rs`, `guard.rs`,
//! `body.rs`). Each verb has a file in `verbs/`; `page/` has the files of the page. All computing is done by the threads
//! of the queue (`queue/`), which gathers requests that ask the same of the same model into one call. Long work is posted as
//! a job (`jobs/`), whose pieces wait in the same queue.
//!
//! Results are those of the library, so those of the command line.
//!
//! ```no_run
//! use std::sync::atomic::AtomicBool;
//!
//! use rinalmo_server::{Options, Server};
//!
//! let server = Server::bind(Options::default())?;
//! println!("http://{}/", server.address());
//! server.run(&AtomicBool::new(false))?;
//! # Ok::<(), rinalmo_server::Error>(())
//! ```

mod app;
mod body;
mod error;
mod failure;
mod guard;
mod info;
mod jobs;
mod limits;
mod metrics;
mod models;
mod options;
mod page;
mod queue;
mod sequences;
mod serve;
mod stall;
mod tls;
mod verbs;

pub use app::paths;
pub use error::Error;
pub use limits::Limits;
pub use options::{Options, Token};
pub use serve::Server;
pub use tls::Tls;
