//! Chemical probing as energies: bases that react are unlikely to be in the middle of a helix.

/// The energies that Deigan, Li, Mathews and Weeks (PNAS 106 (2009) 97) give to reactivities: `slope · ln(reactivity + 1) +
/// intercept` in kcal/mol, for a base in each stack that it is in ([`Restraints::stacked`](crate::Restraints::stacked)).
///
/// ```
/// use rinalmo_energy::{Deigan, EnergyModel, Restraints};
///
/// let sequence = b"GGGGAAAACCCC";
/// let reactivities = [None, Some(0.1), Some(0.0), Some(0.2), Some(1.5), Some(1.1), Some(0.9), Some(1.8), None, None, None, None];
/// let energies = Deigan::default().energies(&reactivities);
/// let restraints = Restraints::default().stacked(&energies[..]);
/// assert!(EnergyModel::turner2004().mfe_with(sequence, restraints).energy < -5.4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deigan {
    /// In kcal/mol: how much a reactive base counts against a stack.
    pub slope: f32,
    /// In kcal/mol: how much a base that does not react counts for it.
    pub intercept: f32,
}

impl Default for Deigan {
    /// 1.8 and -0.6 kcal/mol, as in RNAfold.
    fn default() -> Self {
        Self { slope: 1.8, intercept: -0.6 }
    }
}

impl Deigan {
    /// The energies of bases with these reactivities, which are normalised so that 1 is high; 0 for bases without one. A
    /// reactivity below 0 counts as none, as in ViennaRNA.
    pub fn energies(self, reactivities: &[Option<f32>]) -> Vec<f32> {
        let energy = |reactivity: f32| self.slope * (reactivity + 1.0).ln() + self.intercept;
        let measured = |reactivity: &Option<f32>| reactivity.filter(|reactivity| *reactivity >= 0.0);
        reactivities.iter().map(|reactivity| measured(reactivity).map_or(0.0, energy)).collect()
    }
}

/// What reacted with the bases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reagent {
    /// One that reacts with all bases, such as 1M7 or NAI.
    #[default]
    Shape,
    /// Dimethyl sulfate, which does not react with G and U in the same way.
    Dms,
}

impl Reagent {
    /// All reagents.
    pub const ALL: [Self; 2] = [Self::Shape, Self::Dms];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Dms => "dms",
        }
    }

    /// The reagent of this name, if there is one.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reagent| reagent.name() == name)
    }

    /// The reactivities of the bases that it says something of: with [`Reagent::Dms`] A and C.
    ///
    /// # Shapes
    /// - reactivities and returns: a number for each base, `None` if it was not measured
    pub fn counted(self, sequence: &[u8], mut reactivities: Vec<Option<f32>>) -> Vec<Option<f32>> {
        let counts = |letter: u8| self == Self::Shape || b"ACac".contains(&letter);
        for (reactivity, &letter) in reactivities.iter_mut().zip(sequence) {
            *reactivity = reactivity.filter(|_| counts(letter));
        }
        reactivities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dms_says_something_of_a_and_c() {
        let all = vec![Some(1.0); 6];
        assert_eq!(Reagent::Shape.counted(b"ACGUac", all.clone()), all);
        let counted = Reagent::Dms.counted(b"ACGUac", all);
        assert_eq!(counted, [Some(1.0), Some(1.0), None, None, Some(1.0), Some(1.0)]);
        assert!(Reagent::ALL.into_iter().all(|reagent| Reagent::find(reagent.name()) == Some(reagent)));
    }

    #[test]
    fn what_was_not_measured_has_no_energy() {
        let energies = Deigan::default().energies(&[None, Some(-0.2), Some(f32::NAN), Some(0.0), Some(1.0)]);
        assert_eq!(energies[..4], [0.0, 0.0, 0.0, -0.6]);
        assert!((energies[4] - (1.8 * 2f32.ln() - 0.6)).abs() < 1e-6);
    }
}
