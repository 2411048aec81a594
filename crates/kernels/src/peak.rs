//! The peak: operations per second that the current threads reach if they only multiply and add.

use std::sync::OnceLock;
use std::time::Instant;

use crate::Level;
use crate::generic::peak::Peak;
use crate::generic::tile::Term;
use crate::generic::{Bf16Pair, Quad};
pub use crate::linear::Precision;

/// Operations per second over all threads of the current pool. Takes tens of milliseconds.
///
/// A product and its addition count as two operations.
pub fn peak(level: Level, precision: Precision) -> f64 {
    const ROUNDS: usize = 2_000_000; // about 10 ms if twelve products take six cycles
    rate(level, precision, ROUNDS, Threads::All)
}

/// Whether products of bf16 are clearly faster than those of f32, so that bf16 is worth its rounding. Tiles always are.
/// The dot products of AVX-512 are on some processors, and are half as fast as f32 on others: there they are measured,
/// once, in about a millisecond.
///
/// Results must not depend on what else the machine does. So this is measured on one thread, in turn and in many pieces
/// that are much shorter than the time that a thread runs before it is interrupted, and the fastest piece of each counts.
pub fn bf16_pays(level: Level) -> bool {
    /// About 20 µs.
    const ROUNDS: usize = 4_000;
    const PIECES: usize = 25;
    /// Of all processors that we know the ratio is near 0.5 or near 2.
    const CLEARLY: f64 = 1.25;
    static MEASURED: OnceLock<bool> = OnceLock::new();
    if level.has_tiles() || !level.has_bf16() {
        return level.has_tiles();
    }
    *MEASURED.get_or_init(|| {
        let mut best = [0.0_f64; 2];
        for _ in 0..PIECES {
            for (best, precision) in best.iter_mut().zip([Precision::F32, Precision::Bf16]) {
                *best = best.max(rate(level, precision, ROUNDS, Threads::One));
            }
        }
        best[1] > CLEARLY * best[0]
    })
}

#[derive(Clone, Copy)]
enum Threads {
    /// The current one.
    One,
    /// All of the current pool.
    All,
}

fn rate(level: Level, precision: Precision, rounds: usize, threads: Threads) -> f64 {
    match precision {
        Precision::F32 => measure(level, 1.0f32, rounds, threads),
        Precision::Bf16 => measure(level, Bf16Pair::round(1.0, 1.0), rounds, threads),
        Precision::Int8 => measure(level, Quad(0x0101_0101), rounds, threads),
    }
}

fn measure<T: Term>(level: Level, term: T, rounds: usize, threads: Threads) -> f64 {
    let run = || {
        let (mut sum, mut operations) = (0.0, 0.0);
        level.run(Peak { rounds, term, sum: &mut sum, operations: &mut operations });
        std::hint::black_box(sum);
        operations
    };
    let start = Instant::now();
    let operations: f64 = match threads {
        Threads::One => run(),
        Threads::All => rayon::broadcast(|_| run()).iter().sum(),
    };
    operations / start.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_a_finite_rate() {
        for level in Level::available() {
            for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
                let rate = peak(level, precision);
                assert!(rate.is_finite() && rate > 0.0, "{level} {precision:?}: {rate:e}");
            }
        }
    }
}
