//! Changes of a drawing in the plane by hand: stems that are turned or flipped.

use std::fmt;
use std::str::FromStr;

use rinalmo_seq::Structure;

use super::Point;
use crate::rna::Nested;

/// A stem of a drawing in the plane that is moved, with everything that it closes.
///
/// A stem is a run of stacked pairs. It is moved at the pair where it begins, its root. What is moved may come to lie on
/// other parts; nothing else makes way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// A base of the stem, or within it, from 0.
    pub base: usize,
    /// How the stem moves.
    pub change: Change,
}

/// How a stem moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// By so many degrees, clockwise, around the middle of its root.
    Degrees(f64),
    /// To the other side of its root, as in a mirror.
    Flip,
}

/// A [`Turn`] cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TurnError {
    /// It cannot be read.
    #[error("expected a position and degrees such as 12:30, or 12:flip, found `{0}`")]
    Text(String),
    /// There is no such base.
    #[error("position {position} is beyond the end, {len}")]
    BeyondEnd {
        /// The position, from 1.
        position: usize,
        /// The number of bases.
        len: usize,
    },
    /// The base belongs to no stem.
    #[error("position {0} is in no stem and in no loop that one closes")]
    NoStem(usize),
}

impl FromStr for Turn {
    type Err = TurnError;

    /// `12:30` or `12:flip`, the position from 1.
    fn from_str(text: &str) -> Result<Self, TurnError> {
        let parse = || {
            let (position, change) = text.split_once(':')?;
            let base = position.trim().parse::<usize>().ok()?.checked_sub(1)?;
            let change = match change.trim() {
                "flip" => Change::Flip,
                degrees => Change::Degrees(degrees.parse().ok().filter(|degrees: &f64| degrees.is_finite())?),
            };
            Some(Self { base, change })
        };
        parse().ok_or_else(|| TurnError::Text(text.to_owned()))
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.change {
            Change::Degrees(degrees) => write!(out, "{}:{degrees}", self.base + 1),
            Change::Flip => write!(out, "{}:flip", self.base + 1),
        }
    }
}

impl Turn {
    /// The root of the stem that moves: the outermost pair that stacks on the base's own, or on the pair that closes the
    /// base's loop.
    ///
    /// # Errors
    /// If there is no such base, or no stem.
    pub fn root(&self, nested: &Nested) -> Result<(usize, usize), TurnError> {
        let (partners, position) = (&nested.partners, self.base + 1);
        let own = *partners.get(self.base).ok_or(TurnError::BeyondEnd { position, len: partners.len() })?;
        let closing = || {
            let around = |i: &usize| partners[*i].is_some_and(|j| j > self.base);
            (0..self.base).rev().find(around).and_then(|i| partners[i].map(|j| (i, j)))
        };
        let pair = own.map(|other| (self.base.min(other), self.base.max(other))).or_else(closing);
        let (mut i, mut j) = pair.ok_or(TurnError::NoStem(position))?;
        while i > 0 && partners[i - 1] == Some(j + 1) {
            (i, j) = (i - 1, j + 1);
        }
        Ok((i, j))
    }

    /// Checks that a structure has the stems of these turns.
    ///
    /// # Errors
    /// That of the first turn without one.
    pub fn check(turns: &[Self], structure: &Structure) -> Result<(), TurnError> {
        if turns.is_empty() {
            return Ok(()); // most drawings have none
        }
        let nested = Nested::new(structure);
        turns.iter().try_for_each(|turn| turn.root(&nested).map(drop))
    }

    /// Moves the stem; `points` are those of a picture, whose y axis points down.
    fn apply(&self, points: &mut [Point], (i, j): (usize, usize)) {
        let (from, to) = (points[i], points[j]);
        match self.change {
            Change::Degrees(degrees) => {
                let (sin, cos) = degrees.to_radians().sin_cos();
                let middle = from.towards(to, 0.5);
                for point in &mut points[i..=j] {
                    let arm = *point - middle;
                    *point = middle + Point::new(arm.x * cos - arm.y * sin, arm.x * sin + arm.y * cos);
                }
            }
            Change::Flip => {
                let along = (to - from).unit();
                for point in &mut points[i..=j] {
                    let arm = *point - from;
                    *point = from + along * (2.0 * arm.dot(along)) - arm;
                }
            }
        }
    }
}

