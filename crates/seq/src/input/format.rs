//! The reader of a stream of sequences, whose format is recognised by its first lines and never by its name.

use std::io::BufRead;

use crate::{
    Error, bpseq, ct, fasta, fastq,
    first_lines::{Kind, kind},
    ig,
    letters::{Letters, Tally},
    lines::Lines,
    raw, st,
};

use super::{alignment, flat, table::Rows};

/// A reader of each format that sequences come in. Where a format has structures, they are passed over.
pub(super) enum Format<R: BufRead> {
    Fasta(fasta::Reader<R>),
    Fastq(fastq::Reader<R>),
    Raw(raw::Reader<R>),
    Ig(ig::Reader<R>),
    Flat(flat::Reader<R>),
    Alignment(alignment::Reader<R>),
    Ct(Connected<R>),
    Bpseq(bpseq::Reader<R>),
    St(st::Reader<R>),
    Table(Rows),
}

/// A CT file, and the name and sequence of the structure before: a file of several structures has one sequence.
pub(super) struct Connected<R> {
    reader: ct::Reader<R>,
    before: Option<(String, Vec<u8>)>,
}

/// What the formats have in common.
#[derive(Default)]
pub(super) struct Found {
    /// The header without its mark; `None` where the format has none.
    pub(super) header: Option<String>,
    /// The id where it is not the first word of the header.
    pub(super) id: Option<String>,
    /// Whether a name was expected and is not there.
    pub(super) nameless: bool,
    pub(super) sequence: Vec<u8>,
    pub(super) tally: Tally,
    /// The line of the header.
    pub(super) line: usize,
    /// How many known structures were passed over.
    pub(super) structures: usize,
}

impl<R: BufRead> Format<R> {
    /// Recognises the format of a stream that nothing was read of.
    pub(super) fn of(mut lines: Lines<R>) -> Result<Self, Error> {
        Ok(match lines.look_ahead(kind)? {
            Kind::Fasta => Self::fasta(lines),
            Kind::Fastq => Self::Fastq(fastq::Reader::from_lines(lines)),
            Kind::Raw => Self::Raw(raw::Reader::from_lines(lines)),
            Kind::Ig => Self::Ig(ig::Reader::from_lines(lines)),
            Kind::Genbank => Self::Flat(flat::Reader::new(lines, flat::GENBANK)),
            Kind::Embl => Self::Flat(flat::Reader::new(lines, flat::EMBL)),
            Kind::Alignment => Self::Alignment(alignment::Reader::new(lines)),
            Kind::Ct => Self::Ct(Connected { reader: ct::Reader::from_lines(lines), before: None }),
            Kind::Bpseq => Self::Bpseq(bpseq::Reader::from_lines(lines)),
            Kind::St => Self::St(st::Reader::from_lines(lines)),
            Kind::Other(what) => {
                let message = format!("this is {what}, which is not read; save the sequences as FASTA");
                return Err(Error::malformed(1, message));
            }
            Kind::Foreign(contents) => return Err(Error::malformed(1, contents.instead_of("a file of sequences"))),
        })
    }

    fn fasta(lines: Lines<R>) -> Self {
        Self::Fasta(fasta::Reader::from_lines(lines))
    }

    /// Reads the next record.
    pub(super) fn read(&mut self) -> Option<Result<Found, Error>> {
        match self {
            Self::Table(rows) => rows.next(),
            Self::Fasta(reader) => Some(reader.next()?.map(|record| Found {
                tally: *reader.tally(),
                line: reader.line(),
                structures: reader.structures(),
                ..Found::new(record.header, record.sequence)
            })),
            Self::Fastq(reader) => Some(reader.next()?.map(|record| Found {
                tally: *reader.tally(),
                line: reader.line(),
                ..Found::new(record.header, record.sequence)
            })),
            Self::Raw(reader) => Some(reader.next()?.map(|record| Found {
                tally: *reader.tally(),
                line: reader.line(),
                structures: reader.structures(),
                header: None,
                sequence: record.sequence,
                ..Found::default()
            })),
            Self::Ig(reader) => Some(reader.next()?.map(|record| Found {
                tally: *reader.tally(),
                line: reader.line(),
                ..Found::new(record.header, record.sequence)
            })),
            Self::Flat(reader) => Some(reader.read().transpose()?.map(|entry| Found {
                tally: entry.tally,
                line: entry.line,
                ..Found::new(entry.header, entry.sequence)
            })),
            Self::Alignment(reader) => Some(reader.read().transpose()?.map(|(name, sequence, tally, line)| Found {
                tally,
                line,
                ..Found::new(name, sequence)
            })),
            Self::Ct(connected) => connected.read(),
            Self::Bpseq(reader) => {
                let line = reader.line_number() + 1;
                Some(reader.next()?.map(|record| Found::folded(record.header, &record.sequence, line)))
            }
            Self::St(reader) => {
                let line = reader.line_number() + 1;
                Some(reader.next()?.map(|record| Found::folded(record.header, &record.sequence, line)))
            }
        }
    }

