//! Arms around a loop: the radius of its circle, and the angle of each arm on it, so that nothing meets.
//!
//! The smallest circle is the regular polygon of all steps and stems, with no freedom. If arms meet on it, the circle
//! grows, which frees angles: arms are pushed as far to one side as they go, then as far to the other, and each is put as
//! near to its even place as these limits allow.

use std::f64::consts::TAU;

use super::arc::{polygon, seen};
use super::arm::{apothem, neck};
use super::geometry::{Capsule, Frame, Hull, Point};
use super::{CLEARANCE, PAIR, STEP};

/// How much a circle grows from one attempt to the next, first in small steps and then in large ones.
const GROWTH: (f64, f64) = (1.06, 1.3);
/// Attempts with small steps.
const SMALL_STEPS: usize = 24;
/// All attempts; the last circle is so large that it is no limit for anything that fits into a computer.
const ATTEMPTS: usize = 120;
/// The widest angle of a step along the strand: the line of a wider one would come near the pair that it begins at.
const WIDEST_STEP: f64 = TAU * 300.0 / 360.0;
/// Attempts in which this is looked at; space for everything matters more.
const WITH_WIDEST_STEP: usize = 2 * SMALL_STEPS;

/// The least slope of the way from a lone pair, over its neck, to the next base around the loop: the tangent of 27°. The
/// pair's neighbour on its other side may be in line with it, a step away; it stays `STEP * sin(27°)` = 8.2 pixels apart.
const SLOPE: f64 = 0.51;

/// Upright bodies stay so far above their feet that they do not meet the circle that they stand on, if it is large; in pixels.
const UPRIGHT: f64 = CLEARANCE + 2.0;

/// What has been laid out and is turned as a whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    /// Its straight part, with the circle at the head.
    pub(crate) arm: Hull,
    /// What is around that circle.
    pub(crate) rest: Hull,
}

impl Body {
    fn meets(&self, frame: &Frame, hull: &Hull, other: &Frame) -> bool {
        self.arm.meets(frame, hull, other) || self.rest.meets(frame, hull, other)
    }

    /// Do two bodies meet?
    pub(crate) fn meets_body(&self, frame: &Frame, other: &Self, other_frame: &Frame) -> bool {
        self.meets(frame, &other.arm, other_frame) || self.meets(frame, &other.rest, other_frame)
    }

    /// All its shapes, in the frame around it.
    pub(crate) fn placed(&self, frame: &Frame) -> impl Iterator<Item = Capsule> {
        self.arm.placed(frame).chain(self.rest.placed(frame))
    }
}

/// A loop whose arms are to be placed.
pub(crate) struct Ring<'a> {
    /// The unpaired bases before each arm, and after the last.
    pub(crate) gaps: &'a [usize],
    /// The arms.
    pub(crate) bodies: &'a [&'a Body],
    /// The straight part that the loop is the head of; empty for the outermost loop.
    pub(crate) own: &'a Hull,
    /// The y of its last pair.
    pub(crate) height: f64,
    /// How many pairs it has.
    pub(crate) pairs: usize,
    /// Whether everything around the loop is to stay above the foot of `own`, by [`UPRIGHT`]. Bodies that all obey this can be
    /// placed around any loop, if its circle is large enough.
    pub(crate) upright: bool,
}

/// How far circles may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// As far as it looks good.
    Small,
    /// Until everything has space.
    None,
}

/// A circle with the angles of the arms on it: clockwise from the loop's own stem, in radians.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Circle {
    pub(crate) radius: f64,
    pub(crate) centre: Point,
    pub(crate) angles: Vec<f64>,
    /// The angles of a pair and of a step along the backbone, as seen from the centre.
    stem: f64,
    step: f64,
    /// The widest angle of a step.
    widest: f64,
    /// How far it stands off the pair that it belongs to.
    neck: f64,
}

impl Circle {
    /// A circle of this radius above a stem of this height and so many pairs, without arms.
    fn new(radius: f64, height: f64, pairs: usize) -> Self {
        let neck = neck(pairs, radius);
        let centre = Point::new(0.0, height + neck + apothem(radius));
        let (stem, step) = (seen(PAIR, radius), seen(STEP, radius));
        Self { radius, centre, angles: Vec::new(), stem, step, widest: TAU, neck }
    }

    /// The frame of an arm at an angle.
    pub(crate) fn frame(&self, angle: f64) -> Frame {
        let up = outwards(angle);
        Frame { origin: self.centre + up * apothem(self.radius), up }
    }

