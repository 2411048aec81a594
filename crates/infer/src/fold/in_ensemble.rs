//! Folding by a head that adds to the energies of an ensemble: what is known of a sequence, other structures than the best
//! one, and pairs that cross it all belong to that ensemble.

use rinalmo_energy::{EnergyModel, Ensemble, Restraints};
use rinalmo_model::in_ensemble::InEnsemble;

use super::{FoldOptions, FoldRequest, knots};
use crate::energies::add_constraint;
use crate::{Alternative, Alternatives, Error};

/// A head's bonuses for one sequence, with what else is known of it.
pub(super) struct Said<'a> {
    head: &'a InEnsemble,
    sequence: &'a [u8],
    options: &'a FoldOptions,
    /// The head's bonuses with the constraint, if there is one.
    constrained: Option<Vec<f32>>,
    stacked: Option<Vec<f32>>,
}

impl<'a> Said<'a> {
    /// # Errors
    /// The constraint does not fit.
    pub fn new(head: &'a InEnsemble, request: &'a FoldRequest<'_>, options: &'a FoldOptions) -> Result<Self, Error> {
        let sequence = &request.sequence[..];
        let mut constrained = None;
        if let Some(constraint) = &request.constraint {
            constraint.check(sequence.len(), options.min_loop).map_err(rinalmo_decode::DecodeError::from)?;
            let mut bonuses = head.bonuses().to_vec();
            add_constraint(constraint, &mut bonuses);
            constrained = Some(bonuses);
        }
        Ok(Self { head, sequence, options, constrained, stacked: request.stacked(options.reactivity) })
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
    pub fn ensemble(&self) -> Ensemble {
        self.model().ensemble_with(self.sequence, self.restraints())
    }

    /// Other structures, whose energies are with what the head adds.
    ///
    /// # Errors
    /// There are too many to return.
    pub fn others(&self, which: Alternatives, ensemble: &Ensemble, budget: u64) -> Result<Vec<Alternative>, Error> {
        let mut found = which.of(self.model(), self.sequence, self.restraints(), ensemble, budget)?;
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
