//! Mutated inputs for everything that reads bytes: sequence and structure files, tables, checkpoints, configs, corpora.
//!
//! A [`Target`] is one kind of input. It has a function that takes any bytes and must not panic, crash, run out of
//! memory or hang, and seeds: valid inputs that mutation starts from. With nightly Rust, libFuzzer calls the functions
//! (`fuzz_targets/`). On stable Rust the program `mutate` does, with its own mutations ([`inputs`]) and in child
//! processes, so that a signal is a finding and does not stop the run.

pub mod inputs;
pub mod mutate;
pub mod runner;
pub mod scratch;
pub mod targets;

/// A source of random numbers that a seed determines.
pub use fastrand::Rng;

/// One kind of input.
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Takes any bytes. A panic is a finding.
    pub run: fn(&[u8]),
    /// Valid inputs.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Makes an input from the seeds.
    pub mutate: fn(&mut Rng, &[Vec<u8>]) -> Vec<u8>,
}

impl Target {
    /// Input number `index` of a run with this seed: always the same bytes.
    pub fn input(&self, seeds: &[Vec<u8>], seed: u64, index: u64) -> Vec<u8> {
        let mut random = Rng::with_seed(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (self.mutate)(&mut random, seeds)
    }
}

/// Finds a target by its name.
pub fn find(name: &str) -> Option<&'static Target> {
    targets::ALL.iter().chain(targets::selftest::ALL).find(|target| target.name == name)
}
