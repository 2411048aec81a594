//! Words of messages: the nearest of some known words to one that was mistyped (names of models, configs, columns,
//! keys), and plurals.

use std::fmt::Display;

use strsim::{jaro_winkler, osa_distance};

/// Of how many letters one may be wrong.
const ONE_IN: usize = 3;
/// Likeness of words that begin alike, where one is cut short or goes on (Jaro and Winkler's, 0 to 1).
const LIKE: f64 = 0.85;

/// The known word that `typed` is most likely to mean, if any is near enough: a third of its letters may be wrong,
/// missing, too many or swapped, or the two begin alike. Case, `_` and blanks count for nothing.
///
/// ```
/// use rinalmo_seq::words::nearest;
/// assert_eq!(nearest("nanno", ["giga", "nano", "micro"]), Some("nano"));
/// assert_eq!(nearest("zzz", ["giga", "nano", "micro"]), None);
/// ```
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_by(typed, known, |word| word)
}

/// The same among things that have a word each.
pub fn nearest_by<T>(typed: &str, known: impl IntoIterator<Item = T>, word: impl Fn(&T) -> &str) -> Option<T> {
    let typed = plain(typed);
    let judged = known.into_iter().filter_map(|thing| Some((Nearness::of(&typed, &plain(word(&thing)))?, thing)));
    judged.reduce(|best, next| if next.0.is_nearer(&best.0) { next } else { best }).map(|(_, thing)| thing)
}

/// A noun of so many: `letter`, `letters`.
pub fn plural<N: PartialEq + From<u8>>(number: N, noun: &str) -> String {
    if number == N::from(1) { noun.to_owned() } else { format!("{noun}s") }
}

/// A number of things: `1 letter`, `2 letters`.
///
/// ```
/// use rinalmo_seq::words::many;
/// assert_eq!([many(0_usize, "letter"), many(1, "letter")], ["0 letters", "1 letter"]);
/// ```
pub fn many<N: Copy + Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    format!("{number} {}", plural(number, noun))
}

fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace(['_', ' '], "-")
}

struct Nearness {
    /// Letters that are wrong, where so many may be.
    wrong: Option<usize>,
    likeness: f64,
}

impl Nearness {
    /// How near two words are, if they are near enough.
    fn of(typed: &str, known: &str) -> Option<Self> {
        let (wrong, likeness) = (osa_distance(typed, known), jaro_winkler(typed, known));
        let len = typed.chars().count();
        let allowed = (len.max(known.chars().count()) / ONE_IN).max(1);
        let wrong = (wrong <= allowed && wrong < len).then_some(wrong);
        (wrong.is_some() || likeness >= LIKE).then_some(Self { wrong, likeness })
    }

    fn is_nearer(&self, other: &Self) -> bool {
        match (self.wrong, other.wrong) {
            (Some(ours), Some(theirs)) if ours != theirs => ours < theirs,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            _ => self.likeness > other.likeness,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: [&str; 5] = ["giga", "mega", "micro", "nano", "giga-structure-bprna"];

    #[test]
    fn a_letter_wrong_missing_swapped_or_too_many_finds_the_word() {
        for (typed, meant) in [
            ("nanno", "nano"),
            ("nanoo", "nano"),
            ("nnao", "nano"),
            ("nan", "nano"),
            ("nani", "nano"),
            ("NANO ", "nano"),
            ("anno", "nano"),
            ("gigga", "giga"),
            ("mikro", "micro"),
            ("giga_structure_bprn", "giga-structure-bprna"),
            ("giga-struct", "giga-structure-bprna"),
        ] {
            assert_eq!(nearest(typed, MODELS), Some(meant), "{typed}");
        }
    }

    #[test]
    fn every_known_word_is_nearest_to_itself_and_nonsense_to_none() {
        MODELS.iter().for_each(|word| assert_eq!(nearest(word, MODELS), Some(*word)));
        for typed in ["", "x", "zzzzzz", "structure.pt", "what"] {
            assert_eq!(nearest(typed, MODELS), None, "{typed}");
        }
    }
}
