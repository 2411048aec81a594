//! Training runs: a config says what to train, a folder holds everything the run writes, and a stopped run can resume.
//!
//! [`run::Run`] is a run from start to end: folder, record, sessions, keys of its config. [`pretrain`] and [`finetune`]
//! say what it can train for. `log/` has metrics, event files and curves; [`recipes`] are the configs that are built in.

mod error;
pub mod finetune;
mod log;
pub mod pretrain;
pub mod recipes;
pub mod run;

pub use error::{Error, FileError};
