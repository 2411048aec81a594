//! The peak of a core: the speed of products alone, to which measured speeds are compared.

use super::tile::Term;
use super::{Kernel, Lanes};

/// Independent sums: enough to hide the latency of a product on every processor that we know.
const SUMS: usize = 12;

/// `rounds` times twelve products between registers.
pub(crate) struct Peak<'a, T> {
    /// Number of rounds.
    pub rounds: usize,
    /// The value that is multiplied by itself.
    pub term: T,
    /// The sum of everything, so that the compiler cannot remove the products.
    pub sum: &'a mut f32,
    /// Floating-point operations that were done.
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
