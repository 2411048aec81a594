//! The letters of a sequence, gathered line by line: one position each, however many bytes a letter takes in the file.
//!
//! White space of any kind is layout and left out, as are numbers that stand alone, which GenBank, EMBL and many
//! printed alignments put in the margin. A combining mark belongs to the letter before it. Everything else is a
//! position, and is counted where it is no base: whether it may stay is for [`OnInvalid`](crate::OnInvalid) and
//! [`Gaps`](crate::Gaps) to say.

use std::fmt;

use crate::alphabet;

/// What a letter outside ASCII is held as until it is judged: it has no code, so the tokenizer reads it as unknown.
pub(crate) const UNKNOWN: u8 = b'X';
/// What any other character outside ASCII, or a byte that is no text, is held as.
const FOREIGN: u8 = b'?';
/// The sign that translated sequences end in.
const STOP: u8 = b'*';

/// What stands in a file at one place: a character, or a byte that is not part of any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// A character.
    Char(char),
    /// A byte that is not UTF-8.
    Byte(u8),
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(char) => write!(f, "{}", char.escape_debug()),
            Self::Byte(byte) => write!(f, "\\x{byte:02x}"),
        }
    }
}

/// A letter that is no base, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranger {
    /// The letter as it was written.
    pub letter: Symbol,
    /// Its line, from 1.
    pub line: usize,
    /// Its place in the line, from 1, in characters.
    pub column: usize,
}

/// How many letters of one sort a record holds, and the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// How many there are.
    pub number: usize,
    /// The first.
    pub first: Option<Stranger>,
}

impl Count {
    fn add(&mut self, stranger: Stranger) {
        self.number += 1;
        self.first.get_or_insert(stranger);
    }
}

/// What a record holds besides bases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Letters that are no IUPAC code, such as `X`, `P` or `Ψ`, and a `*` at the end.
    pub unknown: Count,
    /// Gaps of an alignment, see [`alphabet::is_gap`].
    pub gaps: Count,
    /// Characters that are neither letters nor gaps, such as `@` or a control character.
    pub foreign: Count,
    /// Marks between two strands, [`NICK`](alphabet::NICK).
    pub nicks: Count,
}

impl Tally {
    /// The first letter that is neither base nor gap.
    pub fn first_stranger(&self) -> Option<Stranger> {
        first([&self.unknown, &self.foreign, &self.nicks])
    }

    /// The first that stands for no position of one sequence.
    pub(crate) fn first_foreign(&self) -> Option<Stranger> {
        first([&self.foreign, &self.nicks])
    }
}

/// The first of several sorts.
fn first<const N: usize>(sorts: [&Count; N]) -> Option<Stranger> {
    sorts.into_iter().filter_map(|sort| sort.first).min_by_key(|stranger| (stranger.line, stranger.column))
}

/// A sequence growing line by line: a byte for each position, and a tally of those that are no base.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    sequence: Vec<u8>,
    tally: Tally,
    /// A `*` that is the last position so far; only the end of the record shows what it is.
    stop: Option<Stranger>,
}

impl Letters {
    /// The letters of a whole text of one line.
    pub(crate) fn of(line: usize, text: &[u8]) -> Self {
        let mut letters = Self::default();
        letters.push(line, text);
        letters
    }

    /// Adds a line, or a part of one.
    pub(crate) fn push(&mut self, line: usize, text: &[u8]) {
        for_each_word(text, |start, word| {
            if word.iter().all(|&byte| is_plain_base(byte)) {
                self.settle();
                self.sequence.extend_from_slice(word);
            } else if !is_number(word) {
                self.push_word(line, text, start, word.len());
            }
        });
    }

    /// How many positions there are so far.
    pub(crate) fn len(&self) -> usize {
        self.sequence.len()
    }

    /// The sequence and what it holds besides bases.
    pub(crate) fn finish(mut self) -> (Vec<u8>, Tally) {
        if let Some(stop) = self.stop.take() {
            self.tally.unknown.add(stop);
        }
        (self.sequence, self.tally)
    }

    fn push_word(&mut self, line: usize, text: &[u8], start: usize, len: usize) {
        let mut at = start;
        while at < start + len {
            let (symbol, width) = symbol(&text[at..]);
            let here = || Stranger { letter: symbol, line, column: column(text, at) };
            match class(symbol) {
                Class::Layout => {}
                Class::Mark => self.mark(here()),
                Class::Base => self.position(text[at]),
                Class::Gap => {
                    self.position(text[at]);
                    self.tally.gaps.add(here());
                }
                Class::Letter => {
                    self.position(if width == 1 { text[at] } else { UNKNOWN });
                    self.tally.unknown.add(here());
                }
                Class::Nick => {
                    self.position(text[at]);
                    self.tally.nicks.add(here());
                }
                Class::Foreign => {
                    self.position(if text[at].is_ascii() { text[at] } else { FOREIGN });
                    match text[at] {
                        STOP => self.stop = Some(here()),
                        _ => self.tally.foreign.add(here()),
                    }
                }
            }
            at += width;
        }
    }

