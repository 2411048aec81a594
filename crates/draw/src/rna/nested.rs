//! The part of a structure that a plane drawing is built from, and what it leaves to be drawn as curves.

use std::ops::Range;

use rinalmo_seq::Structure;

/// A structure taken apart: pairs that nest, at most one for each base, and all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// The partner of each base in the nested part.
    pub partners: Vec<Option<usize>>,
    /// Pairs that cross the nested part (pseudoknots) or share a base with it, `i < j`, sorted.
    pub others: Vec<(usize, usize)>,
    /// Of two strands, the first base of the second one.
    pub nick: Option<usize>,
}

impl Nested {
    /// Takes a structure apart. As many pairs as possible nest, up to some thousand helices.
    pub fn new(structure: &Structure) -> Self {
        let mut partners = vec![None; structure.len()];
        let single = without_multiplets(structure);
        let nested = single.within_pages(1);
        for &(i, j) in nested.pairs() {
            partners[i] = Some(j);
            partners[j] = Some(i);
        }
        let is_other = |&&(i, j): &&(usize, usize)| partners[i] != Some(j);
        let others = structure.pairs().iter().filter(is_other).copied().collect();
        Self { partners, others, nick: structure.nick() }
    }

    /// The first base of the pair that closes the loop of the inner ends of two strands, if one does.
    pub(crate) fn closes_nick(&self) -> Option<usize> {
        let nick = self.nick?;
        (0..nick).rev().find(|&base| self.partners[base].is_some_and(|partner| partner >= nick))
    }

    /// The bases of each strand.
    pub fn strands(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (first, len) = (self.nick.unwrap_or_default(), self.partners.len());
        [0..first, first..len].into_iter().filter(|strand| !strand.is_empty())
    }
}

/// One pair at most for each base: those that stack on others go first.
fn without_multiplets(structure: &Structure) -> Structure {
    if !structure.has_multiplets() {
        return structure.clone();
    }
    let pairs = structure.pairs();
    let holds = |pair: (usize, usize)| pairs.binary_search(&pair).is_ok();
    let stacked = |&(i, j): &(usize, usize)| holds((i + 1, j - 1)) || (i > 0 && holds((i - 1, j + 1)));
    let mut order: Vec<(usize, usize)> = pairs.to_vec();
    order.sort_by_key(|pair| !stacked(pair));
    let mut taken = vec![false; structure.len()];
    order.retain(|&(i, j)| {
        let free = !taken[i] && !taken[j];
        if free {
            (taken[i], taken[j]) = (true, true);
        }
        free
    });
    order.sort_unstable();
    structure.filtered(|i, j| order.binary_search(&(i, j)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudoknot_and_a_third_partner_are_others() {
        let knot = Structure::parse_dot_bracket("((..[[..))..]]").unwrap();
        assert_eq!(Nested::new(&knot).others, [(4, 13), (5, 12)]);
        let triple = Structure::new(12, vec![(0, 11), (1, 10), (0, 5)]).unwrap();
        let nested = Nested::new(&triple);
        assert_eq!((&nested.others[..], nested.partners[0]), (&[(0, 5)][..], Some(11)));
        assert_eq!(Nested::new(&Structure::default()).partners, []);
        let duplex = Nested::new(&Structure::parse_strands("((&))").unwrap());
        assert_eq!(duplex.strands().collect::<Vec<_>>(), [0..2, 2..4]);
        assert_eq!(nested.strands().next(), Some(0..12));
    }
}
