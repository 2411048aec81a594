//! Writes FASTQ, four lines a record.

use std::io::Write;

use super::Record;
use crate::{
    Error,
    plan::{check_letters, check_sequence, writer},
};

writer! {
    /// Writes FASTQ records of four lines.
    "FASTQ"
}

impl<W: Write> Writer<W> {
    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it could not be read again, [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let Record { header, sequence, quality } = record;
        check_letters(FORMAT, header, sequence, b"+")?;
        check_sequence(FORMAT, header, quality, b"")?;
        if sequence.len() != quality.len() {
            let message = format!("{} bases but {} quality letters", sequence.len(), quality.len());
            return Err(Error::Unwritable { record: header.clone(), format: FORMAT, message });
        }
        writeln!(self.inner, "@{header}")?;
        for line in [&sequence[..], b"+", quality] {
            self.inner.write_all(line)?;
            self.inner.write_all(b"\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_four_lines() {
        let mut writer = Writer::new(Vec::new());
        let mut record = Record { header: "a".into(), sequence: b"AC".to_vec(), quality: b"@I".to_vec() };
        writer.write(&record).unwrap();
        record.quality.pop();
        assert!(writer.write(&record).is_err());
        assert_eq!(writer.into_inner(), b"@a\nAC\n+\n@I\n");
    }
}
