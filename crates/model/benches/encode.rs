//! Time of encoding on the CPU's own kernels: tokens per second (`item/s`), by size, precision and level. Operations
//! per second and their fraction of the measured peak are printed first. `RAYON_NUM_THREADS` sets the number of
//! threads.
//!
//! The model has as many blocks of each kind as the real one, but all share the weights of a few, so that giga fits
//! into memory; those few are still larger than a cache.

use divan::Bencher;
use divan::counter::ItemsCount;
use rinalmo_kernels::Level;
use rinalmo_kernels::peak::{self, peak};
use rinalmo_model::config::Preset;
use rinalmo_model::cpu::{CpuModel, Precision};
use rinalmo_model::{EncoderConfig, ModelConfig, Network, Packed};

/// Size, sequences and tokens in each.
const BATCHES: [(&str, usize, usize); 5] =
    [("giga", 2, 512), ("giga", 1, 1022), ("mega", 4, 256), ("micro", 8, 128), ("nano", 32, 100)];
/// Blocks that exist; the others share their weights.
const BLOCKS: usize = 2;

/// Batch, precision and level of a case.
#[derive(Clone, Copy)]
struct Case {
    level: Level,
    precision: Precision,
    batch: (&'static str, usize, usize),
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, sequences, len) = self.batch;
        write!(f, "{name} {sequences} x {len}, {}, {}", self.precision.name(), self.level)
    }
}

impl Case {
    fn config(self) -> EncoderConfig {
        Preset::find(self.batch.0).expect("a published size").encoder()
    }

    fn packed(self) -> Packed {
        let (_, sequences, len) = self.batch;
        Packed::new(vec![rinalmo_seq::tokenizer::tokenize(&vec![b'A'; len - 2]); sequences])
    }

    fn model(self) -> CpuModel {
        let config = EncoderConfig { blocks: BLOCKS, ..self.config() };
        let model = ModelConfig { encoder: config, mlm: false, head: None }.init(&burn::tensor::Device::flex());
        CpuModel::new(model, self.precision, self.level)
    }

    /// Operations of one block.
    fn operations(self) -> f64 {
        let (config, (_, sequences, len)) = (self.config(), self.batch);
        let products = 4 * config.dim * config.dim + 3 * config.dim * config.hidden;
        (2 * sequences * len * (products + 2 * len * config.dim)) as f64
    }
}

fn cases() -> Vec<Case> {
    let precisions = [Precision::F32, Precision::Bf16, Precision::Int8];
    let levels = Level::available().into_iter().filter(|level| level.name() != "portable").rev();
    let pairs = levels.flat_map(|level| precisions.map(|precision| (level, precision)));
    pairs.flat_map(|(level, precision)| BATCHES.map(|batch| Case { level, precision, batch })).collect()
}

fn main() {
    if !std::env::args().any(|arg| arg == "--test" || arg == "--list") {
        cases().into_iter().filter(|case| case.level == Level::best()).for_each(share);
    }
    divan::main();
}

/// Prints a case's operations per second.
fn share(case: Case) {
    let precision = match case.precision {
        Precision::F32 => peak::Precision::F32,
        Precision::Bf16 => peak::Precision::Bf16,
        Precision::Int8 => peak::Precision::Int8,
    };
    let (model, batch) = (case.model(), case.packed());
    let (mut rate, mut most) = (0.0f64, 0.0f64);
    for _ in 0..5 {
        most = most.max(peak(case.level, precision));
        let start = std::time::Instant::now();
        std::hint::black_box(model.encode(&batch));
        rate = rate.max(BLOCKS as f64 * case.operations() / start.elapsed().as_secs_f64());
    }
    let threads = rayon::current_num_threads();
    println!("{case}: {:.0} Gop/s, {:.0} % of the peak of {threads} thread(s)", rate / 1e9, 100.0 * rate / most);
}

#[divan::bench(args = cases(), max_time = 2)]
fn encode(bencher: Bencher<'_, '_>, case: Case) {
    let (model, batch) = (case.model(), case.packed());
    // As many tokens as a whole model would encode in that time.
    let tokens = batch.total() as f64 * BLOCKS as f64 / case.config().blocks as f64;
    bencher.counter(ItemsCount::new(tokens as usize)).bench_local(|| model.encode(&batch));
}
