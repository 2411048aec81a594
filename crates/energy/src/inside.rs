//! The partition function of every span of a sequence (McCaskill, Biopolymers 29 (1990) 1105).

use crate::interior::{Block, LANES, Side};
use crate::loops::{Loops, SMALL};
use crate::nick::Ends;
use crate::number::{LARGEST, Semiring};
use crate::products::{BAND, Compose, SHORTEST, STRIP, Strip};
use crate::ring::Ring;
use crate::triangle::Triangle;
use crate::workers::Workers;

/// For every span, the sum over all structures of the span that are…
pub(crate) struct Inside<T> {
    /// …closed by a pair of first and last base; if there are no lonely pairs, of one that stacks on another inside it.
    pub closed: Triangle<T>,
    /// …closed by a pair on which the pair around it stacks, if there are no lonely pairs. Otherwise that makes no
    /// difference to `closed`.
    pub stacked: Option<Triangle<T>>,
    /// …one branch of a multiloop that starts with the span, and unpaired bases after it.
    pub last: Triangle<T>,
    /// …one or more branches of a multiloop, and unpaired bases.
    pub some: Triangle<T>,
    /// Of the ends of two strands.
    pub ends: Option<Ends<T>>,
}

/// A scale with which a number left its range; the value is the natural logarithm, per base, of the factor it was off
/// by.
pub(crate) struct OutOfRange(pub f64);

impl OutOfRange {
    /// The error for a number `value` that was summed over `bases` bases.
    pub fn by(value: f64, bases: usize) -> Self {
        Self(value.clamp(f64::MIN_POSITIVE, f64::MAX).ln() / bases as f64)
    }
}

impl<T: Semiring> Inside<T> {
    pub fn new(loops: &Loops<'_, T::Factor>, workers: &Workers) -> Result<Self, OutOfRange> {
        let len = loops.len();
        let zeros = || Triangle::new(len, loops.reach());
        let stacked = loops.no_lonely_pairs.then(zeros);
        let ends = loops.nick().map(|nick| Ends::new(nick, len));
        let mut inside = Self { closed: zeros(), stacked, last: zeros(), some: zeros(), ends };
        (0..SHORTEST.min(len)).for_each(|distance| inside.extend_ends(loops, distance));
        let mut ring = Ring::new(len);
        let mut blocks: Vec<Block<T>> = (0..len.div_ceil(LANES)).map(|_| Block::new()).collect();
        let mut strips = vec![[[T::ZERO; STRIP]; BAND]; len.div_ceil(STRIP)];
        // Two or more branches, in the last three rows; one or more whose last one ends with the span.
        let mut several: [Vec<T>; 3] = std::array::from_fn(|_| vec![T::ZERO; len]);
        let mut ending = vec![T::ZERO; len];
        let unpaired = loops.unpaired();
        for distance in SHORTEST..loops.reach() {
            let spans = len - distance;
            let row_of_band = (distance - SHORTEST) % BAND;
            if row_of_band == 0 {
                let fill = |(strip, out): (usize, &mut Strip<T>)| {
                    let (some, last) = (&inside.some, &inside.last);
                    workers.run(Compose { out, some, last, len, distance, first: strip * STRIP });
                };
                workers.each(&mut strips[..spans.div_ceil(STRIP)], fill);
            }
            for (out, strip) in several[distance % 3][..spans].chunks_mut(STRIP).zip(&strips) {
                out.copy_from_slice(&strip[row_of_band][..out.len()]);
            }

            let [begin, end] = [distance / 2 / LANES, (distance / 2 + spans).div_ceil(LANES)];
            let inner = &several[(distance + 1) % 3];
            let fill = |(block, out): (usize, &mut Block<T>)| {
                let first = ((begin + block) * LANES) as isize - (distance / 2) as isize;
                let Self { closed, stacked, ends, .. } = &inside;
                let (stacked, ends) = (stacked.as_ref(), ends.as_ref());
                workers.run(Close { out, loops, ring: &ring, closed, stacked, ends, several: inner, distance, first });
            };
            workers.each(&mut blocks[begin..end], fill);

            let mut largest = 0.0f64;
            if let Some(stacked) = &mut inside.stacked {
                for (middle, value) in (distance / 2..).zip(stacked.row_mut(distance)) {
                    *value = blocks[middle / LANES].stacked[middle % LANES];
                    largest = largest.max(value.size());
                }
            }
            let mut row = ring.clear(distance);
            let closed = inside.closed.row_mut(distance);
            for (middle, i) in (distance / 2..).zip(0..spans) {
                closed[i] = blocks[middle / LANES].values[middle % LANES];
            }
            let closed = inside.closed.row(distance);
            let (shorter, last) = inside.last.two(distance);
            for i in 0..spans {
                last[i] = shorter[i] * unpaired[i + distance];
                if let Some(kind) = loops.pair(i, i + distance) {
                    last[i] += closed[i] * loops.branch(kind, i, i + distance);
                    row.set(i, loops.opens(kind, i, i + distance).map(|factor| closed[i] * factor));
                }
            }
            let some = inside.some.row_mut(distance);
            for i in 0..spans {
                ending[i] = ending[i + 1] * unpaired[i] + last[i];
                some[i] = ending[i] + several[distance % 3][i];
                largest = largest.max(some[i].size()).max(closed[i].size());
            }
            if largest > LARGEST {
                return Err(OutOfRange::by(largest, distance + 1));
            }
            inside.extend_ends(loops, distance);
        }
        Ok(inside)
    }

