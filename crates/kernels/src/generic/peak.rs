//! The peak of a core: the speed of products alone, to which measured speeds are compared.

use super::tile::Term;
use super::tiles::{Block, PART, SIDE, Start};
use super::{Kernel, Lanes};

/// Independent sums: enough to hide the latency of a product on every processor that we know.
const SUMS: usize = 12;
/// Terms in depth of a block of tiles, whose factors fill a part of the first-level cache.
const DEPTH: usize = 8 * SIDE;

/// `rounds` times twelve products between registers, or as much by tiles.
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

impl<T: Term> Peak<'_, T> {
    /// Blocks of 32 by 32, each of which takes about as long as 400 rounds of vectors.
    #[inline(always)]
    fn by_tiles<L: Lanes>(self, mut tiles: L::Tiles) {
        let (x, panel) = ([self.term; PART * DEPTH], [self.term; PART * DEPTH]);
        let mut out = [0.0; PART * PART];
        let blocks = self.rounds.div_ceil(400);
        for _ in 0..blocks {
            Block {
                lines: &[std::hint::black_box(&x[..])],
                x_stride: DEPTH,
                panel: &panel,
                panel_stride: PART,
                depth: DEPTH,
                rows: PART,
                columns: PART,
                start: Start::Zero,
                out: &mut out,
                out_stride: PART,
            }
            .multiply(&mut tiles);
        }
        *self.sum = out.iter().sum();
        *self.operations = (2 * blocks * PART * PART * DEPTH * T::VALUES) as f64;
    }
}

impl<T: Term> Kernel for Peak<'_, T> {
    const TILES: bool = T::VALUES > 1;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        if let Some(tiles) = T::tiles(lanes) {
            return self.by_tiles::<L>(tiles);
        }
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
