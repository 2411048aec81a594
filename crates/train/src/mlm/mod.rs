//! Masked-language pre-training: predict the masked letters.
//!
//! RiNALMo, Methods: 15 % of the letters are chosen; of these, 80 % become `<mask>`, 10 % another letter and 10 % stay.
//! The loss is the mean cross-entropy over the chosen letters. Validation is the perplexity on held-out clusters, with
//! the same masks every time, micro-averaged over chosen letters, and for each source and length band.

mod tally;

use burn::tensor::Device;
use rinalmo_corpus::Store;
use rinalmo_corpus::sample::{self, Batch, BatchSize, Loader, Position, Sampler, Split};
use rinalmo_model::ops::cross_entropy;
use rinalmo_model::{Model, ModelConfig, Packed};
use rinalmo_seq::alphabet::{PAD, Token};
use rinalmo_seq::masking::Masking;
use serde::{Deserialize, Serialize};

use tally::{Tally, losses};

use crate::task::Batches;
use crate::{Drawn, Error, Loading, Loss, Part, Pass, Share, Task, Validation};

/// Options of batches and masks for pre-training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlmConfig {
    /// Sequences in a batch of one process; set this or `tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequences: Option<usize>,
    /// Most tokens in a batch, padding included: rows × longest row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
    /// The longest row in tokens, `<cls>` and `<eos>` included.
    pub max_tokens: usize,
    /// Number of batches whose clusters are sorted by length together.
    pub stretch: usize,
    /// Fraction of the letters to choose.
    pub chosen: f64,
    /// Fraction of the chosen letters that become `<mask>`.
    pub masked: f64,
    /// Fraction of the chosen letters that become another letter.
    pub replaced: f64,
    /// Seed of the validation's masks.
    pub validation_seed: u64,
    /// Batches per validation, the same each time; all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_batches: Option<usize>,
}

impl Default for MlmConfig {
    /// The paper's values.
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
    /// Sequences of a batch if neither they nor tokens are given: the paper's, on one of its seven GPUs.
    pub const SEQUENCES: usize = 192;

    /// The options as the sampler takes them.
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn sampling(&self, seed: u64, split: Split, share: Share) -> Result<sample::Options, Error> {
        let batch = match (self.sequences, self.tokens) {
            (Some(_), Some(_)) => {
                return Err(Error::Options("set either `sequences` or `tokens`, not both".into()));
            }
            (_, Some(tokens)) => BatchSize::Tokens(tokens),
            (sequences, None) => BatchSize::Sequences(sequences.unwrap_or(Self::SEQUENCES)),
        };
        for (name, share) in [("chosen", self.chosen), ("masked", self.masked), ("replaced", self.replaced)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::Options(format!("{name} = {share}, expected a fraction from 0 to 1")));
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
    /// Prepares to draw from a corpus. `share` is this process's rank. A corpus without held-out clusters is trained on
    /// as well; then there is no validation.
    ///
    /// # Errors
    /// If an option is invalid, or there is nothing to draw from.
    pub fn new(store: Store, config: &MlmConfig, seed: u64, share: Share) -> Result<Self, Error> {
        let train = Sampler::new(store.clone(), config.sampling(seed, Split::Train, share)?)?;
        let options = config.sampling(config.validation_seed, Split::HeldOut, Share::default())?;
        let held_out = match store.header().held_out {
            0 => None,
            _ => Some(Sampler::new(store.clone(), options)?),
        };
        Ok(Self { store, train, held_out, validation_batches: config.validation_batches })
    }

    /// The sampler of training batches.
    pub fn sampler(&self) -> &Sampler {
        &self.train
    }

    /// Perplexity of a whole validation or of a part.
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

    fn loss(&self, pass: &mut Pass<'_>, batch: &Batch) -> Loss {
        let (packed, targets) = pack(batch);
        let hidden = pass.encode(&packed);
        let scored = targets.iter().filter(|&&target| target >= 0).count() as f64;
        let mean = cross_entropy(head(pass.model).forward(hidden), &targets);
        Loss { sum: mean * scored, weight: scored, count: scored }
    }

    /// By the frequencies of the letters that are asked for.
    fn guess(&self, batch: &Batch) -> Option<f64> {
        let mut counts = [0_u32; u8::MAX as usize + 1];
        let targets = batch.targets.iter().filter(|&&target| target != PAD);
        targets.for_each(|&target| counts[usize::from(target)] += 1);
        let all = f64::from(counts.iter().sum::<u32>());
        let share = |count: u32| f64::from(count) / all;
        let entropy = |&count: &u32| -share(count) * share(count).ln();
        (all > 0.0).then(|| counts.iter().filter(|count| **count > 0).map(entropy).sum())
    }

    fn tokens(&self, batch: &Batch) -> usize {
        batch.rows.iter().map(|row| row.tokens as usize).sum()
    }

    fn describe_batch(&self, batch: &Batch) -> String {
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

/// A batch without padding, and a target for each token.
fn pack(batch: &Batch) -> (Packed, Vec<i32>) {
    let target = |&target: &Token| if target == PAD { -1 } else { i32::from(target) };
    let targets = filled(batch, &batch.targets).flatten().map(target).collect();
    (Packed::new(filled(batch, &batch.tokens)), targets)
}

/// Rows of a batch without padding.
fn filled<'a>(batch: &'a Batch, all: &'a [Token]) -> impl Iterator<Item = &'a [Token]> {
    batch.rows.iter().zip(all.chunks(batch.len.max(1))).map(|(row, all)| &all[..row.tokens as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_and_tokens_are_not_given_together() {
        let both = MlmConfig { sequences: Some(1), tokens: Some(2000), ..MlmConfig::default() };
        let complaint = both.sampling(0, Split::Train, Share::default()).unwrap_err();
        assert!(complaint.to_string().contains("not both"));
    }
}
