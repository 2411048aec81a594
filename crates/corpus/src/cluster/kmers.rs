//! Short words (k-mers) of a sequence, with their positions and keys; equal words have equal keys.
//!
//! A [`Pattern`] says which positions of a window count. Spaced patterns (PatternHunter; Ma, Tromp & Li 2002) match
//! more often between diverged sequences than contiguous words of as many bases.

/// The code of a letter that is not a base, in k-mers and alignments.
pub(crate) const NO_BASE: u8 = 4;

const CODES: [u8; 256] = {
    let mut codes = [NO_BASE; 256];
    let letters = [(b'A', 0), (b'C', 1), (b'G', 2), (b'T', 3), (b'U', 3)];
    let mut at = 0;
    while at < letters.len() {
        let (letter, code) = letters[at];
        codes[letter as usize] = code;
        codes[letter.to_ascii_lowercase() as usize] = code;
        at += 1;
    }
    codes
};

/// Rewrites letters as 0…3 for A C G T (or U) and [`NO_BASE`] for the rest.
pub(crate) fn encode(letters: &mut [u8]) {
    for letter in letters {
        *letter = CODES[*letter as usize];
    }
}

/// Turns codes into those of the reverse complement.
pub(crate) fn reverse_complement(codes: &mut [u8]) {
    codes.reverse();
    for code in codes {
        *code = if *code < NO_BASE { 3 - *code } else { NO_BASE };
    }
}

/// The positions of a window that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// Two bits for every base of the window, the first base highest.
    mask: u64,
    span: u32,
}

impl Pattern {
    /// All of `k` neighbouring bases; `k` is 1…32.
    pub(crate) const fn contiguous(k: u32) -> Self {
        Self { mask: if k == 32 { u64::MAX } else { (1 << (2 * k)) - 1 }, span: k }
    }

    /// The positions marked `1`, such as `1101011`; at most 32.
    pub(crate) const fn spaced(marks: &str) -> Self {
        let marks = marks.as_bytes();
        let mut mask = 0;
        let mut at = 0;
        while at < marks.len() {
            mask = mask << 2 | if marks[at] == b'1' { 3 } else { 0 };
            at += 1;
        }
        Self { mask, span: marks.len() as u32 }
    }

    /// Bases from the first to the last that counts.
    pub(crate) const fn span(self) -> usize {
        self.span as usize
    }

    /// Calls `meet` with the start and the key of every window of only bases; equal keys are equal words.
    pub(crate) fn each(self, codes: &[u8], mut meet: impl FnMut(u32, u64)) {
        let (mut word, mut bases) = (0u64, 0);
        for (end, &code) in codes.iter().enumerate() {
            word = word << 2 | u64::from(code & 3);
            bases = if code < NO_BASE { bases + 1 } else { 0 };
            if bases >= self.span() {
                meet((end + 1 - self.span()) as u32, mix(word & self.mask));
            }
        }
    }

    /// As [`each`](Self::each), one key for a word and its reverse complement, and whether the latter was read.
    /// The pattern must read the same from both ends.
    pub(crate) fn each_strandless(self, codes: &[u8], mut meet: impl FnMut(u32, u64, bool)) {
        let mut word = 0u64;
        let mut back = 0u64;
        let mut bases = 0;
        let top = 2 * (self.span - 1);
        for (end, &code) in codes.iter().enumerate() {
            word = word << 2 | u64::from(code & 3);
            back = back >> 2 | u64::from(3 - (code & 3)) << top;
            bases = if code < NO_BASE { bases + 1 } else { 0 };
            if bases >= self.span() {
                let (forward, backward) = (word & self.mask, back & self.mask);
                meet((end + 1 - self.span()) as u32, mix(forward.min(backward)), backward < forward);
            }
        }
    }
}

/// A one-to-one scrambling of 64 bits (the finalizer of MurmurHash3, Appleby 2011): no two words share a key.
pub(crate) const fn mix(word: u64) -> u64 {
    let word = (word ^ word >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let word = (word ^ word >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ word >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> Vec<u8> {
        let mut codes = text.as_bytes().to_vec();
        encode(&mut codes);
        codes
    }

    fn words(pattern: Pattern, text: &str) -> Vec<(u32, u64)> {
        let mut words = Vec::new();
        pattern.each(&encoded(text), |at, key| words.push((at, key)));
        words
    }

    #[test]
    fn windows_with_a_strange_letter_are_left_out() {
        let at = |text| words(Pattern::contiguous(3), text).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(at("ACGUNACG"), [0, 1, 5]);
        assert!(at("AC").is_empty());
        assert!(at("NNNNNN").is_empty());
    }

    #[test]
    fn equal_words_have_equal_keys_and_only_those() {
        let found = words(Pattern::contiguous(4), "ACGTTACGTAacgu");
        assert_eq!(found[0].1, found[5].1);
        assert_eq!(found[0].1, found[10].1);
        assert_ne!(found[0].1, found[1].1);
        assert_eq!(words(Pattern::contiguous(32), &"A".repeat(33)).len(), 2);
    }

    #[test]
    fn a_spaced_word_overlooks_its_holes() {
        let pattern = Pattern::spaced("1101");
        assert_eq!(words(pattern, "ACGT")[0].1, words(pattern, "ACAT")[0].1);
        assert_ne!(words(pattern, "ACGT")[0].1, words(pattern, "AGGT")[0].1);
    }

    #[test]
    fn a_word_and_its_reverse_complement_meet() {
        let (forward, mut backward) = (encoded("GATTACAGGC"), encoded("GATTACAGGC"));
        reverse_complement(&mut backward);
        assert_eq!(backward, encoded("GCCTGTAATC"));
        for pattern in [Pattern::contiguous(5), Pattern::spaced("110101011")] {
            let read = |codes: &[u8]| {
                let mut words = Vec::new();
                pattern.each_strandless(codes, |at, key, turned| words.push((at, key, turned)));
                words
            };
            let (there, mut back) = (read(&forward), read(&backward));
            back.reverse();
            for (one, other) in there.iter().zip(&back) {
                assert_eq!((one.1, one.2), (other.1, !other.2));
                assert_eq!(one.0 + other.0, (forward.len() - pattern.span()) as u32);
            }
        }
    }
}
