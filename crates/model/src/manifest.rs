//! The names and shapes of a model's tensors.

use crate::config::{Activation, EncoderConfig, HeadConfig, Lora, LoraTarget, ModelConfig, Positions, VOCABULARY};
use crate::pair_features::PAIR_FEATURES;

impl ModelConfig {
    /// Name and shape of every tensor, in the order in which the model holds them.
    ///
    /// These are the names of our own files and the paths of the module's parameters. Linear
    /// weights are `[out, in]`, convolutions `[out, in, kernel…]`, as PyTorch stores them.
    pub fn manifest(&self) -> Vec<TensorSpec> {
        let mut out = Manifest::default();
        out.encoder(&self.encoder);
        if self.mlm {
            out.mlm(self.encoder.dim);
        }
        if let Some(head) = &self.head {
            out.head(head, self.encoder.dim);
        }
        out.0
    }
}

/// A tensor's name and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// The parameter's path in the module, joined by dots.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// Collects [`TensorSpec`]s.
#[derive(Default)]
struct Manifest(Vec<TensorSpec>);

impl Manifest {
    fn tensor(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.0.push(TensorSpec { name: name.into(), shape: shape.to_vec() });
    }

    fn linear(&mut self, name: &str, rows: usize, columns: usize) {
        self.tensor(format!("{name}.weight"), &[rows, columns]);
        self.tensor(format!("{name}.bias"), &[rows]);
    }

    fn adapter(&mut self, config: &EncoderConfig, target: LoraTarget, name: &str, rows: usize, columns: usize) {
        if let Some(lora) = Lora::of(config.lora.as_ref(), target) {
            self.tensor(format!("{name}.adapter.down"), &[lora.rank, columns]);
            self.tensor(format!("{name}.adapter.up"), &[rows, lora.rank]);
        }
    }

    fn norm(&mut self, name: &str, dim: usize) {
        self.tensor(format!("{name}.weight"), &[dim]);
        self.tensor(format!("{name}.bias"), &[dim]);
    }

    fn encoder(&mut self, config: &EncoderConfig) {
        let (dim, hidden) = (config.dim, config.hidden);
        self.tensor("encoder.embedding", &[VOCABULARY, dim]);
        if let Positions::Learned { max_len } = config.positions {
            self.tensor("encoder.positions", &[max_len, dim]);
        }
        if config.design.has_segment() {
            self.tensor("encoder.segment", &[1, dim]);
        }
        if config.design.has_pair_bias() {
            self.linear("encoder.pair_bias.first", config.pair_bias_width(), 1);
            self.linear("encoder.pair_bias.second", config.heads, config.pair_bias_width());
        }
        if config.design.has_embedding_norm() {
            self.norm("encoder.embedding_norm", dim);
        }
        for i in 0..config.blocks {
            let block = format!("encoder.blocks.{i}");
            self.norm(&format!("{block}.attention_norm"), dim);
            self.tensor(format!("{block}.attention.qkv.weight"), &[3 * dim, dim]);
            if config.design.has_attention_biases() {
                self.tensor(format!("{block}.attention.qkv.bias"), &[3 * dim]);
            }
            self.adapter(config, LoraTarget::Qkv, &format!("{block}.attention.qkv"), 3 * dim, dim);
            self.tensor(format!("{block}.attention.out.weight"), &[dim, dim]);
            if config.design.has_attention_biases() {
                self.tensor(format!("{block}.attention.out.bias"), &[dim]);
            }
            self.adapter(config, LoraTarget::Out, &format!("{block}.attention.out"), dim, dim);
            self.norm(&format!("{block}.feed_forward_norm"), dim);
            self.linear(&format!("{block}.feed_forward.up"), hidden, dim);
            self.adapter(config, LoraTarget::Up, &format!("{block}.feed_forward.up"), hidden, dim);
            if config.activation == Activation::SwiGlu {
                self.linear(&format!("{block}.feed_forward.gate"), hidden, dim);
                self.adapter(config, LoraTarget::Gate, &format!("{block}.feed_forward.gate"), hidden, dim);
                self.tensor(format!("{block}.feed_forward.beta"), &[1]);
            }
            self.linear(&format!("{block}.feed_forward.down"), dim, hidden);
            self.adapter(config, LoraTarget::Down, &format!("{block}.feed_forward.down"), dim, hidden);
        }
        if config.design.has_final_norm() {
            self.norm("encoder.norm", dim);
        }
    }

    fn mlm(&mut self, dim: usize) {
        self.linear("mlm.dense", dim, dim);
        self.norm("mlm.norm", dim);
        self.linear("mlm.out", VOCABULARY, dim);
    }

    fn head(&mut self, head: &HeadConfig, dim: usize) {
        match *head {
            HeadConfig::Structure { channels, blocks, kernel, energy, .. } => {
                self.linear("structure.project", channels, 2 * dim);
                if energy {
                    self.tensor("structure.features.weight", &[channels, PAIR_FEATURES]);
                }
                for i in 0..blocks {
                    let block = format!("structure.blocks.{i}");
                    self.tensor(format!("{block}.squeeze.weight"), &[channels, channels, 1, 1]);
                    self.tensor(format!("{block}.spread.weight"), &[channels, channels, kernel, kernel]);
                    self.tensor(format!("{block}.expand.weight"), &[channels, channels, 1, 1]);
                }
                self.tensor("structure.out.weight", &[1, channels, kernel, kernel]);
                self.tensor("structure.out.bias", &[1]);
            }
            HeadConfig::Mrl { channels, blocks, kernel } => {
                self.linear("ribosome.project", channels, dim);
                for i in 0..blocks {
                    for conv in ["first", "second"] {
                        self.tensor(format!("ribosome.blocks.{i}.{conv}.weight"), &[channels, channels, kernel]);
                    }
                }
                self.linear("ribosome.out", 1, channels);
            }
            HeadConfig::Cnn { outputs, ref network, .. } => {
                for (i, (shape, ..)) in network.convolutions(dim).into_iter().enumerate() {
                    self.tensor(format!("cnn.layers.{i}.weight"), &shape);
                    self.tensor(format!("cnn.layers.{i}.bias"), &shape[..1]);
                }
                for (i, [rows, columns]) in network.denses(dim, outputs).into_iter().enumerate() {
                    self.linear(&format!("cnn.dense.{i}"), rows, columns);
                }
            }
            _ => {
                if let Some((hidden, outputs)) = head.classifier() {
                    self.linear(&format!("{}.dense", head.prefix()), hidden, dim);
                    self.linear(&format!("{}.out", head.prefix()), outputs, hidden);
                }
            }
        }
    }
}
