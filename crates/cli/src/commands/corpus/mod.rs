//! `rinalmo corpus`: from FASTA files to a store that pre-training samples; from files of structures to one that fine-tuning takes.

mod build;
mod download;
mod exclude;
mod export;
mod sample;
mod stats;
mod structures;

pub use stats::baselines;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::context::{Context, Outcome};

/// Fetch, build, inspect, sample and export what models learn from
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
    Structures(Box<structures::StructuresArgs>),
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
        Action::Structures(args) => args.run(context),
    }
}
