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
    /// Of each base with some of those after it: their positions, increasing, and the probabilities. Those of other pairs
    /// are 0.
    Listed(Vec<&'a [(u32, f32)]>),
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
    /// The rows of the map, for a sequence of `len` bases.
    ///
    /// # Errors
    /// [`DecodeError::MapSize`].
    pub(crate) fn rows(self, len: usize) -> Result<Rows<'a>, DecodeError> {
        match self {
            Self::Square(values) if len.checked_mul(len) != Some(values.len()) => {
                Err(DecodeError::MapSize { found: values.len(), len })
            }
            Self::Square(values) => Ok(Rows::Near((0..len).map(|i| &values[i * len..][i + 1..len]).collect())),
            Self::Near(rows) => {
                let fits = rows.len() == len && rows.iter().enumerate().all(|(i, row)| row.len() < len - i);
                let found = || rows.iter().map(|row| row.len()).sum();
                if fits { Ok(Rows::Near(rows)) } else { Err(DecodeError::MapSize { found: found(), len }) }
            }
            Self::Listed(rows) => {
                let is_row = |(i, row): (usize, &&[(u32, f32)])| {
                    row.is_sorted_by(|a, b| a.0 < b.0)
                        && row.first().is_none_or(|first| first.0 as usize > i)
                        && row.last().is_none_or(|last| (last.0 as usize) < len)
                };
                let fits = rows.len() == len && rows.iter().enumerate().all(is_row);
                let found = || rows.iter().map(|row| row.len()).sum();
                if fits { Ok(Rows::Listed(rows)) } else { Err(DecodeError::MapSize { found: found(), len }) }
            }
        }
    }
}

/// Of each base, its probabilities with those after it: [`Map::Near`] or [`Map::Listed`].
pub(crate) enum Rows<'a> {
    Near(Vec<&'a [f32]>),
    Listed(Vec<&'a [(u32, f32)]>),
}

impl Rows<'_> {
    /// Number of bases.
    pub fn len(&self) -> usize {
        match self {
            Self::Near(rows) => rows.len(),
            Self::Listed(rows) => rows.len(),
        }
    }

    /// The probability of a pair `i < j`, if the map has it.
    pub fn get(&self, i: usize, j: usize) -> Option<f32> {
        match self {
            Self::Near(rows) => rows[i].get(j - i - 1).copied(),
            Self::Listed(rows) => {
                rows[i].binary_search_by_key(&j, |&(j, _)| j as usize).ok().map(|place| rows[i][place].1)
            }
        }
    }

    /// Calls `see` with every pair `i < j` of the map and its probability, by `i`, then `j`.
    pub fn each(&self, mut see: impl FnMut(usize, usize, f32)) {
        match self {
            Self::Near(rows) => {
                for (i, row) in rows.iter().enumerate() {
                    (i + 1..).zip(*row).for_each(|(j, &p)| see(i, j, p));
                }
            }
            Self::Listed(rows) => {
                for (i, row) in rows.iter().enumerate() {
                    row.iter().for_each(|&(j, p)| see(i, j as usize, p));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeOptions, Method};

    #[test]
    fn rows_without_zeros_are_as_good() {
        let (len, width) = (40, 12);
        let sequence: Vec<u8> = (0..len).map(|i| b"GCAU"[i * i % 4]).collect();
        let p = |i: usize, j: usize| if j - i <= width { ((i * 31 + j * 17) % 100) as f32 / 300.0 } else { 0.0 };
        let rows: Vec<Vec<f32>> =
            (0..len).map(|i| (i + 1..len.min(i + 1 + width)).map(|j| p(i, j)).collect()).collect();
        let square: Vec<f32> =
            (0..len * len).map(|cell| if cell / len < cell % len { p(cell / len, cell % len) } else { 0.0 }).collect();
        let near = Map::Near(rows.iter().map(Vec::as_slice).collect());
        let listed: Vec<Vec<(u32, f32)>> = rows
            .iter()
            .enumerate()
            .map(|(i, row)| (i as u32 + 1..).zip(row.iter().copied()).filter(|(_, p)| *p > 0.0).collect())
            .collect();
        let listed = Map::Listed(listed.iter().map(Vec::as_slice).collect());
        let options = DecodeOptions::default().threshold(0.1);
        for method in Method::ALL {
            let decode = |map: &Map<'_>| method.decode(map.clone(), &sequence, &options).unwrap();
            let whole = decode(&Map::from(&square));
            for map in [&near, &listed] {
                assert_eq!(decode(map), whole, "{method:?}");
                assert_eq!(whole.expected_f1(map.clone(), 3), whole.expected_f1(&square, 3));
                assert_eq!(whole.expected_accuracy(map.clone(), 1.0), whole.expected_accuracy(&square, 1.0));
            }
        }
    }

    #[test]
    fn rows_of_another_sequence_are_refused() {
        for rows in [vec![], vec![&[0.0; 3][..], &[0.0; 1], &[]], vec![&[0.0; 2][..], &[], &[], &[]]] {
            assert!(matches!(Map::Near(rows).rows(3), Err(DecodeError::MapSize { len: 3, .. })));
        }
        for row in [&[(2, 0.1), (1, 0.1)][..], &[(0, 0.1)], &[(3, 0.1)]] {
            let rows = vec![row, &[], &[]];
            assert!(matches!(Map::Listed(rows).rows(3), Err(DecodeError::MapSize { len: 3, .. })));
        }
    }
}
