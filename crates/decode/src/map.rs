//! The probabilities of pairs that decoders choose from.

use super::DecodeError;

/// Probabilities of the pairs of a sequence. Decoders also take a slice of them, which is [`Map::Square`].
///
/// ```
/// use rinalmo_decode::{DecodeOptions, Map, nested};
///
/// let near: [&[f32]; 5] = [&[0.0, 0.0, 0.0, 0.9], &[0.0; 3], &[], &[], &[]]; // of GAAAC: 0 with 4
/// let decoded = nested(Map::Near(near.to_vec()), b"GAAAC", &DecodeOptions::default())?;
/// assert_eq!(decoded.pairs, [(0, 4, 0.9)]);
/// # Ok::<(), rinalmo_decode::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub enum Map<'a> {
    /// Of all pairs, `[len, len]` row-major, of which only `i < j` is read.
    Square(&'a [f32]),
    /// Of each base with those after it: number `k` of row `i` is that of `(i, i + 1 + k)`. A row may end early; the
    /// probabilities of other pairs are 0.
    Near(Vec<&'a [f32]>),
}

impl<'a> From<&'a [f32]> for Map<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self::Square(values)
    }
}

impl<'a> From<&'a Vec<f32>> for Map<'a> {
    fn from(values: &'a Vec<f32>) -> Self {
        Self::Square(values)
    }
}

impl<'a, const N: usize> From<&'a [f32; N]> for Map<'a> {
    fn from(values: &'a [f32; N]) -> Self {
        Self::Square(values)
    }
}

impl<'a> Map<'a> {
    /// The rows of [`Map::Near`], for a sequence of `len` bases.
    ///
    /// # Errors
    /// [`DecodeError::MapSize`].
    pub(crate) fn rows(self, len: usize) -> Result<Rows<'a>, DecodeError> {
        match self {
            Self::Square(values) if len.checked_mul(len) != Some(values.len()) => {
                Err(DecodeError::MapSize { found: values.len(), len })
            }
            Self::Square(values) => Ok((0..len).map(|i| &values[i * len..][i + 1..len]).collect()),
            Self::Near(rows) => {
                let fits = rows.len() == len && rows.iter().enumerate().all(|(i, row)| row.len() < len - i);
                let found = || rows.iter().map(|row| row.len()).sum();
                if fits { Ok(rows) } else { Err(DecodeError::MapSize { found: found(), len }) }
            }
        }
    }
}

/// Of each base, its probabilities with those after it.
pub(crate) type Rows<'a> = Vec<&'a [f32]>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeOptions, Method};

    #[test]
    fn rows_that_end_early_are_as_good_as_zeros() {
        let (len, width) = (40, 12);
        let sequence: Vec<u8> = (0..len).map(|i| b"GCAU"[i * i % 4]).collect();
        let p = |i: usize, j: usize| if j - i <= width { ((i * 31 + j * 17) % 100) as f32 / 300.0 } else { 0.0 };
        let rows: Vec<Vec<f32>> =
            (0..len).map(|i| (i + 1..len.min(i + 1 + width)).map(|j| p(i, j)).collect()).collect();
        let square: Vec<f32> =
            (0..len * len).map(|cell| if cell / len < cell % len { p(cell / len, cell % len) } else { 0.0 }).collect();
        let near = Map::Near(rows.iter().map(Vec::as_slice).collect());
        let options = DecodeOptions::default().threshold(0.1);
        for method in Method::ALL {
            let [a, b] = [near.clone(), Map::from(&square)].map(|map| method.decode(map, &sequence, &options).unwrap());
            assert_eq!(a, b, "{method:?}");
            assert_eq!(a.expected_f1(near.clone(), 3), a.expected_f1(&square, 3));
        }
    }

    #[test]
    fn rows_of_another_sequence_are_refused() {
        for rows in [vec![], vec![&[0.0; 3][..], &[0.0; 1], &[]], vec![&[0.0; 2][..], &[], &[], &[]]] {
            assert!(matches!(Map::Near(rows).rows(3), Err(DecodeError::MapSize { len: 3, .. })));
        }
    }
}
