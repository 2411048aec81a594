//! An arm by itself: its pairs above one another, its bulges and inner loops at its sides.

use super::arc::{Arc, polygon};
use super::geometry::{Capsule, Hull, Point};
use super::tree::Arm;
use super::{CLEARANCE, PAIR, STEP};

/// The widest arc of a bulge: beyond it, the bulge would lean on the arm.
const WIDEST: f64 = 240.0 * DEGREE;
/// The widest angle between the arm and the way to a bulge's first base, so that this base does not touch the next one of
/// the arm; and the same at a lone pair, where the next one may be that of another loop and lie on one side too.
const LEAN: f64 = 90.0 * DEGREE;
const LEAN_AT_LONE_PAIR: f64 = 44.0 * DEGREE;
const DEGREE: f64 = std::f64::consts::PI / 180.0;

/// The length of the neck between a lone pair and the loop at its head, in pixels.
const NECK: f64 = 12.0;
/// The radius from which that loop is so flat that it needs a neck, in pixels.
const FLAT: f64 = 20.0;

/// Where an arm has its bases, its foot's middle in the origin and its pairs upwards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Straight {
    /// Every base of the arm with its place, those around its loop left out.
    pub(crate) bases: Vec<(usize, Point)>,
    /// The y of its last pair.
    pub(crate) height: f64,
    /// The space that it takes.
    pub(crate) shapes: Vec<Capsule>,
}

impl Straight {
    /// Draws the pairs of an arm and the loops between them.
    pub(crate) fn new(arm: &Arm) -> Self {
        let mut straight = Self::default();
        let stems: Vec<&[(usize, usize)]> = arm.pairs.chunk_by(|one, next| is_stacked(*one, *next)).collect();
        for (number, stem) in stems.iter().enumerate() {
            if let Some(before) = number.checked_sub(1).map(|before| stems[before]) {
                let lean = if before.len() == 1 || stem.len() == 1 { LEAN_AT_LONE_PAIR } else { LEAN };
                straight.inner_loop(before[before.len() - 1], stem[0], lean);
            }
            straight.stem(stem);
        }
        straight
    }

    fn pair(&mut self, (i, j): (usize, usize)) {
        let [left, right] = ends(self.height);
        self.bases.extend([(i, left), (j, right)]);
    }

    /// Adds pairs that stack, the first of them at the height at hand.
    fn stem(&mut self, pairs: &[(usize, usize)]) {
        let foot = self.height;
        for (place, pair) in pairs.iter().enumerate() {
            self.height = foot + place as f64 * STEP;
            self.pair(*pair);
        }
        let [from, to] = [foot, self.height].map(|y| Point::new(0.0, y));
        self.shapes.push(Capsule { from, to, radius: PAIR / 2.0 + CLEARANCE });
    }

    /// Adds the loop between two pairs, and moves on above it.
    fn inner_loop(&mut self, (i, j): (usize, usize), (k, l): (usize, usize), lean: f64) {
        let ((left_first, left), (right_first, right)) = ((i + 1, k - i - 1), (l + 1, j - l - 1));
        let [low_left, low_right] = ends(self.height);
        self.height += rise(left.min(right), left.max(right), lean);
        let [high_left, high_right] = ends(self.height);
        let sides = [(left_first, left, low_left, high_left), (right_first, right, high_right, low_right)];
        for (first, count, from, to) in sides.into_iter().filter(|side| side.1 > 0) {
            let arc = Arc::over(from.distance(to), count + 1, STEP);
            let points = arc.points(from, to, count);
            self.shapes.push(Capsule::disc(arc.centre(from, to), arc.radius + CLEARANCE));
            self.bases.extend((first..).zip(points));
        }
        let middle =
            [low_left, low_right, high_left, high_right].into_iter().fold(Point::default(), |a, b| a + b) * 0.25;
        self.shapes.push(Capsule::disc(middle, low_left.distance(high_right) / 2.0 + CLEARANCE));
    }

    /// The space that it takes, as a hull, with a loop at its head.
    pub(crate) fn hull(&self, head: Option<Capsule>) -> Hull {
        Hull::new(self.shapes.iter().copied().chain(head).collect())
    }
}

fn is_stacked((i, j): (usize, usize), (k, l): (usize, usize)) -> bool {
    k == i + 1 && j == l + 1
}

/// How far a circle of this radius stands off the head of an arm of so many pairs: circles on both sides of a lone pair would
/// touch each other.
pub(crate) fn neck(pairs: usize, radius: f64) -> f64 {
    if pairs == 1 && radius > FLAT { NECK } else { 0.0 }
}

/// The distance of a pair's middle from the centre of the circle that it is on.
pub(crate) fn apothem(radius: f64) -> f64 {
    (radius * radius - PAIR * PAIR / 4.0).max(0.0).sqrt()
}

/// The ends of a pair at a height.
fn ends(height: f64) -> [Point; 2] {
    [-PAIR / 2.0, PAIR / 2.0].map(|x| Point::new(x, height))
}

/// How far an inner loop with so many bases on its sides moves the arm on: as a round loop of its shorter side would, and so
/// far that the bases of its longer side have space.
fn rise(fewer: usize, more: usize, lean: f64) -> f64 {
    let round = if fewer == 0 { STEP } else { chord(polygon(2, PAIR, 2 * (fewer + 1), STEP)) };
    let least = |count: usize| {
        let steps = (count + 1) as f64;
        // The way to the first of them leaves the arm at half of the arc's angle, less half of a step.
        let angle = if count == 0 { 0.0 } else { (2.0 * lean * steps / (steps - 1.0)).min(WIDEST) };
        if angle == 0.0 { STEP } else { STEP * (angle / 2.0).sin() / (angle / (2.0 * steps)).sin() }
    };
    round.max(least(more)).max(least(fewer))
}

/// The height of a circle between two pairs on it.
fn chord(radius: f64) -> f64 {
    2.0 * apothem(radius)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_an_arm_are_a_step_apart_or_more() {
        for (left, right) in [(0, 1), (1, 0), (1, 1), (3, 3), (0, 12), (2, 9), (40, 0)] {
            let inner = (left + 1, left + 6);
            let last = inner.1 + right + 1;
            let arm = Arm { pairs: vec![(0, last), inner], ..Arm::default() };
            let mut bases = Straight::new(&arm).bases;
            bases.sort_by_key(|base| base.0);
            assert_eq!(bases.len(), left + right + 4);
            for two in bases.windows(2).filter(|two| two[1].0 == two[0].0 + 1) {
                assert!(two[0].1.distance(two[1].1) > STEP - 1e-6, "{left} {right}: {two:?}");
            }
        }
    }
}
