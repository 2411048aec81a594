//! The beginning of a table: what is before its header, and what separates its cells.

use std::io::{self, BufRead, Cursor, Read};

use super::cells::Rows;
use super::columns;

/// A header is not longer than this.
const LONGEST: u64 = 1 << 20; // bytes
/// What may separate cells; the first is taken where two do equally well.
const DELIMITERS: [u8; 3] = [b'\t', b',', b';'];
/// A table may hold its sequences alone, under one of these names. They are no sequences themselves.
const ALONE: [&str; 3] = ["sequence", "sequences", "seq"];

/// A stream whose beginning was looked at and is there to be read again.
pub(super) type Whole<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// Where the cells of a table are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    /// What separates cells.
    pub delimiter: u8,
    /// Bytes before the header.
    pub skipped: usize,
    /// The header's line, from 1.
    pub line: u64,
    /// The names of columns.
    pub names: Vec<String>,
}

/// The start of a stream, and the whole of it.
pub type Peeked<R> = (Vec<u8>, io::Chain<Cursor<Vec<u8>>, R>);

/// Looks at a stream up to the end of its first line that may be a header. What is read is in front of what is given
/// back.
///
/// # Errors
/// The stream fails.
pub fn peek<R: BufRead>(mut stream: R) -> io::Result<Peeked<R>> {
    let mut start = Vec::new();
    while (start.len() as u64) < LONGEST {
        let before = start.len();
        // Lines that end at `\r` alone are found in the bytes at hand.
        let read = (&mut stream).take(LONGEST - before as u64).read_until(b'\n', &mut start)?;
        if read == 0 || !is_blank(&start[before..]) && find(&start).is_some() {
            break;
        }
    }
    Ok((start.clone(), Cursor::new(start).chain(stream)))
}

/// Whether bytes begin a table of sequences: their first line names a column of sequences. Marks of FASTA and FASTQ and
/// comments such as `# sequence, from a paper` are none.
pub fn is_start(bytes: &[u8]) -> bool {
    let Some(start) = find(bytes) else { return false };
    let line = &bytes[start.skipped..];
    if line.starts_with(b"# ") || matches!(line.first(), Some(b'>' | b'@' | b';')) {
        return false;
    }
    match &start.names[..] {
        [] => false,
        [only] => columns::is_one_of(only, &ALONE),
        several => several.iter().any(|name| columns::is_one_of(name, columns::SEQUENCE)),
    }
}

/// Finds the header: the first line with a cell that is not empty, after `sep=;` and comments that begin with `##`.
pub(super) fn find(bytes: &[u8]) -> Option<Start> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mut skipped = if bytes.starts_with(MARK) { MARK.len() } else { 0 };
    let (mut line, mut told) = (1, None);
    while skipped < bytes.len() {
        let rest = &bytes[skipped..];
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let end = length + if rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
        let text = &rest[..length];
        if let Some(delimiter) = separator(text).filter(|_| told.is_none()) {
            told = Some(delimiter);
        } else if !is_blank(text) && !text.starts_with(b"##") {
            return Some(header(rest, told, skipped, line));
        }
        (skipped, line) = (skipped + end, line + 1);
    }
    None
}

/// `sep=;`, with which Excel says what separates cells.
fn separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line.split_first_chunk::<4>()? {
        (mark, [delimiter]) if mark.eq_ignore_ascii_case(b"sep=") && delimiter.is_ascii() => Some(*delimiter),
        (mark, []) if mark.eq_ignore_ascii_case(b"sep=") => Some(b'\t'), // the tab was trimmed
        _ => None,
    }
}

/// Whether a line has nothing but empty cells.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| byte.is_ascii_whitespace() || DELIMITERS.contains(byte) || *byte == b'"')
}

/// The header that `rest` begins with, its cells separated as was `told`, or else so that most names are known, and then
/// so that there are most cells.
fn header(rest: &[u8], told: Option<u8>, skipped: usize, line: u64) -> Start {
    let split = |delimiter: u8| Start { delimiter, skipped, line, names: names(rest, delimiter) };
    let worth = |start: &Start| (columns::known(start.names.iter().map(String::as_str)), start.names.len());
    let best = |best: Start, other: Start| if worth(&other) > worth(&best) { other } else { best };
    match told {
        Some(delimiter) => split(delimiter),
        None => DELIMITERS[1..].iter().map(|&delimiter| split(delimiter)).fold(split(DELIMITERS[0]), best),
    }
}

fn names(rest: &[u8], delimiter: u8) -> Vec<String> {
    let cells = Rows::new(rest, delimiter, 1).next().ok().flatten().unwrap_or_default();
    let name = |text: Option<&str>| text.unwrap_or("\u{fffd}").trim_start_matches('\u{feff}').to_owned();
    cells.texts().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (char, u64, Vec<String>) {
        let start = find(text.as_bytes()).unwrap();
        (char::from(start.delimiter), start.line, start.names)
    }

    #[test]
    fn the_header_says_what_separates_cells() {
        for (text, delimiter) in [
            ("id,sequence", ','),
            ("id;sequence", ';'),
            ("id\tsequence", '\t'),
            ("id;sequence;load, mean, of three", ';'),
            ("id of a record, if any\tsequence", '\t'),
            ("\"id;x\",\"sequence\"", ','),
            ("sequence", '\t'),
            ("a;b\nx,y,z\n", ';'),
        ] {
            assert_eq!(found(text).0, delimiter, "{text}");
        }
    }

    #[test]
    fn what_is_before_the_header_is_passed_over() {
        let names = vec!["id".to_owned(), "sequence".to_owned()];
        assert_eq!(found("\u{feff}sep=;\r\n;;\r\n\r\nid;sequence\r\n"), (';', 4, names.clone()));
        assert_eq!(found("SEP=,\nid,sequence"), (',', 2, names.clone()));
        assert_eq!(found("\"sep=\t\"\rid\tsequence"), ('\t', 2, names.clone()));
        assert_eq!(found("##note, of a VCF\nid\tsequence"), ('\t', 2, names));
        assert!(find(b"").is_none() && find(b"\n;;\n").is_none());
    }

    #[test]
    fn tables_of_sequences_are_told_from_sequences() {
        for text in ["id,sequence\n", "Seq\tx\r\n", "sequence\nACG", "sep=;\nid;UTR", "\"Sequence\",\"id\""] {
            assert!(is_start(text.as_bytes()), "{text}");
        }
        for text in [
            ">id,sequence\nACG",
            "ACGU\n",
            "UTR\n",
            "id,label\n",
            "@seq,id\n",
            "",
            "ACG,UUU\n",
            ";sequence\n",
            "# sequence, x\n>a",
        ] {
            assert!(!is_start(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_was_looked_at_can_be_read_again() {
        let (start, mut whole) = peek(&b"\n\nid,sequence\na,ACG\n"[..]).unwrap();
        assert_eq!(start, b"\n\nid,sequence\n");
        let mut text = String::new();
        whole.read_to_string(&mut text).unwrap();
        assert_eq!(text, "\n\nid,sequence\na,ACG\n");
    }
}
