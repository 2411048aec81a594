//! Letters and pairs as small integers that index the tables.

/// Letters that the tables distinguish: A, C, G and U, and [`UNKNOWN`].
pub(crate) const LETTERS: usize = 5;

/// Any other letter, and positions beyond an end of the sequence.
pub(crate) const UNKNOWN: u8 = 4;

/// Kinds of pairs: CG, GC, GU, UG, AU, UA. Read from the other strand, kind `k` is `k ^ 1`.
pub(crate) const PAIRS: usize = 6;

/// The kind of pair of every two letters, [`PAIRS`] if they cannot pair.
const KINDS: [[u8; LETTERS]; LETTERS] = {
    const NO: u8 = PAIRS as u8;
    [
        [NO, NO, NO, 4, NO],  // A
        [NO, NO, 0, NO, NO],  // C
        [NO, 1, NO, 2, NO],   // G
        [5, NO, 3, NO, NO],   // U
        [NO, NO, NO, NO, NO], // anything else
    ]
};

/// The number of a letter in the order of the tables.
pub(crate) fn code(letter: u8) -> u8 {
    match letter.to_ascii_uppercase() {
        b'A' => 0,
        b'C' => 1,
        b'G' => 2,
        b'U' | b'T' => 3,
        _ => UNKNOWN,
    }
}

/// The kind of pair that two letters make, if they can pair.
#[inline(always)]
pub(crate) fn pair(left: u8, right: u8) -> Option<usize> {
    let kind = KINDS[left as usize][right as usize] as usize;
    (kind < PAIRS).then_some(kind)
}