    /// The places of the unpaired bases in gap number `gap`, `count` of them.
    pub(crate) fn bases(&self, gap: usize, count: usize) -> impl Iterator<Item = Point> {
        let from = gap.checked_sub(1).map_or(0.0, |before| self.angles[before]) + self.stem / 2.0;
        let to = self.angles.get(gap).map_or(TAU, |after| *after) - self.stem / 2.0;
        let even = (to - from) / (count + 1) as f64;
        let (first, step) = if count == 0 || self.is_steep_beside(gap, even) {
            (even, even)
        } else {
            // The step next to the loop's own pair is as short as can be, and the others are longer.
            let step = (to - from - self.step) / count as f64;
            (if gap == 0 { self.step } else { step }, step)
        };
        (0..count).map(move |n| self.centre + outwards(from + first + n as f64 * step) * self.radius)
    }

    /// Are steps of this angle in a gap steep enough next to the loop's own pair, if they are next to it?
    fn is_steep_beside(&self, gap: usize, step: f64) -> bool {
        let is_beside = gap == 0 || gap == self.angles.len();
        !is_beside || self.rises(self.stem / 2.0 + step)
    }

    /// Is the way from the loop's own pair to the base at this angle steep enough? Without a neck it always is.
    fn rises(&self, angle: f64) -> bool {
        let (sin, cos) = angle.sin_cos();
        let along = self.radius * sin.abs() - PAIR / 2.0;
        let up = self.neck + apothem(self.radius) - self.radius * cos;
        self.neck == 0.0 || up >= SLOPE * along
    }

    /// The space that the circle itself takes.
    pub(crate) fn shape(&self) -> Capsule {
        Capsule::disc(self.centre, self.radius + CLEARANCE)
    }
}

fn outwards(angle: f64) -> Point {
    let (sin, cos) = angle.sin_cos();
    Point::new(-sin, -cos)
}

