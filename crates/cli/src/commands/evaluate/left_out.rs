//! Reports the records that an evaluation leaves out: the first few of each kind, and how many there are.

use std::collections::BTreeMap;

use rinalmo::evaluate::{Problem, ProblemKind};

use crate::context::Context;
use crate::io::say;

/// How many of each kind are printed one by one.
const SHOWN: usize = 5;

/// Prints the `problems` of the data or predictor `of` on standard error.
pub fn report(of: &str, problems: &[Problem], context: &Context) {
    let mut kinds: BTreeMap<ProblemKind, Vec<&Problem>> = BTreeMap::new();
    problems.iter().for_each(|problem| kinds.entry(problem.kind).or_default().push(problem));
    for (kind, problems) in kinds {
        let shown = if context.quiet() { 0 } else { SHOWN };
        problems.iter().take(shown).for_each(|problem| say(format_args!("left out: {problem}")));
        let more = problems.len().saturating_sub(shown);
        if !context.quiet() && more > 0 {
            say(format_args!("left out: … and {more} more"));
        }
        let advice = match kind {
            ProblemKind::NoPrediction => "; they are NOT in the figures",
            ProblemKind::Duplicate => "; the first counts",
            _ => "",
        };
        let described = kind.describe(problems.len());
        match kind {
            ProblemKind::NoReference => context.note(format!("note: {of}: {described}")), // the figures are complete
            _ => say(format_args!("warning: {of}: {described}{advice}")),
        }
    }
}
