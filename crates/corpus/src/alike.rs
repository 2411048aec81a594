//! Clusters of items: those given by their data, or those of similar sequences.

use std::collections::HashMap;
use std::hash::Hash;

use rinalmo_seq::alphabet::spelled;

use crate::Error;
use crate::cluster::{Builtin, Engine, Options};

/// The cluster of every item, numbered from 0 in their order. Items with the same given key are in one cluster. If some
/// items have no key, sequences of 80 % identity over 80 % of both (as in `corpus structures`) are joined as well.
///
/// # Errors
/// The sequences could not be clustered.
pub fn clusters<T>(
    items: &[T],
    sequence: impl Fn(&T) -> &[u8],
    known: impl Fn(&T) -> Option<u64>,
) -> Result<Vec<usize>, Error> {
    let mut joined = Joined::new(items.len());
    joined.same(items.iter().map(&known));
    if items.iter().any(|item| known(item).is_none()) {
        let letters: Vec<Vec<u8>> = items.iter().map(|item| spelled(sequence(item))).collect();
        joined.same(letters.iter().map(Some)); // short ones have too few letters for the engine
        let options = Options { identity: 0.8, ..Options::default() };
        let found = Builtin::default().cluster(&letters, &options)?;
        (0..letters.len()).for_each(|number| joined.join(number, found.representative(number)));
    }
    Ok(joined.numbers())
}

/// Sets that grow together (union-find).
struct Joined(Vec<usize>);

impl Joined {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut number: usize) -> usize {
        while self.0[number] != number {
            self.0[number] = self.0[self.0[number]];
            number = self.0[number];
        }
        number
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }

    /// Joins those of the same key.
    fn same<K: Hash + Eq>(&mut self, keys: impl Iterator<Item = Option<K>>) {
        let mut first = HashMap::new();
        for (number, key) in keys.enumerate() {
            let Some(key) = key else { continue };
            let one = *first.entry(key).or_insert(number);
            self.join(one, number);
        }
    }

    fn numbers(mut self) -> Vec<usize> {
        let mut known = HashMap::new();
        (0..self.0.len())
            .map(|number| {
                let (root, next) = (self.root(number), known.len());
                *known.entry(root).or_insert(next)
            })
            .collect()
    }
}
