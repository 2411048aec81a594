//! Test values, and a comparison that reports where it failed.
#![allow(dead_code, reason = "each test file uses its own part")]

/// `count` values in [-1, 1), the same for the same seed (a 64-bit linear congruential generator).
pub fn values(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Asserts that each value found is within `tolerance` of the expected one, and NaN or infinite if that is.
#[track_caller]
pub fn assert_close(found: &[f32], expected: &[f32], tolerance: f32, case: &str) {
    assert_eq!(found.len(), expected.len(), "{case}: lengths");
    let mut worst = (0.0, 0);
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        if !e.is_finite() {
            let same = f.is_nan() && e.is_nan() || f == e;
            assert!(same, "{case}: value {i} is {f}, expected {e}");
            continue;
        }
        assert!(f.is_finite(), "{case}: value {i} is {f}, expected {e}");
        if (f - e).abs() > worst.0 {
            worst = ((f - e).abs(), i);
        }
    }
    let (difference, at) = worst;
    assert!(
        difference <= tolerance,
        "{case}: largest difference {difference:e} at {at}: found {}, expected {}, tolerance {tolerance:e}",
        found[at],
        expected[at],
    );
}

/// The bits, for comparisons that must be exact.
pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Runs `work` in a pool of `threads` threads.
pub fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool can be built").install(work)
}
