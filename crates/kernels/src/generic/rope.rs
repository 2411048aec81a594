//! Rotation of pairs of a head's values by an angle that grows with the position.

use super::{Kernel, Lanes};

/// One thread's rows of queries and keys.
pub(crate) struct Rope<'a> {
    /// `[rows, 3 · dim]`: queries, keys, values; the first two are rotated in place.
    pub qkv: &'a mut [f32],
    /// Values in each of the three, a multiple of twice `half`.
    pub dim: usize,
    /// Half a head's width, at least one.
    pub half: usize,
    /// `[rows]`
    pub positions: &'a [u32],
    /// `[positions, half]`
    pub cos: &'a [f32],
    /// `[positions, half]`
    pub sin: &'a [f32],
}

impl Kernel for Rope<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for (row, &position) in self.qkv.chunks_exact_mut(3 * self.dim).zip(self.positions) {
            let angle = position as usize * self.half;
            let (cos, sin) = (&self.cos[angle..][..self.half], &self.sin[angle..][..self.half]);
            for head in row[..2 * self.dim].chunks_exact_mut(2 * self.half) {
                rotate(lanes, head, cos, sin);
            }
        }
    }
}

/// `(a, b) → (a·cos − b·sin, b·cos + a·sin)`, `a` from the first half of the head and `b` from the second.
#[inline(always)]
fn rotate<L: Lanes>(lanes: L, head: &mut [f32], cos: &[f32], sin: &[f32]) {
    let (first, second) = head.split_at_mut(cos.len());
    for at in (0..cos.len()).step_by(L::WIDTH) {
        let (a, b) = (lanes.read(&first[at..]), lanes.read(&second[at..]));
        let (cos, sin) = (lanes.read(&cos[at..]), lanes.read(&sin[at..]));
        lanes.write(&mut first[at..], lanes.sub(lanes.mul(a, cos), lanes.mul(b, sin)));
        lanes.write(&mut second[at..], lanes.fma(b, cos, lanes.mul(a, sin)));
    }
}
