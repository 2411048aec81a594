//! The first pass: one input into its segment, its hashes to the sorter.

use std::path::Path;
use std::sync::Mutex;

use xxhash_rust::xxh3::xxh3_128;

use super::segment::SegmentWriter;
use super::{Options, PLACE_BITS, reverse_complement};
use crate::report::SourceReport;
use crate::sorter::Sorter;
use crate::{Error, read};

/// Hashes gathered before a thread takes the sorter's lock.
const BATCH: usize = 1024;

/// One input that is read into its segment.
pub(super) struct Reading<'a> {
    pub(super) input: &'a Path,
    pub(super) source: usize,
    pub(super) options: &'a Options,
    pub(super) sorter: &'a Mutex<Sorter<3>>,
    pub(super) stopped: &'a (dyn Fn() -> bool + Sync),
}

impl Reading<'_> {
    /// Reads it to its end; the report has no duplicates yet.
    pub(super) fn run(&self, path: &Path) -> Result<SourceReport, Error> {
        let mut report = SourceReport::new(self.input);
        let mut segment = SegmentWriter::create(path)?;
        let mut keys = Vec::with_capacity(BATCH);
        let mut other_strand = Vec::new();
        for read in read::open(self.input)? {
            let mut record = match read {
                Ok(record) => record,
                Err(error) if read::is_about_one_record(&error) => {
                    report.malformed(&error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            report.records += 1;
            report.bases += record.sequence.len() as u64;
            match self.options.clean.clean(&mut record.sequence) {
                Ok(odd) => report.odd(odd),
                Err(reason) => {
                    report.drop(reason);
                    continue;
                }
            }
            let (hash, reverse) = self.hash(&record.sequence, &mut other_strand);
            let place = segment.push(&record.sequence, record.line, &record.id, &record.description)?;
            let place = (self.source as u64) << PLACE_BITS | place;
            keys.push([(hash >> 64) as u64, hash as u64, place << 1 | u64::from(reverse)]);
            if keys.len() == BATCH {
                self.hand_over(&mut keys)?;
            }
        }
        self.hand_over(&mut keys)?;
        segment.finish()?;
        Ok(report)
    }

    fn hand_over(&self, keys: &mut Vec<[u64; 3]>) -> Result<(), Error> {
        if (self.stopped)() {
            return Err(Error::Stopped);
        }
        let mut sorter = self.sorter.lock().expect("no thread panicked while it held the lock");
        keys.drain(..).try_for_each(|key| sorter.push(key))
    }

    /// The hash that duplicates share, and whether it is that of the other strand.
    fn hash(&self, letters: &[u8], other_strand: &mut Vec<u8>) -> (u128, bool) {
        let hash = xxh3_128(letters);
        if !self.options.both_strands {
            return (hash, false);
        }
        reverse_complement(letters, other_strand);
        let other = xxh3_128(other_strand);
        (hash.min(other), other < hash)
    }
}
