//! Damages a file as disks, copies and attackers do: flipped bits, truncated ends, garbage, swapped pages.
//!
//! The same bytes and the same seed give the same damage, so a failure is repeated by its seed alone.

use rinalmo_corpus::random::Random;

/// Bytes of a page; most formats with pages have this size.
const PAGE: usize = 4096;

type Kind = fn(&mut Vec<u8>, &mut Random);

/// Every kind of damage.
const KINDS: [Kind; 10] = [
    |bytes, random| flip(bytes, random, 1),
    |bytes, random| flip(bytes, random, 16),
    |bytes, random| flip_in_a_header(bytes, random),
    |bytes, random| bytes.truncate(random.below(bytes.len())),
    |bytes, random| page(bytes, random).iter_mut().for_each(|byte| *byte = random.bits() as u8),
    |bytes, random| page(bytes, random).fill(0),
    |bytes, random| another_page(bytes, random),
    |bytes, random| (0..8).for_each(|_| extreme(bytes, random)),
    |bytes, random| bytes.extend((0..1 + random.below(PAGE)).map(|_| random.bits() as u8)),
    |bytes, random| {
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(PAGE)).min(bytes.len());
        bytes.drain(at..end);
    },
];

/// Damages a copy of `bytes`, with a kind of damage that the seed chooses. The copy may happen to be unchanged.
pub fn mutated(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if !bytes.is_empty() {
        KINDS[seed as usize % KINDS.len()](&mut bytes, &mut Random::keyed([seed]));
    }
    bytes
}

fn flip(bytes: &mut [u8], random: &mut Random, most: usize) {
    for _ in 0..1 + random.below(most) {
        bytes[random.below(bytes.len())] ^= 1 << random.below(8);
    }
}

/// Flips bits at the start of a page, where formats store sizes and offsets.
fn flip_in_a_header(bytes: &mut [u8], random: &mut Random) {
    let at = random.below(bytes.len()) / PAGE * PAGE + random.below(64);
    let last = bytes.len() - 1;
    bytes[at.min(last)] ^= 1 << random.below(8);
}

fn page<'b>(bytes: &'b mut [u8], random: &mut Random) -> &'b mut [u8] {
    let at = random.below(bytes.len()) / PAGE * PAGE;
    let end = (at + PAGE).min(bytes.len());
    &mut bytes[at..end]
}

/// Replaces a page by another one.
fn another_page(bytes: &mut [u8], random: &mut Random) {
    let from = page(bytes, random).to_vec();
    let to = page(bytes, random);
    let length = from.len().min(to.len());
    to[..length].copy_from_slice(&from[..length]);
}

/// Replaces a number of 2, 4 or 8 bytes by an extreme one.
fn extreme(bytes: &mut [u8], random: &mut Random) {
    let width = [2, 4, 8][random.below(3)];
    let numbers = [0, 1, u64::MAX, u64::MAX / 2, random.bits(), random.bits() % 256, bytes.len() as u64];
    let number = numbers[random.below(numbers.len())].to_le_bytes();
    let at = match random.below(2) {
        0 => random.below(bytes.len()) / PAGE * PAGE + 2 * random.below(32),
        _ => random.below(bytes.len()),
    };
    if let Some(place) = bytes.get_mut(at..at + width) {
        place.copy_from_slice(&number[..width]);
    }
}
