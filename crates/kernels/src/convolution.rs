//! Convolutions that keep a map's size by zero padding, and their gradients, for training the heads.
//!
//! A map is stored pixel by pixel with its channels together, so that every convolution is a sum of matrix products. A
//! batch of sequences, `[items, len, channels]`, is a map with filters of height 1. The gradient of the input is a
//! convolution with the rotated filter. The gradient of the weights is summed over bands of a fixed number of rows, in
//! order.

use rayon::prelude::*;

use crate::error::check_length;
use crate::filter::PackedFilter;
use crate::generic::convolution::{Convolution, WeightGradient};
use crate::{Error, Level};

const OP: &str = "convolution";

/// A filter's shape: weights are `[outputs, inputs, height, width]`, as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Channels of the output.
    pub outputs: usize,
    /// Channels of the input.
    pub inputs: usize,
    /// Height of the filter, odd.
    pub height: usize,
    /// Width of the filter, odd.
    pub width: usize,
}

impl Filter {
    fn weights(self) -> usize {
        self.outputs * self.inputs * self.height * self.width
    }

    /// Index of a weight.
    fn place(self, output: usize, input: usize, line: usize, column: usize) -> usize {
        ((output * self.inputs + input) * self.height + line) * self.width + column
    }

    /// The number of rows of a map with this many values; `channels` are the inputs or the outputs of the filter.
    fn rows(self, slice: &'static str, values: usize, channels: usize, width: usize) -> Result<usize, Error> {
        if self.weights() == 0 || self.height.is_multiple_of(2) || self.width.is_multiple_of(2) || width == 0 {
            let reason = format!(
                "a filter {self:?} over rows of {width} pixels: expected odd sides and at least one channel and pixel"
            );
            return Err(Error::Size { op: OP, reason });
        }
        let rows = values / (width * channels);
        check_length(OP, slice, rows * width * channels, values)?;
        Ok(rows)
    }
}

/// `out` = the filter applied to `x`, plus the bias.
///
/// # Shapes
/// - x: `[height, width, inputs]`
/// - weights: as in [`Filter`]
/// - bias: `[outputs]`
/// - out: `[height, width, outputs]`, overwritten
///
/// # Errors
/// If a slice has another length, or a side of the filter is even or zero.
pub fn convolution(
    level: Level,
    x: &[f32],
    width: usize,
    weights: &[f32],
    bias: Option<&[f32]>,
    filter: Filter,
    out: &mut [f32],
) -> Result<(), Error> {
    let rows = filter.rows("x", x.len(), filter.inputs, width)?;
    check_length(OP, "weights", filter.weights(), weights.len())?;
    check_length(OP, "bias", filter.outputs, bias.map_or(filter.outputs, <[f32]>::len))?;
    check_length(OP, "out", rows * width * filter.outputs, out.len())?;
    let size = (filter.height, filter.width);
    let weight = |output, input, line, column| weights[filter.place(output, input, line, column)];
    run(level, x, width, &PackedFilter::new(filter.outputs, filter.inputs, size, weight), bias, out);
    Ok(())
}

/// The gradient with respect to `x` of [`convolution`].
///
/// # Shapes
/// - grad: `[height, width, outputs]`
/// - grad_x: `[height, width, inputs]`, overwritten
///
/// # Errors
/// As [`convolution`].
pub fn convolution_backward_input(
    level: Level,
    grad: &[f32],
    width: usize,
    weights: &[f32],
    filter: Filter,
    grad_x: &mut [f32],
) -> Result<(), Error> {
    let rows = filter.rows("grad", grad.len(), filter.outputs, width)?;
    check_length(OP, "weights", filter.weights(), weights.len())?;
    check_length(OP, "grad_x", rows * width * filter.inputs, grad_x.len())?;
    let (height, across) = (filter.height, filter.width);
    let weight =
        |output, input, line, column| weights[filter.place(input, output, height - 1 - line, across - 1 - column)];
    run(level, grad, width, &PackedFilter::new(filter.inputs, filter.outputs, (height, across), weight), None, grad_x);
    Ok(())
}

/// Splits the rows of a convolution among threads.
fn run(level: Level, x: &[f32], width: usize, packed: &PackedFilter<f32>, bias: Option<&[f32]>, out: &mut [f32]) {
    /// Rows per band. Each band copies the rows at its border a second time.
    const ROWS: usize = 8;
    let filter = packed.view();
    let ring = filter.height * (width + filter.width - 1) * filter.depth;
    let bands = out.par_chunks_mut(ROWS * width * filter.outputs).enumerate();
    bands.for_each_init(
        || vec![0.0; ring],
        |ring, (band, out)| level.run(Convolution { level, x, width, filter, bias, first: band * ROWS, out, ring }),
    );
}

/// The gradient with respect to the weights of [`convolution`].
///
/// # Shapes
/// - x: `[height, width, inputs]`
/// - grad: `[height, width, outputs]`
/// - grad_weights: as in [`Filter`], overwritten
///
/// # Errors
/// As [`convolution`].
pub fn convolution_backward_weights(
    level: Level,
    x: &[f32],
    grad: &[f32],
    width: usize,
    filter: Filter,
    grad_weights: &mut [f32],
) -> Result<(), Error> {
    let rows = filter.rows("x", x.len(), filter.inputs, width)?;
    check_length(OP, "grad", rows * width * filter.outputs, grad.len())?;
    check_length(OP, "grad_weights", filter.weights(), grad_weights.len())?;
    let (padded, wide) = WeightGradient::padded(filter);
    let size = filter.weights() / filter.outputs * wide;
    // About twenty bands: enough for all threads, and few enough that each can have its own sums.
    let band = rows.div_ceil(20).max(1);
    let bands: Vec<usize> = (0..rows).step_by(band).collect();
    let ring = filter.height * filter.inputs * (width + filter.width - 1);
    let partial = bands.into_par_iter().map_init(
        || (vec![0.0; ring], vec![0.0; padded]),
        |(ring, padded), first| {
            let mut sums = vec![0.0; size];
            let rows = first..(first + band).min(rows);
            level.run(WeightGradient { x, grad, width, shape: filter, rows, sums: &mut sums, ring, padded });
            sums
        },
    );
    let partial: Vec<Vec<f32>> = partial.collect();
    let each = grad_weights.par_chunks_exact_mut(filter.weights() / filter.outputs).enumerate();
    each.for_each(|(output, to)| {
        for input in 0..filter.inputs {
            for tap in 0..filter.height * filter.width {
                let at = (tap * filter.inputs + input) * wide + output;
                to[input * filter.height * filter.width + tap] = partial.iter().map(|sums| sums[at]).sum();
            }
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_sizes_are_refused() {
        let filter = Filter { outputs: 2, inputs: 3, height: 3, width: 1 };
        let refused = |filter: Filter, x: usize, width: usize, weights: usize, out: usize| {
            let (x, weights, mut out) = (vec![0.0; x], vec![0.0; weights], vec![0.0; out]);
            convolution(Level::best(), &x, width, &weights, None, filter, &mut out).unwrap_err().to_string()
        };
        assert!(refused(filter, 13, 2, 18, 8).contains("`x`"));
        assert!(refused(filter, 12, 2, 17, 8).contains("`weights`"));
        assert!(refused(filter, 12, 2, 18, 9).contains("`out`"));
        assert!(
            refused(Filter { height: 2, ..filter }, 12, 2, 12, 8)
                .contains("expected odd sides and at least one channel and pixel")
        );
        assert!(refused(filter, 12, 0, 18, 8).contains("expected odd sides and at least one channel and pixel"));
    }
}
