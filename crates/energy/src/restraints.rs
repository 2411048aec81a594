//! What is known of a sequence besides its letters.

/// Knowledge about one sequence that changes which structures are probable.
///
/// # Shapes
/// - bonuses: `[len, len]`, of which those above the diagonal count
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Restraints<'a> {
    /// A bonus for every pair, in RT: see [`Ensemble::with_bonuses`](crate::Ensemble::with_bonuses).
    pub bonuses: Option<&'a [f32]>,
}

impl<'a> Restraints<'a> {
    /// Sets [`Restraints::bonuses`].
    #[must_use]
    pub fn bonuses(mut self, bonuses: impl Into<Option<&'a [f32]>>) -> Self {
        self.bonuses = bonuses.into();
        self
    }

    /// What these add to the logarithm of a structure's weight.
    pub(crate) fn log_weight(&self, len: usize, pairs: &[(usize, usize)]) -> f64 {
        self.bonuses.map_or(0.0, |bonuses| pairs.iter().map(|(i, j)| f64::from(bonuses[i * len + j])).sum())
    }
}
