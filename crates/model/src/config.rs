//! Sizes of a model: the encoder's, its heads', and the table of published presets.
//!
//! A [`ModelConfig`] has everything about a model's shape and nothing about its weights. It is
//! saved with the weights that it describes. Source of the figures: RiNALMo, Table 4, and the
//! released checkpoints.

use rinalmo_energy::BuiltIn;
use serde::{Deserialize, Serialize};

use crate::cnn::CnnConfig;
use crate::task::{TASKS, read_name};

/// Tokens in the vocabulary.
pub const VOCABULARY: usize = 22;
/// Attention heads of every published size.
pub const HEADS: usize = 20;
/// Added to the variance in every layer norm and instance norm, as in the released code.
pub const NORM_EPSILON: f64 = 1e-5;

/// How the encoder encodes positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// Rotary embedding of queries and keys: no parameters, no length limit.
    Rotary,
    /// A learned vector for each of `max_len` positions, added to the embedding (ablation).
    Learned {
        /// Longest input in tokens, `<cls>` and `<eos>` included.
        max_len: usize,
    },
    /// Sines and cosines of the position, added to the embedding: no parameters, but no longer inputs than the encoder
    /// was trained on.
    Sinusoidal {
        /// Longest input in tokens, `<cls>` and `<eos>` included.
        max_len: usize,
    },
}

impl Positions {
    /// The longest input in tokens, if there is a limit.
    pub fn max_len(self) -> Option<usize> {
        match self {
            Self::Rotary => None,
            Self::Learned { max_len } | Self::Sinusoidal { max_len } => Some(max_len),
        }
    }
}

/// The non-linearity between the two feed-forward products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `swish_β(W₁x + b₁) ⊙ (W_g x + b_g)`, one learnable β a block.
    #[serde(rename = "swiglu")]
    SwiGlu,
    /// `gelu(W₁x + b₁)` (ablation).
    Gelu,
}

/// How the blocks of an encoder are put together. The published encoders of RNA differ in this and in their sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// RiNALMo's: the residual of the attention half is taken after its norm.
    ///
    /// ```text
    /// h = LN₁(x);  h = h + attention(h);  x = h + feed_forward(LN₂(h))
    /// ```
    #[default]
    Rinalmo,
    /// ESM-1b's (Rives et al. 2021), and so RNA-FM's (Chen et al. 2022): norms before each half.
    ///
    /// ```text
    /// h = x + attention(LN₁(x));  x = h + feed_forward(LN₂(h))
    /// ```
    Esm1b,
    /// ESM-2's (Lin et al. 2023), and so UTR-LM's (Chu et al. 2024): ESM-1b's blocks with rotary positions, and nothing but
    /// token dropout between embedding and blocks.
    Esm2,
    /// BERT's (Devlin et al. 2019), and so SpliceBERT's (Chen et al. 2024): norms after each half.
    ///
    /// ```text
    /// h = LN₁(x + attention(x));  x = LN₂(h + feed_forward(h))
    /// ```
    Bert,
    /// ERNIE-RNA's (Yin et al. 2025): BERT's blocks, whose attention begins with what pairs two bases can make. Each pair of
    /// positions has a score, 3 for G and C, 2 for A and U, 0.8 for G and U, 0 for all else; a small network makes one bias
    /// for each head of it. Each block adds its logits to those of the block before, the first one to the biases:
    ///
    /// ```text
    /// s = s + q kᵀ / √head_dim;  attention(x) = softmax(s) v
    /// ```
    ErnieRna,
}

impl Design {
    /// Do norms follow the halves of a block, in place of preceding them?
    pub fn norms_after(self) -> bool {
        matches!(self, Self::Bert | Self::ErnieRna)
    }

    /// Does attention begin with biases for pairs of bases, and does each block pass its logits on to the next?
    pub fn has_pair_bias(self) -> bool {
        self == Self::ErnieRna
    }

    /// Its positions, for inputs of up to `max_len` tokens if they have a limit.
    pub fn positions(self, max_len: usize) -> Positions {
        match self {
            Self::Rinalmo | Self::Esm2 => Positions::Rotary,
            Self::Esm1b | Self::Bert => Positions::Learned { max_len },
            Self::ErnieRna => Positions::Sinusoidal { max_len },
        }
    }

    /// Do queries, keys, values and the attention's output have biases?
    pub fn has_attention_biases(self) -> bool {
        self != Self::Rinalmo
    }

