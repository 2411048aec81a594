//! A block of the designs other than RiNALMo's, from single operations: products with biases, norms before or after.
//!
//! RiNALMo's own blocks are fused ([`rinalmo_kernels::block`]).

use rinalmo_kernels::{Level, activation, add, layer_norm};

use super::linear::Linear;
use super::{Precision, values};
use crate::config::Design;
use crate::encoder::EncoderBlock;

/// Why calls of kernels here cannot fail.
const FITS: &str = "a block's tensors have the shapes of one config";

/// See [`EncoderBlock`].
pub(super) struct PlainBlock {
    design: Design,
    attention_norm: Norm,
    qkv: Linear,
    out: Linear,
    feed_forward_norm: Norm,
    up: Linear,
    down: Linear,
    level: Level,
}

impl PlainBlock {
    /// Packs a block's weights, and frees each tensor when it is packed.
    ///
    /// # Panics
    /// If it is gated, which [`ModelConfig::check`](crate::ModelConfig::check) rules out.
    pub fn new(block: EncoderBlock, precision: Precision, level: Level) -> Self {
        let linear = |layer: crate::Linear| Linear::new(layer.weight, layer.bias, precision, level);
        let design = block.design;
        let (attention, feed_forward) = (block.attention, block.feed_forward);
        assert!(feed_forward.gate.is_none(), "a gate in a block of design {design:?}");
        Self {
            design,
            attention_norm: Norm::new(block.attention_norm, design, level),
            qkv: linear(attention.qkv),
            out: linear(attention.out),
            feed_forward_norm: Norm::new(block.feed_forward_norm, design, level),
            up: linear(feed_forward.up),
            down: linear(feed_forward.down),
            level,
        }
    }

    /// `attend` turns queries, keys and values, `[rows, 3 · dim]`, into what the heads return, `[rows, dim]`.
    ///
    /// # Shapes
    /// - hidden and returns: `[rows, dim]`
    pub fn forward(&self, hidden: Vec<f32>, attend: impl FnOnce(&[f32]) -> Vec<f32>) -> Vec<f32> {
        if self.design.norms_after() {
            let attended = self.out.forward(&attend(&self.qkv.forward(&hidden)));
            let hidden = self.attention_norm.forward(&self.sum(hidden, &attended));
            let fed = self.feed(&hidden);
            return self.feed_forward_norm.forward(&self.sum(hidden, &fed));
        }
        let normed = self.attention_norm.forward(&hidden);
        let attended = self.out.forward(&attend(&self.qkv.forward(&normed)));
        let residual = if self.design == Design::Rinalmo { normed } else { hidden };
        let hidden = self.sum(residual, &attended);
        let fed = self.feed(&self.feed_forward_norm.forward(&hidden));
        self.sum(hidden, &fed)
    }

    fn feed(&self, input: &[f32]) -> Vec<f32> {
        let mut inner = self.up.forward(input);
        activation::gelu(self.level, &mut inner);
        self.down.forward(&inner)
    }

    fn sum(&self, mut to: Vec<f32>, update: &[f32]) -> Vec<f32> {
        add(self.level, &mut to, update).expect(FITS);
        to
    }
}

/// A layer norm on slices.
pub(super) struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
    level: Level,
}

impl Norm {
    /// The norm of an encoder of this design.
    pub fn new(norm: crate::LayerNorm, design: Design, level: Level) -> Self {
        Self { weight: values(norm.weight), bias: values(norm.bias), epsilon: design.epsilon() as f32, level }
    }

    /// # Shapes
    /// - rows and returns: `[rows, dim]`
    pub fn forward(&self, rows: &[f32]) -> Vec<f32> {
        let mut normed = vec![0.0; rows.len()];
        layer_norm(self.level, rows, &self.weight, &self.bias, self.epsilon, &mut normed).expect(FITS);
        normed
    }
}
