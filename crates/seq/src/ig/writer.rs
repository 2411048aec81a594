//! Writes IG, the sequence on one line.

use std::io::Write;

use super::Record;
use crate::{
    Error,
    plan::{check_letters, writer},
};

writer! {
    /// Writes a `;` line, the title, and the sequence with the `1` that ends it.
    "IG"
}

impl<W: Write> Writer<W> {
    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it could not be read again, [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let Record { header, sequence } = record;
        check_letters(FORMAT, header, sequence, b";>12")?;
        if header.trim_start().starts_with([';', '>']) {
            let message = "its title begins with `;` or `>`".to_string();
            return Err(Error::Unwritable { record: header.clone(), format: FORMAT, message });
        }
        writeln!(self.inner, ";\n{header}")?;
        self.inner.write_all(sequence)?;
        self.inner.write_all(b"1\n")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_ends_in_one() {
        let mut writer = Writer::new(Vec::new());
        writer.write(&Record { header: "a one".into(), sequence: b"ACGU".to_vec() }).unwrap();
        assert!(writer.write(&Record { header: ";a".into(), sequence: b"ACGU".to_vec() }).is_err());
        assert_eq!(writer.into_inner(), b";\na one\nACGU1\n");
    }
}
