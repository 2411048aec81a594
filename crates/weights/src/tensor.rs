//! A tensor of the model, still in its file: row ranges of what the file holds, one after the other.

use std::borrow::Cow;
use std::ops::Range;

use crate::archive::{RawTensor, Span};
use crate::dtype::Dtype;

/// Some rows of a raw tensor.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    raw: RawTensor,
    rows: Range<usize>,
}

impl Piece {
    pub(crate) fn new(raw: &RawTensor, rows: Range<usize>) -> Self {
        Self { raw: raw.clone(), rows }
    }
}

/// A tensor under our name. It is read only when requested.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Type of its elements in the file; the wider one if parts differ.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    key: String,
    pieces: Vec<Piece>,
}

impl Tensor {
    /// Stacks pieces of equal row shape; `key` is their name in the file.
    pub(crate) fn new(key: String, pieces: Vec<Piece>) -> Self {
        let dtype = pieces.iter().map(|piece| piece.raw.dtype).max().unwrap_or(Dtype::F32);
        let rows = pieces.iter().map(|piece| piece.rows.len()).sum();
        let row = pieces.first().map(|piece| piece.raw.shape.get(1..).unwrap_or(&[]).to_vec()).unwrap_or_default();
        let shape = std::iter::once(rows).chain(row).collect(); // a scalar becomes one row
        Self { dtype, shape, key, pieces }
    }

    /// Puts zeros in the place of a piece of its own rows.
    pub(crate) fn clear(&mut self, piece: usize) {
        if let Some(Piece { raw, rows }) = self.pieces.get_mut(piece) {
            let shape: Vec<usize> = std::iter::once(rows.len()).chain(raw.shape.iter().skip(1).copied()).collect();
            let bytes = shape.iter().product::<usize>() * raw.dtype.size();
            *raw = RawTensor::contiguous(raw.dtype, shape, Span::owned(vec![0; bytes]));
            *rows = 0..rows.len();
        }
    }

    /// Its name in the file; several names if it is made of several tensors.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Number of elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Its elements, row-major, as f32.
    pub fn to_f32(&self) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.count());
        for Piece { raw, rows } in &self.pieces {
            raw.dtype.decode(&raw.read(rows.clone()), &mut out);
        }
        out
    }

    /// The first of its elements that is NaN or infinite, with its place.
    pub fn first_not_finite(&self) -> Option<(usize, f32)> {
        let values = self.to_f32();
        self.release();
        let at = values.iter().position(|value| !value.is_finite())?;
        Some((at, values[at]))
    }

    /// Its bytes as in the file, little-endian and row-major, if all parts have one type.
    pub fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        if self.pieces.iter().any(|piece| piece.raw.dtype != self.dtype) {
            return None;
        }
        match self.pieces.as_slice() {
            [Piece { raw, rows }] => Some(raw.read(rows.clone())),
            several => Some(several.iter().flat_map(|p| p.raw.read(p.rows.clone()).into_owned()).collect()),
        }
    }

    /// Its bytes without a copy: f32 in one piece at an aligned address. The file stays mapped as long as
    /// they are in use.
    pub(crate) fn shared_f32(&self) -> Option<bytes::Bytes> {
        let [Piece { raw, rows }] = self.pieces.as_slice() else { return None };
        let span = raw.span(rows).filter(|_| self.dtype == Dtype::F32 && cfg!(target_endian = "little"))?;
        (span.bytes().as_ptr() as usize).is_multiple_of(align_of::<f32>()).then(|| span.shared())
    }

    /// Whether its bytes are still there, see [`Span::check_there`](crate::archive::Span::check_there).
    pub(crate) fn check_there(&self) -> std::io::Result<()> {
        self.pieces.iter().try_for_each(|piece| piece.raw.check_there())
    }

    /// Releases the pages of the file that hold it.
    pub(crate) fn release(&self) {
        self.pieces.iter().for_each(|piece| piece.raw.release());
    }
}
