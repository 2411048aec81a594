//! What every evaluation by records takes: how it sums up, where figures go, how models are opened.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rinalmo::Model;
use rinalmo::evaluate::Kind;
use rinalmo::evaluate::metrics::bootstrap::Bootstrap;

use crate::commands::choose::{Dtype, MemoryArgs, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::FailureArgs;

/// Summing up.
#[derive(Args)]
pub struct SummaryArgs {
    /// Times that records are drawn anew for 95 % intervals; 0 for none
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().resamples)]
    resamples: usize,
    /// What the draws depend on
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write all figures as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the tables as Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    #[command(flatten)]
    failures: FailureArgs,
}

impl SummaryArgs {
    /// How intervals are made.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { resamples: self.resamples, seed: self.seed, ..Bootstrap::default() }
    }

    /// How an evaluation ended that left out so many things of each kind. Predictions beyond the references are no fault:
    /// whoever predicts more than is known loses nothing.
    pub fn judge(&self, left_out: &BTreeMap<Kind, usize>) -> Outcome {
        let faults = left_out.keys().any(|kind| *kind != Kind::NoReference);
        self.failures.judge(if faults { Outcome::Partial } else { Outcome::Done })
    }
}

/// Opening models.
#[derive(Args)]
pub struct OpenArgs {
    /// Attention heads, where neither the checkpoint nor a config.json beside it says; only the published sizes
    /// (20 heads) do without
    #[arg(long, value_name = "N")]
    heads: Option<usize>,
    /// What a model's products are computed in, see `rinalmo fold`
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
