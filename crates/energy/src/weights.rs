//! Boltzmann factors `exp(-E / RT)` of all energies, computed once.

use std::sync::LazyLock;

use crate::letters::{LETTERS, PAIRS};
use crate::parameters::Parameters;

/// Most unpaired bases of an internal loop or bulge, as in ViennaRNA (`MAXLOOP`).
pub(crate) const LONGEST_LOOP: usize = 30;

/// Fewest unpaired bases of a hairpin.
pub(crate) const SHORTEST_HAIRPIN: usize = 3;

/// R·T in kcal/mol, at 37 °C.
pub(crate) const RT: f64 = 1.98717e-3 * (273.15 + 37.0);

/// A factor for every kind of pair and the two letters next to it.
pub(crate) type Mismatch = [[[f64; LETTERS]; LETTERS]; PAIRS];

/// Factors of [`Parameters`]; those that always occur together are already multiplied. Axes are those of the energies.
pub(crate) struct Weights {
    pub stack: [[f64; PAIRS]; PAIRS],
    /// Of a hairpin of more than three unpaired bases.
    pub mismatch_hairpin: Mismatch,
    pub mismatch_internal: Mismatch,
    pub mismatch_internal_1n: Mismatch,
    pub mismatch_internal_23: Mismatch,
    /// Of a branch in a multiloop; the closing pair counts as one read from the other strand.
    pub branch: Mismatch,
    /// Of a branch of the exterior loop.
    pub exterior: Mismatch,
    /// Of AU and GU pairs at the end of a helix, next to a bulge or hairpin.
    pub terminal: [f64; PAIRS],
    /// Stored as f32 to stay in a cache close to the core; the rounding error is far below the error of the energies.
    pub int11: Vec<f32>,
    pub int21: Vec<f32>,
    pub int22: Vec<f32>,
    hairpin: [f64; LONGEST_LOOP + 1],
    pub bulge: [f64; LONGEST_LOOP + 1],
    pub internal: [f64; LONGEST_LOOP + 1],
    /// Of one side of an internal loop having this many more bases than the other.
    pub asymmetry: [f64; LONGEST_LOOP + 1],
    /// Of an unpaired base in a multiloop.
    pub unpaired: f64,
    /// Of closing a multiloop.
    pub closing: f64,
    logarithm: f64,
    /// Hairpins with their own energy: their letters, closing pair included.
    pub hairpins: Vec<(Vec<u8>, f64)>,
}

impl Weights {
    /// The factors of Turner 2004.
    pub fn turner2004() -> &'static Self {
        static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| Weights::new(&Parameters::turner2004()));
        &WEIGHTS
    }

    fn new(parameters: &Parameters) -> Self {
        let terminal = |pair: usize| if pair > 1 { parameters.terminal_au } else { 0 };
        let inner = |table: &[i32]| mismatch(|pair, x, y| f64::from(table[(pair * LETTERS + x) * LETTERS + y]));
        let outer = |table: &[i32], branch: i32| {
            mismatch(|pair, five, three| {
                let beside = parameters.outer_mismatch(table, pair, five as u8, three as u8);
                beside + f64::from(terminal(pair) + branch)
            })
        };
        let by_size = |table: &[i32]| std::array::from_fn(|size| factor(table[size]));
        let narrow = |table: &[i32]| table.iter().map(|&energy| factor(energy) as f32).collect();
        let [unpaired, closing, branch] = parameters.multiloop;
        let [slope, largest] = parameters.asymmetry;
        Self {
            stack: std::array::from_fn(|outer| {
                std::array::from_fn(|inner| factor(parameters.stack[outer * PAIRS + inner]))
            }),
            mismatch_hairpin: inner(&parameters.mismatch_hairpin),
            mismatch_internal: inner(&parameters.mismatch_internal),
            mismatch_internal_1n: inner(&parameters.mismatch_internal_1n),
            mismatch_internal_23: inner(&parameters.mismatch_internal_23),
            branch: outer(&parameters.mismatch_multi, branch),
            exterior: outer(&parameters.mismatch_exterior, 0),
            terminal: std::array::from_fn(|pair| factor(terminal(pair))),
            int11: narrow(&parameters.int11),
            int21: narrow(&parameters.int21),
            int22: narrow(&parameters.int22),
            hairpin: by_size(&parameters.hairpin),
            bulge: by_size(&parameters.bulge),
            internal: by_size(&parameters.internal),
            asymmetry: std::array::from_fn(|more| factor(largest.min(slope * more as i32))),
            unpaired: factor(unpaired),
            closing: factor(closing),
            logarithm: parameters.logarithm,
            hairpins: parameters.hairpins.iter().map(|(letters, energy)| (letters.clone(), factor(*energy))).collect(),
        }
    }

    /// Factor of a hairpin's number of unpaired bases.
    pub fn hairpin(&self, size: usize) -> f64 {
        if size <= LONGEST_LOOP {
            return self.hairpin[size];
        }
        let times = size as f64 / LONGEST_LOOP as f64;
        self.hairpin[LONGEST_LOOP] * (-self.logarithm * times.ln() / 100.0 / RT).exp()
    }
}

fn factor(energy: impl Into<f64>) -> f64 {
    (-energy.into() / 100.0 / RT).exp()
}

fn mismatch(energy: impl Fn(usize, usize, usize) -> f64) -> Mismatch {
    let row = |pair, x| std::array::from_fn(|y| factor(energy(pair, x, y)));
    std::array::from_fn(|pair| std::array::from_fn(|x| row(pair, x)))
}
