//! What folding gives: [`Fold`] and [`PairMap`].

use rayon::prelude::*;
use rinalmo_decode::constraint::Constraint;
use rinalmo_energy::EnergyModel;
use rinalmo_seq::Structure;
use rinalmo_seq::structure::PAGES;

use crate::checkpoint::Curve;
use crate::energies::without_lonely;
use crate::{Alternative, FoldEnergies};

/// A folded sequence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fold {
    /// The structure: at most one partner a base.
    pub structure: Structure,
    /// Its pairs with their probabilities, 0-based, `i < j`.
    pub pairs: Vec<(usize, usize, f32)>,
    /// Mean probability of the chosen pairs; 0 if there are none.
    pub score: f32,
    /// The F1 to expect of this structure (relaxed: a pair may be one position off). `None` unless the model was
    /// calibrated for these options: its own decoder and threshold, no constraint, no reactivities, and the default loops and
    /// letters of pairs.
    pub expected_f1: Option<f32>,
    /// The threshold that was applied, or that [`Method::F1`](rinalmo_decode::Method::F1) found.
    pub threshold: f32,
    /// How many pairs more probable than 0.5 were left out only because they cross others: the model predicts a
    /// pseudoknot that this decoder cannot return. [`Method::Greedy`](rinalmo_decode::Method::Greedy) can, or, of a network
    /// in an ensemble of energies, [`FoldOptions::pseudoknots`](crate::FoldOptions::pseudoknots): there the pairs are those of
    /// helices among the bases that are left.
    pub crossing_left_out: usize,
    /// Probabilities of all pairs, if asked for.
    pub probabilities: Option<PairMap>,
    /// Free energies, if an energy model folded it.
    pub energies: Option<FoldEnergies>,
    /// Other structures, if asked for.
    pub alternatives: Option<Vec<Alternative>>,
}

impl Fold {
    /// The same without pairs that stack on no other, unless a constraint asks for them.
    pub(super) fn without_lonely_pairs(mut self, constraint: Option<&Constraint>) -> Self {
        let kept = without_lonely(self.structure.pairs(), constraint);
        self.pairs.retain(|&(i, j, _)| kept.contains(&(i, j)));
        self.structure = Structure::new(self.structure.len(), kept).expect("some of the pairs that it had");
        self.score = self.pairs.iter().map(|pair| pair.2).sum::<f32>() / self.pairs.len().max(1) as f32;
        self
    }

    /// The same with these pairs that cross its own, or with their number if they are left out.
    pub(super) fn with_crossing(mut self, crossing: Vec<(usize, usize, f32)>, kept: bool) -> Self {
        if !kept {
            self.crossing_left_out += crossing.len();
            return self;
        }
        self.pairs.extend(crossing);
        self.pairs.sort_by_key(|&(i, j, _)| (i, j));
        let pairs = self.pairs.iter().map(|&(i, j, _)| (i, j)).collect();
        self.structure = Structure::new(self.structure.len(), pairs).expect("pairs of bases that had no partner");
        self.score = self.pairs.iter().map(|pair| pair.2).sum::<f32>() / self.pairs.len().max(1) as f32;
        self
    }

    /// The structure as dot-bracket text, with further kinds of brackets for pseudoknots. Pairs that no kind of bracket
    /// is left for are missing, see [`Fold::left_out`].
    pub fn dot_bracket(&self) -> String {
        let written = self.structure.within_pages(PAGES.len());
        written.to_dot_bracket().expect("a decoded structure has one partner a base, and these pages suffice")
    }

    /// What follows the structure in dot-bracket files: the expected F1, else the free energy as RNAfold prints it, else
    /// the mean probability of the pairs.
    pub fn remark(&self) -> String {
        match (self.expected_f1, self.energies.and_then(|energies| energies.structure)) {
            (Some(f1), _) => format!("expected_f1={f1:.3}"),
            (None, Some(energy)) => format!("({energy:6.2})"),
            (None, None) => format!("score={:.3}", self.score),
        }
    }

    /// How many pairs dot-bracket text cannot hold. This is 0 except for long sequences that the model cannot fold:
    /// there, greedy decoding may cross pairs in more layers than there are kinds of brackets.
    pub fn left_out(&self) -> usize {
        self.structure.pairs().len() - self.structure.within_pages(PAGES.len()).pairs().len()
    }
}

/// Probabilities of all pairs of one sequence: symmetric, zero diagonal.
#[derive(Clone, Debug, PartialEq)]
pub struct PairMap {
    /// Number of positions.
    pub len: usize,
    /// Row-major `[len, len]`.
    pub values: Vec<f32>,
}

impl PairMap {
    /// The probabilities that a curve gives to logits `[len, len]`.
    pub fn of_logits(mut logits: Vec<f32>, len: usize, curve: Curve) -> Self {
        let of_row = |row: &mut [f32]| {
            // Pairs of bases that cannot pair have the same logit, and most are.
            let mut last = (f32::NAN, f32::NAN);
            for x in row {
                if *x != last.0 {
                    last = (*x, curve.probability(*x));
                }
                *x = last.1;
            }
        };
        logits.par_chunks_mut(len.max(1)).for_each(of_row);
        logits.iter_mut().step_by(len + 1).for_each(|diagonal| *diagonal = 0.0);
        Self { len, values: logits }
    }

    /// Replaces a `share` of the probabilities by those of the learned energy model; of pairs that it does not know, such
    /// as non-canonical ones, that share is lost. `energies` are [`learned_probabilities`] of the same sequence.
    pub fn share(&mut self, energies: &[f32], share: f32) {
        debug_assert_eq!(energies.len(), self.values.len());
        let mixed = self.values.par_iter_mut().zip(energies);
        mixed.for_each(|(p, energy)| *p = (1.0 - share) * *p + share * energy);
    }

    /// The probability that `i` and `j` pair, 0-based.
    pub fn get(&self, i: usize, j: usize) -> f32 {
        self.values[i * self.len + j]
    }

    /// Pairs `i < j` of probability above `cutoff`.
    pub fn above(&self, cutoff: f32) -> impl Iterator<Item = (usize, usize, f32)> + '_ {
        (0..self.len)
            .flat_map(move |i| (i + 1..self.len).map(move |j| (i, j, self.get(i, j))))
            .filter(move |&(_, _, p)| p > cutoff)
    }
}

/// Probabilities of all pairs in the learned energy model, `[len, len]`: see [`FoldOptions::energy_share`](crate::FoldOptions::energy_share).
pub fn learned_probabilities(bases: &[u8]) -> Vec<f32> {
    EnergyModel::learned().ensemble(bases).into_probabilities()
}
