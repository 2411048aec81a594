//! A secondary structure: which positions of a sequence pair with which.
//!
//! Positions count from 0. Every pair is kept as `(i, j)` with `i < j`, the list sorted and free of repeats, so that
//! equal structures compare equal. References from solved structures may pair one base twice (a multiplet); formats
//! and predictions that allow one partner only ask [`Structure::partners`], which names the base otherwise.

mod gaps;
mod pages;
mod text;

use crate::Error;

pub(crate) use gaps::without_gaps;
pub use text::{PAGES, WUSS_PAGES, nick_in_words, with_nick};
pub(crate) use text::{different, nick_of};

/// The base pairs of a sequence of [`len`](Structure::len) bases.
///
/// ```
/// use rinalmo_seq::Structure;
/// let hairpin = Structure::parse_dot_bracket("((...))")?;
/// assert_eq!(hairpin.pairs(), [(0, 6), (1, 5)]);
/// assert_eq!(hairpin.to_dot_bracket()?, "((...))");
/// # Ok::<(), rinalmo_seq::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Structure {
    len: usize,
    pairs: Vec<(usize, usize)>,
    nick: Option<usize>,
}

impl Structure {
    /// Builds a structure from pairs in any order, each given either way round; a repeated pair counts once.
    ///
    /// # Errors
    /// [`Error::PairOutOfRange`] and [`Error::SelfPair`] name the first pair that cannot be.
    pub fn new(len: usize, mut pairs: Vec<(usize, usize)>) -> Result<Self, Error> {
        for (i, j) in &mut pairs {
            if *i > *j {
                std::mem::swap(i, j);
            }
            if *j >= len {
                return Err(Error::PairOutOfRange { i: *i, j: *j, len });
            }
            if i == j {
                return Err(Error::SelfPair { position: *i });
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Ok(Self { len, pairs, nick: None })
    }

    /// The structure of `len` bases without any pair.
    pub fn unpaired(len: usize) -> Self {
        Self { len, pairs: Vec::new(), nick: None }
    }

    /// Builds a structure from the partner of each position.
    ///
    /// # Errors
    /// As [`Structure::new`]; a partner given on one side only still makes a pair.
    pub fn from_partners(partners: &[Option<usize>]) -> Result<Self, Error> {
        let pairs = partners.iter().enumerate().filter_map(|(i, j)| Some((i, (*j)?))).collect();
        Self::new(partners.len(), pairs)
    }

    /// The number of bases.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The same pairs of two strands, of which base `nick`, counted from 0, is the first of the second one.
    ///
    /// # Panics
    /// One of the strands has no base.
    #[must_use]
    pub fn with_nick(self, nick: impl Into<Option<usize>>) -> Self {
        let nick = nick.into();
        assert!(nick.is_none_or(|nick| 0 < nick && nick < self.len), "two strands have bases");
        Self { nick, ..self }
    }

    /// The first base of the second strand, if there are two.
    pub fn nick(&self) -> Option<usize> {
        self.nick
    }

    /// Whether there are no bases at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pairs, `i < j`, sorted.
    pub fn pairs(&self) -> &[(usize, usize)] {
        &self.pairs
    }

    /// Whether some base has more than one partner.
    pub fn has_multiplets(&self) -> bool {
        self.partners().is_err()
    }

    /// The partner of each of the `len` bases.
    ///
    /// # Errors
    /// [`Error::Multiplet`] if a base has two.
    pub fn partners(&self) -> Result<Vec<Option<usize>>, Error> {
        let mut partners = vec![None; self.len];
        for &(i, j) in &self.pairs {
            for (position, second) in [(i, j), (j, i)] {
                if let Some(first) = partners[position].replace(second) {
                    return Err(Error::Multiplet { position, first, second });
                }
            }
        }
        Ok(partners)
    }

    /// Whether no two pairs cross, that is `i < k < j < l` for no pairs `(i, j)` and `(k, l)`: no pseudoknot.
    pub fn is_nested(&self) -> bool {
        let mut open: Vec<usize> = Vec::new();
        let same_start = |a: &(usize, usize), b: &(usize, usize)| a.0 == b.0;
        for group in self.pairs.chunk_by(same_start) {
            for &(i, j) in group.iter().rev() {
                while open.last().is_some_and(|&end| end <= i) {
                    open.pop();
                }
                if open.last().is_some_and(|&end| end < j) {
                    return false;
                }
                open.push(j);
            }
        }
        true
    }

    /// The pairs that cross at least one other: both sides of every pseudoknot.
    pub fn crossing(&self) -> Vec<(usize, usize)> {
        let crosses = |a: &(usize, usize)| {
            let reach = self.pairs.partition_point(|b| b.0 < a.1); // none beyond begins within `a`
            self.pairs[..reach].iter().any(|&b| pages::pairs_cross(*a, b))
        };
        self.pairs.iter().copied().filter(crosses).collect()
    }

    /// The same structure with only the pairs that `keep` accepts.
    pub fn filtered(&self, mut keep: impl FnMut(usize, usize) -> bool) -> Self {
        let pairs = self.pairs.iter().copied().filter(|&(i, j)| keep(i, j)).collect();
        Self { pairs, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_direction_and_repeats_do_not_matter() {
        let a = Structure::new(8, vec![(6, 1), (0, 7), (1, 6)]).unwrap();
        assert_eq!(a.pairs(), [(0, 7), (1, 6)]);
    }

    #[test]
    fn impossible_pairs_are_named() {
        let message = |pairs| Structure::new(4, pairs).unwrap_err().to_string();
        assert_eq!(message(vec![(0, 4)]), "pair (1, 5) is outside a sequence of 4 bases");
        assert_eq!(message(vec![(2, 2)]), "base 3 is paired with itself");
    }

    #[test]
    fn a_base_with_two_partners_is_kept_and_told() {
        let triple = Structure::new(9, vec![(0, 8), (0, 4)]).unwrap();
        assert!(triple.has_multiplets());
        assert_eq!(
            triple.partners().unwrap_err().to_string(),
            "base 1 is paired with both 5 and 9, one partner at most can be written"
        );
    }

    #[test]
    fn partners_round_trip() {
        let structure = Structure::new(7, vec![(0, 6), (1, 5)]).unwrap();
        let partners = structure.partners().unwrap();
        assert_eq!(partners[5], Some(1));
        assert_eq!(Structure::from_partners(&partners).unwrap(), structure);
    }

    #[test]
    fn crossing_pairs_are_not_nested() {
        let nested = |pairs| Structure::new(10, pairs).unwrap().is_nested();
        assert!(nested(vec![]));
        assert!(nested(vec![(0, 9), (1, 4), (5, 8)]));
        assert!(nested(vec![(0, 4), (0, 9), (4, 8)]));
        assert!(!nested(vec![(0, 5), (3, 8)]));
        assert!(!nested(vec![(0, 9), (1, 4), (2, 6)]));
    }

    #[test]
    fn both_sides_of_a_pseudoknot_cross() {
        let crossing = |text| Structure::parse_dot_bracket(text).unwrap().crossing();
        assert_eq!(crossing("((..[[..)).((..))..]]"), [(0, 9), (1, 8), (4, 20), (5, 19)]);
        assert_eq!(crossing("((..)).((..))"), []);
        let shared_base = Structure::new(9, vec![(0, 4), (4, 8), (0, 8)]).unwrap();
        assert_eq!(shared_base.crossing(), [], "pairs that share a base do not cross");
    }
}
