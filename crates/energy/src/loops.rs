//! Scaled factors of the loops of one sequence.
//!
//! A partition function of thousands of bases leaves the range of f64, so every base of a loop is divided by about what
//! it contributes. A factor here is the loop's own factor times `scale` to the power of the bases that are in the loop
//! but in no inner pair. The choice of scale changes no probability.

use crate::letters::{LETTERS, PAIRS, UNKNOWN, code, pair};
use crate::weights::{LONGEST_LOOP, Mismatch, RT, SHORTEST_HAIRPIN, Weights};

/// Unpaired bases, left and right, of the loops that have their own tables.
pub(crate) const SMALL: [(usize, usize); 7] = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2)];

/// Kinds of larger loops between two pairs. Their factor is a product: the outer pair's, the inner pair's, the sizes'.
pub(crate) const KINDS: usize = 4;
/// At least two unpaired bases on each side, except 2x2 and 2x3.
pub(crate) const GENERIC: usize = 0;
/// One on one side and three or more on the other.
pub(crate) const ONE: usize = 1;
/// Two on one side and three on the other.
pub(crate) const TWO_BY_THREE: usize = 2;
/// None on one side and two or more on the other.
pub(crate) const BULGE: usize = 3;

/// Factors of pairs, `exp` of what they were given, for every span `i..=j`.
struct Bonuses {
    len: usize,
    factors: Vec<f64>,
}

impl Bonuses {
    fn new(bonuses: &[f32], len: usize) -> Self {
        assert_eq!(bonuses.len(), len * len, "a bonus for every pair");
        Self { len, factors: bonuses.iter().map(|bonus| f64::from(*bonus).exp()).collect() }
    }

    #[inline(always)]
    fn get(&self, i: usize, j: usize) -> f64 {
        self.factors[i * self.len + j]
    }
}

/// The sequence with the factors of its loops.
pub(crate) struct Loops<'a> {
    /// Codes of the letters, with one unknown letter before and one after them.
    letters: Vec<u8>,
    pub weights: &'a Weights,
    bonuses: Option<Bonuses>,
    /// Powers of the scale.
    powers: [f64; LONGEST_LOOP + 3],
    /// The factor of the size for every kind of larger loop, by the number of unpaired bases.
    pub sizes: [[f64; LONGEST_LOOP + 1]; KINDS],
    /// Of hairpins, by the number of unpaired bases.
    hairpins: Vec<f64>,
}

impl<'a> Loops<'a> {
    /// `energy` is the estimated contribution of a base, in kcal/mol.
    pub fn new(sequence: &[u8], weights: &'a Weights, bonuses: Option<&[f32]>, energy: f64) -> Self {
        let scale = (energy / RT).exp();
        let mut powers = [1.0; LONGEST_LOOP + 3];
        for k in 1..powers.len() {
            powers[k] = powers[k - 1] * scale;
        }
        let mut sizes = [[0.0; LONGEST_LOOP + 1]; KINDS];
        for size in 2..=LONGEST_LOOP {
            sizes[BULGE][size] = weights.bulge[size] * powers[size + 2];
        }
        for size in 4..=LONGEST_LOOP {
            sizes[ONE][size] = weights.internal[size] * weights.asymmetry[size - 2] * powers[size + 2];
        }
        sizes[TWO_BY_THREE][5] = weights.internal[5] * weights.asymmetry[1] * powers[7];
        for size in 6..=LONGEST_LOOP {
            sizes[GENERIC][size] = weights.internal[size] * powers[size + 2];
        }
        let hairpin = |size: usize| {
            if size < SHORTEST_HAIRPIN { 0.0 } else { weights.hairpin(size) * (energy / RT * (size + 2) as f64).exp() }
        };
        let ends = std::iter::once(UNKNOWN);
        let letters = ends.clone().chain(sequence.iter().map(|letter| code(*letter))).chain(ends).collect();
        let bonuses = bonuses.map(|bonuses| Bonuses::new(bonuses, sequence.len()));
        Self { letters, weights, bonuses, powers, sizes, hairpins: (0..sequence.len()).map(hairpin).collect() }
    }

    pub fn len(&self) -> usize {
        self.letters.len() - 2
    }

    /// The scale of `count` bases.
    pub fn scale(&self, count: usize) -> f64 {
        self.powers[count]
    }

    /// The kind of pair that two positions make, if any.
    #[inline(always)]
    pub fn pair(&self, i: usize, j: usize) -> Option<usize> {
        pair(self.letters[i + 1], self.letters[j + 1])
    }

    /// The factor that the pair has besides those of its loops.
    #[inline(always)]
    pub fn bonus(&self, i: usize, j: usize) -> f64 {
        self.bonuses.as_ref().map_or(1.0, |bonuses| bonuses.get(i, j))
    }

