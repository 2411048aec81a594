//! The first step of the map of pairs: every row's projection plus every column's.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use rinalmo_kernels::pair_map;

use super::has_kernels;
use super::tape::{Recorded, contiguous, dims, level, record, tensor, values};

/// `out_ij = rows_i + columns_j`.
///
/// # Shapes
/// - rows, columns: `[len, channels]`
/// - returns: `[len², channels]`
pub(crate) fn outer_sum(rows: Tensor<2>, columns: Tensor<2>) -> Tensor<2> {
    if !has_kernels(&rows) {
        let [len, channels] = rows.dims();
        return (rows.unsqueeze_dim::<3>(1) + columns.unsqueeze_dim::<3>(0)).reshape([len * len, channels]);
    }
    Tensor::from_dispatch(<Dispatch as OuterSum>::outer_sum(rows.into_dispatch(), columns.into_dispatch()))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait OuterSum: Backend {
    fn outer_sum(rows: FloatTensor<Self>, columns: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl OuterSum for Flex {
    fn outer_sum(rows: FlexTensor, columns: FlexTensor) -> FlexTensor {
        forward([rows, columns]).0
    }
}

impl<C: CheckpointStrategy> OuterSum for Autodiff<Flex, C> {
    fn outer_sum(rows: FloatTensor<Self>, columns: FloatTensor<Self>) -> FloatTensor<Self> {
        record::<C, Summed, 2>([rows, columns], forward)
    }
}

/// `[len, channels]`
#[derive(Clone, Debug)]
struct Summed([usize; 2]);

const FIT: &str = "there are as many rows as columns";

fn forward(inputs: [FlexTensor; 2]) -> (FlexTensor, Summed) {
    let [rows, columns] = inputs.map(contiguous);
    let [len, channels] = dims(&rows);
    let mut out = vec![0.0; len * len * channels];
    pair_map::outer_sum(level(), values(&rows), values(&columns), channels, &mut out).expect(FIT);
    (tensor(out, [len * len, channels]), Summed([len, channels]))
}

impl Recorded<2> for Summed {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let [len, channels] = self.0;
        let grad = contiguous(grad);
        let (mut rows, mut columns) = (vec![0.0; len * channels], vec![0.0; len * channels]);
        pair_map::outer_sum_backward(level(), values(&grad), channels, &mut rows, &mut columns).expect(FIT);
        [rows, columns].map(|sums| Some(tensor(sums, self.0)))
    }
}
