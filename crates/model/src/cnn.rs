//! Sizes of a convolutional network along a sequence, the kind of head that the baselines of other papers are.
//!
//! ```text
//! [window, channels] → convolutions, each with ReLU and pooling → one vector → dense layers with ReLU → outputs
//! ```
//!
//! The network of a paper is a [`CnnConfig`], not code. Optimus 5-prime (Sample et al. 2019) has three layers of 120
//! filters of width 8 and a dense layer of 40. Spliceator (Scalzitti et al. 2021) has layers of 16, 32 and 64 filters
//! with pooling by two, and a dense layer of 100.

use serde::{Deserialize, Serialize};

/// Channels of letters: A, C, G and U.
pub const LETTERS: usize = 4;

/// What the first convolution sees of a base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CnnInput {
    /// Its letter, one-hot: 1 in one of four channels. Other letters than A, C, G and U (T) are zeros. The encoder is
    /// not used, and has no blocks.
    #[default]
    Letters,
    /// Its vector from the encoder.
    Encoder,
}

/// What happens to a sequence that is shorter than the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CnnPadding {
    /// It is an error.
    #[default]
    None,
    /// Zeros are put before it, so that its 3' end is at the end of the window.
    Left,
}

/// How the map of the last layer becomes one vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CnnGather {
    /// All its values, position after position.
    #[default]
    Flatten,
    /// The mean of each filter over the window, padding included.
    Mean,
    /// The maximum of each filter over the window, padding included.
    Max,
}

/// A convolution that keeps the number of positions, ReLU, and max pooling.
///
/// A filter sees `⌊(kernel − 1) / 2⌋` positions before its own and `⌊kernel / 2⌋` after it, which is "same" padding in
/// Keras and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CnnLayer {
    /// Filters.
    pub filters: usize,
    /// Width of a filter, in positions; odd or even.
    pub kernel: usize,
    /// How many neighbouring positions become one, their maximum; 1 does not pool. Positions left over at the end are
    /// dropped.
    #[serde(default = "one")]
    pub pool: usize,
}

fn one() -> usize {
    1
}

/// Sizes of a convolutional network, except its number of outputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CnnConfig {
    /// What the first convolution sees.
    #[serde(default)]
    pub input: CnnInput,
    /// Bases that it sees; longer sequences are an error.
    pub window: usize,
    /// What happens to shorter sequences.
    #[serde(default)]
    pub padding: CnnPadding,
    /// Its convolutions, first to last.
    pub layers: Vec<CnnLayer>,
    /// How the last map becomes one vector.
    #[serde(default)]
    pub gather: CnnGather,
    /// Widths of the dense layers before the outputs.
    #[serde(default)]
    pub dense: Vec<usize>,
}

impl CnnConfig {
    /// May a sequence of `len` bases be an input?
    pub fn accepts(&self, len: usize) -> bool {
        match self.padding {
            CnnPadding::None => len == self.window,
            CnnPadding::Left => (1..=self.window).contains(&len),
        }
    }

    /// The lengths of sequences that may be an input, in words.
    pub fn lengths(&self) -> String {
        match self.padding {
            CnnPadding::None => format!("exactly {} nt", self.window),
            CnnPadding::Left => format!("up to {} nt", self.window),
        }
    }

    /// Channels of its input, for an encoder of width `dim`.
    pub fn channels(&self, dim: usize) -> usize {
        match self.input {
            CnnInput::Letters => LETTERS,
            CnnInput::Encoder => dim,
        }
    }

    /// For each layer its shape `[filters, channels, kernel]`, its pooling, and its positions before pooling.
    pub fn convolutions(&self, dim: usize) -> Vec<([usize; 3], usize, usize)> {
        let (mut channels, mut positions) = (self.channels(dim), self.window);
        let each = self.layers.iter().map(|&CnnLayer { filters, kernel, pool }| {
            let layer = ([filters, channels, kernel], pool, positions);
            (channels, positions) = (filters, positions / pool.max(1));
            layer
        });
        each.collect()
    }

    /// Values of the vector that the last map becomes, for an encoder of width `dim`.
    pub fn gathered(&self, dim: usize) -> usize {
        let filters = self.layers.last().map_or_else(|| self.channels(dim), |layer| layer.filters);
        let positions = self.layers.iter().fold(self.window, |positions, layer| positions / layer.pool.max(1));
        match self.gather {
            CnnGather::Flatten => positions.saturating_mul(filters),
            CnnGather::Mean | CnnGather::Max => filters,
        }
    }

