//! The second pass: finds duplicate records, and writes the others to the bank.

use std::path::Path;

use super::segment::Segment;
use super::{BANK, ORIGINS, PLACE_BITS, segment_path};
use crate::Error;
use crate::bank::{BankWriter, BlobsWriter};
use crate::report::SourceReport;
use crate::sorter::{Sorted, Sorter};

/// Records that repeat an earlier one: `(first, double)`, and only the doubles, both in the order of input.
///
/// A double's lowest bit says whether it is the reverse complement of the first.
pub(super) struct Doubles {
    of_first: Sorted<2>,
    places: Sorted<1>,
}

impl Doubles {
    /// Finds them among hashes and places in order.
    pub(super) fn find(mut hashes: Sorted<3>, folder: &Path, budget: usize) -> Result<Self, Error> {
        let mut of_first = Sorter::<2>::new(folder, "merged", budget * 2 / 3);
        let mut places = Sorter::<1>::new(folder, "doubles", budget / 3);
        let mut first = None;
        while let Some([high, low, place]) = hashes.next()? {
            match first {
                Some((hash, first)) if hash == [high, low] => {
                    of_first.push([first >> 1, place & !1 | (place ^ first) & 1])?;
                    places.push([place >> 1])?;
                }
                _ => first = Some(([high, low], place)),
            }
        }
        Ok(Self { of_first: of_first.sorted()?, places: places.sorted()? })
    }

    fn is_double(&mut self, place: u64) -> Result<bool, Error> {
        let found = self.places.peek() == Some([place]);
        if found {
            self.places.next()?;
        }
        Ok(found)
    }

    /// The next double of the record at `first`: its place, and whether it is of the other strand.
    fn next_of(&mut self, first: u64) -> Result<Option<(u64, bool)>, Error> {
        match self.of_first.peek() {
            Some([of, double]) if of == first => {
                self.of_first.next()?;
                Ok(Some((double >> 1, double & 1 == 1)))
            }
            _ => Ok(None),
        }
    }
}

/// The second pass: firsts into the bank, each with the origins of its doubles.
pub(super) struct Merging<'a> {
    pub(super) folder: &'a Path,
    pub(super) sources: &'a mut [SourceReport],
    pub(super) doubles: Doubles,
    pub(super) stopped: &'a (dyn Fn() -> bool + Sync),
}

impl Merging<'_> {
    /// How many sequences the bank got.
    pub(super) fn run(mut self) -> Result<usize, Error> {
        let open = |source| Segment::open(&segment_path(self.folder, source), source);
        let segments = (0..self.sources.len()).map(open).collect::<Result<Vec<_>, _>>()?;
        let mut bank = BankWriter::create(&self.folder.join(BANK))?;
        let mut origins = BlobsWriter::create(&self.folder.join(ORIGINS))?;
        let mut blob = Vec::new();
        for (source, segment) in segments.iter().enumerate() {
            if (self.stopped)() {
                return Err(Error::Stopped);
            }
            let mut offset = 0;
            while offset < segment.len() {
                let stored = segment.record(offset, false).ok_or_else(|| self.cut(source))?;
                let place = (source as u64) << PLACE_BITS | offset;
                offset = stored.next;
                if self.doubles.is_double(place)? {
                    continue;
                }
                self.sources[source].kept += 1;
                self.sources[source].kept_bases += crate::bank::packing::length(stored.packed) as u64;
                bank.push_packed(stored.packed)?;
                blob.clear();
                stored.origin.put(&mut blob);
                while let Some((double, reverse)) = self.doubles.next_of(place)? {
                    let source = (double >> PLACE_BITS) as usize;
                    let stored = segments[source].record(double & ((1 << PLACE_BITS) - 1), reverse);
                    stored.ok_or_else(|| self.cut(source))?.origin.put(&mut blob);
                    self.sources[source].duplicates += 1;
                }
                origins.push(&blob)?;
            }
        }
        origins.finish()?;
        bank.finish()
    }

    fn cut(&self, source: usize) -> Error {
        Error::damaged(&segment_path(self.folder, source), "it changed while the build was running")
    }
}
