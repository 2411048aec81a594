//! Embeddings: the encoder's representation of tokens, their mean, `<cls>`, masked-language
//! logits and attention weights.

mod vectors;

use std::ops::Range;

use rinalmo_model::{Attentions, Hidden, Network, Packed, VOCABULARY};
use rinalmo_seq::alphabet::Token;
use rinalmo_seq::tokenizer::tokenize;

use crate::batches::DEFAULT_BATCH_TOKENS;
use crate::driver::{Driver, Limits, Verb, View};
use crate::setters::limits;
use crate::{Error, Model};
use rinalmo_sink::{Array, ArrayKind};
use vectors::{Pooled, Rows, Vectors};

/// The longest sequence of pre-training, in bases.
pub const TRAINED_LENGTH: usize = 1022;

/// Overlapping windows for long sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Bases in a window.
    pub len: usize,
    /// Bases that neighbouring windows share; less than `len`.
    pub overlap: usize,
}

/// What to embed, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EmbedOptions {
    /// The arrays to return for each sequence.
    pub include: Vec<ArrayKind>,
    /// Cut sequences longer than a window into windows and average where they overlap. Without
    /// it a sequence of any length is encoded at once.
    pub window: Option<Window>,
    /// Bytes that a batch's intermediate and final results may take; by default the limit of
    /// [`LoadOptions`](crate::LoadOptions), or most of the free memory.
    pub max_memory: Option<u64>,
    /// Tokens encoded at a time.
    pub batch_tokens: usize,
}

impl Default for EmbedOptions {
    fn default() -> Self {
        Self { include: vec![ArrayKind::Tokens], window: None, max_memory: None, batch_tokens: DEFAULT_BATCH_TOKENS }
    }
}

limits!(EmbedOptions);

impl EmbedOptions {
    /// Sets [`EmbedOptions::include`].
    #[must_use]
    pub fn include(mut self, kinds: impl IntoIterator<Item = ArrayKind>) -> Self {
        self.include = kinds.into_iter().collect();
        self
    }

    /// Sets [`EmbedOptions::window`].
    #[must_use]
    pub fn window(mut self, window: impl Into<Option<Window>>) -> Self {
        self.window = window.into();
        self
    }

    fn wants(&self, kind: ArrayKind) -> bool {
        self.include.contains(&kind)
    }
}

/// The arrays of one sequence, in the order of [`EmbedOptions::include`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Embedding {
    /// The arrays.
    pub arrays: Vec<Array>,
    /// Was the sequence cut into windows?
    pub windowed: bool,
}

impl Embedding {
    /// The array of this kind, if it was asked for.
    pub fn get(&self, kind: ArrayKind) -> Option<&Array> {
        self.arrays.iter().find(|array| array.kind == kind)
    }
}

/// What is computed of a batch: its masked-language logits, `[rows, vocabulary]`, and its attention maps, if asked for;
/// and pooled vectors, if those of the tokens stay on another device.
struct Looked {
    logits: Option<Vec<f32>>,
    maps: Attentions,
    pooled: Option<Pooled>,
}

/// What is computed of a window.
struct Part {
    vectors: Vectors,
    logits: Option<Rows>,
    attentions: Option<Array>,
}

/// The arrays of sequences, which are given as their tokens.
struct Embed<'m> {
    model: &'m Model,
    options: EmbedOptions,
}

/// A sequence, with the ranges of its tokens that are encoded each at once.
struct Cut {
    tokens: Vec<Token>,
    windows: Vec<Range<usize>>,
}