    /// Does a norm follow the embedding?
    pub fn has_embedding_norm(self) -> bool {
        !matches!(self, Self::Rinalmo | Self::Esm2)
    }

    /// Does a norm follow the last block?
    pub fn has_final_norm(self) -> bool {
        !self.norms_after()
    }

    /// Is the same vector added to every token's embedding? In BERT it tells first from second sentences.
    pub fn has_segment(self) -> bool {
        self == Self::Bert
    }

    /// Are embeddings scaled by token dropout, see [`crate::Packed`]?
    pub fn has_token_dropout(self) -> bool {
        matches!(self, Self::Rinalmo | Self::Esm2)
    }

    /// Added to the variance in every layer norm of encoder and masked-language head.
    pub fn epsilon(self) -> f64 {
        match self {
            Self::Rinalmo => NORM_EPSILON,
            Self::Esm1b | Self::Esm2 | Self::ErnieRna => 1e-5,
            Self::Bert => 1e-12,
        }
    }

    /// For serde, which passes a reference.
    fn is_ours(&self) -> bool {
        *self == Self::Rinalmo
    }
}

/// The encoder's sizes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// Width of every token's vector.
    pub dim: usize,
    /// Number of transformer blocks.
    pub blocks: usize,
    /// Number of attention heads; divides `dim`.
    pub heads: usize,
    /// Width between the two feed-forward products.
    pub hidden: usize,
    /// The feed-forward non-linearity.
    pub activation: Activation,
    /// The position encoding.
    pub positions: Positions,
    /// How its blocks are put together.
    #[serde(default, skip_serializing_if = "Design::is_ours")]
    pub design: Design,
    /// Adapters next to its weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lora: Option<Lora>,
}

/// Low-rank adapters (Hu et al., "LoRA: Low-rank adaptation of large language models", 2021).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lora {
    /// Width between the two products.
    pub rank: usize,
    /// Their product is scaled by `alpha / rank`.
    pub alpha: usize,
    /// Which weights of every block have one.
    pub targets: Vec<LoraTarget>,
}

/// A weight of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoraTarget {
    /// Queries, keys and values.
    Qkv,
    /// The attention's output.
    Out,
    /// Into the feed-forward layer.
    Up,
    /// Its gate.
    Gate,
    /// Out of it.
    Down,
}

impl Lora {
    /// The factor of the product, `alpha / rank`.
    pub fn scale(&self) -> f64 {
        self.alpha as f64 / self.rank.max(1) as f64
    }

    /// The adapters of one of a block's weights, if it has any.
    pub fn of(lora: Option<&Self>, target: LoraTarget) -> Option<&Self> {
        lora.filter(|lora| lora.targets.contains(&target))
    }
}

impl EncoderConfig {
    /// An encoder as the paper builds it: rotary positions, SwiGLU of width `⌊2/3 · 4 · dim⌋`.
    pub fn new(dim: usize, blocks: usize, heads: usize) -> Self {
        Self {
            dim,
            blocks,
            heads,
            hidden: swiglu_width(dim),
            activation: Activation::SwiGlu,
            positions: Positions::Rotary,
            design: Design::Rinalmo,
            lora: None,
        }
    }

    /// The ablation without rotary positions.
    pub fn with_learned_positions(mut self, max_len: usize) -> Self {
        self.positions = Positions::Learned { max_len };
        self
    }

    /// The ablation without SwiGLU: GELU of width `4 · dim`.
    pub fn with_gelu(mut self) -> Self {
        self.activation = Activation::Gelu;
        self.hidden = self.dim.saturating_mul(4);
        self
    }

    /// The encoder of another design, which has GELU.
    #[must_use]
    pub fn with_design(self, design: Design, max_len: usize) -> Self {
        Self { design, positions: design.positions(max_len), ..self.with_gelu() }
    }

    /// The same with adapters next to its weights.
    #[must_use]
    pub fn with_lora(mut self, lora: Option<Lora>) -> Self {
        self.lora = lora;
        self
    }

