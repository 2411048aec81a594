//! Ensembles compared with ViennaRNA's, which the script in `golden/` computed.

use rinalmo_energy::{Conditions, Dangles, EnergyModel, Ensemble, Parameters};
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
