//! Tests the recursions: lists all structures of a short sequence and sums their energies from the tables.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::conditions::{Conditions, Dangles};
use crate::energies::{Energies, Rounding};
use crate::evaluate::Structure;
use crate::letters::pair;
use crate::{EnergyModel, Ensemble, Parameters, Restraints};

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

    fn pairs(&self) -> Vec<(usize, usize)> {
        let partners = self.partner.iter().enumerate();
        partners.filter_map(|(i, j)| j.filter(|j| i < *j).map(|j| (i, j))).collect()
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
        let nick = self.nick;
        let is_far = |j: usize| j >= k + 4 || nick.is_some_and(|nick| k < nick && nick <= j);
        let around = (0..k).rev().find_map(|i| self.partner[i].filter(|&j| j > k)).unwrap_or(self.letters.len());
        for j in (k + 1..around).filter(|&j| is_far(j)) {
            if self.partner[j].is_none() && pair(self.letters[k], self.letters[j]).is_some() {
                (self.partner[k], self.partner[j]) = (Some(j), Some(k));
                self.each(k + 1, visit);
                (self.partner[k], self.partner[j]) = (None, None);
            }
        }
    }
}

/// The ensemble's free energy, and the probabilities of all pairs, from the list of all structures.
fn enumerate(sequence: &[u8], conditions: Conditions, bonus: impl Fn(usize, usize) -> f64) -> (f64, Vec<f64>) {
    let energies = Energies::new(Parameters::turner2004(), conditions, Rounding::Exact);
    let (len, rt) = (sequence.len(), conditions.rt());
    let (mut whole, mut pairs) = (0.0, vec![0.0; len * len]);
    each_structure(sequence, &energies, |structure| {
        let partners = structure.partner.iter().enumerate();
        let pairs_of = partners.clone().filter_map(|(i, partner)| partner.filter(|j| i < *j).map(|j| bonus(i, j)));
        let weight = (-structure.energy_within(None) / 100.0 / rt + pairs_of.sum::<f64>()).exp();
        whole += weight;
        partners.for_each(|(i, partner)| partner.iter().for_each(|j| pairs[i * len + j] += weight));
    });
    (-rt * f64::ln(whole), pairs.into_iter().map(|weight| weight / whole).collect())
}