    /// A phrase on its sizes.
    pub fn describe(&self) -> String {
        let Self { dim, blocks, heads, hidden, activation, positions, design, .. } = self;
        let positions = match positions {
            Positions::Rotary => "rotary positions".to_owned(),
            Positions::Learned { max_len } => format!("{max_len} learned positions"),
            Positions::Sinusoidal { max_len } => format!("{max_len} sinusoidal positions"),
        };
        let activation = match activation {
            Activation::SwiGlu => "SwiGLU",
            Activation::Gelu => "GELU",
        };
        let design = match design {
            Design::Rinalmo => "",
            Design::Esm1b => ", norms as in ESM-1b",
            Design::Esm2 => ", norms as in ESM-2",
            Design::Bert => ", norms as in BERT",
            Design::ErnieRna => ", attention with biases for pairs as in ERNIE-RNA",
        };
        format!("width {dim}, {blocks} blocks, {heads} heads, {activation} of {hidden}, {positions}{design}")
    }

    /// Width of one attention head.
    pub fn head_dim(&self) -> usize {
        self.dim / self.heads
    }

    /// Hidden units of the network that makes biases of pair scores: half as many as heads, as published.
    pub fn pair_bias_width(&self) -> usize {
        self.heads / 2
    }

    /// The longest input in tokens, if there is a limit.
    pub fn max_len(&self) -> Option<usize> {
        self.positions.max_len()
    }
}

/// Feed-forward width of a SwiGLU block: `int(2/3 · 4 · dim)`, odd widths included.
pub fn swiglu_width(dim: usize) -> usize {
    dim.saturating_mul(8) / 3
}

/// The vector that represents a whole sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The representation of `<cls>`.
    Cls,
    /// The mean over its bases.
    Mean,
}

/// The input of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooksAt {
    /// Each pair of bases.
    Pairs,
    /// The vector of the whole sequence.
    Whole(Pooling),
    /// Each base.
    Bases,
    /// All tokens, and padding after them.
    Padded,
    /// A window of bases, and padding before them if they are fewer.
    Window,
}

/// A head's sizes. The variant is its kind, and is stored as the name of the task that it was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case", deny_unknown_fields)]
pub enum HeadConfig {
    /// Base-pair logits for each pair of positions.
    Structure {
        /// Channels of the pair map.
        channels: usize,
        /// Bottleneck blocks.
        blocks: usize,
        /// Side of the middle convolution and of the last one.
        kernel: usize,
        /// Is the map's input extended by features of pairs that need no training, such as the probability by an energy
        /// model ([`crate::pair_features`])?
        #[serde(default, skip_serializing_if = "is_false")]
        energy: bool,
        /// Energies whose ensemble its output belongs to: then its map has a bonus for each pair, and logits are the
        /// log-odds of pairs in the ensemble with these bonuses ([`crate::in_ensemble`]). Without them its map has logits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ensemble: Option<BuiltIn>,
    },
    /// Mean ribosome load of a 5' UTR.
    #[serde(alias = "ribosome")]
    Mrl {
        /// Channels of the convolutions.
        channels: usize,
        /// Residual blocks.
        blocks: usize,
        /// Width of the convolutions.
        kernel: usize,
    },
    /// Is there a splice site in the middle of the window?
    Splice {
        /// Width of the hidden layer.
        hidden: usize,
    },
    /// Which non-coding RNA family?
    Family {
        /// Width of the hidden layer.
        hidden: usize,
        /// Number of families.
        classes: usize,
    },
    /// A user's own labels of whole sequences.
    Sequence {
        /// Width of the hidden layer.
        hidden: usize,
        /// Number of outputs.
        outputs: usize,
        /// Its input.
        pooling: Pooling,
    },
    /// A user's own labels of bases.
    Token {
        /// Width of the hidden layer.
        hidden: usize,
        /// Number of outputs for each base.
        outputs: usize,
    },
    /// A convolutional network for labels of whole sequences.
    Cnn {
        /// The task whose labels it learned, by its name in the table of tasks. Its tensors do not show it.
        #[serde(deserialize_with = "read_name")]
        made_for: String,
        /// Number of outputs.
        outputs: usize,
        /// All other sizes.
        network: CnnConfig,
    },
}

