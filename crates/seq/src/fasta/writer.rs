//! Writes FASTA, the sequence on one line.

use std::io::Write;

use super::Record;
use crate::{
    Error,
    plan::{check_letters, writer},
};

writer! {
    /// Writes FASTA records: `>header`, then the sequence on one line.
    "FASTA"
}

impl<W: Write> Writer<W> {
    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it could not be read again, [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        check_letters(FORMAT, &record.header, &record.sequence, b">;#")?;
        writeln!(self.inner, ">{}", record.header)?;
        if !record.sequence.is_empty() {
            self.inner.write_all(&record.sequence)?;
            self.inner.write_all(b"\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_stand_one_after_another() {
        let mut writer = Writer::new(Vec::new());
        writer.write(&Record { header: "a one".into(), sequence: b"ACGU".to_vec() }).unwrap();
        writer.write(&Record::default()).unwrap();
        assert_eq!(writer.into_inner(), b">a one\nACGU\n>\n");
    }
}
