//! Lower and upper bounds of every size of a model.
//!
//! A description may come from an untrusted file, so [`ModelConfig::check`] is called before anything is built,
//! allocated or counted from it. Below the bounds a layer has nothing to compute. Above them products of sizes
//! overflow, and a list of tensors would not end.

use std::fmt;

use crate::cnn::{CnnConfig, CnnInput, CnnLayer};
use crate::config::{Activation, Design, EncoderConfig, HeadConfig, Lora, ModelConfig, Positions};
use crate::task::TaskSpec;

/// Largest width, and most learned positions. The widest published model has 3413.
const WIDEST: usize = 1 << 20;
/// Most blocks of an encoder or head. The deepest published model has 33 blocks.
const DEEPEST: usize = 1 << 12;
/// Most channels of a head's convolutions; their square is multiplied by the square of [`LARGEST_KERNEL`].
const MOST_CHANNELS: usize = 1 << 14;
/// Largest side of a convolution; the published heads have 3.
const LARGEST_KERNEL: usize = 101;
/// Longest window of a convolutional network, in nt.
const LONGEST_WINDOW: usize = 1 << 17;
/// Most layers of a convolutional network, of convolutions and dense ones; the published networks have three and one.
const MOST_LAYERS: usize = 64;
/// Fewest learned positions: `<cls>`, a base, `<eos>`.
const SHORTEST: usize = 3;

/// Smallest width of sines and cosines: their frequencies are a series of at least two.
const SHORTEST_SINUSOID: usize = 4;

/// A size out of bounds, or sizes that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSize {
    /// Whether it is the number of attention heads, which no tensor's shape determines.
    pub heads: bool,
    /// What was expected and what was found.
    pub message: String,
}

impl fmt::Display for BadSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadSize {}

/// A size: its name, its value, its lower and upper bound.
type Row = (&'static str, usize, usize, usize);

impl ModelConfig {
    /// Checks that a model of these sizes can be built. Takes no time or memory, whatever the sizes.
    ///
    /// # Errors
    /// The first size that is out of bounds, or sizes that contradict each other.
    pub fn check(&self) -> Result<(), BadSize> {
        let rows = encoder(&self.encoder).into_iter().chain(self.head.as_ref().map(head).unwrap_or_default());
        rows.into_iter().try_for_each(within)?;
        self.check_kernel()?;
        self.check_gate()?;
        self.check_positions()?;
        self.check_cnn()?;
        self.check_heads()
    }

    /// Checks that a convolutional network is for a task of whole sequences, and that the encoder is used or has no
    /// blocks.
    fn check_cnn(&self) -> Result<(), BadSize> {
        let Some(HeadConfig::Cnn { made_for, network, .. }) = &self.head else { return Ok(()) };
        let refuse = |message: String| Err(BadSize { heads: false, message });
        if TaskSpec::find(made_for).is_none_or(|task| !task.has_labels_of_sequences()) {
            return refuse(format!("the network is for `{made_for}`, expected a task with labels of whole sequences"));
        }
        match (network.input, self.encoder.blocks) {
            (CnnInput::Letters, blocks @ 1..) => refuse(format!(
                "the network sees letters, so an encoder of {blocks} blocks has no use, expected 0 blocks"
            )),
            _ => Ok(()),
        }
    }

    /// Checks that the kernel's side is odd: otherwise a convolution cannot keep the size of its map.
    fn check_kernel(&self) -> Result<(), BadSize> {
        match self.head {
            Some(HeadConfig::Structure { kernel, .. } | HeadConfig::Mrl { kernel, .. }) if kernel % 2 == 0 => {
                Err(BadSize { heads: false, message: format!("the head's kernel is {kernel}, expected an odd number") })
            }
            _ => Ok(()),
        }
    }

    /// Checks that only RiNALMo's blocks are gated: no published encoder of another design is.
    fn check_gate(&self) -> Result<(), BadSize> {
        let EncoderConfig { design, activation, .. } = self.encoder;
        if design != Design::Rinalmo && activation == Activation::SwiGlu {
            let message = format!("blocks of design {design:?} have no SwiGLU, expected GELU");
            return Err(BadSize { heads: false, message });
        }
        Ok(())
    }

    /// Checks that positions are those of the design, or, for RiNALMo's, its ablation's; and that sines and cosines can be
    /// halves of a vector.
    fn check_positions(&self) -> Result<(), BadSize> {
        let EncoderConfig { design, positions, dim, .. } = self.encoder;
        let expected = design.positions(positions.max_len().unwrap_or(0));
        let is_ablation = design == Design::Rinalmo && matches!(positions, Positions::Learned { .. });
        if positions != expected && !is_ablation {
            let message = format!("positions of design {design:?} are {positions:?}, expected {expected:?}");
            return Err(BadSize { heads: false, message });
        }
        if matches!(positions, Positions::Sinusoidal { .. }) && (dim % 2 != 0 || dim < SHORTEST_SINUSOID) {
            let message = format!("sines and cosines need an even width of at least {SHORTEST_SINUSOID}, found {dim}");
            return Err(BadSize { heads: false, message });
        }
        Ok(())
    }

    /// Checks that heads divide the width evenly, and that rotary positions can rotate pairs of values.
    fn check_heads(&self) -> Result<(), BadSize> {
        let EncoderConfig { dim, heads, positions, .. } = self.encoder;
        if dim % heads != 0 {
            return Err(BadSize { heads: true, message: format!("{heads} heads do not divide a width of {dim}") });
        }
        let width = dim / heads;
        if self.encoder.design.has_pair_bias() && heads < 2 {
            let message = format!("biases for pairs need at least 2 heads, found {heads}");
            return Err(BadSize { heads: true, message });
        }
        if positions == Positions::Rotary && width % 2 != 0 {
            let message = format!("rotary positions need an even head width, {dim}/{heads} = {width} is odd");
            return Err(BadSize { heads: true, message });
        }
        Ok(())
    }
}

fn within((name, value, least, most): Row) -> Result<(), BadSize> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let message = format!("the {name} is {value}, expected {least} to {most}");
    Err(BadSize { heads: name == HEADS, message })
}