impl Verb for Embed<'_> {
    type Item = Cut;
    type Seen = Looked;
    type Part = Part;
    type Output = Embedding;

    fn tokens(&self, cut: &Cut) -> usize {
        cut.tokens.len()
    }

    fn pieces(&self, cut: &Cut) -> usize {
        cut.windows.len()
    }

    fn piece(&self, cut: &Cut, number: usize) -> Vec<Token> {
        cut.tokens[cut.windows[number].clone()].to_vec()
    }

    fn look(&self, network: &dyn Network, batch: &Packed) -> (Hidden<'static>, Looked) {
        let (hidden, maps) = if self.options.wants(ArrayKind::Attentions) {
            network.encode_with_attentions(batch)
        } else {
            (network.encode(batch), Vec::new())
        };
        let logits = self.options.wants(ArrayKind::Logits).then(|| network.token_logits(&hidden));
        // Windows are averaged row by row.
        let all = self.options.wants(ArrayKind::Tokens) || self.options.window.is_some();
        let hidden = if all { hidden.fetched() } else { hidden };
        let pooled = hidden.in_memory().is_none().then(|| Pooled::of(&hidden, batch));
        (hidden, Looked { logits, maps, pooled })
    }

    fn part(&self, _cut: &Cut, _number: usize, view: &View<'_, Looked>) -> Result<Part, Error> {
        let encoder = &self.model.config.encoder;
        let span = view.span.start * VOCABULARY..view.span.end * VOCABULARY;
        let logits = view.seen.logits.as_ref().map(|all| Rows { width: VOCABULARY, data: all[span].to_vec() });
        let attentions = self
            .options
            .wants(ArrayKind::Attentions)
            .then(|| attention_maps(&view.seen.maps, view.index, encoder.heads));
        let vectors = match &view.seen.pooled {
            Some(pooled) => Vectors::Pooled(pooled.of_sequence(view.index, encoder.dim)),
            None => Vectors::Tokens(Rows { width: encoder.dim, data: view.rows().values().into_owned() }),
        };
        Ok(Part { vectors, logits, attentions })
    }

    fn finish(&self, cut: &Cut, mut parts: Vec<Part>) -> Result<Embedding, Error> {
        let windows = &cut.windows;
        let mut attentions = parts.iter_mut().find_map(|part| part.attentions.take()); // there are no windows then
        let (vectors, logits): (Vec<Vectors>, Vec<Option<Rows>>) =
            parts.into_iter().map(|part| (part.vectors, part.logits)).unzip();
        let logits: Option<Vec<Rows>> = logits.into_iter().collect();
        let vectors = Vectors::join(windows, vectors);
        let logits = logits.map(|logits| Rows::average(windows, logits));
        let mut found = Embedding { arrays: Vec::new(), windowed: windows.len() > 1 };
        for &kind in &self.options.include {
            let maps = attentions.take_if(|maps| maps.kind == kind);
            let array = maps.or_else(|| found.get(kind).cloned());
            let array = array.unwrap_or_else(|| vectors.array(kind, logits.as_ref()));
            self.model.finite(&array.data)?;
            found.arrays.push(array);
        }
        Ok(found)
    }
}

