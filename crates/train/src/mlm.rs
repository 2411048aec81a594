//! Masked-language pre-training: guess the letters that were hidden.
//!
//! RiNALMo, Methods: 15 % of the letters are hidden, of which 80 % become `<mask>`, 10 % another letter and 10 % stay;
//! the loss is the mean cross-entropy over them. Validation is the perplexity on clusters held out, with the same masks
//! every time, micro-averaged over hidden letters, and for each source and length band.

use std::collections::BTreeMap;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rinalmo_corpus::Store;
use rinalmo_corpus::sample::{self, Batch, BatchSize, Loader, Position, Row, Sampler, Split};
use rinalmo_model::ops::{Dropout, cross_entropy};
use rinalmo_model::{Model, ModelConfig, Packed};
use rinalmo_seq::alphabet::{PAD, Token};
use rinalmo_seq::masking::Masking;
use serde::{Deserialize, Serialize};

use crate::task::Batches;
use crate::{Drawn, Error, Loading, Loss, Part, Share, Task, Validation};

/// What is drawn for pre-training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlmConfig {
    /// Sequences in a batch of one process; give this or `tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequences: Option<usize>,
    /// Tokens in a batch at most, padding included: rows × longest row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// The longest row in tokens, `<cls>` and `<eos>` included.
    pub max_tokens: usize,
    /// How many batches' worth of clusters are sorted by length together.
    pub stretch: usize,
    /// Share of the letters to hide.
    pub chosen: f64,
    /// Share of the hidden that become `<mask>`.
    pub masked: f64,
    /// Share of the hidden that become another letter.
    pub replaced: f64,
    /// What the masks of the validation depend on.
    pub validation_seed: u64,
    /// Batches a validation looks at, the same each time; all where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_batches: Option<usize>,
}

impl Default for MlmConfig {
    /// The paper's.
    fn default() -> Self {
        let Masking { chosen, masked, replaced } = Masking::default();
        Self {
            sequences: None,
            tokens: None,
            max_tokens: 1024,
            stretch: 50,
            chosen,
            masked,
            replaced,
            validation_seed: 0,
            validation_batches: None,
        }
    }
}

impl MlmConfig {
    /// Sequences of a batch where neither they nor tokens are given: the paper's, on one of its seven GPUs.
    const SEQUENCES: usize = 192;

    fn sampling(&self, seed: u64, split: Split, share: Share) -> Result<sample::Options, Error> {
        let batch = match (self.sequences, self.tokens) {
            (Some(_), Some(_)) => {
                return Err(Error::Options("a batch has so many `sequences` or so many `tokens`, not both".into()));
            }
            (_, Some(tokens)) => BatchSize::Tokens(tokens),
            (sequences, None) => BatchSize::Sequences(sequences.unwrap_or(Self::SEQUENCES)),
        };
        for (name, share) in [("chosen", self.chosen), ("masked", self.masked), ("replaced", self.replaced)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::Options(format!("{name} = {share}, expected a share from 0 to 1")));
            }
        }
        let masking = Masking { chosen: self.chosen, masked: self.masked, replaced: self.replaced };
        let (max_tokens, stretch, Share { rank, ranks }) = (self.max_tokens, self.stretch, share);
        Ok(sample::Options { seed, split, batch, max_tokens, masking, stretch, rank, ranks })
    }
}

/// Masked-language pre-training on a corpus.
#[derive(Debug)]
pub struct Mlm {
    store: Store,
    train: Sampler,
    held_out: Option<Sampler>,
    validation_batches: Option<usize>,
}

impl Mlm {
    /// Gets ready to draw from a corpus. `share` is this process's among those of the run. A corpus that holds nothing
    /// out is trained on all the same; then there is no validation.
    ///
    /// # Errors
    /// An option has no sense, or there is nothing to draw from.
    pub fn new(store: Store, config: &MlmConfig, seed: u64, share: Share) -> Result<Self, Error> {
        let train = Sampler::new(store.clone(), config.sampling(seed, Split::Train, share)?)?;
        let options = config.sampling(config.validation_seed, Split::HeldOut, Share::default())?;
        let held_out = match store.header().held_out {
            0 => None,
            _ => Some(Sampler::new(store.clone(), options)?),
        };
        Ok(Self { store, train, held_out, validation_batches: config.validation_batches })
    }

    /// Draws the training batches.
    pub fn sampler(&self) -> &Sampler {
        &self.train
    }

    /// The loss of the whole or a part of a validation, as perplexity.
    pub fn perplexity(part: &Part) -> Option<f64> {
        part.mean().map(rinalmo_metrics::perplexity::perplexity)
    }
}

impl Task for Mlm {
    type Batch = Batch;

