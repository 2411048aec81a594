//! Time of packed products: operations per second (`item/s`), by level, threads and shape, with the `gemm` crate and
//! the peak for comparison.
//!
//! Shapes are the giga encoder's own at 1024 tokens, `[inputs, outputs]`.

use divan::Bencher;
use divan::counter::ItemsCount;
use rinalmo_kernels::Level;
use rinalmo_kernels::linear::{PackedBf16, PackedF32, PackedInt8};
use rinalmo_kernels::peak::{Precision, peak};

/// Tokens per call.
const ROWS: usize = 1024;
/// Inputs and outputs.
const SHAPES: [(usize, usize); 5] = [(1280, 1280), (1280, 3840), (1280, 6848), (3424, 1280), (480, 1472)];
const THREADS: [usize; 2] = [1, 2];

fn main() {
    for threads in THREADS {
        for level in Level::available() {
            let best = |precision| {
                let once = || pool(threads).install(|| peak(level, precision));
                (0..5).map(|_| once()).fold(0.0, f64::max) / 1e9
            };
            let [f32, bf16, int8] = [Precision::F32, Precision::Bf16, Precision::Int8].map(best);
            println!("peak of {threads} thread(s), {level}: f32 {f32:.0}, bf16 {bf16:.0}, int8 {int8:.0} Gop/s");
        }
    }
    divan::main();
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool can be built")
}

/// Level, threads and shape, as divan prints them.
#[derive(Clone, Copy)]
struct Case {
    level: Level,
    threads: usize,
    shape: (usize, usize),
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { level, threads, shape: (inputs, outputs) } = self;
        write!(f, "{level}, {threads} thread(s), {ROWS} x {inputs} x {outputs}")
    }
}

fn cases() -> Vec<Case> {
    let levels = Level::available().into_iter().filter(|level| level.name() != "portable");
    let all = levels.flat_map(|level| THREADS.into_iter().map(move |threads| (level, threads)));
    all.flat_map(|(level, threads)| SHAPES.map(|shape| Case { level, threads, shape })).collect()
}

fn operations((inputs, outputs): (usize, usize)) -> ItemsCount {
    ItemsCount::new(2 * ROWS * inputs * outputs)
}

#[divan::bench(args = cases(), max_time = 1)]
fn ours_f32(bencher: Bencher<'_, '_>, case: Case) {
    let (inputs, outputs) = case.shape;
    let packed = PackedF32::pack(&vec![0.5; inputs * outputs], outputs, inputs).unwrap();
    let (x, mut out) = (vec![0.25; ROWS * inputs], vec![0.0; ROWS * outputs]);
    let pool = pool(case.threads);
    bencher
        .counter(operations(case.shape))
        .bench_local(|| pool.install(|| packed.forward(case.level, &x, None, &mut out)).unwrap());
}

#[divan::bench(args = cases(), max_time = 1)]
fn ours_bf16(bencher: Bencher<'_, '_>, case: Case) {
    let (inputs, outputs) = case.shape;
    let packed = PackedBf16::pack(&vec![0.5; inputs * outputs], outputs, inputs).unwrap();
    let (x, mut out) = (vec![0.25; ROWS * inputs], vec![0.0; ROWS * outputs]);
    let pool = pool(case.threads);
    bencher
        .counter(operations(case.shape))
        .bench_local(|| pool.install(|| packed.forward(case.level, &x, None, &mut out)).unwrap());
}

#[divan::bench(args = cases(), max_time = 1)]
fn ours_int8(bencher: Bencher<'_, '_>, case: Case) {
    let (inputs, outputs) = case.shape;
    let packed = PackedInt8::pack(&vec![0.5; inputs * outputs], outputs, inputs).unwrap();
    let (x, mut out) = (vec![0.25; ROWS * inputs], vec![0.0; ROWS * outputs]);
    let pool = pool(case.threads);
    bencher
        .counter(operations(case.shape))
        .bench_local(|| pool.install(|| packed.forward(case.level, &x, None, &mut out)).unwrap());
}

#[divan::bench(args = SHAPES, consts = THREADS, max_time = 1)]
fn gemm_crate_f32<const COUNT: usize>(bencher: Bencher<'_, '_>, shape: (usize, usize)) {
    let (inputs, outputs) = shape;
    let (weights, x) = (vec![0.5f32; inputs * outputs], vec![0.25f32; ROWS * inputs]);
    let mut out = vec![0.0f32; ROWS * outputs];
    let parallelism = if COUNT == 1 { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(COUNT) };
    let (i, o) = (inputs as isize, outputs as isize);
    let mut product = || {
        let (out, x, weights) = (out.as_mut_ptr(), x.as_ptr(), weights.as_ptr());
        // SAFETY: out [ROWS, outputs], x [ROWS, inputs] and weights [outputs, inputs] are row-major as allocated above.
        unsafe {
            gemm::gemm(
                ROWS,
                outputs,
                inputs,
                out,
                1,
                o,
                false,
                x,
                1,
                i,
                weights,
                i,
                1,
                0.0,
                1.0,
                false,
                false,
                false,
                parallelism,
            );
        }
    };
    let pool = pool(COUNT);
    bencher.counter(operations(shape)).bench_local(|| pool.install(&mut product));
}
