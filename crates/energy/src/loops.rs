//! Scaled factors of the loops of one sequence.
//!
//! A partition function of thousands of bases leaves the range of f64, so every base of a loop is divided by about what
//! it contributes. A factor here is the loop's own factor times `scale` to the power of the bases that are in the loop
//! but in no inner pair. The choice of scale changes no probability.

use std::ops::Range;

use crate::letters::{END, LETTERS, PAIRS, UNKNOWN, code, pair};
use crate::nick::{GAP, Nick};
use crate::number::Factor;
use crate::restraints::Restraints;
use crate::weights::{LONGEST_LOOP, Mismatch, SHORTEST_HAIRPIN, Weights};

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

/// Factors of pairs, `exp` of what they were given, for every span `i..=j` whose ends can pair; of others 1.
struct Bonuses<F> {
    len: usize,
    factors: Vec<F>,
}

impl<F: Factor> Bonuses<F> {
    fn new(bonuses: &[f32], sequence: &[u8], nick: Option<Nick>, rt: f64) -> Self {
        let len = sequence.len();
        assert_eq!(bonuses.len(), len * len, "a bonus for every pair");
        let codes: Vec<u8> = sequence.iter().map(|&letter| code(letter)).collect();
        let mut factors = vec![F::ONE; len * len];
        for (i, (factors, bonuses)) in factors.chunks_mut(len.max(1)).zip(bonuses.chunks(len.max(1))).enumerate() {
            for j in i + 1..len {
                if pair(codes[i], codes[j]).is_some() {
                    factors[j] = F::exp(f64::from(bonuses[j]), rt);
                }
            }
        }
        let factors = spread(nick, factors, |nick, factors| nick.spread_square(factors, F::ONE));
        Self { len: factors.len().isqrt(), factors }
    }

    #[inline(always)]
    fn get(&self, i: usize, j: usize) -> F {
        self.factors[i * self.len + j]
    }
}

/// Values of bases as values of positions.
fn spread<T>(nick: Option<Nick>, values: Vec<T>, spread: impl Fn(Nick, &[T]) -> Vec<T>) -> Vec<T> {
    match nick {
        Some(nick) => spread(nick, &values),
        None => values,
    }
}

/// The sequence with the factors of its loops.
pub(crate) struct Loops<'a, F: Factor = f64> {
    /// Codes of the letters, with one unknown letter before and one after them.
    letters: Vec<u8>,
    /// The same as neighbours of branches of multiloops and of the exterior loop.
    neighbours: Vec<u8>,
    pub weights: &'a Weights<F>,
    bonuses: Option<Bonuses<F>>,
    /// Of every base in each stack that it is in, `[len]`.
    stacked: Option<Vec<F>>,
    /// Whether every pair stacks on another one.
    pub no_lonely_pairs: bool,
    /// The largest distance of two bases that may pair, plus 1.
    reach: usize,
    /// If there are two strands, where they end. All positions are then those with the gap between them.
    nick: Option<Nick>,
    /// Powers of the scale.
    powers: [F; LONGEST_LOOP + 3],
    /// The factor of the size for every kind of larger loop, by the number of unpaired bases.
    pub sizes: [[F; LONGEST_LOOP + 1]; KINDS],
    /// Of hairpins, by the number of unpaired bases.
    hairpins: Vec<F>,
}

