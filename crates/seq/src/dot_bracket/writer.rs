//! Writes dot-bracket records of three lines.

use std::io::Write;

use super::{Record, reader::is_structure};
use crate::{
    Error,
    plan::{check_folded, writer},
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
        let Record { header, sequence, structure, score } = record;
        check_folded(FORMAT, header, sequence, structure, b">#(")?;
        let refuse = |message: &str| {
            Err(Error::Unwritable { record: header.clone(), format: FORMAT, message: message.to_string() })
        };
        if !sequence.is_empty() && is_structure(sequence) {
            return refuse("its sequence has no letter");
        }
        let score = score.as_deref().unwrap_or_default();
        if score.contains(['\n', '\r']) || (sequence.is_empty() && !score.is_empty()) {
            return refuse("its score does not fit behind the structure");
        }
        let brackets = structure.to_dot_bracket()?;
        writeln!(self.inner, ">{header}")?;
        if !sequence.is_empty() {
            self.inner.write_all(sequence)?;
            writeln!(self.inner, "\n{}", format!("{brackets} {score}").trim_ascii_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Structure;

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
