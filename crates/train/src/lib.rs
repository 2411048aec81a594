//! One training loop for every task.
//!
//! A [`Task`] defines the batches, their loss, and the validation of a model:
//!
//! - [`Mlm`] is masked-language pre-training;
//! - [`Structures`] is fine-tuning on secondary structures;
//! - [`Labels`] is fine-tuning on labels of sequences or bases.
//!
//! A [`Trainer`] does the rest. It draws batches, sums the [`Gradients`] of several into one step and over processes by
//! an [`Exchange`], clips them, and makes a step of the [`Optimizer`] at the [`Schedule`]'s rate. An [`Observer`] is
//! called after every step. [`Checkpoints`] hold everything that a run needs to continue bit for bit as if it had never
//! stopped.
//!
//! The recipe is RiNALMo's (Methods, "Pre-training"): AdamW, warm-up then cosine, gradients clipped to norm 1.
//!
//! ```no_run
//! use std::path::Path;
//! use burn::tensor::Device;
//! use rinalmo_corpus::Store;
//! use rinalmo_model::{ModelConfig, PRESETS};
//! use rinalmo_weights::Document;
//! use rinalmo_train::{Alone, Checkpoints, Mlm, MlmConfig, Options, Share, Stop, Trainer, start};
//!
//! let store = Store::open(Path::new("corpus.lmdb"))?;
//! let options = Options::default();
//! let task = Mlm::new(store, &MlmConfig::default(), options.seed, Share::default())?;
//! let (config, device) = (ModelConfig::pretrained(PRESETS[0].encoder()), Device::flex().autodiff());
//! let model = start::fresh(&config, options.seed, &device);
//! let checkpoints = Checkpoints::new("runs/nano/checkpoints");
//! let mut trainer = Trainer::new(&task, Document::new("nano", config), model, options, device, Alone)?;
//! let ended = trainer.run(Some(&checkpoints), &Stop::default(), &mut ())?;
//! println!("{ended:?} after {} steps", trainer.state().step);
//! # Ok::<(), rinalmo_train::Error>(())
//! ```

mod cache;
pub mod checkpoint;
mod error;
mod exchange;
mod labels;
mod mlm;
mod names;
pub mod optimizer;
mod order;
mod pass;
pub mod run;
mod schedule;
pub mod start;
mod structure;
mod task;

pub use cache::Cache;
pub use checkpoint::{Checkpoints, Saved};
pub use error::{Divergence, Error};
#[cfg(feature = "mpi")]
pub use exchange::Mpi;
pub use exchange::{Alone, Exchange, Share};
pub use labels::{Aim, Example, LabelOptions, Labels, Readout};
pub use mlm::{Mlm, MlmConfig};
pub use optimizer::{Gradients, Optimizer, OptimizerConfig};
pub use order::shuffled;
pub use pass::Pass;
pub use rinalmo_corpus::sample::Position;
pub use run::{
    DropoutRates, Ended, Every, Limits, Observer, Options, ReturnReport, RunState, StepReport, Stop, Trainer,
    ValidationReport,
};
pub use schedule::{Course, Schedule, WarmUp};
pub use structure::{StructureConfig, Structures, Tuning, Window};
pub use task::{Batches, Drawn, Loading, Loss, Part, Task, Unaffordable, Validation};
