//! `out = x · Wᵀ + bias`.

use half::bf16;

/// `x [rows, inputs]` times the transpose of `weights [outputs, inputs]`; returns `[rows, outputs]`.
pub fn linear(x: &[f32], weights: &[f32], bias: Option<&[f32]>, outputs: usize, inputs: usize) -> Vec<f32> {
    let mut out = Vec::new();
    for x in x.chunks_exact(inputs) {
        for o in 0..outputs {
            let mut sum = bias.map_or(0.0, |bias| f64::from(bias[o]));
            for k in 0..inputs {
                sum += f64::from(x[k]) * f64::from(weights[o * inputs + k]);
            }
            out.push(sum as f32);
        }
    }
    out
}

/// [`linear`] of activations and weights rounded to bf16.
pub fn linear_bf16(x: &[f32], weights: &[f32], bias: Option<&[f32]>, outputs: usize, inputs: usize) -> Vec<f32> {
    let round = |values: &[f32]| values.iter().map(|&x| bf16::from_f32(x).to_f32()).collect::<Vec<_>>();
    linear(&round(x), &round(weights), bias, outputs, inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_by_hand() {
        let (x, weights) = ([1.0, 2.0], [3.0, 4.0, 5.0, 6.0]);
        assert_eq!(linear(&x, &weights, Some(&[0.5, -0.5]), 2, 2), [11.5, 16.5]);
    }

    #[test]
    fn bf16_keeps_eight_bits() {
        assert_eq!(linear_bf16(&[1.0 + 1.0 / 512.0], &[1.0], None, 1, 1), [1.0]);
    }
}
