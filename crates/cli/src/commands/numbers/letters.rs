//! The letters that a file has beside its numbers, compared with those of a sequence.

use rinalmo::seq::alphabet::{NICK, bases, spelled, to_rna};

/// How two sequences differ, gaps aside: in length, or in the first letter that is not the same. N `there` is any.
pub fn difference(there: &[u8], here: &[u8]) -> Option<String> {
    let [there, here] = [there, here].map(|letters| bases(&one_strand(letters)));
    if there.len() != here.len() {
        return Some(format!("{} bases there, {} here", there.len(), here.len()));
    }
    other_letter(there.into_iter().enumerate(), &here)
}

/// The first of some letters, at positions from 0, that a sequence has not.
pub fn other_letter(there: impl IntoIterator<Item = (usize, u8)>, here: &[u8]) -> Option<String> {
    let here = spelled(here);
    let spell = |letter: u8| spelled(&[letter])[0];
    let differs = |&(at, letter): &(usize, u8)| spell(letter) != b'N' && here.get(at) != Some(&spell(letter));
    let (at, letter) = there.into_iter().find(differs)?;
    let mut both = [spell(letter), *here.get(at)?];
    to_rna(&mut both);
    let [expected, found] = both.map(char::from);
    Some(format!("base {} is {expected} there, {found} here", at + 1))
}

/// The letters of a text, which may be two strands.
fn one_strand(text: &[u8]) -> Vec<u8> {
    let is_letter = |letter: &u8| *letter != NICK && !letter.is_ascii_whitespace();
    text.iter().copied().filter(is_letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_thymine_make_no_difference_and_n_is_any_letter() {
        assert_eq!(difference(b"acguN", b"ACGTA"), None);
        assert_eq!(difference(b"GG&CC", b"GGCC"), None);
        assert_eq!(difference(b"ACG", b"ACU").unwrap(), "base 3 is G there, U here");
        assert_eq!(difference(b"ACG", b"ACGU").unwrap(), "3 bases there, 4 here");
        assert_eq!(other_letter([(1, b'g')], b"ACG").unwrap(), "base 2 is G there, C here");
    }
}
