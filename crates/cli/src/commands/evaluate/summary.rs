//! Arguments of every evaluation by records: intervals, files of figures, how models are opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use rinalmo::Model;
use rinalmo::evaluate::ProblemKind;
use rinalmo::evaluate::metrics::bootstrap::Bootstrap;

use crate::commands::choose::{Dtype, MemoryArgs, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::FailureArgs;

/// Intervals, and files of figures.
#[derive(Args)]
pub struct SummaryArgs {
    /// Resample records N times for 95 % intervals; 0 for none
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().resamples)]
    resamples: usize,
    /// Resample with this random seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write all figures to FILE as JSON; `-` prints them in place of the table
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the tables to FILE as Markdown; `-` prints them in place of the table
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    #[command(flatten)]
    failures: FailureArgs,
}

impl SummaryArgs {
    /// The files of text, by their flags.
    pub fn texts(&self) -> [(&'static str, Option<&Path>); 2] {
        [("--json", self.json.as_deref()), ("--markdown", self.markdown.as_deref())]
    }

    /// How intervals are made.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { resamples: self.resamples, seed: self.seed, ..Bootstrap::default() }
    }

    /// The outcome of an evaluation that left out so many records of each kind. Predictions without a reference are no
    /// error, as the figures are complete without them.
    pub fn judge(&self, left_out: &BTreeMap<ProblemKind, usize>) -> Outcome {
        let faults = left_out.keys().any(|kind| *kind != ProblemKind::NoReference);
        self.failures.judge(if faults { Outcome::Partial } else { Outcome::Done })
    }
}

/// Opening models.
#[derive(Args)]
pub struct OpenArgs {
    /// Number of attention heads, if neither the checkpoint nor a config.json next to it has it; the published sizes
    /// (20 heads) do not need it
    #[arg(long, value_name = "N")]
    heads: Option<usize>,
    /// Compute a model's products in this number format, see `rinalmo fold`
    #[arg(long, value_enum, default_value = "auto", value_name = "TYPE")]
    dtype: Dtype,
    #[command(flatten)]
    memory: MemoryArgs,
}

impl OpenArgs {
    /// Opens a model by name or path.
    pub fn open(&self, name: &str, context: &Context) -> Result<Model> {
        let Self { heads, dtype, memory } = *self;
        ModelChoice { model: Some(name.to_owned()), heads, dtype, memory }.load(context, "structure", None)
    }
}
