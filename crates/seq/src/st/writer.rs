//! Writes `.st`, without the list of segments.

use std::io::Write;

use super::{Record, loops};
use crate::{
    Error, Structure,
    plan::{check_folded, writer},
};

writer! {
    /// Writes name, length, number of pages, sequence, dot-bracket, loop letters and pseudoknots of each record.
    "st"
}

impl<W: Write> Writer<W> {
    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if it could not be read again, [`Error::Multiplet`] and [`Error::TooManyPages`] if the
    /// structure has no dot-bracket form, [`Error::Io`] if the stream fails.
    pub fn write(&mut self, record: &Record) -> Result<(), Error> {
        let Record { header, sequence, structure } = record;
        check_folded(FORMAT, header, sequence, structure, b"#")?;
        let brackets = structure.to_dot_bracket()?;
        writeln!(self.inner, "{}", format!("#Name: {header}").trim_ascii_end())?;
        writeln!(self.inner, "#Length:  {}", sequence.len())?;
        writeln!(self.inner, "#PageNumber: {}", structure.page_count().max(1))?;
        if sequence.is_empty() {
            return Ok(());
        }
        let main: String = brackets.chars().map(|c| if "()".contains(c) { c } else { '.' }).collect();
        let knots: String = brackets.chars().map(|c| if "().".contains(c) { 'N' } else { 'K' }).collect();
        let loops = loops::letters(&Structure::parse_dot_bracket(&main)?.partners()?);
        self.inner.write_all(sequence)?;
        writeln!(self.inner, "\n{brackets}\n{loops}\n{knots}")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudoknots_are_loops_of_the_main_fold() {
        let mut writer = Writer::new(Vec::new());
        let structure = Structure::parse_dot_bracket("((.[.)).]").unwrap();
        writer.write(&Record { header: "a".into(), sequence: b"GGAGACCAC".to_vec(), structure }).unwrap();
        let text = String::from_utf8(writer.into_inner()).unwrap();
        let expected =
            ["#Name: a", "#Length:  9", "#PageNumber: 2", "GGAGACCAC", "((.[.)).]", "SSHHHSSEE", "NNNKNNNNK"];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
