//! `rinalmo corpus stats`.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use rinalmo::corpus::{Store, stats::Stats};
use serde_json::json;

use crate::context::{Context, Outcome};
use crate::io::create;

/// Show what is in a store: counts, lengths, cluster sizes, how it was made
#[derive(Args)]
pub struct StatsArgs {
    /// The store
    #[arg(value_name = "STORE")]
    store: PathBuf,
    /// Print as JSON, with the header of the store
    #[arg(long)]
    json: bool,
    /// Draw the histograms to PREFIX.lengths.svg and PREFIX.clusters.svg
    #[arg(long, value_name = "PREFIX")]
    svg: Option<PathBuf>,
    /// Read everything and compare it with the checksums
    #[arg(long)]
    verify: bool,
}

impl StatsArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = Store::open(&self.store)?;
        if self.verify {
            store.verify()?;
            context.note("every checksum is right");
        }
        let stats = Stats::new(&store)?;
        if let Some(prefix) = &self.svg {
            for (name, histogram) in [("lengths", &stats.lengths), ("clusters", &stats.cluster_sizes)] {
                let path = PathBuf::from(format!("{}.{name}.svg", prefix.display()));
                let mut file = create(&path)?;
                file.write_all(histogram.svg().as_bytes()).and_then(|()| file.flush()).context("--svg")?;
            }
        }
        match self.json {
            true => writeln!(stdout(), "{:#}", json!({ "header": store.header(), "stats": stats }))?,
            false => writeln!(stdout(), "{stats}")?,
        }
        Ok(Outcome::Done)
    }
}
