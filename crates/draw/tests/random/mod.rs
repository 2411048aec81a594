//! Random structures, for tests and benches.

use rinalmo_seq::Structure;

/// Stems of 3 to 9 pairs around 1 to 4 others or a hairpin loop, as in ribosomal RNA; the same for the same seed.
pub fn structure(len: usize, seed: u64) -> Structure {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut pairs = Vec::new();
    let mut open = vec![(0, len)];
    while let Some((mut from, mut to)) = open.pop() {
        from += random.usize(0..4);
        to = to.saturating_sub(random.usize(0..4));
        let pairs_of_stem = random.usize(3..10);
        if to < from + 2 * pairs_of_stem + 4 {
            continue;
        }
        pairs.extend((0..pairs_of_stem).map(|n| (from + n, to - 1 - n)));
        (from, to) = (from + pairs_of_stem, to - pairs_of_stem);
        let parts = random.usize(1..5);
        let size = (to - from) / parts;
        open.extend((0..parts).map(|part| (from + part * size, from + (part + 1) * size)));
    }
    Structure::new(len, pairs).expect("all pairs are within the sequence")
}
