//! Time of the ensemble and of the minimum free energy of a random sequence: bases per second (`item/s`), by length.

use divan::Bencher;
use divan::counter::ItemsCount;
use rinalmo_energy::{EnergyModel, Ensemble};

fn main() {
    divan::main();
}

/// A random sequence, the same in every run.
fn sequence(len: usize) -> Vec<u8> {
    let mut state: u64 = 20261205;
    let mut letter = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        b"ACGU"[(state >> 62) as usize]
    };
    (0..len).map(|_| letter()).collect()
}

#[divan::bench(args = [50, 100, 200, 500, 1500, 3000], max_time = 3)]
fn ensemble(bencher: Bencher<'_, '_>, len: usize) {
    let sequence = sequence(len);
    bencher.counter(ItemsCount::new(len)).bench_local(|| Ensemble::new(&sequence));
}

#[divan::bench(args = [50, 100, 200, 500, 1500, 3000], max_time = 3)]
fn mfe(bencher: Bencher<'_, '_>, len: usize) {
    let (sequence, model) = (sequence(len), EnergyModel::turner2004());
    bencher.counter(ItemsCount::new(len)).bench_local(|| model.mfe(&sequence));
}
