//! What a user should hear about an input file, counted over its records so that ten thousand of them say it once.

use std::{fmt, sync::Arc};

use super::{Gaps, InputOptions, OnInvalid, SequenceRecord};
use crate::letters::Count;
use crate::words::many;

/// Above this share of letters without a code, a file may not hold RNA at all: proteins have three in ten, tRNAs with
/// their modifications up to two.
const HARDLY_RNA: f64 = 0.25;

/// Counts over the records of one file.
#[derive(Debug, Clone)]
pub struct FileRemarks {
    source: Arc<str>,
    options: InputOptions,
    positions: usize,
    unknown: Seen,
    gaps: Seen,
    structures: Seen,
    /// Bare sequences before the first header, and its line.
    bare: (usize, usize),
    /// Rows of a table without an id, and what the first is called.
    nameless: Seen,
}

/// Something that was seen: how often, in how many records, and where first.
#[derive(Debug, Clone, Default)]
struct Seen {
    number: usize,
    records: usize,
    first: String,
}

impl Seen {
    fn add(&mut self, number: usize, first: impl FnOnce() -> String) {
        if number == 0 {
            return;
        }
        if self.number == 0 {
            self.first = first();
        }
        self.number += number;
        self.records += 1;
    }
}

impl FileRemarks {
    /// Nothing yet of a file read with `options`.
    pub fn new(source: Arc<str>, options: InputOptions) -> Self {
        let [unknown, gaps, structures, nameless] = std::array::from_fn(|_| Seen::default());
        Self { source, options, positions: 0, unknown, gaps, structures, bare: (0, 0), nameless }
    }

    /// The file, as messages name it.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// Counts a record of the file.
    pub fn add(&mut self, record: &SequenceRecord) {
        let remarks = &record.remarks;
        let place = |count: &Count| match count.first {
            Some(first) => format!("`{}` at line {} in record `{}`", first.letter, first.line, record.name()),
            None => String::new(),
        };
        let (unknown, foreign) = (&remarks.letters.unknown, &remarks.letters.foreign);
        let first = if unknown.number > 0 { unknown } else { foreign };
        self.positions += record.sequence.len();
        self.unknown.add(unknown.number + foreign.number, || place(first));
        self.gaps.add(remarks.letters.gaps.number, || place(&remarks.letters.gaps));
        self.structures.add(remarks.structures, String::new);
        self.nameless.add(usize::from(remarks.nameless), || record.id.clone());
        if remarks.bare > 0 {
            self.bare = (remarks.bare, record.line);
        }
    }

    /// One sentence for each thing that was seen; none for a file of bases alone.
    pub fn lines(&self) -> Vec<String> {
        [self.about_unknown(), self.about_gaps(), self.about_structures(), self.about_bare(), self.about_names()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn about_unknown(&self) -> Option<String> {
        let Seen { number, records, first } = &self.unknown;
        let read_as = if self.options.on_invalid == OnInvalid::Replace { "read as N" } else { "read as unknown" };
        let hardly = *number as f64 > HARDLY_RNA * self.positions as f64;
        let hint = if hardly { "; is this RNA or DNA?" } else { "" };
        let (letters, in_records) = (many(*number, "letter"), many(*records, "record"));
        (*number > 0).then(|| {
            let are = if *number == 1 { "that is no base is" } else { "that are no bases are" };
            format!("{}: {letters} {are} {read_as}, in {in_records}, first {first}{hint}", self.source)
        })
    }

    fn about_gaps(&self) -> Option<String> {
        let Seen { number, records, first } = &self.gaps;
        let (gaps, in_records) = (many(*number, "gap"), many(*records, "record"));
        let are = if *number == 1 { "is" } else { "are" };
        let dropped = *number > 0 && self.options.gaps == Gaps::Drop; // who keeps them has asked for it
        dropped.then(|| {
            format!("{}: {gaps} in {in_records} {are} dropped, positions count bases alone, first {first}", self.source)
        })
    }

    fn about_names(&self) -> Option<String> {
        let Seen { number, first, .. } = &self.nameless;
        let expected = "no column `id`, `accession`, `name` or the like, or nothing in it";
        (*number > 0).then(|| {
            format!(
                "{}: {} without an id are called `{first}` and so on: {expected}",
                self.source,
                many(*number, "row")
            )
        })
    }

    fn about_structures(&self) -> Option<String> {
        let records = many(self.structures.records, "record");
        (self.structures.number > 0).then(|| {
            format!("{}: the known structures of {records} are passed over, only sequences are read", self.source)
        })
    }

    fn about_bare(&self) -> Option<String> {
        let (bare, line) = self.bare;
        let sequences = if bare == 1 { "1 line".to_string() } else { format!("{bare} lines, one sequence each,") };
        (bare > 0).then(|| format!("{}:{line}: a header after {sequences} of sequence without one", self.source))
    }
}

impl fmt::Display for FileRemarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sequences;

    fn remarks(text: &'static str, options: InputOptions) -> Vec<String> {
        let mut remarks = FileRemarks::new("x.fa".into(), options);
        let records = Sequences::from_reader("x.fa", text.as_bytes(), options);
        records.for_each(|record| remarks.add(&record.unwrap()));
        remarks.lines()
    }

    #[test]
    fn each_thing_is_said_once_a_file() {
        let fasta = ">a\nACGUACGUACGU\n>b\nACGUACGUACGUAAAAAAΨCGU\n>c\nACGP--AC.GUA\n((((....))))\n";
        let expected = [
            "x.fa: 2 letters that are no bases are read as N, in 2 records, first `Ψ` at line 4 in record `b`",
            "x.fa: 3 gaps in 1 record are dropped, positions count bases alone, first `-` at line 6 in record `c`",
            "x.fa: the known structures of 1 record are passed over, only sequences are read",
        ];
        assert_eq!(remarks(fasta, InputOptions::default()), expected);
        let lenient = remarks(">a\nAC@UACGUACGU-\n", InputOptions::LENIENT);
        let expected =
            ["x.fa: 1 letter that is no base is read as unknown, in 1 record, first `@` at line 2 in record `a`"];
        assert_eq!(lenient, expected);
        assert!(remarks(">a\nACGU\n", InputOptions::default()).is_empty());
    }

    #[test]
    fn proteins_and_lost_headers_are_noticed() {
        let [protein] = &remarks(">p\nMKVLAEELPFQ*\n", InputOptions::default())[..] else { panic!() };
        assert!(protein.ends_with("; is this RNA or DNA?"), "{protein}");
        let [bare] = &remarks("ACGU\n>q\nGG\n>r\nCC\n", InputOptions::default())[..] else { panic!() };
        assert_eq!(bare, "x.fa:2: a header after 1 line of sequence without one");
    }
}
