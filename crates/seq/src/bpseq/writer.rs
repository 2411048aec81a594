//! Writes BPSEQ.

use std::io::Write;

use super::Record;
use crate::{
    Error,
    plan::{check_folded, writer},
};

writer! {
    /// Writes `# File: header`, then `position base partner` for each base.
    "BPSEQ"
}

impl<W: Write> Writer<W> {
    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it is empty or could not be read again, [`Error::Multiplet`] if a base has two
    /// partners, [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let Record { header, sequence, structure } = record;
        check_folded(FORMAT, header, sequence, structure, b"")?;
        if sequence.is_empty() {
            let message = "its sequence is empty".to_string();
            return Err(Error::Unwritable { record: header.clone(), format: FORMAT, message });
        }
        let partners = structure.partners()?;
        writeln!(self.inner, "{}", format!("# File: {header}").trim_ascii_end())?;
        for (i, (&base, partner)) in sequence.iter().zip(partners).enumerate() {
            writeln!(self.inner, "{} {} {}", i + 1, char::from(base), partner.map_or(0, |j| j + 1))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Structure;

    #[test]
    fn a_record_is_a_comment_and_its_rows() {
        let mut writer = Writer::new(Vec::new());
        let structure = Structure::parse_dot_bracket("(.)").unwrap();
        writer.write(&Record { header: "a".into(), sequence: b"GAC".to_vec(), structure }).unwrap();
        assert!(writer.write(&Record::default()).is_err());
        assert_eq!(writer.into_inner(), b"# File: a\n1 G 3\n2 A 0\n3 C 1\n");
    }
}
