//! Attention over sequences laid end to end: no padding is computed, and none sees another.

use rayon::prelude::*;

use crate::aligned::Line;
use crate::error::check_length;
use crate::generic::attention::{Attention, Head, QUERIES, Scratch, pack};
use crate::{Error, Level};

const OP: &str = "attention";

/// `softmax(q · kᵀ / √head_dim) · v` for each head of each sequence.
///
/// # Shapes
/// - qkv: `[rows, 3 · dim]`: queries, keys, values, each head after head
/// - starts: `[sequences + 1]`: sequence `s` is the rows from `starts[s]` to `starts[s + 1]`; the last is `rows`
/// - out: `[rows, dim]`
///
/// Beside these it takes memory for one copy of keys and values, heads padded to a multiple of 16 values.
///
/// # Errors
/// If a slice is not as long as that, `heads` does not divide `dim`, or `starts` does not rise from 0 to `rows`.
pub fn attention(
    level: Level,
    qkv: &[f32],
    dim: usize,
    heads: usize,
    starts: &[usize],
    out: &mut [f32],
) -> Result<(), Error> {
    check(qkv, dim, heads, starts, out)?;
    let head = Head::new(dim / heads);
    let spans = || starts.windows(2).map(|pair| pair[0]..pair[1]).filter(|span| !span.is_empty());

    let space: usize = spans().map(|span| heads * head.space(span.len())).sum();
    let mut packed = Line::zeros(space);
    let mut left: &mut [f32] = bytemuck::cast_slice_mut(&mut packed);
    let mut tasks = Vec::new();
    for span in spans() {
        let rows = &qkv[span.start * 3 * dim..span.end * 3 * dim];
        for first in (0..dim).step_by(head.dim) {
            let (to, rest) = std::mem::take(&mut left).split_at_mut(head.space(span.len()));
            tasks.push((rows, first, to));
            left = rest;
        }
    }
    tasks.into_par_iter().for_each(|(rows, first, to)| pack(rows, dim, first, head, to));

    let mut left: &[f32] = bytemuck::cast_slice(&packed);
    let mut tasks = Vec::new();
    let mut out = &mut out[..];
    for span in spans() {
        let (keys, rest) = left.split_at(heads * head.space(span.len()));
        let (rows, rest_of_out) = std::mem::take(&mut out).split_at_mut(span.len() * dim);
        let queries = qkv[span.start * 3 * dim..span.end * 3 * dim].chunks(QUERIES * 3 * dim);
        tasks.extend(queries.zip(rows.chunks_mut(QUERIES * dim)).map(|(qkv, out)| (qkv, keys, span.len(), out)));
        (left, out) = (rest, rest_of_out);
    }
    tasks.into_par_iter().for_each(|(qkv, keys, len, out)| {
        let mut scratch = Scratch::new(head);
        for (h, keys) in keys.chunks_exact(head.space(len)).enumerate() {
            let (first, out, scratch) = (h * head.dim, &mut *out, &mut scratch);
            level.run(Attention { qkv, dim, first, head, keys, len, out, scratch });
        }
    });
    Ok(())
}

fn check(qkv: &[f32], dim: usize, heads: usize, starts: &[usize], out: &[f32]) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sequences_is_refused() {
        let level = Level::best();
        let refused =
            |dim, heads, starts: &[usize]| attention(level, &[0.0; 24], dim, heads, starts, &mut [0.0; 8]).is_err();
        assert!(!refused(4, 2, &[0, 1, 1, 2]));
        assert!(refused(4, 3, &[0, 2]) && refused(4, 0, &[0, 2]) && refused(0, 1, &[0]));
        assert!(refused(4, 2, &[0, 1]) && refused(4, 2, &[1, 2]) && refused(4, 2, &[]));
        assert!(refused(4, 2, &[0, 2, 1, 2]) && refused(3, 1, &[0, 2]));
    }
}
