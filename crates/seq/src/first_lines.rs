//! Which format a stream has, by the first lines that are neither blank nor comments: one answer for those who read its
//! sequences and those who read its structures.

use std::io::{self, BufRead};

use crate::{input::Contents, lines::Ahead};

/// Bytes of a file that is no text that are looked at to say what it is.
const START: usize = 4096;

/// What a first line begins with, and the format that does. `#` lines are comments to those that are not here.
const BEGINNINGS: [(&str, Kind); 8] = [
    (">", Kind::Fasta),
    ("@", Kind::Fastq),
    ("# STOCKHOLM", Kind::Alignment),
    ("#Name:", Kind::St),
    ("LOCUS ", Kind::Genbank),
    ("ID   ", Kind::Embl),
    ("CLUSTAL", Kind::Other("a Clustal alignment")),
    ("#NEXUS", Kind::Other("a Nexus file")),
];

/// What a stream of sequences, with structures or without, is by its first lines.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Fasta,
    Fastq,
    Raw,
    Ig,
    Genbank,
    Embl,
    Alignment,
    Ct,
    Bpseq,
    St,
    /// An alignment that is not read, in words.
    Other(&'static str),
    /// A file that is no text, or none of sequences.
    Foreign(Contents),
}

/// The kind of a stream by its first lines.
pub(crate) fn kind<R: BufRead>(ahead: &mut Ahead<'_, R>) -> io::Result<Kind> {
    let mut noted = false;
    while let Some(text) = ahead.next_text()? {
        if let Some(&(_, kind)) = BEGINNINGS.iter().find(|(beginning, _)| text.starts_with(beginning.as_bytes())) {
            return Ok(kind);
        }
        match text[0] {
            b'#' => {}
            b';' => noted = true,
            _ if noted => return Ok(Kind::Ig),
            // The Comparative RNA Web writes `Filename: x.ct` and the like before its tables.
            _ if is_field(text) => {}
            byte if byte.is_ascii_digit() => return numbered(ahead),
            _ => return raw_or_foreign(ahead),
        }
    }
    Ok(Kind::Raw)
}

/// The kind of a stream whose first line is of no format with marks.
fn raw_or_foreign<R: BufRead>(ahead: &mut Ahead<'_, R>) -> io::Result<Kind> {
    // Lines of text are not waited for: they may be typed.
    while ahead.has_control() && ahead.len() < START && ahead.next_text()?.is_some() {}
    let contents = Contents::of(&ahead.bytes());
    Ok(if contents.is_readable() { Kind::Raw } else { Kind::Foreign(contents) })
}

/// Whether a line is `Word …: …`.
pub(crate) fn is_field(text: &[u8]) -> bool {
    let is_word = text.first().is_some_and(u8::is_ascii_alphabetic);
    let colon = text.iter().position(|&byte| byte == b':');
    is_word && colon.is_some_and(|colon| text.get(colon + 1).is_none_or(|next| !next.is_ascii_graphic()))
}

/// The kind of a stream whose first line, the last one looked at, begins with a number.
fn numbered<R: BufRead>(ahead: &mut Ahead<'_, R>) -> io::Result<Kind> {
    let words = |text: &[u8]| text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
    if is_row(ahead.last(), 3) && words(ahead.last()) == 3 {
        return Ok(Kind::Bpseq);
    }
    let Some(second) = ahead.next_text()? else { return Ok(Kind::Raw) };
    Ok(if is_row(second, 5) { Kind::Ct } else { Kind::Raw })
}

/// Whether a line is the first row of a table of bases: `1`, a letter, and a number in each column up to `columns`.
fn is_row(text: &[u8], columns: usize) -> bool {
    let text = String::from_utf8_lossy(text);
    let words: Vec<&str> = text.split_ascii_whitespace().take(columns).collect();
    let is_number = |word: &&str| word.parse::<u64>().is_ok();
    words.len() == columns && words[0] == "1" && words[1].chars().count() == 1 && words[2..].iter().all(is_number)
}
