//! What was read from one input, cleaned and packed, one record after another in a file.

use std::path::Path;

use crate::Error;
use crate::bank::varint::{put, put_text, take, take_bytes, take_text};
use crate::bank::{Map, Output, packing};
use crate::provenance::Origin;

/// Writes a segment.
pub(super) struct SegmentWriter {
    output: Output,
    place: u64,
    record: Vec<u8>,
    packed: Vec<u8>,
}

impl SegmentWriter {
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        Ok(Self { output: Output::create(path.to_owned())?, place: 0, record: Vec::new(), packed: Vec::new() })
    }

    /// Appends a record; returns its place, in bytes from the beginning of the file.
    pub(super) fn push(&mut self, letters: &[u8], line: u64, id: &str, description: &str) -> Result<u64, Error> {
        self.packed.clear();
        packing::pack(letters, &mut self.packed);
        self.record.clear();
        put(self.packed.len() as u64, &mut self.record);
        self.record.extend_from_slice(&self.packed);
        put(line, &mut self.record);
        put_text(id, &mut self.record);
        put_text(description, &mut self.record);
        self.output.write(&self.record)?;
        let place = self.place;
        self.place += self.record.len() as u64;
        Ok(place)
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        self.output.finish()
    }
}

/// A segment, read again.
pub(super) struct Segment {
    map: Map,
    source: usize,
}

/// A record of a segment.
pub(super) struct Stored<'a> {
    pub(super) packed: &'a [u8],
    pub(super) origin: Origin,
    /// Where the next record begins.
    pub(super) next: u64,
}

impl Segment {
    pub(super) fn open(path: &Path, source: usize) -> Result<Self, Error> {
        Ok(Self { map: Map::open(path)?, source })
    }

    /// Bytes of the file.
    pub(super) fn len(&self) -> u64 {
        self.map.bytes().len() as u64
    }

    /// The record at `place`, a place that [`SegmentWriter::push`] gave; `None` if there is none.
    pub(super) fn record(&self, place: u64, reverse: bool) -> Option<Stored<'_>> {
        let mut rest = self.map.bytes().get(place as usize..)?;
        let packed = take_bytes(&mut rest)?;
        let line = take(&mut rest)?;
        let (id, description) = (take_text(&mut rest)?, take_text(&mut rest)?);
        let origin = Origin { source: self.source, line, reverse, id, description };
        Some(Stored { packed, origin, next: self.len() - rest.len() as u64 })
    }
}
