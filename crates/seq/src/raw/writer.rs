//! Writes raw sequences, one a line.

use std::io::Write;

use super::{Record, reader::sequence};
use crate::{Error, plan::writer};

writer! {
    /// Writes one sequence a line.
    "raw sequences"
}

impl<W: Write> Writer<W> {
    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it is empty, holds more than letters and gaps or hardly any base, [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let plain = |letter: &u8| letter.is_ascii_alphabetic() || *letter == b'-';
        if !record.sequence.iter().all(plain) || sequence(1, &record.sequence).is_none() {
            let message = "a line must be a sequence of letters and `-`, at least half of them bases".to_string();
            let record = String::from_utf8_lossy(&record.sequence[..record.sequence.len().min(40)]).into_owned();
            return Err(Error::Unwritable { record, format: FORMAT, message });
        }
        self.inner.write_all(&record.sequence)?;
        Ok(self.inner.write_all(b"\n")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_line_of_letters_is_refused() {
        let mut writer = Writer::new(Vec::new());
        writer.write(&Record { sequence: b"AC-gu".to_vec() }).unwrap();
        assert!(writer.write(&Record { sequence: b"".to_vec() }).is_err());
        assert!(writer.write(&Record { sequence: b"A C".to_vec() }).is_err());
        assert!(writer.write(&Record { sequence: b"XXA".to_vec() }).is_err());
        assert_eq!(writer.into_inner(), b"AC-gu\n");
    }
}
