//! `fold --no-lonely-pairs`, `--max-span` and `--beam`: what an energy model leaves out.

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
    /// For long RNA, with an energy model: keep only the N best stretches that end at each base, such as 200. Memory and
    /// time grow only with the length, and pairs may span everything; but the minimum of energy can be missed
    #[arg(long, value_name = "N")]
    beam: Option<usize>,
}

impl LimitArgs {
    /// The options with these limits.
    pub fn of(&self, options: FoldOptions) -> FoldOptions {
        options.no_lonely_pairs(self.no_lonely_pairs).max_span(self.max_span).beam(self.beam)
    }

    /// Is a beam asked for?
    pub fn has_beam(&self) -> bool {
        self.beam.is_some()
    }

    /// The first of its flags that is given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            (self.no_lonely_pairs, "--no-lonely-pairs"),
            (self.max_span.is_some(), "--max-span"),
            (self.beam.is_some(), "--beam"),
        ];
        flags.into_iter().find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}
