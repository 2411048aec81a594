//! What a build dropped, merged and kept, by source, as a table for people and JSON for programs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::clean::{OddCount, Reason};

/// Counts of the records of one input.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SourceReport {
    /// The input as the user named it.
    pub source: String,
    /// Records that could be read.
    pub records: u64,
    /// Their letters.
    pub bases: u64,
    /// Why records were dropped, and how many.
    pub dropped: BTreeMap<Reason, u64>,
    /// The first record that did not follow its format.
    pub first_malformed: Option<String>,
    /// Letters of the records that are not ACGU, dropped records left out.
    pub odd: OddCount,
    /// Records merged into an earlier one of the same or another input.
    pub duplicates: u64,
    /// Records that stand for a sequence.
    pub kept: u64,
    /// Their letters.
    pub kept_bases: u64,
}

impl SourceReport {
    pub(crate) fn new(source: &Path) -> Self {
        Self { source: rinalmo_seq::input::name_of(source).to_string(), ..Self::default() }
    }

    /// Records dropped for this reason.
    pub fn dropped(&self, reason: Reason) -> u64 {
        self.dropped.get(&reason).copied().unwrap_or_default()
    }

    pub(crate) fn drop(&mut self, reason: Reason) {
        *self.dropped.entry(reason).or_default() += 1;
    }

    pub(crate) fn malformed(&mut self, error: &Error) {
        self.drop(Reason::Malformed);
        self.first_malformed.get_or_insert_with(|| error.to_string());
    }

    pub(crate) fn odd(&mut self, odd: OddCount) {
        self.odd.ambiguous += odd.ambiguous;
        self.odd.unknown += odd.unknown;
        self.odd.gaps += odd.gaps;
    }

    /// Adds the figures of another source.
    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.bases += other.bases;
        other.dropped.iter().for_each(|(&reason, count)| *self.dropped.entry(reason).or_default() += count);
        self.odd(other.odd);
        self.duplicates += other.duplicates;
        self.kept += other.kept;
        self.kept_bases += other.kept_bases;
    }

    /// The figures in the order of [`COLUMNS`].
    fn row(&self) -> [u64; COLUMNS.len()] {
        let [malformed, short, long, odd, ambiguous, single] = Reason::ALL.map(|reason| self.dropped(reason));
        let low = ambiguous + single;
        [self.records, malformed, short, long, odd, low, self.duplicates, self.kept, self.kept_bases]
    }
}

const COLUMNS: [&str; 9] =
    ["records", "malformed", "short", "long", "odd letter", "low info", "duplicate", "kept", "kept nt"];

/// What reading and deduplication did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Uniques {
    /// Every input, in order.
    pub sources: Vec<SourceReport>,
    /// Distinct sequences kept.
    pub distinct: u64,
}

impl Uniques {
    /// All sources together.
    pub fn total(&self) -> SourceReport {
        let mut total = SourceReport { source: "total".into(), ..SourceReport::default() };
        self.sources.iter().for_each(|source| total.add(source));
        total
    }
}

impl fmt::Display for Uniques {
    /// A table with one line per source, and below it the figures that have no column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        let lines = || self.sources.iter().chain((self.sources.len() > 1).then_some(&total));
        let name_width = lines().map(|line| line.source.chars().count()).max().unwrap_or(0).max(6);
        let widths: [usize; COLUMNS.len()] = std::array::from_fn(|n| {
            let numbers = lines().map(|line| grouped(line.row()[n]).len());
            numbers.chain([COLUMNS[n].len()]).max().unwrap_or(0)
        });
        write!(f, "{:name_width$}", "source")?;
        COLUMNS.iter().zip(widths).try_for_each(|(column, width)| write!(f, "  {column:>width$}"))?;
        for line in lines() {
            write!(f, "\n{:name_width$}", line.source)?;
            line.row().into_iter().zip(widths).try_for_each(|(n, width)| write!(f, "  {:>width$}", grouped(n)))?;
        }
        let OddCount { ambiguous, unknown, gaps } = total.odd;
        if ambiguous + unknown > 0 {
            let (ambiguous, unknown) = (grouped(ambiguous), grouped(unknown));
            write!(f, "\n{ambiguous} letters are ambiguous (IUPAC, inosine), {unknown} unknown ones became N")?;
        }
        if gaps > 0 {
            write!(f, "\n{} gaps of alignments were removed", grouped(gaps))?;
        }
        lines().filter_map(|line| line.first_malformed.as_ref()).try_for_each(|text| write!(f, "\nmalformed: {text}"))
    }
}

/// A number with its digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_source_and_for_all() {
        let mut a = SourceReport { source: "a.fa".into(), records: 1200, kept: 1100, ..SourceReport::default() };
        a.drop(Reason::TooShort);
        a.odd(OddCount { ambiguous: 3, unknown: 0, gaps: 0 });
        let b = SourceReport { source: "b.tsv".into(), records: 2, duplicates: 2, ..SourceReport::default() };
        let text = Uniques { sources: vec![a, b], distinct: 1100 }.to_string();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["a.fa", "1,200", "0", "1", "0", "0", "0", "0", "1,100", "0"]);
        assert_eq!(lines[3], ["total", "1,202", "0", "1", "0", "0", "0", "2", "1,100", "0"]);
        assert_eq!(lines[4][..4], ["3", "letters", "are", "ambiguous"]);
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!([0, 999, 1000, 36_000_000].map(grouped), ["0", "999", "1,000", "36,000,000"]);
    }
}
