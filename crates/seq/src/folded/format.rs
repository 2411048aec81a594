//! Which format a file of structures is in: by its ending, or by its first lines.

/// A format of sequences with structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Header, sequence, brackets.
    DotBracket,
    /// Connect tables.
    Ct,
    /// Position, base, partner.
    Bpseq,
    /// bpRNA's own.
    St,
    /// Alignments.
    Stockholm,
}

/// Which ending of a file's name, in lower case, means which format.
pub const ENDINGS: [(&str, Format); 13] = [
    ("dbn", Format::DotBracket),
    ("db", Format::DotBracket),
    ("dot", Format::DotBracket),
    ("vienna", Format::DotBracket),
    ("fa", Format::DotBracket),
    ("fasta", Format::DotBracket),
    ("out", Format::DotBracket),
    ("ct", Format::Ct),
    ("bpseq", Format::Bpseq),
    ("st", Format::St),
    ("sto", Format::Stockholm),
    ("stk", Format::Stockholm),
    ("stockholm", Format::Stockholm),
];

impl Format {
    /// The format that a file's first lines show; `None` where they are none of these, such as those of a table.
    ///
    /// ```
    /// use rinalmo_seq::folded::Format;
    /// assert_eq!(Format::sniff(b"# File: x\n1 G 9\n"), Some(Format::Bpseq));
    /// assert_eq!(Format::sniff(b"id\tseq\tstruct\n"), None);
    /// ```
    pub fn sniff(start: &[u8]) -> Option<Self> {
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        let lines = start.split(|byte| b"\n\r".contains(byte)).map(<[u8]>::trim_ascii);
        let mut named = false;
        for line in lines.filter(|line| !line.is_empty()) {
            if line.starts_with(b"# STOCKHOLM") {
                return Some(Self::Stockholm);
            }
            named |= line.starts_with(b"#Name:");
            if named && is_segment(line) {
                return Some(Self::St);
            }
            if named || line.starts_with(b"#") || is_remark(line) {
                continue;
            }
            return Self::of_line(line);
        }
        named.then_some(Self::DotBracket)
    }

    /// The format whose first line this may be, comments aside.
    fn of_line(line: &[u8]) -> Option<Self> {
        let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        if line.starts_with(b">") {
            return Some(Self::DotBracket);
        }
        if is_number(words.first()?) {
            let is_row = words.len() == 3 && words[1].len() == 1 && is_number(words[2]);
            return Some(if is_row { Self::Bpseq } else { Self::Ct });
        }
        let is_sequence = |word: &[u8]| word.iter().all(|letter| letter.is_ascii_alphabetic() || *letter == b'-');
        let numbers = words[1..].iter().all(|word| str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok()));
        (is_sequence(words[0]) && numbers).then_some(Self::DotBracket)
    }
}

fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

/// `Organism: E. coli`, as the Comparative RNA Web begins its files.
fn is_remark(line: &[u8]) -> bool {
    let word = line.split(|byte| *byte == b':').next().unwrap_or_default();
    word.len() < line.len() && word.iter().all(|letter| letter.is_ascii_alphabetic() || *letter == b' ')
}

/// `S1 1..2 "GG" 6..7 "CC"`, which bpRNA's ST has and its dot-bracket has not.
fn is_segment(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    words
        .next()
        .is_some_and(|word| word.first().is_some_and(u8::is_ascii_uppercase) && word.iter().any(u8::is_ascii_digit))
        && words.next().is_some_and(|word| word.windows(2).any(|dots| dots == b".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_show_the_format() {
        use Format::*;
        for (start, expected) in [
            (">a b\nGAAAC\n(...)\n", Some(DotBracket)),
            ("\n\nGAAAC\n(...)\n", Some(DotBracket)),
            ("GAAAC  -3.40   1.00\n(...)  -3.40\n", Some(DotBracket)),
            ("# by hand\n>a\nG\n.\n", Some(DotBracket)),
            ("#Name: a\n#Length: 5\nGAAAC\n(...)\n", Some(DotBracket)),
            ("#Name: a\n#Length: 5\n#PageNumber: 1\nGAAAC\n(...)\nSHHHS\nNNNNN\nS1 1..1 \"G\" 5..5 \"C\"\n", Some(St)),
            ("9 ENERGY = -3.4 a\n1 G 0 2 9 1\n", Some(Ct)),
            ("Filename: a.ct\r\nOrganism: E. coli\r\n 2 x\r\n", Some(Ct)),
            ("# File a\n1 G 2\n2 C 1\n", Some(Bpseq)),
            ("\u{feff}# STOCKHOLM 1.0\n#=GF ID x\n", Some(Stockholm)),
            ("id,sequence,structure\n", None),
            ("id\tseq\tstruct\n", None),
            ("id;seq\n", None),
            ("", None),
            ("%PDF-1.4", None),
        ] {
            assert_eq!(Format::sniff(start.as_bytes()), expected, "{start}");
        }
    }
}
