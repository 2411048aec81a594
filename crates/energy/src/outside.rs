//! Probabilities of pairs: the sum over what is around each pair, times the sum over what it encloses.
//!
//! Every value here is the derivative of the logarithm of the total partition function by a value of [`Inside`]. The
//! recursions of [`Inside`] are differentiated in reverse, from the longest spans to the shortest. The derivative by
//! `closed(i, j)`, times `closed(i, j)`, is the probability of the pair.

use crate::exterior::Exterior;
use crate::inside::{Inside, OutOfRange};
use crate::interior::{Block, LANES, Side};
use crate::loops::{Loops, SMALL};
use crate::nick::Derivatives;
use crate::number::{LARGEST, Number};
use crate::pairs::Probabilities;
use crate::products::{BAND, LeftPart, RightPart, SHORTEST, STRIP, Strip};
use crate::ring::Ring;
use crate::triangle::Triangle;
use crate::workers::Workers;

/// The probabilities of all pairs.
pub(crate) fn probabilities<T: Number>(
    loops: &Loops<'_>,
    inside: &Inside<T>,
    exterior: &Exterior<T>,
    workers: &Workers,
) -> Result<Probabilities, OutOfRange> {
    let len = loops.len();
    let rows = loops.reach();
    let mut probabilities = Probabilities::new(loops.bases(), rows);
    let mut whole = Triangle::new(len, rows); // derivatives by the sums over two or more branches
    let mut ring = Ring::new(len);
    let mut blocks: Vec<Block<T>> = (0..len.div_ceil(LANES)).map(|_| Block::new()).collect();
    let mut strips = vec![[[[T::ZERO; STRIP]; BAND]; 2]; len.div_ceil(STRIP)];
    let mut ending = vec![T::ZERO; len];
    let mut last = vec![T::ZERO; len];
    // Derivatives by `closed` in the last rows: plain, and times the factor of closing a multiloop.
    let mut closed: [Vec<T>; ROWS] = std::array::from_fn(|_| vec![T::ZERO; len]);
    let mut closing: [Vec<T>; 3] = std::array::from_fn(|_| vec![T::ZERO; len]);
    // Without lonely pairs, the derivatives by `closed` that only the pair inside, which stacks, gets a part of.
    let mut stacking: [Vec<T>; 3] = std::array::from_fn(|_| vec![T::ZERO; len]);
    let unpaired = loops.unpaired();
    let mut of_ends = inside.ends.as_ref().map(Derivatives::new);
    for distance in (SHORTEST..rows).rev() {
        let spans = len - distance;
        let row_of_band = (rows - 1 - distance) % BAND;
        if row_of_band == 0 {
            let fill = |(strip, [left, right]): (usize, &mut [Strip<T>; 2])| {
                let (some, last, whole, first) = (&inside.some, &inside.last, &whole, strip * STRIP);
                workers.run(LeftPart { out: left, whole, last, len, rows, distance, first });
                workers.run(RightPart { out: right, some, whole, len, rows, distance, first });
            };
            let longest = (spans + BAND - 1).min(len);
            workers.each(&mut strips[..longest.div_ceil(STRIP)], fill);
        }
        // From right to left, so that `ending` and `last` of the row before are still unchanged on the left.
        let row = whole.row_mut(distance);
        for i in (0..spans).rev() {
            let [left, right] = strips[i / STRIP].each_ref().map(|part| part[row_of_band][i % STRIP]);
            ending[i] = left + if i > 0 { ending[i - 1] * unpaired[i - 1] } else { T::ZERO };
            let longer = if i + 1 < spans { last[i] * unpaired[i + distance + 1] } else { T::ZERO };
            last[i] = ending[i] + longer + right;
            let around = if i > 0 && i + 1 < spans { closing[(distance + 2) % 3][i - 1] } else { T::ZERO };
            row[i] = left + around;
        }

        if let Some(of_ends) = &mut of_ends {
            of_ends.complete(loops, &inside.closed, distance);
        }
        let [begin, end] = [distance / 2 / LANES, (distance / 2 + spans).div_ceil(LANES)];
        let fill = |(block, out): (usize, &mut Block<T>)| {
            let first = ((begin + block) * LANES) as isize - (distance / 2) as isize;
            let (closed, stacking, last, ring, of_ends) = (&closed, &stacking, &last, &ring, of_ends.as_ref());
            workers.run(Around {
                out,
                loops,
                inside,
                exterior,
                of_ends,
                closed,
                stacking,
                last,
                ring,
                distance,
                first,
            });
        };
        workers.each(&mut blocks[begin..end], fill);

        let mut row = ring.clear(distance);
        let mut largest: f64 = 0.0;
        let within = inside.closed.row(distance);
        let within_stack = inside.stacked.as_ref().map(|stacked| stacked.row(distance));
        for (middle, i) in (distance / 2..).zip(0..spans) {
            let derivative = blocks[middle / LANES].values[middle % LANES];
            let j = i + distance;
            let mut probability = derivative * within[i];
            // What the pair's own factor passes on to the pairs that it encloses.
            let mut value = derivative * loops.bonus(i, j);
            if let Some(within_stack) = within_stack {
                let in_stack = blocks[middle / LANES].stacked[middle % LANES];
                probability += in_stack * within_stack[i];
                stacking[distance % 3][i] = value + in_stack * loops.bonus(i, j);
                value = in_stack * loops.bonus(i, j);
            }
            closed[distance % ROWS][i] = value;
            closing[distance % 3][i] = T::ZERO;
            let Some(kind) = loops.pair(i, j) else { continue };
            closing[distance % 3][i] = value * loops.multiloop(kind, i, j);
            if let Some(of_ends) = of_ends.as_mut().filter(|_| loops.is_between(i, j)) {
                of_ends.add(i, j, value * loops.open(kind, i, j));
            }
            row.set(i, loops.closes(kind, i, j).map(|factor| value * factor));
            largest = largest.max(value.size()).max(last[i].size());
            probabilities.set(loops.base(i), loops.base(j), probability.value() as f32);
        }
        if largest > LARGEST {
            return Err(OutOfRange::by(largest.recip(), spans));
        }
    }
    Ok(probabilities)
}

