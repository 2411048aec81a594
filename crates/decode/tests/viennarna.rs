//! Decoders that ViennaRNA has too, compared with it on its own probabilities.

use rinalmo_decode::{DecodeOptions, centroid, mea};
use rinalmo_seq::Structure;
use serde_json::Value;

/// Pairs below 1e-5 are not in the file, and ViennaRNA leaves out those below 1e-4 / (1 + γ) itself: for each base, many.
const ACCURACY: f64 = 2e-3;

#[test]
fn structures_are_as_accurate_as_those_of_viennarna() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/mea/cases.json")).unwrap();
    assert!(cases.len() >= 18);
    for case in cases {
        let sequence = case["sequence"].as_str().unwrap();
        let len = sequence.len();
        let mut map = vec![0.0; len * len];
        let pairs: Vec<(usize, usize, f32)> = serde_json::from_value(case["pairs"].clone()).unwrap();
        pairs.into_iter().for_each(|(i, j, p)| map[i * len + j] = p);
        let structure = |text: &str| Structure::parse_dot_bracket(text).unwrap();
        let accuracies: Vec<(f32, String, f64)> = serde_json::from_value(case["mea"].clone()).unwrap();
        for (gamma, theirs, expected) in accuracies {
            let decoded = mea(&map, sequence.as_bytes(), &DecodeOptions::default().gamma(gamma)).unwrap();
            let accuracy = decoded.expected_accuracy(&map, gamma);
            let off = (accuracy - expected).abs() / len as f64;
            let pairs = (decoded.structure(), structure(&theirs));
            assert!(off < ACCURACY, "{sequence}, γ {gamma}: {accuracy}, expected {expected}; {pairs:?}");
        }
        let decoded = centroid(&map, sequence.as_bytes(), &DecodeOptions::default()).unwrap();
        assert_eq!(decoded.structure(), structure(case["centroid"].as_str().unwrap()), "{sequence}");
    }
}
