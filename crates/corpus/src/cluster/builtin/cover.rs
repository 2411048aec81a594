//! From pairs to clusters: greedily, from the longest sequence down.
//!
//! A sequence is settled once all centres it is paired with are. The task that settles the last of them continues with
//! it, so all threads are busy and none waits; the result is that of going through the ranks one by one.

use std::{
    cmp::Reverse,
    sync::atomic::{AtomicU32, Ordering},
};

use rayon::Scope;

use super::{
    super::{Options, Sequences, Verifier},
    pairs::{Pair, Placement},
    rank::Ranked,
};

/// How many ready sequences one task keeps; if it has more, it passes on half.
const HAND_ON: usize = 128;

/// For every rank the rank of its representative.
pub(super) fn cover(
    sequences: &dyn Sequences,
    ranked: &Ranked,
    pairs: &[Pair],
    attempts: usize,
    options: &Options,
) -> Vec<u32> {
    let cover = Cover::new(sequences, ranked, pairs, attempts, options);
    let ready: Vec<u32> =
        (0..ranked.count() as u32).filter(|&rank| cover.waits_for(rank).load(Ordering::Relaxed) == 0).collect();
    rayon::scope(|scope| {
        for ready in ready.chunks(HAND_ON) {
            scope.spawn(|scope| cover.work(ready.to_vec(), scope));
        }
    });
    cover.settled.into_iter().map(|settled| settled.representative.into_inner()).collect()
}

/// The representative of a rank and the placement on it, once known.
struct Settled {
    representative: AtomicU32,
    placement: AtomicU32,
    /// How many ranks must be settled before.
    waits_for: AtomicU32,
}

struct Cover<'a> {
    sequences: &'a dyn Sequences,
    ranked: &'a Ranked,
    pairs: &'a [Pair],
    attempts: usize,
    options: &'a Options,
    /// Where the pairs of each member begin.
    starts: Vec<usize>,
    /// Members by the centres they wait for, and where those of each centre begin.
    waiting: Vec<u32>,
    waiting_starts: Vec<usize>,
    settled: Vec<Settled>,
}

/// A representative to compare with.
#[derive(Clone, Copy)]
struct Target {
    representative: u32,
    placement: Placement,
    votes: u32,
}

/// The buffers of a task, reused for every sequence.
struct Hands<'a> {
    verifier: Verifier<'a>,
    targets: Vec<Target>,
}

impl<'a> Cover<'a> {
    fn new(
        sequences: &'a dyn Sequences,
        ranked: &'a Ranked,
        pairs: &'a [Pair],
        attempts: usize,
        options: &'a Options,
    ) -> Self {
        let count = ranked.count();
        let starts = starts(pairs.iter().map(|pair| pair.member), count);
        let waiting_starts = self::starts(pairs.iter().map(|pair| pair.centre), count);
        let (mut next, mut waiting) = (waiting_starts.clone(), vec![0; pairs.len()]);
        for pair in pairs {
            waiting[next[pair.centre as usize]] = pair.member;
            next[pair.centre as usize] += 1;
        }
        let settled = (0..count as u32).map(|rank| Settled {
            representative: AtomicU32::new(rank),
            placement: AtomicU32::new(Placement::SAME.bits()),
            waits_for: AtomicU32::new(if ranked.repeats_previous(rank) {
                1
            } else {
                (starts[rank as usize + 1] - starts[rank as usize]) as u32
            }),
        });
        let settled = settled.collect();
        Self { sequences, ranked, pairs, attempts, options, starts, waiting, waiting_starts, settled }
    }

    fn waits_for(&self, rank: u32) -> &AtomicU32 {
        &self.settled[rank as usize].waits_for
    }

    /// Settles what is ready, and what becomes ready by that.
    fn work<'s>(&'s self, mut ready: Vec<u32>, scope: &Scope<'s>) {
        let verifier = Verifier::new(self.sequences, self.options, self.ranked.bases() as f64);
        let mut hands = Hands { verifier, targets: Vec::new() };
        while let Some(rank) = ready.pop() {
            let (representative, placement) = self.settle(rank, &mut hands);
            let settled = &self.settled[rank as usize];
            settled.representative.store(representative, Ordering::Relaxed);
            settled.placement.store(placement.bits(), Ordering::Relaxed);
            // Released here and acquired by the task that takes the last of these counts, so that it sees what was
            // stored.
            let mut release = |waiting: u32| {
                if self.waits_for(waiting).fetch_sub(1, Ordering::AcqRel) == 1 {
                    ready.push(waiting);
                }
            };
            let own = self.waiting_starts[rank as usize]..self.waiting_starts[rank as usize + 1];
            self.waiting[own].iter().copied().for_each(&mut release);
            if (rank as usize + 1) < self.settled.len() && self.ranked.repeats_previous(rank + 1) {
                release(rank + 1);
            }
            if ready.len() > HAND_ON {
                let half = ready.split_off(ready.len() / 2);
                scope.spawn(|scope| self.work(half, scope));
            }
        }
    }

    /// The representative of `rank`, which is itself if it resembles none.
    fn settle(&self, rank: u32, hands: &mut Hands<'_>) -> (u32, Placement) {
        if self.ranked.repeats_previous(rank) {
            return self.of(rank - 1);
        }
        self.gather(rank, &mut hands.targets);
        if !hands.targets.is_empty() {
            hands.verifier.set_member(self.ranked.index(rank));
        }
        let resembled = hands.targets.iter().take(self.attempts).find(|target| {
            let (index, placement) = (self.ranked.index(target.representative), target.placement);
            hands.verifier.resembles(index, placement.diagonal() as isize, placement.turned())
        });
        resembled.map_or((rank, Placement::SAME), |target| (target.representative, target.placement))
    }

    fn of(&self, rank: u32) -> (u32, Placement) {
        let settled = &self.settled[rank as usize];
        let placement = Placement::from_bits(settled.placement.load(Ordering::Relaxed));
        (settled.representative.load(Ordering::Relaxed), placement)
    }

    /// The representatives of the centres of `rank`, each once: by votes, most first, then the longest first.
    fn gather(&self, rank: u32, targets: &mut Vec<Target>) {
        let length = self.ranked.length(rank);
        targets.clear();
        targets.extend(self.pairs[self.starts[rank as usize]..self.starts[rank as usize + 1]].iter().map(|pair| {
            let (representative, next) = self.of(pair.centre);
            let placement = pair.placement.then(next, self.ranked.length(pair.centre), length);
            Target { representative, placement, votes: pair.votes }
        }));
        targets.sort_unstable_by_key(|target| (target.representative, Reverse(target.votes), target.placement));
        targets.dedup_by_key(|target| target.representative);
        targets.retain(|target| self.options.lengths_fit(self.ranked.length(target.representative), length));
        targets.sort_unstable_by_key(|target| (Reverse(target.votes), target.representative));
    }
}

/// Where the items with each number begin, in order of their numbers, and where the last end.
fn starts(numbers: impl Iterator<Item = u32>, count: usize) -> Vec<usize> {
    let mut starts = vec![0; count + 1];
    for number in numbers {
        starts[number as usize + 1] += 1;
    }
    for number in 0..count {
        starts[number + 1] += starts[number];
    }
    starts
}