/// Makes changes one after the other; those that cannot be made are passed over. Then the least x and y are 0 again.
pub(crate) fn turned(mut points: Vec<Point>, nested: &Nested, turns: &[Turn]) -> Vec<Point> {
    for turn in turns {
        if let Ok(root) = turn.root(nested) {
            turn.apply(&mut points, root);
        }
    }
    super::to_origin(&mut points);
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rna::layout::{Layout, PAIR, STEP, positions};

    const TWO: &str = "((..((...))..((....))..)).";

    fn nested() -> Nested {
        Nested::new(&Structure::parse_dot_bracket(TWO).unwrap())
    }

    fn moved(texts: &[&str]) -> (Vec<Point>, Vec<Point>) {
        let before = positions(&nested(), Layout::Straight);
        let turns: Vec<Turn> = texts.iter().map(|text| text.parse().unwrap()).collect();
        (before.clone(), turned(before, &nested(), &turns))
    }

    /// Distances of bases do not depend on where the drawing begins.
    fn distances(points: &[Point], from: usize, to: std::ops::Range<usize>) -> Vec<f64> {
        to.map(|base| points[from].distance(points[base])).collect()
    }

    fn same(one: &[f64], other: &[f64]) -> bool {
        one.iter().zip(other).all(|(one, other)| (one - other).abs() < 1e-9)
    }

    #[test]
    fn a_turned_stem_keeps_its_shape_and_nothing_else_moves() {
        let (before, after) = moved(&["7:40"]);
        assert!(same(&distances(&before, 4, 4..11), &distances(&after, 4, 4..11)));
        assert!(same(&distances(&before, 0, 11..26), &distances(&after, 0, 11..26)));
        assert!(!same(&distances(&before, 0, 4..11), &distances(&after, 0, 4..11)));
        let middle = |points: &[Point]| points[4].towards(points[10], 0.5);
        let (old, new) = (before[7] - middle(&before), after[7] - middle(&after));
        let angle = new.y.atan2(new.x) - old.y.atan2(old.x);
        assert!((angle.to_degrees().rem_euclid(360.0) - 40.0).abs() < 1e-6, "clockwise, as y points down");
        let least = after.iter().fold((f64::MAX, f64::MAX), |a, b| (a.0.min(b.x), a.1.min(b.y)));
        assert!(least.0.abs() < 1e-9 && least.1.abs() < 1e-9);
    }

    #[test]
    fn a_flipped_stem_stands_on_the_other_side_of_its_root_and_twice_is_not_at_all() {
        let (before, after) = moved(&["5:flip"]);
        assert!(same(&distances(&before, 4, 4..11), &distances(&after, 4, 4..11)));
        assert!(same(&distances(&before, 0, 10..26), &distances(&after, 0, 10..26)), "the root stays");
        let side = |points: &[Point]| (points[10] - points[4]).turned().dot(points[7] - points[4]);
        assert!((side(&before) + side(&after)).abs() < 1e-6 && side(&before).abs() > STEP * PAIR / 2.0);
        let (before, twice) = moved(&["5:flip", "6:flip"]);
        assert!(before.iter().zip(&twice).all(|(one, other)| one.distance(*other) < 1e-9));
    }

    #[test]
    fn a_base_of_a_loop_means_the_stem_that_closes_it() {
        let root = |base| Turn { base, change: Change::Flip }.root(&nested());
        assert_eq!([0, 1, 2, 12, 22, 24].map(|base| root(base).unwrap()), [(0, 24); 6]);
        assert_eq!([4, 5, 8, 9, 10].map(|base| root(base).unwrap()), [(4, 10); 5]);
        assert_eq!(root(16), Ok((13, 20)));
        assert_eq!(root(25), Err(TurnError::NoStem(26)));
        assert_eq!(root(26), Err(TurnError::BeyondEnd { position: 27, len: 26 }));
    }

    #[test]
    fn turns_are_read_as_they_are_written() {
        for text in ["12:30", "12:-7.5", "1:flip"] {
            assert_eq!(text.parse::<Turn>().unwrap().to_string(), text);
        }
        for text in ["", "12", "0:30", "12:", "12:nan", "12:inf", "a:3", "3:flop", "-1:4"] {
            assert_eq!(text.parse::<Turn>(), Err(TurnError::Text(text.to_owned())));
        }
    }
}
