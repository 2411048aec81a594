//! `fold --no-lonely-pairs` and `--max-span`: pairs that an energy model leaves out.

use anyhow::{Result, bail};
use clap::Args;
use rinalmo::FoldOptions;

use super::thermodynamics::RINALMO2026;

/// Which pairs are left out.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Pairs left out")]
pub struct LimitArgs {
    /// Leave out structures with a pair that stacks on no other
    #[arg(long)]
    no_lonely_pairs: bool,
    /// Leave out pairs that span more than N bases, both ends included; memory and time grow only with the length then
    #[arg(long, value_name = "N")]
    max_span: Option<usize>,
}

impl LimitArgs {
    /// The options with these limits.
    pub fn of(&self, options: FoldOptions) -> FoldOptions {
        options.no_lonely_pairs(self.no_lonely_pairs).max_span(self.max_span)
    }

    /// # Errors
    /// A limit is given that only a model with an ensemble of structures has.
    pub fn refuse(&self) -> Result<()> {
        let flag = match (self.no_lonely_pairs, self.max_span) {
            (true, _) => "--no-lonely-pairs",
            (false, Some(_)) => "--max-span",
            (false, None) => return Ok(()),
        };
        bail!(
            "{flag}: this network has probabilities of pairs, no ensemble that could be without some\n\
             hint: `--model {RINALMO2026}` and `--model turner2004` do"
        )
    }
}
