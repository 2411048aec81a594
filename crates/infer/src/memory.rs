//! The memory that the verbs take, counted before they start: an allocation that fails would end the process, and all
//! its other work with it.

use rinalmo_model::{HeadConfig, VOCABULARY};

pub use rinalmo_model::memory::default_budget;
pub(crate) use rinalmo_model::memory::{longest_that_fits, mebibytes};

use crate::{EmbedOptions, Error, Model, Window};
use rinalmo_sink::ArrayKind;

const F32: u64 = 4; // bytes

impl Model {
    /// Bytes that work may take: as asked for now, or when the model was loaded, or most of the free memory.
    pub(crate) fn budget(&self, asked: Option<u64>) -> u64 {
        asked.or(self.max_memory).unwrap_or_else(default_budget)
    }

    /// Checks that a sequence of `len` bases needs no more than the budget.
    ///
    /// # Errors
    /// [`Error::TooLong`], with the longest sequence that would fit.
    pub(crate) fn afford(
        &self,
        len: usize,
        what: &'static str,
        budget: u64,
        needed: impl Fn(usize) -> u64,
    ) -> Result<(), Error> {
        afford(len, what, budget, needed)
    }

    /// Bytes it takes to encode so many tokens at once, without the weights.
    pub(crate) fn encode_memory(&self, tokens: usize) -> u64 {
        rinalmo_model::memory::encode(&self.config.encoder, tokens, self.device.is_cpu())
    }

    /// Bytes it takes to embed one sequence of `len` bases, without the weights: to encode it, and for the arrays.
    pub fn embed_memory(&self, len: usize, options: &EmbedOptions) -> u64 {
        let (tokens, encoder) = (len as u64 + 2, &self.config.encoder);
        let dim = encoder.dim as u64;
        let encoded = match options.window {
            Some(Window { len: window, overlap }) if len > window => {
                let windows = 1 + (len - window).div_ceil((window - overlap).max(1));
                windows.saturating_mul(window + 2)
            }
            _ => len + 2,
        };
        let array = |kind: &ArrayKind| match kind {
            ArrayKind::Tokens => bytes(&[tokens, dim, F32]),
            ArrayKind::Logits => bytes(&[2, tokens, VOCABULARY as u64, F32]), // with and without special tokens
            // One map a block, and all as one array.
            ArrayKind::Attentions => bytes(&[2, encoder.blocks as u64, encoder.heads as u64, tokens, tokens, F32]),
            _ => bytes(&[dim, F32]),
        };
        let arrays = options.include.iter().map(array).fold(bytes(&[tokens, dim, F32]), u64::saturating_add);
        self.encode_memory(encoded).saturating_add(arrays)
    }

    /// Tokens that can be embedded together within the budget: [`EmbedOptions::batch_tokens`], or fewer if the arrays
    /// are large. Longer sequences are embedded one at a time, if they fit.
    pub fn embed_batch_tokens(&self, options: &EmbedOptions) -> usize {
        let whole = options.clone();
        let fit = longest_that_fits(self.budget(options.max_memory), |len| self.embed_memory(len, &whole));
        options.batch_tokens.min(fit).max(1)
    }

    /// Tokens whose maps of pairs may be kept together, of any number of sequences: they fill half of the budget, and
    /// the other half is for the next map.
    pub fn tokens_of_kept_maps(&self, asked: Option<u64>) -> usize {
        longest_that_fits(self.budget(asked) / 2, |len| bytes(&[len as u64, len as u64, F32]))
    }

    /// Bytes it takes to predict for one sequence of `len` bases, without the weights: to encode it, and for the rows
    /// of the head.
    pub(crate) fn predict_memory(&self, len: usize) -> u64 {
        rinalmo_model::memory::predict(&self.config, len, self.device.is_cpu())
    }

    /// Bytes it takes to find the likelihoods of one sequence of `len` bases, without the weights.
    pub(crate) fn score_memory(&self, len: usize) -> u64 {
        let logits = bytes(&[3, VOCABULARY as u64, len as u64 + 2, F32]);
        self.encode_memory(len + 2).saturating_add(logits)
    }

    /// Bytes it takes to predict ribosome loads of sequences padded to `pad_to` tokens, one on each thread.
    pub(crate) fn mrl_memory(&self, pad_to: usize) -> u64 {
        let Some(HeadConfig::Mrl { channels, kernel, .. }) = self.config.head else { return 0 };
        let row = self.config.encoder.dim + channels * (kernel + 4);
        bytes(&[rayon::current_num_threads() as u64, pad_to as u64, row as u64, F32])
    }
}

/// See [`Model::afford`].
pub(crate) fn afford(len: usize, what: &'static str, budget: u64, needed: impl Fn(usize) -> u64) -> Result<(), Error> {
    let bytes = needed(len);
    if bytes <= budget {
        return Ok(());
    }
    let fits = longest_that_fits(budget, needed);
    Err(Error::TooLong { len, what, needed: mebibytes(bytes), budget: budget >> 20, fits })
}

/// A product of sizes, saturating.
fn bytes(sizes: &[u64]) -> u64 {
    sizes.iter().fold(1, |product: u64, size| product.saturating_mul(*size))
}
