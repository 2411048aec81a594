//! One row of values added to another.

use super::{Kernel, Lanes};

/// `x += y`.
pub(crate) struct Add<'a> {
    /// The sum.
    pub x: &'a mut [f32],
    /// The same number of values.
    pub y: &'a [f32],
}

impl Kernel for Add<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for (x, y) in self.x.chunks_mut(L::WIDTH).zip(self.y.chunks(L::WIDTH)) {
            let sum = lanes.add(lanes.read(x), lanes.read(y));
            lanes.write(x, sum);
        }
    }
}
