//! Training runs: a config says what to train, a folder holds everything the run writes, and a stopped run can resume.
//!
//! [`pretrain`] and [`finetune`] are the two kinds of run. Both use [`run`] (folders, sessions, keys of configs) and
//! `log/` (metrics, event files, curves). [`recipes`] are the configs that are built in.

mod error;
pub mod finetune;
mod log;
pub mod pretrain;
pub mod recipes;
pub mod run;

pub use error::Error;
