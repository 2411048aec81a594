//! `fold --samples`, `--alternatives` and `--band`: more than one structure of a sequence.

use anyhow::{Result, bail};
use clap::Args;
use rinalmo::Alternatives;

/// Which structures of the ensemble.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Alternative structures")]
pub struct AlternativesArgs {
    /// Print N structures drawn from the ensemble, each by its probability, instead of the best one
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// Print up to K structures that differ from each other, with their shares of the ensemble
    ///
    /// Structures are drawn from the ensemble (1000, or --samples N) and divided into clusters of similar ones. Each is
    /// printed as its centroid, the pairs that more than half of its members have. There are fewer than K if the ensemble
    /// has fewer: two of them differ by at least three pairs and a fifth of their pairs, and each has at least 1 %.
    #[arg(long, value_name = "K")]
    alternatives: Option<usize>,
    /// Print all structures within KCAL kcal/mol above the minimum free energy, by energy, as RNAsubopt does
    #[arg(long, value_name = "KCAL", conflicts_with_all = ["samples", "alternatives"], allow_negative_numbers = true)]
    band: Option<f64>,
    /// Draw with these random numbers: the same structures for the same seed and sequence [default: 1]
    #[arg(long, value_name = "S", conflicts_with = "band")]
    seed: Option<u64>,
}

impl AlternativesArgs {
    /// What the flags ask for.
    ///
    /// # Errors
    /// A seed is given, but nothing is drawn.
    pub fn resolve(&self) -> Result<Option<Alternatives>> {
        if self.seed.is_some() && self.samples.is_none() && self.alternatives.is_none() {
            bail!("--seed: nothing is drawn without --samples or --alternatives");
        }
        Ok(Alternatives::asked(self.band, self.alternatives, self.samples, self.seed)?)
    }

    /// The first of its flags that is given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            (self.samples.is_some(), "--samples"),
            (self.alternatives.is_some(), "--alternatives"),
            (self.band.is_some(), "--band"),
            (self.seed.is_some(), "--seed"),
        ];
        flags.into_iter().find(|(given, _)| *given).map(|(_, flag)| flag)
    }
}
