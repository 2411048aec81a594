//! Sequences of one input file, with where each came from.
//!
//! Sequence files of every format are read as in the rest of the workspace, see [`Sequences`]; a table, whatever its
//! name, by its column of sequences. Gaps are kept as `-`. Compression is recognised by content. One record is held at
//! a time.

mod table;

use std::path::Path;
use std::sync::Arc;

use rinalmo_seq::alphabet::NICK;
use rinalmo_seq::{InputOptions, OnInvalid, Place, Sequences, Symbol, input, table as tables};

use crate::Error;

/// A sequence as it is in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The first word of the header, or the column `id`; may be empty.
    pub id: String,
    /// The rest of the header, or what the other short columns say as `name=value`.
    pub description: String,
    /// The letters as they were written.
    pub sequence: Vec<u8>,
    /// The line it begins at, from 1.
    pub line: u64,
}

/// The records of an input; an error may be about one record, see [`is_about_one_record`].
pub type Records = Box<dyn Iterator<Item = Result<Record, Error>> + Send>;

/// Opens an input, `-` being standard input.
///
/// # Errors
/// It cannot be opened, or is a table without a column of sequences.
pub fn open(path: &Path) -> Result<Records, Error> {
    let name = input::name_of(path);
    let (start, stream) = tables::peek(input::open(path)?).map_err(rinalmo_seq::Error::from)?;
    if tables::is_named(path) || tables::is_start(&start) {
        return table::open(path, &name, stream);
    }
    let options = InputOptions::LENIENT;
    let sequences = Sequences::from_reader(&name, stream, options).map(|read| {
        let mut record = read?;
        if let Some(mark) = record.remarks.letters.nicks.first {
            return Err(strands(&record.source, mark.line, mark.column, record.name()));
        }
        let description = record.header.get(record.id.len()..).unwrap_or_default().trim_start().to_owned();
        record.sequence.shrink_to_fit();
        Ok(Record { id: record.id, description, sequence: record.sequence, line: record.line as u64 })
    });
    Ok(Box::new(sequences))
}

/// The error of a record that is several strands, as in the rest of the workspace: joined, they would be one sequence that
/// does not exist.
fn strands(file: &Arc<str>, line: usize, column: usize, record: String) -> Error {
    let place = Place { name: Some(file.clone()), line };
    let (letter, on_invalid) = (Symbol::Char(char::from(NICK)), OnInvalid::Replace);
    Error::Input(rinalmo_seq::Error::InvalidBase { place, record, letter, column, on_invalid })
}

/// Whether an error concerns one record, so that reading may continue: a row of a table, a line that is not a sequence.
/// After other errors of a sequence file, the next record may not be found.
pub fn is_about_one_record(error: &Error) -> bool {
    match error {
        Error::Input(error) => error.is_of_one_record(),
        other => matches!(other, Error::Table { .. }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(name: &str, text: &str) -> Vec<Result<Record, String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let shown =
            |error: Error| format!("{} {error}", is_about_one_record(&error)).replace(path.to_str().unwrap(), name);
        open(&path).unwrap().map(|read| read.map_err(shown)).collect()
    }

    fn record(id: &str, description: &str, sequence: &str, line: u64) -> Result<Record, String> {
        Ok(Record { id: id.into(), description: description.into(), sequence: sequence.into(), line })
    }

    #[test]
    fn a_header_is_an_id_and_a_description() {
        let expected = [record("a", "tRNA from  yeast", "acgU", 1), record("", "", "X", 3)];
        assert_eq!(records("x.fa", ">a tRNA from  yeast\nacgU\n>\nX\n"), expected);
    }

    #[test]
    fn damaged_fastq_is_not_read_past_its_damage() {
        let found = records("x.fq", "@a\nACGU\n+\nIIIII\n@b\nAC\n+\nII\n");
        assert_eq!(found, [Err("false x.fq:4: record `a`: 5 quality letters for 4 bases".into())]);
    }

    #[test]
    fn a_table_gives_its_sequences_and_what_else_is_short() {
        let text =
            "family\ttype\tseq_id\tseq\tstruct_projected\nRF1\t\tX1/3-5\tACG\t(.)\nRF2\trRNA\tX2\tAC\n\t\tX3\tGG\t..\n";
        let found = records("x.tsv", text);
        assert_eq!(found[0], record("X1/3-5", "family=RF1", "ACG", 2));
        assert_eq!(found[1], Err("true x.tsv:3: 4 columns, expected 5 as in the header".into()));
        assert_eq!(found[2], record("X3", "", "GG", 4));
    }

    #[test]
    fn tables_of_any_name_and_spelling_give_the_same() {
        for (name, text) in [
            ("x.csv", "sep=;\r\nAccession;Sequence\r\nX1;ACG\r\n;\r\n"),
            ("x.csv", "accession\tSEQ\nX1\tAC G\n"),
            ("x.txt", "\u{feff}Accession,Sequence\r\n\"X1\",\"AC\nG\"\r\n"),
            ("x", "acc, seq\rX1, ACG\r"),
        ] {
            let found = records(name, text);
            assert_eq!(found.len(), 1, "{text}");
            let found = found[0].as_ref().unwrap();
            assert_eq!(
                (found.id.as_str(), &*found.sequence, found.description.as_str()),
                ("X1", &b"ACG"[..], ""),
                "{text}"
            );
        }
    }

    #[test]
    fn strands_are_not_joined_to_one_sequence() {
        for (name, text) in [("x.fa", ">a b\nACG&CGU\n>c\nACGU\n"), ("x.csv", "id,sequence\n,\na,ACG&CGU\nc,ACGU\n")] {
            let found = records(name, text);
            let message = found[0].as_ref().unwrap_err();
            assert!(message.starts_with("true x.") && message.contains(": record `a`: several strands"), "{message}");
            assert_eq!(found[1].as_ref().unwrap().sequence, b"ACGU");
        }
    }

    #[test]
    fn a_table_without_sequences_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, "id,length\na,3\n").unwrap();
        let message = open(&path).map(|_| ()).unwrap_err().to_string();
        assert!(
            message.ends_with("x.csv:1: no column `sequence`, `seq`, `utr`\nhint: its columns are `id`, `length`"),
            "{message}"
        );
    }
}
