//! A beam that keeps everything gives the exact sums; a narrow one gives those of fewer structures.

use proptest::prelude::*;
use rinalmo_energy::{Deigan, EnergyModel, Ensemble, Restraints};

fn sequence(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let letter = prop_oneof![30 => prop::sample::select(b"ACGGCU".to_vec()), 1 => Just(b'N')];
    prop::collection::vec(letter, len)
}

/// Largest difference of two probabilities.
fn apart(a: &Ensemble, b: &Ensemble) -> f32 {
    let (a, b) = (a.probabilities(), b.probabilities());
    a.iter().zip(&*b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_beam_that_keeps_all_is_exact(sequence in sequence(0..130), kept: u64, span in prop::option::of(8..60usize)) {
        let (model, len) = (EnergyModel::turner2004(), sequence.len());
        let number = |i: usize, j: usize| ((i as u64 * 31 + j as u64 * 17 + kept % 97) % 11) as f32;
        let bonuses: Vec<f32> = (0..len * len)
            .map(|cell| match number(cell / len, cell % len) {
                0.0 => f32::NEG_INFINITY,
                other => (other - 5.0) / 10.0,
            })
            .collect();
        let reactivities: Vec<Option<f32>> = (0..len).map(|i| Some(number(i, 3) / 10.0)).collect();
        let stacked = Deigan::default().energies(&reactivities);
        for exact in [
            Restraints::default().max_span(span),
            Restraints::default().max_span(span).bonuses(&bonuses[..]).stacked(&stacked[..]),
        ] {
            let beam = exact.beam(len.max(1));
            let [a, b] = [exact, beam].map(|restraints| model.ensemble_with(&sequence, restraints));
            prop_assert!((a.energy() - b.energy()).abs() < 1e-8, "{} and {}", a.energy(), b.energy());
            prop_assert!(apart(&a, &b) < 1e-5, "{}", apart(&a, &b));
            prop_assert!(a.unpaired().iter().zip(b.unpaired()).all(|(a, b)| (a - b).abs() < 1e-5));
            let [a, b] = [exact, beam].map(|restraints| model.mfe_with(&sequence, restraints));
            prop_assert!((a.energy + bonus(&bonuses, exact, len, &a.pairs)
                - b.energy - bonus(&bonuses, exact, len, &b.pairs)).abs() < 0.011, "{:?} and {:?}", a, b);
            let evaluated = model.energy_with(&sequence, beam, &b.pairs).unwrap();
            prop_assert!((evaluated - b.energy).abs() < 1e-9, "{} and {}", evaluated, b.energy);
        }
    }

    #[test]
    fn a_narrow_beam_has_fewer_structures(sequence in sequence(60..200), width in 1..12usize, seed: u64) {
        let model = EnergyModel::turner2004();
        let restraints = Restraints::default().beam(width);
        let [exact, beam] = [Restraints::default(), restraints].map(|restraints| model.ensemble_with(&sequence, restraints));
        prop_assert!(beam.energy() >= exact.energy() - 1e-8);
        let least = model.mfe_with(&sequence, restraints);
        prop_assert!(least.energy >= model.mfe(&sequence).energy);
        prop_assert_eq!(model.evaluate(&sequence, &least.pairs).unwrap().energy(), least.energy);
        for (i, &unpaired) in beam.unpaired().iter().enumerate() {
            prop_assert!((0.0..=1.0).contains(&unpaired));
            let paired: f32 = (0..sequence.len()).map(|j| beam.probability(i, j)).sum();
            prop_assert!((paired + unpaired - 1.0).abs() < 1e-4, "{} and {}", paired, unpaired);
        }
        for pairs in model.sample_with(&sequence, restraints, 5, seed) {
            prop_assert!(model.evaluate(&sequence, &pairs).is_ok());
            prop_assert!(pairs.iter().all(|&(i, j)| beam.probability(i, j) > 0.0));
        }
    }
}

/// What bonuses add to the energy of a structure, in kcal/mol.
fn bonus(bonuses: &[f32], restraints: Restraints<'_>, len: usize, pairs: &[(usize, usize)]) -> f64 {
    let rt = EnergyModel::turner2004().conditions().rt();
    let of_pair = |&(i, j): &(usize, usize)| (-f64::from(bonuses[i * len + j]) * rt * 100.0).round() / 100.0;
    if restraints.bonuses.is_some() { pairs.iter().map(of_pair).sum() } else { 0.0 }
}

#[test]
fn structures_are_drawn_by_their_probabilities() {
    let sequence = b"GGGAAACCCAGGGAAACCCUUUGGCUUCGGCC";
    let (model, restraints) = (EnergyModel::turner2004(), Restraints::default().beam(6));
    let ensemble = model.ensemble_with(sequence, restraints);
    let drawn = model.sample_with(sequence, restraints, 4000, 7);
    for (i, j) in (0..sequence.len()).flat_map(|i| (i + 1..sequence.len()).map(move |j| (i, j))) {
        let found = drawn.iter().filter(|pairs| pairs.contains(&(i, j))).count() as f32 / 4000.0;
        let expected = ensemble.probability(i, j);
        assert!((found - expected).abs() < 0.04, "{i} with {j}: {found}, expected {expected}");
    }
}

/// The first half is bound by 1.4 kcal/mol a base, the other not at all, so no scale fits both.
#[test]
fn numbers_of_any_size_are_in_range() {
    let helix = b"GC".repeat(300);
    let sequence = [&helix[..], &[b'N'; 600]].concat();
    let restraints = Restraints::default().beam(50);
    let [alone, within] = [&helix, &sequence].map(|sequence| Ensemble::with_restraints(sequence, restraints));
    assert!((alone.energy() - within.energy()).abs() < 1e-6, "{} and {}", alone.energy(), within.energy());
}