const HEADS: &str = "number of attention heads";

fn encoder(config: &EncoderConfig) -> Vec<Row> {
    let EncoderConfig { dim, blocks, heads, hidden, positions, ref lora, activation, design } = *config;
    let (_, _): (Activation, Design) = (activation, design); // have no size
    let mut rows = vec![
        ("encoder's width", dim, 1, WIDEST),
        ("number of the encoder's blocks", blocks, 0, DEEPEST), // 0: only the embedding, as in one-hot baselines
        (HEADS, heads, 1, WIDEST),
        ("width of the feed-forward layer", hidden, 1, WIDEST),
    ];
    match positions {
        Positions::Rotary => {}
        Positions::Learned { max_len } => rows.push(("number of learned positions", max_len, SHORTEST, WIDEST)),
        Positions::Sinusoidal { max_len } => rows.push(("number of positions", max_len, SHORTEST, WIDEST)),
    }
    if let Some(Lora { rank, alpha, targets }) = lora {
        rows.push(("rank of the adapters", *rank, 1, WIDEST));
        rows.push(("alpha of the adapters", *alpha, 1, WIDEST));
        rows.push(("number of the adapters' targets", targets.len(), 1, 5));
    }
    rows
}

fn head(config: &HeadConfig) -> Vec<Row> {
    let hidden = |hidden| ("width of the head's hidden layer", hidden, 1, WIDEST);
    match *config {
        HeadConfig::Structure { channels, blocks, kernel, .. } | HeadConfig::Mrl { channels, blocks, kernel } => {
            vec![
                ("number of the head's channels", channels, 1, MOST_CHANNELS),
                ("number of the head's blocks", blocks, 0, DEEPEST), // 0: a projection and an output
                ("head's kernel", kernel, 1, LARGEST_KERNEL),
            ]
        }
        HeadConfig::Splice { hidden: width } => vec![hidden(width)],
        HeadConfig::Family { hidden: width, classes } => vec![hidden(width), ("number of classes", classes, 1, WIDEST)],
        HeadConfig::Sequence { hidden: width, outputs, .. } | HeadConfig::Token { hidden: width, outputs } => {
            vec![hidden(width), ("number of the head's outputs", outputs, 1, WIDEST)]
        }
        HeadConfig::Cnn { outputs, ref network, .. } => {
            let mut rows = cnn(network);
            rows.push(("number of the head's outputs", outputs, 1, WIDEST));
            rows
        }
    }
}

