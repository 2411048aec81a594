//! Loading: tokens a second (`item/s`, padding left out) by threads and batch size, over a made-up corpus.
//!
//! The sampler's own cost is what counts, so the corpus fits into the page cache: 20,000 clusters, lengths spread
//! like those of ncRNA.

use std::path::PathBuf;
use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use rinalmo_corpus::Store;
use rinalmo_corpus::build::{Options as BuildOptions, build};
use rinalmo_corpus::cluster::{Clusters, Engine, Error, Options as ClusterOptions, Sequences};
use rinalmo_corpus::random::Random;
use rinalmo_corpus::sample::{BatchSize, Loader, Options, Position, Sampler};

const CLUSTERS: u64 = 20_000;
/// Batches a measurement takes from the loader.
const BATCHES: usize = 100;
const AHEAD: usize = 4;

/// An engine that puts every sequence into its own cluster.
struct Alone;

impl Engine for Alone {
    fn name(&self) -> &'static str {
        "alone"
    }

    fn version(&self) -> Result<String, Error> {
        Ok("1".into())
    }

    fn cluster(&self, sequences: &dyn Sequences, _: &ClusterOptions) -> Result<Clusters, Error> {
        Clusters::new((0..sequences.count() as u32).collect())
    }
}

fn main() {
    divan::main();
    let _ = std::fs::remove_dir_all(folder());
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("rinalmo-loader-bench-{}", std::process::id()))
}

fn store() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| {
        let (input, output) = (folder().join("made-up.fa"), folder().join("made-up.lmdb"));
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(&input, fasta()).unwrap();
        build(&[input], &output, &BuildOptions::default(), &Alone, &()).unwrap();
        Store::open(&output).unwrap()
    })
}

/// Half of the sequences below 150 nt, one in eight over 1022.
fn fasta() -> String {
    let mut stream = Random::seeded(0);
    let mut random = move || stream.bits() >> 11;
    let record = |n| {
        let len = (50 << (random() % 8 * 3 / 4)) + random() % 50;
        let letters: String = (0..len).map(|_| char::from(b"ACGU"[random() as usize % 4])).collect();
        format!(">r{n}\n{letters}\n")
    };
    (0..CLUSTERS).map(record).collect()
}

fn sampler(batch: BatchSize) -> Sampler {
    Sampler::new(store().clone(), Options { batch, ..Options::default() }).unwrap()
}

#[divan::bench(args = [1, 2, 4], max_time = 2)]
fn batches_of_192_sequences(bencher: Bencher<'_, '_>, threads: usize) {
    load(bencher, BatchSize::Sequences(192), threads);
}

#[divan::bench(args = [1, 2, 4], max_time = 2)]
fn batches_of_64_ki_tokens(bencher: Bencher<'_, '_>, threads: usize) {
    load(bencher, BatchSize::Tokens(1 << 16), threads);
}

fn load(bencher: Bencher<'_, '_>, batch: BatchSize, threads: usize) {
    let sampler = sampler(batch);
    let take = || Loader::start(sampler.clone(), Position::default(), threads, AHEAD).take(BATCHES);
    let tokens: usize = take().flat_map(|batch| batch.unwrap().rows).map(|row| row.tokens as usize).sum();
    bencher.counter(ItemsCount::new(tokens)).bench(|| take().for_each(|batch| drop(batch.unwrap())));
}

/// Only planning: clusters per second.
#[divan::bench(max_time = 2)]
fn plan_of_an_epoch(bencher: Bencher<'_, '_>) {
    let sampler = sampler(BatchSize::Sequences(192));
    let mut epoch = 0;
    bencher.counter(ItemsCount::new(sampler.clusters())).bench_local(|| {
        epoch += 1;
        sampler.epoch(epoch).unwrap().steps()
    });
}
