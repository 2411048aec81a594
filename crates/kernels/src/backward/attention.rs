//! Backward pass of attention over sequences that are stored one after the other, and its forward pass with dropout or on
//! top of given scores.
//!
//! The forward pass stores no weights. The backward pass computes them again, for a block of queries of one head of one
//! sequence at a time, so that memory grows with the length and not with its square.

use rayon::prelude::*;

use super::Dropout;
use crate::error::check_length;
use crate::generic::backward::attention::{Mask, MaskWeights, Products, ScoreGradient, Softmax, Turn};
use crate::generic::transpose::Transpose;
use crate::scratch::with_scratch;
use crate::threads::for_rows;
use crate::{Error, Level};

/// Queries per block.
const QUERIES: usize = 48;
/// Rows of a sequence that are collected at once.
const ROWS: usize = 64;

/// Cosines and sines by which each row's queries and keys are rotated (see [`crate::rope`]).
#[derive(Clone, Copy, Debug)]
pub struct Turns<'a> {
    /// `[rows, head_dim / 2]`
    pub cos: &'a [f32],
    /// `[rows, head_dim / 2]`
    pub sin: &'a [f32],
}

impl Turns<'_> {
    /// Rotates queries and keys of `qkv` in place.
    ///
    /// # Shapes
    /// - qkv: `[rows, 3 · dim]`
    ///
    /// # Errors
    /// If a slice has another length.
    pub fn forward(self, level: Level, qkv: &mut [f32], dim: usize, heads: usize) -> Result<(), Error> {
        const OP: &str = "rope";
        if heads == 0 || dim == 0 || !dim.is_multiple_of(2 * heads) {
            return Err(Error::Size {
                op: OP,
                reason: format!("{dim} values do not make {heads} heads of two halves"),
            });
        }
        let half = dim / heads / 2;
        let rows = qkv.len() / (3 * dim);
        check_length(OP, "qkv", rows * 3 * dim, qkv.len())?;
        check_length(OP, "cos", rows * half, self.cos.len())?;
        check_length(OP, "sin", rows * half, self.sin.len())?;
        for_rows(qkv, 3 * dim, 1, ROWS, &|first, qkv| {
            let (cos, sin) = (&self.cos[first * half..], &self.sin[first * half..]);
            level.run(Turn { qkv, dim, half, cos, sin });
        });
        Ok(())
    }

    /// Rotates the gradient of rotated queries and keys back, in place.
    ///
    /// # Errors
    /// As [`Turns::forward`].
    pub fn backward(self, level: Level, grad_qkv: &mut [f32], dim: usize, heads: usize) -> Result<(), Error> {
        let sin: Vec<f32> = self.sin.iter().map(|sin| -sin).collect();
        Turns { cos: self.cos, sin: &sin }.forward(level, grad_qkv, dim, heads)
    }
}

/// `softmax(q · kᵀ / √head_dim) · v` for each head of each sequence, with dropout of the weights after the softmax.
///
/// # Shapes
/// - qkv: `[rows, 3 · dim]`, queries and keys rotated
/// - starts: `[sequences + 1]`, increasing from 0 to `rows`
/// - out: `[rows, dim]`, overwritten
///
/// # Errors
/// If a slice has another length, or `heads` does not divide `dim`.
pub fn attention(
    level: Level,
    qkv: &[f32],
    dim: usize,
    heads: usize,
    starts: &[usize],
    dropout: Option<Dropout>,
    out: &mut [f32],
) -> Result<(), Error> {
    check(qkv, dim, heads, starts, out)?;
    let batch = Batch { level, qkv, dim, heads, dropout };
    let results = |len: usize| len * batch.head().padded;
    batch.each_head(starts, out, dim, results, |task, result| task.forward(None, result), collect_padded(dim));
    Ok(())
}

/// Values that [`attention_adding`] needs for the scores of sequences: for each sequence `[heads, len, width]`, with rows
/// of [`score_width`] values.
pub fn score_space(heads: usize, lengths: impl IntoIterator<Item = usize>) -> usize {
    lengths.into_iter().map(|len| heads * len * score_width(len)).sum()
}

