//! The one way from items to results, for every verb.
//!
//! A [`Verb`] says what is encoded for an item and what becomes of it. The [`Driver`] does the rest: it reads items
//! ahead up to a number of tokens, sorts them by length, cuts them into batches, encodes each batch, checks that the
//! representation is finite, and returns one result for each item, in the order of the items. An item that fails is an
//! error of that item only.

use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use rayon::prelude::*;
use rinalmo_model::{Hidden, Network, Packed};
use rinalmo_seq::alphabet::Token;

use crate::batches::{Batches, next_batch};
use crate::device::Failed;
use crate::memory::mebibytes;
use crate::{Error, Model};

/// Tokens that an item counts as if it was refused before it was encoded: its error takes memory too.
const REFUSED: usize = 2;

/// Bytes of a device's own memory, of which we do not know how much there is, that parts may take together. A part that
/// needs more runs alone.
const DEVICE_MEMORY: u64 = 1 << 30;

/// What is done with items of one kind.
pub(crate) trait Verb: Sync {
    /// What is asked, already checked.
    type Item: Sync;
    /// What is computed for a whole batch, other than the representation.
    type Seen: Sync;
    /// What is kept of one piece of an item.
    type Part: Send;
    /// The result for an item.
    type Output;

    /// Tokens that an item counts as when batches are cut.
    fn tokens(&self, item: &Self::Item) -> usize;

    /// Token sequences that are encoded for an item. They are made one batch at a time.
    fn pieces(&self, _item: &Self::Item) -> usize {
        1
    }

    /// One of these token sequences.
    fn piece(&self, item: &Self::Item, number: usize) -> Vec<Token>;

    /// Runs the network on a batch: the representation `[rows, dim]`, and what else the verb needs of all pieces.
    fn look(&self, network: &dyn Network, batch: &Packed) -> (Hidden<'static>, Self::Seen);

    /// Bytes that [`Verb::part`] takes, if that is more than its result.
    fn memory(&self, _item: &Self::Item) -> u64 {
        0
    }

    /// What is kept of a piece.
    fn part(&self, item: &Self::Item, number: usize, view: &View<'_, Self::Seen>) -> Result<Self::Part, Error>;

    /// The result for an item, from its parts in order.
    fn finish(&self, item: &Self::Item, parts: Vec<Self::Part>) -> Result<Self::Output, Error>;
}

/// One piece in an encoded batch.
pub(crate) struct View<'b, S> {
    /// The number of the piece in the batch.
    pub index: usize,
    /// Its rows in the batch.
    pub span: Range<usize>,
    /// What was computed for the whole batch.
    pub seen: &'b S,
    hidden: &'b Hidden<'static>,
}

impl<'b, S> View<'b, S> {
    /// Its representation, `[tokens, dim]`, which is finite.
    pub fn rows(&self) -> Hidden<'b> {
        self.hidden.rows(self.span.clone())
    }

    /// The representation of the bases, `[len, dim]`, of a piece with `<cls>` and `<eos>`.
    pub fn bases(&self) -> Hidden<'b> {
        self.hidden.rows(self.span.start + 1..self.span.end - 1)
    }
}

/// How much is done at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Tokens of the items that are read before the first of them is encoded. Their results are in memory together.
    pub window: usize,
    /// Tokens that are encoded together.
    pub batch: usize,
    /// Bytes that work on several parts at a time may take.
    pub memory: u64,
}

impl Limits {
    /// Items are encoded in batches of `batch` tokens or, if that is more than `fits`, in smaller ones.
    pub fn new(batch: usize, fits: usize, memory: u64) -> Self {
        Self { window: batch, batch: batch.min(fits).max(1), memory }
    }
}

/// The results of a verb, computed batch by batch as they are asked for. The lower bound of its `size_hint` is the
/// number of results that are already computed.
pub(crate) struct Driver<'m, V: Verb, I: Iterator<Item = Result<V::Item, Error>>> {
    model: &'m Model,
    verb: V,
    limits: Limits,
    items: Peekable<I>,
    ready: IntoIter<Result<V::Output, Error>>,
}

impl<'m, V: Verb, I: Iterator<Item = Result<V::Item, Error>>> Driver<'m, V, I> {
    /// Does `verb` with each of the items, which are checked as they are read.
    pub fn new(model: &'m Model, verb: V, limits: Limits, items: I) -> Self {
        Self { model, verb, limits, items: items.peekable(), ready: Vec::new().into_iter() }
    }

    /// The same for all items at once: they are all read and sorted before the first is encoded.
    ///
    /// # Errors
    /// The first that any item meets.
    pub fn all(mut self) -> Result<Vec<V::Output>, Error> {
        self.limits.window = usize::MAX;
        self.collect()
    }

