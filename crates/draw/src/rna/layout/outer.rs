//! The outermost loop: a line under the arms, or a circle if the line were much wider than the arms are high.

use super::geometry::{Capsule, Frame, Hull, Point};
use super::ring::{Body, Circle, Limit, Ring};
use super::tree::Item;
use super::{CLEARANCE, PAIR, STEP};

/// A line may be so many times as wide as its arms are high.
const WIDE: f64 = 3.0;
/// Arms count as at least this high.
const HIGH: f64 = 40.0 * STEP;

/// Where the outermost loop has its bases and arms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outer {
    pub(crate) bases: Vec<(usize, Point)>,
    /// The frame of each arm, in order.
    pub(crate) frames: Vec<Frame>,
}

/// Lays the arms side by side on a line. The second result says whether nothing of them meets the line.
pub(crate) fn on_a_line(items: &[Item], bodies: &[&Body]) -> (Outer, bool) {
    let mut outer = Outer::default();
    let mut bodies_left = bodies.iter().enumerate();
    let mut waiting: Vec<usize> = Vec::new(); // unpaired bases whose places depend on the next arm
    let mut last = -STEP; // the x of the last placed base
    let mut lines: Vec<Capsule> = Vec::new();
    for item in items {
        match item {
            Item::Base(base) => waiting.push(*base),
            Item::Arm(_) => {
                let (number, body) = bodies_left.next().expect("there is a body for each arm");
                let mut x = last + (waiting.len() + 1) as f64 * STEP + PAIR / 2.0;
                let at = |x: f64| Frame { origin: Point::new(x, 0.0), ..Frame::IDENTITY };
                let met = |x: f64| (0..number).rev().any(|n| body.meets_body(&at(x), bodies[n], &outer.frames[n]));
                while met(x) {
                    x += STEP / 2.0;
                }
                outer.spread(&mut waiting, last, x - PAIR / 2.0, &mut lines);
                last = x + PAIR / 2.0;
                outer.frames.push(at(x));
            }
        }
    }
    let end = last + (waiting.len() + 1) as f64 * STEP;
    outer.spread(&mut waiting, last, end, &mut lines);
    let line = Hull::new(lines);
    let mut arms = bodies.iter().zip(&outer.frames);
    let is_clear = !arms.any(|(body, frame)| body.rest.meets(frame, &line, &Frame::IDENTITY));
    (outer, is_clear)
}

impl Outer {
    /// Spreads bases between two places on the line.
    fn spread(&mut self, bases: &mut Vec<usize>, from: f64, to: f64, lines: &mut Vec<Capsule>) {
        let step = (to - from) / (bases.len() + 1) as f64;
        let places = bases.drain(..).zip(1..).map(|(base, n)| (base, Point::new(from + f64::from(n) * step, 0.0)));
        self.bases.extend(places);
        lines.push(Capsule { from: Point::new(from, 0.0), to: Point::new(to, 0.0), radius: CLEARANCE });
    }

    /// Is the line much wider than the arms are high?
    pub(crate) fn is_too_wide(&self, bodies: &[&Body]) -> bool {
        let ends = self.bases.iter().map(|base| base.1.x);
        let shapes = || bodies.iter().zip(&self.frames).flat_map(|(body, frame)| body.placed(frame));
        let wide =
            ends.chain(shapes().map(|shape| shape.to.x)).fold((0.0_f64, 0.0_f64), |w, x| (w.0.min(x), w.1.max(x)));
        let high = shapes().map(|shape| shape.to.y + shape.radius).fold(HIGH, f64::max);
        wide.1 - wide.0 > WIDE * high
    }
}

/// Lays the arms around a circle that is open below.
pub(crate) fn on_a_circle(items: &[Item], bodies: &[&Body], limit: Limit) -> Option<Outer> {
    let gaps = gaps(items);
    let own = Hull::default();
    let ring = Ring { gaps: &gaps, bodies, own: &own, height: 0.0, pairs: 0, upright: false };
    let circle = ring.arrange(limit)?;
    let frames = circle.angles.iter().map(|angle| circle.frame(*angle)).collect();
    Some(Outer { bases: unpaired(items, &gaps, &circle), frames })
}

/// The unpaired bases before each arm and after the last.
pub(crate) fn gaps(items: &[Item]) -> Vec<usize> {
    items.split(|item| matches!(item, Item::Arm(_))).map(<[Item]>::len).collect()
}

/// The unpaired bases around a circle with their places.
pub(crate) fn unpaired(items: &[Item], gaps: &[usize], circle: &Circle) -> Vec<(usize, Point)> {
    let bases = items.iter().filter_map(|item| if let Item::Base(base) = item { Some(*base) } else { None });
    let places = gaps.iter().enumerate().flat_map(|(gap, count)| circle.bases(gap, *count));
    bases.zip(places).collect()
}
