//! What is known in advance about a structure, in RNAfold's constraint notation.
//!
//! One character per base, in the order of the sequence:
//!
//! | character | meaning for its base |
//! |---|---|
//! | `.` | free |
//! | `x` | stays unpaired |
//! | `(` `)` | these two pair with each other |
//! | `<` | pairs with a base downstream (to its right) |
//! | `>` | pairs with a base upstream (to its left) |
//! | `\|` | pairs with any base |
//!
//! `&` joins two strands, as in their sequence.
//!
//! For a decoder of probabilities this means:
//!
//! - Pairs in brackets are always in the result, whatever their letters and probability; pairs that conflict with them
//!   are not.
//! - `x`, `<` and `>` forbid pairs.
//! - `<`, `>` and `|` also mark a base that must pair: its pairs need no threshold, only a probability above 0, and are
//!   chosen before those of other bases. A base without an admissible partner stays unpaired.
//!
//! RNAfold without `--enforceConstraint` is less strict: there, brackets only forbid pairs that conflict with them.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use rinalmo_seq::base_pair::is_canonical;

/// Why a constraint is invalid; columns count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConstraintError {
    /// A character outside the notation.
    #[error("constraint: column {column}: `{found}` is not one of `.|x<>()`")]
    Character {
        /// Its column.
        column: usize,
        /// The character.
        found: char,
    },
    /// A bracket without its partner.
    #[error("constraint: column {column}: `{bracket}` has no matching bracket")]
    Unbalanced {
        /// Its column.
        column: usize,
        /// The bracket.
        bracket: char,
    },
    /// Not one character per base.
    #[error("constraint: {found} characters for a sequence of {expected} bases, expected one for each")]
    Length {
        /// Characters in the constraint.
        found: usize,
        /// Bases in the sequence.
        expected: usize,
    },
    /// A pair in brackets closes too short a loop.
    #[error(
        "constraint: columns {open} and {close} pair with {between} bases between them, expected at least {min_loop}\n\
         hint: move the brackets apart, or lower the minimal loop"
    )]
    SharpLoop {
        /// Column of the opening bracket.
        open: usize,
        /// Column of the closing bracket.
        close: usize,
        /// Bases between the two.
        between: usize,
        /// The least number allowed.
        min_loop: usize,
    },
}

/// Bases that must pair and have no partner that they may pair with; positions count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet(pub Vec<usize>);

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bases: Vec<String> = self.0.iter().map(|i| (i + 1).to_string()).collect();
        match &bases[..] {
            [base] => write!(f, "the constraint is not met: base {base} has no partner that it may pair with"),
            bases => {
                let bases = bases.join(", ");
                write!(f, "the constraint is not met: bases {bases} have no partners that they may pair with")
            }
        }
    }
}

impl std::error::Error for Unmet {}

/// The constraint of one base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Free,
    Unpaired,
    Paired,
    Downstream,
    Upstream,
    /// Paired with the base at this position.
    With(usize),
}

/// A parsed constraint line.
///
/// ```
/// use rinalmo_decode::constraint::Constraint;
///
/// let constraint: Constraint = "(x...<.)".parse()?;
/// assert_eq!(constraint.forced().collect::<Vec<_>>(), [(0, 7)]);
/// assert!(!constraint.allows(1, 6) && constraint.allows(2, 6));
/// # Ok::<(), rinalmo_decode::constraint::ConstraintError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    marks: Vec<Mark>,
    nick: Option<usize>,
}

impl FromStr for Constraint {
    type Err = ConstraintError;