    /// The results of all items of a window, in their order. Sorting lets sequences of equal length share attention
    /// calls.
    fn run(&self, window: Vec<Result<V::Item, Error>>) -> Vec<Result<V::Output, Error>> {
        let mut order: Vec<(usize, &V::Item)> =
            window.iter().enumerate().filter_map(|(at, item)| Some((at, item.as_ref().ok()?))).collect();
        order.sort_by_key(|(_, item)| self.verb.tokens(item));
        let mut results: Vec<Option<Result<V::Output, Error>>> = window.iter().map(|_| None).collect();
        for batch in Batches::new(order, self.limits.batch, |(_, item)| self.verb.tokens(item)) {
            let items: Vec<&V::Item> = batch.iter().map(|&(_, item)| item).collect();
            for ((at, _), result) in batch.into_iter().zip(self.run_batch(&items)) {
                results[at] = Some(result);
            }
        }
        let of_each = window.into_iter().zip(results);
        of_each.map(|(item, result)| item.and_then(|_| result.expect("every checked item is in one batch"))).collect()
    }

    /// The results of a batch. Its pieces are encoded together, or one pack after the other if an item has many.
    fn run_batch(&self, items: &[&V::Item]) -> Vec<Result<V::Output, Error>> {
        let mut found: Vec<Result<Vec<V::Part>, Error>> = items.iter().map(|_| Ok(Vec::new())).collect();
        let numbers = |at: usize| (0..self.verb.pieces(items[at])).map(move |number| (at, number));
        let pieces = (0..items.len()).flat_map(numbers).map(|(at, number)| {
            let tokens = self.verb.piece(items[at], number);
            Piece { at, number, tokens }
        });
        for pack in Batches::new(pieces, self.limits.batch, |piece: &Piece| piece.tokens.len()) {
            for (piece, part) in pack.iter().zip(self.run_pack(items, &pack)) {
                let of_item = &mut found[piece.at];
                match (&mut *of_item, part) {
                    (Ok(parts), Ok(part)) => parts.push(part),
                    (Ok(_), Err(error)) => *of_item = Err(error),
                    (Err(_), _) => {} // the first error counts
                }
            }
            if found.iter().all(Result::is_err) {
                break;
            }
        }
        items.iter().zip(found).map(|(item, parts)| self.verb.finish(item, parts?)).collect()
    }

    /// Encodes pieces together and returns the part of each.
    fn run_pack(&self, items: &[&V::Item], pack: &[Piece]) -> Vec<Result<V::Part, Error>> {
        let failed = |failed: Failed| pack.iter().map(|_| Err(failed.clone().into())).collect();
        self.parts(items, pack).unwrap_or_else(failed)
    }

    /// The same, with a failed device as one error.
    fn parts(&self, items: &[&V::Item], pack: &[Piece]) -> Result<Vec<Result<V::Part, Error>>, Failed> {
        let packed = Packed::new(pack.iter().map(|piece| &piece.tokens));
        let (hidden, seen) = self.model.ask(|network| self.verb.look(network, &packed))?;
        let witness = self.model.ask(|_| hidden.witness())?;
        let (model, verb) = (self.model, &self.verb); // the rest of `self` stays on this thread
        let width = witness.len() / packed.total().max(1);
        let view = |(index, span): (usize, Range<usize>)| View { index, span, seen: &seen, hidden: &hidden };
        let part = |(piece, view): (&Piece, View<'_, V::Seen>)| {
            model.finite(&witness[view.span.start * width..view.span.end * width])?;
            verb.part(items[piece.at], piece.number, &view)
        };
        let jobs = pack.iter().zip(packed.spans().enumerate().map(view));
        // As many run at a time as fit into memory, also with another device: most of a part's work, energies and
        // decoding, is the CPU's.
        let memory = if model.device.is_cpu() { self.limits.memory } else { self.limits.memory.min(DEVICE_MEMORY) };
        let weigh = |job: &(&Piece, View<'_, V::Seen>)| mebibytes(verb.memory(items[job.0.at])) as usize;
        let groups = Batches::new(jobs, mebibytes(memory) as usize, weigh);
        Ok(groups.flat_map(|group| group.into_par_iter().map(&part).collect::<Vec<_>>()).collect())
    }
}

impl<V: Verb, I: Iterator<Item = Result<V::Item, Error>>> Iterator for Driver<'_, V, I> {
    type Item = Result<V::Output, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.len() == 0 {
            let weigh = |item: &Result<V::Item, Error>| item.as_ref().map_or(REFUSED, |item| self.verb.tokens(item));
            let window = next_batch(&mut self.items, self.limits.window, weigh)?;
            self.ready = self.run(window).into_iter();
        }
        self.ready.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.ready.len(), None)
    }
}

/// A token sequence of the item at `at` in its batch.
struct Piece {
    at: usize,
    number: usize,
    tokens: Vec<Token>,
}
