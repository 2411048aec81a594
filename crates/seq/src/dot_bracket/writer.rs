//! Writes dot-bracket records of three lines.

use std::io::Write;

use super::{Record, reader::is_structure};
use crate::{
    Error,
    alphabet::NICK,
    plan::{check_positions, writer},
};

writer! {
    /// Writes `>header`, sequence, and structure with its score.
    "dot-bracket"
}

impl<W: Write> Writer<W> {
    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it could not be read again, [`Error::Multiplet`] and [`Error::TooManyPages`] if the
    /// structure has no dot-bracket form, [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let Record { header, sequence, .. } = record;
        let line = structure_line(record)?;
        writeln!(self.inner, ">{header}")?;
        if !sequence.is_empty() {
            let (first, second) = sequence.split_at(record.structure.nick().unwrap_or_default());
            self.inner.write_all(first)?;
            if !first.is_empty() {
                self.inner.write_all(&[NICK])?;
            }
            self.inner.write_all(second)?;
            writeln!(self.inner, "\n{line}")?;
        }
        Ok(())
    }

    /// Writes another structure of the record that was written last: only the line of its structure.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_further(&mut self, record: &Record) -> Result<(), Error> {
        let line = structure_line(record)?;
        Ok(writeln!(self.inner, "{line}")?)
    }
}

/// The structure with its score, if the record can be read again.
fn structure_line(record: &Record) -> Result<String, Error> {
    let Record { header, sequence, structure, score } = record;
    check_positions(FORMAT, header, sequence, structure, b">#(")?;
    let refuse =
        |message: &str| Err(Error::Unwritable { record: header.clone(), format: FORMAT, message: message.to_string() });
    if !sequence.is_empty() && is_structure(sequence) {
        return refuse("its sequence has no letter");
    }
    let score = score.as_deref().unwrap_or_default();
    if score.contains(['\n', '\r']) || (sequence.is_empty() && !score.is_empty()) {
        return refuse("its score does not fit behind the structure");
    }
    let brackets = structure.to_dot_bracket()?;
    Ok(format!("{brackets} {score}").trim_ascii_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Structure;

    #[test]
    fn further_structures_are_read_as_such() {
        let mut writer = Writer::new(Vec::new());
        let record = |text: &str| Record {
            header: "a".into(),
            sequence: b"GAAAC".to_vec(),
            structure: Structure::parse_dot_bracket(text).unwrap(),
            score: Some("( -1.00) share=0.500".into()),
        };
        writer.write(&record("(...)")).unwrap();
        writer.write_further(&record(".....")).unwrap();
        let text = writer.into_inner();
        assert_eq!(text, b">a\nGAAAC\n(...) ( -1.00) share=0.500\n..... ( -1.00) share=0.500\n");
        let read: Vec<Record> =
            super::super::Reader::new(text.as_slice()).all_structures(true).map(Result::unwrap).collect();
        assert_eq!(read, [record("(...)"), record(".....")]);
    }

    #[test]
    fn two_strands_are_joined_in_both_lines() {
        let mut writer = Writer::new(Vec::new());
        let structure = Structure::parse_strands("((&.))").unwrap();
        writer.write(&Record { header: "a".into(), sequence: b"GGACC".to_vec(), structure, score: None }).unwrap();
        assert_eq!(writer.into_inner(), b">a\nGG&ACC\n((&.))\n");
    }

    #[test]
    fn the_score_stands_behind_the_structure() {
        let mut writer = Writer::new(Vec::new());
        let structure = Structure::parse_dot_bracket("(...)").unwrap();
        let mut record = Record { header: "a".into(), sequence: b"GAAAC".to_vec(), structure, score: None };
        writer.write(&record).unwrap();
        record.score = Some("(-3.20)".into());
        writer.write(&record).unwrap();
        record.sequence.push(b'A');
        assert!(writer.write(&record).is_err());
        assert_eq!(writer.into_inner(), b">a\nGAAAC\n(...)\n>a\nGAAAC\n(...) (-3.20)\n");
    }
}
