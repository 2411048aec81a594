//! Operations by LibTorch's own, forwards and backwards.
//!
//! Burn records one node for each of these operations. What LibTorch computes inside is differentiated by LibTorch,
//! from a graph that the node keeps, or by hand where that saves passes over memory.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::libtorch::TchTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchDevice, LibTorch, backend_extension};
use burn::tensor::Tensor;
use tch::{Device, Kind};

use super::tape::{Recorded, record_on};
use super::{Drop, halved};
use crate::batch::Packed;

/// Lengths are padded to a multiple of this: fused attention reads its mask in aligned pieces.
const UNIT: usize = 16;

/// Flash attention computes at least this many numbers a head.
const FLASH: i64 = 32;

/// LibTorch's number for flash attention.
const FLASH_CHOSEN: i64 = 1;

/// Added to a product of query and key that is masked: far below any of them, and finite in bf16.
const MASKED: f64 = -3e4;

/// Tensor cores take rows whose length is a multiple of this.
const ALIGNED: i64 = 8;

/// Smaller than this, β of the swish gate is taken for this.
const LEAST_BETA: f64 = 1e-6;

/// Sequences are padded to one length unless that makes them longer than this in all.
const MOST_PADDED: usize = 2;

/// Whether a batch's sequences are of similar length, so that [`attention`] pads them. Otherwise one long sequence among
/// short ones would take the memory of as many long ones.
pub(crate) fn pads_little(batch: &Packed) -> bool {
    let longest = batch.lengths().iter().copied().max().unwrap_or(0);
    longest.saturating_mul(batch.lengths().len()) <= MOST_PADDED * batch.total()
}

/// Whether a tensor is on a device of LibTorch.
pub(crate) fn holds<const D: usize>(tensor: &Tensor<D>) -> bool {
    matches!(tensor.device().inner().as_dispatch(), DispatchDevice::LibTorch(_))
}

/// The kind of numbers that products are computed in.
fn kind() -> Kind {
    if halved() { Kind::BFloat16 } else { Kind::Float }
}

/// A result and its inputs in LibTorch's own graph.
#[derive(Clone, Debug)]
struct Traced<const N: usize> {
    leaves: [TchTensor; N],
    result: TchTensor,
    /// Burn overwrites a tensor that nobody else holds, so inputs and result are held until the graph is used.
    _held: Vec<TchTensor>,
}

impl<const N: usize> Recorded<N, LibTorch> for Traced<N> {
    fn backward(self, grad: TchTensor, wanted: [bool; N]) -> [Option<TchTensor>; N] {
        let leaves: Vec<&tch::Tensor> =
            self.leaves.iter().zip(wanted).filter_map(|(leaf, wanted)| wanted.then_some(&leaf.tensor)).collect();
        let mut grads = slopes(&self.result.tensor, &grad.tensor, &leaves).into_iter();
        wanted.map(|wanted| if wanted { grads.next().map(TchTensor::new) } else { None })
    }
}

/// Gradients of some leaves from the gradient of what was computed of them.
fn slopes(result: &tch::Tensor, grad: &tch::Tensor, leaves: &[&tch::Tensor]) -> Vec<tch::Tensor> {
    // The bindings start from ones, so the gradient goes in as a factor.
    tch::Tensor::run_backward(&[result * grad.to_kind(result.kind())], leaves, false, false)
}

/// A copy of the reference that begins a graph.
fn leaf(tensor: &TchTensor) -> tch::Tensor {
    tensor.tensor.detach().set_requires_grad(true)
}

/// Runs an operation that LibTorch differentiates, and records it.
pub(super) fn traced<C: CheckpointStrategy, const N: usize>(
    inputs: [FloatTensor<Autodiff<LibTorch, C>>; N],
    work: impl FnOnce([&tch::Tensor; N]) -> tch::Tensor,
) -> FloatTensor<Autodiff<LibTorch, C>> {
    record_on::<LibTorch, C, Traced<N>, N>(inputs, |inputs| {
        let leaves = inputs.each_ref().map(leaf);
        let result = work(leaves.each_ref());
        let out = TchTensor::new(result.detach());
        let held = inputs.into_iter().chain([out.clone()]).collect();
        (out, Traced { leaves: leaves.map(TchTensor::new), result: TchTensor::new(result), _held: held })
    })
}

