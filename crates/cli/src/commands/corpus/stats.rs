//! `rinalmo corpus stats`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use rinalmo::corpus::Store;
use rinalmo::corpus::baseline::{Baseline, NGram};
use rinalmo::corpus::sample::{Options, Sampler, Split};
use rinalmo::corpus::stats::Stats;
use serde_json::json;

use crate::context::{Context, Outcome};
use crate::io::{print, write_file};

/// Show the contents of a store: counts, lengths, cluster sizes, how it was made
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
    /// Read the whole store and compare it with its checksums
    #[arg(long)]
    verify: bool,
    /// Also print the perplexity of a unigram and a 5-gram on masked letters of held-out sequences, which a language
    /// model has to beat
    #[arg(long)]
    baselines: bool,
}

impl StatsArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = super::open(&self.store, context)?;
        if self.verify {
            store.verify()?;
            context.note("every checksum is right");
        }
        let stats = Stats::new(&store)?;
        if let Some(prefix) = &self.svg {
            for (name, histogram) in [("lengths", &stats.lengths), ("clusters", &stats.cluster_sizes)] {
                let path = PathBuf::from(format!("{}.{name}.svg", prefix.display()));
                write_file(&path, histogram.svg().as_bytes()).context("--svg")?;
            }
        }
        let baselines = if self.baselines { baselines(&store)? } else { Vec::new() };
        if self.json {
            let mut document = json!({ "header": store.header(), "stats": stats });
            if self.baselines {
                document["baselines"] = json!(baselines);
            }
            print(format_args!("{document:#}\n"))?;
        } else {
            print(format_args!("{stats}\n"))?;
            for Baseline { order, perplexity, letters } in baselines {
                print(format_args!("{order}-gram: perplexity {perplexity:.4} over {letters} masked letters\n"))?;
            }
        }
        Ok(Outcome::Done)
    }
}

/// Counted over one epoch, scored on the letters that the validation of a run with seed 0 masks.
pub fn baselines(store: &Store) -> Result<Vec<Baseline>> {
    let sampler = |split| Sampler::new(store.clone(), Options { split, ..Options::default() });
    let (train, held_out) = (sampler(Split::Train)?, sampler(Split::HeldOut)?);
    [1, 5].into_iter().map(|order| Ok(NGram::count(&train, 0, order)?.score(&held_out, 0)?)).collect()
}
