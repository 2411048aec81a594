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

/// [`linear`] with weights rounded to bytes, a scale for each output, and activations, a scale for each row. A scale is
/// the largest absolute value divided by 127, and NaN if a value is not finite.
pub fn linear_int8(x: &[f32], weights: &[f32], bias: Option<&[f32]>, outputs: usize, inputs: usize) -> Vec<f32> {
    let (rows, columns) = (to_bytes(x, inputs), to_bytes(weights, inputs));
    let mut out = Vec::new();
    for (row, row_scale) in &rows {
        for (o, (column, column_scale)) in columns.iter().enumerate().take(outputs) {
            let sum: i32 = row.iter().zip(column).map(|(a, b)| a * b).sum();
            let bias = bias.map_or(0.0, |bias| f64::from(bias[o]));
            out.push((f64::from(sum) * f64::from(row_scale * column_scale) + bias) as f32);
        }
    }
    out
}

/// Rows of integers from −127 to 127, each with its scale.
fn to_bytes(values: &[f32], width: usize) -> Vec<(Vec<i32>, f32)> {
    let rows = values.chunks_exact(width).map(|row| {
        let finite = row.iter().all(|x| x.is_finite());
        let largest = row.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        let scale = if finite { largest / 127.0 } else { f32::NAN };
        let factor = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        (row.iter().map(|x| (x * factor).round_ties_even() as i32).collect(), scale)
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_exact_where_values_are_whole_127ths() {
        let (x, weights) = ([127.0, -1.0], [-2.0, 0.0, 0.5, 127.0]);
        // The first output's weights are −127 and 0 times 2/127; the second's are integers, 0.5 being rounded to the
        // even 0.
        assert_eq!(linear_int8(&x, &weights, Some(&[0.5, 0.0]), 2, 2), [-253.5, -127.0]);
        assert!(linear_int8(&[f32::NAN, 1.0], &weights, None, 2, 2).iter().all(|x| x.is_nan()));
    }

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
