//! The input of a sink: one record with all its arrays.

use std::fmt;

use half::{bf16, f16};

use super::Error;

/// What an array holds, and the name it is stored under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArrayKind {
    /// One embedding for each base: `[len, dim]`, without special tokens.
    Tokens,
    /// The mean of the base embeddings: `[dim]`.
    Mean,
    /// The embedding of the `<cls>` token: `[dim]`.
    Cls,
    /// Logits over the vocabulary for each base: `[len, vocabulary]`.
    Logits,
    /// Attention weights: `[blocks, heads, len + 2, len + 2]`.
    Attentions,
    /// Base-pair probabilities: `[len, len]`, symmetric.
    Pairs,
}

/// Each kind with its name and its number of dimensions. The index in this table is its code in a spool.
const KINDS: [(ArrayKind, &str, usize); 6] = [
    (ArrayKind::Tokens, "tokens", 2),
    (ArrayKind::Mean, "mean", 1),
    (ArrayKind::Cls, "cls", 1),
    (ArrayKind::Logits, "logits", 2),
    (ArrayKind::Attentions, "attentions", 4),
    (ArrayKind::Pairs, "pairs", 2),
];

impl ArrayKind {
    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        KINDS[self as usize].1
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// How many dimensions an array of this kind has.
    pub fn rank(self) -> usize {
        KINDS[self as usize].2
    }

    pub(super) fn code(self) -> u8 {
        self as u8
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        KINDS.get(usize::from(code)).map(|row| row.0)
    }
}

impl fmt::Display for ArrayKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dtype {
    /// 32-bit floats, as computed.
    #[default]
    F32,
    /// IEEE half precision: 11 significant bits, up to 65504.
    F16,
    /// The upper half of an f32: its range, 8 significant bits.
    Bf16,
}

impl Dtype {
    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "f32",
            Dtype::F16 => "f16",
            Dtype::Bf16 => "bf16",
        }
    }

    /// Bytes per number.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::Bf16 => 2,
        }
    }

    /// Appends `values` to `out` as little-endian bytes, rounded to nearest.
    pub(super) fn encode(self, values: &[f32], out: &mut Vec<u8>) {
        match self {
            Dtype::F32 => values.iter().for_each(|v| out.extend(v.to_le_bytes())),
            Dtype::F16 => values.iter().for_each(|&v| out.extend(f16::from_f32(v).to_le_bytes())),
            Dtype::Bf16 => values.iter().for_each(|&v| out.extend(bf16::from_f32(v).to_le_bytes())),
        }
    }

    /// The values of little-endian bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        let halves = || bytes.as_chunks().0.iter().copied();
        match self {
            Dtype::F32 => bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)).collect(),
            Dtype::F16 => halves().map(|number| f16::from_le_bytes(number).to_f32()).collect(),
            Dtype::Bf16 => halves().map(|number| bf16::from_le_bytes(number).to_f32()).collect(),
        }
    }

    /// The first finite value that would turn infinite in this storage.
    pub(super) fn overflow(self, values: &[f32]) -> Option<f32> {
        let lost = |v: &f32| match self {
            Dtype::F32 => false,
            Dtype::F16 => v.is_finite() && f16::from_f32(*v).is_infinite(),
            Dtype::Bf16 => v.is_finite() && bf16::from_f32(*v).is_infinite(),
        };
        values.iter().copied().find(lost)
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One array of a record, row-major.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Array {
    /// What it holds.
    pub kind: ArrayKind,
    /// Its sizes, outermost first; any may be zero.
    pub shape: Vec<usize>,
    /// Its numbers: as many as the product of `shape`.
    pub data: Vec<f32>,
}

impl Array {
    /// An array of this kind; its shape is checked when it is written.
    pub fn new(kind: ArrayKind, shape: Vec<usize>, data: Vec<f32>) -> Self {
        Self { kind, shape, data }
    }
}

/// One record of the input with everything computed for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ArrayRecord {
    /// Its index in the input, from 0. It distinguishes records with the same id.
    pub index: u64,
    /// Its id, as read.
    pub id: String,
    /// Its arrays, at most one of each kind.
    pub arrays: Vec<Array>,
}

impl ArrayRecord {
    /// The record with this id at an index of the input, from 0.
    pub fn new(index: u64, id: impl Into<String>, arrays: Vec<Array>) -> Self {
        Self { index, id: id.into(), arrays }
    }

    /// Checks that each array has the dimensions of its kind and the number of values of its shape, and that no kind
    /// occurs twice.
    pub(super) fn check(&self) -> Result<(), Error> {
        for (place, array) in self.arrays.iter().enumerate() {
            let Array { kind, shape, data } = array;
            let count = count(shape);
            let square = *kind != ArrayKind::Pairs || shape.windows(2).all(|pair| pair[0] == pair[1]);
            if shape.len() != kind.rank() || count != Some(data.len()) || !square {
                return Err(Error::Shape {
                    id: self.id.clone(),
                    kind: *kind,
                    shape: shape.clone(),
                    values: data.len(),
                });
            }
            if self.arrays[..place].iter().any(|earlier| earlier.kind == *kind) {
                return Err(Error::KindTwice { id: self.id.clone(), kind: *kind });
            }
        }
        Ok(())
    }
}

/// The product of the sizes, unless it overflows.
pub(super) fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size))
}

/// Rows and values per row of an array in a table: one row per position of a matrix, or the one row of a vector.
pub(super) fn row_shape(shape: &[usize]) -> (usize, usize) {
    match shape {
        [rows, width] => (*rows, *width),
        [width] => (1, *width),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_the_table_at_their_own_place() {
        for (place, (kind, ..)) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, place);
            assert_eq!(ArrayKind::from_code(kind.code()), Some(*kind));
        }
        assert_eq!(ArrayKind::from_code(6), None);
    }

    #[test]
    fn an_array_whose_numbers_do_not_fill_its_shape_is_refused() {
        let record = |shape: &[usize], values: usize| ArrayRecord {
            index: 0,
            id: "r".into(),
            arrays: vec![Array { kind: ArrayKind::Tokens, shape: shape.to_vec(), data: vec![0.0; values] }],
        };
        assert!(record(&[2, 3], 6).check().is_ok());
        assert!(record(&[0, 3], 0).check().is_ok());
        assert!(record(&[2, 3], 5).check().is_err());
        assert!(record(&[6], 6).check().is_err());
        assert!(record(&[usize::MAX, 2], 0).check().is_err());
    }

    #[test]
    fn only_finite_values_that_turn_infinite_overflow() {
        assert_eq!(Dtype::F16.overflow(&[1.0, f32::INFINITY, 70_000.0]), Some(70_000.0));
        assert_eq!(Dtype::F16.overflow(&[65_504.0, f32::NAN, f32::NEG_INFINITY]), None);
        assert_eq!(Dtype::Bf16.overflow(&[70_000.0]), None);
        assert_eq!(Dtype::F32.overflow(&[f32::MAX]), None);
    }
}
