//! Points, frames and hulls: what layouts are computed with. The y axis points up here; pictures turn it around.

use std::ops::{Add, Mul, Range, Sub};

/// A point of the plane.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Up in a layout, down in a picture.
    pub y: f64,
}

impl Point {
    /// The point (`x`, `y`).
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// The distance from the origin.
    pub fn length(self) -> f64 {
        self.x.hypot(self.y)
    }

    /// The distance to another point.
    pub fn distance(self, other: Self) -> f64 {
        (self - other).length()
    }

    /// The point on the way to another, at `part` (0 to 1) of it.
    pub fn towards(self, other: Self, part: f64) -> Self {
        self + (other - self) * part
    }

    pub(crate) fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }

    /// The same vector turned to the right by a quarter, if y points up.
    pub(crate) fn turned(self) -> Self {
        Self::new(self.y, -self.x)
    }

    /// The same direction with length 1; up if there is no direction.
    pub(crate) fn unit(self) -> Self {
        let length = self.length();
        if length > 0.0 { self * (1.0 / length) } else { Self::new(0.0, 1.0) }
    }
}

impl Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f64> for Point {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}

/// Where a rigid part stands: its origin, and the direction of its own y axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) origin: Point,
    /// A unit vector.
    pub(crate) up: Point,
}

impl Frame {
    pub(crate) const IDENTITY: Self = Self { origin: Point::new(0.0, 0.0), up: Point::new(0.0, 1.0) };

    /// A point of the part as a point of what the part stands in.
    pub(crate) fn place(&self, point: Point) -> Point {
        self.origin + self.up.turned() * point.x + self.up * point.y
    }

    /// A frame of the part as one of what the part stands in.
    pub(crate) fn place_frame(&self, inner: &Self) -> Self {
        Self { origin: self.place(inner.origin), up: self.place(inner.up) - self.origin }
    }

    /// `other` as seen from this frame.
    fn seen(&self, other: &Self) -> Self {
        let see = |vector: Point| Point::new(vector.dot(self.up.turned()), vector.dot(self.up));
        Self { origin: see(other.origin - self.origin), up: see(other.up) }
    }
}

/// All points nearer than `radius` to the line from `from` to `to`; a disc if both are one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Capsule {
    pub(crate) from: Point,
    pub(crate) to: Point,
    pub(crate) radius: f64,
}

impl Capsule {
    pub(crate) fn disc(centre: Point, radius: f64) -> Self {
        Self { from: centre, to: centre, radius }
    }

    fn placed(&self, frame: &Frame) -> Self {
        Self { from: frame.place(self.from), to: frame.place(self.to), radius: self.radius }
    }

    fn round(&self) -> Disc {
        let radius = self.from.distance(self.to) / 2.0 + self.radius;
        Disc { centre: self.from.towards(self.to, 0.5), radius }
    }

    fn meets(&self, other: &Self) -> bool {
        segment_distance([self.from, self.to], [other.from, other.to]) < self.radius + other.radius
    }
}

/// The least distance of two line segments.
pub(crate) fn segment_distance([a, b]: [Point; 2], [c, d]: [Point; 2]) -> f64 {
    if cross(a, b, c, d) {
        return 0.0;
    }
    let ends = [point_distance(a, [c, d]), point_distance(b, [c, d]), point_distance(c, [a, b])];
    ends.into_iter().fold(point_distance(d, [a, b]), f64::min)
}

/// Do the lines from `a` to `b` and from `c` to `d` cross, each having the other's ends on both sides?
fn cross(a: Point, b: Point, c: Point, d: Point) -> bool {
    let side = |from: Point, to: Point, point: Point| (to - from).turned().dot(point - from);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// The distance of a point from a line segment.
pub(crate) fn point_distance(point: Point, [from, to]: [Point; 2]) -> f64 {
    let along = to - from;
    let squared = along.dot(along);
    let part = if squared > 0.0 { ((point - from).dot(along) / squared).clamp(0.0, 1.0) } else { 0.0 };
    point.distance(from + along * part)
}

#[derive(Debug, Clone, Copy, Default)]
struct Disc {
    centre: Point,
    radius: f64,
}

impl Disc {
    /// The least disc around both.
    fn with(self, other: Self) -> Self {
        let distance = self.centre.distance(other.centre);
        if distance + other.radius <= self.radius {
            return self;
        }
        if distance + self.radius <= other.radius {
            return other;
        }
        let radius = (distance + self.radius + other.radius) / 2.0;
        Self { centre: self.centre.towards(other.centre, (radius - self.radius) / distance), radius }
    }
}

/// A rigid set of capsules, and a binary tree of discs around them: turning the set does not change its tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hull {
    shapes: Vec<Capsule>,
    /// Around the shapes of node `n` of the tree; its halves are `2n` and `2n + 1`, and node 1 has all shapes.
    discs: Vec<Disc>,
}

/// A node of a hull's tree, with the shapes that it holds.
type Node = (usize, Range<usize>);

impl Hull {
    pub(crate) fn new(shapes: Vec<Capsule>) -> Self {
        let mut discs = vec![Disc::default(); 2 * shapes.len().next_power_of_two()];
        if !shapes.is_empty() {
            enclose(&shapes, &mut discs, 1);
        }
        Self { shapes, discs }
    }

