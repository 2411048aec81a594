//! The greedy decoder compared with the authors' own, on the logits of their model with random weights.

use std::path::Path;

use safetensors::{SafeTensors, tensor::TensorView};
use serde_json::Value;

use super::*;

fn numbers<const N: usize>(tensor: &TensorView<'_>) -> Vec<[u8; N]> {
    tensor.data().chunks_exact(N).map(|bytes| bytes.try_into().unwrap()).collect()
}

#[test]
fn greedy_pairs_equal_those_of_the_published_decoder() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/official"));
    let Ok(bytes) = std::fs::read(folder.join("expected.safetensors")) else {
        rinalmo_skips::skip!("no fixtures at {}", folder.display());
        return;
    };
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let meta = std::fs::read_to_string(folder.join("meta.json")).unwrap();
    let meta: Value = serde_json::from_str(&meta).unwrap();
    let sequences = meta["sequences"].as_array().unwrap();
    let mut total = 0;
    for (index, sequence) in sequences.iter().enumerate() {
        let logits = tensors.tensor(&format!("ss_logits_{index}")).unwrap();
        let map: Vec<f32> =
            numbers(&logits).into_iter().map(|bytes| 1.0 / (1.0 + (-f32::from_le_bytes(bytes)).exp())).collect();
        let threshold = meta["ss_thresholds"][index].as_f64().unwrap() as f32;
        let options = DecodeOptions { threshold, ..Default::default() };
        let decoded = greedy(&map, sequence.as_str().unwrap().as_bytes(), &options).unwrap();

        let expected = tensors.tensor(&format!("ss_pairs_{index}")).unwrap();
        let flat: Vec<usize> = numbers(&expected).into_iter().map(|bytes| i64::from_le_bytes(bytes) as usize).collect();
        let mut expected: Vec<_> = flat.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        expected.sort_unstable();
        assert_eq!(decoded.structure().pairs(), expected, "sequence {index}");
        total += expected.len();
    }
    assert!(total > 0, "the fixtures hold no pairs at all");
}
