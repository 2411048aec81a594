//! The verb of folding: a map of all pairs of each sequence, and what is done with it.

use std::marker::PhantomData;

use rinalmo_energy::{Deigan, Restraints};
use rinalmo_model::{Hidden, Network, Packed};
use rinalmo_seq::alphabet::Token;
use rinalmo_seq::labelled::structures::Item;
use rinalmo_seq::tokenizer::tokenize;

use super::{FoldOptions, FoldRequest};
use crate::driver::{Driver, Limits, Verb, View};
use crate::{Error, Model};

/// An item with a sequence.
pub(super) trait HasBases: Sync {
    fn bases(&self) -> &[u8];

    /// Energies of bases in stacks, if the item has reactivities that say so.
    fn stacked(&self, _reactivity: Deigan) -> Option<Vec<f32>> {
        None
    }
}

impl HasBases for FoldRequest<'_> {
    fn bases(&self) -> &[u8] {
        &self.sequence
    }

    fn stacked(&self, reactivity: Deigan) -> Option<Vec<f32>> {
        FoldRequest::stacked(self, reactivity)
    }
}

impl HasBases for &Item {
    fn bases(&self) -> &[u8] {
        &self.sequence
    }
}

impl HasBases for &[u8] {
    fn bases(&self) -> &[u8] {
        self
    }
}

/// The map of pairs of each item, and what is done with it.
pub(super) struct Pairs<'m, T, F> {
    model: &'m Model,
    options: FoldOptions,
    budget: u64,
    /// Turns the head's map of an item, `[len, len]`, into its result.
    run: F,
    items: PhantomData<fn(&T)>,
}

impl<'m, T: HasBases, R: Send, F: Fn(&T, Vec<f32>) -> Result<R, Error> + Sync> Pairs<'m, T, F> {
    /// Asks the model for the map of each item, and gives it to `run`.
    pub fn drive<I: Iterator<Item = Result<T, Error>>>(
        model: &'m Model,
        options: FoldOptions,
        limits: Limits,
        items: I,
        run: F,
    ) -> PairDriver<'m, T, F, I> {
        Driver::new(model, Self { model, options, budget: limits.memory, run, items: PhantomData }, limits, items)
    }
}

impl<T: HasBases, R: Send, F: Fn(&T, Vec<f32>) -> Result<R, Error> + Sync> Verb for Pairs<'_, T, F> {
    type Item = T;
    type Seen = ();
    type Part = R;
    type Output = R;

    fn tokens(&self, item: &T) -> usize {
        item.bases().len() + 2
    }

    fn piece(&self, item: &T, _number: usize) -> Vec<Token> {
        tokenize(item.bases())
    }

    fn look(&self, network: &dyn Network, batch: &Packed) -> (Hidden<'static>, ()) {
        (network.encode(batch), ())
    }

    fn memory(&self, item: &T) -> u64 {
        self.model.fold_memory_with(item.bases().len(), &self.options, self.budget)
    }

    fn part(&self, item: &T, _number: usize, view: &View<'_, ()>) -> Result<R, Error> {
        let stacked = item.stacked(self.model.reactivity(&self.options));
        let restraints = Restraints::default().stacked(stacked.as_deref());
        let map = self.model.ask(|network| network.pair_map(&view.bases(), item.bases(), restraints))?;
        self.model.finite(&map)?;
        (self.run)(item, map)
    }

    fn finish(&self, _item: &T, mut parts: Vec<R>) -> Result<R, Error> {
        Ok(parts.remove(0))
    }
}

/// A driver of [`Pairs`].
pub(super) type PairDriver<'m, T, F, I> = Driver<'m, Pairs<'m, T, F>, I>;