impl Ring<'_> {
    /// The smallest circle on which nothing meets; `None` if there is none within the limit.
    pub(crate) fn arrange(&self, limit: Limit) -> Option<Circle> {
        let steps = self.gaps.iter().map(|gap| gap + 1).sum();
        let mut radius = polygon(self.bodies.len() + 1, PAIR, steps, STEP);
        for attempt in 0..ATTEMPTS {
            if attempt == SMALL_STEPS && limit == Limit::Small {
                return None;
            }
            let mut circle = Circle::new(radius, self.height, self.pairs);
            if attempt < WITH_WIDEST_STEP {
                circle.widest = WIDEST_STEP;
            }
            if let Some(angles) = self.angles(&circle, attempt > 0) {
                circle.angles = angles;
                return Some(circle);
            }
            radius *= if attempt < SMALL_STEPS { GROWTH.0 } else { GROWTH.1 };
        }
        None
    }

    /// Angles at which nothing meets.
    fn angles(&self, circle: &Circle, free: bool) -> Option<Vec<f64>> {
        let even = self.even(circle);
        if self.is_clear(circle, &even) {
            return Some(even);
        }
        if !free {
            return None;
        }
        let first = self.pushed(circle, Side::First)?;
        let last = self.pushed(circle, Side::Last)?;
        let near_even = self.near(&even, &first, &last, circle);
        let between = |part: f64| first.iter().zip(&last).map(|(a, b)| a + part * (b - a)).collect::<Vec<f64>>();
        let mut tries =
            [near_even, between(0.5), between(0.25), between(0.75), first.clone(), last.clone()].into_iter();
        tries.find(|angles| self.is_clear(circle, angles))
    }

    /// The least angle from the middle of one stem to the next one's, before arm number `gap`.
    fn least(&self, circle: &Circle, gap: usize) -> f64 {
        circle.stem + (self.gaps[gap] + 1) as f64 * circle.step
    }

    /// Angles if all that is free is given to the gaps by their numbers of steps. A single step from a pair over its neck
    /// gets nothing of it: its slope is steep enough while it is short.
    fn even(&self, circle: &Circle) -> Vec<f64> {
        let last = self.bodies.len();
        let is_short = |gap: usize| circle.neck > 0.0 && self.gaps[gap] == 0 && (gap == 0 || gap == last);
        let short = (0..=last).filter(|gap| is_short(*gap)).count();
        let steps = self.gaps.iter().map(|gap| gap + 1).sum::<usize>() - short;
        let free = TAU - self.gaps.len() as f64 * circle.stem - short as f64 * circle.step;
        let step = if steps == 0 { circle.step } else { free / steps as f64 };
        let mut angle = 0.0;
        (0..last)
            .map(|gap| {
                let width = if is_short(gap) { circle.step } else { (self.gaps[gap] + 1) as f64 * step };
                angle += circle.stem + width;
                angle
            })
            .collect()
    }

    /// Even angles, moved between the limits.
    fn near(&self, even: &[f64], first: &[f64], last: &[f64], circle: &Circle) -> Vec<f64> {
        let mut least = 0.0;
        let place = |arm: usize| {
            least += self.least(circle, arm);
            let (low, high) = (first[arm].min(last[arm]), first[arm].max(last[arm]));
            least = even[arm].clamp(low, high).max(least);
            least
        };
        (0..even.len()).map(place).collect()
    }

    /// Pushes every arm as far to one side as it goes.
    fn pushed(&self, circle: &Circle, side: Side) -> Option<Vec<f64>> {
        let count = self.bodies.len();
        let mut angles = vec![0.0; count];
        let step = TAU / (240 + 8 * count) as f64;
        let mut passed = 0.0; // from the loop's own stem to the last placed arm
        let mut left: f64 = (0..self.gaps.len()).map(|gap| self.least(circle, gap)).sum();
        for place in 0..count {
            let (arm, gap) = match side {
                Side::First => (place, place),
                Side::Last => (count - 1 - place, count - place),
            };
            passed += self.least(circle, gap);
            left -= self.least(circle, gap);
            let at = |passed: f64| if side == Side::First { passed } else { TAU - passed };
            let is_placed = |other: &usize| if side == Side::First { *other < arm } else { *other > arm };
            let placed: Vec<usize> = (0..count).filter(is_placed).collect();
            // The nearest of the others is the most likely to be met.
            let near_first = |placed: &[usize]| -> Vec<usize> {
                if side == Side::First { placed.iter().rev().copied().collect() } else { placed.to_vec() }
            };
            let others = near_first(&placed);
            while !self.is_clear_at(circle, arm, at(passed), others.iter().map(|&other| (other, angles[other]))) {
                passed += step;
                if passed + left > TAU {
                    return None;
                }
            }
            angles[arm] = at(passed);
        }
        Some(angles)
    }

    /// Does nothing meet, and has every unpaired base its space?
    fn is_clear(&self, circle: &Circle, angles: &[f64]) -> bool {
        let ends = [0.0].into_iter().chain(angles.iter().copied()).chain([TAU]).collect::<Vec<f64>>();
        let has_space = |gap: usize| {
            let (angle, least) = (ends[gap + 1] - ends[gap], self.least(circle, gap));
            let most = circle.stem + (self.gaps[gap] + 1) as f64 * circle.widest;
            angle >= least * (1.0 - 1e-9) - 1e-9 && angle <= most
        };
        (0..self.gaps.len()).all(has_space)
            && (0..angles.len()).all(|arm| {
                let others = (0..arm).rev().map(|other| (other, angles[other]));
                self.is_clear_at(circle, arm, angles[arm], others)
            })
    }

    /// Is an arm at this angle no neighbour of the loop's own pair, or is the way there steep enough?
    fn is_steep_at(&self, circle: &Circle, arm: usize, angle: f64) -> bool {
        let before = arm == 0 && self.gaps[0] == 0;
        let after = arm + 1 == self.bodies.len() && self.gaps[arm + 1] == 0;
        (!before || circle.rises(angle - circle.stem / 2.0)) && (!after || circle.rises(angle + circle.stem / 2.0))
    }

    /// Does an arm at this angle meet nothing of the loop, its stem, and the other arms?
    fn is_clear_at(&self, circle: &Circle, arm: usize, angle: f64, others: impl Iterator<Item = (usize, f64)>) -> bool {
        let body = self.bodies[arm];
        let frame = circle.frame(angle);
        if self.upright && (body.arm.falls_below(&frame, UPRIGHT) || body.rest.falls_below(&frame, UPRIGHT)) {
            return false;
        }
        if !self.is_steep_at(circle, arm, angle) {
            return false;
        }
        let disc = Hull::new(vec![Capsule::disc(circle.centre, circle.radius + CLEARANCE)]);
        let mut others = others;
        !body.meets(&frame, self.own, &Frame::IDENTITY)
            && !body.rest.meets(&frame, &disc, &Frame::IDENTITY)
            && !others.any(|(other, angle)| body.meets_body(&frame, self.bodies[other], &circle.frame(angle)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Last,
}
