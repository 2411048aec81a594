//! Cuts work into batches of bounded size and keeps the input's order.

/// Default tokens in a batch: enough to keep the matrix products busy, and few enough that activations of the widest
/// model stay in tens of megabytes.
pub const DEFAULT_BATCH_TOKENS: usize = 4096;

/// Groups an iterator's items so that a group's total weight stays within `limit`; an item
/// heavier than that gets its own group. At most one item is read ahead.
pub struct Batches<I: Iterator, W> {
    items: std::iter::Peekable<I>,
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
        let first = self.items.next()?;
        let mut total = (self.weigh)(&first);
        let mut batch = vec![first];
        while let Some(item) = self.items.peek() {
            total = total.saturating_add((self.weigh)(item));
            if total > self.limit {
                break;
            }
            batch.extend(self.items.next());
        }
        Some(batch)
    }
}

/// Runs `work` over `items` in batches of similar weight and returns the results in the order
/// of the items. Sorting by weight lets sequences of equal length share attention calls.
pub(crate) fn in_order<T, R>(
    items: &[T],
    limit: usize,
    weigh: impl Fn(&T) -> usize,
    mut work: impl FnMut(&[&T]) -> Vec<R>,
) -> Vec<R> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&i| weigh(&items[i]));
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    for batch in Batches::new(order, limit, |&i: &usize| weigh(&items[i])) {
        let batch_items: Vec<&T> = batch.iter().map(|&i| &items[i]).collect();
        for (i, result) in batch.into_iter().zip(work(&batch_items)) {
            results[i] = Some(result);
        }
    }
    results.into_iter().map(|result| result.expect("`work` returns one result an item")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_stay_within_the_limit_and_keep_order() {
        let batches: Vec<_> = Batches::new([3, 3, 3, 20, 1, 9], 10, |&n: &usize| n).collect();
        assert_eq!(batches, [vec![3, 3, 3], vec![20], vec![1, 9]]);
    }

    #[test]
    fn results_come_back_in_the_order_of_the_items() {
        let items = [5, 1, 9, 2, 2];
        assert_eq!(in_order(&items, 4, |&n| n, |batch| batch.iter().map(|&&n| n * 10).collect()), [50, 10, 90, 20, 20]);
    }
}
