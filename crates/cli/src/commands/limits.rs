//! `fold --no-lonely-pairs` and `--max-span`: pairs that an energy model leaves out.

use clap::Args;
use rinalmo::FoldOptions;

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

    /// The first of its flags that is given.
    pub fn given(&self) -> Option<&'static str> {
        match (self.no_lonely_pairs, self.max_span) {
            (true, _) => Some("--no-lonely-pairs"),
            (false, Some(_)) => Some("--max-span"),
            (false, None) => None,
        }
    }
}
