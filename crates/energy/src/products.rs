//! Multiloops: sums over all places where a stretch of branches is cut into two, a matrix product on triangles.
//!
//! This is the only part that takes time by the cube of the length. A branch spans at least five bases, so of a stretch
//! `(i, j)` neither part spans more than `j - i - 5`: five rows can be summed before any of them is used, which spares
//! four of five readings of the rows they are made of.

use crate::triangle::Triangle;
use crate::weights::SHORTEST_HAIRPIN;

/// The shortest distance of a pair, and so of a branch.
pub(crate) const SHORTEST: usize = SHORTEST_HAIRPIN + 1;

/// Rows that are summed together.
pub(crate) const BAND: usize = SHORTEST + 1;

/// Spans of a row that are summed together: two rows of a part and a band of sums stay in the nearest cache.
pub(crate) const STRIP: usize = 128;

/// Sums of a strip of spans in a band of rows.
pub(crate) type Strip = [[f64; STRIP]; BAND];

/// Terms that are added at once.
const UNROLLED: usize = 4;

/// Rows `distance..distance + BAND` of `out(i, j) = Σ_k some(i, k) · last(k + 1, j)`, by `i` from `first` on.
#[inline(always)]
pub(crate) fn compose(out: &mut Strip, some: &Triangle, last: &Triangle, len: usize, distance: usize, first: usize) {
    *out = [[0.0; STRIP]; BAND];
    let longest = (distance + BAND).min(len - first); // of the rows of this strip, and not included
    for start in (SHORTEST..).step_by(UNROLLED).take_while(|start| start + SHORTEST < longest) {
        for (sum, distance) in out.iter_mut().zip(distance..longest) {
            let width = STRIP.min(len - distance - first);
            let left = |e: usize| &some.row(e)[first..][..width];
            let right = |e: usize| &last.row(distance - 1 - e)[first + e + 1..][..width];
            add_all(&mut sum[..width], start..(start + UNROLLED).min(distance - SHORTEST), left, right);
        }
    }
}

/// Rows `distance, distance - 1, …` of `out(i, j) = Σ_k whole(i, k) · last(j + 1, k)`, by `i` from `first` on.
///
/// With `whole` the derivatives by what [`compose`] gave, these are those by its first part.
#[inline(always)]
pub(crate) fn left_part(out: &mut Strip, whole: &Triangle, last: &Triangle, len: usize, distance: usize, first: usize) {
    *out = [[0.0; STRIP]; BAND];
    let shortest = distance.saturating_sub(BAND - 1);
    for start in (shortest + SHORTEST + 1..len - first).step_by(UNROLLED) {
        for (sum, distance) in out.iter_mut().zip((SHORTEST..=distance).rev()) {
            for e in start.max(distance + SHORTEST + 1)..(start + UNROLLED).min(len - first) {
                let width = STRIP.min(len - e - first);
                let right = &last.row(e - distance - 1)[first + distance + 1..][..width];
                add(&mut sum[..width], &whole.row(e)[first..][..width], right);
            }
        }
    }
}

/// Rows `distance, distance - 1, …` of `out(i, j) = Σ_k some(k, i - 1) · whole(k, j)`, by `i` from `first` on.
///
/// With `whole` the derivatives by what [`compose`] gave, these are those by its second part.
#[inline(always)]
pub(crate) fn right_part(
    out: &mut Strip,
    some: &Triangle,
    whole: &Triangle,
    len: usize,
    distance: usize,
    first: usize,
) {
    *out = [[0.0; STRIP]; BAND];
    let reached = |distance: &usize| first + distance < len;
    for (sum, distance) in out.iter_mut().zip((SHORTEST..=distance).rev()).filter(|(_, distance)| reached(distance)) {
        let end = STRIP.min(len - distance - first);
        for more in SHORTEST + 1..first + end {
            let begin = more.saturating_sub(first);
            let width = end - begin;
            let left = &some.row(more - 1)[first + begin - more..][..width];
            add(&mut sum[begin..end], left, &whole.row(distance + more)[first + begin - more..][..width]);
        }
    }
}

/// Adds the products of `left(e)` and `right(e)` for all `e` of at most [`UNROLLED`].
#[inline(always)]
fn add_all<'a>(
    sum: &mut [f64],
    range: std::ops::Range<usize>,
    left: impl Fn(usize) -> &'a [f64],
    right: impl Fn(usize) -> &'a [f64],
) {
    if range.len() < UNROLLED {
        range.for_each(|e| add(sum, left(e), right(e)));
        return;
    }
    let width = sum.len();
    let [a, b, c, d] = [0, 1, 2, 3].map(|k| (&left(range.start + k)[..width], &right(range.start + k)[..width]));
    for k in 0..width {
        sum[k] += (a.0[k] * a.1[k] + b.0[k] * b.1[k]) + (c.0[k] * c.1[k] + d.0[k] * d.1[k]);
    }
}

#[inline(always)]
fn add(sum: &mut [f64], left: &[f64], right: &[f64]) {
    for ((sum, left), right) in sum.iter_mut().zip(left).zip(right) {
        *sum += left * right;
    }
}