/// `x · Wᵀ + b` in the precision of products, which is also the result's.
pub(super) fn linear(x: &TchTensor, weight: &TchTensor, bias: Option<&TchTensor>) -> (TchTensor, Factors) {
    let [half_x, half_weight] = [x, weight].map(|tensor| tensor.tensor.to_kind(kind()));
    let bias = bias.map(|bias| bias.tensor.to_kind(kind()));
    let out = TchTensor::new(half_x.linear(&half_weight, bias));
    let kinds = [x.tensor.kind(), weight.tensor.kind()];
    // Without bf16 these are the tensors themselves: hold them.
    let _held = [x.clone(), weight.clone()];
    (out, Factors { x: TchTensor::new(half_x), weight: TchTensor::new(half_weight), kinds, _held })
}

/// The factors of a product, in its precision.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    x: TchTensor,
    weight: TchTensor,
    kinds: [Kind; 2],
    _held: [TchTensor; 2],
}

impl Recorded<2, LibTorch> for Factors {
    fn backward(self, grad: TchTensor, wanted: [bool; 2]) -> [Option<TchTensor>; 2] {
        let [x_kind, weight_kind] = self.kinds;
        let grad = grad.tensor.to_kind(self.x.tensor.kind());
        let x = wanted[0].then(|| TchTensor::new(grad.matmul(&self.weight.tensor).to_kind(x_kind)));
        let weight = wanted[1].then(|| TchTensor::new(grad.tr().matmul(&self.x.tensor).to_kind(weight_kind)));
        [x, weight]
    }
}

impl Recorded<3, LibTorch> for Factors {
    fn backward(self, grad: TchTensor, wanted: [bool; 3]) -> [Option<TchTensor>; 3] {
        let bias = wanted[2].then(|| TchTensor::new(grad.tensor.sum_dim_intlist(0i64, false, Kind::Float)));
        let [x, weight] = Recorded::<2, LibTorch>::backward(self, grad, [wanted[0], wanted[1]]);
        [x, weight, bias]
    }
}

/// Layer norm over the last axis, in f32.
pub(super) fn layer_norm([x, weight, bias]: [&tch::Tensor; 3], epsilon: f64) -> tch::Tensor {
    let width = weight.size()[0];
    x.to_kind(Kind::Float).layer_norm([width], Some(weight), Some(bias), epsilon, true)
}

/// `up · sigmoid(β·up) · gate` in the precision of its inputs.
pub(super) fn swish_gate([up, gate, beta]: [&tch::Tensor; 3]) -> tch::Tensor {
    (up * beta.to_kind(up.kind())).sigmoid() * up * gate
}

/// The whole feed-forward half in bf16: `W₂(swish_β(W₁x + b₁) ⊙ (W_g x + b_g)) + b₂`.
///
/// The inner width of published sizes is odd, so weights are padded with zeros, and both products into it are one. β is
/// multiplied into W₁ and divided out of W₂, since `u · sigmoid(β·u) = silu(β·u) / β`: the gate then takes two passes
/// over the inner rows and not four.
fn gated([x, up, up_bias, gate, gate_bias, beta, down, down_bias]: [&tch::Tensor; 8]) -> tch::Tensor {
    let hidden = up.size()[0];
    let extra = (ALIGNED - hidden % ALIGNED) % ALIGNED;
    let small = beta.abs().lt(LEAST_BETA);
    let beta = beta.masked_fill(&small, LEAST_BETA);
    let half = |tensor: tch::Tensor| tensor.to_kind(Kind::BFloat16);
    let rows = |weight: &tch::Tensor| weight.pad([0, 0, 0, extra], "constant", 0.0);
    let ends = |bias: &tch::Tensor| bias.pad([0, extra], "constant", 0.0);
    let both = half(tch::Tensor::cat(&[rows(&(up * &beta)), rows(gate)], 0));
    let biases = half(tch::Tensor::cat(&[ends(&(up_bias * &beta)), ends(gate_bias)], 0));
    let inner = x.to_kind(Kind::BFloat16).linear(&both, Some(&biases)).chunk(2, 1);
    let down = half((down / &beta).pad([0, extra], "constant", 0.0));
    (inner[0].silu() * &inner[1]).linear(&down, Some(&half(down_bias.shallow_clone())))
}