    /// The capsules as they are in the frame around them.
    pub(crate) fn placed(&self, frame: &Frame) -> impl Iterator<Item = Capsule> {
        self.shapes.iter().map(move |shape| shape.placed(frame))
    }

    fn root(&self) -> Option<Node> {
        (!self.shapes.is_empty()).then_some((1, 0..self.shapes.len()))
    }

    /// Does any capsule meet one of the other hull?
    pub(crate) fn meets(&self, frame: &Frame, other: &Self, other_frame: &Frame) -> bool {
        let seen = frame.seen(other_frame);
        let mut open: Vec<(Node, Node)> = self.root().zip(other.root()).into_iter().collect();
        while let Some((one, two)) = open.pop() {
            let (mine, theirs) = (self.discs[one.0], other.discs[two.0]);
            if mine.centre.distance(seen.place(theirs.centre)) >= mine.radius + theirs.radius {
                continue;
            }
            match (one.1.len(), two.1.len()) {
                (1, 1) if self.shapes[one.1.start].meets(&other.shapes[two.1.start].placed(&seen)) => return true,
                (1, 1) => {}
                (1, _) => open.extend(halves(&two).map(|half| (one.clone(), half))),
                (_, 1) => open.extend(halves(&one).map(|half| (half, two.clone()))),
                _ if mine.radius > theirs.radius => open.extend(halves(&one).map(|half| (half, two.clone()))),
                _ => open.extend(halves(&two).map(|half| (one.clone(), half))),
            }
        }
        false
    }

    /// Does any point lie below the line y = `line` of the frame around it?
    pub(crate) fn falls_below(&self, frame: &Frame, line: f64) -> bool {
        let mut open: Vec<Node> = self.root().into_iter().collect();
        while let Some(node) = open.pop() {
            let disc = self.discs[node.0];
            if frame.place(disc.centre).y - disc.radius >= line {
                continue;
            }
            if node.1.len() == 1 {
                let shape = self.shapes[node.1.start].placed(frame);
                if shape.from.y.min(shape.to.y) - shape.radius < line {
                    return true;
                }
            } else {
                open.extend(halves(&node));
            }
        }
        false
    }
}

/// Both halves of a node with two shapes or more; the first half has 2^k shapes, so that the tree fits its array.
fn halves((node, range): &Node) -> [Node; 2] {
    let middle = range.start + range.len().next_power_of_two() / 2;
    [(2 * node, range.start..middle), (2 * node + 1, middle..range.end)]
}

/// Fills the discs of a node and all below it.
fn enclose(shapes: &[Capsule], discs: &mut [Disc], node: usize) -> Disc {
    let disc = match shapes {
        [shape] => shape.round(),
        _ => {
            let (one, two) = shapes.split_at(shapes.len().next_power_of_two() / 2);
            let first = enclose(one, discs, 2 * node);
            first.with(enclose(two, discs, 2 * node + 1))
        }
    };
    discs[node] = disc;
    disc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossing_lines_have_no_distance() {
        let at = |x, y| Point::new(x, y);
        assert_eq!(segment_distance([at(0.0, 0.0), at(2.0, 2.0)], [at(0.0, 2.0), at(2.0, 0.0)]), 0.0);
        assert_eq!(segment_distance([at(0.0, 0.0), at(2.0, 0.0)], [at(3.0, 0.0), at(3.0, 5.0)]), 1.0);
        assert_eq!(segment_distance([at(0.0, 0.0), at(0.0, 0.0)], [at(3.0, 4.0), at(3.0, 4.0)]), 5.0);
    }

    #[test]
    fn hulls_meet_exactly_if_two_of_their_capsules_do() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut number = |most: f64| most * random.f64();
        let (mut met, mut apart) = (0, 0);
        for round in 0..400 {
            let mut hull = |count: usize| -> Hull {
                let mut point = || Point::new(number(10.0), number(10.0));
                let shapes: Vec<Capsule> =
                    (0..count).map(|_| Capsule { from: point(), to: point(), radius: 0.1 }).collect();
                Hull::new(shapes)
            };
            let (one, two) = (hull(1 + round % 7), hull(1 + round % 5));
            let up = Point::new(number(2.0) - 1.0, number(2.0) - 1.0).unit();
            let frame = Frame { origin: Point::new(number(15.0), number(15.0)), up };
            let brute = one.shapes.iter().any(|shape| two.placed(&frame).any(|other| shape.meets(&other)));
            assert_eq!(one.meets(&Frame::IDENTITY, &two, &frame), brute);
            assert_eq!(two.meets(&frame, &one, &Frame::IDENTITY), brute);
            let lowest = two.placed(&frame).map(|shape| shape.from.y.min(shape.to.y) - 0.1).fold(f64::MAX, f64::min);
            assert!(two.falls_below(&frame, lowest + 1e-9) && !two.falls_below(&frame, lowest - 1e-9));
            if brute { met += 1 } else { apart += 1 }
        }
        assert!(met > 50 && apart > 50, "{met} {apart}");
    }
}
