//! What the lines of a drawing mean.

use super::Layout;
use super::bonds::{Bond, Letters, Verdict};
use super::colour::Colour;
use super::page::Entry;

/// Explains the kinds of pairs that are drawn, if there are several.
pub(crate) fn of_bonds(bonds: &[Bond], layout: Layout) -> Vec<Entry> {
    let line = |colour, dashed, name: &str| Entry::Line { colour, dashed, name: name.into() };
    let mut entries = Vec::new();
    for verdict in Verdict::ALL {
        if bonds.iter().any(|bond| bond.verdict == Some(verdict)) {
            let dashed = verdict == Verdict::Missed && layout != Layout::Arcs;
            entries.push(line(verdict.colour(), dashed, verdict.name()));
        }
    }
    let is_stem = |bond: &&Bond| bond.is_nested && matches!(layout, Layout::Straight | Layout::Radial);
    let has = |letters| bonds.iter().filter(is_stem).any(|bond| bond.letters == letters);
    if has(Letters::Wobble) {
        entries.push(Entry::Dot("G–U pair".into()));
    }
    if has(Letters::Other) {
        entries.push(Entry::Ring("other pair".into()));
    }
    if bonds.iter().any(|bond| bond.verdict.is_none() && !bond.is_nested) {
        entries.push(line(Colour::PURPLE, false, "pseudoknot"));
    }
    entries
}
