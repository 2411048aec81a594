//! Bases a second through the embedded engine, and cells a second through its aligner.

use divan::{Bencher, black_box, counter::BytesCount};
use rinalmo_corpus::cluster::{Builtin, Engine, Options, align::Aligner};
use rinalmo_corpus::random::Random as Stream;

fn main() {
    divan::main();
}

/// Random letters.
struct Random(Stream);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.bits() % bound
    }

    fn sequence(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| b"ACGT"[self.below(4) as usize]).collect()
    }

    fn mutated(&mut self, sequence: &[u8], percent: u64) -> Vec<u8> {
        let hit = |random: &mut Self, base: u8| {
            if random.below(100) < percent { b"ACGT"[random.below(4) as usize] } else { base }
        };
        sequence.iter().map(|&base| hit(self, base)).collect()
    }
}

#[divan::bench(args = [1000, 4000, 16_000])]
fn families_of_eight(bencher: Bencher<'_, '_>, count: usize) {
    let mut random = Random(Stream::seeded(1));
    let parents: Vec<Vec<u8>> = (0..count / 8).map(|_| random.sequence(300)).collect();
    let sequences: Vec<Vec<u8>> = (0..count).map(|at| random.mutated(&parents[at / 8], 15)).collect();
    bencher
        .counter(BytesCount::new(count * 300))
        .bench(|| Builtin::default().cluster(black_box(&sequences), &Options::default()));
}

#[divan::bench(args = [100, 400, 1600])]
fn aligned_pair(bencher: Bencher<'_, '_>, length: usize) {
    let mut random = Random(Stream::seeded(2));
    let a: Vec<u8> = random.sequence(length).iter().map(|letter| letter >> 1 & 3).collect();
    let mut b = a.clone();
    (0..length / 6).for_each(|at| b[at * 6] = (b[at * 6] + 1) & 3);
    let mut aligner = Aligner::<32>::default();
    // Bytes stand for cells: two steps a base, 32 cells each.
    bencher.counter(BytesCount::new(length * 64)).bench_local(|| aligner.align(black_box(&a), &b, 0, (length, length)));
}
