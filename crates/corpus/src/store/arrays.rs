//! Lengths and clusters: read once when a store is opened, and checked against each other, so that none of their
//! numbers can point outside another array.

use super::header::{Checksum, Header};
use super::layout::ARRAYS;
use super::numbers::Numbers;
use super::view::Index;

/// The arrays in the order of [`ARRAYS`].
pub(super) struct Arrays([Vec<u8>; ARRAYS.len()]);

impl Arrays {
    /// Takes the bytes of each array; an error says what is wrong with them.
    pub(super) fn new(bytes: [Vec<u8>; ARRAYS.len()], header: &Header) -> Result<Self, String> {
        let arrays = Self(bytes);
        for (name, bytes) in ARRAYS.iter().zip(&arrays.0) {
            if header.checksums.get(*name) != Some(&Checksum::of(bytes)) {
                return Err(changed(name));
            }
        }
        if arrays.index().fits(header) {
            Ok(arrays)
        } else {
            Err("its parts do not match each other\nhint: build it again".into())
        }
    }

    /// The numbers.
    pub(super) fn index(&self) -> Index<'_> {
        let [lengths, starts, members, representatives, held_out] = &self.0;
        Index {
            lengths: Numbers::new(lengths),
            starts: Numbers::new(starts),
            members: Numbers::new(members),
            representatives: Numbers::new(representatives),
            held_out: Numbers::new(held_out),
        }
    }
}

/// The message for a part whose checksum is wrong.
pub(super) fn changed(name: &str) -> String {
    format!("part `{name}` was changed after writing\nhint: build it again")
}

impl Index<'_> {
    /// Whether every number stays within the arrays that it points into, and no cluster is empty.
    fn fits(&self, header: &Header) -> bool {
        let &Header { sequences, clusters, held_out, .. } = header;
        let below = |numbers: Numbers<'_>, bound: u64| numbers.iter().all(|number| u64::from(number) < bound);
        let ascending = |numbers: Numbers<'_>| numbers.iter().zip(numbers.iter().skip(1)).all(|(a, b)| a < b);
        let lengths = [
            (self.lengths, sequences),
            (self.members, sequences),
            (self.starts, clusters.saturating_add(1)),
            (self.representatives, clusters),
            (self.held_out, held_out),
        ];
        lengths.iter().all(|(numbers, length)| numbers.len() as u64 == *length)
            && self.starts.iter().next() == Some(0)
            && self.starts.iter().last().map(u64::from) == Some(sequences)
            && ascending(self.starts)
            && below(self.members, sequences)
            && below(self.representatives, sequences)
            && below(self.held_out, clusters)
            && ascending(self.held_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::numbers::bytes;

    /// Three sequences in two clusters, the second held out.
    fn index(numbers: [&[u32]; 5]) -> bool {
        let header = Header { sequences: 3, clusters: 2, held_out: 1, ..Header::empty() };
        Arrays(numbers.map(|numbers| bytes(numbers.iter().copied()))).index().fits(&header)
    }

    #[test]
    fn numbers_that_lead_outside_are_refused() {
        let sound: [&[u32]; 5] = [&[20, 30, 25], &[0, 2, 3], &[0, 2, 1], &[2, 1], &[1]];
        assert!(index(sound));
        let wrong: [(usize, &[u32]); 13] = [
            (0, &[20, 30]),
            (1, &[0, 2]),
            (1, &[0, 2, 4]),
            (1, &[1, 2, 3]),
            (1, &[0, 3, 3]),
            (1, &[0, u32::MAX, 3]),
            (2, &[0, 2, 3]),
            (2, &[0, 2, 1, 1]),
            (3, &[3, 1]),
            (3, &[2]),
            (4, &[2]),
            (4, &[]),
            (4, &[0, 1]),
        ];
        for (part, numbers) in wrong {
            let mut parts = sound;
            parts[part] = numbers;
            assert!(!index(parts), "{part}: {numbers:?}");
        }
    }
}
