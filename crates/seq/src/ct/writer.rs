//! Writes CT in its six columns.

use std::io::Write;

use super::Record;
use crate::{
    Error,
    plan::{check_folded, writer},
};

writer! {
    /// Writes `length  title`, then `index base previous next partner index` for each base.
    "CT"
}

impl<W: Write> Writer<W> {
    /// Writes one structure.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it could not be read again, [`Error::Multiplet`] if a base has two partners,
    /// [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let Record { header, sequence, structure } = record;
        check_folded(FORMAT, header, sequence, structure, b"")?;
        let partners = structure.partners()?;
        let len = sequence.len();
        writeln!(self.inner, "{}", format!("{len}  {header}").trim_ascii_end())?;
        for (i, (&base, partner)) in sequence.iter().zip(partners).enumerate() {
            let (index, next) = (i + 1, if i + 1 < len { i + 2 } else { 0 });
            let partner = partner.map_or(0, |j| j + 1);
            writeln!(self.inner, "{index:>5} {} {i:>5} {next:>5} {partner:>5} {index:>5}", char::from(base))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Structure;

    #[test]
    fn neighbours_are_zero_at_both_ends() {
        let mut writer = Writer::new(Vec::new());
        let structure = Structure::parse_dot_bracket("(.)").unwrap();
        writer.write(&Record { header: "a".into(), sequence: b"GAC".to_vec(), structure }).unwrap();
        let text = String::from_utf8(writer.into_inner()).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["3", "a"]);
        assert_eq!(rows[1], ["1", "G", "0", "2", "3", "1"]);
        assert_eq!(rows[3], ["3", "C", "2", "0", "1", "3"]);
    }

    #[test]
    fn a_title_that_ends_in_odd_white_space_reads_back() {
        let record = Record { header: "\u{fffd}\u{b}".into(), ..Record::default() };
        let mut writer = Writer::new(Vec::new());
        writer.write(&record).unwrap();
        let bytes = writer.into_inner();
        let again: Vec<Record> = crate::ct::Reader::new(bytes.as_slice()).map(Result::unwrap).collect();
        assert_eq!(again, [record]);
    }
}
