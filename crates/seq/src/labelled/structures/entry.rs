//! A structure as a file gives it.

use std::borrow::Cow;

use crate::alphabet::NICK;
use crate::letters::Letters;
use crate::structure::nick_of;
use crate::{Stranger, Structure};

use super::{Error, Item};

/// A structure as it was found, known or predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is called: the first word of its header, the cell `id`, or the name of a file that holds nothing else.
    pub id: String,
    /// The whole name in its header or title, single spaces between words, without an energy before it.
    pub header: String,
    /// The name of its file, where it is the only one in there.
    pub stem: Option<String>,
    /// Its letters, where they are given.
    pub sequence: Option<Vec<u8>>,
    /// Its pairs.
    pub structure: Structure,
    /// The probabilities of its pairs, where they are given.
    pub probabilities: Vec<(usize, usize, f64)>,
    /// Whether those are of all pairs, not only of the structure's: in a dot plot.
    pub all_probable: bool,
    /// Whether the structure's length is given; where not, it ends at the last paired base.
    pub length_known: bool,
    /// Its family, where a table gives it.
    pub family: Option<String>,
    /// Which entries are like it, where a table says.
    pub cluster: Option<u64>,
    /// What it counts in training.
    pub weight: f64,
    /// Where it stands, for messages.
    pub place: String,
}

/// A sequence of one strand or, where they are asked for, of two that `&` joins: without it, and the first base of the
/// second strand.
pub(super) fn parted(text: &str, strands: bool) -> (Cow<'_, str>, Option<usize>) {
    let letters = text.chars().filter(|letter| !letter.is_whitespace());
    match nick_of(letters).filter(|_| strands) {
        Some(nick) => (text.replace(char::from(NICK), "").into(), Some(nick)),
        None => (text.into(), None),
    }
}

/// The letters of a text that holds nothing else.
pub(super) fn only_letters(text: &str) -> Result<Vec<u8>, String> {
    let (letters, tally) = Letters::of(1, text.as_bytes()).finish();
    match tally.first_foreign() {
        Some(Stranger { letter, column, .. }) => {
            Err(format!("expected letters and gaps, found `{letter}` at {column}"))
        }
        None if letters.len() != text.len() => Err("expected letters without spaces".into()),
        None => Ok(letters),
    }
}

impl Entry {
    /// An entry of a sequence with its structure; `name` is the whole header.
    pub(super) fn new(name: &str, sequence: Vec<u8>, structure: Structure) -> Self {
        let header = single_spaced(name);
        Self {
            id: first_word(&header).to_owned(),
            header,
            stem: None,
            sequence: Some(sequence),
            structure,
            probabilities: Vec::new(),
            all_probable: false,
            length_known: true,
            family: None,
            cluster: None,
            weight: 1.0,
            place: String::new(),
        }
    }

    /// All it may be called, the best first: by the file where the file's name is its id, by its whole header, by the
    /// header's first word, by the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let stem = self.stem.as_deref().unwrap_or_default();
        let by_file = if self.id == stem { stem } else { "" };
        let all = [by_file, &self.header, &self.id, first_word(&self.header), stem];
        let new = move |place: usize| !all[place].is_empty() && !all[..place].contains(&all[place]);
        (0..all.len()).filter(move |&place| new(place)).map(move |place| all[place])
    }

    /// What can be trained on.
    pub(super) fn into_item(self) -> Result<Item, Error> {
        let Self { id, sequence, structure, family, cluster, weight, place, .. } = self;
        let missing = || Error::File { file: place.into(), message: "has no sequence".into() };
        let sequence = sequence.ok_or_else(missing)?;
        Ok(Item { id, sequence, structure, family, cluster, weight })
    }
}

/// A header with one space between words.
pub(super) fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first word of a header.
pub(super) fn first_word(header: &str) -> &str {
    header.split_whitespace().next().unwrap_or_default()
}