impl Model {
    /// Embeds sequences, in their order.
    ///
    /// # Errors
    /// The first that any sequence meets; see [`Model::embeddings`] to continue with the others.
    pub fn embed<I>(&self, sequences: I, options: &EmbedOptions) -> Result<Vec<Embedding>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.drive_embeddings(sequences, options)?.all()
    }

    /// Embeds sequences as they come, in batches of [`Model::embed_batch_tokens`] tokens: each has its own result, in
    /// their order. Only one batch is in memory, and at most one sequence is read ahead of it. The lower bound of the
    /// iterator's `size_hint` is the number of results that are already computed.
    ///
    /// # Errors
    /// [`Error::NoHead`] if logits are asked of a model without a masked-language head,
    /// [`Error::Options`] for invalid windows. Of a single sequence:
    /// [`Error::EmptySequence`], [`Error::TooLongForPositions`], [`Error::TooLong`].
    pub fn embeddings<'m, I>(
        &'m self,
        sequences: I,
        options: &EmbedOptions,
    ) -> Result<impl Iterator<Item = Result<Embedding, Error>> + use<'m, I>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.drive_embeddings(sequences, options)
    }

    fn drive_embeddings<'m, I>(
        &'m self,
        sequences: I,
        options: &EmbedOptions,
    ) -> Result<Driver<'m, Embed<'m>, impl Iterator<Item = Result<Cut, Error>> + use<'m, I>>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.check_embed(options)?;
        let options = options.clone();
        let limits = Limits::new(self.embed_batch_tokens(&options), usize::MAX, self.budget(options.max_memory));
        let verb = Embed { model: self, options: options.clone() };
        let checked = move |sequence: I::Item| {
            let len = sequence.as_ref().len();
            self.check_len(len.min(window_len(&options)))?;
            self.afford(len, purpose(&options), limits.memory, |len| self.embed_memory(len, &options))?;
            Ok(Cut { tokens: tokenize(sequence.as_ref()), windows: windows_of(len, options.window) })
        };
        Ok(Driver::new(self, verb, limits, sequences.into_iter().map(checked)))
    }

    fn check_embed(&self, options: &EmbedOptions) -> Result<(), Error> {
        if options.wants(ArrayKind::Logits) && !self.config.mlm {
            return Err(self.lacks("masked-language"));
        }
        if options.wants(ArrayKind::Attentions) && self.config.encoder.blocks == 0 {
            return Err(Error::Options("the model's encoder has no blocks, so it has no attention weights".into()));
        }
        if let Some(Window { len, overlap }) = options.window {
            if overlap >= len {
                return Err(Error::Options(format!("windows of {len} nt cannot overlap by {overlap} nt")));
            }
            if options.wants(ArrayKind::Attentions) {
                return Err(Error::Options("attention weights cannot be averaged over windows".into()));
            }
        }
        Ok(())
    }
}

/// What takes most of the memory, for messages.
fn purpose(options: &EmbedOptions) -> &'static str {
    if options.wants(ArrayKind::Attentions) { "its attention maps" } else { "its vectors" }
}

/// The longest stretch that is encoded at once.
fn window_len(options: &EmbedOptions) -> usize {
    options.window.map_or(usize::MAX, |window| window.len)
}

/// Cuts a sequence of `bases` into windows, as ranges of its tokens. Only the first has `<cls>` and only the last has
/// `<eos>`, as in the crops of pre-training.
fn windows_of(bases: usize, window: Option<Window>) -> Vec<Range<usize>> {
    let tokens = bases + 2;
    let Some(Window { len, overlap }) = window.filter(|window| bases > window.len) else {
        return Vec::from_iter(std::iter::once(0..tokens));
    };
    let step = len - overlap;
    let windows = 1 + (bases - len).div_ceil(step);
    let window = |w: usize| {
        let base = (w * step).min(bases - len); // the last window is moved back to be full
        let start = if w == 0 { 0 } else { base + 1 };
        let end = if w == windows - 1 { tokens } else { base + len + 1 };
        start..end
    };
    (0..windows).map(window).collect()
}

/// Every block's map of one sequence, as `[blocks, heads, len + 2, len + 2]`.
fn attention_maps(maps: &[Vec<Vec<f32>>], sequence: usize, heads: usize) -> Array {
    let data: Vec<f32> = maps.iter().flat_map(|block| &block[sequence]).copied().collect();
    let tokens = (data.len() / maps.len() / heads).isqrt();
    Array::new(ArrayKind::Attentions, vec![maps.len(), heads, tokens, tokens], data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_everything_and_are_all_full() {
        let windows = |window: Option<Window>| windows_of(25, window);
        assert_eq!(windows(Some(Window { len: 10, overlap: 4 })), [0..11, 7..17, 13..23, 16..27]);
        assert_eq!(windows(Some(Window { len: 25, overlap: 0 })).len(), 1);
        assert_eq!((windows(None).len(), windows(None)[0].clone()), (1, 0..27));
    }
}
