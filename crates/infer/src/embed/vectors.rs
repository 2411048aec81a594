//! The vectors of a sequence: those of its tokens, or those that stand for all of it.

use std::ops::Range;

use rinalmo_model::{Hidden, Packed, Pooling};
use rinalmo_sink::{Array, ArrayKind};

/// Rows of one sequence: every token's vector or logits, special tokens included.
pub(super) struct Rows {
    pub width: usize,
    pub data: Vec<f32>,
}

impl Rows {
    /// Joins the rows of the windows again and averages those that overlap.
    pub fn average(windows: &[Range<usize>], mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 {
            return parts.swap_remove(0);
        }
        let width = parts[0].width;
        let total = windows.iter().map(|window| window.end).max().unwrap_or(0);
        let mut data = vec![0.0; total * width];
        let mut seen = vec![0_u32; total];
        for (window, part) in windows.iter().zip(&parts) {
            for (token, row) in window.clone().zip(part.data.chunks_exact(width)) {
                seen[token] += 1;
                data[token * width..(token + 1) * width].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
        }
        for (row, &count) in data.chunks_exact_mut(width).zip(&seen) {
            row.iter_mut().for_each(|sum| *sum /= count as f32);
        }
        Self { width, data }
    }

    /// The rows of the bases, without `<cls>` and `<eos>`.
    fn bases(&self) -> &[f32] {
        &self.data[self.width..self.data.len() - self.width]
    }

    /// The same as an array.
    fn array(&self, kind: ArrayKind) -> Array {
        let bases = self.bases();
        Array::new(kind, vec![bases.len() / self.width, self.width], bases.to_vec())
    }

    /// The row of `<cls>`.
    fn cls(&self) -> &[f32] {
        &self.data[..self.width]
    }

    /// Mean over the bases.
    fn mean(&self) -> Vec<f32> {
        let mut sums = vec![0.0_f64; self.width];
        let bases = self.bases().chunks_exact(self.width);
        let len = bases.len() as f64;
        for row in bases {
            sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        sums.into_iter().map(|sum| (sum / len) as f32).collect()
    }
}

/// The vectors of one sequence.
pub(super) enum Vectors {
    /// Those of all tokens.
    Tokens(Rows),
    /// Only those that stand for the sequence.
    Pooled(Pooled),
}

impl Vectors {
    /// Joins those of the windows again. Pooled ones are of a single window.
    pub fn join(windows: &[Range<usize>], parts: Vec<Self>) -> Self {
        let mut tokens = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Tokens(rows) => tokens.push(rows),
                Self::Pooled(_) => return part,
            }
        }
        Self::Tokens(Rows::average(windows, tokens))
    }

    /// One of the arrays, which was computed if it was asked for.
    pub fn array(&self, kind: ArrayKind, logits: Option<&Rows>) -> Array {
        const ASKED: &str = "what was asked for was computed";
        match (kind, self) {
            (ArrayKind::Tokens, Self::Tokens(rows)) => rows.array(kind),
            (ArrayKind::Mean, Self::Tokens(rows)) => single(kind, rows.mean()),
            (ArrayKind::Mean, Self::Pooled(pooled)) => single(kind, pooled.mean.clone()),
            (ArrayKind::Cls, Self::Tokens(rows)) => single(kind, rows.cls().to_vec()),
            (ArrayKind::Cls, Self::Pooled(pooled)) => single(kind, pooled.cls.clone()),
            _ => logits.expect(ASKED).array(kind),
        }
    }
}

/// One vector.
fn single(kind: ArrayKind, vector: Vec<f32>) -> Array {
    Array::new(kind, vec![vector.len()], vector)
}

/// Vectors that stand for sequences, `[sequences, dim]`.
pub(super) struct Pooled {
    cls: Vec<f32>,
    mean: Vec<f32>,
}

impl Pooled {
    /// Those of all sequences of a batch, computed where its representation is: only they are fetched.
    pub fn of(hidden: &Hidden<'_>, batch: &Packed) -> Self {
        let pool = |pooling| hidden.pool(batch, pooling).values().into_owned();
        Self { cls: pool(Pooling::Cls), mean: pool(Pooling::Mean) }
    }

    /// Those of one sequence.
    pub fn of_sequence(&self, index: usize, dim: usize) -> Self {
        let row = |rows: &[f32]| rows[index * dim..(index + 1) * dim].to_vec();
        Self { cls: row(&self.cls), mean: row(&self.mean) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_averaged() {
        let parts = vec![Rows { width: 1, data: vec![1.0, 2.0, 3.0] }, Rows { width: 1, data: vec![4.0, 5.0, 6.0] }];
        assert_eq!(Rows::average(&[0..3, 1..4], parts).data, [1.0, 3.0, 4.0, 6.0]);
    }
}
