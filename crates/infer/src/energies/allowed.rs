//! What options and constraints allow: pairs that no structure has, pairs that span too much, pairs that are lonely.

use std::collections::HashSet;

use rinalmo_decode::constraint::Constraint;

use crate::{Error, FoldOptions};

/// Why no structure has a pair of a constraint.
pub(crate) fn no_room((i, j): (usize, usize), options: &FoldOptions) -> Error {
    let (i, j) = (i + 1, j + 1);
    let lonely = if options.no_lonely_pairs { ", and every pair stacks on another one" } else { "" };
    Error::Options(format!(
        "the constraint is not met: no structure that it allows has the pair of bases {i} and {j}; an internal loop has \
         at most 30 unpaired bases{lonely}"
    ))
}

/// # Errors
/// The constraint has a pair that spans more bases than pairs may.
pub(crate) fn within_span(constraint: &Constraint, max_span: Option<usize>) -> Result<(), Error> {
    let Some(max_span) = max_span else { return Ok(()) };
    match constraint.forced().find(|(i, j)| j - i >= max_span) {
        None => Ok(()),
        Some((i, j)) => Err(Error::Options(format!(
            "the constraint asks for the pair of bases {} and {}, which spans {} bases; pairs may span {max_span}",
            i + 1,
            j + 1,
            j - i + 1
        ))),
    }
}

/// The pairs that stack on another one of them, or that the constraint asks for. A decoder chooses pairs one by one, so it
/// may choose the one and leave the other.
pub(crate) fn without_lonely(pairs: &[(usize, usize)], constraint: Option<&Constraint>) -> Vec<(usize, usize)> {
    let all: HashSet<(usize, usize)> = pairs.iter().copied().collect();
    let stacks = |&(i, j): &(usize, usize)| {
        all.contains(&(i + 1, j.wrapping_sub(1))) || all.contains(&(i.wrapping_sub(1), j + 1))
    };
    let is_forced = |pair: &(usize, usize)| constraint.is_some_and(|c| c.forced().any(|forced| forced == *pair));
    pairs.iter().copied().filter(|pair| stacks(pair) || is_forced(pair)).collect()
}
