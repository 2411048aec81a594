//! Sequences packed with two bits per letter; letters other than ACGT are kept separately.
//!
//! A packed sequence opens with `length × 4 + form`, then the letters in one of three forms:
//!
//! | form | what follows | when |
//! |---|---|---|
//! | plain | two bits a letter, the first letter lowest | all letters are ACGT |
//! | runs | the same (A standing in), then (gap, run, letter) for each run of another letter | these are few |
//! | letters | one byte a letter | they are so many that runs would be larger |
//!
//! A run of a thousand N costs four bytes. Of real ncRNA 98 % are plain.

use super::varint;

// The forms in the table above, as the lowest two bits of the first number.
const PLAIN: u64 = 0;
const RUNS: u64 = 1;
const LETTERS: u64 = 2;

const BASES: [u8; 4] = *b"ACGT";
/// The two bits of a letter; any letter that is not ACGT has [`OTHER`] set.
const CODES: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut code = 0;
    while code < BASES.len() {
        table[BASES[code] as usize] = code as u8;
        code += 1;
    }
    table
};
const OTHER: u8 = 0x80;
/// The four letters of a byte.
const QUADS: [[u8; 4]; 256] = {
    let mut table = [[0; 4]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [BASES[byte & 3], BASES[byte >> 2 & 3], BASES[byte >> 4 & 3], BASES[byte >> 6]];
        byte += 1;
    }
    table
};

/// Appends `letters`, packed.
pub fn pack(letters: &[u8], to: &mut Vec<u8>) {
    let mut others = 0;
    let bits = letters.chunks(4).map(|quad| {
        quad.iter().enumerate().fold(0, |byte, (place, &letter)| {
            let code = CODES[letter as usize];
            others |= code;
            byte | (code & 3) << (2 * place)
        })
    });
    let start = to.len();
    header(letters.len(), PLAIN, to);
    to.extend(bits);
    if others & OTHER == 0 {
        return;
    }
    let (form, limit) = (start, start + letters.len());
    put_runs(letters, to);
    to[form] |= RUNS as u8; // the lowest bits of a varint are in its first byte
    if to.len() > limit + 4 {
        to.truncate(start);
        header(letters.len(), LETTERS, to);
        to.extend_from_slice(letters);
    }
}

fn header(length: usize, form: u64, to: &mut Vec<u8>) {
    varint::put((length as u64) << 2 | form, to);
}

fn put_runs(letters: &[u8], to: &mut Vec<u8>) {
    let mut last = 0;
    let mut at = 0;
    for run in letters.chunk_by(|a, b| a == b) {
        if CODES[run[0] as usize] == OTHER {
            varint::put((at - last) as u64, to);
            varint::put(run.len() as u64, to);
            to.push(run[0]);
            last = at + run.len();
        }
        at += run.len();
    }
}

/// Letters in a packed sequence; 0 if there is none.
pub fn length(mut packed: &[u8]) -> usize {
    varint::take(&mut packed).unwrap_or_default() as usize >> 2
}

/// Replaces `to` by the letters of a packed sequence.
///
/// Bytes that [`pack`] did not write give some letters, never a panic.
pub fn unpack(packed: &[u8], to: &mut Vec<u8>) {
    unpack_window(packed, 0, usize::MAX, to);
}

/// Replaces `to` by `len` letters from `start` on, or as many as there are.
pub fn unpack_window(mut packed: &[u8], start: usize, len: usize, to: &mut Vec<u8>) {
    to.clear();
    let head = varint::take(&mut packed).unwrap_or_default();
    let (length, form) = ((head >> 2) as usize, head & 3);
    let end = start.saturating_add(len).min(length);
    if start >= end {
        return;
    }
    if form == LETTERS {
        to.extend_from_slice(packed.get(start..end).unwrap_or_default());
        return;
    }
    let (bits, mut runs) = packed.split_at_checked(length.div_ceil(4)).unwrap_or((packed, &[]));
    let bits = bits.get(start / 4..end.div_ceil(4)).unwrap_or_default();
    to.reserve(bits.len() * 4);
    bits.iter().for_each(|&byte| to.extend_from_slice(&QUADS[byte as usize]));
    to.truncate(end - start / 4 * 4);
    to.drain(..(start % 4).min(to.len()));
    let mut at = 0;
    while let Some((from, run, letter)) = take_run(&mut runs, at) {
        at = from.saturating_add(run);
        let place = |position: usize| position.clamp(start, end) - start;
        if let Some(letters) = to.get_mut(place(from)..place(at)) {
            letters.fill(letter);
        }
        if at >= end {
            break;
        }
    }
}

fn take_run(runs: &mut &[u8], at: usize) -> Option<(usize, usize, u8)> {
    let from = at.saturating_add(varint::take(runs)? as usize);
    let run = varint::take(runs)? as usize;
    let (&letter, rest) = runs.split_first()?;
    *runs = rest;
    Some((from, run, letter))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(letters: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        pack(letters, &mut bytes);
        bytes
    }

    fn unpacked(packed: &[u8]) -> Vec<u8> {
        let mut letters = b"left over".to_vec();
        unpack(packed, &mut letters);
        letters
    }

    proptest! {
        #[test]
        fn unpacking_undoes_packing(letters in "[ACGT]{0,40}[ACGTIRYKMSWBDHVN-]{0,40}N{0,300}[ACGT]{0,9}") {
            let bytes = packed(letters.as_bytes());
            prop_assert_eq!(length(&bytes), letters.len());
            prop_assert_eq!(unpacked(&bytes), letters.as_bytes());
        }

        #[test]
        fn a_window_is_a_part_of_the_whole(letters in "[ACGT]{0,30}[ACGTNR]{0,30}", start in 0usize..70, len in 0usize..70) {
            let mut window = Vec::new();
            unpack_window(&packed(letters.as_bytes()), start, len, &mut window);
            let end = (start + len).min(letters.len());
            prop_assert_eq!(&window[..], &letters.as_bytes()[start.min(end)..end]);
        }

        #[test]
        fn bytes_of_another_make_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let bytes: Vec<u8> = bytes.into_iter().enumerate().map(|(i, b)| if i == 1 { b & 0x7f } else { b }).collect();
            unpacked(&bytes);
        }
    }

    #[test]
    fn four_letters_share_a_byte_and_runs_are_cheap() {
        assert_eq!(packed(b"ACGTAC").len(), 1 + 2);
        assert_eq!(packed(&[b'N'; 1000]).len(), 2 + 250 + 4);
    }

    #[test]
    fn never_more_than_a_byte_a_letter_and_a_little() {
        assert_eq!(packed(&b"RYKM".repeat(100)).len(), 2 + 400);
        assert!(packed(b"N").len() <= 6);
    }
}
