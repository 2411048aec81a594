//! Losses of held-out sequences, by source and length.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rinalmo_corpus::sample::{Batch, Row};
use rinalmo_model::Model;

use super::{head, pack};
use crate::optimizer::values::read;
use crate::{Part, Validation};

/// Each row's loss, summed over its chosen letters in f64, and their number.
pub(super) fn losses(model: &Model, batch: &Batch, device: &Device) -> Vec<(f64, usize)> {
    let (packed, targets) = pack(batch);
    let scored: Vec<i64> = (0..).zip(&targets).filter(|(_, target)| **target >= 0).map(|(at, _)| at).collect();
    if scored.is_empty() {
        return vec![(0.0, 0); batch.rows.len()];
    }
    let rows = Tensor::<1, Int>::from_data(TensorData::new(scored.clone(), [scored.len()]), device);
    let logits = head(model).forward(model.encoder.forward(&packed, device).select(0, rows)); // [scored, vocabulary]
    let [_, classes] = logits.dims();
    let logits = read(logits);
    let mut found = logits.chunks_exact(classes).zip(&scored);
    let of_row = |span: Range<usize>| {
        let below = |end: usize| scored.partition_point(|&at| (at as usize) < end);
        let count = below(span.end) - below(span.start);
        let losses = found.by_ref().take(count).map(|(logits, &at)| nats(logits, targets[at as usize] as usize));
        (losses.sum(), count)
    };
    packed.spans().map(of_row).collect()
}

/// `−log softmax(logits)[target]`
fn nats(logits: &[f32], target: usize) -> f64 {
    let most = logits.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(f64::from(x)));
    let sum: f64 = logits.iter().map(|&x| (f64::from(x) - most).exp()).sum();
    most + sum.ln() - f64::from(logits[target])
}

/// Upper ends of the length bands, in tokens of a row.
const BANDS: [u32; 4] = [64, 128, 256, 512];

/// Losses by part. Every source and band is named from the start, so that all ranks have the same parts.
#[derive(Debug)]
pub(super) struct Tally {
    all: Part,
    sources: Vec<Part>,
    bands: Vec<Part>,
}

impl Tally {
    pub(super) fn new(sources: &[String]) -> Self {
        let part = |name: String| Part { name, sum: 0.0, weight: 0.0 };
        Self {
            all: part("all".into()),
            sources: sources.iter().map(|name| part(format!("source {name}"))).collect(),
            bands: (0..=BANDS.len()).map(|band| part(band_name(band))).collect(),
        }
    }

    /// Adds a row's loss, summed over this many letters.
    pub(super) fn add(&mut self, source: usize, row: &Row, sum: f64, letters: usize) {
        let band = BANDS.partition_point(|&end| end < row.tokens);
        let parts = [Some(&mut self.all), self.sources.get_mut(source), self.bands.get_mut(band)];
        for part in parts.into_iter().flatten() {
            part.sum += sum;
            part.weight += letters as f64;
        }
    }

    pub(super) fn validation(self) -> Validation {
        Validation { parts: std::iter::once(self.all).chain(self.sources).chain(self.bands).collect() }
    }
}

fn band_name(band: usize) -> String {
    let from = band.checked_sub(1).map_or(1, |before| BANDS[before] + 1);
    match BANDS.get(band) {
        Some(to) => format!("{from}-{to} tokens"),
        None => format!("{from} tokens and more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_meet_without_overlap() {
        let names: Vec<String> = (0..=BANDS.len()).map(band_name).collect();
        let expected = ["1-64 tokens", "65-128 tokens", "129-256 tokens", "257-512 tokens", "513 tokens and more"];
        assert_eq!(names, expected);
    }

    #[test]
    fn an_even_guess_among_four_costs_two_bits() {
        assert!((nats(&[3.0; 4], 2) - 4f64.ln()).abs() < 1e-12);
    }
}
