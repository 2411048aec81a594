//! How a model folds: flags of every command that folds.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use rinalmo::{FoldOptions, Method};

/// Threshold and decoding.
#[derive(Args, Clone, Debug)]
pub struct FoldingArgs {
    /// Predict only pairs of at least this probability; `--decode f1` may raise it [default: the model's own, tuned on
    /// validation data]
    #[arg(short, long, value_name = "P", allow_negative_numbers = true)]
    pub threshold: Option<f32>,
    /// Choose pairs by this method [default: as the model was tuned, else greedy as in the paper]
    #[arg(long, value_enum)]
    pub decode: Option<DecodeArg>,
    /// Allow pairs other than AU, GC and GU
    #[arg(long)]
    pub non_canonical: bool,
    /// Require at least N unpaired bases in a hairpin loop
    #[arg(long, value_name = "N", default_value_t = FoldOptions::default().min_loop)]
    pub min_loop: usize,
    /// Encode N tokens at a time
    #[arg(long, value_name = "N", default_value_t = FoldOptions::default().batch_tokens)]
    pub batch_tokens: usize,
}

/// `--decode`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DecodeArg {
    /// The paper's method: the most probable pair, then the next that does not conflict; pseudoknots are allowed
    Greedy,
    /// The best structure without pseudoknots, by dynamic programming
    Nested,
    /// The structure without pseudoknots of the highest expected F1: pairs must be more probable than half of it
    F1,
}

impl FoldingArgs {
    /// The options as the library takes them.
    pub fn resolve(&self) -> Result<FoldOptions> {
        if let Some(threshold) = self.threshold.filter(|p| !(0.0..1.0).contains(p)) {
            bail!("--threshold: expected a probability from 0 to below 1, found {threshold}");
        }
        let method = self.decode.map(|decode| match decode {
            DecodeArg::Greedy => Method::Greedy,
            DecodeArg::Nested => Method::Nested,
            DecodeArg::F1 => Method::F1,
        });
        Ok(FoldOptions::default() // memory is limited by the model's own options
            .threshold(self.threshold)
            .method(method)
            .min_loop(self.min_loop)
            .non_canonical(self.non_canonical)
            .batch_tokens(self.batch_tokens.max(1)))
    }
}
