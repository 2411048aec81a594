//! What may be written over, one rule for all commands: text results, reports and drawings are replaced once the new ones
//! are whole; what takes long to make or is built upon (stores, models, embeddings, tables to train on) only by `--force`.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

/// `--force`.
#[derive(Args, Clone, Copy, Debug)]
pub struct ForceArgs {
    /// Replace an output that is there, once the new one is whole
    #[arg(long)]
    pub force: bool,
}

impl ForceArgs {
    /// Checks before any work that the output may be written.
    ///
    /// # Errors
    /// It is there, and nobody said that it may go.
    pub fn check(self, output: &Path) -> Result<()> {
        let is_there = std::fs::metadata(output).is_ok_and(|about| about.is_file() || about.is_dir());
        if is_there && !self.force {
            bail!("{}: is already there\nhint: --force replaces it", output.display());
        }
        Ok(())
    }
}
