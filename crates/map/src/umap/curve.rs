//! How strongly two points on the map belong together: `1 / (1 + a d^2b)`, the smooth curve closest to 1 up to
//! `min_dist` and a fall by `e` in every `spread` after it (section 3.2 of the paper).

/// Points that the curve is fitted at.
const POINTS: usize = 300;
/// Rounds of the fit.
const ROUNDS: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Curve {
    pub(super) a: f64,
    pub(super) b: f64,
}

impl Curve {
    /// Fits by least squares, as Levenberg and Marquardt do.
    pub(super) fn fit(min_dist: f64, spread: f64) -> Self {
        let at = |place: usize| 3.0 * spread * place as f64 / (POINTS - 1) as f64;
        let expected = |d: f64| if d < min_dist { 1.0 } else { (-(d - min_dist) / spread).exp() };
        let points: Vec<(f64, f64)> = (1..POINTS).map(|place| (at(place), expected(at(place)))).collect();
        let mut curve = Self { a: 1.0, b: 1.0 };
        let mut error = curve.error(&points);
        let mut damping = 1e-3;
        for _ in 0..ROUNDS {
            let next = curve.moved(&points, damping);
            let next_error = next.error(&points);
            if next_error < error && next.a > 0.0 && next.b > 0.0 {
                (curve, error) = (next, next_error);
                damping /= 3.0;
            } else {
                damping *= 4.0;
            }
        }
        curve
    }

    fn at(self, d: f64) -> f64 {
        1.0 / (1.0 + self.a * d.powf(2.0 * self.b))
    }

    fn error(self, points: &[(f64, f64)]) -> f64 {
        points.iter().map(|&(d, expected)| (self.at(d) - expected).powi(2)).sum()
    }

    /// One step of the fit: solves `(JᵀJ + damping · diag) step = −Jᵀr`.
    fn moved(self, points: &[(f64, f64)], damping: f64) -> Self {
        let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
        let (mut a, mut b) = (0.0, 0.0);
        for &(d, expected) in points {
            let value = self.at(d);
            let power = d.powf(2.0 * self.b);
            let by_a = -value * value * power;
            let by_b = by_a * self.a * 2.0 * d.ln();
            let wrong = value - expected;
            (aa, ab, bb) = (aa + by_a * by_a, ab + by_a * by_b, bb + by_b * by_b);
            (a, b) = (a - by_a * wrong, b - by_b * wrong);
        }
        (aa, bb) = (aa * (1.0 + damping), bb * (1.0 + damping));
        let determinant = aa * bb - ab * ab;
        Self { a: self.a + (a * bb - b * ab) / determinant, b: self.b + (aa * b - ab * a) / determinant }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curves_are_those_of_umap_learn() {
        // `umap.umap_.find_ab_params(spread, min_dist)` of umap-learn 0.5.12.
        for (min_dist, spread, a, b) in AB {
            let curve = Curve::fit(min_dist, spread);
            assert!((curve.a / a - 1.0).abs() < 1e-3 && (curve.b / b - 1.0).abs() < 1e-3, "{curve:?}");
        }
    }

    const AB: [(f64, f64, f64, f64); 4] = [
        (0.1, 1.0, 1.576943, 0.895061),
        (0.0, 1.0, 1.932808, 0.790495),
        (0.5, 1.0, 0.583030, 1.334167),
        (0.25, 2.0, 0.416273, 0.921855),
    ];
}
