//! Estimates the operations and the memory of a run in advance.
//!
//! Operations are counted as products of matrices, a multiply and an add each counting one, forwards once and backwards
//! twice. Memory is the total at the end of a forward pass: weights, gradients, moments, and the activations that
//! operations keep for the backward pass (`model/src/ops/`).

use rinalmo_corpus::sample::{Batch, Sampler};
use rinalmo_model::{Activation, EncoderConfig, ModelConfig};
use rinalmo_train::Options;

use crate::Error;

/// Batches of an epoch that are sampled for the estimate.
const SAMPLED: usize = 64;
const F32: u64 = size_of::<f32>() as u64;

/// The size of one epoch of a corpus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochSize {
    /// Clusters that are drawn from, one sequence each.
    pub clusters: u64,
    /// Batches of this process.
    pub batches: u64,
    /// Steps, each of `accumulate` batches.
    pub steps: f64,
    /// Tokens of all processes in a step, padding not counted.
    pub tokens_per_step: f64,
    /// Floating point operations of all processes in an epoch.
    pub flops: f64,
    /// Tokens of the largest sampled batch, padding not counted.
    pub largest_batch: usize,
    /// Tokens of the longest row of the sampled batches.
    pub longest_row: usize,
}

impl EpochSize {
    /// Samples batches of the first epoch at equal distances.
    pub(super) fn look(sampler: &Sampler, config: &ModelConfig, options: &Options) -> Result<Self, Error> {
        let epoch = sampler.epoch(0)?;
        let batches = epoch.steps();
        let every = batches.div_ceil(SAMPLED).max(1);
        let mut sampled = 0.0;
        let mut tokens = 0.0;
        let mut flops = 0.0;
        let mut largest_batch = 0;
        let mut longest_row = 0;
        for step in (0..batches).step_by(every) {
            let batch = epoch.batch(step)?;
            sampled += 1.0;
            let of_batch = lengths(&batch).sum::<usize>();
            tokens += of_batch as f64;
            flops += training_flops(config, lengths(&batch));
            largest_batch = largest_batch.max(of_batch);
            longest_row = longest_row.max(lengths(&batch).max().unwrap_or(0));
        }
        let (ranks, accumulate) = (sampler.options().ranks as f64, options.accumulate as f64);
        Ok(Self {
            clusters: sampler.clusters() as u64,
            batches: batches as u64,
            steps: batches as f64 / accumulate,
            tokens_per_step: tokens / sampled * accumulate * ranks,
            flops: flops / sampled * batches as f64 * ranks,
            largest_batch,
            longest_row,
        })
    }
}

/// Tokens of each row.
pub(super) fn lengths(batch: &Batch) -> impl Iterator<Item = usize> {
    batch.rows.iter().map(|row| row.tokens as usize)
}

/// Operations of one pass forwards and backwards over rows of these lengths.
pub(super) fn training_flops(config: &ModelConfig, lengths: impl Iterator<Item = usize>) -> f64 {
    let weights = |name: &str| !name.starts_with("encoder.embedding") && !name.starts_with("encoder.positions");
    let manifest = config.manifest();
    let matrices = manifest.iter().filter(|spec| spec.shape.len() == 2 && weights(&spec.name));
    let products: f64 = matrices.map(|spec| spec.shape.iter().product::<usize>() as f64).sum();
    let EncoderConfig { dim, blocks, .. } = config.encoder;
    let forward: f64 = lengths
        .map(|len| {
            let len = len as f64;
            2.0 * products * len + 4.0 * len * len * (dim * blocks) as f64 // scores, and values by them
        })
        .sum();
    3.0 * forward
}

/// The memory of a run, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Of the weights.
    pub weights: u64,
    /// Of gradients: twice the weights if a step has several batches.
    pub gradients: u64,
    /// Of the optimiser's two moments.
    pub moments: u64,
    /// Of activations that are kept for the backward pass.
    pub activations: u64,
}

impl Memory {
    /// For batches of at most `tokens` in rows of at most `longest`. With `kernels`, attention weights are computed
    /// again in the backward pass instead of kept.
    pub(super) fn estimate(
        config: &ModelConfig,
        options: &Options,
        tokens: usize,
        longest: usize,
        kernels: bool,
    ) -> Self {
        let weights = F32 * config.parameters() as u64;
        Self {
            weights,
            gradients: weights * if options.accumulate > 1 { 2 } else { 1 },
            moments: 2 * weights,
            activations: F32 * tokens as u64 * kept(&config.encoder, options.recompute, longest, kernels),
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.weights + self.gradients + self.moments + self.activations
    }
}

/// Numbers kept for each token. With `recompute`, these are the inputs of all groups of blocks, and the activations of
/// one group.
fn kept(encoder: &EncoderConfig, recompute: Option<usize>, longest: usize, kernels: bool) -> u64 {
    const WIDE: usize = 8; // inputs of both norms and of the output product, both norms' results; queries, keys, values
    const HEAD: usize = 5; // final norm, and the masked-language head's steps
    let &EncoderConfig { dim, blocks, heads, hidden, activation, .. } = encoder;
    let narrow = match activation {
        Activation::SwiGlu => 3, // both products and their gated result
        Activation::Gelu => 2,
    };
    let maps = if kernels { 0 } else { 3 * heads * longest }; // scores, weights, weights after dropout
    let (whole, inputs) = match recompute {
        Some(several) => (several.clamp(1, blocks), blocks.div_ceil(several.max(1))),
        None => (blocks, 0),
    };
    (whole * (WIDE * dim + narrow * hidden + maps) + (inputs + HEAD) * dim) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_six_a_weight_and_token_and_attention_besides() {
        let config = ModelConfig::pretrained(EncoderConfig::new(320, 6, 20));
        let embedding = 22 * 320;
        let matrices = config
            .manifest()
            .iter()
            .filter(|spec| spec.shape.len() == 2)
            .map(|spec| spec.shape.iter().product::<usize>())
            .sum::<usize>()
            - embedding;
        let expected = 6.0 * matrices as f64 * 100.0 + 12.0 * 100.0 * 100.0 * 320.0 * 6.0;
        assert_eq!(training_flops(&config, [100].into_iter()), expected);
    }

    #[test]
    fn gradients_count_twice_where_batches_are_gathered() {
        let config = ModelConfig::pretrained(EncoderConfig::new(320, 6, 20));
        let memory =
            |accumulate| Memory::estimate(&config, &Options { accumulate, ..Options::default() }, 1024, 1024, true);
        assert_eq!(memory(1).weights, 4 * 7_508_824);
        assert_eq!(memory(2).total() - memory(1).total(), memory(1).weights);
        let again = Options { recompute: Some(1), ..Options::default() };
        assert!(Memory::estimate(&config, &again, 1024, 1024, true).activations < memory(1).activations / 3);
        assert!(Memory::estimate(&config, &Options::default(), 1024, 1024, false).activations > memory(1).activations);
    }
}
