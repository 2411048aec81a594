//! Which format a file of structures is in: by its ending, or by its first lines.

use crate::{
    first_lines::{Kind, is_field, kind},
    lines::Lines,
};

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
        let mut lines = Lines::new(start);
        match lines.look_ahead(kind).ok()? {
            Kind::Fasta => Some(Self::DotBracket),
            Kind::Alignment => Some(Self::Stockholm),
            Kind::Ct => Some(Self::Ct),
            Kind::Bpseq => Some(Self::Bpseq),
            Kind::St => {
                let mut rest = start.split(|byte| b"\n\r".contains(byte)).map(<[u8]>::trim_ascii);
                Some(if rest.any(is_segment) { Self::St } else { Self::DotBracket })
            }
            Kind::Raw => Self::of_line(&first_line(lines)?),
            _ => None,
        }
    }

    /// The format whose first line this may be where it has no marks.
    fn of_line(line: &[u8]) -> Option<Self> {
        let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        if words.first()?.iter().all(u8::is_ascii_digit) {
            return Some(Self::Ct); // whose reader says what is wrong behind the title
        }
        let is_sequence = |word: &[u8]| word.iter().all(|letter| letter.is_ascii_alphabetic() || *letter == b'-');
        let numbers = words[1..].iter().all(|word| str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok()));
        (is_sequence(words[0]) && numbers).then_some(Self::DotBracket)
    }
}

/// The first line that is neither blank nor a comment.
fn first_line(mut lines: Lines<&[u8]>) -> Option<Vec<u8>> {
    while lines.advance_to_text().ok()? {
        if !lines.text().starts_with(b"#") && !is_field(lines.text()) {
            return Some(lines.text().to_vec());
        }
    }
    None
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
