//! The list of pairs of a probability matrix.

use super::{Array, ArrayKind, ArrayRecord};

/// The same record with its matrix `[len, len]` as triples `i, j, p`: `[pairs, 3]`, `i < j` from 1, `p > cutoff`, row by row.
///
/// Positions are kept as f32, which counts exactly up to 2²⁴ = 16 777 216 nt.
pub(super) fn listed(record: &ArrayRecord, cutoff: f32) -> ArrayRecord {
    let arrays = record.arrays.iter().map(|array| {
        let len = array.shape[0];
        let above = (0..len).flat_map(|i| (i + 1..len).map(move |j| (i, j)));
        let listed = above.map(|(i, j)| (i, j, array.data[i * len + j])).filter(|row| row.2 > cutoff);
        let data: Vec<f32> = listed.flat_map(|(i, j, p)| [(i + 1) as f32, (j + 1) as f32, p]).collect();
        Array { kind: ArrayKind::Pairs, shape: vec![data.len() / 3, 3], data }
    });
    ArrayRecord { index: record.index, id: record.id.clone(), arrays: arrays.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_above_the_cutoff_are_listed_once_from_one() {
        let data = vec![0.9, 0.1, 0.8, 0.1, 0.0, 0.2, 0.8, 0.2, 0.0];
        let record = ArrayRecord {
            index: 0,
            id: "r".into(),
            arrays: vec![Array { kind: ArrayKind::Pairs, shape: vec![3, 3], data }],
        };
        let array = &listed(&record, 0.1).arrays[0];
        assert_eq!((&array.shape[..], &array.data[..]), (&[2, 3][..], &[1.0, 3.0, 0.8, 2.0, 3.0, 0.2][..]));
    }
}
