//! Convolution that keeps a map's size by zero padding.

use crate::convolution::Filter;

/// `x [height, width, inputs]` convolved with `weights`; returns `[height, width, outputs]`.
pub fn convolution(x: &[f32], width: usize, weights: &[f32], bias: Option<&[f32]>, filter: Filter) -> Vec<f32> {
    let height = x.len() / width / filter.inputs;
    let mut out = Vec::new();
    for i in 0..height {
        for j in 0..width {
            for o in 0..filter.outputs {
                let mut sum = bias.map_or(0.0, |bias| f64::from(bias[o]));
                for c in 0..filter.inputs {
                    for y in 0..filter.height {
                        for z in 0..filter.width {
                            let (row, column) = (i + y, j + z);
                            let (top, left) = (filter.height / 2, filter.width / 2);
                            if (top..height + top).contains(&row) && (left..width + left).contains(&column) {
                                let x = x[((row - top) * width + column - left) * filter.inputs + c];
                                let tap = ((o * filter.inputs + c) * filter.height + y) * filter.width + z;
                                sum += f64::from(x) * f64::from(weights[tap]);
                            }
                        }
                    }
                }
                out.push(sum as f32);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_under_a_filter_by_hand() {
        let filter = Filter { outputs: 1, inputs: 1, height: 1, width: 3 };
        assert_eq!(convolution(&[1.0, 2.0, 3.0], 3, &[10.0, 1.0, 0.5], Some(&[0.25]), filter), [2.25, 13.75, 23.25]);
    }
}