fn cnn(network: &CnnConfig) -> Vec<Row> {
    let mut rows = vec![
        ("network's window", network.window, 1, LONGEST_WINDOW),
        ("number of the network's convolutions", network.layers.len(), 1, MOST_LAYERS),
        ("number of the network's dense layers", network.dense.len(), 0, MOST_LAYERS),
    ];
    let mut positions = network.window;
    for &CnnLayer { filters, kernel, pool } in network.layers.iter().take(MOST_LAYERS) {
        rows.push(("number of a layer's filters", filters, 1, MOST_CHANNELS));
        rows.push(("width of a layer's filters", kernel, 1, LARGEST_KERNEL));
        rows.push(("pooling of a layer", pool, 1, positions));
        positions /= pool.max(1);
    }
    rows.extend(network.dense.iter().take(MOST_LAYERS).map(|&width| ("width of a dense layer", width, 1, WIDEST)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LoraTarget, Pooling};

    /// A valid model, and for each of its sizes a function that sets it.
    type Case = (ModelConfig, Vec<fn(&mut ModelConfig, usize)>);

    fn cases() -> Vec<Case> {
        let plain = || ModelConfig::pretrained(EncoderConfig::new(16, 2, 4));
        let lora = Lora { rank: 2, alpha: 4, targets: vec![LoraTarget::Qkv] };
        let mut adapted = plain();
        adapted.encoder = adapted.encoder.with_lora(Some(lora)).with_learned_positions(32);
        vec![
            (
                adapted,
                vec![
                    |c, n| c.encoder.dim = n,
                    |c, n| c.encoder.heads = n,
                    |c, n| c.encoder.hidden = n,
                    |c, n| c.encoder.positions = Positions::Learned { max_len: n },
                    |c, n| c.encoder.lora.as_mut().unwrap().rank = n,
                    |c, n| c.encoder.lora.as_mut().unwrap().alpha = n,
                ],
            ),
            (
                plain(),
                vec![
                    |c, n| {
                        c.head = Some(HeadConfig::Structure {
                            channels: n,
                            blocks: 1,
                            kernel: 3,
                            energy: true,
                            ensemble: None,
                        })
                    },
                    |c, n| {
                        c.head = Some(HeadConfig::Structure {
                            channels: 4,
                            blocks: 1,
                            kernel: n,
                            energy: false,
                            ensemble: None,
                        })
                    },
                    |c, n| c.head = Some(HeadConfig::Mrl { channels: n, blocks: 1, kernel: 3 }),
                    |c, n| c.head = Some(HeadConfig::Mrl { channels: 4, blocks: 1, kernel: n }),
                    |c, n| c.head = Some(HeadConfig::Splice { hidden: n }),
                    |c, n| c.head = Some(HeadConfig::Family { hidden: n, classes: 3 }),
                    |c, n| c.head = Some(HeadConfig::Family { hidden: 3, classes: n }),
                    |c, n| c.head = Some(HeadConfig::Sequence { hidden: 3, outputs: n, pooling: Pooling::Mean }),
                    |c, n| c.head = Some(HeadConfig::Sequence { hidden: n, outputs: 1, pooling: Pooling::Cls }),
                    |c, n| c.head = Some(HeadConfig::Token { hidden: n, outputs: 1 }),
                    |c, n| c.head = Some(HeadConfig::Token { hidden: 2, outputs: n }),
                ],
            ),
            (
                with_cnn(|_| ()),
                vec![
                    |c, n| *c = with_cnn(|network| network.window = n),
                    |c, n| *c = with_cnn(|network| network.layers[1].filters = n),
                    |c, n| *c = with_cnn(|network| network.layers[1].kernel = n),
                    |c, n| *c = with_cnn(|network| network.layers[1].pool = n),
                    |c, n| *c = with_cnn(|network| network.dense[0] = n),
                    |c, n| match &mut c.head {
                        Some(HeadConfig::Cnn { outputs, .. }) => *outputs = n,
                        _ => unreachable!(),
                    },
                ],
            ),
        ]
    }

    /// Optimus 5-prime with other sizes.
    fn with_cnn(change: impl Fn(&mut CnnConfig)) -> ModelConfig {
        let mut network = crate::cnn::tests::optimus();
        change(&mut network);
        let head = HeadConfig::Cnn { made_for: "mrl".into(), outputs: 1, network };
        ModelConfig { mlm: false, ..ModelConfig::pretrained(EncoderConfig::new(2, 0, 1)) }.with_head(head)
    }

    #[test]
    fn a_network_of_convolutions_fits_its_task_window_and_encoder() {
        let complaint = |config: &ModelConfig| config.check().unwrap_err().message;
        let pooled = with_cnn(|network| {
            network.layers[0].pool = 60;
            network.layers[1].pool = 2;
        });
        assert_eq!(complaint(&pooled), "the pooling of a layer is 2, expected 1 to 1", "100 positions pool to one");
        let empty = with_cnn(|network| network.layers.clear());
        assert_eq!(complaint(&empty), "the number of the network's convolutions is 0, expected 1 to 64");
        assert!(with_cnn(|network| network.layers = vec![network.layers[0]; 65]).check().is_err());
        let mut with_blocks = with_cnn(|_| ());
        with_blocks.encoder.blocks = 1;
        assert!(complaint(&with_blocks).contains("sees letters, so an encoder of 1 blocks has no use"));
        let mut on_vectors = with_cnn(|network| network.input = CnnInput::Encoder);
        on_vectors.encoder.blocks = 1;
        assert_eq!(on_vectors.check(), Ok(()));
        for (task, sound) in
            [("ribosome", true), ("splice", true), ("token", false), ("structure", false), ("x", false)]
        {
            let mut config = with_cnn(|_| ());
            let Some(HeadConfig::Cnn { made_for, .. }) = &mut config.head else { unreachable!() };
            *made_for = task.into();
            assert_eq!(config.check().is_ok(), sound, "{task}");
        }
    }

    #[test]
    fn every_size_has_bounds_on_both_sides() {
        for (sound, sizes) in cases() {
            assert_eq!(sound.check(), Ok(()));
            for (number, set) in sizes.into_iter().enumerate() {
                for absurd in [0, 1 << 21, 1 << 60, usize::MAX] {
                    let mut config = sound.clone();
                    set(&mut config, absurd);
                    let complaint = config.check().expect_err(&format!("size {number} of {absurd}"));
                    assert!(complaint.message.contains(&absurd.to_string()), "{complaint}");
                }
            }
        }
        for blocks in [1 << 13, 1 << 60] {
            let head = HeadConfig::Structure { channels: 4, blocks, kernel: 3, energy: false, ensemble: None };
            let config = ModelConfig::pretrained(EncoderConfig::new(16, 2, 4)).with_head(head);
            assert!(config.check().is_err());
            assert!(ModelConfig::pretrained(EncoderConfig::new(16, blocks, 4)).check().is_err());
        }
        assert_eq!(ModelConfig::pretrained(EncoderConfig::new(16, 0, 4)).check(), Ok(()), "letters alone");
    }

    #[test]
    fn the_largest_sizes_of_all_can_still_be_counted() {
        let encoder = EncoderConfig { hidden: WIDEST, ..EncoderConfig::new(WIDEST, 1, 1) };
        for head in [
            HeadConfig::Structure {
                channels: MOST_CHANNELS,
                blocks: 2,
                kernel: LARGEST_KERNEL,
                energy: true,
                ensemble: None,
            },
            HeadConfig::Family { hidden: WIDEST, classes: WIDEST },
        ] {
            let config = ModelConfig::pretrained(encoder.clone()).with_head(head);
            assert_eq!(config.check(), Ok(()));
            // No size of one block overflows; multiplied by the most blocks, none does either.
            assert!(config.parameters().checked_mul(DEEPEST).is_some());
        }
    }

    #[test]
    fn kernels_must_be_odd() {
        for (kernel, sound) in [(1, true), (2, false), (3, true), (100, false), (101, true)] {
            let head = HeadConfig::Mrl { channels: 4, blocks: 1, kernel };
            let config = ModelConfig::pretrained(EncoderConfig::new(16, 2, 4)).with_head(head);
            assert_eq!(config.check().is_ok(), sound, "{kernel}");
        }
    }

    #[test]
    fn heads_that_do_not_divide_the_width_are_refused() {
        let complaint = ModelConfig::pretrained(EncoderConfig::new(80, 3, 7)).check().unwrap_err();
        assert_eq!(complaint.message, "7 heads do not divide a width of 80");
        assert!(complaint.heads);
        let odd = ModelConfig::pretrained(EncoderConfig::new(12, 3, 4)).check().unwrap_err();
        assert_eq!(odd.message, "rotary positions need an even head width, 12/4 = 3 is odd");
    }
}
