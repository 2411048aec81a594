//! Boltzmann factors `exp(-E / RT)` of all energies, computed once.

use std::sync::LazyLock;

use crate::conditions::Conditions;
use crate::energies::Energies;
use crate::letters::{END, LETTERS, PAIRS, UNKNOWN};
use crate::number::Factor;
use crate::parameters::Parameters;
use crate::parameters::table::{LARGEST, Table};

/// Most unpaired bases of an internal loop or bulge, as in ViennaRNA (`MAXLOOP`).
pub(crate) const LONGEST_LOOP: usize = LARGEST;

/// Fewest unpaired bases of a hairpin.
pub(crate) const SHORTEST_HAIRPIN: usize = 3;

/// A factor for every kind of pair and the two letters inside it, next to it.
pub(crate) type Mismatch<F> = [[[F; LETTERS]; LETTERS]; PAIRS];

/// A factor for every kind of pair and the two letters outside it, next to it, which may be [`END`].
pub(crate) type Outer<F> = [[[F; LETTERS + 1]; LETTERS + 1]; PAIRS];

/// Factors of [`Parameters`]; those that always occur together are already multiplied. Axes are those of the energies.
#[derive(Debug)]
pub(crate) struct Weights<F: Factor = f64> {
    /// R·T in kcal/mol.
    pub rt: f64,
    /// The code of an unknown letter next to a branch: itself, or [`END`] if it counts as missing.
    pub unknown_neighbour: u8,
    pub stack: [[F; PAIRS]; PAIRS],
    /// Of a hairpin of more than three unpaired bases.
    pub mismatch_hairpin: Mismatch<F>,
    pub mismatch_internal: Mismatch<F>,
    pub mismatch_internal_1n: Mismatch<F>,
    pub mismatch_internal_23: Mismatch<F>,
    /// Of a branch in a multiloop; the closing pair counts as one read from the other strand.
    pub branch: Outer<F>,
    /// Of a branch of the exterior loop.
    pub exterior: Outer<F>,
    /// Of AU and GU pairs at the end of a helix, next to a bulge or hairpin.
    pub terminal: [F; PAIRS],
    pub int11: Vec<F::Stored>,
    pub int21: Vec<F::Stored>,
    pub int22: Vec<F::Stored>,
    hairpin: [F; LONGEST_LOOP + 1],
    pub bulge: [F; LONGEST_LOOP + 1],
    pub internal: [F; LONGEST_LOOP + 1],
    /// Of one side of an internal loop having this many more bases than the other.
    pub asymmetry: [F; LONGEST_LOOP + 1],
    /// Of an unpaired base in a multiloop.
    pub unpaired: F,
    /// Of closing a multiloop.
    pub closing: F,
    /// Of two strands that meet.
    pub initiation: F,
    /// For each size from the largest in the tables on, `ln(size / 30)` times this is added to the energy.
    logarithm: f64,
    /// Hairpins with their own energy: their letters, closing pair included.
    pub hairpins: Vec<(Vec<u8>, F)>,
}

impl Weights {
    /// The factors that features of trained models are made of: Turner 2004 at 37 °C; an unknown letter next to a branch
    /// counts as missing.
    pub fn of_features() -> &'static Self {
        static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| Weights {
            unknown_neighbour: END,
            ..Weights::new(Parameters::turner2004(), Conditions::default())
        });
        &WEIGHTS
    }
}

impl<F: Factor> Weights<F> {
    pub fn new(parameters: &Parameters, conditions: Conditions) -> Self {
        Self::of(&Energies::new(parameters, conditions, F::ROUNDING), conditions.rt())
    }

    /// The factors of energies that are rounded as `F` needs it.
    pub fn of(energies: &Energies, rt: f64) -> Self {
        let factor = |energy: f64| F::of(energy, rt);
        let inner = |table: Table| mismatch(|pair, x, y| factor(energies.mismatch(table, pair, x, y)));
        let by_size = |table: Table| std::array::from_fn(|size| factor(energies.size(table, size)));
        Self {
            rt,
            unknown_neighbour: UNKNOWN,
            stack: std::array::from_fn(|outer| std::array::from_fn(|inner| factor(energies.stack(outer, inner)))),
            mismatch_hairpin: inner(Table::MismatchHairpin),
            mismatch_internal: inner(Table::MismatchInternal),
            mismatch_internal_1n: inner(Table::MismatchInternal1n),
            mismatch_internal_23: inner(Table::MismatchInternal23),
            branch: mismatch(|pair, five, three| factor(energies.branch(pair, five as u8, three as u8))),
            exterior: mismatch(|pair, five, three| factor(energies.exterior(pair, five as u8, three as u8))),
            terminal: std::array::from_fn(|pair| factor(energies.terminal(pair))),
            int11: narrow(energies, Table::Int11, factor),
            int21: narrow(energies, Table::Int21, factor),
            int22: narrow(energies, Table::Int22, factor),
            hairpin: by_size(Table::Hairpin),
            bulge: by_size(Table::Bulge),
            internal: by_size(Table::Internal),
            asymmetry: std::array::from_fn(|more| factor(energies.asymmetry(more))),
            unpaired: factor(energies.unpaired),
            closing: factor(energies.closing),
            initiation: factor(energies.initiation),
            logarithm: energies.logarithm,
            hairpins: energies.hairpins.iter().map(|(letters, energy)| (letters.clone(), factor(*energy))).collect(),
        }
    }

    /// Factor of a hairpin's number of unpaired bases.
    pub fn hairpin(&self, size: usize) -> F {
        if size <= LONGEST_LOOP {
            return self.hairpin[size];
        }
        let more = self.logarithm * (size as f64 / LONGEST_LOOP as f64).ln();
        self.hairpin[LONGEST_LOOP] * F::of(F::ROUNDING.round(more), self.rt)
    }
}

/// The factors of a table of two pairs, without those of letters that do not pair.
fn narrow<F: Factor>(energies: &Energies, table: Table, factor: impl Fn(f64) -> F) -> Vec<F::Stored> {
    let values = energies.table(table);
    let letters = values.len() / (PAIRS + 1).pow(2);
    let of_pairs = |pairs: usize| &values[(pairs / PAIRS * (PAIRS + 1) + pairs % PAIRS) * letters..][..letters];
    (0..PAIRS * PAIRS).flat_map(of_pairs).map(|&energy| factor(energy).stored()).collect()
}

fn mismatch<F, const N: usize>(factor: impl Fn(usize, usize, usize) -> F) -> [[[F; N]; N]; PAIRS] {
    std::array::from_fn(|pair| std::array::from_fn(|x| std::array::from_fn(|y| factor(pair, x, y))))
}
