//! Multiloops: sums over all places where a stretch of branches is cut into two, a matrix product on triangles.
//!
//! This is the only part that takes time by the cube of the length. A branch spans at least five bases, so of a stretch
//! `(i, j)` neither part spans more than `j - i - 5`: five rows can be summed before any of them is used, which spares
//! four of five readings of the rows they are made of.

use std::ops::Range;

use crate::number::Number;
use crate::triangle::Triangle;
use crate::weights::SHORTEST_HAIRPIN;

/// The shortest distance of a pair, and so of a branch.
pub(crate) const SHORTEST: usize = SHORTEST_HAIRPIN + 1;

/// Rows that are summed together.
pub(crate) const BAND: usize = SHORTEST + 1;

/// Spans of a row that are summed together: two rows of a part and a band of sums stay in the nearest cache.
pub(crate) const STRIP: usize = 128;

/// Sums of a strip of spans in a band of rows.
pub(crate) type Strip<T> = [[T; STRIP]; BAND];

/// Terms that are added at once.
const UNROLLED: usize = 4;

/// Rows `distance..distance + BAND` of `out(i, j) = Σ_k some(i, k) · last(k + 1, j)`, by `i` from `first` on.
pub(crate) struct Compose<'a, T> {
    pub out: &'a mut Strip<T>,
    pub some: &'a Triangle<T>,
    pub last: &'a Triangle<T>,
    pub len: usize,
    pub distance: usize,
    pub first: usize,
}

impl<T: Number> pulp::WithSimd for Compose<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { out, some, last, len, distance, first } = self;
        *out = [[T::ZERO; STRIP]; BAND];
        let longest = (distance + BAND).min(len - first); // of the rows of this strip, and not included
        for start in (SHORTEST..(longest - 1).saturating_sub(SHORTEST)).step_by(UNROLLED) {
            for (sum, distance) in out.iter_mut().zip(distance..longest) {
                let width = STRIP.min(len - distance - first);
                let term = |e: usize| {
                    let right = &last.row(distance - 1 - e)[first + e + 1..][..width];
                    Term { begin: 0, left: &some.row(e)[first..][..width], right }
                };
                add_range(sum, term, start..(start + UNROLLED).min(distance - SHORTEST));
            }
        }
    }
}

/// Rows `distance, distance - 1, …` of `out(i, j) = Σ_k whole(i, k) · last(j + 1, k)`, by `i` from `first` on.
///
/// With `whole` the derivatives by what [`Compose`] gave, these are those by its first part.
pub(crate) struct LeftPart<'a, T> {
    pub out: &'a mut Strip<T>,
    pub whole: &'a Triangle<T>,
    pub last: &'a Triangle<T>,
    pub len: usize,
    pub distance: usize,
    pub first: usize,
}

impl<T: Number> pulp::WithSimd for LeftPart<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { out, whole, last, len, distance, first } = self;
        *out = [[T::ZERO; STRIP]; BAND];
        let shortest = distance.saturating_sub(BAND - 1).max(SHORTEST);
        for start in (shortest + SHORTEST + 1..len - first).step_by(UNROLLED) {
            for (sum, distance) in out.iter_mut().zip((SHORTEST..=distance).rev()) {
                let term = |e: usize| {
                    let width = STRIP.min(len - e - first);
                    let right = &last.row(e - distance - 1)[first + distance + 1..][..width];
                    Term { begin: 0, left: &whole.row(e)[first..][..width], right }
                };
                add_range(sum, term, start.max(distance + SHORTEST + 1)..(start + UNROLLED).min(len - first));
            }
        }
    }
}

/// Rows `distance, distance - 1, …` of `out(i, j) = Σ_k some(k, i - 1) · whole(k, j)`, by `i` from `first` on.
///
/// With `whole` the derivatives by what [`Compose`] gave, these are those by its second part.
pub(crate) struct RightPart<'a, T> {
    pub out: &'a mut Strip<T>,
    pub some: &'a Triangle<T>,
    pub whole: &'a Triangle<T>,
    pub len: usize,
    pub distance: usize,
    pub first: usize,
}

impl<T: Number> pulp::WithSimd for RightPart<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { out, some, whole, len, distance, first } = self;
        *out = [[T::ZERO; STRIP]; BAND];
        for start in (SHORTEST + 1..(first + STRIP).min(len)).step_by(UNROLLED) {
            for (sum, distance) in out.iter_mut().zip((SHORTEST..=distance).rev()) {
                let end = (first + STRIP).min(len - distance);
                if end <= first {
                    continue;
                }
                let term = |before: usize| {
                    let begin = before.saturating_sub(first);
                    let (start, width) = (first + begin - before, end - first - begin);
                    let right = &whole.row(distance + before)[start..][..width];
                    Term { begin, left: &some.row(before - 1)[start..][..width], right }
                };
                add_range(sum, term, start..(start + UNROLLED).min(end));
            }
        }
    }
}

/// The product of a row with another, for the lanes of a strip from `begin` on; both are as long.
struct Term<'a, T> {
    begin: usize,
    left: &'a [T],
    right: &'a [T],
}

/// Adds the terms of all `k` in `range`, which are at most [`UNROLLED`].
#[inline(always)]
fn add_range<'a, T: Number + 'a>(sum: &mut [T; STRIP], term: impl Fn(usize) -> Term<'a, T>, range: Range<usize>) {
    if range.len() < UNROLLED {
        for k in range {
            add(sum, term(k));
        }
        return;
    }
    let k = range.start;
    let terms = [term(k), term(k + 1), term(k + 2), term(k + 3)];
    // Lanes begin or end one after the other; those that all have go together.
    let (mut begin, mut end) = (0, STRIP);
    for term in &terms {
        begin = begin.max(term.begin);
        end = end.min(term.begin + term.left.len());
    }
    if begin >= end {
        for term in terms {
            add(sum, term);
        }
        return;
    }
    for term in &terms {
        let (before, behind) = (begin - term.begin, end - term.begin);
        if before > 0 {
            add(sum, Term { begin: term.begin, left: &term.left[..before], right: &term.right[..before] });
        }
        if behind < term.left.len() {
            add(sum, Term { begin: end, left: &term.left[behind..], right: &term.right[behind..] });
        }
    }
    let width = end - begin;
    let sum = &mut sum[begin..end];
    let common = |term: &Term<'_, T>| (begin - term.begin, begin - term.begin + width);
    let [a, b, c, d] = &terms;
    let ((a0, a1), (b0, b1), (c0, c1), (d0, d1)) = (common(a), common(b), common(c), common(d));
    let (a, x) = (&a.left[a0..a1], &a.right[a0..a1]);
    let (b, y) = (&b.left[b0..b1], &b.right[b0..b1]);
    let (c, z) = (&c.left[c0..c1], &c.right[c0..c1]);
    let (d, w) = (&d.left[d0..d1], &d.right[d0..d1]);
    for k in 0..width {
        sum[k] += (a[k] * x[k] + b[k] * y[k]) + (c[k] * z[k] + d[k] * w[k]);
    }
}

#[inline(always)]
fn add<T: Number>(sum: &mut [T; STRIP], term: Term<'_, T>) {
    let sum = &mut sum[term.begin..][..term.left.len()];
    for k in 0..sum.len() {
        sum[k] += term.left[k] * term.right[k];
    }
}
