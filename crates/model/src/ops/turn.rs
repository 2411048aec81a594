//! Rotary positions: queries and keys rotated by the angles of their position.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
#[cfg(feature = "tch")]
use burn::backend::{LibTorch, libtorch::TchTensor};
use burn::tensor::Tensor;
use rinalmo_kernels::backward::Turns;

use super::is_extended;
use super::tape::{Recorded, contiguous, dims, into_values, level, record, tensor, values};
#[cfg(feature = "tch")]
use super::{tape::record_on, torch};

/// Each head's two halves `(a, b)` become `(a·cos − b·sin, b·cos + a·sin)`; values are not changed.
///
/// # Shapes
/// - qkv and returns: `[rows, 3·dim]`: queries, keys, values, one head after the other
/// - cos, sin: `[rows, head_dim / 2]`
pub(crate) fn turn(qkv: Tensor<2>, cos: Tensor<2>, sin: Tensor<2>, heads: usize) -> Tensor<2> {
    if !is_extended(&qkv) {
        return plain(qkv, cos, sin, heads);
    }
    let (qkv, cos, sin) = (qkv.into_dispatch(), cos.into_dispatch(), sin.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Turn>::turn(qkv, cos, sin, heads))
}

fn plain(qkv: Tensor<2>, cos: Tensor<2>, sin: Tensor<2>, heads: usize) -> Tensor<2> {
    let [rows, width] = qkv.dims();
    let half = cos.dims()[1];
    let qkv = qkv.reshape([rows, 3 * heads, 2 * half]);
    let first = qkv.clone().slice([0..rows, 0..2 * heads, 0..half]);
    let second = qkv.clone().slice([0..rows, 0..2 * heads, half..2 * half]);
    let (cos, sin) = (cos.unsqueeze_dim::<3>(1), sin.unsqueeze_dim::<3>(1)); // [rows, 1, half]
    let turned_first = first.clone() * cos.clone() - second.clone() * sin.clone();
    let turned_second = second * cos + first * sin;
    let turned = Tensor::cat(vec![turned_first, turned_second], 2); // [rows, 2·heads, head_dim]
    Tensor::cat(vec![turned, qkv.narrow(1, 2 * heads, heads)], 1).reshape([rows, width])
}

#[backend_extension(Flex, LibTorch: cfg(feature = "tch"), Autodiff)]
pub(crate) trait Turn: Backend {
    fn turn(qkv: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>, heads: usize) -> FloatTensor<Self>;
}

impl Turn for Flex {
    fn turn(qkv: FlexTensor, cos: FlexTensor, sin: FlexTensor, heads: usize) -> FlexTensor {
        forward([qkv, cos, sin], heads).0
    }
}

impl<C: CheckpointStrategy> Turn for Autodiff<Flex, C> {
    fn turn(qkv: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>, heads: usize) -> FloatTensor<Self> {
        record::<C, Angles, 3>([qkv, cos, sin], |inputs| forward(inputs, heads))
    }
}

#[cfg(feature = "tch")]
impl Turn for LibTorch {
    fn turn(qkv: TchTensor, cos: TchTensor, sin: TchTensor, heads: usize) -> TchTensor {
        torch::Angles { cos, sin, heads }.turn(&qkv, false)
    }
}

#[cfg(feature = "tch")]
impl<C: CheckpointStrategy> Turn for Autodiff<LibTorch, C> {
    fn turn(qkv: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>, heads: usize) -> FloatTensor<Self> {
        record_on::<LibTorch, C, torch::Angles, 3>([qkv, cos, sin], |[qkv, cos, sin]| {
            let angles = torch::Angles { cos, sin, heads };
            (angles.turn(&qkv, false), angles)
        })
    }
}

/// The angles, for the backward pass; the table itself has no gradient.
#[derive(Clone, Debug)]
struct Angles {
    cos: FlexTensor,
    sin: FlexTensor,
    heads: usize,
}

const FIT: &str = "there is an angle for every row and pair";

fn forward(inputs: [FlexTensor; 3], heads: usize) -> (FlexTensor, Angles) {
    let [qkv, cos, sin] = inputs;
    let (shape, cos, sin) = (dims(&qkv), contiguous(cos), contiguous(sin));
    let mut turned = into_values(qkv);
    let turns = Turns { cos: values(&cos), sin: values(&sin) };
    turns.forward(level(), &mut turned, shape[1] / 3, heads).expect(FIT);
    (tensor(turned, shape), Angles { cos, sin, heads })
}

impl Recorded<3> for Angles {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let shape = dims(&grad);
        let mut grad = into_values(grad);
        let turns = Turns { cos: values(&self.cos), sin: values(&self.sin) };
        turns.backward(level(), &mut grad, shape[1] / 3, self.heads).expect(FIT);
        [Some(tensor(grad, shape)), None, None]
    }
}
