//! The order of an epoch: which clusters share a batch, and which batch comes when.
//!
//! Clusters are shuffled. Within a stretch of a few dozen batches they are sorted by length and cut into batches, so
//! that rows of a batch have about the same length and little is padding. Then the batches are shuffled. Nothing about
//! this changes what is drawn: every cluster comes once.

use rayon::prelude::*;

use super::draw::Draw;
use super::{BatchSize, Options};
use crate::random::Random;
use crate::store::Index;

/// Keys of the streams that shuffle; clusters are numbered below 2³².
const SHUFFLE_CLUSTERS: u64 = 1 << 32;
const SHUFFLE_BATCHES: u64 = SHUFFLE_CLUSTERS + 1;

/// Clusters batch by batch, and the batches of one rank in order.
pub(super) struct Plan {
    clusters: Vec<u32>,
    batches: Vec<(u32, u32)>, // from, to in `clusters`
}

impl Plan {
    /// Plans an epoch over `clusters`.
    pub(super) fn new(index: &Index<'_>, clusters: &[u32], options: &Options, epoch: u64) -> Self {
        let mut clusters = clusters.to_vec();
        Random::keyed([options.seed, epoch, SHUFFLE_CLUSTERS]).shuffle(&mut clusters);
        let tokens = |&cluster: &u32| {
            (Draw::new(index, options.seed, epoch, cluster, options.max_tokens).tokens() as u32, cluster)
        };
        let mut drawn: Vec<(u32, u32)> = clusters.par_iter().map(tokens).collect();
        let mut batches = Vec::new();
        let mut from = 0;
        while from < drawn.len() {
            let to = stretch(&drawn, from, options);
            drawn[from..to].sort_by_key(|&(tokens, _)| tokens);
            cut(&drawn[..to], from, options.batch, &mut batches);
            from = to;
        }
        let clusters = drawn.into_iter().map(|(_, cluster)| cluster).collect();
        let mut random = Random::keyed([options.seed, epoch, SHUFFLE_BATCHES]);
        Self { clusters, batches: share(batches, options, &mut random) }
    }

    /// How many batches this rank has.
    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    /// The clusters of a batch.
    pub(super) fn clusters(&self, step: usize) -> &[u32] {
        let (from, to) = self.batches[step];
        &self.clusters[from as usize..to as usize]
    }
}

/// Where the stretch of clusters that are sorted together ends.
fn stretch(drawn: &[(u32, u32)], from: usize, options: &Options) -> usize {
    match options.batch {
        BatchSize::Sequences(rows) => (from + rows * options.stretch).min(drawn.len()),
        BatchSize::Tokens(tokens) => {
            let mut left = tokens * options.stretch;
            let fits = |&&(tokens, _): &&(u32, u32)| {
                let more = left > 0;
                left = left.saturating_sub(tokens as usize);
                more
            };
            from + drawn[from..].iter().take_while(fits).count()
        }
    }
}

/// Cuts the clusters after `from`, shortest first, into batches.
fn cut(drawn: &[(u32, u32)], mut from: usize, size: BatchSize, batches: &mut Vec<(u32, u32)>) {
    while from < drawn.len() {
        let rows = match size {
            BatchSize::Sequences(rows) => rows,
            BatchSize::Tokens(tokens) => {
                let fits = |&(row, &(longest, _)): &(usize, &(u32, u32))| (row + 1) * longest as usize <= tokens;
                drawn[from..].iter().enumerate().take_while(fits).count()
            }
        };
        let to = (from + rows.max(1)).min(drawn.len());
        batches.push((from as u32, to as u32));
        from = to;
    }
}

/// Shuffles batches and returns the share of one rank: at each step all ranks have batches of about the same length,
/// and all have the same number of steps; surplus batches, chosen at random, are left out of this epoch.
fn share(mut batches: Vec<(u32, u32)>, options: &Options, random: &mut Random) -> Vec<(u32, u32)> {
    for _ in 0..batches.len() % options.ranks {
        batches.remove(random.below(batches.len()));
    }
    let mut mine: Vec<(u32, u32)> = batches.into_iter().skip(options.rank).step_by(options.ranks).collect();
    random.shuffle(&mut mine); // by the same numbers in every rank
    mine
}
