//! Writes Stockholm, one alignment of a single sequence for each record.

use std::io::Write;

use super::Record;
use crate::{
    Error,
    plan::{check_folded, writer},
};

writer! {
    /// Writes each record as an alignment of its own, with its structure as `#=GC SS_cons`.
    ///
    /// The first word of the header is the name, the rest its `#=GS … DE` description; runs of white space in the
    /// header become one space. The main fold stands in `()`, pseudoknots in letters.
    "Stockholm"
}

impl<W: Write> Writer<W> {
    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it has no letter or no name or could not be read again, [`Error::Multiplet`] and
    /// [`Error::TooManyPages`] if the structure has no WUSS form, [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let Record { header, sequence, structure } = record;
        check_folded(FORMAT, header, sequence, structure, b"")?;
        let mut words = header.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let description: Vec<&str> = words.collect();
        if sequence.is_empty() || name.is_empty() || name.starts_with('#') {
            let message = "it needs a sequence, and a name that does not begin with `#`".to_string();
            return Err(Error::Unwritable { record: header.clone(), format: FORMAT, message });
        }
        let wuss = structure.to_wuss()?;
        writeln!(self.inner, "# STOCKHOLM 1.0")?;
        if !description.is_empty() {
            writeln!(self.inner, "#=GS {name} DE {}", description.join(" "))?;
        }
        const MARK: &str = "#=GC SS_cons";
        let width = name.chars().count().max(MARK.len());
        write!(self.inner, "{name:<width$} ")?;
        self.inner.write_all(sequence)?;
        writeln!(self.inner, "\n{MARK:<width$} {wuss}\n//")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Structure;

    #[test]
    fn name_and_description_go_their_ways() {
        let mut writer = Writer::new(Vec::new());
        let structure = Structure::parse_dot_bracket("(([.))]").unwrap();
        writer.write(&Record { header: "a fine one".into(), sequence: b"GGAACCU".to_vec(), structure }).unwrap();
        let text = String::from_utf8(writer.into_inner()).unwrap();
        let expected = ["# STOCKHOLM 1.0", "#=GS a DE fine one", "a            GGAACCU", "#=GC SS_cons ((A.))a", "//"];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn nameless_and_empty_records_are_refused() {
        let mut writer = Writer::new(Vec::new());
        let record = |header: &str, sequence: &[u8]| Record {
            header: header.into(),
            sequence: sequence.to_vec(),
            structure: Structure::unpaired(sequence.len()),
        };
        for refused in [record("", b"A"), record("#a", b"A"), record("a", b"")] {
            assert!(matches!(writer.write(&refused), Err(Error::Unwritable { .. })));
        }
        assert!(writer.into_inner().is_empty());
    }
}