    fn from_str(line: &str) -> Result<Self, ConstraintError> {
        let mut marks = Vec::with_capacity(line.len());
        let (mut open, mut nick) = (Vec::new(), None);
        let column_of = |i: usize, nick: Option<usize>| i + 1 + usize::from(nick.is_some_and(|nick| nick <= i));
        for found in line.chars() {
            let i = marks.len();
            let column = column_of(i, nick);
            let mark = match found {
                '&' if nick.is_none() && i > 0 => {
                    nick = Some(i);
                    continue;
                }
                '.' => Mark::Free,
                'x' => Mark::Unpaired,
                '|' => Mark::Paired,
                '<' => Mark::Downstream,
                '>' => Mark::Upstream,
                '(' => {
                    open.push(i);
                    Mark::Free // until its partner is known
                }
                ')' => {
                    let bracket = found;
                    let partner = open.pop();
                    let partner = partner.ok_or(ConstraintError::Unbalanced { column, bracket })?;
                    marks[partner] = Mark::With(i);
                    Mark::With(partner)
                }
                _ => return Err(ConstraintError::Character { column, found }),
            };
            marks.push(mark);
        }
        if let Some(&i) = open.last() {
            return Err(ConstraintError::Unbalanced { column: column_of(i, nick), bracket: '(' });
        }
        if nick == Some(marks.len()) {
            return Err(ConstraintError::Character { column: marks.len() + 1, found: '&' });
        }
        Ok(Self { marks, nick })
    }
}

impl Constraint {
    /// Number of bases.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether the line is empty.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Of two strands, the first base of the second one, counted from 0.
    pub fn nick(&self) -> Option<usize> {
        self.nick
    }

    /// Checks that it fits a sequence of `len` bases whose pairs enclose at least `min_loop`.
    ///
    /// # Errors
    /// [`ConstraintError::Length`] and [`ConstraintError::SharpLoop`].
    pub fn check(&self, len: usize, min_loop: usize) -> Result<(), ConstraintError> {
        let found = self.len();
        if found != len {
            return Err(ConstraintError::Length { found, expected: len });
        }
        let is_of_both = |i: usize, j: usize| self.nick.is_some_and(|nick| i < nick && nick <= j);
        match self.forced().find(|&(i, j)| j - i - 1 < min_loop && !is_of_both(i, j)) {
            None => Ok(()),
            Some((i, j)) => {
                let (open, close, between) = (i + 1, j + 1, j - i - 1);
                Err(ConstraintError::SharpLoop { open, close, between, min_loop })
            }
        }
    }

    /// The pairs in brackets, `i < j`, by increasing `i`. No two of them cross.
    pub fn forced(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.marks.iter().enumerate().filter_map(|(i, mark)| match mark {
            Mark::With(j) if i < *j => Some((i, *j)),
            _ => None,
        })
    }

    /// The pairs in brackets whose letters in `sequence` are not a canonical pair.
    pub fn non_canonical(&self, sequence: &[u8]) -> Vec<(usize, usize)> {
        let odd = |&(i, j): &(usize, usize)| sequence.len() > j && !is_canonical(sequence[i], sequence[j]);
        self.forced().filter(odd).collect()
    }

    /// The bases that must pair (`|`, `<` or `>`) and have no partner in `pairs`.
    pub fn unmet(&self, pairs: &[(usize, usize)]) -> Vec<usize> {
        let paired: HashSet<usize> = pairs.iter().flat_map(|&(i, j)| [i, j]).collect();
        (0..self.len()).filter(|&i| self.must_pair(i) && !paired.contains(&i)).collect()
    }

    /// Checks that every base that must pair has a partner in `pairs`.
    ///
    /// # Errors
    /// The bases that have none.
    pub fn check_met(&self, pairs: &[(usize, usize)]) -> Result<(), Unmet> {
        let unmet = self.unmet(pairs);
        if unmet.is_empty() { Ok(()) } else { Err(Unmet(unmet)) }
    }

    /// Whether the decoder may choose the pair `i < j`: it is neither forbidden nor in conflict with a pair in
    /// brackets. Positions beyond the line are free.
    pub fn allows(&self, i: usize, j: usize) -> bool {
        let left = matches!(self.mark(i), Mark::Free | Mark::Paired | Mark::Downstream);
        left && matches!(self.mark(j), Mark::Free | Mark::Paired | Mark::Upstream)
    }

    /// Whether the base at `i` must pair, with a partner of the decoder's choice (`|`, `<` or `>`).
    pub fn must_pair(&self, i: usize) -> bool {
        matches!(self.mark(i), Mark::Paired | Mark::Downstream | Mark::Upstream)
    }

