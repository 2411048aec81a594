//! Where a sequence came from: every record that was merged into it.

use serde::Serialize;

use crate::bank::varint::{put, put_text, take, take_text};

/// One record that a stored sequence stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Origin {
    /// The number of the input file, in the order in which they were read.
    pub source: usize,
    /// The line it began at, from 1.
    pub line: u64,
    /// Whether it was merged as the reverse complement.
    pub reverse: bool,
    /// The first word of its header.
    pub id: String,
    /// The rest of its header.
    pub description: String,
}

impl Origin {
    /// Appends this origin to those of a sequence.
    pub(crate) fn put(&self, to: &mut Vec<u8>) {
        put(self.source as u64, to);
        put(self.line << 1 | u64::from(self.reverse), to);
        put_text(&self.id, to);
        put_text(&self.description, to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let source = take(from)? as usize;
        let line = take(from)?;
        Some(Self {
            source,
            line: line >> 1,
            reverse: line & 1 == 1,
            id: take_text(from)?,
            description: take_text(from)?,
        })
    }
}

/// All origins of a sequence, the one that was kept first; `None` if some bytes are not an origin.
pub(crate) fn parse(mut bytes: &[u8]) -> Option<Vec<Origin>> {
    let mut origins = Vec::new();
    while !bytes.is_empty() {
        origins.push(Origin::take(&mut bytes)?);
    }
    Some(origins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_come_back_in_order() {
        let origin =
            |line, reverse| Origin { source: 300, line, reverse, id: "URS1".into(), description: "tRNA Phe".into() };
        let origins = [origin(1, false), origin(u64::from(u32::MAX), true)];
        let mut bytes = Vec::new();
        origins.iter().for_each(|origin| origin.put(&mut bytes));
        assert_eq!(parse(&bytes).as_deref(), Some(&origins[..]));
        assert_eq!(parse(&bytes[..bytes.len() - 1]), None);
    }
}
