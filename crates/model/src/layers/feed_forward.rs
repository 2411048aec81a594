//! The feed-forward half of a block: SwiGLU as published, GELU as the paper's ablation.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::{Linear, constant};
use crate::config::{Activation, EncoderConfig, Lora, LoraTarget};
use crate::ops;

/// `W₂(swish_β(W₁x + b₁) ⊙ (W_g x + b_g)) + b₂` with `swish_β(u) = u · sigmoid(β·u)`,
/// or `W₂ gelu(W₁x + b₁) + b₂` without a gate.
#[derive(Module, Debug)]
pub struct FeedForward {
    /// W₁: `[hidden, dim]`
    pub up: Linear,
    /// W_g: `[hidden, dim]`
    pub gate: Option<Linear>,
    /// β: `[1]`
    pub beta: Option<Param<Tensor<1>>>,
    /// W₂: `[dim, hidden]`
    pub down: Linear,
}

impl FeedForward {
    /// The feed-forward layer of an encoder of this config.
    pub fn new(config: &EncoderConfig, device: &Device) -> Self {
        let (dim, hidden) = (config.dim, config.hidden);
        let gated = config.activation == Activation::SwiGlu;
        let layer = |input: usize, output: usize, target: LoraTarget| {
            Linear::new(input, output, device).adapted(Lora::of(config.lora.as_ref(), target), device)
        };
        Self {
            up: layer(dim, hidden, LoraTarget::Up),
            gate: gated.then(|| layer(dim, hidden, LoraTarget::Gate)),
            beta: gated.then(|| constant([1], 1.0, device)),
            down: layer(hidden, dim, LoraTarget::Down),
        }
    }

    /// # Shapes
    /// - input and returns: `[rows, dim]`; the result may be in the precision of products
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        #[cfg(feature = "tch")]
        if let Some(out) = self.fused(&input) {
            return out;
        }
        let up = self.up.product(input.clone());
        let activated = match (&self.gate, &self.beta) {
            (Some(gate), Some(beta)) => ops::swish_gate(up, gate.product(input), beta.val()),
            _ => ops::gelu(up),
        };
        self.down.product(activated)
    }

    /// All of it as one operation, where there is one: a gate, no adapters, on LibTorch in bf16.
    #[cfg(feature = "tch")]
    fn fused(&self, input: &Tensor<2>) -> Option<Tensor<2>> {
        let part =
            |layer: &Linear| Some((layer.weight.val(), layer.bias.as_ref()?.val())).filter(|_| layer.adapter.is_none());
        let parts = [part(&self.up)?, part(self.gate.as_ref()?)?, part(&self.down)?];
        ops::torch::feed_forward(input, parts, self.beta.as_ref()?.val())
    }
}
