//! Inputs made from seeds: damaged as files are ([`mutate`](crate::mutate)), and changed in places that have a meaning
//! in text.

use crate::Rng;
use crate::mutate::mutated;

/// Numbers that test limits of sizes and positions.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "255",
    "65536",
    "2147483647",
    "4294967296",
    "1152921504606846976",
    "9223372036854775807",
    "18446744073709551615",
    "1e308",
    "1e999",
    "-0.0",
    "0.5",
    "NaN",
    "inf",
];

/// Pieces of text that readers interpret.
const PIECES: &[&str] = &[
    ">",
    "\n",
    "\r",
    "\r\n",
    "\t",
    ",",
    ";",
    "\"",
    "#",
    "@",
    "+",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    "-",
    "*",
    "&",
    "=",
    "\u{feff}",
    "\u{3a8}",
    "\u{a0}",
    "\0",
    "//",
    "#=GC SS_cons ",
    "#=GR a SS ",
    "ENERGY = -1.0 ",
    "A1G",
    "n.1G>A",
    "sep=;\n",
];

/// One of the seeds with one to four mutations.
pub fn any(random: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let Some(seed) = random.choice(seeds) else { return Vec::new() };
    let mut bytes = seed.clone();
    for _ in 0..random.usize(1..=4) {
        once(random, &mut bytes, seeds);
    }
    bytes
}

fn once(random: &mut Rng, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    match random.u8(0..12) {
        0..3 => *bytes = mutated(bytes, random.u64(..)),
        3 => set_byte(random, bytes),
        4 => truncate(random, bytes),
        5 => remove(random, bytes),
        6 => repeat(random, bytes),
        7 => insert_piece(random, bytes),
        8 => splice(random, bytes, seeds),
        9 => swap_lines(random, bytes),
        _ => replace_number(random, bytes),
    }
}

/// A range of `bytes`, of at most `longest`.
fn range(random: &mut Rng, bytes: &[u8], longest: usize) -> std::ops::Range<usize> {
    let start = random.usize(0..=bytes.len());
    start..(start + random.usize(0..=longest)).min(bytes.len())
}

fn set_byte(random: &mut Rng, bytes: &mut [u8]) {
    let value = *random.choice(&[0, 1, 0x7f, 0x80, 0xff, b'0', b'\n', b'A']).expect("the list is not empty");
    if let Some(byte) = pick(random, bytes) {
        *byte = value;
    }
}

fn pick<'a>(random: &mut Rng, bytes: &'a mut [u8]) -> Option<&'a mut u8> {
    (!bytes.is_empty()).then(|| random.usize(0..bytes.len())).and_then(|at| bytes.get_mut(at))
}

fn truncate(random: &mut Rng, bytes: &mut Vec<u8>) {
    bytes.truncate(random.usize(0..=bytes.len()));
}

fn remove(random: &mut Rng, bytes: &mut Vec<u8>) {
    bytes.drain(range(random, bytes, 64));
}

fn repeat(random: &mut Rng, bytes: &mut Vec<u8>) {
    let piece = bytes[range(random, bytes, 64)].to_vec();
    let at = random.usize(0..=bytes.len());
    bytes.splice(at..at, piece.repeat(random.usize(1..=3)));
}

fn insert_piece(random: &mut Rng, bytes: &mut Vec<u8>) {
    let piece = random.choice(PIECES).expect("the list is not empty");
    let at = random.usize(0..=bytes.len());
    bytes.splice(at..at, piece.bytes());
}

/// The start of this input and the end of another one.
fn splice(random: &mut Rng, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let Some(other) = random.choice(seeds) else { return };
    truncate(random, bytes);
    bytes.extend_from_slice(&other[random.usize(0..=other.len())..]);
}

fn swap_lines(random: &mut Rng, bytes: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.len() > 1 {
        let (a, b) = (random.usize(0..lines.len()), random.usize(0..lines.len()));
        lines.swap(a, b);
        *bytes = lines.concat();
    }
}

/// Replaces one of the numbers in the text.
fn replace_number(random: &mut Rng, bytes: &mut Vec<u8>) {
    let starts =
        (0..bytes.len()).filter(|&at| bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit()));
    if let Some(start) = random.choice(starts.collect::<Vec<_>>()) {
        let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = random.choice(NUMBERS).expect("the list is not empty");
        bytes.splice(start..start + digits, number.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutation_takes_every_length_and_most_change_something() {
        let mut random = Rng::with_seed(7);
        let seeds: Vec<Vec<u8>> =
            [0, 1, 2, 9, 300].map(|n| b"a 12\n".iter().copied().cycle().take(n).collect()).to_vec();
        let inputs: Vec<Vec<u8>> = (0..2000).map(|_| any(&mut random, &seeds)).collect();
        let changed = inputs.iter().filter(|input| !seeds.contains(input)).count();
        assert!(changed > 1200, "{changed} of 2000 inputs differ from their seed");
    }
}