/// Rows that the loops of [`SMALL`] reach across, both ends included.
const ROWS: usize = 7;

/// Bytes that [`probabilities`] holds for pairs at a distance below `reach`, the inside triangles and the result included.
pub(crate) fn bytes(len: usize, reach: usize) -> usize {
    let rows = (ROWS + 3 + 2 + 4) * len * size_of::<f64>(); // of this function, the exterior loop and the loops
    let blocks = len.div_ceil(LANES) * size_of::<Block<f64>>() + len.div_ceil(STRIP) * size_of::<[Strip<f64>; 2]>();
    let triangles = 4 * Triangle::<f64>::bytes(len, reach);
    triangles + Ring::<f64>::bytes(len) + blocks + rows + Probabilities::bytes(len, reach)
}

/// Computes a block's values: the derivatives by `closed(i, i + distance)`, from `i = first` on.
struct Around<'a, T> {
    out: &'a mut Block<T>,
    loops: &'a Loops<'a>,
    inside: &'a Inside<T>,
    exterior: &'a Exterior<T>,
    of_ends: Option<&'a Derivatives<'a, T>>,
    closed: &'a [Vec<T>; ROWS],
    stacking: &'a [Vec<T>; 3],
    last: &'a [T],
    ring: &'a Ring<T>,
    distance: usize,
    first: isize,
}

impl<T: Number> pulp::WithSimd for Around<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { out, loops, inside, exterior, of_ends, closed, stacking, last, ring, distance, first } = self;
        out.sum(loops, ring, Side::Around, distance, first);
        let within = inside.stacked.as_ref().unwrap_or(&inside.closed).row(distance);
        let share = exterior.total().recip();
        for lane in 0..LANES {
            (out.values[lane], out.stacked[lane]) = (T::ZERO, T::ZERO);
            let i = first + lane as isize;
            if i < 0 || i as usize + distance >= loops.len() {
                continue;
            }
            let (i, j) = (i as usize, i as usize + distance);
            let Some(kind) = loops.pair(i, j) else { continue };
            if within[i] == T::ZERO {
                continue;
            }
            let mut value = exterior.before[i] * (exterior.behind[j + 1] * share) * loops.exterior(kind, i, j);
            if let Some(of_ends) = of_ends {
                value += of_ends.of(i, j) * loops.exterior(kind, i, j);
            }
            value += last[i] * loops.branch(kind, i, j) + out.total(lane, loops.opens(kind, i, j));
            for (left, right) in SMALL {
                let is_stack = loops.no_lonely_pairs && left + right == 0;
                if i < left + 1 || j + right + 1 >= loops.len() || is_stack {
                    continue;
                }
                let (p, q) = (i - 1 - left, j + 1 + right);
                if let Some(outer) = loops.pair(p, q) {
                    value += closed[(q - p) % ROWS][p] * loops.small([left, right], p, q, outer, kind);
                }
            }
            out.values[lane] = value;
            if loops.no_lonely_pairs && i > 0 && j + 1 < loops.len() {
                let outer = loops.pair(i - 1, j + 1);
                out.stacked[lane] = outer.map_or(T::ZERO, |outer| {
                    stacking[(distance + 2) % 3][i - 1] * loops.small([0, 0], i - 1, j + 1, outer, kind)
                });
            }
        }
    }
}
