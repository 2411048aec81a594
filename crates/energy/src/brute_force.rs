//! Tests the recursions: lists all structures of a short sequence and sums their energies from the tables.

use proptest::prelude::*;

use crate::Ensemble;
use crate::letters::{LETTERS, PAIRS, UNKNOWN, code, pair};
use crate::parameters::Parameters;
use crate::weights::RT;

/// Largest difference allowed, in kcal/mol for energies; for probabilities it covers rounding to f32.
const SUM: f64 = 1e-6;

/// A sequence's letters and the partner of each base.
struct Structure<'a> {
    parameters: &'a Parameters,
    letters: &'a [u8],
    partner: Vec<Option<usize>>,
}

impl Structure<'_> {
    /// Energy of the loop from `i` to `j` and of all loops inside it, in 0.01 kcal/mol. `closing` is `None` for the
    /// exterior loop.
    fn energy(&self, closing: Option<(usize, usize)>) -> f64 {
        let (begin, end) = closing.map_or((0, self.letters.len()), |(i, j)| (i + 1, j));
        let mut branches = Vec::new();
        let mut k = begin;
        while k < end {
            let partner = self.partner[k];
            branches.extend(partner.map(|partner| (k, partner)));
            k = partner.unwrap_or(k) + 1;
        }
        let within: f64 = branches.iter().map(|&branch| self.energy(Some(branch))).sum();
        within
            + match (closing, &branches[..]) {
                (None, _) => branches.iter().map(|&pair| self.branch(&self.parameters.mismatch_exterior, pair)).sum(),
                (Some(pair), []) => self.hairpin(pair),
                (Some(outer), &[inner]) => f64::from(self.internal(outer, inner)),
                (Some((i, j)), _) => {
                    let [unpaired, closing, each] = self.parameters.multiloop;
                    let paired: usize = branches.iter().map(|(p, q)| q - p + 1).sum();
                    let fixed = closing + each * (branches.len() + 1) as i32 + unpaired * (end - begin - paired) as i32;
                    let ends = branches.iter().copied().chain([(j, i)]);
                    f64::from(fixed) + ends.map(|pair| self.branch(&self.parameters.mismatch_multi, pair)).sum::<f64>()
                }
            }
    }

    fn kind(&self, i: usize, j: usize) -> usize {
        pair(self.letters[i], self.letters[j]).expect("only letters that can pair are paired")
    }

    fn terminal(&self, kind: usize) -> i32 {
        if kind > 1 { self.parameters.terminal_au } else { 0 }
    }

    fn letter(&self, i: Option<usize>) -> u8 {
        i.and_then(|i| self.letters.get(i)).copied().unwrap_or(UNKNOWN)
    }

    fn branch(&self, mismatch: &[i32], (i, j): (usize, usize)) -> f64 {
        let (five, three) = (self.letter(i.checked_sub(1)), self.letter(Some(j + 1)));
        let kind = self.kind(i, j);
        self.parameters.outer_mismatch(mismatch, kind, five, three) + f64::from(self.terminal(kind))
    }

    fn hairpin(&self, (i, j): (usize, usize)) -> f64 {
        let known = self.parameters.hairpins.iter().find(|(letters, _)| letters == &self.letters[i..=j]);
        if let Some((_, energy)) = known {
            return f64::from(*energy);
        }
        let (kind, size) = (self.kind(i, j), j - i - 1);
        let end = match size {
            3 => self.terminal(kind),
            _ => self.mismatch(&self.parameters.mismatch_hairpin, kind, self.letters[i + 1], self.letters[j - 1]),
        };
        f64::from(self.parameters.hairpin[size] + end)
    }

    fn mismatch(&self, table: &[i32], kind: usize, x: u8, y: u8) -> i32 {
        table[(kind * LETTERS + x as usize) * LETTERS + y as usize]
    }

    fn internal(&self, (i, j): (usize, usize), (p, q): (usize, usize)) -> i32 {
        let parameters = self.parameters;
        let (outer, inner) = (self.kind(i, j), self.kind(q, p));
        let (left, right) = (p - i - 1, j - q - 1);
        let table = |table: &[i32], pairs: [usize; 2], letters: &[usize]| {
            let cell =
                letters.iter().fold(pairs[0] * PAIRS + pairs[1], |cell, &i| cell * LETTERS + self.letters[i] as usize);
            table[cell]
        };
        let ends = |mismatch: &[i32]| {
            self.mismatch(mismatch, outer, self.letters[i + 1], self.letters[j - 1])
                + self.mismatch(mismatch, inner, self.letters[q + 1], self.letters[p - 1])
        };
        let [slope, largest] = parameters.asymmetry;
        let sizes = parameters.internal[left + right] + largest.min(slope * left.abs_diff(right) as i32);
        match (left.min(right), left.max(right)) {
            (0, 0) => parameters.stack[outer * PAIRS + inner],
            (0, 1) => parameters.bulge[1] + parameters.stack[outer * PAIRS + inner],
            (0, size) => parameters.bulge[size] + self.terminal(outer) + self.terminal(inner),
            (1, 1) => table(&parameters.int11, [outer, inner], &[i + 1, j - 1]),
            (1, 2) if left == 1 => table(&parameters.int21, [outer, inner], &[i + 1, q + 1, j - 1]),
            (1, 2) => table(&parameters.int21, [inner, outer], &[q + 1, i + 1, p - 1]),
            (1, _) => sizes + ends(&parameters.mismatch_internal_1n),
            (2, 2) => table(&parameters.int22, [outer, inner], &[i + 1, p - 1, q + 1, j - 1]),
            (2, 3) => sizes + ends(&parameters.mismatch_internal_23),
            _ => sizes + ends(&parameters.mismatch_internal),
        }
    }

    /// Calls `visit` with every structure that extends this one by pairs of the bases from `k` on.
    fn each(&mut self, k: usize, visit: &mut impl FnMut(&Self)) {
        if k == self.letters.len() {
            return visit(self);
        }
        self.each(k + 1, visit);
        if self.partner[k].is_some() {
            return;
        }
        // A partner must be inside the innermost pair around `k`.
        let around = (0..k).rev().find_map(|i| self.partner[i].filter(|&j| j > k)).unwrap_or(self.letters.len());
        for j in k + 4..around {
            if self.partner[j].is_none() && pair(self.letters[k], self.letters[j]).is_some() {
                (self.partner[k], self.partner[j]) = (Some(j), Some(k));
                self.each(k + 1, visit);
                (self.partner[k], self.partner[j]) = (None, None);
            }
        }
    }
}

