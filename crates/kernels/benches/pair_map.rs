//! Time of the structure head's map in the published size: operations per second (`item/s`), by level, threads and
//! length, with the peak for comparison; and of its convolutions and norms forwards and backwards, as in a training
//! step.

use divan::Bencher;
use divan::counter::ItemsCount;
use rinalmo_kernels::Level;
use rinalmo_kernels::convolution::{Filter, convolution, convolution_backward_input, convolution_backward_weights};
use rinalmo_kernels::instance_norm::{Activation, instance_norm, instance_norm_backward};
use rinalmo_kernels::pair_map::{Block, HeadBf16, HeadF32, Weights, outer_sum, outer_sum_backward};
use rinalmo_kernels::peak::{Precision, peak};

/// Channels of the map.
const CHANNELS: usize = 64;
/// Side of the filters that are not 1 × 1.
const KERNEL: usize = 3;
/// Operations of a 1 × 1 convolution per pair.
const SMALL: usize = 2 * CHANNELS * CHANNELS;
/// Operations of a block per pair.
const BLOCK: usize = (2 + KERNEL * KERNEL) * SMALL;

fn main() {
    for threads in [1, 2] {
        let once = |precision| pool(threads).install(|| peak(Level::best(), precision));
        let best = |precision| (0..5).map(|_| once(precision)).fold(0.0, f64::max) / 1e9;
        let (f32, bf16) = (best(Precision::F32), best(Precision::Bf16));
        println!("peak of {threads} thread(s), {}: f32 {f32:.0}, bf16 {bf16:.0} GFLOP/s", Level::best());
    }
    divan::main();
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool can be built")
}

fn values(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 7919 % 2003) as f32 / 20_000.0 - 0.05).collect()
}

/// Level, threads and length, as divan prints them.
#[derive(Clone, Copy)]
struct Case {
    level: Level,
    threads: usize,
    len: usize,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { level, threads, len } = self;
        write!(f, "{level}, {threads} thread(s), {len} nt")
    }
}

/// Every level at one length, then the best level at all lengths.
fn cases() -> Vec<Case> {
    let all = Level::available().into_iter().map(|level| Case { level, threads: 2, len: 200 });
    let lengths = [(1, 200), (1, 500), (2, 500), (1, 1000), (2, 1000), (2, 2900)];
    all.chain(lengths.map(|(threads, len)| Case { level: Level::best(), threads, len })).collect()
}

/// The same weights for every filter of a size.
struct Filters {
    square: Vec<f32>,
    spread: Vec<f32>,
    out: Vec<f32>,
}

impl Filters {
    fn new() -> Self {
        let area = KERNEL * KERNEL;
        Self {
            square: values(CHANNELS * CHANNELS),
            spread: values(CHANNELS * CHANNELS * area),
            out: values(CHANNELS * area),
        }
    }

    fn weights(&self) -> Weights<'_> {
        let block = || Block { squeeze: &self.square, spread: &self.spread, expand: &self.square };
        Weights {
            channels: CHANNELS,
            kernel: KERNEL,
            features: &[],
            blocks: vec![block(), block()],
            out: &self.out,
            bias: 0.0,
        }
    }
}

fn bench(bencher: Bencher<'_, '_>, case: Case, forward: impl Fn(&[f32], &[f32], &mut [f32]) + Sync) {
    let len = case.len;
    let (rows, columns) = (values(len * CHANNELS), values(len * CHANNELS + 1)[1..].to_vec());
    let mut out = vec![0.0; len * len];
    // The first 1 × 1 convolution is computed on rows and columns, not on the map.
    let counter = ItemsCount::new((2 * BLOCK - SMALL) * len * len);
    let pool = pool(case.threads);
    bencher.counter(counter).bench_local(|| pool.install(|| forward(&rows, &columns, &mut out)));
}

#[divan::bench(args = cases(), max_time = 2, sample_count = 10)]
fn f32(bencher: Bencher<'_, '_>, case: Case) {
    let head = HeadF32::pack(&Filters::new().weights()).unwrap();
    bench(bencher, case, |rows, columns, out| head.forward(case.level, rows, columns, &[], out).unwrap());
}

#[divan::bench(args = cases(), max_time = 2, sample_count = 10)]
fn bf16(bencher: Bencher<'_, '_>, case: Case) {
    let head = HeadBf16::pack(&Filters::new().weights()).unwrap();
    bench(bencher, case, |rows, columns, out| head.forward(case.level, rows, columns, &[], out).unwrap());
}

/// A layer's filter and weights, its input, the output of its convolution, and that output's moments.
struct Layer<'a> {
    filter: Filter,
    weights: &'a [f32],
    input: Vec<f32>,
    inner: Vec<f32>,
    statistics: Vec<f32>,
}

/// Two blocks over a map of 150 × 150 pairs, forwards and backwards.
#[divan::bench(args = Level::available(), max_time = 2, sample_count = 10)]
fn training(bencher: Bencher<'_, '_>, level: Level) {
    const LEN: usize = 150;
    const EPS: f32 = 1e-5;
    let (filters, relu) = (Filters::new(), Activation::Relu);
    let (rows, columns) = (values(LEN * CHANNELS), values(LEN * CHANNELS + 1)[1..].to_vec());
    let small = Filter { outputs: CHANNELS, inputs: CHANNELS, height: 1, width: 1 };
    let large = Filter { height: KERNEL, width: KERNEL, ..small };
    let block = [(small, &filters.square), (large, &filters.spread), (small, &filters.square)];
    let size = LEN * LEN * CHANNELS;
    bencher.counter(ItemsCount::new(3 * 2 * BLOCK * LEN * LEN)).bench_local(|| {
        let mut map = vec![0.0; size];
        outer_sum(level, &rows, &columns, CHANNELS, &mut map).unwrap();
        let mut layers = Vec::new();
        for (filter, weights) in [block, block].into_iter().flatten() {
            let (mut inner, mut out, mut statistics) = (vec![0.0; size], vec![0.0; size], vec![0.0; 2 * CHANNELS]);
            convolution(level, &map, LEN, weights, None, filter, &mut inner).unwrap();
            instance_norm(level, &inner, 1, CHANNELS, EPS, relu, &mut statistics, &mut out).unwrap();
            layers.push(Layer { filter, weights, input: std::mem::replace(&mut map, out), inner, statistics });
        }
        let mut grad = map;
        for Layer { filter, weights, input, inner, statistics } in layers.into_iter().rev() {
            let (mut before, mut grad_weights) = (vec![0.0; size], vec![0.0; weights.len()]);
            instance_norm_backward(level, &inner, 1, CHANNELS, relu, &statistics, &grad, &mut before).unwrap();
            convolution_backward_weights(level, &input, &before, LEN, filter, &mut grad_weights).unwrap();
            convolution_backward_input(level, &before, LEN, weights, filter, &mut grad).unwrap();
            divan::black_box(grad_weights);
        }
        let mut grads = [vec![0.0; rows.len()], vec![0.0; rows.len()]];
        let [grad_rows, grad_columns] = &mut grads;
        outer_sum_backward(level, &grad, CHANNELS, grad_rows, grad_columns).unwrap();
        grads
    });
}
