//! Boltzmann factors `exp(-E / RT)` of all energies, computed once.

use std::sync::LazyLock;

use crate::conditions::Conditions;
use crate::energies::{Energies, Rounding};
use crate::letters::{END, LETTERS, PAIRS, UNKNOWN};
use crate::parameters::Parameters;
use crate::parameters::table::{LARGEST, Table};

/// Most unpaired bases of an internal loop or bulge, as in ViennaRNA (`MAXLOOP`).
pub(crate) const LONGEST_LOOP: usize = LARGEST;

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
    /// The factors of Turner 2004 at 37 °C.
    pub fn turner2004() -> &'static Self {
        static WEIGHTS: LazyLock<Weights> =
            LazyLock::new(|| Weights::new(Parameters::turner2004(), Conditions::default()));
        &WEIGHTS
    }

    pub fn new(parameters: &Parameters, conditions: Conditions) -> Self {
        let energies = Energies::new(parameters, conditions, Rounding::Exact);
        let rt = conditions.rt();
        let factor = |energy: f64| (-energy / 100.0 / rt).exp();
        let inner = |table: Table| mismatch(|pair, x, y| factor(energies.mismatch(table, pair, x, y)));
        let letter = |letter: usize| if letter == UNKNOWN as usize { END } else { letter as u8 };
        let by_size = |table: Table| std::array::from_fn(|size| factor(energies.size(table, size)));
        Self {
            stack: std::array::from_fn(|outer| std::array::from_fn(|inner| factor(energies.stack(outer, inner)))),
            mismatch_hairpin: inner(Table::MismatchHairpin),
            mismatch_internal: inner(Table::MismatchInternal),
            mismatch_internal_1n: inner(Table::MismatchInternal1n),
            mismatch_internal_23: inner(Table::MismatchInternal23),
            branch: mismatch(|pair, five, three| factor(energies.branch(pair, letter(five), letter(three)))),
            exterior: mismatch(|pair, five, three| factor(energies.exterior(pair, letter(five), letter(three)))),
            terminal: std::array::from_fn(|pair| factor(energies.terminal(pair))),
            int11: narrow(&energies, Table::Int11, factor),
            int21: narrow(&energies, Table::Int21, factor),
            int22: narrow(&energies, Table::Int22, factor),
            hairpin: by_size(Table::Hairpin),
            bulge: by_size(Table::Bulge),
            internal: by_size(Table::Internal),
            asymmetry: std::array::from_fn(|more| factor(energies.asymmetry(more))),
            unpaired: factor(energies.unpaired),
            closing: factor(energies.closing),
            logarithm: parameters.logarithm,
            hairpins: energies.hairpins.iter().map(|(letters, energy)| (letters.clone(), factor(*energy))).collect(),
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

/// The factors of a table of two pairs, without those of letters that do not pair.
fn narrow(energies: &Energies, table: Table, factor: impl Fn(f64) -> f64) -> Vec<f32> {
    let values = energies.table(table);
    let letters = values.len() / (PAIRS + 1).pow(2);
    let of_pairs = |pairs: usize| &values[(pairs / PAIRS * (PAIRS + 1) + pairs % PAIRS) * letters..][..letters];
    (0..PAIRS * PAIRS).flat_map(of_pairs).map(|&energy| factor(energy) as f32).collect()
}

fn mismatch(factor: impl Fn(usize, usize, usize) -> f64) -> Mismatch {
    let row = |pair, x| std::array::from_fn(|y| factor(pair, x, y));
    std::array::from_fn(|pair| std::array::from_fn(|x| row(pair, x)))
}
