//! Which parameters train from which epoch on, and at which rate.
//!
//! The list of [`Thaw`]s defines gradual unfreezing: parameters that none of them names stay frozen. With an empty list
//! everything trains.

use serde::{Deserialize, Serialize};

/// A part of a model that trains from an epoch on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thaw {
    /// The first epoch in which it trains, from 0.
    #[serde(default)]
    pub epoch: u64,
    /// Which part.
    pub part: Part,
    /// Factor of the schedule's rate.
    #[serde(default = "whole")]
    pub rate: f64,
}

fn whole() -> f64 {
    1.0
}

/// A part of a model, by the names of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Everything.
    All,
    /// Everything except the encoder.
    Heads,
    /// Token embedding, learned positions, and what else comes before the blocks.
    Embedding,
    /// Blocks from the first number up to, not including, the second; block 0 is next to the embedding.
    Blocks(usize, usize),
    /// The norm after the last block.
    FinalNorm,
    /// The adapters of the encoder.
    Adapters,
}

impl Part {
    /// Whether a parameter is in this part.
    pub fn holds(&self, name: &str) -> bool {
        let Some(name) = name.strip_prefix("encoder.") else { return matches!(self, Self::All | Self::Heads) };
        match (*self, name.strip_prefix("blocks.")) {
            (Self::All, _) => true,
            (Self::Adapters, _) => name.contains(".adapter."),
            (Self::Blocks(from, to), Some(block)) => {
                let number = block.split('.').next().and_then(|number| number.parse().ok());
                number.is_some_and(|number: usize| (from..to).contains(&number))
            }
            (Self::Embedding, None) => !name.starts_with("norm."),
            (Self::FinalNorm, None) => name.starts_with("norm."),
            _ => false,
        }
    }
}

/// A parameter's rate in an epoch, as a factor of the schedule's; `None` if it is frozen. If several thaws name it, the
/// first in the list applies.
pub fn rate(thaws: &[Thaw], epoch: u64, name: &str) -> Option<f64> {
    if thaws.is_empty() {
        return Some(1.0);
    }
    thaws.iter().find(|thaw| thaw.epoch <= epoch && thaw.part.holds(name)).map(|thaw| thaw.rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_trains_everything() {
        assert_eq!(rate(&[], 0, "encoder.embedding"), Some(1.0));
    }

    #[test]
    fn parts_thaw_when_their_epoch_comes() {
        let thaws = [
            Thaw { epoch: 0, part: Part::Heads, rate: 1.0 },
            Thaw { epoch: 3, part: Part::Blocks(9, 12), rate: 0.1 },
            Thaw { epoch: 3, part: Part::FinalNorm, rate: 0.1 },
        ];
        let at = |epoch, name| rate(&thaws, epoch, name);
        assert_eq!(at(0, "structure.project.weight"), Some(1.0));
        assert_eq!(at(2, "encoder.blocks.9.attention.qkv.weight"), None);
        assert_eq!(at(3, "encoder.blocks.9.attention.qkv.weight"), Some(0.1));
        assert_eq!(at(3, "encoder.blocks.10.feed_forward.beta"), Some(0.1));
        assert_eq!(at(3, "encoder.blocks.8.feed_forward.beta"), None);
        assert_eq!(at(3, "encoder.norm.weight"), Some(0.1));
        assert_eq!(at(9, "encoder.embedding"), None);
    }

    #[test]
    fn every_parameter_is_in_one_part() {
        use rinalmo_model::{EncoderConfig, ModelConfig};
        let config = ModelConfig::pretrained(EncoderConfig::new(16, 3, 2).with_learned_positions(8));
        let parts = [Part::Heads, Part::Embedding, Part::Blocks(0, 2), Part::Blocks(2, 3), Part::FinalNorm];
        for spec in config.manifest() {
            assert_eq!(parts.iter().filter(|part| part.holds(&spec.name)).count(), 1, "{}", spec.name);
            assert!(Part::All.holds(&spec.name));
        }
    }
}