    fn batches(&self, from: Position, loading: Loading) -> Result<Batches<'_, Batch>, Error> {
        let loader = Loader::start(self.train.clone(), from, loading.threads, loading.ahead);
        Ok(Box::new(loader.map(|batch| {
            let batch = batch?;
            Ok(Drawn { at: Position { epoch: batch.epoch, step: batch.step }, batch })
        })))
    }

    fn check(&self, config: &ModelConfig) -> Result<(), String> {
        let longest = self.train.options().max_tokens;
        match config.encoder.max_len().filter(|most| *most < longest) {
            _ if !config.mlm => Err("pre-training needs a model with a masked-language head".into()),
            Some(most) => Err(format!("max_tokens = {longest}, but the model has positions for {most} tokens")),
            None => Ok(()),
        }
    }

    fn loss(&self, model: &Model, batch: &Batch, dropout: &Dropout, device: &Device) -> Loss {
        let (packed, targets) = pack(batch);
        let hidden = model.encoder.forward_dropped(&packed, dropout, device);
        let scored = targets.iter().filter(|&&target| target >= 0).count() as f64;
        let mean = cross_entropy(head(model).forward(hidden), &targets);
        Loss { sum: mean * scored, weight: scored }
    }

    fn tokens(&self, batch: &Batch) -> usize {
        batch.rows.iter().map(|row| row.tokens as usize).sum()
    }

    fn tell(&self, batch: &Batch) -> String {
        let clusters: Vec<String> = batch.rows.iter().map(|row| row.cluster.to_string()).collect();
        format!("{} sequences of up to {} tokens, of clusters {}", clusters.len(), batch.len, clusters.join(", "))
    }

    fn validate(&self, model: &Model, device: &Device, share: Share) -> Result<Validation, Error> {
        let mut tally = Tally::new(&self.store.header().sources);
        let Some(held_out) = &self.held_out else { return Ok(Validation::default()) };
        let epoch = held_out.epoch(0)?;
        let steps = self.validation_batches.unwrap_or(usize::MAX).min(epoch.steps());
        for step in (share.rank..steps).step_by(share.ranks) {
            let batch = epoch.batch(step)?;
            for (row, (sum, count)) in batch.rows.iter().zip(losses(model, &batch, device)) {
                let source = self.store.origins(row.sequence)?.first().map_or(0, |origin| origin.source);
                tally.add(source, row, sum, count);
            }
        }
        Ok(tally.validation())
    }
}

fn head(model: &Model) -> &rinalmo_model::MlmHead {
    model.mlm.as_ref().expect("a trainer checks that the model has the task's head")
}

/// A batch without its padding, and a target for each token.
fn pack(batch: &Batch) -> (Packed, Vec<i32>) {
    let target = |&target: &Token| if target == PAD { -1 } else { i32::from(target) };
    let targets = filled(batch, &batch.targets).flatten().map(target).collect();
    (Packed::new(filled(batch, &batch.tokens)), targets)
}

/// Rows of a batch without what fills them up.
fn filled<'a>(batch: &'a Batch, all: &'a [Token]) -> impl Iterator<Item = &'a [Token]> {
    batch.rows.iter().zip(all.chunks(batch.len.max(1))).map(|(row, all)| &all[..row.tokens as usize])
}

/// Each row's loss, summed over its hidden letters in f64, and their number.
fn losses(model: &Model, batch: &Batch, device: &Device) -> Vec<(f64, usize)> {
    let (packed, targets) = pack(batch);
    let scored: Vec<i64> = (0..).zip(&targets).filter(|(_, target)| **target >= 0).map(|(at, _)| at).collect();
    if scored.is_empty() {
        return vec![(0.0, 0); batch.rows.len()];
    }
    let rows = Tensor::<1, Int>::from_data(TensorData::new(scored.clone(), [scored.len()]), device);
    let logits = head(model).forward(model.encoder.forward(&packed, device).select(0, rows)); // [scored, vocabulary]
    let [_, classes] = logits.dims();
    let logits = crate::optimizer::values::read(logits);
    let mut found = logits.chunks_exact(classes).zip(&scored);
    let mut of_row = |span: std::ops::Range<usize>| {
        let count = scored.partition_point(|&at| (at as usize) < span.end)
            - scored.partition_point(|&at| (at as usize) < span.start);
        let losses = found.by_ref().take(count).map(|(logits, &at)| nats(logits, targets[at as usize] as usize));
        (losses.sum(), count)
    };
    packed.spans().map(&mut of_row).collect()
}

/// `−log softmax(logits)[target]`
fn nats(logits: &[f32], target: usize) -> f64 {
    let most = logits.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(f64::from(x)));
    let sum: f64 = logits.iter().map(|&x| (f64::from(x) - most).exp()).sum();
    most + sum.ln() - f64::from(logits[target])
}

/// Upper ends of the length bands, in tokens of a row.
const BANDS: [u32; 4] = [64, 128, 256, 512];

/// Losses by part. Every source and band is named from the start, so that all ranks name the same.
struct Tally {
    all: (f64, usize),
    sources: Vec<(String, f64, usize)>,
    bands: BTreeMap<usize, (f64, usize)>,
}

impl Tally {
    fn new(sources: &[String]) -> Self {
        let sources = sources.iter().map(|name| (name.clone(), 0.0, 0)).collect();
        Self { all: (0.0, 0), sources, bands: (0..=BANDS.len()).map(|band| (band, (0.0, 0))).collect() }
    }

    fn add(&mut self, source: usize, row: &Row, sum: f64, count: usize) {
        let put = |to: (&mut f64, &mut usize)| {
            *to.0 += sum;
            *to.1 += count;
        };
        put((&mut self.all.0, &mut self.all.1));
        if let Some((_, total, letters)) = self.sources.get_mut(source) {
            put((total, letters));
        }
        let band = BANDS.partition_point(|&end| end < row.tokens);
        if let Some((total, letters)) = self.bands.get_mut(&band) {
            put((total, letters));
        }
    }

    fn validation(self) -> Validation {
        let part = |name: String, sum, count: usize| Part { name, sum, weight: count as f64 };
        let mut parts = vec![part("all".into(), self.all.0, self.all.1)];
        parts.extend(self.sources.into_iter().map(|(name, sum, count)| part(format!("source {name}"), sum, count)));
        parts.extend(self.bands.into_iter().map(|(band, (sum, count))| part(band_name(band), sum, count)));
        Validation { parts }
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

    #[test]
    fn sequences_and_tokens_are_not_given_together() {
        let both = MlmConfig { sequences: Some(1), tokens: Some(2000), ..MlmConfig::default() };
        let complaint = both.sampling(0, Split::Train, Share::default()).unwrap_err();
        assert!(complaint.to_string().contains("not both"));
    }
}
