//! How a model folds: flags of every command that does.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use rinalmo::{FoldOptions, Method};

/// Threshold and decoding.
#[derive(Args, Clone, Debug)]
pub struct FoldingArgs {
    /// Least probability of a chosen pair, the same for all sequences; with `--decode f1` it may be more [default: the
    /// model's own, tuned on validation data]
    #[arg(short, long, value_name = "P", allow_negative_numbers = true)]
    pub threshold: Option<f32>,
    /// How pairs are chosen [default: as the model was tuned, the paper's way where it does not say]
    #[arg(long, value_enum)]
    pub decode: Option<DecodeArg>,
    /// Allow pairs other than AU, GC and GU
    #[arg(long)]
    pub non_canonical: bool,
    /// Fewest unpaired bases in a hairpin loop
    #[arg(long, value_name = "N", default_value_t = FoldOptions::default().min_loop)]
    pub min_loop: usize,
    /// Tokens encoded at a time
    #[arg(long, value_name = "N", default_value_t = FoldOptions::default().batch_tokens)]
    pub batch_tokens: usize,
}

/// `--decode`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DecodeArg {
    /// The paper's: the most probable pair, then the next that does not clash; pseudoknots allowed
    Greedy,
    /// The best structure without pseudoknots, by dynamic programming
    Nested,
    /// That of those with the highest expected F1: pairs must be more probable than half of it, found for each sequence
    F1,
}

impl FoldingArgs {
    /// The options they stand for.
    pub fn resolve(&self) -> Result<FoldOptions> {
        if let Some(threshold) = self.threshold.filter(|p| !(0.0..1.0).contains(p)) {
            bail!("--threshold: expected a probability from 0 to below 1, found {threshold}");
        }
        Ok(FoldOptions {
            threshold: self.threshold,
            method: self.decode.map(|decode| match decode {
                DecodeArg::Greedy => Method::Greedy,
                DecodeArg::Nested => Method::Nested,
                DecodeArg::F1 => Method::F1,
            }),
            min_loop: self.min_loop,
            non_canonical: self.non_canonical,
            probabilities: false,
            max_memory: None, // the model knows
            batch_tokens: self.batch_tokens.max(1),
        })
    }
}
