//! Time of layer norm, rotary positions, activations and sums at the giga model's 1024 tokens: bytes read and written
//! per second, by level.

use divan::Bencher;
use divan::counter::BytesCount;
use rinalmo_kernels::activation::{gelu, swish_gate};
use rinalmo_kernels::{Level, add, layer_norm, rope};

/// Tokens per call.
const ROWS: usize = 1024;
/// Values per token.
const DIM: usize = 1280;
/// Values between the feed-forward layers.
const WIDTH: usize = 3413;

fn main() {
    divan::main();
}

fn values(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 7919 % 2003) as f32 / 500.0 - 2.0).collect()
}

/// Bytes of this many f32.
fn bytes(values: usize) -> BytesCount {
    BytesCount::new(4 * values)
}

#[divan::bench(args = Level::available(), max_time = 1)]
fn layer_norm_rows(bencher: Bencher<'_, '_>, level: Level) {
    let (x, weight, bias) = (values(ROWS * DIM), values(DIM), values(DIM));
    let mut out = vec![0.0; ROWS * DIM];
    bencher
        .counter(bytes(2 * ROWS * DIM))
        .bench_local(|| layer_norm(level, &x, &weight, &bias, 1e-5, &mut out).unwrap());
}

#[divan::bench(args = Level::available(), max_time = 1)]
fn rope_in_place(bencher: Bencher<'_, '_>, level: Level) {
    let table = rope::Table::new(10_000.0, 64, ROWS).unwrap();
    let positions: Vec<u32> = (0..ROWS as u32).collect();
    let mut qkv = values(ROWS * 3 * DIM);
    bencher.counter(bytes(4 * ROWS * DIM)).bench_local(|| table.rotate(level, &mut qkv, DIM, &positions).unwrap());
}

#[divan::bench(args = Level::available(), max_time = 1)]
fn swish_gate_rows(bencher: Bencher<'_, '_>, level: Level) {
    let fused = values(ROWS * 2 * WIDTH);
    let mut out = vec![0.0; ROWS * WIDTH];
    bencher.counter(bytes(3 * ROWS * WIDTH)).bench_local(|| swish_gate(level, &fused, WIDTH, 1.2, &mut out).unwrap());
}

#[divan::bench(args = Level::available(), max_time = 1)]
fn gelu_in_place(bencher: Bencher<'_, '_>, level: Level) {
    let x = values(ROWS * DIM);
    bencher.counter(bytes(2 * ROWS * DIM)).with_inputs(|| x.clone()).bench_local_refs(|x| gelu(level, x));
}

#[divan::bench(args = Level::available(), max_time = 1)]
fn add_in_place(bencher: Bencher<'_, '_>, level: Level) {
    let (mut x, y) = (vec![0.0; ROWS * DIM], values(ROWS * DIM));
    bencher.counter(bytes(3 * ROWS * DIM)).bench_local(|| add(level, &mut x, &y).unwrap());
}
