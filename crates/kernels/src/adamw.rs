//! AdamW (Loshchilov and Hutter, 2019) in one pass over parameter, gradient and both moments; and the norm of a
//! gradient.

use rayon::prelude::*;

use crate::error::check_length;
use crate::generic::adamw::Step;
use crate::{Error, Level};

/// Values per piece of a thread's work: four slices of this length stay in its second-level cache.
const PIECE: usize = 1 << 14;

/// Hyperparameters of AdamW. Without weight decay it is Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The learning rate.
    pub rate: f32,
    /// Decay of the first moment (β₁), 0.9 in the paper.
    pub beta1: f32,
    /// Decay of the second moment (β₂), 0.999 in the paper.
    pub beta2: f32,
    /// Added to the root of the second moment (ε), 1e-8 in the paper.
    pub epsilon: f32,
    /// Weight decay: the fraction of a parameter that is subtracted per step, times the learning rate.
    pub weight_decay: f32,
}

impl AdamW {
    /// Makes step number `step`, counted from 1, in place. The gradient is multiplied by `grad_scale`, for gradient
    /// clipping.
    ///
    /// `m = β₁m + (1 − β₁)g`, `v = β₂v + (1 − β₂)g²`,
    /// `p = p·(1 − rate·decay) − rate · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)`.
    ///
    /// # Errors
    /// If the slices differ in length, or `step` is zero.
    #[allow(clippy::too_many_arguments, reason = "four slices of one length, and what scales them")]
    pub fn step(
        &self,
        level: Level,
        step: u32,
        grad_scale: f32,
        parameter: &mut [f32],
        grad: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) -> Result<(), Error> {
        const OP: &str = "adamw";
        if step == 0 {
            return Err(Error::Size { op: OP, reason: "steps are counted from 1".to_owned() });
        }
        for (slice, found) in [("grad", grad.len()), ("first", first.len()), ("second", second.len())] {
            check_length(OP, slice, parameter.len(), found)?;
        }
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(f64::from(step));
        let rate = (f64::from(self.rate) / correction(self.beta1)) as f32;
        let root = correction(self.beta2).sqrt().recip() as f32;
        let keep = 1.0 - self.rate * self.weight_decay;
        let values = parameter.par_chunks_mut(PIECE).zip(grad.par_chunks(PIECE));
        let moments = first.par_chunks_mut(PIECE).zip(second.par_chunks_mut(PIECE));
        values.zip(moments).for_each(|((parameter, grad), (first, second))| {
            let Self { beta1, beta2, epsilon, .. } = *self;
            level.run(Step { parameter, grad, first, second, grad_scale, beta1, beta2, epsilon, rate, root, keep });
        });
        Ok(())
    }
}

/// The sum of squares: pieces are summed in f32 and the sums of pieces in f64, always in the same order.
pub fn sum_of_squares(level: Level, x: &[f32]) -> f64 {
    let mut partial = vec![0.0f32; x.len().div_ceil(PIECE)];
    x.par_chunks(PIECE).zip(&mut partial).for_each(|(x, sum)| {
        level.run(crate::generic::adamw::SumOfSquares { x, sum });
    });
    partial.iter().map(|&sum| f64::from(sum)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_goes_by_the_rate_against_the_gradient() {
        let adam = AdamW { rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 0.0, weight_decay: 0.5 };
        let (mut p, mut m, mut v) = ([1.0, 1.0], [0.0; 2], [0.0; 2]);
        adam.step(Level::best(), 1, 2.0, &mut p, &[3.0, -0.25], &mut m, &mut v).unwrap();
        assert!((p[0] - 0.85).abs() < 1e-6 && (p[1] - 1.05).abs() < 1e-6, "{p:?}");
        assert!((m[0] - 0.6).abs() < 1e-6 && (v[0] - 0.036).abs() < 1e-6);
        assert!(adam.step(Level::best(), 0, 1.0, &mut p, &[0.0; 2], &mut m, &mut v).is_err());
        assert!(adam.step(Level::best(), 1, 1.0, &mut p, &[0.0; 3], &mut m, &mut v).is_err());
    }
}
