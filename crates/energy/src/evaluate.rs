//! The energy of a given structure, loop by loop.

use crate::energies::{Energies, reversed};
use crate::letters::{END, ODD, code, kind};

/// Fewest unpaired bases of a hairpin.
const SHORTEST: usize = 3;

/// What a loop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopKind {
    /// The one that no pair closes.
    Exterior,
    /// A pair and the unpaired bases between.
    Hairpin,
    /// Two pairs next to each other.
    Stack,
    /// Two pairs with unpaired bases on one side.
    Bulge,
    /// Two pairs with unpaired bases on both sides.
    Internal,
    /// Three or more pairs.
    Multiloop,
    /// The one that a pair of two strands closes, and where the inner ends of both are.
    Nick,
}

impl LoopKind {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exterior => "exterior",
            Self::Hairpin => "hairpin",
            Self::Stack => "stack",
            Self::Bulge => "bulge",
            Self::Internal => "internal",
            Self::Multiloop => "multiloop",
            Self::Nick => "nick",
        }
    }
}

/// A loop of a structure; positions count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loop {
    /// What it is.
    pub kind: LoopKind,
    /// The pair that closes it; `None` for the exterior loop.
    pub closing: Option<(usize, usize)>,
    /// The other pairs of the loop, from left to right.
    pub branches: Vec<(usize, usize)>,
    /// Number of unpaired bases.
    pub unpaired: usize,
    /// In 0.01 kcal/mol, as ViennaRNA counts it.
    hundredths: i64,
}

impl Loop {
    /// Its free energy in kcal/mol.
    pub fn energy(&self) -> f64 {
        self.hundredths as f64 / 100.0
    }
}

/// The loops of a structure and their energies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    loops: Vec<Loop>,
    /// Pairs of letters that are not AU, GC or GU.
    odd: Vec<(usize, usize)>,
}

impl Evaluation {
    /// The loops: the exterior one, then those that a pair closes, by its first base.
    pub fn loops(&self) -> &[Loop] {
        &self.loops
    }

    /// Free energy of the structure in kcal/mol.
    pub fn energy(&self) -> f64 {
        self.loops.iter().map(|part| part.hundredths).sum::<i64>() as f64 / 100.0
    }

    /// Pairs of letters other than AU, GC and GU. The tables have only rough energies for their loops.
    pub fn non_canonical(&self) -> &[(usize, usize)] {
        &self.odd
    }
}

/// Why a structure has no energy in this model. Positions count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A pair of positions that are not two bases of the sequence, first and second.
    #[error("pair ({0}, {1}): expected two positions in order, from 1 to {2}")]
    Position(usize, usize, usize),
    /// A base of two pairs.
    #[error("base {0} is in two pairs")]
    Twice(usize),
    /// A pseudoknot.
    #[error("pairs ({}, {}) and ({}, {}) cross; the model has no energy for pseudoknots", .0.0, .0.1, .1.0, .1.1)]
    Crossing((usize, usize), (usize, usize)),
    /// A hairpin that is too short.
    #[error("pair ({0}, {1}) closes a hairpin of {2} bases, expected at least {SHORTEST}")]
    Hairpin(usize, usize, usize),
}

/// The loops of the structure `pairs` of `sequence`, and their energies. With a `nick`, that base is the first one of a
/// second strand.
pub(crate) fn evaluate(
    energies: &Energies,
    sequence: &[u8],
    nick: Option<usize>,
    pairs: &[(usize, usize)],
) -> Result<Evaluation, EvaluationError> {
    let structure = Structure::new(energies, sequence, nick, partners(sequence.len(), pairs)?);
    let loops: Vec<Loop> = structure.closing().map(|pair| structure.enclosed(pair)).collect::<Result<_, _>>()?;
    let closing = loops.iter().filter_map(|part| part.closing);
    let odd = closing.filter(|&(i, j)| structure.kind(i, j) == ODD).collect();
    Ok(Evaluation { loops, odd })
}

/// The energy of the structure `pairs` of `sequence` in 0.01 kcal/mol, as `energies` are rounded.
pub(crate) fn energy(
    energies: &Energies,
    sequence: &[u8],
    nick: Option<usize>,
    pairs: &[(usize, usize)],
) -> Result<f64, EvaluationError> {
    let structure = Structure::new(energies, sequence, nick, partners(sequence.len(), pairs)?);
    let of_loop = |closing| {
        let (branches, unpaired) = structure.branches(closing);
        structure.energy(closing, &branches, unpaired)
    };
    Ok(structure.closing().map(of_loop).sum())
}

