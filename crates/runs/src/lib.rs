//! Training as runs: a config says what, a folder holds all that came of it, and a run that was stopped goes on.
//!
//! [`pretrain`] and [`finetune`] are the two kinds of run. What both share is in [`run`] (folders, sessions, keys of configs)
//! and `log/` (metrics, event files, curves); [`recipes`] are the configs that are built in.

mod error;
pub mod finetune;
mod log;
pub mod pretrain;
pub mod recipes;
pub mod run;

pub use error::Error;
