//! `rinalmo corpus export`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use rinalmo::corpus::export::{self, Options, Which};

use crate::context::{Context, Outcome};
use crate::io::OutputArgs;

/// Write the sequences of a store as FASTA, or its clusters as a table
#[derive(Args)]
pub struct ExportArgs {
    /// The store
    #[arg(value_name = "STORE")]
    store: PathBuf,
    /// Write these sequences
    #[arg(long, value_enum, value_name = "WHICH", default_value = "all")]
    which: WhichArg,
    /// Write T instead of U
    #[arg(long, conflicts_with = "table")]
    dna: bool,
    /// Write a table instead: cluster, split, representative, id, length, source, merged
    #[arg(long)]
    table: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum WhichArg {
    /// Every sequence
    All,
    /// One sequence of each cluster
    Representatives,
    /// Sequences of clusters that are not held out
    Train,
    /// Sequences of held-out clusters
    HeldOut,
}

impl ExportArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = super::open(&self.store, context)?;
        let which = match self.which {
            WhichArg::All => Which::All,
            WhichArg::Representatives => Which::Representatives,
            WhichArg::Train => Which::Train,
            WhichArg::HeldOut => Which::HeldOut,
        };
        self.output.output.as_deref().map_or(Ok(()), |output| store.check_output(output))?;
        let mut output = self.output.open()?;
        let written = if self.table {
            export::table(&store, which, &mut output)?
        } else {
            export::fasta(&store, Options { which, dna: self.dna }, &mut output)?
        };
        output.finish()?;
        context.detail(|| format!("{written} sequences"));
        Ok(Outcome::Done)
    }
}