/// The partner of each base.
fn partners(len: usize, pairs: &[(usize, usize)]) -> Result<Vec<Option<usize>>, EvaluationError> {
    let mut partner = vec![None; len];
    for &(i, j) in pairs {
        if i >= j || j >= len {
            return Err(EvaluationError::Position(i + 1, j + 1, len));
        }
        if let Some(base) = [i, j].into_iter().find(|&base| partner[base].is_some()) {
            return Err(EvaluationError::Twice(base + 1));
        }
        (partner[i], partner[j]) = (Some(j), Some(i));
    }
    refuse_crossing(&partner)?;
    Ok(partner)
}

fn refuse_crossing(partner: &[Option<usize>]) -> Result<(), EvaluationError> {
    let mut open = Vec::new();
    let one = |i: usize, j: usize| (i + 1, j + 1);
    for (i, j) in partner.iter().enumerate().filter_map(|(i, j)| Some((i, (*j)?))) {
        if i < j {
            open.push(i);
            continue;
        }
        let inner = open.pop().expect("every pair opens before it closes");
        if let Some(end) = partner[inner].filter(|&end| end != i) {
            return Err(EvaluationError::Crossing(one(j, i), one(inner, end)));
        }
    }
    Ok(())
}

/// A sequence with the partner of each base.
pub(crate) struct Structure<'a> {
    pub energies: &'a Energies,
    /// Codes of the letters.
    pub letters: Vec<u8>,
    /// The first base of a second strand.
    pub nick: Option<usize>,
    pub partner: Vec<Option<usize>>,
}

impl<'a> Structure<'a> {
    pub fn new(energies: &'a Energies, sequence: &[u8], nick: Option<usize>, partner: Vec<Option<usize>>) -> Self {
        let letters = sequence.iter().map(|&letter| code(letter)).collect();
        Self { energies, letters, nick, partner }
    }

    /// What closes each loop: nothing the exterior one, then pairs by their first base.
    fn closing(&self) -> impl Iterator<Item = Option<(usize, usize)>> {
        let partners = self.partner.iter().enumerate();
        let pairs = partners.filter_map(|(i, partner)| partner.filter(|&j| j > i).map(|j| (i, j)));
        std::iter::once(None).chain(pairs.map(Some))
    }

    /// The loop that `closing` closes, or the exterior one.
    fn enclosed(&self, closing: Option<(usize, usize)>) -> Result<Loop, EvaluationError> {
        let (branches, unpaired) = self.branches(closing);
        let is_open = self.is_open(closing, &branches);
        if let (Some((i, j)), []) = (closing, &branches[..])
            && !is_open
            && unpaired < SHORTEST
        {
            return Err(EvaluationError::Hairpin(i + 1, j + 1, unpaired));
        }
        let kind = if is_open { LoopKind::Nick } else { loop_kind(closing, &branches, unpaired) };
        let hundredths = self.energy(closing, &branches, unpaired) as i64;
        Ok(Loop { kind, closing, branches, unpaired, hundredths })
    }

    /// The pairs that branch off from a loop inwards, and the number of its unpaired bases.
    pub fn branches(&self, closing: Option<(usize, usize)>) -> (Vec<(usize, usize)>, usize) {
        let (begin, end) = closing.map_or((0, self.letters.len()), |(i, j)| (i + 1, j));
        let (mut branches, mut unpaired) = (Vec::new(), 0);
        let mut k = begin;
        while k < end {
            if let Some(partner) = self.partner[k] {
                branches.push((k, partner));
                k = partner;
            } else {
                unpaired += 1;
            }
            k += 1;
        }
        (branches, unpaired)
    }

    /// Is the nick in the loop, and the loop not the exterior one?
    fn is_open(&self, closing: Option<(usize, usize)>, branches: &[(usize, usize)]) -> bool {
        let is_around = |nick: usize| move |&(i, j): &(usize, usize)| i < nick && nick <= j;
        self.nick.is_some_and(|nick| closing.iter().any(is_around(nick)) && !branches.iter().any(is_around(nick)))
    }

    /// The letter before a base on its strand.
    fn before(&self, i: usize) -> u8 {
        let has_none = i == 0 || self.nick == Some(i);
        if has_none { END } else { self.letters[i - 1] }
    }

