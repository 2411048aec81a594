//! Attention over sequences that are stored one after the other.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
#[cfg(feature = "tch")]
use burn::backend::{LibTorch, libtorch::TchTensor};
use burn::tensor::activation::softmax;
use burn::tensor::module::attention as fused_attention;
use burn::tensor::{DType, Tensor, ops::AttentionModuleOptions};
use rinalmo_kernels::backward;

use super::tape::{Recorded, contiguous, dims, level, record, tensor, values};
use super::{Drop, dropout, halved, has_kernels, is_extended, times};
#[cfg(feature = "tch")]
use super::{is_torch, tape::record_on, torch};
use crate::batch::Packed;

/// `softmax(q kᵀ / √head_dim) v` for each head of each sequence, with dropout of the weights after the softmax.
///
/// # Shapes
/// - qkv: `[rows, 3·dim]`: queries, keys, values, one head after the other
/// - returns: `[rows, dim]`, on LibTorch in the precision of products
pub(crate) fn attention(qkv: Tensor<2>, batch: &Packed, heads: usize, drop: Option<Drop>) -> Tensor<2> {
    #[cfg(feature = "tch")]
    let mixed = is_torch(&qkv) && !torch::pads_little(batch);
    #[cfg(not(feature = "tch"))]
    let mixed = false;
    if mixed || !is_extended(&qkv) {
        return plain(qkv, batch, heads, drop);
    }
    let plan = Plan {
        starts: std::iter::once(0).chain(batch.spans().map(|span| span.end)).collect(),
        heads,
        drop,
        #[cfg(feature = "tch")]
        places: batch.places().clone(),
    };
    Tensor::from_dispatch(<Dispatch as Attention>::attend(qkv.into_dispatch(), plan))
}

fn plain(qkv: Tensor<2>, batch: &Packed, heads: usize, drop: Option<Drop>) -> Tensor<2> {
    let dim = qkv.dims()[1] / 3;
    let parts = batch.groups().into_iter().map(|(span, count, len)| {
        let [query, key, value] = split(qkv.clone().slice([span, 0..3 * dim]), count, len, heads);
        let out = match drop {
            None if halved() => fused([query, key, value].map(|part| part.cast(DType::BF16))).cast(DType::F32),
            None => fused([query, key, value]),
            Some(drop) => times(dropout::plain(weights(query, key), drop), value),
        };
        out.swap_dims(1, 2).reshape([count * len, dim])
    });
    Tensor::cat(parts.collect(), 0)
}

fn fused([query, key, value]: [Tensor<4>; 3]) -> Tensor<4> {
    fused_attention(query, key, value, None, None, AttentionModuleOptions::default())
}

/// `softmax(q kᵀ / √head_dim)` as a result of its own: for each sequence `[heads, len, len]`.
///
/// # Shapes
/// - qkv: `[rows, 3·dim]`
pub(crate) fn attention_weights(qkv: &Tensor<2>, batch: &Packed, heads: usize) -> Vec<Tensor<3>> {
    let width = qkv.dims()[1];
    let spans = batch.spans().filter(|span| !span.is_empty()).map(|span| {
        let len = span.len();
        let [query, key, _] = split(qkv.clone().slice([span, 0..width]), 1, len, heads);
        weights(query, key).squeeze_dim::<3>(0)
    });
    spans.collect()
}

/// As [`attention`], but the logits of queries and keys are added to `logits`, and the softmax is of the sums.
///
/// # Shapes
/// - qkv: `[rows, 3·dim]`
/// - logits: for each of the batch's groups, `[sequences, heads, len, len]`, replaced by the sums
/// - returns: `[rows, dim]`
pub(crate) fn attention_adding(
    qkv: Tensor<2>,
    batch: &Packed,
    heads: usize,
    drop: Option<Drop>,
    logits: &mut [Tensor<4>],
) -> Tensor<2> {
    let dim = qkv.dims()[1] / 3;
    let qkv = qkv.cast(DType::F32); // of LibTorch it may be bf16
    let multiply = if has_kernels(&qkv) { Tensor::matmul } else { times };
    let parts = batch.groups().into_iter().zip(logits).map(|((span, count, len), logits)| {
        let [query, key, value] = split(qkv.clone().slice([span, 0..3 * dim]), count, len, heads);
        let head_dim = (dim / heads) as f64;
        *logits = logits.clone() + multiply(query, key.swap_dims(2, 3)) / head_dim.sqrt();
        let weights = softmax(logits.clone(), 3);
        let weights = match drop {
            Some(drop) => dropout::plain(weights, drop),
            None => weights,
        };
        multiply(weights, value).swap_dims(1, 2).reshape([count * len, dim])
    });
    Tensor::cat(parts.collect(), 0)
}

