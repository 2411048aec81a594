//! How a structure model's logits become probabilities, and those the F1 to expect.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a structure model's logits become calibrated probabilities, fitted on structures that it was not trained with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// See [`Curve::scale`].
    pub scale: f32,
    /// See [`Curve::certain_scale`]; the same as [`Calibration::scale`] if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certain_scale: Option<f32>,
    /// See [`Curve::shift`].
    pub shift: f32,
    /// A structure's expected F1 is `f1_scale · estimate + f1_shift`, between 0 and 1; the estimate depends only on the
    /// pairs' probabilities.
    pub f1_scale: f32,
    /// See [`Calibration::f1_scale`].
    pub f1_shift: f32,
    /// Share of the learned energy model in the probabilities, from 0 to 1; the rest is the curve's. Where the network
    /// has seen nothing like the sequence, energies still know something.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub energy_share: f32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks
fn is_zero(share: &f32) -> bool {
    *share == 0.0
}

impl Calibration {
    /// From logits to probabilities.
    pub fn curve(&self) -> Curve {
        Curve { scale: self.scale, certain_scale: self.certain_scale.unwrap_or(self.scale), shift: self.shift }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let Self { energy_share, f1_scale, f1_shift, .. } = *self;
        if !(0.0..=1.0).contains(&energy_share) {
            return Err(format!("calibration of energy share {energy_share}, expected a number from 0 to 1"));
        }
        let Curve { scale, certain_scale, shift } = self.curve();
        let rises = scale > 0.0 && certain_scale > 0.0;
        if rises && [scale, certain_scale, shift, f1_scale, f1_shift].iter().all(|x| x.is_finite()) {
            return Ok(());
        }
        let scales = match self.certain_scale {
            Some(other) => format!("{scale} and {other}, and shift {shift}"),
            None => format!("{scale} and shift {shift}"),
        };
        Err(format!("calibration of scale {scales}, expected finite numbers, a scale above 0"))
    }
}

/// A curve from logits to calibrated probabilities: of a pair with the probability `p = sigmoid(logit)` it gives
/// `sigmoid(scale · ln p − certain_scale · ln(1 − p) + shift)` (beta calibration, Kull et al. 2017). If both scales are the
/// same, that is `sigmoid(scale · logit + shift)` (Platt 1999).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Decides for improbable pairs; above 0.
    pub scale: f32,
    /// Decides for probable pairs; above 0.
    pub certain_scale: f32,
    /// The shift of all.
    pub shift: f32,
}

impl Curve {
    /// The curve that changes nothing.
    pub const NONE: Self = Self { scale: 1.0, certain_scale: 1.0, shift: 0.0 };

    /// The probability of a pair with this logit.
    pub fn probability(self, logit: f32) -> f32 {
        1.0 / (1.0 + (-self.logit(logit)).exp())
    }

    fn logit(self, logit: f32) -> f32 {
        let Self { scale, certain_scale, shift } = self;
        if scale == certain_scale {
            return scale * logit + shift;
        }
        let rest = (-logit.abs()).exp().ln_1p();
        scale * (logit.min(0.0) - rest) + certain_scale * (logit.max(0.0) + rest) + shift
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scale, certain_scale, shift } = self;
        if scale == certain_scale {
            return write!(f, "sigmoid({scale:.3} · logit {shift:+.3})");
        }
        write!(f, "sigmoid({scale:.3} · ln p - {certain_scale:.3} · ln(1 - p) {shift:+.3})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_of_two_scales_rises_and_is_near_each_where_it_decides() {
        let curve = Curve { scale: 1.1, certain_scale: 0.35, shift: 0.2 };
        let logits: Vec<f32> = (-200..=200).map(|x| x as f32 / 10.0).collect();
        assert!(logits.windows(2).all(|two| curve.probability(two[0]) <= curve.probability(two[1])));
        assert!((curve.logit(-15.0) - (0.2 - 16.5)).abs() < 1e-3 && (curve.logit(15.0) - (0.2 + 5.25)).abs() < 1e-3);
        assert!(curve.probability(f32::NAN).is_nan());
    }

    #[test]
    fn equal_scales_are_a_line() {
        let line = Curve { scale: 0.5, certain_scale: 0.5, shift: -1.0 };
        assert_eq!(line.logit(3.0), 0.5);
        let nearly = Curve { certain_scale: 0.500_001, ..line };
        for logit in [-9.0_f32, -1.0, 0.0, 2.0, 9.0] {
            assert!((line.logit(logit) - nearly.logit(logit)).abs() < 1e-4);
        }
        assert_eq!(Curve::NONE.probability(0.0), 0.5);
    }
}
