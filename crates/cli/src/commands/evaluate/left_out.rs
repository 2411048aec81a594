//! What an evaluation leaves out is told loudly: the first few of each kind, and how many there are.

use std::collections::BTreeMap;

use rinalmo::evaluate::{Kind, Problem};

use crate::context::Context;

/// Of each kind so many are told one by one.
const TOLD: usize = 5;

/// Tells `problems` of whoever `of` is on standard error.
pub fn tell(of: &str, problems: &[Problem], context: &Context) {
    let mut kinds: BTreeMap<Kind, Vec<&Problem>> = BTreeMap::new();
    problems.iter().for_each(|problem| kinds.entry(problem.kind).or_default().push(problem));
    for (kind, problems) in kinds {
        let told = if context.quiet() { 0 } else { TOLD };
        problems.iter().take(told).for_each(|problem| eprintln!("left out: {problem}"));
        let more = problems.len().saturating_sub(told);
        if !context.quiet() && more > 0 {
            eprintln!("left out: … and {more} more");
        }
        let advice = match kind {
            Kind::NoPrediction => "; they are NOT in the figures",
            Kind::Duplicate => "; the first counts",
            _ => "",
        };
        let described = kind.describe(problems.len());
        match kind {
            Kind::NoReference => context.note(format!("note: {of}: {described}")), // nothing is missing in the figures
            _ => eprintln!("warning: {of}: {described}{advice}"),
        }
    }
}