/// The softmax of logits as a result of its own: for each sequence `[heads, len, len]`.
///
/// # Shapes
/// - logits: for each group of sequences, `[sequences, heads, len, len]`
pub(crate) fn weights_of(logits: &[Tensor<4>]) -> Vec<Tensor<3>> {
    let of_group = |logits: &Tensor<4>| {
        let weights = softmax(logits.clone(), 3);
        (0..weights.dims()[0]).map(|at| weights.clone().narrow(0, at, 1).squeeze_dim::<3>(0)).collect::<Vec<_>>()
    };
    logits.iter().flat_map(of_group).collect()
}

/// Queries, keys and values of `count` sequences of equal length.
///
/// # Shapes
/// - qkv: `[count · len, 3·dim]`
/// - returns: `[count, heads, len, head_dim]` each
fn split(qkv: Tensor<2>, count: usize, len: usize, heads: usize) -> [Tensor<4>; 3] {
    let dim = qkv.dims()[1] / 3;
    let part = |part: usize| {
        let values = qkv.clone().narrow(1, part * dim, dim);
        values.reshape([count, len, heads, dim / heads]).swap_dims(1, 2) // [count, heads, len, head_dim]
    };
    [part(0), part(1), part(2)]
}

/// # Shapes
/// - query, key: `[count, heads, len, head_dim]`
/// - returns: `[count, heads, len, len]`
fn weights(query: Tensor<4>, key: Tensor<4>) -> Tensor<4> {
    let head_dim = query.dims()[3] as f64;
    softmax(times(query, key.swap_dims(2, 3)) / head_dim.sqrt(), 3)
}

/// Which rows are a sequence, how values are split into heads, and the dropout.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    starts: Vec<usize>,
    pub(super) heads: usize,
    pub(super) drop: Option<Drop>,
    #[cfg(feature = "tch")]
    pub(super) places: torch::Places,
}

#[cfg(feature = "tch")]
impl Plan {
    pub(super) fn lengths(&self) -> Vec<usize> {
        self.starts.windows(2).map(|ends| ends[1] - ends[0]).collect()
    }
}

#[backend_extension(Flex, LibTorch: cfg(feature = "tch"), Autodiff)]
pub(crate) trait Attention: Backend {
    fn attend(qkv: FloatTensor<Self>, plan: Plan) -> FloatTensor<Self>;
}

impl Attention for Flex {
    fn attend(qkv: FlexTensor, plan: Plan) -> FlexTensor {
        forward(qkv, plan).0
    }
}

impl<C: CheckpointStrategy> Attention for Autodiff<Flex, C> {
    fn attend(qkv: FloatTensor<Self>, plan: Plan) -> FloatTensor<Self> {
        record::<C, Attended, 1>([qkv], |[qkv]| forward(qkv, plan))
    }
}

#[cfg(feature = "tch")]
impl Attention for LibTorch {
    fn attend(qkv: TchTensor, plan: Plan) -> TchTensor {
        torch::attention(&qkv, &plan, false).0
    }
}

#[cfg(feature = "tch")]
impl<C: CheckpointStrategy> Attention for Autodiff<LibTorch, C> {
    fn attend(qkv: FloatTensor<Self>, plan: Plan) -> FloatTensor<Self> {
        record_on::<LibTorch, C, torch::Attended, 1>([qkv], |[qkv]| torch::attention(&qkv, &plan, true))
    }
}

/// What the backward pass needs; weights are computed again.
#[derive(Clone, Debug)]
struct Attended {
    qkv: FlexTensor,
    plan: Plan,
}

const FIT: &str = "a batch's sequences are all its rows, and heads divide the width by construction";

fn forward(qkv: FlexTensor, plan: Plan) -> (FlexTensor, Attended) {
    let qkv = contiguous(qkv);
    let [rows, width] = dims(&qkv);
    let (dim, Plan { starts, heads, drop, .. }) = (width / 3, &plan);
    let mut out = vec![0.0; rows * dim];
    backward::attention(level(), values(&qkv), dim, *heads, starts, *drop, &mut out).expect(FIT);
    (tensor(out, [rows, dim]), Attended { qkv, plan })
}

impl Recorded<1> for Attended {
    fn backward(self, grad: FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let (grad, shape) = (contiguous(grad), dims(&self.qkv));
        let Plan { starts, heads, drop, .. } = &self.plan;
        let (qkv, mut grad_qkv) = (values(&self.qkv), vec![0.0; shape[0] * shape[1]]);
        let grad = values(&grad);
        backward::attention_backward(level(), qkv, shape[1] / 3, *heads, starts, *drop, grad, &mut grad_qkv)
            .expect(FIT);
        [Some(tensor(grad_qkv, shape))]
    }
}
