//! Embeddings: the encoder's representation of tokens, their mean, `<cls>`, masked-language
//! logits and attention weights.

use rinalmo_model::{Packed, VOCABULARY};
use rinalmo_seq::tokenizer::tokenize;

use crate::batches::{DEFAULT_BATCH_TOKENS, in_order};
use crate::{Error, Model};
use rinalmo_sink::{Array, ArrayKind};

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

impl EmbedOptions {
    fn wants(&self, kind: ArrayKind) -> bool {
        self.include.contains(&kind)
    }
}

/// The arrays of one sequence, in the order of [`EmbedOptions::include`].
#[derive(Clone, Debug, Default, PartialEq)]
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

/// Rows of one sequence: every token's vector or logits, special tokens included.
struct Rows {
    width: usize,
    data: Vec<f32>,
}

impl Rows {
    fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.width..(i + 1) * self.width]
    }

    fn count(&self) -> usize {
        self.data.len() / self.width
    }

    /// The rows of the bases, without `<cls>` and `<eos>`.
    fn bases(&self) -> &[f32] {
        &self.data[self.width..self.data.len() - self.width]
    }
}

impl Model {
    /// Embeds sequences, in their order.
    ///
    /// # Errors
    /// The first that any sequence meets; see [`Model::embed_each`] to continue with the others.
    pub fn embed<S: AsRef<[u8]>>(&self, sequences: &[S], options: &EmbedOptions) -> Result<Vec<Embedding>, Error> {
        self.embed_each(sequences, options)?.into_iter().collect()
    }

