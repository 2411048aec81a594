//! Time of attention: operations per second (`item/s`, only the two matrix products), by level, model and lengths.

use divan::Bencher;
use divan::counter::ItemsCount;
use rinalmo_kernels::Level;
use rinalmo_kernels::attention::{Heads, attend};
use rinalmo_kernels::linear::Precision;
use rinalmo_kernels::rope::Table;

/// Name, width (20 heads), sequences and their length, as in the encoder's benches.
const CASES: [(&str, usize, usize, usize); 5] = [
    ("giga", 1280, 2, 512),
    ("giga", 1280, 1, 1022),
    ("mega", 640, 4, 256),
    ("micro", 480, 8, 128),
    ("nano", 320, 32, 100),
];
const HEADS: usize = 20;

fn main() {
    divan::main();
}

/// A level, a precision and a row of [`CASES`], as divan prints them.
#[derive(Clone, Copy)]
struct Case(Level, Precision, (&'static str, usize, usize, usize));

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(level, precision, (name, _, sequences, len)) = self;
        write!(f, "{level}, {precision:?}, {name} {sequences} x {len}")
    }
}

fn cases() -> Vec<Case> {
    let precisions = |level: Level| {
        if level.has_bf16() { vec![Precision::F32, Precision::Bf16] } else { vec![Precision::F32] }
    };
    let pairs = Level::available().into_iter().flat_map(|level| precisions(level).into_iter().map(move |p| (level, p)));
    pairs.flat_map(|(level, precision)| CASES.map(|case| Case(level, precision, case))).collect()
}

#[divan::bench(args = cases(), max_time = 1)]
fn all_heads(bencher: Bencher<'_, '_>, Case(level, precision, (_, dim, sequences, len)): Case) {
    let rows = sequences * len;
    let qkv: Vec<f32> = (0..rows * 3 * dim).map(|i| (i * 7919 % 2003) as f32 / 1001.0 - 1.0).collect();
    let starts: Vec<usize> = (0..=sequences).map(|s| s * len).collect();
    let mut out = vec![0.0; rows * dim];
    let table = Table::new(10_000.0, dim / HEADS, len).unwrap();
    let heads = Heads { count: HEADS, rope: Some(&table), precision };
    bencher
        .counter(ItemsCount::new(4 * rows * len * dim))
        .bench_local(|| attend(level, heads, &qkv, dim, &starts, &mut out).unwrap());
}
