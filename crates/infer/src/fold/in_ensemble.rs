//! Folding by a head that adds to the energies of an ensemble: what is known of a sequence, other structures than the best
//! one, and pairs that cross it all belong to that ensemble.

use rinalmo_decode::constraint::Constraint;
use rinalmo_energy::{Deigan, EnergyModel, Ensemble, Restraints};
use rinalmo_model::in_ensemble::InEnsemble;
use rinalmo_seq::base_pair::is_canonical;

use super::{FoldOptions, FoldRequest, knots};
use crate::energies::{add_constraint, no_room, within_span};
use crate::{Alternative, Alternatives, Error};

/// A pair that a constraint asks for is more probable than this, unless no structure has it.
const LEAST_FORCED: f32 = 0.5;

/// A head's bonuses for one sequence, with what else is known of it.
pub(super) struct Said<'a> {
    head: &'a InEnsemble,
    sequence: &'a [u8],
    options: &'a FoldOptions,
    constraint: Option<&'a Constraint>,
    /// The head's bonuses with the constraint and without hairpins that are too short, if options ask for either.
    constrained: Option<Vec<f32>>,
    stacked: Option<Vec<f32>>,
}

impl<'a> Said<'a> {
    /// # Errors
    /// The constraint does not fit.
    pub fn new(
        head: &'a InEnsemble,
        request: &'a FoldRequest<'_>,
        reactivity: Deigan,
        options: &'a FoldOptions,
    ) -> Result<Self, Error> {
        let sequence = &request.sequence[..];
        let mut constrained = None;
        if let Some(constraint) = &request.constraint {
            constraint.check(sequence.len(), options.min_loop).map_err(rinalmo_decode::DecodeError::from)?;
            within_span(constraint, options.max_span)?;
            let mut bonuses = head.bonuses().to_vec();
            add_constraint(constraint, &mut bonuses);
            constrained = Some(bonuses);
        }
        if options.min_loop > FoldOptions::default().min_loop {
            let bonuses = constrained.get_or_insert_with(|| head.bonuses().to_vec());
            let len = sequence.len();
            for (i, row) in bonuses.chunks_exact_mut(len.max(1)).enumerate() {
                row[i..len.min(i.saturating_add(options.min_loop).saturating_add(1))].fill(f32::NEG_INFINITY);
            }
        }
        let (constraint, stacked) = (request.constraint.as_ref(), request.stacked(reactivity));
        Ok(Self { head, sequence, options, constraint, constrained, stacked })
    }

    fn model(&self) -> &'static EnergyModel {
        self.head.energies()
    }

    fn restraints(&self) -> Restraints<'_> {
        Restraints::default()
            .bonuses(self.constrained.as_deref().unwrap_or(self.head.bonuses()))
            .stacked(self.stacked.as_deref())
            .no_lonely_pairs(self.options.no_lonely_pairs)
            .max_span(self.options.max_span)
    }

    /// The ensemble.
    ///
    /// # Errors
    /// No structure has a pair that the constraint asks for.
    pub fn ensemble(&self) -> Result<Ensemble, Error> {
        let ensemble = self.model().ensemble_with(self.sequence, self.restraints());
        let mut forced = self.constraint.into_iter().flat_map(Constraint::forced);
        match forced.find(|&(i, j)| ensemble.probability(i, j) < LEAST_FORCED) {
            Some(pair) if self.has_energy(pair) => Err(no_room(pair, self.options)),
            _ => Ok(ensemble),
        }
    }

    /// Does the ensemble have an energy for a pair of these letters? Decoders take others from a constraint too.
    fn has_energy(&self, (i, j): (usize, usize)) -> bool {
        is_canonical(self.sequence[i], self.sequence[j])
    }

    /// Other structures, whose energies are with what the head adds.
    ///
    /// # Errors
    /// There are too many to return.
    pub fn others(&self, which: Alternatives, ensemble: &Ensemble, budget: u64) -> Result<Vec<Alternative>, Error> {
        let obey = self.constraint.is_some() || self.options.no_lonely_pairs;
        let mut found = which.of(self.model(), self.sequence, self.restraints(), obey, ensemble, budget)?;
        found.iter_mut().for_each(|one| one.energy = self.with_bonuses(one));
        if matches!(which, Alternatives::Band(_)) {
            found.sort_by(|a, b| a.energy.total_cmp(&b.energy));
        }
        Ok(found)
    }

    /// The energy of a structure with what the head adds, in kcal/mol to hundredths.
    fn with_bonuses(&self, one: &Alternative) -> f64 {
        let (structure, bonuses) = (one.structure(), self.head.bonuses());
        let bonus = |&(i, j): &(usize, usize)| f64::from(bonuses[i * self.sequence.len() + j]);
        let added: f64 = structure.pairs().iter().map(bonus).sum();
        let energy = one.energy - added * self.model().conditions().rt();
        (energy * 100.0).round() / 100.0
    }

    /// Helices that cross the structure of these pairs: see [`knots`].
    pub fn crossing(&self, pairs: &[(usize, usize, f32)]) -> Vec<(usize, usize, f32)> {
        knots::crossing(self.model(), self.sequence, self.restraints(), pairs)
    }
}
