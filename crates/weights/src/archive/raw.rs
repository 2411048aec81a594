//! A tensor as in the file: a type, a shape, and bytes that were not read yet.

use std::borrow::Cow;
use std::ops::Range;

use super::storage::Span;
use crate::dtype::Dtype;
use crate::error::Fault;

/// A named tensor's bytes, in place.
#[derive(Debug, Clone)]
pub struct RawTensor {
    /// Type of its elements.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    span: Span,
    strides: Option<Vec<usize>>, // elements; None: row-major without gaps
}

impl RawTensor {
    /// Elements laid out row-major, without gaps, filling `span`.
    pub(crate) fn contiguous(dtype: Dtype, shape: Vec<usize>, span: Span) -> Self {
        Self { dtype, shape, span, strides: None }
    }

    /// A view into a storage of `dtype`: `offset` and `strides` count elements.
    ///
    /// # Errors
    /// The view reaches beyond its storage or has more elements than it (an expanded tensor).
    pub(crate) fn view(
        name: &str,
        dtype: Dtype,
        storage: &Span,
        offset: usize,
        shape: Vec<usize>,
        strides: Vec<usize>,
    ) -> Result<Self, Fault> {
        let beyond = || Fault::damaged("PyTorch file", format!("tensor `{name}` reaches beyond its storage"));
        if shape.len() != strides.len() {
            return Err(Fault::damaged(
                "PyTorch file",
                format!("tensor `{name}` has {} sizes but {} strides", shape.len(), strides.len()),
            ));
        }
        let count = shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size)).ok_or_else(beyond)?;
        if count == 0 {
            return Ok(Self::contiguous(dtype, shape, Span::fixed(&[])));
        }
        let last = shape
            .iter()
            .zip(&strides)
            .try_fold(0usize, |last, (size, stride)| last.checked_add((size - 1).checked_mul(*stride)?))
            .ok_or_else(beyond)?;
        let size = dtype.size();
        let start = offset.checked_mul(size).ok_or_else(beyond)?;
        let end = last.checked_add(1).and_then(|n| n.checked_mul(size)?.checked_add(start)).ok_or_else(beyond)?;
        let span = storage.slice(start..end).ok_or_else(beyond)?;
        if count > storage.len() / size {
            return Err(Fault::Unsupported(format!("tensor `{name}` is an expanded view; save a contiguous copy")));
        }
        let strides = (!is_row_major(&shape, &strides)).then_some(strides);
        Ok(Self { dtype, shape, span, strides })
    }

    /// Number of elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Number of rows: the first size, 1 for a scalar.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Bytes of some rows; copied only if they have gaps or are transposed in the file.
    pub(crate) fn read(&self, rows: Range<usize>) -> Cow<'_, [u8]> {
        let row = self.count() / self.rows().max(1) * self.dtype.size();
        let range = rows.start * row..rows.end * row;
        match &self.strides {
            None => Cow::Borrowed(&self.span.bytes()[range]),
            Some(strides) => {
                let mut all = self.gather(strides);
                all.truncate(range.end);
                Cow::Owned(all.split_off(range.start))
            }
        }
    }

    /// Its elements, row-major, as f32.
    pub fn to_f32(&self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.count());
        self.dtype.decode(&self.read(0..self.rows()), &mut values);
        values
    }

    /// The span of the file with these rows, if they are row-major without gaps.
    pub(crate) fn span(&self, rows: &Range<usize>) -> Option<Span> {
        let row = self.count() / self.rows().max(1) * self.dtype.size();
        if self.strides.is_some() {
            return None;
        }
        self.span.slice(rows.start * row..rows.end * row)
    }

    /// See [`Span::check_there`].
    pub(crate) fn check_there(&self) -> std::io::Result<()> {
        self.span.check_there()
    }

    /// Releases the pages of the file that hold it.
    pub(crate) fn release(&self) {
        self.span.release();
    }

    /// The value of a scalar or one-element tensor.
    pub fn number(&self) -> Option<f64> {
        if self.count() != 1 {
            return None;
        }
        self.dtype.number(&self.read(0..1))
    }

    fn gather(&self, strides: &[usize]) -> Vec<u8> {
        let (size, bytes) = (self.dtype.size(), self.span.bytes());
        let mut out = Vec::with_capacity(self.count() * size);
        let mut index = vec![0; self.shape.len()];
        for _ in 0..self.count() {
            let at: usize = index.iter().zip(strides).map(|(i, stride)| i * stride * size).sum();
            out.extend_from_slice(&bytes[at..at + size]);
            for (i, full) in index.iter_mut().zip(&self.shape).rev() {
                *i += 1;
                if *i < *full {
                    break;
                }
                *i = 0;
            }
        }
        out
    }
}

fn is_row_major(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    shape.iter().zip(strides).rev().all(|(size, stride)| {
        let fits = *size == 1 || *stride == expected;
        expected *= size;
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage() -> Span {
        Span::owned((0..6u8).flat_map(|v| f32::from(v).to_le_bytes()).collect())
    }

    fn floats(raw: &RawTensor) -> Vec<f32> {
        let mut out = Vec::new();
        raw.dtype.decode(&raw.read(0..raw.rows()), &mut out);
        out
    }

    #[test]
    fn a_transposed_view_is_read_row_by_row() {
        let raw = RawTensor::view("w", Dtype::F32, &storage(), 0, vec![3, 2], vec![1, 3]).unwrap();
        assert_eq!(floats(&raw), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(raw.read(1..2).len(), 8);
        assert!(raw.span(&(0..3)).is_none());
    }

    #[test]
    fn an_offset_view_is_not_copied() {
        let raw = RawTensor::view("w", Dtype::F32, &storage(), 2, vec![2, 2], vec![2, 1]).unwrap();
        assert_eq!(floats(&raw), [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(raw.span(&(1..2)).unwrap().len(), 8);
    }

    #[test]
    fn views_beyond_their_storage_are_refused() {
        for (offset, shape, strides) in [
            (3, vec![2, 2], vec![2, 1]),
            (usize::MAX, vec![1], vec![1]),
            (0, vec![usize::MAX, 2], vec![1, 1]),
            (0, vec![2, 2], vec![usize::MAX, 1]),
        ] {
            let error = RawTensor::view("w", Dtype::F32, &storage(), offset, shape, strides).unwrap_err();
            assert!(error.to_string().ends_with("tensor `w` reaches beyond its storage"), "{error}");
        }
    }

    #[test]
    fn expanded_views_are_refused() {
        let error = RawTensor::view("w", Dtype::F32, &storage(), 0, vec![1 << 20, 2], vec![0, 1]).unwrap_err();
        assert_eq!(error.to_string(), "tensor `w` is an expanded view; save a contiguous copy");
    }
}