    /// Codes of the two letters inside the pair, next to it.
    #[inline(always)]
    fn enclosed(&self, i: usize, j: usize) -> [usize; 2] {
        [self.letters[i + 2] as usize, self.letters[j] as usize]
    }

    /// Codes of the two letters outside the pair, next to it.
    #[inline(always)]
    fn outside(&self, i: usize, j: usize) -> [usize; 2] {
        [self.letters[i] as usize, self.letters[j + 2] as usize]
    }

    /// The factor of the hairpin that `(i, j)`, a pair of this kind, closes.
    #[inline(always)]
    pub fn hairpin(&self, kind: usize, i: usize, j: usize) -> f64 {
        let size = j - i - 1;
        let [x, y] = self.enclosed(i, j);
        match size {
            0..SHORTEST_HAIRPIN => 0.0,
            3 => self.special(i, j).unwrap_or(self.hairpins[size] * self.weights.terminal[kind]),
            4 | 6 => self.special(i, j).unwrap_or(self.hairpins[size] * self.weights.mismatch_hairpin[kind][x][y]),
            _ => self.hairpins[size] * self.weights.mismatch_hairpin[kind][x][y],
        }
    }

    /// The factor of a hairpin that has its own energy in the tables.
    fn special(&self, i: usize, j: usize) -> Option<f64> {
        let letters = &self.letters[i + 1..j + 2];
        let found = self.weights.hairpins.iter().find(|(special, _)| special == letters);
        found.map(|(_, factor)| factor * self.powers[letters.len()])
    }

    /// The factor of the loop between `(i, j)` of kind `outer` and `(i + 1 + left, j - 1 - right)` of kind `inner`; the
    /// sizes are in [`SMALL`].
    #[inline(always)]
    pub fn small(&self, [left, right]: [usize; 2], i: usize, j: usize, outer: usize, inner: usize) -> f64 {
        let weights = self.weights;
        let inner = inner ^ 1; // the tables read it from the other strand
        let [x, y] = self.enclosed(i, j);
        let [p, q] = [i + 1 + left, j - 1 - right];
        let [v, w] = self.outside(p, q);
        let pairs = outer * PAIRS + inner;
        let swapped = inner * PAIRS + outer;
        let factor = match (left, right) {
            (0, 0) => weights.stack[outer][inner],
            (0, 1) | (1, 0) => weights.stack[outer][inner] * weights.bulge[1],
            (1, 1) => f64::from(weights.int11[(pairs * LETTERS + x) * LETTERS + y]),
            (1, 2) => f64::from(weights.int21[((pairs * LETTERS + x) * LETTERS + w) * LETTERS + y]),
            (2, 1) => f64::from(weights.int21[((swapped * LETTERS + w) * LETTERS + x) * LETTERS + v]),
            _ => f64::from(weights.int22[(((pairs * LETTERS + x) * LETTERS + v) * LETTERS + w) * LETTERS + y]),
        };
        factor * self.powers[left + right + 2]
    }

    /// The factor of the outer pair in the larger loops, by kind of loop.
    #[inline(always)]
    pub fn closes(&self, kind: usize, i: usize, j: usize) -> [f64; KINDS] {
        let [x, y] = self.enclosed(i, j);
        self.ends(kind, x, y)
    }

    /// The factor of the inner pair in the larger loops, by kind of loop.
    #[inline(always)]
    pub fn opens(&self, kind: usize, i: usize, j: usize) -> [f64; KINDS] {
        let [x, y] = self.outside(i, j);
        self.ends(kind ^ 1, y, x)
    }

    #[inline(always)]
    fn ends(&self, kind: usize, x: usize, y: usize) -> [f64; KINDS] {
        let weights = self.weights;
        let at = |mismatch: &Mismatch| mismatch[kind][x][y];
        [
            at(&weights.mismatch_internal),
            at(&weights.mismatch_internal_1n),
            at(&weights.mismatch_internal_23),
            weights.terminal[kind],
        ]
    }

    /// The factor of the pair as a branch of a multiloop.
    #[inline(always)]
    pub fn branch(&self, kind: usize, i: usize, j: usize) -> f64 {
        let [five, three] = self.outside(i, j);
        self.weights.branch[kind][five][three]
    }

    /// The factor of the pair as the one that closes a multiloop.
    #[inline(always)]
    pub fn multiloop(&self, kind: usize, i: usize, j: usize) -> f64 {
        let [three, five] = self.enclosed(i, j);
        self.weights.branch[kind ^ 1][five][three] * self.weights.closing * self.powers[2]
    }

    /// The factor of the pair as a branch of the exterior loop.
    #[inline(always)]
    pub fn exterior(&self, kind: usize, i: usize, j: usize) -> f64 {
        let [five, three] = self.outside(i, j);
        self.weights.exterior[kind][five][three]
    }

    /// The factor of an unpaired base in a multiloop.
    pub fn unpaired(&self) -> f64 {
        self.weights.unpaired * self.powers[1]
    }
}