/// Values in a row of the scores of [`attention_adding`]: one for each of `len` keys, padded to whole vectors of every level.
pub fn score_width(len: usize) -> usize {
    len.next_multiple_of(16)
}

/// `softmax(s) · v` for each head of each sequence, with `q · kᵀ / √head_dim` added to the scores `s` before: attention that
/// begins with biases, or with the scores of the block before.
///
/// # Shapes
/// - qkv: `[rows, 3 · dim]`
/// - starts: `[sequences + 1]`, increasing from 0 to `rows`
/// - scores: [`score_space`] values, changed in place; the padding of rows has any finite value, and is not used
/// - out: `[rows, dim]`, overwritten
///
/// # Errors
/// If a slice has another length, or `heads` does not divide `dim`.
pub fn attention_adding(
    level: Level,
    qkv: &[f32],
    dim: usize,
    heads: usize,
    starts: &[usize],
    scores: &mut [f32],
    out: &mut [f32],
) -> Result<(), Error> {
    check(qkv, dim, heads, starts, out)?;
    let lengths = || starts.windows(2).map(|pair| pair[1] - pair[0]);
    check_length("attention", "scores", score_space(heads, lengths()), scores.len())?;
    let batch = Batch { level, qkv, dim, heads, dropout: None };
    let (mut lent, mut left) = (Vec::new(), scores);
    for len in lengths().filter(|&len| len > 0) {
        let (mine, rest) = std::mem::take(&mut left).split_at_mut(heads * len * score_width(len));
        lent.extend(mine.chunks_exact_mut(len * score_width(len)));
        left = rest;
    }
    batch.each_head_with(
        lent,
        starts,
        out,
        dim,
        |len| len * batch.head().padded,
        |task, scores, result| task.forward(Some(scores), result),
        collect_padded(dim),
    );
    Ok(())
}

/// Copies a head's rows, `[len, padded]`, to its part of rows of `dim` values.
fn collect_padded(dim: usize) -> impl Fn(Task<'_>, usize, &[f32], &mut [f32]) + Sync {
    move |task, first, result, rows| {
        let Head { dim: width, padded } = task.head;
        let from = result[first * padded..].chunks_exact(padded);
        for (row, from) in rows.chunks_exact_mut(dim).zip(from) {
            row[task.first..][..width].copy_from_slice(&from[..width]);
        }
    }
}

/// The gradient of `qkv` from that of [`attention`]'s result, given the same dropout.
///
/// # Shapes
/// - qkv: `[rows, 3 · dim]`, queries and keys rotated
/// - starts: `[sequences + 1]`, increasing from 0 to `rows`
/// - grad: `[rows, dim]`
/// - grad_qkv: `[rows, 3 · dim]`, overwritten: of rotated queries and keys, and of values
///
/// # Errors
/// If a slice has another length, or `heads` does not divide `dim`.
#[allow(clippy::too_many_arguments, reason = "a forward pass has so many, and its gradient two more")]
pub fn attention_backward(
    level: Level,
    qkv: &[f32],
    dim: usize,
    heads: usize,
    starts: &[usize],
    dropout: Option<Dropout>,
    grad: &[f32],
    grad_qkv: &mut [f32],
) -> Result<(), Error> {
    check(qkv, dim, heads, starts, grad)?;
    check_length("attention backward", "grad_qkv", qkv.len(), grad_qkv.len())?;
    let batch = Batch { level, qkv, dim, heads, dropout };
    let head = batch.head();
    let results = |len: usize| len * head.padded + 2 * head.dim * score_width(len);
    batch.each_head(
        starts,
        grad_qkv,
        3 * dim,
        results,
        |task, result| task.backward(&grad[task.start * dim..], result),
        |task, first, result, rows| {
            let (queries, rest) = result.split_at(task.len * head.padded);
            let from = queries[first * head.padded..].chunks_exact(head.padded);
            for (row, from) in rows.chunks_exact_mut(3 * dim).zip(from) {
                row[task.first..][..head.dim].copy_from_slice(&from[..head.dim]);
            }
            let width = score_width(task.len);
            let columns = rows.len() / (3 * dim);
            for (part, from) in rest.chunks_exact(head.dim * width).enumerate() {
                let (from, to) = (&from[first..], &mut rows[(part + 1) * dim + task.first..]);
                level.run(Transpose { from, from_stride: width, rows: head.dim, columns, to, to_stride: 3 * dim });
            }
        },
    );
    Ok(())
}

