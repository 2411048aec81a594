//! Where text results go.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

/// `-o`.
#[derive(Args, Clone, Debug)]
pub struct OutputArgs {
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl OutputArgs {
    /// Opens it.
    pub fn open(&self) -> anyhow::Result<Box<dyn Write + Send>> {
        match &self.output {
            Some(path) if path != Path::new("-") => Ok(Box::new(create(path)?)),
            _ => Ok(Box::new(BufWriter::new(stdout()))),
        }
    }
}

/// Creates a file for writing.
pub fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("{}: cannot be written", path.display()))?;
    Ok(BufWriter::new(file))
}
