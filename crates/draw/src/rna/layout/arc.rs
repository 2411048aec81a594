//! Bases along an arc between two points, and regular polygons: how loops get their sizes.

use std::f64::consts::{PI, TAU};

use super::geometry::Point;

/// Halvings of an interval: enough for 1e-12 of it.
const HALVINGS: usize = 40;

/// A chain of equal steps bent into a circle's arc over a chord.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Arc {
    /// Radius of the circle.
    pub(crate) radius: f64,
    /// The angle from end to end as seen from the centre, in radians; 0 if the chain is straight.
    pub(crate) angle: f64,
}

impl Arc {
    /// The arc of `steps` steps of the length `step` whose ends are `chord` apart; straight and stretched if they are too
    /// short for that.
    pub(crate) fn over(chord: f64, steps: usize, step: f64) -> Self {
        if steps as f64 * step <= chord * (1.0 + 1e-9) {
            return Self { radius: 0.0, angle: 0.0 };
        }
        // The chord of an arc of this angle falls from all steps in a line to 0 for the whole circle.
        let chord_of = |angle: f64| step * (angle / 2.0).sin() / (angle / (2 * steps) as f64).sin();
        let angle = falling(1e-9, TAU, |angle| chord_of(angle) - chord);
        Self { radius: step / (2.0 * (angle / (2 * steps) as f64).sin()), angle }
    }

    /// The points between the ends `from` and `to`, `count` of them at equal distances, on the left of the way if y points
    /// up.
    pub(crate) fn points(&self, from: Point, to: Point, count: usize) -> Vec<Point> {
        let parts = (1..=count).map(|n| n as f64 / (count + 1) as f64);
        if self.angle == 0.0 {
            return parts.map(|part| from.towards(to, part)).collect();
        }
        let centre = self.centre(from, to);
        let start = from - centre;
        let turned = |angle: f64| {
            let (sin, cos) = angle.sin_cos();
            Point::new(cos * start.x + sin * start.y, cos * start.y - sin * start.x) // clockwise
        };
        parts.map(|part| centre + turned(part * self.angle)).collect()
    }

    /// The centre of the circle.
    pub(crate) fn centre(&self, from: Point, to: Point) -> Point {
        let left = (to - from).unit().turned() * -1.0;
        from.towards(to, 0.5) + left * -(self.radius * (self.angle / 2.0).cos())
    }
}

/// The radius of the circle through the ends of `stems` chords of the length `stem` and `steps` of the length `step`, all of
/// them around it. There must be two stems or more.
pub(crate) fn polygon(stems: usize, stem: f64, steps: usize, step: f64) -> f64 {
    let least = stem.max(step) / 2.0;
    let most = (stems as f64 * stem + steps as f64 * step).max(2.0 * least);
    falling(least, most, |radius| stems as f64 * seen(stem, radius) + steps as f64 * seen(step, radius) - TAU)
}

/// The angle of a chord as seen from the centre of its circle.
pub(crate) fn seen(chord: f64, radius: f64) -> f64 {
    if radius <= chord / 2.0 { PI } else { 2.0 * (chord / (2.0 * radius)).asin() }
}

/// Where a function that falls from `low` to `high` is 0.
pub(crate) fn falling(mut low: f64, mut high: f64, function: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if function(middle) > 0.0 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_an_arc_have_their_length() {
        for (chord, steps) in [(1.2, 1), (1.2, 2), (1.2, 5), (3.0, 4), (1.2, 400)] {
            let (from, to) = (Point::new(0.0, 0.0), Point::new(chord, 0.0));
            let arc = Arc::over(chord, steps, 1.0);
            let points = [vec![from], arc.points(from, to, steps - 1), vec![to]].concat();
            let expected = (chord / steps as f64).max(1.0);
            for two in points.windows(2) {
                assert!((two[0].distance(two[1]) - expected).abs() < 1e-6, "{chord} {steps} {points:?}");
            }
            assert!(points.iter().all(|point| point.y > -1e-9 || steps > 5), "on the left: {points:?}");
        }
    }

    #[test]
    fn polygons_close() {
        let square = polygon(2, 1.0, 2, 1.0);
        assert!((square - 0.5_f64.sqrt()).abs() < 1e-9);
        for (stems, steps) in [(2, 0), (2, 40), (3, 3), (50, 0), (3, 5000)] {
            let radius = polygon(stems, 1.2, steps, 1.0);
            let around = stems as f64 * seen(1.2, radius) + steps as f64 * seen(1.0, radius);
            assert!((around - TAU).abs() < 1e-5, "{stems} {steps} {radius} {around}");
        }
    }
}