impl HeadConfig {
    /// The task that it was made for, by the name of the first row of [`TASKS`] that has such a head.
    pub fn task(&self) -> &'static str {
        TASKS.iter().find(|task| task.takes(self)).map_or(self.prefix(), |task| task.name)
    }

    /// The prefix of its tensors' names in our files, up to the first dot. It never changes, so that files of all
    /// versions can be read.
    pub fn prefix(&self) -> &'static str {
        match self {
            Self::Structure { .. } => "structure",
            Self::Mrl { .. } => "ribosome",
            Self::Splice { .. } => "splice",
            Self::Family { .. } => "family",
            Self::Sequence { .. } => "sequence",
            Self::Token { .. } => "token",
            Self::Cnn { .. } => "cnn",
        }
    }

    /// Its input.
    pub fn looks_at(&self) -> LooksAt {
        match *self {
            Self::Structure { .. } => LooksAt::Pairs,
            Self::Mrl { .. } => LooksAt::Padded,
            Self::Splice { .. } | Self::Family { .. } => LooksAt::Whole(Pooling::Cls),
            Self::Sequence { pooling, .. } => LooksAt::Whole(pooling),
            Self::Token { .. } => LooksAt::Bases,
            Self::Cnn { .. } => LooksAt::Window,
        }
    }

    /// Hidden units and outputs, if it is a [`crate::Classifier`].
    pub fn classifier(&self) -> Option<(usize, usize)> {
        match *self {
            Self::Structure { .. } | Self::Mrl { .. } | Self::Cnn { .. } => None,
            Self::Splice { hidden } => Some((hidden, 1)),
            Self::Family { hidden, classes } => Some((hidden, classes)),
            Self::Sequence { hidden, outputs, .. } | Self::Token { hidden, outputs } => Some((hidden, outputs)),
        }
    }

    /// A head of the same kind with other sizes; sizes that it does not have are ignored.
    #[must_use]
    pub fn resized(&self, hidden: Option<usize>, outputs: usize, pooling: Option<Pooling>) -> Self {
        let width = |own: usize| hidden.unwrap_or(own);
        match *self {
            Self::Structure { .. } | Self::Mrl { .. } => self.clone(),
            Self::Cnn { ref made_for, ref network, .. } => {
                Self::Cnn { made_for: made_for.clone(), outputs, network: network.clone() }
            }
            Self::Splice { hidden } => Self::Splice { hidden: width(hidden) },
            Self::Family { hidden, .. } => Self::Family { hidden: width(hidden), classes: outputs },
            Self::Sequence { hidden, pooling: own, .. } => {
                Self::Sequence { hidden: width(hidden), outputs, pooling: pooling.unwrap_or(own) }
            }
            Self::Token { hidden, .. } => Self::Token { hidden: width(hidden), outputs },
        }
    }

    /// Number of outputs for each item of its input.
    pub fn outputs(&self) -> usize {
        match *self {
            Self::Cnn { outputs, .. } => outputs,
            _ => self.classifier().map_or(1, |(_, outputs)| outputs),
        }
    }

    /// The sizes of its convolutional network, if it is one.
    pub fn cnn(&self) -> Option<&CnnConfig> {
        match self {
            Self::Cnn { network, .. } => Some(network),
            _ => None,
        }
    }

    /// A phrase on its sizes.
    pub fn describe(&self) -> String {
        match self {
            Self::Structure { channels, blocks, energy, ensemble, .. } => {
                let energy = if *energy { "with" } else { "without" };
                let within =
                    ensemble.map_or_else(String::new, |built_in| format!(", in the ensemble of {}", built_in.name()));
                format!("{channels} channels, {blocks} blocks, {energy} the energy model{within}")
            }
            Self::Mrl { channels, blocks, .. } => format!("{channels} channels, {blocks} blocks"),
            Self::Splice { hidden } => format!("{hidden} hidden units"),
            Self::Family { hidden, classes } => format!("{hidden} hidden units, {classes} classes"),
            Self::Sequence { hidden, outputs, .. } | Self::Token { hidden, outputs } => {
                format!("{hidden} hidden units, {outputs} outputs")
            }
            Self::Cnn { outputs: 1, network, .. } => network.describe(),
            Self::Cnn { outputs, network, .. } => format!("{}, {outputs} outputs", network.describe()),
        }
    }

    /// Does the released code have such a head, and so names for its tensors?
    pub fn is_published(&self) -> bool {
        match self {
            Self::Sequence { .. } | Self::Token { .. } | Self::Cnn { .. } => false,
            Self::Structure { energy, ensemble, .. } => !energy && ensemble.is_none(),
            _ => true,
        }
    }

    /// The published structure head: 64 channels, two bottleneck blocks, 3×3 convolutions.
    pub const fn structure() -> Self {
        Self::Structure { channels: 64, blocks: 2, kernel: 3, energy: false, ensemble: None }
    }

    /// The published head for mean ribosome load: 32 channels, six blocks, convolutions three wide.
    pub const fn mrl() -> Self {
        Self::Mrl { channels: 32, blocks: 6, kernel: 3 }
    }

    /// The published splice-site head: 128 hidden units.
    pub const fn splice() -> Self {
        Self::Splice { hidden: 128 }
    }

    /// The published family head: 256 hidden units, 88 Rfam families.
    pub const fn family() -> Self {
        Self::Family { hidden: 256, classes: 88 }
    }
}

