//! Seeded sequences and plain dynamic programming, for the tests of clusters and of the leakage guard.

#![allow(dead_code, reason = "no test uses all of them")]

use rinalmo_corpus::random::Random as Stream;

/// Random letters.
pub struct Random(Stream);

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Self(Stream::seeded(seed))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.bits() % bound as u64) as usize
    }

    pub fn sequence(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| b"ACGT"[self.below(4)]).collect()
    }

    /// A copy in which so many of 1000 bases are changed: eight of ten times replaced by another base, else one is
    /// dropped or added.
    pub fn mutated(&mut self, sequence: &[u8], of_1000: usize) -> Vec<u8> {
        let mut copy = Vec::new();
        for &base in sequence {
            if self.below(1000) >= of_1000 {
                copy.push(base);
                continue;
            }
            match self.below(10) {
                0 => {}
                1 => copy.extend([base, b"ACGT"[self.below(4)]]),
                _ => copy.push(b"ACGT"[(self.below(3) + 1 + place(base)) % 4]),
            }
        }
        copy
    }

    pub fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
        items
    }
}

fn place(base: u8) -> usize {
    b"ACGT".iter().position(|&letter| letter == base).unwrap_or_default()
}

/// 0…3 for A C G T, 4 for anything else.
pub fn codes(letters: &[u8]) -> Vec<u8> {
    letters.iter().map(|letter| b"ACGT".iter().position(|base| base == letter).unwrap_or(4) as u8).collect()
}

/// The best score of a local alignment with affine gaps, over the whole table (Gotoh 1982).
pub fn plain_score(a: &[u8], b: &[u8]) -> i32 {
    const NEVER: i32 = -1_000_000;
    let (mut h, mut e) = (vec![0; b.len() + 1], vec![NEVER; b.len() + 1]);
    let mut best = 0;
    for &of_a in a {
        let (mut corner, mut f) = (0, NEVER);
        for (y, &of_b) in b.iter().enumerate() {
            e[y + 1] = (h[y + 1] - 5).max(e[y + 1] - 2);
            f = (h[y] - 5).max(f - 2);
            let pair = corner + if of_a == of_b && of_a < 4 { 2 } else { -3 };
            corner = h[y + 1];
            h[y + 1] = pair.max(e[y + 1]).max(f).max(0);
            best = best.max(h[y + 1]);
        }
    }
    best
}

/// Whether some alignment of two sequences has at least 70 % identity and leaves no more than 20 % of either
/// sequence out at either end: by maximising 3 × matches − 7 × other columns over the whole table.
pub fn can_be_alike(a: &[u8], b: &[u8]) -> bool {
    const NEVER: i64 = -1_000_000_000;
    let spare = |length: usize| length / 5;
    let mut before: Vec<i64> = vec![NEVER; b.len() + 1];
    let mut best = NEVER;
    for x in 0..=a.len() {
        let mut row = vec![NEVER; b.len() + 1];
        for y in 0..=b.len() {
            let mut score = if x <= spare(a.len()) && y <= spare(b.len()) { 0 } else { NEVER };
            if x > 0 && y > 0 {
                score = score.max(before[y - 1] + if a[x - 1] == b[y - 1] && a[x - 1] < 4 { 3 } else { -7 });
            }
            if x > 0 {
                score = score.max(before[y] - 7);
            }
            if y > 0 {
                score = score.max(row[y - 1] - 7);
            }
            row[y] = score;
            if a.len() - x <= spare(a.len()) && b.len() - y <= spare(b.len()) {
                best = best.max(score);
            }
        }
        before = row;
    }
    best >= 0
}