    /// The shapes `[out, in]` of the dense layers, the last of which has the outputs.
    pub fn denses(&self, dim: usize, outputs: usize) -> Vec<[usize; 2]> {
        let mut input = self.gathered(dim);
        let widths = self.dense.iter().copied().chain([outputs]);
        widths.map(|width| [width, std::mem::replace(&mut input, width)]).collect()
    }

    /// Bytes that one sequence needs at its peak in f32, without weights: a layer's input, its positions as rows of a
    /// product, and its result.
    pub fn memory(&self, dim: usize) -> u64 {
        let bytes = |positions: usize, values: u64| (positions as u64).saturating_mul(values).saturating_mul(4);
        let layers = self.convolutions(dim).into_iter().map(|([filters, channels, kernel], _, positions)| {
            bytes(positions, (kernel as u64 + 2).saturating_mul(channels as u64).saturating_add(2 * filters as u64))
        });
        layers.max().unwrap_or(0)
    }

    /// A phrase on its sizes.
    pub fn describe(&self) -> String {
        let layers = self.layers.iter().map(|&CnnLayer { filters, kernel, pool }| match pool {
            1 => format!("{filters}×{kernel}"),
            pool => format!("{filters}×{kernel}/{pool}"),
        });
        let input = match self.input {
            CnnInput::Letters => "letters",
            CnnInput::Encoder => "the encoder's vectors",
        };
        let gather = match self.gather {
            CnnGather::Flatten => "",
            CnnGather::Mean => ", mean",
            CnnGather::Max => ", maximum",
        };
        let dense = self.dense.iter().map(|width| format!(", dense {width}")).collect::<String>();
        let layers = layers.collect::<Vec<_>>().join(", ");
        format!("convolutions {layers} on {input} of {}{gather}{dense}", self.lengths())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Optimus 5-prime for 25 to 100 nt.
    pub(crate) fn optimus() -> CnnConfig {
        let layer = CnnLayer { filters: 120, kernel: 8, pool: 1 };
        CnnConfig {
            input: CnnInput::Letters,
            window: 100,
            padding: CnnPadding::Left,
            layers: vec![layer; 3],
            gather: CnnGather::Flatten,
            dense: vec![40],
        }
    }

    #[test]
    fn sizes_follow_one_another() {
        let layers = [(16, 7), (32, 5), (64, 3)].map(|(filters, kernel)| CnnLayer { filters, kernel, pool: 2 });
        let spliceator = CnnConfig {
            window: 400,
            padding: CnnPadding::None,
            layers: layers.to_vec(),
            dense: vec![100],
            ..optimus()
        };
        let expected = [([16, 4, 7], 2, 400), ([32, 16, 5], 2, 200), ([64, 32, 3], 2, 100)];
        assert_eq!(spliceator.convolutions(99), expected);
        assert_eq!(spliceator.denses(99, 1), [[100, 50 * 64], [1, 100]]);
        assert_eq!(CnnConfig { gather: CnnGather::Max, ..spliceator.clone() }.denses(99, 3), [[100, 64], [3, 100]]);
        let on_vectors = CnnConfig { input: CnnInput::Encoder, ..spliceator.clone() };
        assert_eq!(on_vectors.convolutions(99)[0].0, [16, 99, 7]);
        assert_eq!([399, 400, 401].map(|len| spliceator.accepts(len)), [false, true, false]);
        assert_eq!([0, 1, 100, 101].map(|len| optimus().accepts(len)), [false, true, true, false]);
        let odd = CnnConfig { window: 7, layers: vec![CnnLayer { pool: 2, ..layers[0] }; 2], ..optimus() };
        assert_eq!(odd.gathered(1), 16, "seven positions pool to three, and three to one");
    }

    #[test]
    fn what_a_config_leaves_out_has_a_value() {
        let text = r#"{ "window": 12, "layers": [{ "filters": 3, "kernel": 2 }] }"#;
        let found: CnnConfig = serde_json::from_str(text).unwrap();
        let layers = vec![CnnLayer { filters: 3, kernel: 2, pool: 1 }];
        assert_eq!(found, CnnConfig { window: 12, padding: CnnPadding::None, layers, dense: vec![], ..optimus() });
        assert_eq!(found.describe(), "convolutions 3×2 on letters of exactly 12 nt");
        let written = serde_json::to_string(&optimus()).unwrap();
        assert_eq!(serde_json::from_str::<CnnConfig>(&written).unwrap(), optimus());
        assert!(serde_json::from_str::<CnnConfig>(&text.replace("window", "windows")).is_err());
    }
}
