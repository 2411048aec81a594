//! `rinalmo corpus`: makes a store for pre-training from FASTA files, and a table for fine-tuning from files of
//! structures.

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

/// Fetch, build, inspect, sample and export training data
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
    /// Does it fetch files? Then Ctrl-C may end it at any point.
    pub fn is_download(&self) -> bool {
        matches!(self.action, Action::Download(_))
    }
}

/// Opens a store, with a note if its pages have no checksums.
pub fn open(path: &Path, context: &Context) -> Result<Store> {
    let store = Store::open(path)?;
    note_unchecked(&store, context);
    Ok(store)
}

/// Prints a note if a store has no checksums of its pages, so that damage is not noticed when it is read.
pub fn note_unchecked(store: &Store, context: &Context) {
    if !store.is_checked() {
        let path = store.path().display();
        context.note(format!(
            "note: {path} was built by an earlier version, without checksums of its pages: damage to its sequences is \
             not noticed while they are sampled\nhint: `rinalmo corpus stats {path} --verify` checks all of it once; a new build adds \
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