/// [`gated`] as an operation of LibTorch alone.
#[backend_extension(LibTorch, Autodiff)]
#[allow(clippy::too_many_arguments, reason = "a half of a block has so many parameters")]
pub(crate) trait FeedForward: Backend {
    fn gated_rows(
        x: FloatTensor<Self>,
        up: FloatTensor<Self>,
        up_bias: FloatTensor<Self>,
        gate: FloatTensor<Self>,
        gate_bias: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        down: FloatTensor<Self>,
        down_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl FeedForward for LibTorch {
    fn gated_rows(
        x: TchTensor,
        up: TchTensor,
        up_bias: TchTensor,
        gate: TchTensor,
        gate_bias: TchTensor,
        beta: TchTensor,
        down: TchTensor,
        down_bias: TchTensor,
    ) -> TchTensor {
        let inputs = [&x, &up, &up_bias, &gate, &gate_bias, &beta, &down, &down_bias].map(|input| &input.tensor);
        TchTensor::new(gated(inputs))
    }
}

impl<C: CheckpointStrategy> FeedForward for Autodiff<LibTorch, C> {
    fn gated_rows(
        x: FloatTensor<Self>,
        up: FloatTensor<Self>,
        up_bias: FloatTensor<Self>,
        gate: FloatTensor<Self>,
        gate_bias: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        down: FloatTensor<Self>,
        down_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        traced::<C, 8>([x, up, up_bias, gate, gate_bias, beta, down, down_bias], gated)
    }
}

/// The gated feed-forward half of a block, if it is computed by LibTorch in bf16.
///
/// # Shapes
/// - x and returns: `[rows, dim]`
pub(crate) fn feed_forward(
    x: &Tensor<2>,
    [up, gate, down]: [(Tensor<2>, Tensor<1>); 3],
    beta: Tensor<1>,
) -> Option<Tensor<2>> {
    if !halved() || !super::is_torch(x) {
        return None;
    }
    let part = |(weight, bias): (Tensor<2>, Tensor<1>)| (weight.into_dispatch(), bias.into_dispatch());
    let [(up, up_bias), (gate, gate_bias), (down, down_bias)] = [up, gate, down].map(part);
    let (x, beta) = (x.clone().into_dispatch(), beta.into_dispatch());
    Some(Tensor::from_dispatch(<Dispatch as FeedForward>::gated_rows(
        x, up, up_bias, gate, gate_bias, beta, down, down_bias,
    )))
}

/// `x + dropout(update)` in f32.
pub(super) fn dropped_add([x, update]: [&tch::Tensor; 2], drop: Option<Drop>) -> tch::Tensor {
    match drop {
        Some(drop) => x + update.dropout(f64::from(drop.rate), true),
        None => x + update,
    }
}

/// The angles by which queries and keys are rotated.
#[derive(Clone, Debug)]
pub(super) struct Angles {
    pub(super) cos: TchTensor,
    pub(super) sin: TchTensor,
    pub(super) heads: usize,
}

impl Angles {
    /// Rotates queries and keys, or turns them back.
    ///
    /// # Shapes
    /// - qkv and returns: `[rows, 3·dim]`
    pub(super) fn turn(&self, qkv: &TchTensor, back: bool) -> TchTensor {
        let (rows, heads) = (qkv.tensor.size()[0], self.heads as i64);
        let split = qkv.tensor.reshape([rows, 3, heads, -1]);
        let half = split.size()[3] / 2;
        let kind = split.kind();
        let out = tch::Tensor::empty_like(&split);
        out.narrow(1, 2, 1).copy_(&split.narrow(1, 2, 1));
        let table = |table: &TchTensor| table.tensor.reshape([rows, 1, 1, half]);
        let (cos, sin) = (table(&self.cos), table(&self.sin));
        let sin = if back { -sin } else { sin };
        let turned = split.narrow(1, 0, 2);
        let (a, b) = (turned.narrow(3, 0, half), turned.narrow(3, half, half));
        let place = |from: i64| out.narrow(1, 0, 2).narrow(3, from, half);
        place(0).copy_(&(&a * &cos - &b * &sin).to_kind(kind));
        place(half).copy_(&(&b * &cos + &a * &sin).to_kind(kind));
        TchTensor::new(out.reshape([rows, -1]))
    }
}

impl Recorded<3, LibTorch> for Angles {
    fn backward(self, grad: TchTensor, _wanted: [bool; 3]) -> [Option<TchTensor>; 3] {
        [Some(self.turn(&grad, true)), None, None]
    }
}

/// The places of a batch's tokens in a rectangle of sequences, all padded to one length.
#[derive(Debug)]
pub(crate) struct Padded {
    count: i64,
    len: i64,
    /// Absent if no sequence needs padding.
    gaps: Option<Gaps>,
}

#[derive(Debug)]
struct Gaps {
    /// The row of every place; padding has any row. `[count · len]`
    rows: TchTensor,
    /// The place of every row. `[rows]`
    places: TchTensor,
    /// 1 for every place that is a token, otherwise 0. `[count · len, 1]`
    tokens: TchTensor,
    /// 0 for a key that is a token, otherwise −∞. `[count, 1, 1, len]`
    bias: TchTensor,
}

impl Padded {
    fn new(lengths: &[usize], device: Device) -> Self {
        let lengths: Vec<usize> = lengths.iter().copied().filter(|&len| len > 0).collect();
        let (count, longest) = (lengths.len(), lengths.iter().copied().max().unwrap_or(0));
        let (shape, even) = ((count as i64, longest as i64), lengths.iter().all(|&len| len == longest));
        if even {
            return Self { count: shape.0, len: shape.1, gaps: None };
        }
        let len = longest.next_multiple_of(UNIT);
        let (mut rows, mut places) = (Vec::with_capacity(count * len), Vec::new());
        let (mut tokens, mut start) = (Vec::with_capacity(count * len), 0);
        for (at, &own) in lengths.iter().enumerate() {
            rows.extend((0..len).map(|t| (start + t.min(own - 1)) as i64));
            tokens.extend((0..len).map(|t| f32::from(u8::from(t < own))));
            places.extend((0..own).map(|t| (at * len + t) as i64));
            start += own;
        }
        let tokens = tch::Tensor::from_slice(&tokens).to_device(device);
        let bias = tokens.log().reshape([count as i64, 1, 1, len as i64]); // log 0 = −∞
        let [rows, places] = [rows, places].map(|list| tch::Tensor::from_slice(&list).to_device(device));
        let [rows, places, tokens, bias] = [rows, places, tokens.unsqueeze(1), bias].map(TchTensor::new);
        let gaps = Gaps { rows, places, tokens, bias };
        Self { count: shape.0, len: len as i64, gaps: Some(gaps) }
    }

    /// Rows in their places.
    fn pad(&self, rows: &tch::Tensor) -> tch::Tensor {
        self.gaps.as_ref().map_or_else(|| rows.shallow_clone(), |gaps| rows.index_select(0, &gaps.rows.tensor))
    }

    /// The rows of all places that are tokens.
    fn strip(&self, places: &tch::Tensor) -> tch::Tensor {
        self.gaps.as_ref().map_or_else(|| places.shallow_clone(), |gaps| places.index_select(0, &gaps.places.tensor))
    }

    /// Gradients of all places, 0 for padding, from those of rows.
    fn slopes(&self, rows: &tch::Tensor) -> tch::Tensor {
        let places = self.pad(rows);
        match &self.gaps {
            Some(gaps) => places * gaps.tokens.tensor.to_kind(rows.kind()),
            None => places,
        }
    }

    /// Attention of all sequences at once.
    ///
    /// # Shapes
    /// - qkv: `[count · len, 3·dim]`
    /// - returns: `[count · len, dim]`
    fn attend(&self, qkv: &tch::Tensor, heads: i64, drop: Option<Drop>) -> tch::Tensor {
        let split = qkv.reshape([self.count, self.len, 3, heads, -1]).permute([2, 0, 3, 1, 4]); // [3, count, heads, len, _]
        let [query, key, value] = [0, 1, 2].map(|part| split.select(0, part).to_kind(kind()));
        let rate = drop.map_or(0.0, |drop| f64::from(drop.rate));
        let parts = [&query, &key, &value];
        let out = self.flash(parts, rate).unwrap_or_else(|| self.efficient(parts, rate, qkv.requires_grad()));
        out.transpose(1, 2).reshape([self.count * self.len, -1])
    }

    /// The same by memory-efficient attention, which takes rows of an aligned length alone: a head's numbers are padded
    /// with zeros, which change no product.
    ///
    /// # Shapes
    /// - query, key, value and returns: `[count, heads, len, head_dim]`
    fn efficient(&self, [query, key, value]: [&tch::Tensor; 3], rate: f64, traces: bool) -> tch::Tensor {
        let (shape, width) = (query.size(), query.size()[3]);
        let extra = (ALIGNED - width % ALIGNED) % ALIGNED;
        let wide =
            |part: &tch::Tensor| if extra == 0 { part.shallow_clone() } else { part.pad([0, extra], "constant", 0.0) };
        let [query, key, value] = [query, key, value].map(wide);
        let whole = [shape[0], shape[1], self.len, self.len];
        let bias = self.gaps.as_ref().map(|gaps| gaps.bias.tensor.to_kind(query.kind()).expand(whole, false));
        let scale = (width as f64).sqrt().recip();
        let out = if matches!(query.device(), Device::Cuda(_)) {
            // By name: the general function may choose cuDNN's, which prepares each new shape for a long time.
            tch::Tensor::internal_scaled_dot_product_efficient_attention(
                &query, &key, &value, bias, traces, rate, false, scale,
            )
            .0
        } else {
            tch::Tensor::scaled_dot_product_attention(&query, &key, &value, bias, rate, false, scale, false)
        };
        out.narrow(3, 0, width)
    }

    /// The same by flash attention, if LibTorch chooses it. It takes no mask, so the mask is one more number of each
    /// head: 1 in every query, and 0 or a large negative number in a key. Flash attention computes 32 numbers a head
    /// at once, so this costs nothing where a head has fewer. And cuDNN's attention, which prepares each new shape for
    /// a long time, does not take an odd width.
    ///
    /// # Shapes
    /// - query, key, value and returns: `[count, heads, len, head_dim]`
    fn flash(&self, [query, key, value]: [&tch::Tensor; 3], rate: f64) -> Option<tch::Tensor> {
        let (shape, width) = (query.size(), query.size()[3]);
        if !halved() || width >= FLASH || width % 2 == 1 {
            return None;
        }
        let column =
            |values: tch::Tensor| values.to_kind(query.kind()).expand([shape[0], shape[1], shape[2], 1], false);
        let flat = |value: f64| column(query.new_full([1, 1, 1, 1], value, (query.kind(), query.device())));
        let mask = match &self.gaps {
            Some(gaps) => column(gaps.bias.tensor.transpose(2, 3).clamp_min(MASKED)),
            None => flat(0.0),
        };
        let wide = |tensor: &tch::Tensor, extra: tch::Tensor| tch::Tensor::cat(&[tensor, &extra], 3);
        let [query, key, value] = [wide(query, flat(1.0)), wide(key, mask), wide(value, flat(0.0))];
        let (none, scale) = (None::<tch::Tensor>, (width as f64).sqrt().recip());
        let chosen = tch::Tensor::internal_fused_sdp_choice(&query, &key, &value, none, rate, false, scale, false);
        let none = None::<tch::Tensor>;
        let attend =
            || tch::Tensor::scaled_dot_product_attention(&query, &key, &value, none, rate, false, scale, false);
        (chosen == FLASH_CHOSEN).then(attend).map(|out| out.narrow(3, 0, width))
    }
}

/// The places of a batch's tokens, computed by the first block and used by all.
pub(crate) type Places = std::sync::Arc<std::sync::OnceLock<Padded>>;

/// Attention, and what its backward pass needs if it `traces`.
///
/// # Shapes
/// - qkv: `[rows, 3·dim]`
/// - returns: `[rows, dim]`, in the precision of products
pub(super) fn attention(qkv: &TchTensor, plan: &super::attention::Plan, traces: bool) -> (TchTensor, Attended) {
    let padded = plan.places.get_or_init(|| Padded::new(&plan.lengths(), qkv.tensor.device()));
    let leaf = TchTensor::new(padded.pad(&qkv.tensor).detach().set_requires_grad(traces));
    let result = TchTensor::new(padded.attend(&leaf.tensor, plan.heads as i64, plan.drop));
    let out = TchTensor::new(padded.strip(&result.tensor.detach()));
    let _held = [qkv.clone(), out.clone()];
    (out, Attended { leaf, result, places: plan.places.clone(), _held })
}

/// The graph of all sequences' attention.
#[derive(Clone, Debug)]
pub(super) struct Attended {
    leaf: TchTensor,
    result: TchTensor,
    places: Places,
    _held: [TchTensor; 2],
}

impl Recorded<1, LibTorch> for Attended {
    fn backward(self, grad: TchTensor, _wanted: [bool; 1]) -> [Option<TchTensor>; 1] {
        let padded = self.places.get().expect("the forward pass found the places");
        let grad = padded.slopes(&grad.tensor);
        let slopes = slopes(&self.result.tensor, &grad, &[&self.leaf.tensor]);
        [slopes.first().map(|slope| TchTensor::new(padded.strip(slope)))]
    }
}
