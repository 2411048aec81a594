//! Where the bases of a drawing are, as plain numbers.

mod arc;
mod arm;
mod geometry;
mod outer;
mod plane;
mod ring;
mod tree;
mod turn;

pub use geometry::Point;
pub(crate) use turn::turned;
pub use turn::{Change, Turn, TurnError};

use std::borrow::Cow;

use super::Nested;
use tree::Through;

/// The distance of neighbours along the strand, in pixels.
pub(crate) const STEP: f64 = 18.0;
/// The distance of the two bases of a pair, in pixels.
pub(crate) const PAIR: f64 = 24.0;
/// The space around strands in which no other part may be: less than half a step, so that neighbours around a loop do not
/// meet there.
const CLEARANCE: f64 = 7.5;

/// How a structure is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// In the plane, arms straight: bulges and inner loops do not turn them. Nothing crosses.
    #[default]
    Straight,
    /// In the plane, every loop a circle with equal steps, as RNAplot's. Loops are widened where arms would cross.
    Radial,
    /// On a line, from left to right; pairs are arcs.
    Arcs,
    /// On a circle, clockwise from the top; pairs are arcs within.
    Circular,
}

/// Bases for which there is room between two strands.
const BETWEEN: usize = 3;

/// The place of every base in pixels, y downwards; the least x and y are 0.
pub fn positions(nested: &Nested, layout: Layout) -> Vec<Point> {
    let partners = with_room(&nested.partners, nested.nick);
    let mut points = match layout {
        Layout::Straight => plane::positions(&partners, Through::InnerLoops),
        Layout::Radial => plane::positions(&partners, Through::Stacks),
        Layout::Arcs => line(partners.len()),
        Layout::Circular => circle(partners.len()),
    };
    if let Some(nick) = nested.nick {
        points.drain(nick..nick + BETWEEN);
    }
    points.iter_mut().for_each(|point| point.y = -point.y); // the y axis of layouts points up
    to_origin(&mut points);
    points
}

/// The partners with unpaired bases between two strands.
fn with_room(partners: &[Option<usize>], nick: Option<usize>) -> Cow<'_, [Option<usize>]> {
    let Some(nick) = nick else { return partners.into() };
    let (first, second) = partners.split_at(nick);
    let all = first.iter().copied().chain([None; BETWEEN]).chain(second.iter().copied());
    all.map(|partner| partner.map(|base| if base < nick { base } else { base + BETWEEN })).collect()
}

/// Moves all points so that the least x and y are 0.
fn to_origin(points: &mut [Point]) {
    let least = points.iter().fold(Point::new(f64::MAX, f64::MAX), |a, b| Point::new(a.x.min(b.x), a.y.min(b.y)));
    points.iter_mut().for_each(|point| *point = *point - least);
}

/// The width up to which the bases on a line keep their distance, and to which longer lines are pressed, in pixels.
const LINE: f64 = 1800.0;
/// The distance of the bases on a line, in pixels.
const ON_LINE: f64 = 14.0;

fn line(count: usize) -> Vec<Point> {
    let step = ON_LINE.min(LINE / count.max(1) as f64);
    (0..count).map(|place| Point::new(place as f64 * step, 0.0)).collect()
}

/// The part of a circle between its ends that is left open.
const OPEN: f64 = 0.02;
/// The largest radius of a circle, in pixels.
const LARGEST: f64 = 900.0;

fn circle(count: usize) -> Vec<Point> {
    use std::f64::consts::TAU;
    let around = TAU * (1.0 - OPEN);
    let radius = (ON_LINE * count as f64 / around).clamp(ON_LINE, LARGEST);
    let angle = |place: usize| TAU * OPEN / 2.0 + around * (place as f64 + 0.5) / count as f64;
    let at = |angle: f64| Point::new(radius * angle.sin(), radius * angle.cos());
    (0..count).map(|place| at(angle(place))).collect()
}
