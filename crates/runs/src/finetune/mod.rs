//! Fine-tuning: a pre-trained encoder and a head learn a task from labelled sequences.
//!
//! A [`Kind`] is a task: how its data are read, which head it needs. A [`Config`] is read from a TOML file, a [`Run`]
//! starts in a folder or is resumed there, and [`Run::go`] trains until it is done or asked to stop, keeping the best
//! model by validation. [`DryRun`] describes a run in advance. See `docs/finetuning.md`.
//!
//! ```no_run
//! use std::path::Path;
//! use rinalmo_infer::Device;
//! use rinalmo_runs::finetune::{Config, Files, Request, Run, RunConfig, Structure};
//! use rinalmo_runs::pretrain::{Alone, Program, Share, Stop};
//!
//! let config = Config::open(Path::new("structure-nano"), &[])?;
//! let data = Files { train: vec!["TR0.tsv.gz".into()], validation: vec!["VL0.tsv.gz".into()], ..Files::default() };
//! let (name, from, out) = ("folds".into(), Some("nano".into()), "runs/structure".into());
//! let request = Request { name, config, data, out, from, program: Program::default() };
//! let run = Run::begin(Structure, request, &Device::cpu(), Share::default())?;
//! let finished = run.go(Alone, &Stop::default(), &mut ())?;
//! println!("{:?}", finished.validation);
//! # Ok::<(), rinalmo_runs::Error>(())
//! ```

mod adapters;
mod checksum;
mod config;
mod dry_run;
mod heads;
mod hold_out;
mod kind;
mod labels;
#[cfg(test)]
mod new_task;
mod run;
mod structure;

pub use crate::Error;
pub use crate::run::{Finished, RunConfig};
pub use adapters::merge;
pub use config::{Adapters, Config, Frozen, HoldOut, Section, Unfreeze};
pub use dry_run::{DryRun, Stage};
pub use hold_out::Unit;
pub use kind::{Files, Kind, Parts, Prepared, Split};
pub use labels::{LabelConfig, Labelled, Meaning};
pub use rinalmo_model::{Lora, LoraTarget, TASKS, TaskSpec};
pub use run::{Epoch, Known, Outlook, Record, Request, Resume, Run};
pub use structure::Structure;
