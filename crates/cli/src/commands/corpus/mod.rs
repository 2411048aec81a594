//! `rinalmo corpus`: from FASTA files to a store that pre-training samples; from files of structures to one that fine-tuning takes.

mod build;
mod download;
mod exclude;
mod export;
mod sample;
mod stats;
mod structures;

use std::path::Path;

pub use stats::baselines;

use anyhow::Result;
use clap::{Args, Subcommand};

use rinalmo::corpus::Store;

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

/// Opens a store, and says so where its pages have no checksums.
pub fn open(path: &Path, context: &Context) -> Result<Store> {
    let store = Store::open(path)?;
    note_unchecked(&store, context);
    Ok(store)
}

/// Says that damage of a store is not noticed where it is read, if that is so.
pub fn note_unchecked(store: &Store, context: &Context) {
    if !store.is_checked() {
        let path = store.path().display();
        context.note(format!(
            "note: {path} was built by an earlier version, without checksums of its pages: damage to its sequences goes \
             unnoticed while they are sampled\nhint: `rinalmo corpus stats {path} --verify` compares all of it once; a new build adds \
             the checksums"
        ));
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
