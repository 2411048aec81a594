//! Number types of checkpoints, and the conversion of each to f32 and back.

use std::fmt;

use half::{bf16, f16};
use serde::{Deserialize, Serialize};

/// The type of a tensor's elements, little-endian in every file we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 8-bit flag.
    Bool,
    /// 8-bit unsigned integer.
    U8,
    /// 8-bit integer.
    I8,
    /// 16-bit integer.
    I16,
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// bfloat16: f32 with a short mantissa.
    Bf16,
    /// IEEE half precision.
    F16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
}

impl Dtype {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::I16 | Self::Bf16 | Self::F16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// Its name, `f32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// Whether weights can be of this type.
    pub fn holds_weights(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::Bf16)
    }

    /// Reads the first element of `bytes`, of any type.
    pub(crate) fn number(self, bytes: &[u8]) -> Option<f64> {
        fn first<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
            bytes.first_chunk().copied()
        }
        Some(match self {
            Self::Bool | Self::U8 => f64::from(*bytes.first()?),
            Self::I8 => f64::from(i8::from_le_bytes(first(bytes)?)),
            Self::I16 => f64::from(i16::from_le_bytes(first(bytes)?)),
            Self::I32 => f64::from(i32::from_le_bytes(first(bytes)?)),
            Self::I64 => i64::from_le_bytes(first(bytes)?) as f64,
            Self::Bf16 => bf16::from_le_bytes(first(bytes)?).to_f64(),
            Self::F16 => f16::from_le_bytes(first(bytes)?).to_f64(),
            Self::F32 => f64::from(f32::from_le_bytes(first(bytes)?)),
            Self::F64 => f64::from_le_bytes(first(bytes)?),
        })
    }

    /// Appends the elements of `bytes` to `out`.
    pub(crate) fn decode(self, bytes: &[u8], out: &mut Vec<f32>) {
        fn each<const N: usize>(bytes: &[u8], out: &mut Vec<f32>, read: impl Fn([u8; N]) -> f32) {
            out.extend(bytes.as_chunks::<N>().0.iter().map(|chunk| read(*chunk)));
        }
        match self {
            Self::F32 => each(bytes, out, f32::from_le_bytes),
            Self::F16 => each(bytes, out, |b| f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => each(bytes, out, |b| bf16::from_le_bytes(b).to_f32()),
            other => out.extend(bytes.chunks_exact(other.size()).map(|b| other.number(b).unwrap_or(f64::NAN) as f32)),
        }
    }

    /// Writes `values` as elements of this type, rounded to the nearest, ties to even.
    pub(crate) fn encode(self, values: &[f32]) -> Vec<u8> {
        match self {
            Self::F16 => values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect(),
            Self::Bf16 => values.iter().flat_map(|v| bf16::from_f32(*v).to_le_bytes()).collect(),
            _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_to_even() {
        // 1 + 2⁻⁸ is half-way between two bf16 values; the even one is 1. 1 + 3·2⁻⁸ goes up to 1 + 2⁻⁶.
        let values = [1.0 + 2f32.powi(-8), 1.0 + 3.0 * 2f32.powi(-8)];
        let mut back = Vec::new();
        Dtype::Bf16.decode(&Dtype::Bf16.encode(&values), &mut back);
        assert_eq!(back, [1.0, 1.0 + 2f32.powi(-6)]);
    }

    #[test]
    fn f32_survives_bit_by_bit() {
        let values = [0.1, -0.0, f32::MIN_POSITIVE / 2.0, f32::INFINITY];
        let mut back = Vec::new();
        Dtype::F32.decode(&Dtype::F32.encode(&values), &mut back);
        assert_eq!(back.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), values.map(f32::to_bits));
    }
}
