//! The order of labelled items: all of them once per epoch, shuffled by seed and epoch, in batches that are distributed
//! over the processes of a run.

use rinalmo_corpus::random::Random;
use rinalmo_corpus::sample::Position;

use crate::{Error, Share};

/// Key of this random stream, which separates it from others of the same seed. An arbitrary number.
const PURPOSE: u64 = 0x5b0e_17ab;

/// The numbers below `count`, shuffled by `seed`, for callers that choose some of them.
pub fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    mixed(count, Random::keyed([seed, PURPOSE]))
}

fn mixed(count: usize, mut random: Random) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    random.shuffle(&mut order);
    order
}

/// Items, by index, in a new order each epoch.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    items: usize,
    batch: usize,
    seed: u64,
    share: Share,
}

impl Order {
    /// Batches of `batch` items; the last one of an epoch may be smaller. Every process has the same number of batches;
    /// the few that cannot be divided are left out of that epoch.
    ///
    /// # Errors
    /// If there are fewer batches than processes.
    pub(crate) fn new(items: usize, batch: usize, seed: u64, share: Share) -> Result<Self, Error> {
        if batch == 0 {
            return Err(Error::Options("data.batch = 0, expected at least one item per batch".into()));
        }
        let order = Self { items, batch, seed, share };
        match order.batches() {
            0 if items == 0 => Err(Error::Options("there is nothing to train with".into())),
            0 => Err(Error::Options(format!(
                "{items} items in batches of {batch} are too few for {} processes",
                share.ranks
            ))),
            _ => Ok(order),
        }
    }

    /// Batches of this process per epoch.
    pub(crate) fn batches(&self) -> usize {
        self.items.div_ceil(self.batch) / self.share.ranks
    }

    /// An epoch's order.
    fn epoch(&self, epoch: u64) -> Vec<usize> {
        mixed(self.items, Random::keyed([self.seed, PURPOSE, epoch]))
    }

    /// All batches from a position on, without end.
    pub(crate) fn from(&self, from: Position) -> impl Iterator<Item = (Position, Vec<usize>)> + use<> {
        let (whole, batches) = (self.clone(), self.batches());
        let begin = Position { epoch: from.epoch + (from.step / batches) as u64, step: from.step % batches };
        let mut order = (begin.epoch, whole.epoch(begin.epoch));
        let places = (begin.epoch..).flat_map(move |epoch| {
            let first = if epoch == begin.epoch { begin.step } else { 0 };
            (first..batches).map(move |step| Position { epoch, step })
        });
        places.map(move |at| {
            if order.0 != at.epoch {
                order = (at.epoch, whole.epoch(at.epoch));
            }
            let place = at.step * whole.share.ranks + whole.share.rank;
            let items = order.1.iter().skip(place * whole.batch).take(whole.batch).copied().collect();
            (at, items)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(order: &Order, from: Position, count: usize) -> Vec<(Position, Vec<usize>)> {
        order.from(from).take(count).collect()
    }

    #[test]
    fn an_epoch_has_every_item_once_and_another_order_than_the_next() {
        let order = Order::new(10, 3, 1, Share::default()).unwrap();
        let epochs = take(&order, Position { epoch: 0, step: 0 }, 8);
        let items =
            |part: &[(Position, Vec<usize>)]| part.iter().flat_map(|(_, items)| items.clone()).collect::<Vec<_>>();
        let (first, second) = (items(&epochs[..4]), items(&epochs[4..]));
        assert_ne!(first, second);
        for mut epoch in [first, second] {
            epoch.sort_unstable();
            assert_eq!(epoch, (0..10).collect::<Vec<_>>());
        }
        assert_eq!(epochs[4].0, Position { epoch: 1, step: 0 });
    }

    #[test]
    fn it_continues_anywhere_as_if_it_had_not_stopped() {
        let order = Order::new(10, 3, 1, Share::default()).unwrap();
        let all = take(&order, Position { epoch: 0, step: 0 }, 12);
        assert_eq!(take(&order, Position { epoch: 1, step: 1 }, 7), all[5..]);
        assert_eq!(take(&order, Position { epoch: 0, step: 4 }, 8), all[4..]); // one past an epoch's last
    }

    #[test]
    fn processes_split_an_epoch_without_overlap() {
        let ranks = [0, 1].map(|rank| Order::new(11, 2, 7, Share { rank, ranks: 2 }).unwrap());
        assert_eq!(ranks.each_ref().map(Order::batches), [3, 3]);
        let mut seen: Vec<usize> = ranks
            .iter()
            .flat_map(|order| take(order, Position { epoch: 0, step: 0 }, 3).into_iter().flat_map(|(_, items)| items))
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..11).collect::<Vec<_>>());
        assert!(Order::new(1, 2, 7, Share { rank: 0, ranks: 2 }).is_err());
    }
}
