//! From letters to token ids, and between our vocabulary and the ones of the multimolecule checkpoints.
//!
//! A sequence of `len` bases becomes `len + 2` tokens: `<cls>`, one per base, `<eos>`; position `i` is token `i + 1`.
//! Multimolecule orders the same tokens differently and spells T as U, so its embedding rows have to be picked by name.

use crate::alphabet::{self, CLS, EOS, Token, VOCABULARY};

/// The vocabulary of multimolecule checkpoints since 0.2.0, in the order of their embedding rows.
pub const MULTIMOLECULE_28: [&str; 28] = [
    "<pad>", "<cls>", "<eos>", "<unk>", "<mask>", "<null>", "A", "C", "G", "U", "N", "R", "Y", "S", "W", "K", "M", "B",
    "D", "H", "V", "I", "X", "|", ".", "*", "-", "?",
];

/// The vocabulary of multimolecule checkpoints before 0.2.0, in the order of their embedding rows.
pub const MULTIMOLECULE_26: [&str; 26] = [
    "<pad>", "<cls>", "<eos>", "<unk>", "<mask>", "<null>", "A", "C", "G", "U", "N", "R", "Y", "S", "W", "K", "M", "B",
    "D", "H", "V", ".", "X", "*", "-", "I",
];

/// Turns a sequence of `len` letters into its `len + 2` tokens: `<cls>`, the letters, `<eos>`.
///
/// ```
/// use rinalmo_seq::tokenizer::tokenize;
/// assert_eq!(tokenize(b"aCGu"), [0, 5, 6, 7, 8, 2]);
/// ```
pub fn tokenize(bases: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(bases.len() + 2);
    tokens.push(CLS);
    tokens.extend(bases.iter().map(|&base| alphabet::token(base)));
    tokens.push(EOS);
    tokens
}

/// For each of our tokens in order, the row of `vocabulary` that holds it; `None` where that vocabulary lacks it.
///
/// Our T is their U where they have no T.
pub fn rows_from<S: AsRef<str>>(vocabulary: &[S]) -> [Option<usize>; VOCABULARY.len()] {
    let row_of = |name: &str| vocabulary.iter().position(|theirs| theirs.as_ref() == name);
    VOCABULARY.map(|ours| match ours {
        "T" => row_of("T").or_else(|| row_of("U")),
        other => row_of(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alphabet::UNK;

    #[test]
    fn an_empty_sequence_is_its_two_ends() {
        assert_eq!(tokenize(b""), [CLS, EOS]);
    }

    #[test]
    fn unknown_letters_keep_their_position() {
        assert_eq!(tokenize(b"A@X"), [CLS, alphabet::A, UNK, UNK, EOS]);
    }

    #[test]
    fn our_own_vocabulary_maps_to_itself() {
        let rows = rows_from(&VOCABULARY);
        assert!(rows.iter().enumerate().all(|(id, row)| *row == Some(id)));
    }

    #[test]
    fn both_multimolecule_vocabularies_hold_all_our_tokens() {
        for vocabulary in [&MULTIMOLECULE_28[..], &MULTIMOLECULE_26[..]] {
            for (id, row) in rows_from(vocabulary).into_iter().enumerate() {
                let theirs = vocabulary[row.expect("every token has a row")];
                assert_eq!(theirs, if VOCABULARY[id] == "T" { "U" } else { VOCABULARY[id] });
            }
        }
        assert_eq!(MULTIMOLECULE_28[..21], MULTIMOLECULE_26[..21]);
    }

    #[test]
    fn a_missing_token_has_no_row() {
        assert_eq!(rows_from(&["<pad>", "A"])[..6], [None, Some(0), None, None, None, Some(1)]);
    }
}