fn each_structure(sequence: &[u8], energies: &Energies, visit: impl FnMut(&Structure<'_>)) {
    each_structure_of_strands(sequence, None, energies, visit);
}

fn each_structure_of_strands(
    sequence: &[u8],
    nick: Option<usize>,
    energies: &Energies,
    mut visit: impl FnMut(&Structure<'_>),
) {
    let mut structure = Structure::new(energies, sequence, nick, vec![None; sequence.len()]);
    structure.each(0, &mut visit);
}

/// The default, and everything different from it.
fn models() -> [EnergyModel; 2] {
    let hot = Conditions::default().temperature(58.0).dangles(Dangles::None);
    [Conditions::default(), hot].map(|conditions| EnergyModel::new(Parameters::turner2004(), conditions).unwrap())
}

fn agrees(sequence: &[u8]) -> Result<(), TestCaseError> {
    for model in models() {
        compare(sequence, &model.ensemble(sequence), enumerate(sequence, model.conditions(), |_, _| 0.0))?;
    }
    Ok(())
}

/// As [`agrees`], with bonuses that favour some pairs, disfavour others, and forbid a few.
fn agrees_with_bonuses(sequence: &[u8]) -> Result<(), TestCaseError> {
    let bonus = |i: usize, j: usize| match (i * 7 + j * 3) % 11 {
        0 => f32::NEG_INFINITY,
        k => k as f32 * 0.5 - 2.0,
    };
    let len = sequence.len();
    let table: Vec<f32> = (0..len * len).map(|cell| bonus(cell / len, cell % len)).collect();
    let expected = enumerate(sequence, Conditions::default(), |i, j| f64::from(bonus(i, j)));
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

/// Energies of bases in stacks count in probabilities, in the minimum and in shares.
fn agrees_with_reactivities(sequence: &[u8]) -> Result<(), TestCaseError> {
    let stacked: Vec<f32> = (0..sequence.len()).map(|k| (k * 5 % 7) as f32 * 0.4 - 1.1).collect();
    let restraints = Restraints::default().stacked(&stacked[..]);
    let model = EnergyModel::turner2004();
    let of_stacks = |structure: &Structure<'_>| {
        let pairs = structure.pairs();
        let inner = |&(i, j): &(usize, usize)| pairs.contains(&(i + 1, j - 1));
        let of_four =
            |&(i, j): &(usize, usize)| [i, i + 1, j - 1, j].map(|base| f64::from(stacked[base])).iter().sum::<f64>();
        pairs.iter().filter(|pair| inner(pair)).map(of_four).sum::<f64>()
    };
    let (exact, rt) =
        (Energies::new(Parameters::turner2004(), model.conditions(), Rounding::Exact), model.conditions().rt());
    let whole = Energies::new(Parameters::turner2004(), model.conditions(), Rounding::Whole);
    let (mut total, mut weights, mut least) = (0.0, HashMap::new(), 0.0f64);
    each_structure(sequence, &exact, |structure| {
        let weight = (-(structure.energy_within(None) / 100.0 + of_stacks(structure)) / rt).exp();
        total += weight;
        weights.insert(structure.pairs(), weight);
    });
    each_structure(sequence, &whole, |structure| {
        least = least.min(structure.energy_within(None) / 100.0 + of_stacks(structure));
    });
    let ensemble = model.ensemble_with(sequence, restraints);
    prop_assert!((ensemble.energy() + rt * f64::ln(total)).abs() < SUM);
    prop_assert!((model.mfe_with(sequence, restraints).energy - least).abs() < SUM);
    for (pairs, weight) in weights {
        let share = model.share(sequence, restraints, &ensemble, &pairs).unwrap();
        prop_assert!((share - weight / total).abs() < SUM, "{} of {:?}, expected {}", share, pairs, weight / total);
    }
    Ok(())
}

/// Without lonely pairs or far pairs, only the structures that have none are left; of two strands, all structures of both:
/// in the ensemble and its pairs, in the minimum, in the band, among the drawn ones and in shares.
fn agrees_with(sequence: &[u8], restraints: Restraints<'_>) -> Result<(), TestCaseError> {
    const BAND: f64 = 5.0; // kcal/mol
    let (model, len) = (EnergyModel::turner2004(), sequence.len());
    let rt = model.conditions().rt();
    let nick = restraints.nick;
    let is_allowed = |pairs: &[(usize, usize)]| {
        let is_stack = |(i, j): (usize, usize)| {
            pairs.contains(&(i, j))
                && pairs.contains(&(i + 1, j - 1))
                && nick.is_none_or(|nick| nick != i + 1 && nick != j)
        };
        let stacks = |&(i, j): &(usize, usize)| is_stack((i, j)) || i > 0 && is_stack((i - 1, j + 1));
        let is_near = |&(i, j): &(usize, usize)| restraints.max_span.is_none_or(|span| j - i < span);
        pairs.iter().all(|pair| is_near(pair) && (!restraints.no_lonely_pairs || stacks(pair)))
    };
    let listed = |rounding: Rounding| {
        let energies = Energies::new(Parameters::turner2004(), model.conditions(), rounding);
        let mut found = Vec::new();
        each_structure_of_strands(sequence, nick, &energies, |structure| {
            let pairs = structure.pairs();
            if is_allowed(&pairs) {
                found.push((structure.energy_within(None) / 100.0, pairs));
            }
        });
        found
    };
    let weights: Vec<_> =
        listed(Rounding::Exact).into_iter().map(|(energy, pairs)| ((-energy / rt).exp(), pairs)).collect();
    let whole: f64 = weights.iter().map(|(weight, _)| weight).sum();
    let mut expected = vec![0.0; len * len];
    for (weight, pairs) in &weights {
        for &(i, j) in pairs {
            expected[i * len + j] += weight / whole;
            expected[j * len + i] += weight / whole;
        }
    }
    let ensemble = model.ensemble_with(sequence, restraints);
    compare(sequence, &ensemble, (-rt * whole.ln(), expected))?;
    for (weight, pairs) in &weights {
        let share = model.share(sequence, restraints, &ensemble, pairs).unwrap();
        prop_assert!((share - weight / whole).abs() < SUM, "{} of {:?}, expected {}", share, pairs, weight / whole);
    }
    if let Some(nick) = nick.filter(|nick| (1..len).contains(nick)) {
        let binds = |pairs: &[(usize, usize)]| pairs.iter().any(|&(i, j)| i < nick && nick <= j);
        let bound: f64 = weights.iter().filter(|(_, pairs)| binds(pairs)).map(|(weight, _)| weight).sum();
        let (found, expected) = (ensemble.strands().unwrap().bound, -rt * bound.ln());
        prop_assert!(found == expected || (found - expected).abs() < SUM, "{} kcal/mol, expected {}", found, expected);
    }
    for pairs in model.sample_with(sequence, restraints, 20, 1) {
        prop_assert!(is_allowed(&pairs), "{:?}", pairs);
    }
    let mut band = listed(Rounding::Whole);
    let least = band.iter().map(|(energy, _)| *energy).fold(f64::INFINITY, f64::min);
    prop_assert_eq!(model.mfe_with(sequence, restraints).energy, least);
    band.retain(|(energy, _)| *energy <= least + BAND + 1e-9);
    band.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let found = model.suboptimal_with(sequence, restraints, BAND, usize::MAX).unwrap().into_iter();
    prop_assert_eq!(found.map(|one| (one.energy, one.pairs)).collect::<Vec<_>>(), band);
    Ok(())
}

/// The structure of minimum free energy is one of those with the least energy in the list.
fn finds_the_least(sequence: &[u8]) -> Result<(), TestCaseError> {
    for model in models() {
        let energies = Energies::new(Parameters::turner2004(), model.conditions(), Rounding::Whole);
        let mut least: f64 = 0.0;
        each_structure(sequence, &energies, |structure| least = least.min(structure.energy_within(None)));
        let mfe = model.mfe(sequence);
        prop_assert_eq!(mfe.energy, least / 100.0);
        prop_assert_eq!(model.evaluate(sequence, &mfe.pairs).unwrap().energy(), mfe.energy);
    }
    Ok(())
}

/// Suboptimal structures are those of the list that are in the band, each once.
fn finds_the_band(sequence: &[u8]) -> Result<(), TestCaseError> {
    const BAND: f64 = 6.0; // kcal/mol
    for model in models() {
        let energies = Energies::new(Parameters::turner2004(), model.conditions(), Rounding::Whole);
        let mut expected = Vec::new();
        let most = ((model.mfe(sequence).energy + BAND) * 100.0).round();
        each_structure(sequence, &energies, |structure| {
            let energy = structure.energy_within(None);
            if energy <= most {
                expected.push((energy / 100.0, structure.pairs()));
            }
        });
        expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let found = model.suboptimal(sequence, BAND, usize::MAX).unwrap().into_iter();
        prop_assert_eq!(found.map(|one| (one.energy, one.pairs)).collect::<Vec<_>>(), expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn recursions_add_up_all_structures(sequence in prop::collection::vec(prop::sample::select(b"ACGUACGUN".to_vec()), 0..18)) {
        agrees(&sequence)?;
        finds_the_least(&sequence)?;
        finds_the_band(&sequence)?;
    }

    #[test]
    fn bonuses_of_pairs_count_in_every_structure(sequence in prop::collection::vec(prop::sample::select(b"GGCCAU".to_vec()), 0..16)) {
        agrees_with_bonuses(&sequence)?;
        agrees_with_reactivities(&sequence)?;
    }

    #[test]
    fn recursions_add_up_all_structures_of_strong_pairs(sequence in prop::collection::vec(prop::sample::select(b"GGCCA".to_vec()), 12..16)) {
        agrees(&sequence)?;
        finds_the_least(&sequence)?;
        finds_the_band(&sequence)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lonely_and_far_pairs_are_left_out(sequence in prop::collection::vec(prop::sample::select(b"GGCCAU".to_vec()), 0..17), span in 5..16usize) {
        agrees_with(&sequence, Restraints::default().no_lonely_pairs(true))?;
        agrees_with(&sequence, Restraints::default().max_span(span))?;
        agrees_with(&sequence, Restraints::default().no_lonely_pairs(true).max_span(span))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn recursions_add_up_all_structures_of_two_strands(sequence in prop::collection::vec(prop::sample::select(b"GGCCAUN".to_vec()), 1..14), nick in 0..14usize) {
        let restraints = Restraints::default().nick(nick);
        agrees_with(&sequence, restraints)?;
        agrees_with(&sequence, restraints.no_lonely_pairs(true))?;
    }
}

/// A branch on each side of the nick, inside a pair of both strands and outside of it.
#[test]
fn recursions_add_up_branches_next_to_a_nick() {
    for (strands, nick) in [("CGAAACCGAAACG", 6), ("AGGAAACCGGAAACC", 8), ("CGCAAAGCGAAACG", 7), ("GGAAACCAGACCAAC", 4)]
    {
        agrees_with(strands.as_bytes(), Restraints::default().nick(nick)).unwrap();
    }
}

/// Helices of two pairs in a multiloop and next to a bulge.
#[test]
fn lonely_pairs_are_left_out_of_every_kind_of_loop() {
    for sequence in ["GGGAAACCGGAAACCACC", "GGAGGAAACCACC", "GGAAGGAAACCAACC", "GGGAAACCC", "GGGGAAACACCC"] {
        agrees_with(sequence.as_bytes(), Restraints::default().no_lonely_pairs(true)).unwrap();
    }
}

#[test]
fn recursions_add_up_multiloops_and_long_loops() {
    for sequence in ["GGAAACGAAACCAAAC", "GGAAACACGAAAGAC", "GAAAAACGAAAGAAAAC", "GAACAAACAAGAAAC", "CAGAGAAACAAACUG"] {
        agrees(sequence.as_bytes()).unwrap();
        agrees_with_bonuses(sequence.as_bytes()).unwrap();
        agrees_with_reactivities(sequence.as_bytes()).unwrap();
        finds_the_least(sequence.as_bytes()).unwrap();
        finds_the_band(sequence.as_bytes()).unwrap();
    }
}

/// Structures are drawn as often as their probabilities say: a chi-square test over all of them.
#[test]
fn structures_are_drawn_by_their_probabilities() {
    const DRAWN: usize = 20_000;
    for (seed, sequence) in
        [(1, "GGGAAACCAAGC"), (2, "GGAAACGAAACCAAAC"), (3, "GCGAAAGCAAAGUNGC"), (4, "CAGAGAAACAAACUG")]
    {
        let hot = Conditions::default().temperature(75.0); // where many structures have a share
        let model = EnergyModel::new(Parameters::turner2004(), hot).unwrap();
        let energies = Energies::new(Parameters::turner2004(), hot, Rounding::Exact);
        let mut expected = HashMap::new();
        each_structure(sequence.as_bytes(), &energies, |structure| {
            expected.insert(structure.pairs(), (-structure.energy_within(None) / 100.0 / hot.rt()).exp());
        });
        let whole: f64 = expected.values().sum();
        let mut counts: HashMap<_, usize> = HashMap::new();
        for pairs in model.sample(sequence.as_bytes(), DRAWN, seed) {
            *counts.entry(pairs).or_default() += 1;
        }
        assert!(counts.keys().all(|pairs| expected.contains_key(pairs)), "{sequence}: a structure that is none");
        let ensemble = model.ensemble(sequence.as_bytes());
        for (pairs, weight) in &expected {
            let share = model.share(sequence.as_bytes(), Restraints::default(), &ensemble, pairs).unwrap();
            assert!((share - weight / whole).abs() < SUM, "{sequence}: {share}, expected {}", weight / whole);
        }
        // Structures of fewer than ten expected draws count together.
        let (mut chi_square, mut classes, mut rare) = (0.0, 0.0f64, (0.0, 0.0));
        for (pairs, weight) in &expected {
            let (expected, found) = (weight / whole * DRAWN as f64, *counts.get(pairs).unwrap_or(&0) as f64);
            if expected < 10.0 {
                rare = (rare.0 + expected, rare.1 + found);
            } else {
                chi_square += (found - expected).powi(2) / expected;
                classes += 1.0;
            }
        }
        if rare.0 >= 10.0 {
            chi_square += (rare.1 - rare.0).powi(2) / rare.0;
            classes += 1.0;
        }
        assert!(classes >= 3.0, "{sequence}: too few structures to test");
        // The mean is classes - 1 and the variance twice that: five standard deviations.
        let limit = classes - 1.0 + 5.0 * (2.0 * (classes - 1.0)).sqrt();
        assert!(chi_square < limit, "{sequence}: chi-square {chi_square} of {classes} classes, limit {limit}");
    }
}
