//! One rule of all commands for existing files: text results, reports and drawings are replaced once the new ones are
//! complete; files that take long to make or that others depend on (stores, models, embeddings, tables to train on) are
//! replaced only with `--force`.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

/// `--force`.
#[derive(Args, Clone, Copy, Debug)]
pub struct ForceArgs {
    /// Replace an existing output once the new one is complete
    #[arg(long)]
    pub force: bool,
}

impl ForceArgs {
    /// Checks in advance that the output may be written.
    ///
    /// # Errors
    /// It exists, and `--force` is not given.
    pub fn check(self, output: &Path) -> Result<()> {
        let exists = std::fs::metadata(output).is_ok_and(|about| about.is_file() || about.is_dir());
        if exists && !self.force {
            bail!("{}: already exists\nhint: --force replaces it", output.display());
        }
        Ok(())
    }
}
