//! What is known of a sequence besides its letters.

/// Knowledge about one sequence that changes which structures are probable.
///
/// # Shapes
/// - bonuses: `[len, len]`, of which those above the diagonal count
/// - stacked: `[len]`
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Restraints<'a> {
    /// A bonus for every pair, in RT: see [`Ensemble::with_bonuses`](crate::Ensemble::with_bonuses). Energies of structures
    /// are without them.
    pub bonuses: Option<&'a [f32]>,
    /// An energy for every base, in kcal/mol, that each stack of two pairs has for its four bases: so a base inside a helix
    /// counts twice, at its end once, and in a lonely pair not at all. Energies of structures are with them.
    /// [`Deigan::energies`](crate::Deigan::energies) makes them of reactivities.
    pub stacked: Option<&'a [f32]>,
    /// Every pair stacks on another one, as RNAfold's `--noLP` asks for.
    pub no_lonely_pairs: bool,
    /// Pairs span at most so many bases, both ends included; any number by default.
    pub max_span: Option<usize>,
    /// The sequence is two strands, and this base, counted from 0, is the first of the second one. Both ends of the
    /// sequence make it one strand.
    ///
    /// The strands may pair with each other or not. A loop that both ends at the nick are in costs the energy of two
    /// strands that meet, and what branches of the exterior loop cost. It may not be given together with `max_span`.
    pub nick: Option<usize>,
    /// For long sequences: of the spans that end at each base only so many are kept of each kind, those that weigh most. So
    /// time and memory grow with the length, and structures that none of the kept spans are part of do not count. By
    /// default all are kept. [`EnergyModel::suboptimal_with`](crate::EnergyModel::suboptimal_with) takes no notice of it.
    /// It may not be given together with `nick` or `no_lonely_pairs`.
    pub beam: Option<usize>,
}

impl<'a> Restraints<'a> {
    /// Sets [`Restraints::bonuses`].
    #[must_use]
    pub fn bonuses(mut self, bonuses: impl Into<Option<&'a [f32]>>) -> Self {
        self.bonuses = bonuses.into();
        self
    }

    /// Sets [`Restraints::stacked`].
    #[must_use]
    pub fn stacked(mut self, stacked: impl Into<Option<&'a [f32]>>) -> Self {
        self.stacked = stacked.into();
        self
    }

    /// Sets [`Restraints::no_lonely_pairs`].
    #[must_use]
    pub fn no_lonely_pairs(mut self, no_lonely_pairs: bool) -> Self {
        self.no_lonely_pairs = no_lonely_pairs;
        self
    }

    /// Sets [`Restraints::max_span`].
    #[must_use]
    pub fn max_span(mut self, max_span: impl Into<Option<usize>>) -> Self {
        self.max_span = max_span.into();
        self
    }

    /// Sets [`Restraints::beam`].
    #[must_use]
    pub fn beam(mut self, beam: impl Into<Option<usize>>) -> Self {
        self.beam = beam.into();
        self
    }

    /// Sets [`Restraints::nick`].
    #[must_use]
    pub fn nick(mut self, nick: impl Into<Option<usize>>) -> Self {
        self.nick = nick.into();
        self
    }

    /// Do they leave the energy of every structure, without bonuses, as it is?
    pub(crate) fn keep_energies(&self) -> bool {
        self.bonuses.is_none() && self.stacked.is_none()
    }

    /// The share of the bases that may pair with some other one, as far as bonuses say.
    pub(crate) fn share_of_bases(&self, len: usize) -> f64 {
        let Some(bonuses) = self.bonuses.filter(|_| len > 0) else { return 1.0 };
        let mut may_pair = vec![false; len];
        for (i, row) in bonuses.chunks_exact(len).enumerate() {
            for j in i + 1..len {
                if row[j] != f32::NEG_INFINITY {
                    (may_pair[i], may_pair[j]) = (true, true);
                }
            }
            if may_pair.iter().all(|&may| may) {
                return 1.0;
            }
        }
        may_pair.iter().filter(|&&may| may).count() as f64 / len as f64
    }

    /// The energies of bases in stacks, in whole 0.01 kcal/mol, as ViennaRNA rounds them.
    pub(crate) fn stacked_hundredths(&self) -> Option<impl Iterator<Item = f64>> {
        self.stacked.map(|energies| energies.iter().map(|&energy| f64::from(energy * 100.0).round()))
    }

    /// What is added to the energy of a structure, in kcal/mol. Its pairs are sorted.
    pub(crate) fn energy(&self, pairs: &[(usize, usize)]) -> f64 {
        let Some(energies) = self.stacked_hundredths() else { return 0.0 };
        let energies: Vec<f64> = energies.collect();
        let is_whole = |(i, j): (usize, usize)| self.nick.is_none_or(|nick| nick != i + 1 && nick != j);
        let stacks = pairs.windows(2).filter(|two| two[1] == (two[0].0 + 1, two[0].1 - 1) && is_whole(two[0]));
        let of_stack = |two: &[(usize, usize)]| two.iter().map(|&(i, j)| energies[i] + energies[j]).sum::<f64>();
        stacks.map(of_stack).sum::<f64>() / 100.0
    }

    /// What is added to the logarithm of the weight of a structure. Its pairs are sorted.
    pub(crate) fn log_weight(&self, len: usize, pairs: &[(usize, usize)], rt: f64) -> f64 {
        let of_pair = |bonuses: &[f32]| pairs.iter().map(|(i, j)| f64::from(bonuses[i * len + j])).sum::<f64>();
        self.bonuses.map_or(0.0, of_pair) - self.energy(pairs) / rt
    }
}
