//! Time of greedy decoding by length: of random maps, half of whose pairs pass the threshold, and of maps like a
//! model's, in which a few pairs per base do.

use divan::Bencher;
use rinalmo_decode::{DecodeOptions, greedy};

/// Bases: a ribosomal domain, and the longest RNA of ArchiveII.
const LENGTHS: [usize; 2] = [500, 2900];

fn main() {
    divan::main();
}

/// Numbers in [0, 1), the same in every run (a 64-bit linear congruential generator).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() * n as f32) as usize).min(n - 1)
    }

    fn sequence(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| b"ACGU"[self.below(4)]).collect()
    }
}

#[divan::bench(args = LENGTHS, max_time = 2)]
fn greedy_of_a_random_map(bencher: Bencher<'_, '_>, len: usize) {
    let mut random = Random(1);
    let sequence = random.sequence(len);
    let map: Vec<f32> = (0..len * len).map(|_| random.next()).collect();
    bencher.bench_local(|| greedy(&map, &sequence, &DecodeOptions::default()).unwrap());
}

#[divan::bench(args = LENGTHS, max_time = 2)]
fn greedy_of_a_sparse_map(bencher: Bencher<'_, '_>, len: usize) {
    let mut random = Random(1);
    let sequence = random.sequence(len);
    let mut map: Vec<f32> = (0..len * len).map(|_| random.next() / 50.0).collect();
    for _ in 0..8 * len {
        map[random.below(len) * len + random.below(len)] = random.next();
    }
    let options = DecodeOptions::default().threshold(0.3);
    bencher.bench_local(|| greedy(&map, &sequence, &options).unwrap());
}
