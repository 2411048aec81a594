//! What is folded: [`FoldRequest`].

use std::borrow::Cow;

use rinalmo_decode::constraint::Constraint;
use rinalmo_energy::Deigan;
use rinalmo_seq::structure::nick_in_words;

use crate::Error;

/// A sequence to fold. It is made from anything with letters, or by [`FoldRequest::new`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FoldRequest<'a> {
    /// Its bases: T or U, upper or lower case.
    pub sequence: Cow<'a, [u8]>,
    /// The sequence is two strands, and this base, counted from 0, is the first of the second one: see
    /// [`FoldRequest::strands`].
    pub nick: Option<usize>,
    /// What its structure must obey.
    pub constraint: Option<Constraint>,
    /// How strongly each base reacted with a probe, normalised so that 1 is high; `None` for bases that were not measured.
    /// They count as energies of stacks of pairs ([`Deigan`]): of an [`EnergyFolder`](crate::EnergyFolder), or of those that
    /// a network sees, that it adds to, or that have a share in its probabilities
    /// ([`Model::takes_reactivities`](crate::Model::takes_reactivities)).
    pub reactivities: Option<Vec<Option<f32>>>,
}

impl<'a> FoldRequest<'a> {
    /// A sequence without a constraint.
    pub fn new(sequence: impl Into<Self>) -> Self {
        sequence.into()
    }

    /// Two strands, which may pair with each other: only an [`EnergyFolder`](crate::EnergyFolder) folds them. Positions
    /// count on from the first strand to the second.
    ///
    /// ```
    /// use rinalmo_infer::{EnergyFolder, FoldOptions, FoldRequest, energy::EnergyModel};
    ///
    /// let folder = EnergyFolder::new("turner2004", EnergyModel::turner2004().clone());
    /// let fold = folder.fold([FoldRequest::strands("GGGCA", "UGCCC")], &FoldOptions::default())?.remove(0);
    /// assert_eq!(fold.dot_bracket(), "(((((&)))))");
    /// assert!(fold.energies.and_then(|energies| energies.binding) < Some(-5.0)); // kcal/mol
    /// # Ok::<(), rinalmo_infer::Error>(())
    /// ```
    pub fn strands(first: impl AsRef<[u8]>, second: impl AsRef<[u8]>) -> Self {
        let (first, second) = (first.as_ref(), second.as_ref());
        Self::from([first, second].concat()).nick(first.len())
    }

    /// Sets the first base of a second strand.
    #[must_use]
    pub fn nick(mut self, nick: impl Into<Option<usize>>) -> Self {
        self.nick = nick.into();
        self
    }

    /// # Errors
    /// A strand has no base, or the constraint's strands are not those of the sequence.
    pub(crate) fn check_strands(&self) -> Result<(), Error> {
        let len = self.sequence.len();
        if let Some(nick) = self.nick.filter(|nick| !(1..len).contains(nick)) {
            let message =
                format!("nick: expected a base after the first of {len}, found {nick}; both strands need a base");
            return Err(Error::Options(message));
        }
        match self.constraint.as_ref().map(Constraint::nick).filter(|nick| *nick != self.nick) {
            Some(nick) => {
                let [constraint, sequence] = [nick, self.nick].map(nick_in_words);
                Err(Error::Options(format!("the constraint has {constraint}, the sequence {sequence}")))
            }
            None => Ok(()),
        }
    }

    /// Sets what its structure must obey.
    #[must_use]
    pub fn constraint(mut self, constraint: impl Into<Option<Constraint>>) -> Self {
        self.constraint = constraint.into();
        self
    }

    /// Sets how strongly each base reacted with a probe.
    #[must_use]
    pub fn reactivities(mut self, reactivities: impl Into<Option<Vec<Option<f32>>>>) -> Self {
        self.reactivities = reactivities.into();
        self
    }

    /// The energies that its reactivities give to bases in stacks ([`Restraints::stacked`]).
    pub(crate) fn stacked(&self, reactivity: Deigan) -> Option<Vec<f32>> {
        self.reactivities.as_ref().map(|reactivities| reactivity.energies(reactivities))
    }

    /// # Errors
    /// There are reactivities, but not one for each base.
    pub(crate) fn check_reactivities(&self) -> Result<(), Error> {
        let len = self.sequence.len();
        match self.reactivities.as_ref().map(Vec::len) {
            Some(found) if found != len => {
                Err(Error::Options(format!("reactivities: expected one for each of {len} bases, found {found}")))
            }
            _ => Ok(()),
        }
    }
}

impl<'a, S: AsRef<[u8]> + ?Sized> From<&'a S> for FoldRequest<'a> {
    fn from(sequence: &'a S) -> Self {
        Self { sequence: Cow::Borrowed(sequence.as_ref()), ..Self::default() }
    }
}

impl From<Vec<u8>> for FoldRequest<'_> {
    fn from(sequence: Vec<u8>) -> Self {
        Self { sequence: Cow::Owned(sequence), ..Self::default() }
    }
}

impl From<String> for FoldRequest<'_> {
    fn from(sequence: String) -> Self {
        sequence.into_bytes().into()
    }
}
