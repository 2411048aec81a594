//! Calibration of probabilities: a curve through the logits that says how often predictions come true.
//!
//! The curve is that of beta calibration (Kull, Silva Filho and Flach, 2017). Of a prediction with the probability `p` it
//! is `sigmoid(a · ln p − b · ln(1 − p) + c)`. With `a = b` it is Platt's (1999): a straight line through the logits.

/// Predictions that have the same logit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// Their logit.
    pub logit: f64,
    /// Number of predictions.
    pub count: u64,
    /// How many of them came true.
    pub hits: u64,
}

/// The curve `sigmoid(a · ln p − b · ln(1 − p) + c)` of predictions with the probability `p`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    /// Decides for improbable predictions.
    pub a: f64,
    /// Decides for probable predictions.
    pub b: f64,
    /// The shift of all.
    pub c: f64,
}

impl Beta {
    /// The logit of the calibrated probability of a prediction with this logit.
    pub fn logit(self, logit: f64) -> f64 {
        let [low, high] = logs(logit);
        self.a * low + self.b * high + self.c
    }
}

/// The curve of maximum likelihood, by Newton's method. It is straight (`a = b`) unless a bend is worth its parameter by
/// Schwarz' criterion.
///
/// `None` if no prediction or all predictions came true, or if more likely predictions came true less often.
pub fn beta(tallies: &[Tally]) -> Option<Beta> {
    let (count, hits) = tallies.iter().fold((0, 0), |sum, tally| (sum.0 + tally.count, sum.1 + tally.hits));
    if hits == 0 || hits == count {
        return None;
    }
    let rises = |scale: f64| scale.is_finite() && scale > 0.0;
    let [scale, c] = newton(tallies, |logit| [logit, 1.0], [1.0, 0.0]);
    let straight = Beta { a: scale, b: scale, c };
    let of = |logit: f64| {
        let [low, high] = logs(logit);
        [low, high, 1.0]
    };
    let [a, b, c] = newton(tallies, of, [scale, scale, c]);
    let bent = Beta { a, b, c };
    let gain = loss(tallies, |logit| straight.logit(logit)) - loss(tallies, |logit| bent.logit(logit));
    let chosen = if rises(a) && rises(b) && 2.0 * gain > (count as f64).ln() { bent } else { straight };
    (rises(chosen.a) && chosen.c.is_finite()).then_some(chosen)
}

/// `ln p` and `−ln(1 − p)` of the probability with this logit.
fn logs(logit: f64) -> [f64; 2] {
    let rest = (-logit.abs()).exp().ln_1p();
    [logit.min(0.0) - rest, logit.max(0.0) + rest]
}

/// The weights of these features of logits that make the outcomes most likely, searched from `weights`.
fn newton<const N: usize>(tallies: &[Tally], features: impl Fn(f64) -> [f64; N], mut weights: [f64; N]) -> [f64; N] {
    let dot = |a: &[f64; N], b: &[f64; N]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for _ in 0..50 {
        let (mut slope, mut curve) = ([0.0; N], [[0.0; N]; N]);
        for &Tally { logit, count, hits } in tallies {
            let (count, hits, seen) = (count as f64, hits as f64, features(logit));
            let p = 1.0 / (1.0 + (-dot(&weights, &seen)).exp());
            let (miss, weight) = (hits - count * p, count * p * (1.0 - p));
            for (i, x) in seen.iter().enumerate() {
                slope[i] += miss * x;
                seen.iter().enumerate().for_each(|(j, y)| curve[i][j] += weight * x * y);
            }
        }
        let Some(step) = solve(curve, slope) else { break }; // the features are not independent, as if all logits are equal
        // Newton's step, halved until the loss falls: far from the optimum it may overshoot.
        let after = |part: f64| std::array::from_fn::<f64, N, _>(|i| weights[i] + part * step[i]);
        let of = |weights: [f64; N]| loss(tallies, |logit| dot(&weights, &features(logit)));
        let before = of(weights);
        let mut part = 1.0;
        while part > 1e-6 && of(after(part)) > before {
            part /= 2.0;
        }
        weights = after(part);
        if part * step.iter().map(|step| step.abs()).sum::<f64>() < 1e-9 {
            break;
        }
    }
    weights
}

/// Solves `matrix · x = right` of a symmetric matrix without negative eigenvalues, by elimination; `None` if it is
/// singular.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> Option<[f64; N]> {
    for i in 0..N {
        let (row, value) = (matrix[i], right[i]);
        if row[i] <= 1e-12 {
            return None;
        }
        for (below, right) in matrix.iter_mut().zip(&mut right).skip(i + 1) {
            let part = below[i] / row[i];
            below.iter_mut().zip(row).for_each(|(x, y)| *x -= part * y);
            *right -= part * value;
        }
    }
    for i in (0..N).rev() {
        let known: f64 = (i + 1..N).map(|j| matrix[i][j] * right[j]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    Some(right)
}

/// Cross-entropy of all predictions, if these are the logits of their calibrated probabilities.
fn loss(tallies: &[Tally], calibrated: impl Fn(f64) -> f64) -> f64 {
    let one = |&Tally { logit, count, hits }: &Tally| {
        let x = calibrated(logit);
        count as f64 * (x.max(0.0) + (-x.abs()).exp().ln_1p()) - hits as f64 * x
    };
    tallies.iter().map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(logit: f64, count: u64, hits: u64) -> Tally {
        Tally { logit, count, hits }
    }

    /// A billion predictions of each logit from -6 to 6, which come true as `curve` says.
    fn of(curve: Beta) -> Vec<Tally> {
        let hits = |x: f64| (1e9 / (1.0 + (-curve.logit(x)).exp())).round() as u64;
        (-60..60).map(|tenth| f64::from(tenth) / 10.0).map(|x| tally(x, 1_000_000_000, hits(x))).collect()
    }

    #[test]
    fn curves_are_found_again() {
        for curve in
            [Beta { a: 0.5, b: 0.5, c: -1.0 }, Beta { a: 1.1, b: 0.35, c: 0.2 }, Beta { a: 0.4, b: 2.0, c: -0.5 }]
        {
            let found = beta(&of(curve)).unwrap();
            let apart = [found.a - curve.a, found.b - curve.b, found.c - curve.c];
            assert!(apart.iter().all(|apart| apart.abs() < 1e-6), "{curve:?}: {found:?}");
        }
    }

    #[test]
    fn few_predictions_are_no_reason_for_a_bend() {
        let found = beta(&[tally(-2.0, 10, 1), tally(0.0, 10, 6), tally(2.0, 10, 8)]).unwrap();
        assert_eq!(found.a, found.b);
    }

    #[test]
    fn without_hits_or_misses_there_is_no_curve_and_certain_predictions_do_not_panic() {
        assert_eq!(beta(&[]), None);
        assert_eq!(beta(&[tally(2.0, 5, 5)]), None);
        assert_eq!(beta(&[tally(2.0, 5, 0)]), None);
        assert_eq!(beta(&[tally(-1.0, 5, 5), tally(1.0, 5, 0)]), None);
        assert!(beta(&[tally(2.0, 5, 3)]).is_some());
        assert!(beta(&[tally(-800.0, 5, 0), tally(0.0, 5, 2), tally(800.0, 5, 5)]).is_some());
    }

    #[test]
    fn a_straight_curve_is_a_line_through_the_logits() {
        let line = Beta { a: 0.8, b: 0.8, c: 0.3 };
        for logit in [-900.0, -3.0, 0.0, 0.5, 900.0] {
            assert!((line.logit(logit) - (0.8 * logit + 0.3)).abs() < 1e-9);
        }
    }
}
