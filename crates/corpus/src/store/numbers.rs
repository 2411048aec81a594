//! Integers as they are in a store, read without copying them.

/// An array of u32, little-endian, in bytes of any alignment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers<'a>(&'a [[u8; 4]]);

impl<'a> Numbers<'a> {
    /// Interprets bytes as numbers; an incomplete number at the end is left out.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.as_chunks().0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number `index`.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn at(&self, index: usize) -> u32 {
        u32::from_le_bytes(self.0[index])
    }

    /// Number `index`, or `None` if it is out of range.
    pub fn get(&self, index: usize) -> Option<u32> {
        self.0.get(index).map(|&bytes| u32::from_le_bytes(bytes))
    }

    /// Those from `start` to before `end`.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        Self(&self.0[start..end])
    }

    /// All in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        self.0.iter().map(|&bytes| u32::from_le_bytes(bytes))
    }

    /// Whether `number` is one of them; they must be ascending.
    pub fn contains_sorted(&self, number: u32) -> bool {
        self.0.binary_search_by_key(&number, |&bytes| u32::from_le_bytes(bytes)).is_ok()
    }
}

/// Numbers as bytes.
pub(crate) fn bytes(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    numbers.into_iter().flat_map(u32::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_any_alignment() {
        let mut all = vec![0u8];
        all.extend(bytes([1, 5, 7, u32::MAX]));
        let numbers = Numbers::new(&all[1..]);
        assert_eq!(numbers.iter().collect::<Vec<_>>(), [1, 5, 7, u32::MAX]);
        assert_eq!((numbers.at(2), numbers.slice(1, 3).len()), (7, 2));
        assert!(numbers.contains_sorted(5) && !numbers.contains_sorted(6));
    }
}
