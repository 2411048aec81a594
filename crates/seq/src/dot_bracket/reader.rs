//! Reads dot-bracket records, with or without headers, sequence and structure on one line each or on several.

use std::io::BufRead;

use super::Record;
use crate::{
    Error, Structure, alphabet::NICK, lines::excerpt, plan::reader, structure::different, structure::nick_of, title,
};

/// Beginnings of the lines of words that RNAfold prints after its structures.
const REMARKS: [&[u8]; 3] = [b"frequency of mfe structure", b"free energy of ensemble", b"ensemble diversity"];
/// The header that CONTRAfold and its kin put between a sequence and its structure.
const INNER_HEADER: &[u8] = b">structure";

reader! {
    /// An iterator over the records of a dot-bracket stream.
    ///
    /// The first structure of a sequence counts. Others that follow it, as `RNAfold -p` and RNAsubopt print them, are
    /// passed over and counted ([`further`](Reader::further)), unless [`all_structures`](Reader::all_structures) asks
    /// for them. After a malformed record, reading goes on at the next one. `#` lines are comments; one that names its
    /// record (`#Name: …`, as bpRNA has it) stands for a header.
    ///
    /// ```
    /// let text = &b">tiny\nGGGAAACCC\n(((...))) (-3.20)\n((.....)) (-1.00)\n"[..];
    /// let mut reader = rinalmo_seq::dot_bracket::Reader::new(text);
    /// let record = reader.next().unwrap()?;
    /// assert_eq!(record.structure.pairs(), [(0, 8), (1, 7), (2, 6)]);
    /// assert_eq!(record.score.as_deref(), Some("(-3.20)"));
    /// assert_eq!(reader.further(), 1);
    /// # Ok::<(), rinalmo_seq::Error>(())
    /// ```
    { all: bool, strands: bool, further: usize, bare: bool, current: Option<(String, Vec<u8>)> }
}

/// The text of a header line.
enum Header {
    Mark(String),
    Comment(String),
}

impl<R: BufRead> Reader<R> {
    /// Whether every structure of a sequence is a record of its own; without this the first is the only one.
    pub fn all_structures(self, all: bool) -> Self {
        Self { all, ..self }
    }

    /// Whether a record may be two strands, joined by `&` in the sequence and in the structure: its structure then has a
    /// [`nick`](Structure::nick).
    pub fn strands(self, strands: bool) -> Self {
        Self { strands, ..self }
    }

    /// How many further structures of the last record's sequence were passed over.
    pub fn further(&self) -> usize {
        self.further
    }

    fn read(&mut self) -> Result<Option<Record>, Error> {
        self.further = 0;
        let record = self.read_record();
        if matches!(record, Err(Error::Malformed { .. } | Error::BadStructure { .. })) {
            self.current = None;
            let bare = self.bare;
            self.lines.skip_to(|text| header(text).is_some() || bare && has_letters_only(text))?;
        }
        record
    }

    fn read_record(&mut self) -> Result<Option<Record>, Error> {
        if let Some((header, sequence)) = self.current.take()
            && self.at_structure(sequence.len())?
        {
            let line = self.lines.number();
            return self.structure_of(header, sequence, line).map(Some);
        }
        let header = self.read_header()?;
        self.bare = header.is_none();
        let (sequence, line) = self.read_sequence()?;
        if sequence.is_empty() {
            return match header {
                Some(Header::Mark(header)) => Ok(Some(Record { header, ..Record::default() })),
                Some(Header::Comment(_)) | None if self.lines.text().is_empty() => Ok(None), // the end
                Some(Header::Comment(_)) | None => Err(self.lines.expected("a sequence")),
            };
        }
        let (Header::Mark(header) | Header::Comment(header)) = header.unwrap_or(Header::Comment(String::new()));
        self.structure_of(header, sequence, line).map(Some)
    }

    /// Reads the structure of a sequence, and counts those that follow or leaves them to the next call.
    fn structure_of(&mut self, header: String, sequence: Vec<u8>, line: usize) -> Result<Record, Error> {
        let (structure, score) = self.read_structure(&header, sequence.len(), line)?;
        if self.all {
            self.current = Some((header.clone(), sequence.clone()));
        } else {
            self.pass_over(sequence.len())?;
        }
        let sequence = self.without_nick(sequence, &structure, &header)?;
        Ok(Record { header, sequence, structure, score })
    }

