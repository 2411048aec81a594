//! Pre-training: a model learns to predict masked letters of a corpus.
//!
//! A [`Config`] is read from a TOML file, a [`Run`] starts in a folder or is resumed there, and [`Run::go`] trains
//! until it is done or asked to stop. [`DryRun`] describes a run in advance. [`Processes`] are those that `mpirun`
//! started, with feature `mpi`. See `docs/pretraining.md`.
//!
//! ```no_run
//! use std::path::Path;
//! use rinalmo_infer::Device;
//! use rinalmo_runs::pretrain::{Alone, Config, Masked, Program, Request, Run, RunConfig, Share, Stop};
//!
//! let config = Config::open(Path::new("nano"), &["train.until.steps=1000".into()])?;
//! let (name, data, out) = ("nano".into(), "corpus.lmdb".into(), "runs/nano".into());
//! let request = Request { name, config, data, out, from: None, program: Program::default() };
//! let run = Run::begin(Masked, request, &Device::cpu(), Share::default())?;
//! let finished = run.go(Alone, &Stop::default(), &mut ())?;
//! println!("{} steps", finished.state.step);
//! # Ok::<(), rinalmo_runs::Error>(())
//! ```

mod config;
mod dry_run;
mod estimate;
mod processes;
mod record;
mod run;
mod size;
mod trial;

pub use crate::Error;
pub use crate::run::{Finished, Folder, Keep, Program, RunConfig, Session};
pub use config::Config;
pub use dry_run::{DryRun, OnCorpus, bytes, duration};
pub use estimate::{EpochSize, Memory};
pub use processes::Processes;
pub use record::{Corpus, Known};
pub use rinalmo_corpus::report::grouped;
pub use rinalmo_metrics::perplexity::perplexity;
pub use rinalmo_train::{
    Alone, Divergence, Ended, Error as TrainError, Every, Exchange, Limits, MlmConfig, Observer, Options, Part,
    ReturnReport, RunState, Share, StepReport, Stop, Validation, ValidationReport,
};
pub use run::{Masked, Outlook, Record, Request, Resume, Run};
pub use size::{Nonlinearity, PositionKind, Size};
pub use trial::{TooLarge, Trial};
