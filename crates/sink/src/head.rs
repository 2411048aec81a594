//! The head of a record in a spool: its arrays and their offsets.

use super::{
    Array, ArrayKind, ArrayRecord, Dtype,
    array::{count, row_shape},
};

/// The head of one record.
#[derive(Debug)]
pub(super) struct Head {
    pub index: u64,
    pub id: String,
    pub arrays: Vec<Stored>,
}

/// One array in a spool.
#[derive(Debug, PartialEq)]
pub(super) struct Stored {
    pub kind: ArrayKind,
    pub shape: Vec<usize>,
    /// The offset of its bytes in the spool.
    pub offset: u64,
    /// The number of its bytes.
    pub bytes: u64,
}

impl Stored {
    /// Rows and values per row in a table.
    pub fn row_shape(&self) -> (usize, usize) {
        row_shape(&self.shape)
    }
}

/// Encodes the head of a record.
pub(super) fn encode_head(record: &ArrayRecord) -> Vec<u8> {
    let mut bytes = record.index.to_le_bytes().to_vec();
    bytes.extend((record.id.len() as u32).to_le_bytes());
    bytes.extend(record.id.as_bytes());
    for array in &record.arrays {
        bytes.extend([array.kind.code(), array.shape.len() as u8]);
        array.shape.iter().for_each(|&size| bytes.extend((size as u64).to_le_bytes()));
    }
    bytes
}

impl Head {
    /// The head of a record that is not stored yet: offsets and bytes are zero.
    pub fn of(record: &ArrayRecord) -> Self {
        let stored = |array: &Array| Stored { kind: array.kind, shape: array.shape.clone(), offset: 0, bytes: 0 };
        Self { index: record.index, id: record.id.clone(), arrays: record.arrays.iter().map(stored).collect() }
    }

    /// Reads a head whose arrays begin at `offset` and take `payload` bytes together; `None` if it does not add up.
    pub fn decode(mut bytes: &[u8], mut offset: u64, payload: u64, dtype: Dtype) -> Option<Self> {
        let end = offset.checked_add(payload)?;
        let index = u64::from_le_bytes(take(&mut bytes)?);
        let length = u32::from_le_bytes(take(&mut bytes)?) as usize;
        let (id, mut bytes) = bytes.split_at_checked(length)?;
        let id = str::from_utf8(id).ok()?.to_owned();
        let mut arrays = Vec::new();
        while !bytes.is_empty() {
            let [kind, rank] = take(&mut bytes)?;
            let mut shape = Vec::new();
            for _ in 0..rank {
                shape.push(usize::try_from(u64::from_le_bytes(take(&mut bytes)?)).ok()?);
            }
            let size = count(&shape)?.checked_mul(dtype.bytes())? as u64;
            arrays.push(Stored { kind: ArrayKind::from_code(kind)?, shape, offset, bytes: size });
            offset = offset.checked_add(size)?;
        }
        (offset == end).then_some(Self { index, id, arrays })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_back_and_cut_heads_are_refused() {
        let array =
            |kind, shape: &[usize]| Array { kind, shape: shape.to_vec(), data: vec![0.0; shape.iter().product()] };
        let arrays = vec![array(ArrayKind::Tokens, &[2, 3]), array(ArrayKind::Mean, &[3])];
        let bytes = encode_head(&ArrayRecord { index: 7, id: "é".into(), arrays });
        let head = Head::decode(&bytes, 100, 18, Dtype::F16).unwrap();
        assert_eq!((head.index, head.id.as_str()), (7, "é"));
        let tokens = Stored { kind: ArrayKind::Tokens, shape: vec![2, 3], offset: 100, bytes: 12 };
        assert_eq!(head.arrays, [tokens, Stored { kind: ArrayKind::Mean, shape: vec![3], offset: 112, bytes: 6 }]);
        assert!((0..bytes.len()).all(|cut| Head::decode(&bytes[..cut], 100, 18, Dtype::F16).is_none()));
        assert!(Head::decode(&bytes, 100, 17, Dtype::F16).is_none());
        assert!(Head::decode(&bytes, u64::MAX, 18, Dtype::F16).is_none());
    }
}
