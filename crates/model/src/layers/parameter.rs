//! New parameters. They are computed when first used, so a model that is filled from a checkpoint never draws random
//! values.

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Distribution, Shape, Tensor};

/// `U(−1/√fan_in, 1/√fan_in)`, PyTorch's default for linear layers and convolutions.
pub fn uniform<const D: usize>(shape: [usize; D], fan_in: usize, device: &Device) -> Param<Tensor<D>> {
    let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
    random(shape, Distribution::Uniform(-bound, bound), device)
}

/// `N(0, 1)`, PyTorch's default for embeddings.
pub fn normal<const D: usize>(shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    random(shape, Distribution::Normal(0.0, 1.0), device)
}

/// One value everywhere.
pub fn constant<const D: usize>(shape: [usize; D], value: f32, device: &Device) -> Param<Tensor<D>> {
    lazy(shape, device, move |device| Tensor::full(shape, value, device))
}

fn random<const D: usize>(shape: [usize; D], distribution: Distribution, device: &Device) -> Param<Tensor<D>> {
    lazy(shape, device, move |device| Tensor::random(shape, distribution, device))
}

fn lazy<const D: usize>(
    shape: [usize; D],
    device: &Device,
    make: impl Fn(&Device) -> Tensor<D> + Send + Sync + 'static,
) -> Param<Tensor<D>> {
    Param::uninitialized(
        ParamId::new(),
        move |device, require_grad| make(device).set_require_grad(require_grad),
        device.clone(),
        true,
        Shape::from(shape),
    )
}
