//! Cuts work into batches of bounded size, in the order of the input.

use std::iter::Peekable;

/// Default tokens in a batch: enough to keep the matrix products busy, and few enough that activations of the widest
/// model stay in tens of megabytes.
pub const DEFAULT_BATCH_TOKENS: usize = 4096;

/// Groups an iterator's items so that a group's total weight stays within `limit`; an item
/// heavier than that gets its own group. At most one item is read ahead.
pub struct Batches<I: Iterator, W> {
    items: Peekable<I>,
    weigh: W,
    limit: usize,
}

impl<I: Iterator, W: FnMut(&I::Item) -> usize> Batches<I, W> {
    /// Groups `items`; `weigh` returns an item's weight.
    pub fn new(items: impl IntoIterator<IntoIter = I>, limit: usize, weigh: W) -> Self {
        Self { items: items.into_iter().peekable(), weigh, limit }
    }
}

impl<I: Iterator, W: FnMut(&I::Item) -> usize> Iterator for Batches<I, W> {
    type Item = Vec<I::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        next_batch(&mut self.items, self.limit, &mut self.weigh)
    }
}

/// The next items whose total weight is within `limit`, or a single one that is heavier; `None` at the end.
pub fn next_batch<I: Iterator>(
    items: &mut Peekable<I>,
    limit: usize,
    mut weigh: impl FnMut(&I::Item) -> usize,
) -> Option<Vec<I::Item>> {
    let first = items.next()?;
    let mut total = weigh(&first);
    let mut batch = vec![first];
    while let Some(item) = items.peek() {
        total = total.saturating_add(weigh(item));
        if total > limit {
            break;
        }
        batch.extend(items.next());
    }
    Some(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_stay_within_the_limit_and_keep_order() {
        let batches: Vec<_> = Batches::new([3, 3, 3, 20, 1, 9], 10, |&n: &usize| n).collect();
        assert_eq!(batches, [vec![3, 3, 3], vec![20], vec![1, 9]]);
        assert_eq!(Batches::new([8, 1], 7, |&n: &usize| n).collect::<Vec<_>>(), [[8], [1]]);
        assert_eq!(Batches::new([], 7, |&n: &usize| n).count(), 0, "nothing is no batch");
    }
}