fn check(qkv: &[f32], dim: usize, heads: usize, starts: &[usize], out: &[f32]) -> Result<(), Error> {
    const OP: &str = "attention";
    if dim == 0 || heads == 0 || !dim.is_multiple_of(heads) {
        return Err(Error::Size { op: OP, reason: format!("{dim} values do not make {heads} equal heads") });
    }
    let rows = out.len() / dim;
    check_length(OP, "out", rows * dim, out.len())?;
    check_length(OP, "qkv", rows * 3 * dim, qkv.len())?;
    let rising = starts.windows(2).all(|pair| pair[0] <= pair[1]);
    if starts.first() != Some(&0) || starts.last() != Some(&rows) || !rising {
        return Err(Error::Size { op: OP, reason: format!("`starts` must rise from 0 to the {rows} rows of `out`") });
    }
    Ok(())
}

/// Width of one head.
#[derive(Clone, Copy)]
struct Head {
    dim: usize,
    /// The width padded to whole vectors of every level.
    padded: usize,
}

/// What all heads of all sequences have in common.
#[derive(Clone, Copy)]
struct Batch<'a> {
    level: Level,
    qkv: &'a [f32],
    dim: usize,
    heads: usize,
    dropout: Option<Dropout>,
}

/// One head of one sequence.
#[derive(Clone, Copy)]
struct Task<'a> {
    batch: Batch<'a>,
    head: Head,
    /// The sequence's first row.
    start: usize,
    /// Its rows.
    len: usize,
    /// The head's first value in a query.
    first: usize,
}

impl<'a> Batch<'a> {
    fn head(&self) -> Head {
        let dim = self.dim / self.heads;
        Head { dim, padded: dim.next_multiple_of(16) }
    }

