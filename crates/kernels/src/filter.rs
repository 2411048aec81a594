//! Weights of convolutions, packed for the register tiles of [`crate::generic::filter`].

use crate::aligned::Line;
use crate::generic::cell::Cell;
use crate::generic::filter::Filter;
use crate::generic::linear::PANEL;

/// Panels `[⌈outputs / 64⌉, height, width · depth, 64]` of terms; outputs beyond the last are zero.
#[derive(Clone)]
pub(crate) struct PackedFilter<T> {
    lines: Vec<Line>,
    height: usize,
    width: usize,
    depth: usize,
    outputs: usize,
    term: std::marker::PhantomData<T>,
}

impl<T: Cell> PackedFilter<T> {
    /// Packs `weight(output, input, line, column)` of a filter of `size` (height, width) for pixels of `inputs` values,
    /// rounded up to whole terms. `weight` must return zero beyond the last input.
    pub fn new(
        outputs: usize,
        inputs: usize,
        size: (usize, usize),
        weight: impl Fn(usize, usize, usize, usize) -> f32,
    ) -> Self {
        let (height, width) = size;
        let depth = inputs.div_ceil(T::VALUES);
        let panel = height * width * depth * PANEL;
        let mut lines = Line::zeros(outputs.div_ceil(PANEL) * panel);
        let terms: &mut [T] = bytemuck::cast_slice_mut(&mut lines);
        for (index, line) in terms.chunks_exact_mut(PANEL).enumerate() {
            let (k, tap) = (index % depth, index / depth);
            let (column, row) = (tap % width, tap / width % height);
            let first = tap / width / height * PANEL;
            for (output, term) in (first..outputs).zip(line) {
                let value =
                    |i| if k * T::VALUES + i < inputs { weight(output, k * T::VALUES + i, row, column) } else { 0.0 };
                *term = T::of(value);
            }
        }
        Self { lines, height, width, depth, outputs, term: std::marker::PhantomData }
    }

    /// The filter in the form that kernels take.
    pub fn view(&self) -> Filter<'_, T> {
        let Self { height, width, depth, outputs, .. } = *self;
        Filter { panels: bytemuck::cast_slice(&self.lines), height, width, depth, outputs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generic::Bf16Pair;

    #[test]
    fn taps_of_a_line_follow_one_another_and_an_odd_last_input_is_paired_with_zero() {
        let weight = |o: usize, i: usize, y: usize, x: usize| (1000 * o + 100 * i + 10 * y + x) as f32;
        let packed = PackedFilter::<f32>::new(2, 3, (2, 2), weight);
        let filter = packed.view();
        assert_eq!((filter.panels.len(), filter.depth), (12 * PANEL, 3));
        assert_eq!(filter.panels[4 * PANEL + 1], weight(1, 1, 0, 1));
        assert_eq!(filter.panels[11 * PANEL], weight(0, 2, 1, 1));
        let packed = PackedFilter::<Bf16Pair>::new(1, 3, (1, 2), |_, i, _, x| (i + 4 * x) as f32);
        assert_eq!(packed.view().panels[3 * PANEL], Bf16Pair::round(6.0, 0.0));
    }
}