    /// The letter after a base on its strand.
    fn after(&self, i: usize) -> u8 {
        let has_none = i + 1 == self.letters.len() || self.nick == Some(i + 1);
        if has_none { END } else { self.letters[i + 1] }
    }

    /// Energy of a loop in 0.01 kcal/mol.
    pub fn energy(&self, closing: Option<(usize, usize)>, branches: &[(usize, usize)], unpaired: usize) -> f64 {
        let energies = self.energies;
        let beside = |&(p, q): &(usize, usize)| (self.kind(p, q), self.before(p), self.after(q));
        let outer = || branches.iter().map(beside).map(|(kind, five, three)| energies.exterior(kind, five, three));
        let Some((i, j)) = closing else { return outer().sum() };
        if self.is_open(closing, branches) {
            let closing = energies.exterior(reversed(self.kind(i, j)), self.before(j), self.after(i));
            return outer().sum::<f64>() + closing + energies.initiation;
        }
        match *branches {
            [] => energies.hairpin(self.kind(i, j), &self.letters[i..=j]),
            [(p, q)] => {
                let kinds = [self.kind(i, j), reversed(self.kind(p, q))];
                energies.internal(kinds, &self.letters[i..=p], &self.letters[q..=j])
            }
            _ => {
                let each = branches.iter().map(beside);
                let closing = (reversed(self.kind(i, j)), self.letters[j - 1], self.letters[i + 1]);
                let ends = each.chain([closing]).map(|(kind, five, three)| energies.branch(kind, five, three));
                energies.closing + energies.unpaired * unpaired as f64 + ends.sum::<f64>()
            }
        }
    }

    fn kind(&self, i: usize, j: usize) -> usize {
        kind(self.letters[i], self.letters[j])
    }
}

fn loop_kind(closing: Option<(usize, usize)>, branches: &[(usize, usize)], unpaired: usize) -> LoopKind {
    let Some((i, j)) = closing else { return LoopKind::Exterior };
    match *branches {
        [] => LoopKind::Hairpin,
        [_] if unpaired == 0 => LoopKind::Stack,
        [(p, q)] if p == i + 1 || q + 1 == j => LoopKind::Bulge,
        [_] => LoopKind::Internal,
        _ => LoopKind::Multiloop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EnergyModel;

    fn evaluated(sequence: &str, pairs: &[(usize, usize)]) -> Result<Evaluation, EvaluationError> {
        EnergyModel::turner2004().evaluate(sequence.as_bytes(), pairs)
    }

    #[test]
    fn loops_are_listed_from_outside_to_inside() {
        let found = evaluated("AGGCAAAGCC", &[(1, 9), (2, 8), (3, 7)]).unwrap();
        let kinds: Vec<LoopKind> = found.loops().iter().map(|part| part.kind).collect();
        assert_eq!(kinds, [LoopKind::Exterior, LoopKind::Stack, LoopKind::Stack, LoopKind::Hairpin]);
        // dangling A before GC -0.2; GC on GC -3.3, GC on CG -3.4; a hairpin of three 5.4
        let energies: Vec<f64> = found.loops().iter().map(Loop::energy).collect();
        assert_eq!(energies, [-0.2, -3.3, -3.4, 5.4]);
        assert_eq!(found.energy(), -1.5);
    }

    #[test]
    fn what_the_model_has_no_energy_for_is_refused() {
        let error = |pairs: &[(usize, usize)]| evaluated("GGGAAACCCAAACCC", pairs).unwrap_err().to_string();
        assert_eq!(error(&[(0, 15)]), "pair (1, 16): expected two positions in order, from 1 to 15");
        assert_eq!(error(&[(0, 8), (0, 7)]), "base 1 is in two pairs");
        assert!(error(&[(0, 8), (2, 14)]).starts_with("pairs (1, 9) and (3, 15) cross"));
        assert_eq!(error(&[(2, 5)]), "pair (3, 6) closes a hairpin of 2 bases, expected at least 3");
    }

    #[test]
    fn odd_pairs_are_evaluated_and_listed() {
        let found = evaluated("GGACAAAGACC", &[(0, 10), (1, 9), (2, 8), (3, 7)]).unwrap();
        assert_eq!(found.non_canonical(), [(2, 8)]);
        assert!(found.energy().is_finite());
    }
}
