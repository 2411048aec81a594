//! Numbers beside bases: each where it covers nothing.

use std::collections::HashMap;

use super::Point;
use crate::svg::width_of;

/// The size of numbers, in pixels.
pub(crate) const SIZE: f64 = 10.0;
/// The size of the cells in which near things are searched, in pixels.
const CELL: f64 = 32.0;
/// Distances from the base at which a label may stand, the nearest first, in pixels.
const AWAY: [f64; 4] = [4.0, 9.0, 16.0, 26.0];
/// Directions in which a label may stand, in radians from the best one.
const TURNS: [f64; 15] = [0.0, 0.3, -0.3, 0.6, -0.6, 0.9, -0.9, 1.3, -1.3, 1.7, -1.7, 2.2, -2.2, 2.7, 3.1];

/// A text beside a base.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Label {
    pub(crate) text: String,
    /// The base's place.
    pub(crate) of: Point,
    /// The middle of the text.
    pub(crate) at: Point,
    /// Half of its width and height.
    pub(crate) half: Point,
    /// From the base to the text.
    pub(crate) direction: Point,
}

/// What is taken: discs, and the boxes of labels as discs side by side.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    cells: HashMap<(i64, i64), Vec<(Point, f64)>>,
}

impl Taken {
    /// Takes a disc.
    pub(crate) fn disc(&mut self, centre: Point, radius: f64) {
        for cell in cells(centre, Point::new(radius, radius)) {
            self.cells.entry(cell).or_default().push((centre, radius));
        }
    }

    /// Takes discs along a line.
    pub(crate) fn line(&mut self, from: Point, to: Point, radius: f64) {
        let count = (from.distance(to) / (2.0 * radius)).ceil().clamp(1.0, 500.0) as usize;
        for n in 0..=count {
            self.disc(from.towards(to, n as f64 / count as f64), radius);
        }
    }

    /// Is a box free?
    fn is_free(&self, middle: Point, half: Point) -> bool {
        let meets = |&(centre, radius): &(Point, f64)| {
            let apart = Point::new(
                ((centre.x - middle.x).abs() - half.x).max(0.0),
                ((centre.y - middle.y).abs() - half.y).max(0.0),
            );
            apart.length() < radius
        };
        cells(middle, half).all(|cell| self.cells.get(&cell).is_none_or(|here| !here.iter().any(meets)))
    }

    /// Finds the nearest place for a text beside a base of this radius, the best direction first, and takes it.
    pub(crate) fn label(&mut self, text: String, of: Point, radius: f64, best: Point, turns: usize) -> Option<Label> {
        let half = Point::new(width_of(&text, SIZE) / 2.0, SIZE / 2.0);
        let places = AWAY.iter().flat_map(|away| TURNS[..turns.min(TURNS.len())].iter().map(move |turn| (away, turn)));
        for (away, turn) in places {
            let (sin, cos) = turn.sin_cos();
            let direction = Point::new(best.x * cos - best.y * sin, best.x * sin + best.y * cos);
            let reach = radius + away + half.x * direction.x.abs() + half.y * direction.y.abs();
            let at = of + direction * reach;
            if self.is_free(at, half + Point::new(1.0, 0.5)) {
                self.line(at - Point::new(half.x - half.y, 0.0), at + Point::new(half.x - half.y, 0.0), half.y + 1.0);
                return Some(Label { text, of, at, half, direction });
            }
        }
        None
    }
}

/// All directions.
pub(crate) const ANY: usize = TURNS.len();

fn cells(middle: Point, half: Point) -> impl Iterator<Item = (i64, i64)> {
    let range =
        |middle: f64, half: f64| ((middle - half) / CELL).floor() as i64..=((middle + half) / CELL).floor() as i64;
    let down = range(middle.y, half.y);
    range(middle.x, half.x).flat_map(move |x| down.clone().map(move |y| (x, y)))
}

/// How many bases apart numbers are, if neighbours are `step` pixels apart: `every` or a round multiple of it.
pub(crate) fn interval(every: usize, step: f64) -> usize {
    const LEAST: f64 = 44.0; // pixels between two numbers
    let mut interval = every;
    let mut factors = [2, 5].into_iter().cycle(); // 10, 20, 100, 200, 1000
    while interval > 0 && (interval as f64) * step < LEAST && interval < 1_000_000 {
        interval *= factors.next().unwrap_or(2);
    }
    interval
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_go_where_nothing_is() {
        let mut taken = Taken::default();
        let (of, right) = (Point::new(0.0, 0.0), Point::new(1.0, 0.0));
        let first = taken.label("10".into(), of, 7.0, right, ANY).unwrap();
        assert!(first.at.x > 7.0 && first.at.y == 0.0);
        let second = taken.label("20".into(), of, 7.0, right, ANY).unwrap();
        assert_ne!(first.at, second.at);
        taken.disc(of, 200.0);
        assert_eq!(taken.label("30".into(), of, 7.0, right, ANY), None);
    }

    #[test]
    fn numbers_of_dense_bases_are_further_apart() {
        assert_eq!([18.0, 4.0, 0.5, 0.06].map(|step| interval(10, step)), [10, 20, 100, 1000]);
        assert_eq!(interval(0, 1.0), 0);
    }
}
