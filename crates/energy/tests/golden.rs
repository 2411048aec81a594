//! Ensembles beside those of ViennaRNA, computed by the script in `golden/`.

use rinalmo_energy::Ensemble;
use serde_json::Value;

/// ViennaRNA's own sums are in f64 and its factors of f64 too; the file's numbers have six digits.
const PROBABILITY: f32 = 2e-5;
/// kcal/mol; ViennaRNA hands this one out as f32.
const ENERGY: f64 = 1e-3;

#[test]
fn energies_and_probabilities_are_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/ensemble/cases.json")).unwrap();
    assert!(cases.len() > 40);
    let mut worst = (0.0f32, 0.0f64);
    for case in cases {
        let sequence = case["sequence"].as_str().unwrap();
        let ensemble = Ensemble::new(sequence.as_bytes());
        let energy = case["energy"].as_f64().unwrap();
        let mut bad = (ensemble.energy() - energy).abs() > ENERGY;
        worst.1 = worst.1.max((ensemble.energy() - energy).abs());
        let mut expected = vec![0.0; sequence.len() * sequence.len()];
        let pairs: Vec<(usize, usize, f32)> = serde_json::from_value(case["pairs"].clone()).unwrap();
        for (i, j, p) in pairs {
            expected[i * sequence.len() + j] = p;
            expected[j * sequence.len() + i] = p;
        }
        let off = |cell: &usize| (ensemble.probabilities()[*cell] - expected[*cell]).abs();
        let cell = (0..expected.len()).max_by(|a, b| off(a).total_cmp(&off(b))).unwrap();
        worst.0 = worst.0.max(off(&cell));
        bad |= off(&cell) > PROBABILITY;
        if bad {
            println!(
                "{sequence}: {} kcal/mol, expected {energy}; {} of ({}, {}), expected {}",
                ensemble.energy(),
                ensemble.probabilities()[cell],
                cell / sequence.len(),
                cell % sequence.len(),
                expected[cell]
            );
        }
    }
    println!("{worst:?}");
    assert!(worst.0 < PROBABILITY && worst.1 < ENERGY, "{worst:?}");
}
