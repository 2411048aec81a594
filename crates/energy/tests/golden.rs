//! Ensembles compared with ViennaRNA's, which the script in `golden/` computed.

use rinalmo_energy::{Conditions, Dangles, Deigan, EnergyModel, Ensemble, Parameters, Restraints};
use serde_json::Value;

/// Pairs below 1e-5 are not in the file; the others have six decimals.
const PROBABILITY: f32 = 1.1e-5;
/// kcal/mol. Energies are in the hundreds and ViennaRNA returns them as f32.
const ENERGY: f64 = 5e-5;

#[test]
fn energies_and_probabilities_are_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/ensemble/cases.json")).unwrap();
    assert!(cases.len() > 40);
    for case in cases {
        let sequence = case["sequence"].as_str().unwrap();
        let ensemble = Ensemble::new(sequence.as_bytes());
        let (energy, expected) = (ensemble.energy(), case["energy"].as_f64().unwrap());
        assert!((energy - expected).abs() < ENERGY, "{sequence}: {energy} kcal/mol, expected {expected}");

        let len = sequence.len();
        let mut expected = vec![0.0; len * len];
        let pairs: Vec<(usize, usize, f32)> = serde_json::from_value(case["pairs"].clone()).unwrap();
        for (i, j, probability) in pairs {
            expected[i * len + j] = probability;
            expected[j * len + i] = probability;
        }
        let off = |cell: usize| (ensemble.probabilities()[cell] - expected[cell]).abs();
        let cell = (0..len * len).max_by(|&a, &b| off(a).total_cmp(&off(b))).unwrap();
        assert!(
            off(cell) < PROBABILITY,
            "{sequence}: {} of ({}, {}), expected {}",
            ensemble.probabilities()[cell],
            cell / len,
            cell % len,
            expected[cell]
        );
    }
}

/// The pairs of a dot-bracket text.
fn pairs(structure: &str) -> Vec<(usize, usize)> {
    let (mut open, mut pairs) = (Vec::new(), Vec::new());
    for (j, bracket) in structure.bytes().enumerate() {
        match bracket {
            b'(' => open.push(j),
            b')' => pairs.push((open.pop().unwrap(), j)),
            _ => {}
        }
    }
    pairs
}

/// Pairs as dot-bracket text.
fn dot_bracket(len: usize, pairs: &[(usize, usize)]) -> String {
    let mut text = vec!['.'; len];
    pairs.iter().for_each(|&(i, j)| (text[i], text[j]) = ('(', ')'));
    text.into_iter().collect()
}

#[test]
fn energies_of_structures_are_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/evaluate/cases.json")).unwrap();
    assert!(cases.len() > 60);
    for case in cases {
        let [sequence, structure] = ["sequence", "structure"].map(|key| case[key].as_str().unwrap());
        let energies: Vec<(f64, u8, f64)> = serde_json::from_value(case["energies"].clone()).unwrap();
        for (temperature, dangles, expected) in energies {
            let dangles = if dangles == 0 { Dangles::None } else { Dangles::Both };
            let conditions = Conditions::default().temperature(temperature).dangles(dangles);
            let model = EnergyModel::new(Parameters::turner2004(), conditions).unwrap();
            let found = model.evaluate(sequence.as_bytes(), &pairs(structure)).unwrap();
            let energy = found.energy();
            let loops = found.loops();
            assert!(
                (energy - expected).abs() < 0.001,
                "{sequence} {structure}: {energy} kcal/mol, expected {expected} with {conditions:?}; {loops:?}"
            );
        }
    }
}

#[test]
fn folds_with_reactivities_are_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/reactivities/cases.json")).unwrap();
    assert!(cases.len() >= 30);
    for case in cases {
        let sequence = case["sequence"].as_str().unwrap().as_bytes();
        let reactivities: Vec<Option<f32>> = serde_json::from_value(case["reactivities"].clone()).unwrap();
        let number = |key: &str| case[key].as_f64().unwrap() as f32;
        let energies = Deigan { slope: number("slope"), intercept: number("intercept") }.energies(&reactivities);
        let restraints = Restraints::default().stacked(&energies[..]);
        let [mfe, energy, diversity]: [f64; 3] = serde_json::from_value(case["found"].clone()).unwrap();
        let model = EnergyModel::turner2004();
        let ensemble = model.ensemble_with(sequence, restraints);
        let found = [model.mfe_with(sequence, restraints).energy, ensemble.energy(), ensemble.diversity()];
        assert_eq!(found[0], mfe, "{case}");
        assert!((found[1] - energy).abs() < ENSEMBLE && (found[2] - diversity).abs() < ENSEMBLE, "{found:?}: {case}");
    }
}

#[test]
fn folds_without_lonely_pairs_and_far_pairs_are_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/limits/cases.json")).unwrap();
    assert!(cases.len() >= 80);
    for case in cases {
        let sequence = case["sequence"].as_str().unwrap().as_bytes();
        let span = case["span"].as_i64().and_then(|span| usize::try_from(span).ok());
        let no_lonely_pairs = case["no_lonely_pairs"].as_bool().unwrap();
        let restraints = Restraints::default().no_lonely_pairs(no_lonely_pairs).max_span(span);
        let expected: [Option<f64>; 3] = serde_json::from_value(case["found"].clone()).unwrap();
        let model = EnergyModel::turner2004();
        assert_eq!(Some(model.mfe_with(sequence, restraints).energy), expected[0], "{case}");
        let [_, Some(energy), Some(diversity)] = expected else { continue };
        let ensemble = model.ensemble_with(sequence, restraints);
        let found = [ensemble.energy(), ensemble.diversity()];
        assert!((found[0] - energy).abs() < ENSEMBLE && (found[1] - diversity).abs() < ENSEMBLE, "{found:?}: {case}");
    }
}

