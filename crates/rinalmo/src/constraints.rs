//! Constraint files in the layout `RNAfold -C` reads: header, sequence, constraint line.
//!
//! The sequence may be left out where it comes from elsewhere. A line is a constraint if it holds
//! nothing but `.|x<>()`, none of which is a base.

use std::io::BufRead;

use rinalmo_tasks::structure::constraint::Constraint;

/// One record of a constraint file.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The whole header without `>`.
    pub header: String,
    /// The sequence, where the file has it.
    pub sequence: Option<Vec<u8>>,
    /// The constraint.
    pub constraint: Constraint,
}

impl Record {
    /// The header's first word.
    pub fn id(&self) -> &str {
        self.header.split_whitespace().next().unwrap_or_default()
    }
}

/// Why a constraint file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream broke.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A record has no constraint line, or one that says nothing.
    #[error("line {line}: record `{header}`: {reason}")]
    Record {
        /// Line of the record's header, from 1.
        line: usize,
        /// The header.
        header: String,
        /// What is wrong.
        reason: String,
    },
}

/// Does this text look like a constraint rather than a path?
pub fn is_constraint(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| ".|x<>()".contains(c))
}

/// Reads every record.
///
/// # Errors
/// Names the line and the record.
pub fn read(input: impl BufRead) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    let mut open: Option<(usize, Draft)> = None;
    for (number, line) in input.lines().enumerate() {
        let line = line?;
        let text = line.trim();
        if let Some(header) = text.strip_prefix('>') {
            records.extend(open.take().map(|(line, draft)| draft.finish(line)).transpose()?);
            open = Some((number + 1, Draft { header: header.trim().to_owned(), ..Draft::default() }));
        } else if !text.is_empty() {
            let (_, draft) = open.get_or_insert_with(|| (number + 1, Draft::default()));
            let part = if is_constraint(text) { &mut draft.constraint } else { &mut draft.sequence };
            part.push_str(text);
        }
    }
    records.extend(open.map(|(line, draft)| draft.finish(line)).transpose()?);
    Ok(records)
}

#[derive(Default)]
struct Draft {
    header: String,
    sequence: String,
    constraint: String,
}

impl Draft {
    fn finish(self, line: usize) -> Result<Record, Error> {
        let fail = |reason: String| Error::Record { line, header: self.header.clone(), reason };
        if self.constraint.is_empty() {
            return Err(fail("no constraint line; expected one of the characters .|x<>()".into()));
        }
        let constraint = self.constraint.parse().map_err(|error| fail(format!("{error}")))?;
        let sequence = (!self.sequence.is_empty()).then(|| self.sequence.clone().into_bytes());
        Ok(Record { header: self.header, sequence, constraint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_rnafold_reads() {
        let text = ">hp one\nGGGAAACCC\n(((...)))\n\n>bare\n.x.\n";
        let records = read(text.as_bytes()).unwrap();
        assert_eq!(records[0].id(), "hp");
        assert_eq!(records[0].sequence.as_deref(), Some(&b"GGGAAACCC"[..]));
        assert_eq!(records[0].constraint, "(((...)))".parse().unwrap());
        assert_eq!(records[1].sequence, None);
    }

    #[test]
    fn a_record_without_constraint_is_named() {
        let error = read(">a\nACGU\n".as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("line 1: record `a`"), "{error}");
    }
}