    fn position(&mut self, byte: u8) {
        self.settle();
        self.sequence.push(byte);
    }

    /// A `*` that something follows is not the end of a sequence.
    fn settle(&mut self) {
        if let Some(stop) = self.stop.take() {
            self.tally.foreign.add(stop);
        }
    }

    /// Makes the letter before a combining mark another letter, which has no code.
    fn mark(&mut self, mark: Stranger) {
        match self.sequence.last_mut() {
            Some(last) if is_plain_base(*last) => {
                *last = UNKNOWN;
                self.tally.unknown.add(mark);
            }
            Some(last) if last.is_ascii_alphabetic() => {}
            _ => {
                self.position(FOREIGN);
                self.tally.foreign.add(mark);
            }
        }
    }
}

/// The one letter that a text is, as readers of columns hold it; `None` if it is none or several.
pub(crate) fn single(text: &str) -> Option<u8> {
    let (sequence, _) = Letters::of(1, text.as_bytes()).finish();
    <[u8; 1]>::try_from(sequence).ok().map(|[letter]| letter)
}

/// What sort of thing stands at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Base,
    Gap,
    Letter,
    Mark,
    Layout,
    Nick,
    Foreign,
}

fn class(symbol: Symbol) -> Class {
    match symbol {
        Symbol::Byte(0xa0) => Class::Layout, // the no-break space of Latin-1
        Symbol::Byte(_) => Class::Foreign,
        Symbol::Char(char) if char.is_ascii() && is_plain_base(char as u8) => Class::Base,
        Symbol::Char(char) if char.is_ascii() && alphabet::is_gap(char as u8) => Class::Gap,
        Symbol::Char(char) if char == alphabet::NICK as char => Class::Nick,
        Symbol::Char(char) if is_layout(char) => Class::Layout,
        Symbol::Char(char) if is_mark(char) => Class::Mark,
        Symbol::Char(char) if char.is_alphabetic() => Class::Letter,
        Symbol::Char(_) => Class::Foreign,
    }
}

fn is_plain_base(byte: u8) -> bool {
    alphabet::is_base(byte) && !alphabet::is_gap(byte)
}

/// White space of any alphabet, and characters that take no space on the page: zero-width spaces and joiners, marks
/// of direction, the soft hyphen, the byte order mark.
pub(crate) fn is_layout(char: char) -> bool {
    const INVISIBLE: [std::ops::RangeInclusive<char>; 5] = [
        '\u{ad}'..='\u{ad}',
        '\u{200b}'..='\u{200f}',
        '\u{202a}'..='\u{202e}',
        '\u{2060}'..='\u{2064}',
        '\u{feff}'..='\u{feff}',
    ];
    char.is_whitespace() || !char.is_ascii() && INVISIBLE.iter().any(|range| range.contains(&char))
}

/// Combining marks of letters: Unicode's blocks of diacritics, half marks and variation selectors.
fn is_mark(char: char) -> bool {
    const MARKS: [std::ops::RangeInclusive<char>; 6] = [
        '\u{300}'..='\u{36f}',
        '\u{1ab0}'..='\u{1aff}',
        '\u{1dc0}'..='\u{1dff}',
        '\u{20d0}'..='\u{20ff}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{fe20}'..='\u{fe2f}',
    ];
    MARKS.iter().any(|range| range.contains(&char))
}

/// The character that a text begins with, and how many bytes it takes.
fn symbol(text: &[u8]) -> (Symbol, usize) {
    if text[0].is_ascii() {
        return (Symbol::Char(text[0].into()), 1);
    }
    let start = text[..text.len().min(4)].utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    start.map_or((Symbol::Byte(text[0]), 1), |char| (Symbol::Char(char), char.len_utf8()))
}

/// The place of a byte in its line, from 1, in characters.
fn column(text: &[u8], at: usize) -> usize {
    String::from_utf8_lossy(&text[..at]).chars().count() + 1
}

