//! What a core could do if nothing but products cost time: the ceiling that shares are quoted against.

use super::tile::Term;
use super::{Kernel, Lanes};

/// Independent sums: enough to hide the latency of a product on every processor we know.
const SUMS: usize = 12;

/// `rounds` times twelve products of registers with registers.
pub(crate) struct Peak<'a, T> {
    /// How often.
    pub rounds: usize,
    /// What is multiplied with itself.
    pub term: T,
    /// Where the sum of all goes, so that none can be left out.
    pub sum: &'a mut f32,
    /// Floating-point operations done.
    pub operations: &'a mut f64,
}

impl<T: Term> Kernel for Peak<'_, T> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let term = T::splat(lanes, std::hint::black_box(self.term));
        let mut sums = [lanes.splat(0.0); SUMS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = T::accumulate(lanes, term, term, *sum);
            }
        }
        let mut total = lanes.splat(0.0);
        for sum in sums {
            total = lanes.add(total, sum);
        }
        lanes.write(std::slice::from_mut(self.sum), total);
        let products = T::VALUES * L::WIDTH * SUMS * self.rounds;
        *self.operations = 2.0 * products as f64;
    }
}
