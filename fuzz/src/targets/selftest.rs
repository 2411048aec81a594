//! Targets that fail at their third input, to test that the runner notices.

use crate::{Rng, Target};

/// Only found by name; not part of a normal run.
pub const ALL: &[Target] = &[
    Target { name: "selftest-panic", run: panics, seeds, mutate },
    Target { name: "selftest-abort", run: aborts, seeds, mutate },
];

fn seeds() -> Vec<Vec<u8>> {
    vec![vec![0]]
}

/// A counter instead of random numbers.
fn mutate(_: &mut Rng, _: &[Vec<u8>]) -> Vec<u8> {
    Vec::new()
}

fn is_third() -> bool {
    static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2
}

fn panics(_: &[u8]) {
    assert!(!is_third(), "the third input");
}

fn aborts(_: &[u8]) {
    if is_third() {
        std::process::abort();
    }
}
