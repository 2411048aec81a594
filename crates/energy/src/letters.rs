//! Letters and pairs as small integers that index the tables, in the order of parameter files.

/// Letters that the tables distinguish: [`UNKNOWN`], A, C, G and U.
pub(crate) const LETTERS: usize = 5;

/// Any other letter, such as N.
pub(crate) const UNKNOWN: u8 = 0;

/// No letter: the position before the first or after the last base.
pub(crate) const END: u8 = 5;

/// Kinds of pairs: CG, GC, GU, UG, AU, UA. Read from the other strand, kind `k` is `k ^ 1`.
pub(crate) const PAIRS: usize = 6;

/// The kind of two letters that are not one of [`PAIRS`]; the tables have energies for them too.
pub(crate) const ODD: usize = PAIRS;

/// The kind of pair of every two letters, [`ODD`] if they cannot pair.
const KINDS: [[u8; LETTERS]; LETTERS] = {
    const NO: u8 = ODD as u8;
    [
        [NO, NO, NO, NO, NO], // unknown
        [NO, NO, NO, NO, 4],  // A
        [NO, NO, NO, 0, NO],  // C
        [NO, NO, 1, NO, 2],   // G
        [NO, 5, NO, 3, NO],   // U
    ]
};

/// The number of a letter in the order of the tables.
pub(crate) fn code(letter: u8) -> u8 {
    match letter.to_ascii_uppercase() {
        b'A' => 1,
        b'C' => 2,
        b'G' => 3,
        b'U' | b'T' => 4,
        _ => UNKNOWN,
    }
}

/// The kind of pair that two letters make, or [`ODD`].
#[inline(always)]
pub(crate) fn kind(left: u8, right: u8) -> usize {
    KINDS[left as usize][right as usize] as usize
}

/// The kind of pair that two letters make, if they can pair.
#[inline(always)]
pub(crate) fn pair(left: u8, right: u8) -> Option<usize> {
    let kind = kind(left, right);
    (kind < PAIRS).then_some(kind)
}
