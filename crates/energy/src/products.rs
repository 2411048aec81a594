//! Multiloops: sums over all positions where a stretch of branches is cut in two. This is a matrix product on
//! triangles.
//!
//! Only this part takes time by the cube of the length. A branch spans at least five bases, so neither part of a
//! stretch `(i, j)` spans more than `j - i - 5`. Five rows can therefore be summed before any of them is used, and the
//! rows they are made of are read once instead of five times.

use std::ops::Range;

use crate::number::Semiring;
use crate::triangle::Triangle;
use crate::weights::SHORTEST_HAIRPIN;

/// The shortest distance of the two bases of a pair, and so of a branch.
pub(crate) const SHORTEST: usize = SHORTEST_HAIRPIN + 1;

/// Rows that are summed together.
pub(crate) const BAND: usize = SHORTEST + 1;

/// Spans of a row that are summed together: two rows of each factor stay in the cache next to the core, and
/// each is long enough for the prefetcher.
pub(crate) const STRIP: usize = 256;

/// Sums of a strip of spans in a band of rows.
pub(crate) type Strip<T> = [[T; STRIP]; BAND];

/// Terms that are added in one loop, so that the sum is loaded and stored once for four of them.
const UNROLLED: usize = 4;

/// Rows `distance..distance + BAND` of `out(i, j) = Σ_k some(i, k) · last(k + 1, j)`, from `i = first` on.
pub(crate) struct Compose<'a, T> {
    pub out: &'a mut Strip<T>,
    pub some: &'a Triangle<T>,
    pub last: &'a Triangle<T>,
    pub len: usize,
    pub distance: usize,
    pub first: usize,
}

impl<T: Semiring> pulp::WithSimd for Compose<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { out, some, last, len, distance, first } = self;
        *out = [[T::ZERO; STRIP]; BAND];
        let longest = (distance + BAND).min(len - first); // distance in this strip, exclusive
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

/// Rows `distance, distance - 1, …` of `out(i, j) = Σ_k whole(i, k) · last(j + 1, k)`, from `i = first` on.
///
/// If `whole` holds the derivatives by the output of [`Compose`], these are the derivatives by its first factor.
pub(crate) struct LeftPart<'a, T> {
    pub out: &'a mut Strip<T>,
    pub whole: &'a Triangle<T>,
    pub last: &'a Triangle<T>,
    pub len: usize,
    /// Distances below it have rows.
    pub rows: usize,
    pub distance: usize,
    pub first: usize,
}

impl<T: Semiring> pulp::WithSimd for LeftPart<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { out, whole, last, len, rows, distance, first } = self;
        *out = [[T::ZERO; STRIP]; BAND];
        let shortest = distance.saturating_sub(BAND - 1).max(SHORTEST);
        let longest = rows.min(len - first); // exclusive
        for start in (shortest + SHORTEST + 1..longest).step_by(UNROLLED) {
            for (sum, distance) in out.iter_mut().zip((SHORTEST..=distance).rev()) {
                let term = |e: usize| {
                    let width = STRIP.min(len - e - first);
                    let right = &last.row(e - distance - 1)[first + distance + 1..][..width];
                    Term { begin: 0, left: &whole.row(e)[first..][..width], right }
                };
                add_range(sum, term, start.max(distance + SHORTEST + 1)..(start + UNROLLED).min(longest));
            }
        }
    }
}

/// Rows `distance, distance - 1, …` of `out(i, j) = Σ_k some(k, i - 1) · whole(k, j)`, from `i = first` on.
///
/// If `whole` holds the derivatives by the output of [`Compose`], these are the derivatives by its second factor.
pub(crate) struct RightPart<'a, T> {
    pub out: &'a mut Strip<T>,
    pub some: &'a Triangle<T>,
    pub whole: &'a Triangle<T>,
    pub len: usize,
    /// Distances below it have rows.
    pub rows: usize,
    pub distance: usize,
    pub first: usize,
}

impl<T: Semiring> pulp::WithSimd for RightPart<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { out, some, whole, len, rows, distance, first } = self;
        *out = [[T::ZERO; STRIP]; BAND];
        for start in (SHORTEST + 1..(first + STRIP).min(rows)).step_by(UNROLLED) {
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
                add_range(sum, term, start..(start + UNROLLED).min(end).min(rows - distance));
            }
        }
    }
}

/// The product of two rows of equal length, for the lanes of a strip from `begin` on.
struct Term<'a, T> {
    begin: usize,
    left: &'a [T],
    right: &'a [T],
}

impl<'a, T> Term<'a, T> {
    fn end(&self) -> usize {
        self.begin + self.left.len()
    }

    /// The term for some of its lanes.
    #[inline(always)]
    fn part(&self, begin: usize, end: usize) -> Term<'a, T> {
        let range = begin - self.begin..end - self.begin;
        Term { begin, left: &self.left[range.clone()], right: &self.right[range] }
    }
}

/// Adds the terms of all `k` in `range`, at most [`UNROLLED`] of them.
#[inline(always)]
fn add_range<'a, T: Semiring + 'a>(sum: &mut [T; STRIP], term: impl Fn(usize) -> Term<'a, T>, range: Range<usize>) {
    if range.len() < UNROLLED {
        for k in range {
            add(sum, term(k));
        }
        return;
    }
    let k = range.start;
    let terms = [term(k), term(k + 1), term(k + 2), term(k + 3)];
    // Lanes start or end one after the other; those that have all terms are added together.
    let (mut begin, mut end) = (0, STRIP);
    for term in &terms {
        begin = begin.max(term.begin);
        end = end.min(term.end());
    }
    if begin >= end {
        for term in terms {
            add(sum, term);
        }
        return;
    }
    for term in &terms {
        if term.begin < begin {
            add(sum, term.part(term.begin, begin));
        }
        if end < term.end() {
            add(sum, term.part(end, term.end()));
        }
    }
    let [a, b, c, d] = &terms;
    let (a, b, c, d) = (a.part(begin, end), b.part(begin, end), c.part(begin, end), d.part(begin, end));
    add_four(&mut sum[begin..end], [a.left, b.left, c.left, d.left], [a.right, b.right, c.right, d.right]);
}

#[inline(always)]
fn add_four<T: Semiring>(sum: &mut [T], left: [&[T]; UNROLLED], right: [&[T]; UNROLLED]) {
    let width = sum.len();
    let [a, b, c, d] = [&left[0][..width], &left[1][..width], &left[2][..width], &left[3][..width]];
    let [x, y, z, w] = [&right[0][..width], &right[1][..width], &right[2][..width], &right[3][..width]];
    for k in 0..width {
        sum[k] += (a[k] * x[k] + b[k] * y[k]) + (c[k] * z[k] + d[k] * w[k]);
    }
}

#[inline(always)]
fn add<T: Semiring>(sum: &mut [T; STRIP], term: Term<'_, T>) {
    let sum = &mut sum[term.begin..term.end()];
    for (sum, (left, right)) in sum.iter_mut().zip(term.left.iter().zip(term.right)) {
        *sum += *left * *right;
    }
}