#[test]
fn folds_of_two_strands_are_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/strands/cases.json")).unwrap();
    assert!(cases.len() >= 80);
    for case in cases {
        let strands: [String; 2] = serde_json::from_value(case["strands"].clone()).unwrap();
        let dangles = if case["dangles"] == 0 { Dangles::None } else { Dangles::Both };
        let conditions = Conditions::default().temperature(case["temperature"].as_f64().unwrap()).dangles(dangles);
        let model = EnergyModel::new(Parameters::turner2004(), conditions).unwrap();
        let (sequence, nick) = (strands.concat().into_bytes(), strands[0].len());
        let [mfe, bound, both, between]: [f64; 4] = serde_json::from_value(case["found"].clone()).unwrap();
        let restraints = Restraints::default().nick(nick);

        let found = model.mfe_with(&sequence, restraints);
        assert_eq!(found.energy, mfe, "{case}");
        for pairs in [&found.pairs, &pairs(&case["structure"].as_str().unwrap().replace('&', ""))] {
            assert_eq!(model.evaluate_strands(&sequence, nick, pairs).unwrap().energy(), mfe, "{pairs:?}: {case}");
        }

        let ensemble = model.ensemble_with(&sequence, restraints);
        let bound_energy = ensemble.strands().unwrap().bound;
        let share = ((ensemble.energy() - bound_energy) / conditions.rt()).exp();
        let of_both = |i: usize| ensemble.after(i).pairs(i).filter(|(j, _)| *j >= nick).map(|(_, p)| f64::from(p));
        let pairs_of_both = (0..nick).flat_map(of_both).sum::<f64>();
        let found = [bound_energy, ensemble.energy(), pairs_of_both / share];
        let expected = [bound, both, between];
        // Where strands are hardly bound, a share of what f32 keeps is lost by the division.
        let limits = [ENSEMBLE, ENSEMBLE, ENSEMBLE.max(1e-6 / share)];
        for ((found, expected), limit) in found.into_iter().zip(expected).zip(limits) {
            assert!((found - expected).abs() < limit, "{found}, expected {expected}: {case}");
        }
    }
}

#[test]
fn suboptimal_structures_are_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/suboptimal/cases.json")).unwrap();
    assert!(cases.len() >= 30);
    let mut listed = 0;
    for case in cases {
        let sequence = case["sequence"].as_str().unwrap();
        let dangles = if case["dangles"] == 0 { Dangles::None } else { Dangles::Both };
        let conditions = Conditions::default().temperature(case["temperature"].as_f64().unwrap()).dangles(dangles);
        let model = EnergyModel::new(Parameters::turner2004(), conditions).unwrap();
        let mut expected: Vec<(f64, String)> = serde_json::from_value(case["structures"].clone()).unwrap();
        expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let band = case["band"].as_f64().unwrap() / 100.0;
        let found = model.suboptimal(sequence.as_bytes(), band, 1000).unwrap();
        let mut found: Vec<(f64, String)> =
            found.into_iter().map(|one| (one.energy, dot_bracket(sequence.len(), &one.pairs))).collect();
        found.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(found, expected, "{sequence}, {band} kcal/mol, {conditions:?}");
        listed += found.len();
    }
    assert!(listed > 1000, "{listed} structures");
}

/// kcal/mol and base pairs; ViennaRNA returns f32.
const ENSEMBLE: f64 = 1e-3;

#[test]
fn folds_are_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/folds/cases.json")).unwrap();
    assert!(cases.len() > 50);
    let [mut energies, mut diversities] = [0.0f64; 2]; // largest differences
    for case in cases {
        let sequence = case["sequence"].as_str().unwrap();
        let dna = sequence.to_lowercase().replace('u', "t");
        let folds: Vec<(f64, u8, f64, f64, f64)> = serde_json::from_value(case["folds"].clone()).unwrap();
        for (temperature, dangles, mfe, ensemble, diversity) in folds {
            let dangles = if dangles == 0 { Dangles::None } else { Dangles::Both };
            let conditions = Conditions::default().temperature(temperature).dangles(dangles);
            let model = EnergyModel::new(Parameters::turner2004(), conditions).unwrap();
            let found = model.mfe(dna.as_bytes());
            assert_eq!(found.energy, mfe, "minimum free energy of {sequence}, {conditions:?}");
            assert_eq!(model.evaluate(sequence.as_bytes(), &found.pairs).unwrap().energy(), mfe);
            let found = model.ensemble(dna.as_bytes());
            let off = (found.energy() - ensemble).abs();
            assert!(off < ENSEMBLE, "{} kcal/mol, expected {ensemble}: {sequence}, {conditions:?}", found.energy());
            energies = energies.max(off);
            let off = (found.diversity() - diversity).abs();
            assert!(
                off < ENSEMBLE,
                "diversity {}, expected {diversity}: {sequence}, {conditions:?}",
                found.diversity()
            );
            diversities = diversities.max(off);
        }
    }
    println!("largest differences: {energies} kcal/mol of the ensemble, {diversities} base pairs of the diversity");
}
