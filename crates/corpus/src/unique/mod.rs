//! Reads, cleans and deduplicates: from input files to a [`Bank`](crate::Bank) of distinct sequences and where each
//! came from.
//!
//! Every input is read on its own thread into a segment, a file of packed records. Of each record a 128-bit hash and
//! its place go to a sorter with a memory budget; equal hashes side by side show duplicates, of which the first in the
//! order of inputs is kept. A second pass over the segments writes the bank in that order. So the outcome depends
//! neither on the number of threads nor on the budget, and memory grows with neither files nor sequences.
//!
//! Two different sequences among 36 million share a hash with a chance of 2 × 10⁻²⁴.

mod complement;
mod merging;
mod reading;
mod segment;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

pub use complement::reverse_complement;
use merging::{Doubles, Merging};
use reading::Reading;

use crate::Error;
use crate::clean::Clean;
use crate::report::Uniques;
use crate::sorter::Sorter;

/// Bits of a place that say where in its segment a record is; those above say which segment.
const PLACE_BITS: u32 = 46;

/// How records are read and deduplicated.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Options {
    /// What is kept, and how it is spelled.
    pub clean: Clean,
    /// Whether a sequence and its reverse complement are one.
    pub both_strands: bool,
    /// Bytes of memory for hashes; further ones go to disk.
    pub memory: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { clean: Clean::default(), both_strands: false, memory: 1 << 30 }
    }
}

/// The file name of [`unique`]'s bank in the folder it was given.
pub const BANK: &str = "unique";
/// The file name of the origins of each sequence.
pub const ORIGINS: &str = "origins";

/// Reads the inputs in order and writes a bank of distinct sequences and their origins to `folder`.
///
/// `stopped` is called now and then; `true` ends the work with [`Error::Stopped`].
///
/// # Errors
/// An input cannot be read to its end, or the disk is full or fails.
pub fn unique(
    inputs: &[PathBuf],
    options: &Options,
    folder: &Path,
    stopped: &(dyn Fn() -> bool + Sync),
) -> Result<Uniques, Error> {
    options.clean.check()?;
    if inputs.len() >= 1 << (64 - PLACE_BITS) {
        return Err(Error::Options(format!("{} inputs are too many", inputs.len())));
    }
    let sorter = Mutex::new(Sorter::<3>::new(folder, "hashes", options.memory / 2));
    let read = inputs.par_iter().enumerate().with_max_len(1).map(|(source, input)| {
        Reading { input, source, options, sorter: &sorter, stopped }.run(&segment_path(folder, source))
    });
    let mut sources = read.collect::<Result<Vec<_>, _>>()?;
    let sorter = sorter.into_inner().expect("no thread panicked while it held the lock");
    let doubles = Doubles::find(sorter.sorted()?, folder, options.memory / 4)?;
    let distinct = Merging { folder, sources: &mut sources, doubles, stopped }.run()?;
    for source in 0..inputs.len() {
        let path = segment_path(folder, source);
        std::fs::remove_file(&path).map_err(Error::file("be removed", &path))?;
    }
    Ok(Uniques { sources, distinct: distinct as u64 })
}

fn segment_path(folder: &Path, source: usize) -> PathBuf {
    folder.join(format!("input-{source}.segment"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{Bank, Blobs};
    use crate::clean::Reason;
    use crate::cluster::Sequences;
    use crate::provenance;
    use crate::report::SourceReport;

    /// Sequences with the ids of their origins.
    fn run(files: &[&str], options: &Options) -> (Vec<(String, Vec<String>)>, Uniques) {
        let folder = tempfile::tempdir().unwrap();
        let write = |(n, text): (usize, &&str)| {
            let path = folder.path().join(format!("{n}.fa"));
            std::fs::write(&path, text).unwrap();
            path
        };
        let inputs: Vec<PathBuf> = files.iter().enumerate().map(write).collect();
        let mut found = unique(&inputs, options, folder.path(), &|| false).unwrap();
        found.sources.iter_mut().for_each(|source| source.source.clear());
        let bank = Bank::open(&folder.path().join(BANK)).unwrap();
        let origins = Blobs::open(&folder.path().join(ORIGINS)).unwrap();
        assert_eq!(bank.count(), origins.len());
        let mut letters = Vec::new();
        let sequence = |index| {
            bank.read(index, &mut letters);
            let mark = |reverse| if reverse { "-" } else { "" };
            let ids = provenance::parse(origins.get(index))
                .unwrap()
                .into_iter()
                .map(|o| format!("{}{}", o.id, mark(o.reverse)));
            (String::from_utf8(letters.clone()).unwrap(), ids.collect())
        };
        ((0..bank.count()).map(sequence).collect(), found)
    }

    fn short() -> Options {
        Options { clean: Clean { min_length: 4, ..Clean::default() }, ..Options::default() }
    }

    fn entry(sequence: &str, ids: &[&str]) -> (String, Vec<String>) {
        (sequence.into(), ids.iter().map(|id| id.to_string()).collect())
    }

    const FILES: [&str; 3] =
        [">a\nACGUU\n>b\nacg\n>c\nGGGCC\n", ">d\nggGCC\n>e\nACGTT\n>f\nAACGT\n", ">g\nNNACGTN\n>h\nACGTT\n"];

    #[test]
    fn the_first_of_equal_sequences_is_kept_with_the_origins_of_all() {
        let (found, report) = run(&FILES, &short());
        let expected = [
            entry("ACGTT", &["a", "e", "h"]),
            entry("GGGCC", &["c", "d"]),
            entry("AACGT", &["f"]),
            entry("NNACGTN", &["g"]),
        ];
        assert_eq!(found, expected);
        let counts = |source: &SourceReport| (source.records, source.kept, source.duplicates);
        assert_eq!(report.sources.iter().map(counts).collect::<Vec<_>>(), [(3, 2, 0), (3, 1, 2), (2, 1, 1)]);
        assert_eq!((report.distinct, report.sources[0].dropped(Reason::TooShort)), (4, 1));
    }

    #[test]
    fn both_strands_may_be_one() {
        let (found, _) = run(&FILES, &Options { both_strands: true, ..short() });
        assert_eq!(found[0], entry("ACGTT", &["a", "e", "f-", "h"]));
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn too_little_memory_changes_nothing() {
        let text: String = (0..500).map(|n| format!(">r{n}\nACGTACGTAC{:0>6}\n", "ACGT".repeat(n % 37))).collect();
        let text = text.replace('0', "C");
        let files = [&text[..], FILES[0], &text];
        let plenty = run(&files, &short());
        assert!(run(&files, &Options { memory: 4000, ..short() }) == plenty);
        assert_eq!(plenty.0.len(), 37 + 2);
    }

    #[test]
    fn a_second_time_nothing_more_is_found() {
        let (once, _) = run(&FILES, &short());
        let text: String = once.iter().map(|(sequence, _)| format!(">x\n{sequence}\n")).collect();
        let (twice, report) = run(&[&text], &short());
        assert!(once.iter().map(|(s, _)| s).eq(twice.iter().map(|(s, _)| s)));
        assert_eq!(report.sources[0].duplicates, 0);
    }

    #[test]
    fn a_wish_to_stop_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("x.fa");
        std::fs::write(&input, FILES[0]).unwrap();
        assert!(matches!(unique(&[input], &short(), folder.path(), &|| true), Err(Error::Stopped)));
    }
}