impl<'a, F: Factor> Loops<'a, F> {
    /// `energy` is the estimated contribution of a base, in kcal/mol.
    pub fn new(sequence: &[u8], weights: &'a Weights<F>, restraints: Restraints<'_>, energy: f64) -> Self {
        let rt = weights.rt;
        let nick = restraints.nick.and_then(|first| Nick::new(first, sequence.len()));
        assert!(nick.is_none() || restraints.max_span.is_none(), "pairs of two strands have no span");
        let scale = F::exp(energy / rt, rt);
        let mut powers = [F::ONE; LONGEST_LOOP + 3];
        for k in 1..powers.len() {
            powers[k] = powers[k - 1] * scale;
        }
        let mut sizes = [[F::ZERO; LONGEST_LOOP + 1]; KINDS];
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
            if size < SHORTEST_HAIRPIN {
                return F::ZERO;
            }
            weights.hairpin(size) * F::exp(energy / rt * (size + 2) as f64, rt)
        };
        let between = |end: u8, unknown: u8| -> Vec<u8> {
            let codes = sequence.iter().map(|&letter| code(letter));
            let codes = codes.map(|code| if code == UNKNOWN { unknown } else { code }).collect();
            let codes = spread(nick, codes, |nick, codes| nick.spread(codes, end));
            std::iter::once(end).chain(codes).chain([end]).collect()
        };
        let (letters, neighbours) = (between(UNKNOWN, UNKNOWN), between(END, weights.unknown_neighbour));
        let len = letters.len() - 2;
        let hairpins = (0..len).map(hairpin).collect();
        let bonuses = restraints.bonuses.map(|bonuses| Bonuses::new(bonuses, sequence, nick, rt));
        let stacked = restraints.stacked_hundredths().map(|energies| {
            let factors = energies.map(|energy| F::of(energy, rt)).collect();
            spread(nick, factors, |nick, factors| nick.spread(factors, F::ONE))
        });
        debug_assert!(restraints.stacked.is_none_or(|energies| energies.len() == sequence.len()));
        let no_lonely_pairs = restraints.no_lonely_pairs;
        let reach = restraints.max_span.unwrap_or(usize::MAX).min(len);
        Self { letters, neighbours, weights, bonuses, stacked, no_lonely_pairs, reach, nick, powers, sizes, hairpins }
    }

    /// Number of positions: of bases, and of the gap between two strands.
    pub fn len(&self) -> usize {
        self.letters.len() - 2
    }

    /// If there are two strands, where they end.
    pub fn nick(&self) -> Option<Nick> {
        self.nick
    }

    /// The base at a position, counted without the gap between two strands.
    pub fn base(&self, position: usize) -> usize {
        self.nick.map_or(position, |nick| nick.base(position))
    }

    /// Number of bases.
    pub fn bases(&self) -> usize {
        self.base(self.len())
    }

    /// Are the bases of a pair on different strands?
    #[inline(always)]
    pub fn is_between(&self, i: usize, j: usize) -> bool {
        self.nick.is_some_and(|nick| nick.is_between(i, j))
    }

    /// The scale of `count` bases.
    pub fn scale(&self, count: usize) -> F {
        self.powers[count]
    }

    /// The kind of pair that two positions make, if any.
    #[inline(always)]
    pub fn pair(&self, i: usize, j: usize) -> Option<usize> {
        pair(self.letters[i + 1], self.letters[j + 1]).filter(|_| j - i < self.reach)
    }

    /// The largest distance of two bases that may pair, plus 1.
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// The bases before `j` that are near enough to pair with it.
    pub fn partners_before(&self, j: usize) -> Range<usize> {
        (j + 1).saturating_sub(self.reach)..j
    }

    /// The factor that the pair has besides those of its loops.
    #[inline(always)]
    pub fn bonus(&self, i: usize, j: usize) -> F {
        self.bonuses.as_ref().map_or(F::ONE, |bonuses| bonuses.get(i, j))
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

    /// Codes of the two letters next to a branch.
    #[inline(always)]
    fn beside(&self, i: usize, j: usize) -> [usize; 2] {
        [self.neighbours[i] as usize, self.neighbours[j + 2] as usize]
    }

    /// The factor of the hairpin that `(i, j)`, a pair of this kind and of one strand, closes.
    #[inline(always)]
    pub fn hairpin(&self, kind: usize, i: usize, j: usize) -> F {
        let size = j - i - 1;
        let [x, y] = self.enclosed(i, j);
        match size {
            0..SHORTEST_HAIRPIN => F::ZERO,
            3 => self.special(i, j).unwrap_or(self.hairpins[size] * self.weights.terminal[kind]),
            4 | 6 => self.special(i, j).unwrap_or(self.hairpins[size] * self.weights.mismatch_hairpin[kind][x][y]),
            _ => self.hairpins[size] * self.weights.mismatch_hairpin[kind][x][y],
        }
    }

    /// The factor of a hairpin that has its own energy in the tables.
    fn special(&self, i: usize, j: usize) -> Option<F> {
        let letters = &self.letters[i + 1..j + 2];
        let found = self.weights.hairpins.iter().find(|(special, _)| special == letters);
        found.map(|&(_, factor)| factor * self.powers[letters.len()])
    }

    /// The factor of the loop between `(i, j)` of kind `outer` and `(i + 1 + left, j - 1 - right)` of kind `inner`; the
    /// sizes are in [`SMALL`].
    #[inline(always)]
    pub fn small(&self, [left, right]: [usize; 2], i: usize, j: usize, outer: usize, inner: usize) -> F {
        let weights = self.weights;
        let inner = inner ^ 1; // the tables read it from the other strand
        let [x, y] = self.enclosed(i, j);
        let [p, q] = [i + 1 + left, j - 1 - right];
        let [v, w] = self.outside(p, q);
        let pairs = outer * PAIRS + inner;
        let swapped = inner * PAIRS + outer;
        let factor = match (left, right) {
            (0, 0) => weights.stack[outer][inner] * self.stacked(i, j),
            (0, 1) | (1, 0) => weights.stack[outer][inner] * weights.bulge[1],
            (1, 1) => weights.int11[(pairs * LETTERS + x) * LETTERS + y].into(),
            (1, 2) => weights.int21[((pairs * LETTERS + x) * LETTERS + w) * LETTERS + y].into(),
            (2, 1) => weights.int21[((swapped * LETTERS + w) * LETTERS + x) * LETTERS + v].into(),
            _ => weights.int22[(((pairs * LETTERS + x) * LETTERS + v) * LETTERS + w) * LETTERS + y].into(),
        };
        factor * self.powers[left + right + 2]
    }

    /// The factor of the outer pair in the larger loops, by kind of loop.
    #[inline(always)]
    pub fn closes(&self, kind: usize, i: usize, j: usize) -> [F; KINDS] {
        let [x, y] = self.enclosed(i, j);
        self.ends(kind, x, y)
    }

    /// The factor of the inner pair in the larger loops, by kind of loop.
    #[inline(always)]
    pub fn opens(&self, kind: usize, i: usize, j: usize) -> [F; KINDS] {
        let [x, y] = self.outside(i, j);
        self.ends(kind ^ 1, y, x)
    }

    #[inline(always)]
    fn ends(&self, kind: usize, x: usize, y: usize) -> [F; KINDS] {
        let weights = self.weights;
        let at = |mismatch: &Mismatch<F>| mismatch[kind][x][y];
        [
            at(&weights.mismatch_internal),
            at(&weights.mismatch_internal_1n),
            at(&weights.mismatch_internal_23),
            weights.terminal[kind],
        ]
    }

    /// The factor that the bases of `(i, j)` and of the pair inside it have because they stack.
    #[inline(always)]
    fn stacked(&self, i: usize, j: usize) -> F {
        let factors = self.stacked.as_ref();
        factors.map_or(F::ONE, |factors| (factors[i] * factors[j]) * (factors[i + 1] * factors[j - 1]))
    }

    /// The factor of any loop between `(i, j)` of kind `outer` and `(i + 1 + left, j - 1 - right)` of kind `inner`.
    pub fn internal(&self, [left, right]: [usize; 2], i: usize, j: usize, outer: usize, inner: usize) -> F {
        let opens = self.opens(inner, i + 1 + left, j - 1 - right);
        self.internal_around([left, right], i, j, outer, inner, opens)
    }

    /// The same, given what the inner pair `opens`, for many loops around one pair.
    #[inline(always)]
    pub fn internal_around(
        &self,
        [left, right]: [usize; 2],
        i: usize,
        j: usize,
        outer: usize,
        inner: usize,
        opens: [F; KINDS],
    ) -> F {
        let (less, more, size) = (left.min(right), left.max(right), left + right);
        let kind = match (less, more) {
            (0, 0 | 1) | (1, 1 | 2) | (2, 2) => return self.small([left, right], i, j, outer, inner),
            (0, _) => BULGE,
            (1, _) => ONE,
            (2, 3) => TWO_BY_THREE,
            _ => GENERIC,
        };
        let ends = self.closes(outer, i, j)[kind] * opens[kind];
        let sizes = if kind == GENERIC {
            self.sizes[kind][size] * self.weights.asymmetry[more - less]
        } else {
            self.sizes[kind][size]
        };
        ends * sizes
    }

    /// The factor of the pair as a branch of a multiloop.
    #[inline(always)]
    pub fn branch(&self, kind: usize, i: usize, j: usize) -> F {
        let [five, three] = self.beside(i, j);
        self.weights.branch[kind][five][three]
    }

    /// The factor of the pair as the one that closes a multiloop.
    #[inline(always)]
    pub fn multiloop(&self, kind: usize, i: usize, j: usize) -> F {
        let [three, five] = [self.neighbours[i + 2] as usize, self.neighbours[j] as usize];
        self.weights.branch[kind ^ 1][five][three] * self.weights.closing * self.powers[2]
    }

    /// The factor of the pair as a branch of the exterior loop.
    #[inline(always)]
    pub fn exterior(&self, kind: usize, i: usize, j: usize) -> F {
        let [five, three] = self.beside(i, j);
        self.weights.exterior[kind][five][three]
    }

    /// The factor of the pair as the one that closes the loop around the nick, with the scale of the gap.
    #[inline(always)]
    pub fn open(&self, kind: usize, i: usize, j: usize) -> F {
        let [three, five] = [self.neighbours[i + 2] as usize, self.neighbours[j] as usize];
        let scale = self.powers[2] * self.powers[GAP];
        self.weights.exterior[kind ^ 1][five][three] * self.weights.initiation * scale
    }

    /// The factors of unpaired bases in a multiloop, by position. There are no gaps in one.
    pub fn unpaired(&self) -> Vec<F> {
        let base = self.weights.unpaired * self.powers[1];
        let of = |position: usize| self.nick.filter(|nick| nick.contains(position)).map_or(base, |_| F::ZERO);
        (0..self.len()).map(of).collect()
    }
}
