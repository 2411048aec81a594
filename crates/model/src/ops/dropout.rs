//! Dropout in training, and the residual connection, where most of it is applied.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
#[cfg(feature = "tch")]
use burn::backend::{LibTorch, libtorch::TchTensor};
use burn::tensor::{Distribution, Tensor};
use rinalmo_kernels::backward::{self, dropped_add, dropped_scale};

use super::is_extended;
use super::tape::{Recorded, contiguous, dims, into_values, level, record, tensor, values};
#[cfg(feature = "tch")]
use super::torch;

/// The dropout rates of a training step and their seed. On a CPU the same seed drops the same values with any number of
/// threads.
///
/// Other devices use their own generator, which `Device::seed` sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Dropout rate of attention weights, 0.1 as published.
    pub attention: f32,
    /// Dropout rate of what each half of a block adds to its input, 0.1 as published.
    pub residual: f32,
    /// Must be new for every step.
    pub seed: u64,
}

/// Dropout at one place in the model.
pub(crate) type Drop = backward::Dropout;

impl Dropout {
    /// For the attention weights of a block, and for what its two halves add.
    pub(crate) fn of_block(&self, block: usize) -> [Option<Drop>; 3] {
        let rates = [(0, self.attention), (1, self.residual), (2, self.residual)];
        rates.map(|(place, rate)| self.place(rate, 3 * block + place))
    }

    fn place(&self, rate: f32, place: usize) -> Option<Drop> {
        // An odd factor with many set bits keeps the seeds of neighbouring steps and places different.
        let seed = self.seed.wrapping_add((place as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95));
        (rate > 0.0).then_some(Drop { rate, seed })
    }
}

/// `x + dropout(update)`.
///
/// # Shapes
/// - x, update and returns: `[rows, dim]`
pub(crate) fn add(x: Tensor<2>, update: Tensor<2>, drop: Option<Drop>) -> Tensor<2> {
    if !is_extended(&x) {
        return x + match drop {
            Some(drop) => plain(update, drop),
            None => update,
        };
    }
    let (x, update) = (x.into_dispatch(), update.into_dispatch());
    Tensor::from_dispatch(<Dispatch as DroppedAdd>::dropped_add(x, update, drop))
}

/// Dropout of any tensor with the device's own generator.
pub(super) fn plain<const D: usize>(x: Tensor<D>, drop: Drop) -> Tensor<D> {
    let keep = 1.0 - f64::from(drop.rate);
    let mask = Tensor::random(x.dims(), Distribution::Bernoulli(keep), &x.device());
    x * mask / keep
}

#[backend_extension(Flex, LibTorch: cfg(feature = "tch"), Autodiff)]
pub(crate) trait DroppedAdd: Backend {
    fn dropped_add(x: FloatTensor<Self>, update: FloatTensor<Self>, drop: Option<Drop>) -> FloatTensor<Self>;
}

impl DroppedAdd for Flex {
    fn dropped_add(x: FlexTensor, update: FlexTensor, drop: Option<Drop>) -> FlexTensor {
        forward([x, update], drop).0
    }
}

impl<C: CheckpointStrategy> DroppedAdd for Autodiff<Flex, C> {
    fn dropped_add(x: FloatTensor<Self>, update: FloatTensor<Self>, drop: Option<Drop>) -> FloatTensor<Self> {
        record::<C, Dropped, 2>([x, update], |inputs| forward(inputs, drop))
    }
}

#[cfg(feature = "tch")]
impl DroppedAdd for LibTorch {
    fn dropped_add(x: TchTensor, update: TchTensor, drop: Option<Drop>) -> TchTensor {
        TchTensor::new(torch::dropped_add([&x.tensor, &update.tensor], drop))
    }
}

#[cfg(feature = "tch")]
impl<C: CheckpointStrategy> DroppedAdd for Autodiff<LibTorch, C> {
    fn dropped_add(x: FloatTensor<Self>, update: FloatTensor<Self>, drop: Option<Drop>) -> FloatTensor<Self> {
        torch::traced::<C, 2>([x, update], |inputs| torch::dropped_add(inputs, drop))
    }
}

/// The dropout that was applied.
#[derive(Clone, Debug)]
struct Dropped(Option<Drop>);

const FIT: &str = "both sides of a sum have one size";

fn forward([x, update]: [FlexTensor; 2], drop: Option<Drop>) -> (FlexTensor, Dropped) {
    let (shape, update) = (dims(&x), contiguous(update));
    let mut sum = into_values(x);
    match drop {
        Some(drop) => dropped_add(level(), &mut sum, values(&update), shape[1], drop).expect(FIT),
        None => rinalmo_kernels::add(level(), &mut sum, values(&update)).expect(FIT),
    }
    (tensor(sum, shape), Dropped(drop))
}

impl Recorded<2> for Dropped {
    fn backward(self, grad: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let Some(drop) = self.0 else { return [Some(grad.clone()), Some(grad)] };
        let shape = dims(&grad);
        let grad_update = wanted[1].then(|| {
            let mut grad = into_values(grad.clone());
            dropped_scale(level(), &mut grad, shape[1], drop).expect(FIT);
            tensor(grad, shape)
        });
        [Some(grad), grad_update]
    }
}