    /// Embeds sequences, each with its own result.
    ///
    /// # Errors
    /// [`Error::NoHead`] if logits are asked of a model without a masked-language head,
    /// [`Error::Options`] for invalid windows. Of a single sequence:
    /// [`Error::EmptySequence`], [`Error::TooLongForPositions`], [`Error::TooLong`].
    pub fn embed_each<S: AsRef<[u8]>>(
        &self,
        sequences: &[S],
        options: &EmbedOptions,
    ) -> Result<Vec<Result<Embedding, Error>>, Error> {
        self.check_embed(options)?;
        let weigh = |sequence: &&[u8]| sequence.len() + 2;
        let sequences: Vec<&[u8]> = sequences.iter().map(AsRef::as_ref).collect();
        Ok(in_order(&sequences, self.embed_batch_tokens(options), weigh, |batch| self.embed_batch(batch, options)))
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

    fn embed_batch(&self, batch: &[&&[u8]], options: &EmbedOptions) -> Vec<Result<Embedding, Error>> {
        let windows = |sequence: &[u8]| windows_of(sequence, options.window);
        let budget = self.budget(options.max_memory);
        let check = |len: usize| {
            self.check_len(len.min(window_len(options)))?;
            self.afford(len, purpose(options), budget, |len| self.embed_memory(len, options))
        };
        let checked: Vec<Result<(), Error>> = batch.iter().map(|sequence| check(sequence.len())).collect();
        let pieces: Vec<Vec<Piece>> = batch
            .iter()
            .zip(&checked)
            .map(|(sequence, ok)| if ok.is_ok() { windows(sequence) } else { Vec::new() })
            .collect();
        let packed = Packed::new(pieces.iter().flatten().map(|piece| &piece.tokens));
        if packed.total() == 0 {
            return checked.into_iter().map(|ok| ok.map(|()| Embedding::default())).collect();
        }
        let asked = self.ask(|network| {
            let (hidden, maps) = if options.wants(ArrayKind::Attentions) {
                network.encode_with_attentions(&packed)
            } else {
                (network.encode(&packed), Vec::new())
            };
            let logits = options.wants(ArrayKind::Logits).then(|| network.token_logits(&hidden));
            (hidden, maps, logits)
        });
        let (hidden, maps, logits) = match asked {
            Ok(found) => found,
            Err(failed) => return checked.into_iter().map(|ok| ok.and(Err(failed.clone().into()))).collect(),
        };

        let spans: Vec<_> = packed.spans().collect();
        let mut first = 0;
        checked
            .into_iter()
            .zip(&pieces)
            .map(|(ok, pieces)| {
                let of_sequence = first..first + pieces.len();
                first = of_sequence.end;
                ok?;
                let join = |rows: &[f32], width: usize| {
                    let part = |i: usize| rows[spans[i].start * width..spans[i].end * width].to_vec();
                    average(pieces, of_sequence.clone().map(|i| Rows { width, data: part(i) }).collect())
                };
                let hidden = join(&hidden, self.config.encoder.dim);
                let logits = logits.as_ref().map(|logits| join(logits, VOCABULARY));
                let attentions = || attention_maps(&maps, of_sequence.start, self.config.encoder.heads);
                self.finite(&hidden.data)?;
                let arrays: Vec<Array> =
                    options.include.iter().map(|&kind| pick(kind, &hidden, logits.as_ref(), attentions)).collect();
                arrays.iter().try_for_each(|array| self.finite(&array.data))?;
                Ok(Embedding { arrays, windowed: pieces.len() > 1 })
            })
            .collect()
    }

    /// The masked-language logits of every token of a batch, `[rows, vocabulary]`.
    pub(crate) fn token_logits(&self, packed: &Packed) -> Result<Vec<f32>, Error> {
        if !self.config.mlm {
            return Err(self.lacks("masked-language"));
        }
        let (hidden, logits) = self.ask(|network| {
            let hidden = network.encode(packed);
            let logits = network.token_logits(&hidden);
            (hidden, logits)
        })?;
        self.finite(&hidden)?;
        self.finite(&logits).map(|()| logits)
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

/// A stretch of a sequence's tokens, starting at its token `start`.
struct Piece {
    start: usize,
    tokens: Vec<rinalmo_seq::alphabet::Token>,
}

/// Cuts a sequence into windows. Only the first has `<cls>` and only the last has `<eos>`, as
/// in the crops of pre-training.
fn windows_of(sequence: &[u8], window: Option<Window>) -> Vec<Piece> {
    let tokens = tokenize(sequence);
    let Some(Window { len, overlap }) = window.filter(|window| sequence.len() > window.len) else {
        return vec![Piece { start: 0, tokens }];
    };
    let step = len - overlap;
    let windows = 1 + (sequence.len() - len).div_ceil(step);
    (0..windows)
        .map(|w| {
            let base = (w * step).min(sequence.len() - len); // the last window is moved back to be full
            let start = if w == 0 { 0 } else { base + 1 };
            let end = if w == windows - 1 { tokens.len() } else { base + len + 1 };
            Piece { start, tokens: tokens[start..end].to_vec() }
        })
        .collect()
}

/// Joins the rows of the pieces again and averages those that overlap.
fn average(pieces: &[Piece], mut parts: Vec<Rows>) -> Rows {
    if parts.len() == 1 {
        return parts.swap_remove(0);
    }
    let width = parts[0].width;
    let total = pieces.iter().map(|piece| piece.start + piece.tokens.len()).max().unwrap_or(0);
    let mut data = vec![0.0; total * width];
    let mut seen = vec![0_u32; total];
    for (piece, part) in pieces.iter().zip(&parts) {
        for i in 0..part.count() {
            let token = piece.start + i;
            seen[token] += 1;
            data[token * width..(token + 1) * width].iter_mut().zip(part.row(i)).for_each(|(sum, x)| *sum += x);
        }
    }
    for (row, &count) in data.chunks_exact_mut(width).zip(&seen) {
        row.iter_mut().for_each(|sum| *sum /= count as f32);
    }
    Rows { width, data }
}

fn pick(kind: ArrayKind, hidden: &Rows, logits: Option<&Rows>, attentions: impl Fn() -> Array) -> Array {
    let len = hidden.count() - 2;
    let bases = |rows: &Rows| (vec![len, rows.width], rows.bases().to_vec());
    let (shape, data) = match kind {
        ArrayKind::Tokens => bases(hidden),
        ArrayKind::Mean => (vec![hidden.width], mean(hidden)),
        ArrayKind::Cls => (vec![hidden.width], hidden.row(0).to_vec()),
        ArrayKind::Attentions => return attentions(),
        _ => bases(logits.expect("logits were computed if asked for")),
    };
    Array { kind, shape, data }
}

/// Mean over the bases.
fn mean(hidden: &Rows) -> Vec<f32> {
    let mut sums = vec![0.0_f64; hidden.width];
    for row in hidden.bases().chunks_exact(hidden.width) {
        sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    let len = (hidden.count() - 2) as f64;
    sums.into_iter().map(|sum| (sum / len) as f32).collect()
}

/// Every block's map of one sequence, as `[blocks, heads, len + 2, len + 2]`.
fn attention_maps(maps: &[Vec<Vec<f32>>], sequence: usize, heads: usize) -> Array {
    let data: Vec<f32> = maps.iter().flat_map(|block| &block[sequence]).copied().collect();
    let tokens = (data.len() / maps.len() / heads).isqrt();
    Array { kind: ArrayKind::Attentions, shape: vec![maps.len(), heads, tokens, tokens], data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_everything_and_are_all_full() {
        let sequence = vec![b'A'; 25];
        let pieces = windows_of(&sequence, Some(Window { len: 10, overlap: 4 }));
        let spans: Vec<_> = pieces.iter().map(|p| (p.start, p.start + p.tokens.len())).collect();
        assert_eq!(spans, [(0, 11), (7, 17), (13, 23), (16, 27)]);
        assert_eq!(windows_of(&sequence, Some(Window { len: 25, overlap: 0 })).len(), 1);
        assert_eq!(windows_of(&sequence, None)[0].tokens.len(), 27);
    }

    #[test]
    fn overlaps_are_averaged() {
        let pieces = [Piece { start: 0, tokens: vec![0; 3] }, Piece { start: 1, tokens: vec![0; 3] }];
        let parts = vec![Rows { width: 1, data: vec![1.0, 2.0, 3.0] }, Rows { width: 1, data: vec![4.0, 5.0, 6.0] }];
        assert_eq!(average(&pieces, parts).data, [1.0, 3.0, 4.0, 6.0]);
    }
}
