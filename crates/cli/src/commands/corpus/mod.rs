//! `rinalmo corpus`: from FASTA files to a store that pre-training samples.

mod build;
mod download;
mod export;
mod sample;
mod stats;

pub use stats::baselines;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::context::{Context, Outcome};

/// Fetch, build, inspect, sample and export corpora for pre-training
#[derive(Args)]
pub struct CorpusArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Download(download::DownloadArgs),
    Build(Box<build::BuildArgs>),
    Stats(stats::StatsArgs),
    Sample(sample::SampleArgs),
    Export(export::ExportArgs),
}

impl CorpusArgs {
    /// Does it fetch files? Then Ctrl-C may end it wherever it is.
    pub fn is_download(&self) -> bool {
        matches!(self.action, Action::Download(_))
    }
}

/// Runs the command.
pub fn run(args: CorpusArgs, context: &Context) -> Result<Outcome> {
    match args.action {
        Action::Download(args) => args.run(context),
        Action::Build(args) => args.run(context),
        Action::Stats(args) => args.run(context),
        Action::Sample(args) => args.run(context),
        Action::Export(args) => args.run(context),
    }
}