    /// For each head of each sequence, `work` fills `space(len)` values; then `collect` copies each head's part of them
    /// to rows of `out`. It gets the number of its first row in the sequence.
    fn each_head(
        self,
        starts: &[usize],
        out: &mut [f32],
        out_width: usize,
        space: impl Fn(usize) -> usize + Sync,
        work: impl Fn(Task<'a>, &mut [f32]) + Sync,
        collect: impl Fn(Task<'a>, usize, &[f32], &mut [f32]) + Sync,
    ) {
        let nothing = std::iter::repeat_with(|| &mut [][..]);
        self.each_head_with(nothing, starts, out, out_width, space, |task, _, result| work(task, result), collect);
    }

    /// As [`Batch::each_head`]; `work` also gets one of `lent`, in the order of sequences and of their heads.
    #[allow(clippy::too_many_arguments, reason = "what is lent, and the arguments of `each_head`")]
    fn each_head_with<'b>(
        self,
        lent: impl IntoIterator<Item = &'b mut [f32]>,
        starts: &[usize],
        out: &mut [f32],
        out_width: usize,
        space: impl Fn(usize) -> usize + Sync,
        work: impl Fn(Task<'a>, &mut [f32], &mut [f32]) + Sync,
        collect: impl Fn(Task<'a>, usize, &[f32], &mut [f32]) + Sync,
    ) {
        let mut lent = lent.into_iter();
        let head = self.head();
        let spans = || starts.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).filter(|&(_, len)| len > 0);
        let task = |start, len, h: usize| Task { batch: self, head, start, len, first: h * head.dim };
        let total: usize = spans().map(|(_, len)| self.heads * space(len)).sum();
        with_scratch(total, |results| {
            let (mut tasks, mut left) = (Vec::new(), &mut results[..]);
            for (start, len) in spans() {
                let (mine, rest) = std::mem::take(&mut left).split_at_mut(self.heads * space(len));
                let parts = mine.chunks_exact_mut(space(len)).enumerate();
                tasks.extend(parts.zip(&mut lent).map(|((h, result), lent)| (task(start, len, h), lent, result)));
                left = rest;
            }
            tasks.into_par_iter().for_each(|(task, lent, result)| work(task, lent, result));

            let (mut tasks, mut left, mut out) = (Vec::new(), &results[..], out);
            for (start, len) in spans() {
                let (mine, rest) = left.split_at(self.heads * space(len));
                let (rows, rest_of_out) = std::mem::take(&mut out).split_at_mut(len * out_width);
                let chunks = rows.chunks_mut(ROWS * out_width).enumerate();
                tasks.extend(chunks.map(|(c, rows)| (start, len, c * ROWS, mine, rows)));
                (left, out) = (rest, rest_of_out);
            }
            tasks.into_par_iter().for_each(|(start, len, first, results, rows)| {
                for (h, result) in results.chunks_exact(space(len)).enumerate() {
                    collect(task(start, len, h), first, result, rows);
                }
            });
        });
    }
}

impl Task<'_> {
    /// This head's values of queries (0), keys (1) or values (2), row by row.
    fn rows(&self, part: usize) -> impl Iterator<Item = &[f32]> {
        let Batch { qkv, dim, .. } = self.batch;
        let rows = qkv[self.start * 3 * dim..][..self.len * 3 * dim].chunks_exact(3 * dim);
        rows.map(move |row| &row[part * dim + self.first..][..self.head.dim])
    }

    /// Keys or values as columns, `[head dim, width]`; columns beyond the last are not changed.
    fn turn(&self, part: usize, to: &mut [f32]) {
        let Batch { qkv, dim, level, .. } = self.batch;
        let from = &qkv[self.start * 3 * dim + part * dim + self.first..];
        let rows = self.len;
        let columns = self.head.dim;
        let to_stride = score_width(self.len);
        level.run(Transpose { from, from_stride: 3 * dim, rows, columns, to, to_stride });
    }

    /// Keys or values as rows, `[width, padded]`; the padding is not changed.
    fn pad(&self, part: usize, to: &mut [f32]) {
        for (row, to) in self.rows(part).zip(to.chunks_exact_mut(self.head.padded)) {
            to[..self.head.dim].copy_from_slice(row);
        }
    }

    fn mask(&self, query: usize) -> Option<Mask> {
        let step = self.batch.heads as u64;
        let first = (self.start + query) as u64 * step + (self.first / self.head.dim) as u64;
        let mask_of = |dropout: Dropout| {
            let (seed, threshold, scale) = (dropout.seed, dropout.threshold(), dropout.scale());
            Mask { seed, threshold, scale, first, step }
        };
        self.batch.dropout.map(mask_of)
    }

    /// The weights of `rows` queries from `query` on; the queries themselves, scaled by `1 / √dim`, are in `queries`. If
    /// there are `scores`, those of the queries are added to them.
    fn weights(
        &self,
        query: usize,
        rows: usize,
        keys: &[f32],
        queries: &mut [f32],
        scores: Option<&mut [f32]>,
        weights: &mut [f32],
    ) {
        let (level, dim, width) = (self.batch.level, self.head.dim, score_width(self.len));
        let scale = 1.0 / (dim as f32).sqrt();
        for (row, to) in self.rows(0).skip(query).zip(queries[..rows * dim].chunks_exact_mut(dim)) {
            to.iter_mut().zip(row).for_each(|(to, x)| *to = scale * x);
        }
        let weights = &mut weights[..rows * width];
        let sizes = [dim, rows, width, dim];
        match scores {
            Some(scores) => {
                let scores = &mut scores[query * width..][..rows * width];
                product(level, [&*queries, keys], sizes, false, scores);
                weights.copy_from_slice(scores);
            }
            None => product(level, [&*queries, keys], sizes, true, weights),
        }
        level.run(Softmax { scores: weights, width, len: self.len });
    }

    /// The forward pass; `result` is `[len, padded]`. If there are `scores`, `[len, width]`, the head's own are added to
    /// them.
    fn forward(self, mut scores: Option<&mut [f32]>, result: &mut [f32]) {
        let (Head { dim, padded }, width, level) = (self.head, score_width(self.len), self.batch.level);
        with_scratch(width * (dim + padded + QUERIES + 1) + QUERIES * dim, |scratch| {
            let [keys, values, queries, weights, factors] =
                parts(scratch, [dim * width, width * padded, QUERIES * dim, QUERIES * width, width]);
            keys.fill(0.0);
            values.fill(0.0);
            self.turn(1, keys);
            self.pad(2, values);
            for (b, out) in result.chunks_mut(QUERIES * padded).enumerate() {
                let rows = out.len() / padded;
                self.weights(b * QUERIES, rows, keys, queries, scores.as_deref_mut(), weights);
                let weights = &mut weights[..rows * width];
                if let Some(mask) = self.mask(b * QUERIES) {
                    level.run(MaskWeights { weights, width, mask, factors });
                }
                let (x, panel) = (&*weights, &*values);
                level.run(Products {
                    x,
                    x_stride: width,
                    rows,
                    panel,
                    width: padded,
                    depth: self.len,
                    fresh: true,
                    out,
                });
            }
        });
    }

    /// The backward pass; `result` gets gradients of queries `[len, padded]`, of keys `[dim, width]` and of values
    /// `[dim, width]`. `grad` starts at the sequence's first row.
    fn backward(self, grad: &[f32], result: &mut [f32]) {
        let (Head { dim, padded }, width, level) = (self.head, score_width(self.len), self.batch.level);
        let (model, scale) = (self.batch.dim, 1.0 / (dim as f32).sqrt());
        let (grad_queries, rest) = result.split_at_mut(self.len * padded);
        let (grad_keys, grad_values) = rest.split_at_mut(dim * width);
        grad_keys.fill(0.0);
        grad_values.fill(0.0);
        let sizes = [dim * width, dim * width, width * padded, width, QUERIES * width, QUERIES * width];
        let small = [QUERIES * dim; 4];
        with_scratch(sizes.iter().chain(&small).sum(), |scratch| {
            let (large, small_part) = scratch.split_at_mut(sizes.iter().sum());
            let [keys, values, key_rows, factors, weights, scores] = parts(large, sizes);
            let [queries, queries_turned, outs, outs_turned] = parts(small_part, small);
            for padded in [&mut *keys, &mut *values, &mut *key_rows] {
                padded.fill(0.0);
            }
            self.turn(1, keys);
            self.turn(2, values);
            self.pad(1, key_rows);
            for (b, out) in grad_queries.chunks_mut(QUERIES * padded).enumerate() {
                let (rows, query) = (out.len() / padded, b * QUERIES);
                self.weights(query, rows, keys, queries, None, weights);
                let grads = grad[query * model..].chunks(model).map(|row| &row[self.first..][..dim]);
                for (row, to) in grads.zip(outs[..rows * dim].chunks_exact_mut(dim)) {
                    to.copy_from_slice(row);
                }
                for (from, to) in [(&*queries, &mut *queries_turned), (&*outs, &mut *outs_turned)] {
                    level.run(Transpose { from, from_stride: dim, rows, columns: dim, to, to_stride: QUERIES });
                }
                let (weights, scores) = (&mut weights[..rows * width], &mut scores[..rows * width]);
                product(level, [&*outs, &*values], [dim, rows, width, dim], true, scores);
                let (len, mask) = (self.len, self.mask(query));
                level.run(ScoreGradient { weights, grad: scores, width, len, mask, factors });
                product(level, [&*scores, &*key_rows], [width, rows, padded, len], true, out);
                out.iter_mut().for_each(|x| *x *= scale);
                product(level, [&*queries_turned, &*scores], [QUERIES, dim, width, rows], false, grad_keys);
                product(level, [&*outs_turned, &*weights], [QUERIES, dim, width, rows], false, grad_values);
            }
        });
    }
}

/// `out = x · panel`, or added to `out` if not `fresh`. Sizes are those of [`Products`]: values from one row of `x`
/// to the next, rows, width and depth.
fn product(
    level: Level,
    [x, panel]: [&[f32]; 2],
    [x_stride, rows, width, depth]: [usize; 4],
    fresh: bool,
    out: &mut [f32],
) {
    level.run(Products { x, x_stride, rows, panel, width, depth, fresh, out });
}

/// Splits `scratch` into parts of these sizes.
fn parts<const N: usize>(mut scratch: &mut [f32], sizes: [usize; N]) -> [&mut [f32]; N] {
    sizes.map(|size| {
        let (part, rest) = std::mem::take(&mut scratch).split_at_mut(size);
        scratch = rest;
        part
    })
}