/// The ensemble's free energy, and the probabilities of all pairs, from the list of all structures.
fn enumerate(sequence: &[u8], bonus: impl Fn(usize, usize) -> f64) -> (f64, Vec<f64>) {
    let letters: Vec<u8> = sequence.iter().map(|&letter| code(letter)).collect();
    let parameters = Parameters::turner2004();
    let len = letters.len();
    let mut structure = Structure { parameters: &parameters, letters: &letters, partner: vec![None; len] };
    let (mut whole, mut pairs) = (0.0, vec![0.0; len * len]);
    structure.each(0, &mut |structure| {
        let partners = structure.partner.iter().enumerate();
        let pairs_of = partners.clone().filter_map(|(i, partner)| partner.filter(|j| i < *j).map(|j| bonus(i, j)));
        let weight = (-structure.energy(None) / 100.0 / RT + pairs_of.sum::<f64>()).exp();
        whole += weight;
        partners.for_each(|(i, partner)| partner.iter().for_each(|j| pairs[i * len + j] += weight));
    });
    (-RT * f64::ln(whole), pairs.into_iter().map(|weight| weight / whole).collect())
}

fn agrees(sequence: &[u8]) -> Result<(), TestCaseError> {
    compare(sequence, &Ensemble::new(sequence), enumerate(sequence, |_, _| 0.0))
}

/// As [`agrees`], with bonuses that favour some pairs, disfavour others, and forbid a few.
fn agrees_with_bonuses(sequence: &[u8]) -> Result<(), TestCaseError> {
    let bonus = |i: usize, j: usize| match (i * 7 + j * 3) % 11 {
        0 => f32::NEG_INFINITY,
        k => k as f32 * 0.5 - 2.0,
    };
    let len = sequence.len();
    let table: Vec<f32> = (0..len * len).map(|cell| bonus(cell / len, cell % len)).collect();
    let expected = enumerate(sequence, |i, j| f64::from(bonus(i, j)));
    compare(sequence, &Ensemble::with_bonuses(sequence, &table), expected)
}

fn compare(sequence: &[u8], ensemble: &Ensemble, (energy, pairs): (f64, Vec<f64>)) -> Result<(), TestCaseError> {
    prop_assert!((ensemble.energy() - energy).abs() < SUM, "{} kcal/mol, expected {}", ensemble.energy(), energy);
    for (cell, (found, expected)) in ensemble.probabilities().iter().zip(pairs).enumerate() {
        let (i, j) = (cell / sequence.len(), cell % sequence.len());
        prop_assert!((f64::from(*found) - expected).abs() < SUM, "{} of ({}, {}), expected {}", found, i, j, expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn recursions_add_up_all_structures(sequence in prop::collection::vec(prop::sample::select(b"ACGUACGUN".to_vec()), 0..18)) {
        agrees(&sequence)?;
    }

    #[test]
    fn bonuses_of_pairs_count_in_every_structure(sequence in prop::collection::vec(prop::sample::select(b"GGCCAU".to_vec()), 0..16)) {
        agrees_with_bonuses(&sequence)?;
    }

    #[test]
    fn recursions_add_up_all_structures_of_strong_pairs(sequence in prop::collection::vec(prop::sample::select(b"GGCCA".to_vec()), 12..16)) {
        agrees(&sequence)?;
    }
}

#[test]
fn recursions_add_up_multiloops_and_long_loops() {
    for sequence in ["GGAAACGAAACCAAAC", "GGAAACACGAAAGAC", "GAAAAACGAAAGAAAAC", "GAACAAACAAGAAAC", "CAGAGAAACAAACUG"] {
        agrees(sequence.as_bytes()).unwrap();
        agrees_with_bonuses(sequence.as_bytes()).unwrap();
    }
}
