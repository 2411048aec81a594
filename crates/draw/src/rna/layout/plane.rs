//! Plane drawings in which no stem, loop or strand crosses another.
//!
//! Arms are laid out from the innermost outwards. Each is a rigid body once it is done, and a loop turns the bodies around
//! it until none meets another, the loop itself, or the loop's own stem ([`ring`](super::ring)): so a body is free of
//! crossings if all within it are. Bodies that curl back over their own foot may not fit around any loop. If a loop finds no
//! place for one, everything around the loop is laid out again so that it stays above its foot ("upright"). Upright bodies
//! fit around every circle that is large enough: in the limit it is a line, on which they stand side by side.
//!
//! That the drawings of trees in general can be freed of crossings by the angles and radii of loops alone is the finding of
//! Wiegreffe, Alexander, Stadler and Zeckzer ("RNApuzzler: efficient outerplanar drawing of RNA-secondary structures",
//! *Bioinformatics* 35:1342, 2019). Theirs resolves crossings from the outside inwards in the finished drawing; this one
//! never makes them.

use super::arc::Arc;
use super::arm::{Straight, neck};
use super::geometry::{Capsule, Frame, Hull, Point};
use super::outer::{self, Outer};
use super::ring::{Body, Circle, Limit, Ring};
use super::tree::{Arm, Item, Through, Tree};
use super::{CLEARANCE, PAIR, STEP};

/// The place of every base, y upwards.
pub(crate) fn positions(partners: &[Option<usize>], through: Through) -> Vec<Point> {
    let mut plane = Plane::new(Tree::new(partners, through));
    let outer = plane.outer();
    let mut points = vec![Point::default(); partners.len()];
    plane.write(outer, &mut points);
    points
}

/// An arm that has been laid out.
#[derive(Debug, Clone, Default)]
struct Laid {
    straight: Straight,
    /// The circle at its head, if arms are around it.
    circle: Option<Circle>,
    body: Body,
    upright: bool,
}

struct Plane {
    tree: Tree,
    laid: Vec<Laid>,
}

impl Plane {
    fn new(tree: Tree) -> Self {
        let count = tree.arms.len();
        let mut plane = Self { tree, laid: vec![Laid::default(); count] };
        for number in (0..count).rev() {
            plane.lay(number, false);
        }
        plane
    }

    /// Lays out an arm whose inner arms have been laid out, `upright` ones if it is to be upright.
    fn lay(&mut self, number: usize, upright: bool) {
        let straight = Straight::new(&self.tree.arms[number]);
        let arms = arms(&self.tree.arms[number].around);
        if arms.is_empty() {
            self.laid[number] = hairpin(straight, &self.tree.arms[number], upright);
            return;
        }
        let own = straight.hull(None);
        let circle = self.ring(number, &straight, &own, upright, Limit::Small).or_else(|| {
            self.lay_upright(number + 1..self.tree.arms[number].end);
            self.ring(number, &straight, &own, upright, Limit::None)
        });
        let circle = circle.expect("upright arms fit around a circle that is large enough");
        let rest = arms.iter().zip(&circle.angles).flat_map(|(inner, angle)| {
            let body = &self.laid[*inner].body;
            body.placed(&circle.frame(*angle)).collect::<Vec<Capsule>>()
        });
        let rest = Hull::new(rest.collect());
        let body = Body { arm: straight.hull(Some(circle.shape())), rest };
        self.laid[number] = Laid { straight, circle: Some(circle), body, upright };
    }

    fn ring(&self, number: usize, straight: &Straight, own: &Hull, upright: bool, limit: Limit) -> Option<Circle> {
        let around = &self.tree.arms[number].around;
        let bodies: Vec<&Body> = arms(around).into_iter().map(|inner| &self.laid[inner].body).collect();
        let gaps = outer::gaps(around);
        Ring {
            gaps: &gaps,
            bodies: &bodies,
            own,
            height: straight.height,
            pairs: self.tree.arms[number].pairs.len(),
            upright,
        }
        .arrange(limit)
    }

    /// Lays out a range of arms again, so that each stays above its foot.
    fn lay_upright(&mut self, numbers: std::ops::Range<usize>) {
        for number in numbers.rev() {
            if !self.laid[number].upright {
                self.lay(number, true);
            }
        }
    }

    /// Lays out the outermost loop.
    fn outer(&mut self) -> Outer {
        if let (outer, true) = self.on_a_line()
            && !outer.is_too_wide(&self.outer_bodies())
        {
            return outer;
        }
        let circle = |plane: &Self, limit| outer::on_a_circle(&plane.tree.exterior, &plane.outer_bodies(), limit);
        if self.on_a_line().0.is_too_wide(&self.outer_bodies())
            && let Some(outer) = circle(self, Limit::Small)
        {
            return outer;
        }
        self.lay_upright(0..self.tree.arms.len());
        let (line, _) = self.on_a_line();
        if line.is_too_wide(&self.outer_bodies())
            && let Some(outer) = circle(self, Limit::None)
        {
            return outer;
        }
        line
    }

    fn on_a_line(&self) -> (Outer, bool) {
        outer::on_a_line(&self.tree.exterior, &self.outer_bodies())
    }

    fn outer_bodies(&self) -> Vec<&Body> {
        arms(&self.tree.exterior).into_iter().map(|number| &self.laid[number].body).collect()
    }

    /// Puts every base into its place.
    fn write(&self, outer: Outer, points: &mut [Point]) {
        let mut frames = vec![Frame::IDENTITY; self.laid.len()];
        arms(&self.tree.exterior).into_iter().zip(outer.frames).for_each(|(number, frame)| frames[number] = frame);
        outer.bases.into_iter().for_each(|(base, point)| points[base] = point);
        for (number, (arm, laid)) in self.tree.arms.iter().zip(&self.laid).enumerate() {
            let frame = frames[number]; // an arm's number is above that of the arm around it
            laid.straight.bases.iter().for_each(|(base, point)| points[*base] = frame.place(*point));
            let Some(circle) = &laid.circle else { continue };
            for (inner, angle) in arms(&arm.around).into_iter().zip(&circle.angles) {
                frames[inner] = frame.place_frame(&circle.frame(*angle));
            }
            let unpaired = outer::unpaired(&arm.around, &outer::gaps(&arm.around), circle);
            unpaired.into_iter().for_each(|(base, point)| points[base] = frame.place(point));
        }
    }
}

fn arms(items: &[Item]) -> Vec<usize> {
    items.iter().filter_map(|item| if let Item::Arm(number) = item { Some(*number) } else { None }).collect()
}

/// An arm that ends in a hairpin loop.
fn hairpin(mut straight: Straight, arm: &Arm, upright: bool) -> Laid {
    let arc = Arc::over(PAIR, arm.around.len() + 1, STEP);
    let foot = straight.height + neck(arm.pairs.len(), arc.radius);
    let [left, right] = [-PAIR / 2.0, PAIR / 2.0].map(|x| Point::new(x, foot));
    let bases = arm.around.iter().filter_map(|item| if let Item::Base(base) = item { Some(*base) } else { None });
    straight.bases.extend(bases.zip(arc.points(left, right, arm.around.len())));
    let disc = Capsule::disc(arc.centre(left, right), arc.radius + CLEARANCE);
    let body = Body { arm: straight.hull(Some(disc)), rest: Hull::default() };
    Laid { straight, circle: None, body, upright }
}