/// For serde, which passes a reference.
fn is_false(value: &bool) -> bool {
    !value
}

/// The sizes of a model: an encoder, optionally the masked-language head, and at most one task head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The encoder.
    pub encoder: EncoderConfig,
    /// Does it have the masked-language head?
    pub mlm: bool,
    /// The task head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadConfig>,
}

impl ModelConfig {
    /// The energies whose ensemble its structure head belongs to, if it has such a head.
    pub fn ensemble(&self) -> Option<BuiltIn> {
        match self.head {
            Some(HeadConfig::Structure { ensemble, .. }) => ensemble,
            _ => None,
        }
    }

    /// Does the released code have such an encoder and head, and so names for their tensors?
    pub fn is_published(&self) -> bool {
        self.encoder.design == Design::Rinalmo && self.head.as_ref().is_none_or(HeadConfig::is_published)
    }

    /// An encoder with its masked-language head, as after pre-training.
    pub fn pretrained(encoder: EncoderConfig) -> Self {
        Self { encoder, mlm: true, head: None }
    }

    /// The same with a task head.
    pub fn with_head(mut self, head: HeadConfig) -> Self {
        self.head = Some(head);
        self
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.manifest().iter().map(|spec| spec.shape.iter().product::<usize>()).sum()
    }

    /// The published size of its encoder, without adapters; `None` for an ablation of that width and depth.
    pub fn preset(&self) -> Option<&'static Preset> {
        let plain = self.encoder.clone().with_lora(None);
        PRESETS.iter().find(|preset| preset.encoder() == plain)
    }
}

/// A published size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name that users give.
    pub name: &'static str,
    /// Width.
    pub dim: usize,
    /// Blocks.
    pub blocks: usize,
    /// Parameters of encoder and masked-language head together, as published.
    pub parameters: usize,
}

/// Every published size, smallest first.
pub const PRESETS: [Preset; 4] = [
    Preset { name: "nano", dim: 320, blocks: 6, parameters: 7_508_824 },
    Preset { name: "micro", dim: 480, blocks: 12, parameters: 33_491_074 },
    Preset { name: "mega", dim: 640, blocks: 30, parameters: 148_056_972 },
    Preset { name: "giga", dim: 1280, blocks: 33, parameters: 650_901_793 },
];

impl Preset {
    /// The preset of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// The encoder of this size.
    pub fn encoder(&self) -> EncoderConfig {
        EncoderConfig::new(self.dim, self.blocks, HEADS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_published_number_of_parameters() {
        for preset in PRESETS {
            let config = ModelConfig::pretrained(preset.encoder());
            assert_eq!(config.parameters(), preset.parameters, "{}", preset.name);
            assert_eq!(config.preset(), Preset::find(preset.name));
            assert_eq!(config.check(), Ok(()));
        }
    }

    #[test]
    fn feed_forward_widths_are_the_published_ones() {
        assert_eq!(PRESETS.map(|preset| preset.encoder().hidden), [853, 1280, 1706, 3413]);
    }

    #[test]
    fn only_the_published_architecture_has_a_published_name() {
        for preset in PRESETS {
            let encoder = preset.encoder();
            let ablations = [
                encoder.clone().with_gelu(),
                encoder.clone().with_learned_positions(1024),
                EncoderConfig { heads: HEADS / 2, ..encoder.clone() },
                EncoderConfig { hidden: encoder.hidden + 1, ..encoder.clone() },
            ];
            for ablation in ablations {
                assert_eq!(ModelConfig::pretrained(ablation).preset(), None, "{}", preset.name);
            }
            let lora = Lora { rank: 4, alpha: 8, targets: vec![LoraTarget::Qkv] };
            assert!(ModelConfig::pretrained(encoder.with_lora(Some(lora))).preset().is_some());
        }
    }
}