    /// The letters of a sequence; if it is two strands, they must be those of the structure.
    fn without_nick(&self, mut sequence: Vec<u8>, structure: &Structure, header: &str) -> Result<Vec<u8>, Error> {
        let nick = nick_of(sequence.iter().map(|&letter| char::from(letter))).filter(|_| self.strands);
        let wrong = if self.strands && nick.is_none() && sequence.contains(&NICK) {
            Some("expected one strand or two joined by `&` in the sequence".to_string())
        } else {
            (nick != structure.nick()).then(|| different(nick, structure.nick()))
        };
        if let Some(wrong) = wrong {
            return Err(Error::malformed(self.lines.number(), format!("record `{header}`: {wrong}")));
        }
        nick.map(|nick| sequence.remove(nick));
        Ok(sequence)
    }

    /// The lines before a sequence that name it: a `>` line goes before a comment.
    fn read_header(&mut self) -> Result<Option<Header>, Error> {
        let mut found = None;
        while self.next_line()? {
            match (header(self.lines.text()), &found) {
                (Some(new), None | Some(Header::Comment(_))) => found = Some(new),
                (Some(Header::Comment(_)), Some(Header::Mark(_))) => {}
                (Some(Header::Mark(_)), Some(Header::Mark(_))) | (None, _) => {
                    self.lines.hold();
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Gathers lines up to the first one that is written in brackets, or a header; with the number of the last one.
    fn read_sequence(&mut self) -> Result<(Vec<u8>, usize), Error> {
        let mut sequence = Vec::new();
        let mut line = self.lines.number();
        while self.next_line()? {
            let text = self.lines.text();
            let goes_on = if sequence.is_empty() { !is_structure(text) } else { has_letters_only(text) };
            if header(text).is_some() || !goes_on {
                self.lines.hold();
                break;
            }
            sequence.extend(letters(text).filter(|letter| !letter.is_ascii_whitespace()));
            line = self.lines.number();
        }
        Ok((sequence, line))
    }

    fn read_structure(
        &mut self,
        header_text: &str,
        len: usize,
        sequence_line: usize,
    ) -> Result<(Structure, Option<String>), Error> {
        let (mut text, mut line, mut score) = (String::new(), sequence_line, None);
        while text.len() < len && score.is_none() && self.next_line()? {
            if text.is_empty() && self.lines.text() == INNER_HEADER {
                continue;
            }
            if header(self.lines.text()).is_some() {
                self.lines.hold();
                break;
            }
            line = self.lines.number();
            let whole = self.lines.string();
            let (brackets, rest) = whole.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((&whole, ""));
            text.push_str(brackets);
            score = Some(rest.trim_ascii().to_string()).filter(|rest| !rest.is_empty());
        }
        if text.is_empty() {
            return Err(Error::malformed(line, format!("record `{header_text}`: its sequence has no structure line")));
        }
        let parse = if self.strands { Structure::parse_strands } else { Structure::parse_dot_bracket };
        let structure = parse(&text).map_err(|error| error.at(line))?;
        let found = structure.len() + usize::from(structure.nick().is_some());
        if found != len {
            let shown = excerpt(text.as_bytes());
            let message =
                format!("record `{header_text}`: {len} bases but {found} positions in the structure `{shown}`");
            return Err(Error::malformed(line, message));
        }
        Ok((structure, score))
    }

    /// Passes over all structures that come next, and counts them by their letters.
    fn pass_over(&mut self, len: usize) -> Result<(), Error> {
        let mut letters = 0;
        while self.next_line()? {
            let text = self.lines.text();
            if !self.is_further(text, len) {
                self.lines.hold();
                break;
            }
            letters += first_word(text).len();
        }
        self.further = letters.div_ceil(len.max(1));
        Ok(())
    }

    /// Whether the next line is a further structure; lines that stand for a whole ensemble are passed over.
    fn at_structure(&mut self, len: usize) -> Result<bool, Error> {
        while self.next_line()? {
            let text = self.lines.text();
            if !self.is_further(text, len) {
                self.lines.hold();
                return Ok(false);
            }
            if !text[first_word(text).len()..].trim_ascii().starts_with(b"[") {
                self.lines.hold();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the first word of a line is a structure after that of a sequence of `len` bases; letters of pseudoknots
    /// could begin a sequence where there are no headers.
    fn is_further(&self, text: &[u8], len: usize) -> bool {
        let word = first_word(text);
        let in_brackets = || word.iter().any(|letter| b".[]{}<>".contains(letter));
        header(text).is_none() && (is_structure(word) || !self.bare && word.len() == len && in_brackets())
    }

    /// Moves to the next line that is neither blank nor a remark; a comment that names a record is neither.
    fn next_line(&mut self) -> Result<bool, Error> {
        while self.lines.advance_to_text()? {
            let text = self.lines.text();
            let is_comment = text.starts_with(b"#") && header(text).is_none();
            if !is_comment && !REMARKS.iter().any(|remark| text.starts_with(remark)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The header that a line is, if it is one.
fn header(text: &[u8]) -> Option<Header> {
    let string = |text: &[u8]| String::from_utf8_lossy(text.trim_ascii()).into_owned();
    match text.split_first()? {
        (b'>', header) => Some(Header::Mark(string(header))),
        (b'#', comment) => title::named(&string(comment)).map(|name| Header::Comment(name.to_owned())),
        _ => None,
    }
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(u8::is_ascii_whitespace).next().unwrap_or_default()
}

/// The letters of a sequence line: all of it, or what stands before numbers, as RNAsubopt writes energies after it.
fn letters(text: &[u8]) -> impl Iterator<Item = u8> {
    let is_number = |word: &[u8]| str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok_and(f64::is_finite));
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let numbers = words.clone().count() > 0 && words.all(is_number);
    if numbers { first } else { text }.iter().copied()
}

/// Whether a line that may go on with a sequence does: it has a letter, and no bracket or dot.
fn has_letters_only(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_alphabetic) && !text.iter().any(|letter| b"#>.()[]{}<>:,_~".contains(letter))
}

/// Whether a line cannot be a sequence: not one letter or gap in it, or a round bracket.
pub(super) fn is_structure(text: &[u8]) -> bool {
    text.contains(&b'(') || !text.iter().any(|letter| letter.is_ascii_alphabetic() || *letter == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Record, String>> {
        Reader::new(text.as_bytes()).map(|record| record.map_err(|error| error.to_string())).collect()
    }

    fn record(header: &str, sequence: &str, structure: &str, score: Option<&str>) -> Result<Record, String> {
        let structure = Structure::parse_dot_bracket(structure).unwrap();
        Ok(Record { header: header.into(), sequence: sequence.into(), structure, score: score.map(String::from) })
    }

    /// Headers, structures and further ones of each record.
    fn counted(text: &str, all: bool) -> Vec<(String, String, usize)> {
        let mut reader = Reader::new(text.as_bytes()).all_structures(all);
        let mut found = Vec::new();
        while let Some(record) = reader.next() {
            let record = record.unwrap();
            found.push((record.header, record.structure.to_dot_bracket().unwrap(), reader.further()));
        }
        found
    }

    #[test]
    fn headers_scores_and_blank_lines_are_optional() {
        let text = ">a b\r\nGAAAC\r\n(...) ( -3.20)\r\n\r\nGC\n()\nCC\n.. 0.5\n>e\n>f\nA\n.";
        let expected = [
            record("a b", "GAAAC", "(...)", Some("( -3.20)")),
            record("", "GC", "()", None),
            record("", "CC", "..", Some("0.5")),
            record("e", "", "", None),
            record("f", "A", ".", None),
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn a_record_may_go_over_several_lines() {
        let text = "# made by hand\n>a\nGGAA\nAACC\n((..\n..)) 1.0\n>b\n--\n--\n";
        assert_eq!(read(text), [record("a", "GGAAAACC", "((....))", Some("1.0")), record("b", "--", "--", None)]);
    }

    #[test]
    fn the_first_structure_counts_whatever_program_printed_more() {
        let rnafold = ">a\nGGGAAACCC\n(((...))) ( -3.40)\n({{...})) [ -3.60]\n(((...))) { -3.40 d=0.50}\n(((...))) { -3.40 MEA=8.1}\n \
                       frequency of mfe structure in ensemble 0.72; ensemble diversity 0.93\n";
        let subopt = "> b [100]\nGGGAAACCC  -3.40   1.00\n(((...)))  -3.40\n((.....))  -1.20\n.........   0.00\n";
        let bare = "GGGAAACCC\n(((...)))\n((.....))\n";
        let wrapped = ">c\nGGGA\nAACCC\n(((.\n..)))\n((..\n...))\n";
        let contrafold = ">d\nGGGAAACCC\n>structure\n(((...)))\n";
        let text = [rnafold, subopt, wrapped, contrafold, bare, bare].concat();
        let first = |header: &str, further| (header.to_owned(), "(((...)))".to_owned(), further);
        let expected = [first("a", 3), first("b [100]", 2), first("c", 1), first("d", 0)];
        assert_eq!(counted(&[rnafold, subopt, wrapped, contrafold].concat(), false), expected);
        assert_eq!(counted(&text, false)[4..], [first("", 1), first("", 1)]);
        // All of them, but for the line of the ensemble, which is no structure.
        let all: Vec<_> = counted(&text, true).into_iter().map(|(header, ..)| header).collect();
        assert_eq!(all, ["a", "a", "a", "b [100]", "b [100]", "b [100]", "c", "c", "d", "", "", "", ""]);
    }

    #[test]
    fn comments_of_bprna_name_their_records() {
        let text = "#Name: x_1\r\n#Length: 5\n#PageNumber: 1\nGAAAC\n(...)\n# Name: x_2\nGC\n()\n#Name: x_3\n>y z\nA\n.\n#Name: none\n";
        let expected =
            [record("x_1", "GAAAC", "(...)", None), record("x_2", "GC", "()", None), record("y z", "A", ".", None)];
        assert_eq!(read(text), expected);
        let cut = read("#Name: a\nGAAAC\n#Name: b\nGC\n()\n");
        assert_eq!(cut[0].clone().unwrap_err(), "line 2: record `a`: its sequence has no structure line");
        assert_eq!(cut[1..], [record("b", "GC", "()", None)]);
    }

    #[test]
    fn two_strands_are_read_where_they_are_asked_for() {
        let text =
            ">a\nGGG&CCC\n(((&))) (-1.20)\n((.&.)) (0.50)\n>b\nGAAAC\n(...)\n>c\nGG&CC\n(&())\n>d\nGG&CC\n((.))\n";
        let read = |strands: bool| -> Vec<_> {
            let reader = Reader::new(text.as_bytes()).all_structures(true).strands(strands);
            let shown = |record: Record| {
                let sequence = String::from_utf8(record.sequence).unwrap();
                format!(
                    "{sequence} {} {}",
                    record.structure.to_dot_bracket().unwrap(),
                    record.score.unwrap_or_default()
                )
            };
            reader.map(|record| record.map(shown).map_err(|error| error.to_string())).collect()
        };
        let wrong = |line: usize, message: &str| Err(format!("line {line}: {message}"));
        let expected = [
            Ok("GGGCCC (((&))) (-1.20)".to_string()),
            Ok("GGGCCC ((.&.)) (0.50)".into()),
            Ok("GAAAC (...) ".into()),
            wrong(10, "record `c`: `&` after base 2 in the sequence, but `&` after base 1 in the structure"),
            wrong(13, "record `d`: `&` after base 2 in the sequence, but one strand in the structure"),
        ];
        assert_eq!(read(true), expected);
        let second = |text: &str| Reader::new(text.as_bytes()).strands(true).next().unwrap().unwrap_err().to_string();
        for text in [">e\nGG&CC&\n((&)).\n", ">e\nGGCC&\n(()).\n"] {
            let message = "line 3: record `e`: expected one strand or two joined by `&` in the sequence";
            assert_eq!(second(text), message);
        }
        assert_eq!(read(false)[0], wrong(3, "character `&` at column 4 is no part of a dot-bracket structure"));
    }

    #[test]
    fn a_mistake_costs_one_record() {
        for good in [">z\nA\n.\n", "#Name: z\nA\n.\n"] {
            let first = |text: &str| {
                let records = read(&format!("{text}{good}"));
                assert_eq!(records[1..], [record("z", "A", ".", None)]);
                records[0].clone().unwrap_err()
            };
            assert_eq!(first(">a\nGAC\n(.))\n"), "line 3: unbalanced bracket `)` at column 4");
            assert_eq!(first(">a\nGAC\n()\n"), "line 3: record `a`: 3 bases but 2 positions in the structure `()`");
            assert_eq!(first("(...)\n"), "line 1: expected a sequence, found `(...)`");
        }
        assert_eq!(read(">a\nGAC\n")[0].clone().unwrap_err(), "line 2: record `a`: its sequence has no structure line");
        // Without headers the next sequence begins a record.
        let bare = read("GAC\n(.)\nGAC\n(.))\nGC\n()\n");
        assert_eq!(bare[1].clone().unwrap_err(), "line 4: unbalanced bracket `)` at column 4");
        assert_eq!(bare[2..], [record("", "GC", "()", None)]);
    }
}
