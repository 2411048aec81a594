//! Tests the recursions: lists all structures of a short sequence and sums their energies from the tables.

use proptest::prelude::*;

use crate::conditions::Conditions;
use crate::energies::{Energies, Rounding};
use crate::evaluate::Structure;
use crate::letters::{code, pair};
use crate::weights::RT;
use crate::{Ensemble, Parameters};

/// Largest difference allowed, in kcal/mol for energies; for probabilities it covers rounding to f32.
const SUM: f64 = 1e-6;

impl Structure<'_> {
    /// Energy of the loop from `i` to `j` and of all loops inside it, in 0.01 kcal/mol. `closing` is `None` for the
    /// exterior loop.
    fn energy_within(&self, closing: Option<(usize, usize)>) -> f64 {
        let (branches, unpaired) = self.branches(closing);
        let within: f64 = branches.iter().map(|&branch| self.energy_within(Some(branch))).sum();
        within + self.energy(closing, &branches, unpaired)
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
    let energies = Energies::new(Parameters::turner2004(), Conditions::default(), Rounding::Exact);
    let len = letters.len();
    let mut structure = Structure { energies: &energies, letters: &letters, partner: vec![None; len] };
    let (mut whole, mut pairs) = (0.0, vec![0.0; len * len]);
    structure.each(0, &mut |structure| {
        let partners = structure.partner.iter().enumerate();
        let pairs_of = partners.clone().filter_map(|(i, partner)| partner.filter(|j| i < *j).map(|j| bonus(i, j)));
        let weight = (-structure.energy_within(None) / 100.0 / RT + pairs_of.sum::<f64>()).exp();
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
    fn recursions_add_up_all_structures(sequence in prop::collection::vec(prop::sample::select(b"ACGUACGU".to_vec()), 0..18)) {
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
