//! The section of a config for the size of a model.

use rinalmo_model::{Activation, EncoderConfig, PRESETS, Positions, Preset};
use serde::{Deserialize, Serialize};

/// Sizes of a model: a published one by its name, or width, blocks and heads.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Size {
    /// A published size: `nano`, `micro`, `mega` or `giga`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Width of every token's vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dim: Option<usize>,
    /// Transformer blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<usize>,
    /// Attention heads; 20 by default, as in every published size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heads: Option<usize>,
    /// Feed-forward width; ⌊8/3 · dim⌋ by default, or 4 · dim with GELU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// How positions are encoded.
    pub positions: PositionKind,
    /// The feed-forward non-linearity.
    pub activation: Nonlinearity,
}

/// How positions of tokens are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PositionKind {
    /// By rotating queries and keys.
    #[default]
    Rotary,
    /// By a learned vector for each of `data.max_tokens` places.
    Learned,
}

/// The non-linearity between the feed-forward products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nonlinearity {
    /// Gated, as published.
    #[default]
    SwiGlu,
    /// Plain.
    Gelu,
}

impl Size {
    /// A size with every key.
    pub(crate) fn full() -> Self {
        let some = Some(1);
        Self { preset: Some(String::new()), dim: some, blocks: some, heads: some, hidden: some, ..Self::default() }
    }

    /// Is any size given?
    pub fn is_given(&self) -> bool {
        self.preset.is_some() || self.dim.is_some() || self.blocks.is_some()
    }

    /// The encoder; `max_tokens` is how many positions it learns, if it learns any.
    ///
    /// # Errors
    /// A message that names what is missing, unknown or given twice.
    pub fn encoder(&self, max_tokens: usize) -> Result<EncoderConfig, String> {
        let mut encoder = match (&self.preset, self.dim, self.blocks) {
            (Some(name), None, None) => preset(name)?.encoder(),
            (None, Some(dim), Some(blocks)) => {
                EncoderConfig::new(dim, blocks, self.heads.unwrap_or(rinalmo_model::config::HEADS))
            }
            (Some(_), _, _) => return Err("model.preset and model.dim or model.blocks; give one or the other".into()),
            (None, None, None) => {
                return Err("[model] names no size\nhint: preset = \"nano\", or dim, blocks and heads".into());
            }
            (None, _, _) => return Err("[model] needs both dim and blocks".into()),
        };
        encoder.heads = self.heads.unwrap_or(encoder.heads);
        if self.positions == PositionKind::Learned {
            encoder = encoder.with_learned_positions(max_tokens);
        }
        if self.activation == Nonlinearity::Gelu {
            encoder = encoder.with_gelu();
        }
        encoder.hidden = self.hidden.unwrap_or(encoder.hidden);
        if [encoder.dim, encoder.hidden].contains(&0) {
            return Err("[model] has a size of 0".into());
        }
        Ok(encoder)
    }
}

impl From<&EncoderConfig> for Size {
    /// With every size written out.
    fn from(encoder: &EncoderConfig) -> Self {
        Self {
            preset: None,
            dim: Some(encoder.dim),
            blocks: Some(encoder.blocks),
            heads: Some(encoder.heads),
            hidden: Some(encoder.hidden),
            positions: match encoder.positions {
                Positions::Rotary => PositionKind::Rotary,
                Positions::Learned { .. } | Positions::Sinusoidal { .. } => PositionKind::Learned,
            },
            activation: match encoder.activation {
                Activation::SwiGlu => Nonlinearity::SwiGlu,
                Activation::Gelu => Nonlinearity::Gelu,
            },
        }
    }
}

fn preset(name: &str) -> Result<&'static Preset, String> {
    Preset::find(name).ok_or_else(|| {
        let names = PRESETS.map(|preset| format!("`{}`", preset.name)).join(", ");
        format!("model.preset = \"{name}\", expected one of {names}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_spelt_out_is_the_same_encoder() {
        let learned = Size { positions: PositionKind::Learned, ..Size::default() };
        let gelu = Size { activation: Nonlinearity::Gelu, ..Size::default() };
        for size in [Size::default(), learned, gelu] {
            let encoder = Size { preset: Some("micro".into()), ..size }.encoder(512).unwrap();
            assert_eq!(Size::from(&encoder).encoder(512).unwrap(), encoder);
        }
    }

    #[test]
    fn missing_unknown_and_repeated_sizes_are_named() {
        let complaint = |size: Size| size.encoder(1024).unwrap_err();
        assert!(complaint(Size::default()).starts_with("[model] names no size"));
        let nani = Size { preset: Some("nani".into()), ..Size::default() };
        let expected = "model.preset = \"nani\", expected one of `nano`, `micro`, `mega`, `giga`";
        assert_eq!(complaint(nani), expected);
        let both = Size { preset: Some("nano".into()), dim: Some(8), ..Size::default() };
        assert!(complaint(both).contains("one or the other"));
        assert!(complaint(Size { dim: Some(8), ..Size::default() }).contains("both dim and blocks"));
        assert!(complaint(Size { dim: Some(0), blocks: Some(1), ..Size::default() }).contains("size of 0"));
    }
}
