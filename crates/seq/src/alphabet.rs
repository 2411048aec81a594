//! The alphabet of RiNALMo: 22 tokens, and how a letter of a sequence becomes one of them.
//!
//! A letter is read as upper case and U as T *before* it is looked up; whatever is then not in the vocabulary
//! (`X`, `.`, digits, …) is `<unk>`. The IUPAC ambiguity letters, inosine and the gap `-` are ordinary tokens.

/// The id of a token: its place in [`VOCABULARY`].
pub type Token = u8;

/// Every token in the order of its id; five special ones, then seventeen letters.
pub const VOCABULARY: [&str; 22] = [
    "<cls>", "<pad>", "<eos>", "<unk>", "<mask>", "A", "C", "G", "T", "I", "R", "Y", "K", "M", "S", "W", "B", "D", "H",
    "V", "N", "-",
];

/// Opens every sequence.
pub const CLS: Token = 0;
/// Fills a batch up to its longest sequence.
pub const PAD: Token = 1;
/// Closes every sequence.
pub const EOS: Token = 2;
/// Stands for a letter outside the alphabet.
pub const UNK: Token = 3;
/// Hides a letter that the model is to guess.
pub const MASK: Token = 4;
/// Adenine.
pub const A: Token = 5;
/// Cytosine.
pub const C: Token = 6;
/// Guanine.
pub const G: Token = 7;
/// Thymine, and with it uracil: the vocabulary spells both `T`.
pub const T: Token = 8;
/// Any base.
pub const N: Token = 20;
/// A gap, `-`.
pub const GAP: Token = 21;

/// What joins two strands in a text, as ViennaRNA writes them.
pub const NICK: u8 = b'&';

/// Ids below this one are special tokens, ids from it on are letters.
pub const FIRST_LETTER: Token = A;

const TOKENS: [Token; 256] = {
    let mut table = [UNK; 256];
    let mut letter = 0;
    while letter < table.len() {
        let normal = normal(letter as u8);
        let mut id = FIRST_LETTER as usize;
        while id < VOCABULARY.len() {
            if VOCABULARY[id].as_bytes()[0] == normal {
                table[letter] = id as Token;
            }
            id += 1;
        }
        letter += 1;
    }
    table
};

/// The letter under which `base` is looked up: upper case, with T for U.
///
/// ```
/// assert_eq!(rinalmo_seq::alphabet::normal(b'u'), b'T');
/// ```
pub const fn normal(base: u8) -> u8 {
    match base.to_ascii_uppercase() {
        b'U' => b'T',
        upper => upper,
    }
}

/// The token of one letter; [`UNK`] when it is not in the alphabet.
pub const fn token(base: u8) -> Token {
    TOKENS[base as usize]
}

/// Whether `letter`, once normalised, is in the alphabet; the gap `-` is.
pub const fn is_base(letter: u8) -> bool {
    token(letter) != UNK
}

/// Whether `letter` is a gap of an alignment: `-`, or `.`, `~` and `_` as some programs write it. Only `-` has a token.
pub const fn is_gap(letter: u8) -> bool {
    matches!(letter, b'-' | b'.' | b'~' | b'_')
}

/// Rewrites a sequence in place the way the vocabulary spells it: upper case, T for U.
pub fn normalise(sequence: &mut [u8]) {
    for base in sequence {
        *base = normal(*base);
    }
}

/// What two sequences that are written differently have in common: upper case, T for U, and N for a letter that has
/// no code, as sequences are read by default. Gaps stay as they are.
pub fn spelled(sequence: &[u8]) -> Vec<u8> {
    let spell = |&letter: &u8| match normal(letter) {
        known if is_base(known) || is_gap(known) => known,
        _ => b'N',
    };
    sequence.iter().map(spell).collect()
}

/// As [`spelled`], without gaps: what two sequences have in common however they are aligned, padded and written.
///
/// ```
/// assert_eq!(rinalmo_seq::alphabet::bases(b"--ac.gU~~"), b"ACGT");
/// ```
pub fn bases(sequence: &[u8]) -> Vec<u8> {
    let mut bases = spelled(sequence);
    bases.retain(|&letter| !is_gap(letter));
    bases
}

/// Rewrites a sequence in place the way RNA is printed: upper case, U for T.
pub fn to_rna(sequence: &mut [u8]) {
    for base in sequence {
        *base = match normal(*base) {
            b'T' => b'U',
            other => other,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_the_vocabulary_has_its_own_place_as_id() {
        for (id, name) in VOCABULARY.iter().enumerate().skip(FIRST_LETTER as usize) {
            assert_eq!(token(name.as_bytes()[0]) as usize, id, "{name}");
        }
        assert_eq!([token(b'A'), token(b'C'), token(b'G'), token(b'T')], [A, C, G, T]);
        assert_eq!([token(b'N'), token(b'-')], [N, GAP]);
    }

    #[test]
    fn case_and_uracil_do_not_matter() {
        for letter in 0..=u8::MAX {
            assert_eq!(token(letter), token(letter.to_ascii_lowercase()));
        }
        assert_eq!([token(b'u'), token(b'U'), token(b't')], [T, T, T]);
    }

    #[test]
    fn strangers_are_unknown() {
        for letter in *b"XEFJLOPQZ.*?@ 0<\n\xff" {
            assert_eq!(token(letter), UNK, "{letter}");
            assert!(!is_base(letter));
        }
        assert!(is_base(b'-') && is_base(b'u') && is_base(b'i'));
    }

    #[test]
    fn letters_without_a_code_are_spelled_alike_and_gaps_are_no_letters() {
        assert_eq!(spelled(b"aUXp-."), b"ATNN-.");
        assert!(b"-.~_".iter().all(|&gap| is_gap(gap)) && !is_gap(b'N'));
    }

    #[test]
    fn sequences_are_rewritten_both_ways() {
        let mut sequence = *b"acgUtn-";
        normalise(&mut sequence);
        assert_eq!(&sequence, b"ACGTTN-");
        to_rna(&mut sequence);
        assert_eq!(&sequence, b"ACGUUN-");
    }
}