/// Calls `each` with every word and its place; words are parted by layout.
pub(crate) fn for_each_word(text: &[u8], mut each: impl FnMut(usize, &[u8])) {
    let (mut at, mut start) = (0, None);
    while at < text.len() {
        let (blank, width) = match text[at] {
            byte if byte.is_ascii() => (byte.is_ascii_whitespace(), 1),
            _ => {
                let (symbol, width) = symbol(&text[at..]);
                (class(symbol) == Class::Layout, width)
            }
        };
        match (blank, start) {
            (true, Some(from)) => {
                each(from, &text[from..at]);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
        at += width;
    }
    if let Some(from) = start {
        each(from, &text[from..]);
    }
}

/// Whether a word is a number, such as the position in the margin of a line, or a score after a sequence.
pub(crate) fn is_number(word: &[u8]) -> bool {
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let word = word.strip_prefix(b"-").unwrap_or(word);
    match word.iter().position(|&byte| byte == b'.') {
        Some(point) => digits(&word[..point]) && digits(&word[point + 1..]),
        None => digits(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (String, Tally) {
        let (sequence, tally) = Letters::of(1, text.as_bytes()).finish();
        (String::from_utf8(sequence).unwrap(), tally)
    }

    fn counts(text: &str) -> (String, [usize; 3]) {
        let (sequence, tally) = of(text);
        (sequence, [tally.unknown.number, tally.gaps.number, tally.foreign.number])
    }

    #[test]
    fn marks_between_strands_are_counted_apart() {
        let (sequence, tally) = of("GG&CC&A@");
        assert_eq!((&*sequence, tally.nicks.number, tally.foreign.number), ("GG&CC&A@", 2, 1));
        assert_eq!([tally.first_foreign(), tally.first_stranger()], [Some(at('&', 1, 3)); 2]);
    }

    #[test]
    fn every_letter_is_one_position_and_layout_is_none() {
        let table = [
            ("AC gu\tNN", "ACguNN", [0, 0, 0]),
            ("A\u{a0}C\u{2009}G\u{3000}U\u{200b}A\u{ad}C\u{feff}", "ACGUAC", [0, 0, 0]),
            ("        1 acguacguac gu       12", "acguacguacgu", [0, 0, 0]),
            ("GGAAACC -320 100 -3.20", "GGAAACC", [0, 0, 0]),
            ("AΨG", "AXG", [1, 0, 0]),
            ("AÚG", "AXG", [1, 0, 0]),        // one character
            ("AU\u{301}G", "AXG", [1, 0, 0]), // a letter and its mark
            ("AΨ\u{301}G", "AXG", [1, 0, 0]),
            ("APXG", "APXG", [2, 0, 0]),
            ("ACG*", "ACG*", [1, 0, 0]),
            ("AC*G", "AC*G", [0, 0, 1]),
            ("AC**", "AC**", [1, 0, 1]),
            ("A-C.G~U_", "A-C.G~U_", [0, 4, 0]),
            ("A5G", "A5G", [0, 0, 1]),
            ("A@(\0", "A@(\0", [0, 0, 3]),
            ("A⁶C", "A?C", [0, 0, 1]),
            ("\u{301}A", "?A", [0, 0, 1]),
        ];
        for (text, sequence, expected) in table {
            assert_eq!(counts(text), (sequence.to_string(), expected), "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_one_position_each() {
        let (sequence, tally) = Letters::of(1, b"AC\xe9\xffU\xa0G\xce").finish();
        assert_eq!(sequence, b"AC??UG?");
        assert_eq!(tally.foreign.first, Some(Stranger { letter: Symbol::Byte(0xe9), line: 1, column: 3 }));
    }

    #[test]
    fn the_first_of_each_sort_is_remembered_where_it_stands() {
        let mut letters = Letters::default();
        letters.push(3, b"AC GU");
        letters.push(5, "ÄA\u{a0}-X!".as_bytes());
        let (sequence, tally) = letters.finish();
        assert_eq!(sequence, b"ACGUXA-X!");
        assert_eq!(tally.unknown, Count { number: 2, first: Some(at('Ä', 5, 1)) });
        assert_eq!(tally.gaps, Count { number: 1, first: Some(at('-', 5, 4)) });
        assert_eq!(tally.foreign, Count { number: 1, first: Some(at('!', 5, 6)) });
        assert_eq!(tally.first_stranger(), Some(at('Ä', 5, 1)));
    }

    fn at(letter: char, line: usize, column: usize) -> Stranger {
        Stranger { letter: Symbol::Char(letter), line, column }
    }

    #[test]
    fn symbols_are_shown_so_that_they_can_be_seen() {
        let shown = |symbol: Symbol| symbol.to_string();
        assert_eq!(
            [Symbol::Char('Ψ'), Symbol::Char('\0'), Symbol::Char('\u{301}'), Symbol::Byte(0xe9)].map(shown),
            ["Ψ", "\\0", "\\u{301}", "\\xe9"]
        );
    }

    #[test]
    fn a_column_holds_one_letter() {
        assert_eq!(["A", "Ψ", "U\u{301}", " g "].map(single), [Some(b'A'), Some(b'X'), Some(b'X'), Some(b'g')]);
        assert_eq!(["", "AC", "7"].map(single), [None; 3]);
    }
}