    /// The FASTA reader of what is left where bare sequences end at a header; `None` at the end of the stream.
    ///
    /// With the number of bare sequences before it.
    pub(super) fn after_bare(self) -> Option<(Self, usize)> {
        match self {
            Self::Raw(reader) if reader.at_header() => {
                let bare = reader.records();
                Some((Self::fasta(reader.into_lines()), bare))
            }
            Self::Ig(reader) if reader.at_header() => Some((Self::fasta(reader.into_lines()), 0)),
            _ => None,
        }
    }
}

impl<R: BufRead> Connected<R> {
    fn read(&mut self) -> Option<Result<Found, Error>> {
        loop {
            let line = self.reader.line_number() + 1;
            let record = match self.reader.next()? {
                Ok(record) => record,
                Err(error) => return Some(Err(error)),
            };
            let now = Some((record.name().to_string(), record.sequence));
            if now != self.before {
                self.before = now;
                let (name, sequence) = self.before.as_ref()?;
                return Some(Ok(Found::folded(name.clone(), sequence, line)));
            }
        }
    }
}

impl Found {
    fn new(header: String, sequence: Vec<u8>) -> Self {
        Self { header: Some(header), sequence, ..Self::default() }
    }

    /// A record of a format that gives a letter for each position.
    fn folded(header: String, sequence: &[u8], line: usize) -> Self {
        let (sequence, tally) = Letters::of(line, sequence).finish();
        Self { tally, line, structures: 1, ..Self::new(header, sequence) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> &'static str {
        match Format::of(Lines::new(text.as_bytes())) {
            Ok(Format::Fasta(_)) => "fasta",
            Ok(Format::Fastq(_)) => "fastq",
            Ok(Format::Raw(_)) => "raw",
            Ok(Format::Ig(_)) => "ig",
            Ok(Format::Flat(_)) => "flat",
            Ok(Format::Alignment(_)) => "alignment",
            Ok(Format::Ct(_)) => "ct",
            Ok(Format::Bpseq(_)) => "bpseq",
            Ok(Format::St(_)) => "st",
            Ok(Format::Table(_)) => "table",
            Err(_) => "error",
        }
    }

    #[test]
    fn archives_and_office_files_are_named() {
        let message = |bytes: Vec<u8>| Format::of(Lines::new(&bytes[..])).map(|_| ()).unwrap_err().to_string();
        let mut tar = b"a.fa".to_vec();
        tar.resize(257, 0);
        tar.extend(b"ustar\x0000");
        tar.resize(512, 0);
        tar.extend(b">a\nACGU\n");
        assert_eq!(
            message(tar),
            "line 1: this is a tar archive, expected a file of sequences\nhint: unpack it with `tar xf`"
        );
        let mut workbook = b"PK\x03\x04\x14\0\r\n\0\n".to_vec();
        workbook.resize(30, 0);
        workbook.extend(b"[Content_Types].xml\n\0\n\x01xl/workbook.xml");
        assert_eq!(
            message(workbook),
            "line 1: this is a spreadsheet (.xlsx or .ods), expected a file of sequences\n\
             hint: save it as CSV in the spreadsheet program"
        );
    }

    #[test]
    fn formats_are_recognised_by_their_first_lines() {
        let table = [
            ("\n >a b\nACGU\n", "fasta"),
            ("; note\n# note\n>a\nACGU", "fasta"),
            ("@a\nACGU\n+\nIIII\n", "fastq"),
            ("ACGU\n", "raw"),
            ("# note\nACGU\n((.)\n", "raw"),
            ("1 acguacguac gu\n", "raw"),
            ("\r\n  \n", "raw"),
            ("", "raw"),
            ("12\n", "raw"),
            ("id\tsequence\na\tACGU\n", "raw"),
            ("; note\na title\nACGU1\n", "ig"),
            ("LOCUS       X 12 bp\n", "flat"),
            ("ID   X; SV 1;\n", "flat"),
            ("# STOCKHOLM 1.0\na ACGU\n//\n", "alignment"),
            ("2 a title\n1 G 0 2 2 1\n2 C 1 0 1 2\n", "ct"),
            ("# by hand\nFilename: x.ct\n 2\tENERGY = 1\n 1 G 0 2 2 1\n", "ct"),
            ("# File: a\n1 G 2\n2 C 1\n", "bpseq"),
            ("Filename: a\nOrganism: E. coli\nCitation and more: http://x.y\n1 G 2\n2 C 1\n", "bpseq"),
            ("#Name: a\nGC\n()\n", "st"),
            ("CLUSTAL W (1.83)\n\na ACGU\n", "error"),
            ("<!DOCTYPE html>\n<html>\n", "error"),
            ("\x7fELF\x02\x01\n\x00\n", "error"),
        ];
        for (text, expected) in table {
            assert_eq!(name(text), expected, "{text:?}");
        }
    }
}