    fn mark(&self, i: usize) -> Mark {
        self.marks.get(i).copied().unwrap_or(Mark::Free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(line: &str) -> String {
        line.parse::<Constraint>().unwrap_err().to_string()
    }

    #[test]
    fn every_mark_is_read() {
        let constraint: Constraint = ".x|<>(())".parse().unwrap();
        let must: Vec<_> = (0..9).filter(|&i| constraint.must_pair(i)).collect();
        assert_eq!(must, [2, 3, 4]);
        assert_eq!(constraint.forced().collect::<Vec<_>>(), [(5, 8), (6, 7)]);
    }

    #[test]
    fn directions_and_brackets_bind_both_ends() {
        let constraint: Constraint = ".<>.x(..)|".parse().unwrap();
        let allowed = [(0, 2), (0, 3), (0, 6), (1, 2), (1, 3), (3, 9), (6, 7)];
        assert!(allowed.iter().all(|&(i, j)| constraint.allows(i, j)));
        let forbidden = [(0, 1), (2, 3), (0, 4), (4, 9), (0, 5), (5, 8), (5, 9)];
        assert!(!forbidden.iter().any(|&(i, j)| constraint.allows(i, j)));
    }

    #[test]
    fn errors_name_their_column() {
        assert_eq!(message("..[..]"), "constraint: column 3: `[` is not one of `.|x<>()`");
        assert_eq!(message("é"), "constraint: column 1: `é` is not one of `.|x<>()`");
        assert_eq!(message("..)"), "constraint: column 3: `)` has no matching bracket");
        assert_eq!(message("(.(.)"), "constraint: column 1: `(` has no matching bracket");
    }

    #[test]
    fn two_strands_have_a_nick() {
        let constraint: Constraint = "x((&)).".parse().unwrap();
        assert_eq!((constraint.len(), constraint.nick()), (6, Some(3)));
        assert_eq!(constraint.forced().collect::<Vec<_>>(), [(1, 4), (2, 3)]);
        assert!(constraint.check(6, 3).is_ok());
        assert!("x(.)&...".parse::<Constraint>().unwrap().check(7, 3).is_err());
        assert_eq!(message("..&)"), "constraint: column 4: `)` has no matching bracket");
        assert_eq!(message("..&(."), "constraint: column 4: `(` has no matching bracket");
        for (line, column) in [("&..", 1), ("..&", 3), (".&.&.", 4)] {
            assert_eq!(message(line), format!("constraint: column {column}: `&` is not one of `.|x<>()`"));
        }
    }

    #[test]
    fn bases_without_their_partner_are_listed() {
        let constraint: Constraint = "((<.|..))>".parse().unwrap();
        assert_eq!(constraint.unmet(&[(0, 8), (1, 7), (2, 9)]), [4]);
        let said = |pairs: &[(usize, usize)]| constraint.check_met(pairs).unwrap_err().to_string();
        assert!(said(&[(0, 8), (1, 7), (2, 9)]).contains("not met: base 5 has no partner"));
        assert!(said(&[(0, 8), (1, 7)]).contains("not met: bases 3, 5, 10 have no partners"));
        assert_eq!(constraint.check_met(&[(0, 8), (1, 7), (2, 4), (5, 9)]), Ok(()));
        assert_eq!(constraint.non_canonical(b"GAGAAAACCU"), [(1, 7)]);
        assert_eq!(constraint.non_canonical(b""), []);
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let constraint: Constraint = "....".parse().unwrap();
        assert!(constraint.check(4, 3).is_ok());
        let error = constraint.check(5, 3).unwrap_err();
        assert_eq!(error, ConstraintError::Length { found: 4, expected: 5 });
    }

    #[test]
    fn brackets_too_close_are_refused() {
        let constraint: Constraint = ".(..)".parse().unwrap();
        assert!(constraint.check(5, 2).is_ok());
        let (open, close, between, min_loop) = (2, 5, 2, 3);
        let error = ConstraintError::SharpLoop { open, close, between, min_loop };
        assert_eq!(constraint.check(5, 3), Err(error));
    }
}
