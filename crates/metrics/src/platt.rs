//! Platt scaling: a line through the logits whose sigmoid gives calibrated probabilities (Platt, 1999).

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

/// The scale and shift of maximum likelihood, so that predictions of logit `x` come true with probability
/// `sigmoid(scale · x + shift)`. Computed by Newton's method.
///
/// `None` if no prediction or all predictions came true, or if more likely predictions came true less often.
pub fn platt(tallies: &[Tally]) -> Option<(f64, f64)> {
    let (count, hits) = tallies.iter().fold((0, 0), |sum, tally| (sum.0 + tally.count, sum.1 + tally.hits));
    if hits == 0 || hits == count {
        return None;
    }
    let (mut scale, mut shift) = (1.0, 0.0);
    for _ in 0..50 {
        let (mut slope, mut curve) = ([0.0; 2], [0.0; 3]);
        for &Tally { logit, count, hits } in tallies {
            let (count, hits) = (count as f64, hits as f64);
            let p = 1.0 / (1.0 + (-(scale * logit + shift)).exp());
            let (miss, weight) = (hits - count * p, count * p * (1.0 - p));
            slope = [slope[0] + miss * logit, slope[1] + miss];
            curve = [curve[0] + weight * logit * logit, curve[1] + weight * logit, curve[2] + weight];
        }
        let determinant = curve[0] * curve[2] - curve[1] * curve[1];
        if determinant <= 1e-12 {
            break; // all logits are equal, so the slope is undefined
        }
        let step = [
            (curve[2] * slope[0] - curve[1] * slope[1]) / determinant,
            (curve[0] * slope[1] - curve[1] * slope[0]) / determinant,
        ];
        // Newton's step, halved until the loss falls: far from the optimum it may overshoot.
        let mut part = 1.0;
        let before = loss(tallies, scale, shift);
        while part > 1e-6 && loss(tallies, scale + part * step[0], shift + part * step[1]) > before {
            part /= 2.0;
        }
        (scale, shift) = (scale + part * step[0], shift + part * step[1]);
        if part * (step[0].abs() + step[1].abs()) < 1e-9 {
            break;
        }
    }
    (scale.is_finite() && shift.is_finite() && scale > 0.0).then_some((scale, shift))
}

/// Cross-entropy of all predictions with this scale and shift.
fn loss(tallies: &[Tally], scale: f64, shift: f64) -> f64 {
    let one = |&Tally { logit, count, hits }: &Tally| {
        let x = scale * logit + shift;
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

    #[test]
    fn a_line_of_logits_is_found_again() {
        let of = |x: f64| tally(x, 1_000_000_000, (1e9 / (1.0 + (1.0 - 0.5 * x).exp())).round() as u64);
        let tallies: Vec<Tally> = (-60..60).map(|tenth| of(f64::from(tenth) / 10.0)).collect();
        let (scale, shift) = platt(&tallies).unwrap();
        assert!((scale - 0.5).abs() < 1e-7 && (shift + 1.0).abs() < 1e-7, "{scale} {shift}");
    }

    #[test]
    fn without_hits_or_misses_there_is_no_line_and_certain_predictions_do_not_panic() {
        assert_eq!(platt(&[]), None);
        assert_eq!(platt(&[tally(2.0, 5, 5)]), None);
        assert_eq!(platt(&[tally(2.0, 5, 0)]), None);
        assert_eq!(platt(&[tally(-1.0, 5, 5), tally(1.0, 5, 0)]), None);
        assert!(platt(&[tally(2.0, 5, 3)]).is_some());
    }
}
