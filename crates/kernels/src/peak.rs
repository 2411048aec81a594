//! The peak: operations per second that the current threads reach if they only multiply and add.

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
    match precision {
        Precision::F32 => measure(level, 1.0f32),
        Precision::Bf16 => measure(level, Bf16Pair::round(1.0, 1.0)),
        Precision::Int8 => measure(level, Quad(0x0101_0101)),
    }
}

fn measure<T: Term>(level: Level, term: T) -> f64 {
    const ROUNDS: usize = 2_000_000; // about 10 ms if twelve products take six cycles
    let start = Instant::now();
    let operations: Vec<f64> = rayon::broadcast(|_| {
        let (mut sum, mut operations) = (0.0, 0.0);
        level.run(Peak { rounds: ROUNDS, term, sum: &mut sum, operations: &mut operations });
        std::hint::black_box(sum);
        operations
    });
    operations.iter().sum::<f64>() / start.elapsed().as_secs_f64()
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
