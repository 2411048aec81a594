//! Every device that is built in and found on this machine gives the CPU's results; for others there is an
//! error. Without GPU features only the CPU is tested. `--nocapture` prints skipped devices and the largest
//! differences.

use rinalmo::{Device, DeviceName, Error};

/// Devices that may be built in.
const NAMES: [&str; 6] = ["cpu", "wgpu", "tch:cpu", "tch:cuda", "tch:mps", "cuda"];

#[cfg(feature = "bundled")]
mod answers {
    use super::*;
    use rinalmo::sink::ArrayKind;
    use rinalmo::{EmbedOptions, FoldOptions, Model, PairMap, ScoreOptions};

    /// Sums in another order; values are of order 1. Measured: see `docs/devices.md`.
    const F32_OTHER_DEVICE: f32 = 1e-3;

    /// Several lengths, so that a batch has several groups, and a base other than the usual four.
    const SEQUENCES: [&str; 4] = [
        "GGGCUAUUAGCUCAGUUGGUUAGAGCGCACCCCUGAUAAGGGUGAGGUCGCUGAUUCGAAUUCAGCAUAGCCCA",
        "GGGGAAACCCC",
        "ACGNNUACGUU",
        "A",
    ];

    fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
        assert_eq!(found.len(), expected.len());
        let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
        differences.fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst })
    }

    fn embeddings(model: &Model, kind: ArrayKind) -> Vec<f32> {
        let options = EmbedOptions::default().include([kind]);
        let embeddings = model.embed(&SEQUENCES, &options).unwrap();
        embeddings.iter().flat_map(|e| e.get(kind).unwrap().data.clone()).collect()
    }

    fn scores(model: &Model) -> Vec<f32> {
        let found = model.score(&SEQUENCES[1..], &ScoreOptions::default()).unwrap();
        found.into_iter().flat_map(|score| score.log_likelihoods).collect()
    }

    fn folds(model: &Model) -> (Vec<String>, Vec<f32>) {
        let options = FoldOptions::default().probabilities(true);
        let folds = model.fold(&SEQUENCES, &options).unwrap();
        let map = |map: &PairMap| map.values.clone();
        (
            folds.iter().map(|fold| fold.dot_bracket()).collect(),
            folds.iter().flat_map(|fold| map(fold.probabilities.as_ref().unwrap())).collect(),
        )
    }

    #[test]
    fn every_device_gives_the_results_of_the_cpu() {
        let cpu = Model::bundled(&Device::cpu()).unwrap();
        for name in &NAMES[1..] {
            let device = match Device::open(name.parse().unwrap()) {
                Ok(device) => device,
                Err(error) => {
                    rinalmo_skips::skip!("{name}: {error}");
                    continue;
                }
            };
            let other = Model::bundled(&device).unwrap();
            let close = |what: &str, found: &[f32], expected: &[f32]| {
                let largest = largest_difference(found, expected);
                println!("{name}: {what}: largest difference {largest:.2e}");
                assert!(largest < F32_OTHER_DEVICE, "{name}: {what} differ by {largest:.2e}");
            };
            for kind in [ArrayKind::Tokens, ArrayKind::Mean, ArrayKind::Cls, ArrayKind::Attentions] {
                close(&format!("{kind:?}"), &embeddings(&other, kind), &embeddings(&cpu, kind));
            }
            close("scores", &scores(&other), &scores(&cpu));
            let ((structures, probabilities), (expected, reference)) = (folds(&other), folds(&cpu));
            close("pair probabilities", &probabilities, &reference);
            assert_eq!(structures, expected, "{name}");
        }
    }
}

#[test]
fn a_device_that_is_not_here_is_one_line_and_auto_is_never_an_error() {
    for name in NAMES.iter().chain(&["wgpu:97", "tch:cuda:97"]) {
        let name: DeviceName = name.parse().unwrap();
        match Device::open(name) {
            Ok(device) => assert_eq!(device.name(), name),
            Err(Error::DeviceNotBuilt { feature, .. }) => assert!(name.to_string().starts_with(feature)),
            Err(error) => {
                let text = error.to_string();
                println!("{text}");
                assert!(matches!(error, Error::Device { .. }) && text.lines().count() == 1, "{text}");
            }
        }
    }
    assert_ne!(Device::open(DeviceName::Auto).unwrap().name(), DeviceName::Auto);
}