    fn extend_ends(&mut self, loops: &Loops<'_, T::Factor>, distance: usize) {
        if let Some(ends) = &mut self.ends {
            ends.extend(loops, &self.closed, distance);
        }
    }
}

/// Computes a block's values: the structures closed by `(i, i + distance)`, from `i = first` on.
struct Close<'a, T: Semiring> {
    out: &'a mut Block<T>,
    loops: &'a Loops<'a, T::Factor>,
    ring: &'a Ring<T>,
    closed: &'a Triangle<T>,
    /// As in [`Inside`].
    stacked: Option<&'a Triangle<T>>,
    ends: Option<&'a Ends<T>>,
    several: &'a [T],
    distance: usize,
    first: isize,
}

impl<T: Semiring> pulp::WithSimd for Close<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { out, loops, ring, closed, stacked, ends, several, distance, first } = self;
        out.sum(loops, ring, Side::Within, distance, first);
        for lane in 0..LANES {
            (out.values[lane], out.stacked[lane]) = (T::ZERO, T::ZERO);
            let i = first + lane as isize;
            if i < 0 || i as usize + distance >= loops.len() {
                continue;
            }
            let (i, j) = (i as usize, i as usize + distance);
            let Some(kind) = loops.pair(i, j) else { continue };
            let bonus = loops.bonus(i, j);
            if T::ONE * bonus == T::ZERO {
                continue;
            }
            let no_pair_inside = match ends {
                Some(ends) if loops.is_between(i, j) => ends.between(i, j) * loops.open(kind, i, j),
                _ => T::ONE * loops.hairpin(kind, i, j),
            };
            let mut value = no_pair_inside + out.total(lane, loops.closes(kind, i, j));
            value += several[i + 1] * loops.multiloop(kind, i, j);
            for (left, right) in SMALL {
                if distance < SHORTEST + 2 + left + right || stacked.is_some() && left + right == 0 {
                    continue;
                }
                let (p, q) = (i + 1 + left, j - 1 - right);
                if let Some(inner) = loops.pair(p, q) {
                    value += closed.get(p, q) * loops.small([left, right], i, j, kind, inner);
                }
            }
            out.values[lane] = value * bonus;
            // Without lonely pairs, only a pair that stacks on one inside it counts for what is around it.
            if let Some(stacked) = stacked {
                let inner = loops.pair(i + 1, j - 1).filter(|_| distance >= SHORTEST + 2);
                let stack = inner.map_or(T::ZERO, |inner| {
                    stacked.get(i + 1, j - 1) * loops.small([0, 0], i, j, kind, inner) * bonus
                });
                out.stacked[lane] = out.values[lane] + stack;
                out.values[lane] = stack;
            }
        }
    }
}
