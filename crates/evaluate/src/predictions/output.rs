//! Parses the output of folding programs: structures in brackets, after a header, a sequence, or neither.

use std::collections::{HashMap, VecDeque};

use rinalmo_seq::Structure;

use crate::references::References;
use rinalmo_seq::alphabet::spelled;

/// Sequences are named by this and the number of the reference, from 1: a name that every program accepts.
pub(super) const NAME: &str = "seq";

/// Which of the structures that a program prints for a sequence counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The first.
    First,
    /// The first with this text after its brackets.
    Marked(&'static str),
}

/// Structures found so far. A structure belongs to the last header or sequence before it. Without either, structures
/// are in the order of the sequences. Only one of a sequence counts: what [`Pick`] says.
pub(super) struct Output<'r> {
    references: &'r References,
    by_letters: HashMap<Vec<u8>, Vec<usize>>,
    current: Option<usize>,
    in_order: VecDeque<usize>,
    pick: Pick,
    /// The structure for each reference.
    pub structures: Vec<Option<Structure>>,
    /// Errors of structures that did not fit, by reference.
    pub odd: HashMap<usize, String>,
}

impl<'r> Output<'r> {
    /// For the sequences of `numbers`, in the order of the program's input.
    pub fn new(references: &'r References, numbers: &[usize], pick: Pick) -> Self {
        let mut by_letters: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for &number in numbers {
            let letters = references.items[number].sequence.as_deref().unwrap_or_default();
            by_letters.entry(spelled(letters)).or_default().push(number);
        }
        let in_order = VecDeque::from(numbers.to_vec());
        let structures = vec![None; references.items.len()];
        Self { references, by_letters, current: None, in_order, pick, structures, odd: HashMap::new() }
    }

    /// Reads a line. If it is a structure, returns the length of its sequence.
    pub fn line(&mut self, text: &str) -> Option<usize> {
        let text = text.trim();
        if let Some(header) = text.strip_prefix('>') {
            self.current = self.named(header).or(self.current);
            return None;
        }
        let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
        if word.is_empty() {
            return None;
        }
        if word.bytes().all(|letter| letter.is_ascii_alphabetic()) {
            self.current = self.of_letters(word.as_bytes()).or(self.current);
            return None;
        }
        let bracket = |letter: u8| letter.is_ascii_alphabetic() || b".()[]{}<>-_,:~|".contains(&letter);
        let counts = match self.pick {
            Pick::First => true,
            Pick::Marked(mark) => rest.contains(mark),
        };
        let brackets = word.bytes().all(bracket) && word.contains(['.', '(']);
        if brackets && counts { self.brackets(word) } else { None }
    }

    /// The number of the sequence that a header names.
    pub fn named(&self, header: &str) -> Option<usize> {
        let number = header.split_whitespace().next()?.strip_prefix(NAME)?.parse::<usize>().ok()?.checked_sub(1)?;
        (number < self.structures.len()).then_some(number)
    }

    /// The first sequence of these letters that has no structure yet; the current one is preferred.
    fn of_letters(&self, letters: &[u8]) -> Option<usize> {
        let numbers = self.by_letters.get(&spelled(letters))?;
        let current = self.current.filter(|current| numbers.contains(current) && self.structures[*current].is_none());
        current.or_else(|| numbers.iter().copied().find(|&number| self.structures[number].is_none()))
    }

    fn brackets(&mut self, text: &str) -> Option<usize> {
        let number = match self.current {
            Some(number) => number,
            None => {
                std::iter::from_fn(|| self.in_order.pop_front()).find(|&number| self.structures[number].is_none())?
            }
        };
        match Structure::parse_dot_bracket(text) {
            Ok(structure) => self.put(number, structure, true),
            Err(_) if self.structures[number].is_some() => None,
            Err(error) => {
                self.odd.insert(number, error.to_string());
                None
            }
        }
    }

    /// Takes a sequence's structure, and returns the sequence's length, if it has none yet and this one fits. If the
    /// structure's length is not known, it ends at its last pair.
    pub fn put(&mut self, number: usize, structure: Structure, length_known: bool) -> Option<usize> {
        if self.structures[number].is_some() {
            return None;
        }
        let (found, expected) = (structure.len(), self.references.items[number].structure.len());
        if length_known && found != expected || found > expected {
            self.odd.insert(number, format!("a structure of {found} positions for {expected} bases"));
            return None;
        }
        match Structure::new(expected, structure.pairs().to_vec()) {
            Ok(structure) => {
                self.structures[number] = Some(structure);
                self.odd.remove(&number);
                Some(expected)
            }
            Err(error) => {
                self.odd.insert(number, error.to_string());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::FamilyFrom;

    fn read(lines: &str) -> (Vec<Option<String>>, HashMap<usize, String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("refs.csv");
        let rows = "id,sequence,structure\na,GAAAC,.....\nb,GGAAACC,.......\nc,gaaac,.....\n";
        std::fs::write(&path, rows).unwrap();
        let references = References::open(&path, &FamilyFrom::Column, None).unwrap();
        let mut output = Output::new(&references, &[0, 1, 2], Pick::First);
        lines.lines().for_each(|line| {
            output.line(line);
        });
        let text = |structure: &Option<Structure>| structure.as_ref().map(|s| s.to_dot_bracket().unwrap());
        (output.structures.iter().map(text).collect(), output.odd)
    }

    const ALL: [Option<&str>; 3] = [Some("(...)"), Some("((...))"), Some(".....")];

    fn is_all(found: &[Option<String>]) -> bool {
        found.iter().map(Option::as_deref).eq(ALL)
    }

    #[test]
    fn headers_are_matched_in_any_order() {
        let (found, odd) = read(
            ">seq2\nGGAAACC\n((...)) ( -1.20)\n>seq3 x\nGAAAC\n..... (  0.00)\n{...} [ -0.4]\n>seq1\nGAAAC\n(...) (-0.3)\n",
        );
        assert!(is_all(&found) && odd.is_empty(), "{found:?} {odd:?}");
        // Other headers that a program prints are ignored.
        let (found, _) = read("> seq1\n>seq1\nGAAAC\n>structure\n(...)\n>seq2\n((...))\n>seq3\n.....\n");
        assert!(is_all(&found), "{found:?}");
    }

    #[test]
    fn sequences_are_matched_without_headers() {
        let (found, _) = read("GAAAC\n(...) (-0.3)\nGGAAACC\n((...))\nGAAAC\n.....\n");
        assert!(is_all(&found), "{found:?}");
        let (found, _) = read("done in 0.2 s\n(...)\n((...))\n..... (0.0)\n(-0.2)\n");
        assert!(is_all(&found), "{found:?}");
    }

    #[test]
    fn structures_that_do_not_fit_are_kept_as_errors() {
        let (found, odd) = read(">seq1\nGAAAC\n(....)\n>seq2\n((...)\n");
        assert_eq!(found, [None, None, None]);
        assert_eq!(odd[&0], "a structure of 6 positions for 5 bases");
        assert_eq!(odd[&1], "unbalanced bracket `(` at column 1");
    }
}
