//! Mutated inputs of every target, in child processes: no panic, no signal, no time-out, no more than 2 GiB.
//!
//! `RINALMO_MUTATE_SECONDS` sets the seconds for each target instead of a fixed number of inputs, as in CI.

use std::path::Path;
use std::time::Duration;

use rinalmo_fuzz::runner::{self, Limits};
use rinalmo_fuzz::{Rng, Target, targets};

/// Enough to reach every branch that failed before; a second or two for each target.
const INPUTS: u64 = 300;

#[test]
fn mutated_inputs_do_no_harm() {
    let seconds: Option<f64> = std::env::var("RINALMO_MUTATE_SECONDS").ok().map(|text| text.parse().unwrap());
    let limits = Limits {
        seed: 1,
        inputs: if seconds.is_some() { u64::MAX } else { INPUTS },
        time: Duration::from_secs_f64(seconds.unwrap_or(600.0)),
        memory: 2048,
        longest: Duration::from_secs(120),
    };
    let program = Path::new(env!("CARGO_BIN_EXE_mutate")).to_owned();
    let mut findings = Vec::new();
    for target in targets::ALL {
        let outcome = runner::run(&program, target, &limits).unwrap();
        println!("{}: {} inputs, peak {} MiB", target.name, outcome.inputs, outcome.peak);
        findings.extend(outcome.findings().map(|f| format!("{} input {}: {}", target.name, f.input, f.what)));
    }
    assert!(findings.is_empty(), "{} findings of seed 1:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn sound_seeds_pass_and_inputs_are_the_same_each_time() {
    for target in targets::ALL {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty());
        seeds.iter().for_each(|seed| (target.run)(seed));
        assert_eq!(target.input(&seeds, 5, 17), target.input(&seeds, 5, 17), "{}", target.name);
    }
}

/// A runner that finds nothing must have looked: it must find targets that panic and abort, at the right input.
#[test]
fn broken_targets_are_found() {
    let limits =
        Limits { seed: 1, inputs: 4, time: Duration::from_secs(60), memory: 2048, longest: Duration::from_secs(30) };
    let program = Path::new(env!("CARGO_BIN_EXE_mutate")).to_owned();
    let broken = |name| Target { name, run: |_| {}, seeds: Vec::new, mutate: |_: &mut Rng, _| Vec::new() };
    let outcome = runner::run(&program, &broken("selftest-panic"), &limits).unwrap();
    assert_eq!((outcome.inputs, outcome.panics.len(), outcome.panics[0].input), (4, 1, 2));
    let outcome = runner::run(&program, &broken("selftest-abort"), &limits).unwrap();
    assert_eq!((outcome.inputs, outcome.signals.len(), outcome.signals[0].input), (4, 1, 2));
}
