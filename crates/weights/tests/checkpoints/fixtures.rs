//! The reference implementations' checkpoints, in both families. Skipped, with a note, if they are missing.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use rinalmo_model::{EncoderConfig, HeadConfig, ModelConfig};
use rinalmo_weights::{Checkpoint, Dtype, Family, Layout, OpenOptions, Scaler, WriteOptions, load};

/// A file of the fixtures; `None` if the folder is missing.
pub fn fixture(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures")).join(name);
    if !path.exists() {
        rinalmo_skips::skip!("{} is missing", path.display());
        return None;
    }
    Some(path)
}

pub fn four_heads() -> OpenOptions {
    OpenOptions::default().heads(4)
}

fn tiny() -> ModelConfig {
    ModelConfig::pretrained(EncoderConfig::new(80, 3, 4))
}

#[test]
fn every_official_fixture_opens_with_its_config() {
    for (name, config) in [
        ("pretrained", tiny()),
        ("ss_ft", tiny().with_head(HeadConfig::structure())),
        ("mrl_ft", tiny().with_head(HeadConfig::mrl())),
        ("splice_ft", tiny().with_head(HeadConfig::splice())),
        ("ncrna_ft", tiny().with_head(HeadConfig::family())),
    ] {
        let Some(path) = fixture(&format!("official/tiny_{name}.pt")) else { return };
        let checkpoint = Checkpoint::open(path, &four_heads()).unwrap();
        assert_eq!(checkpoint.config, config, "{name}");
        assert_eq!(checkpoint.meta.family, Family::Official);
        assert_eq!(checkpoint.meta.name, format!("tiny_{name}"));
        assert_eq!(checkpoint.meta.dtype, Dtype::F32);
        let scaler = (name == "mrl_ft").then_some(Scaler { mean: 6.1, std: 1.7 });
        assert_eq!(checkpoint.meta.scaler, scaler, "{name}");
        assert_eq!(checkpoint.meta.threshold, (name == "ss_ft").then_some(0.17), "{name}");
    }
}

#[test]
fn both_families_hold_the_same_weights() {
    let (Some(official), Some(folder)) = (fixture("official/tiny_pretrained.pt"), fixture("multimolecule")) else {
        return;
    };
    let official = Checkpoint::open(official, &four_heads()).unwrap();
    let other = Checkpoint::open(&folder, &OpenOptions::default()).unwrap(); // its config.json knows the heads
    assert_eq!(other.config, official.config);
    assert_eq!(other.meta.family, Family::Multimolecule);
    let file = Checkpoint::open(folder.join("model.safetensors"), &OpenOptions::default()).unwrap();
    assert_eq!(file.config, other.config);
    for (name, tensor) in official.tensors() {
        let theirs = other.tensor(name).unwrap();
        assert_eq!(theirs.shape, tensor.shape, "{name}");
        assert_eq!(theirs.to_f32(), tensor.to_f32(), "{name}");
    }
}

#[test]
fn fixtures_load_into_a_model() {
    let Some(path) = fixture("official/tiny_ss_ft.pt") else { return };
    let checkpoint = Checkpoint::open(path, &four_heads()).unwrap();
    let model = load(&checkpoint, &Device::flex()).unwrap();
    let loaded: Vec<f32> = model.encoder.embedding.val().into_data().try_into_vec().unwrap();
    assert_eq!(loaded, checkpoint.tensor("encoder.embedding").unwrap().to_f32());
}

#[test]
fn every_fixture_survives_each_layout_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["pretrained", "ss_ft", "mrl_ft", "splice_ft", "ncrna_ft"] {
        let Some(path) = fixture(&format!("official/tiny_{name}.pt")) else { return };
        let first = Checkpoint::open(path, &four_heads()).unwrap();
        let own = folder.path().join(format!("{name}-own"));
        first.write(&own, &WriteOptions::default()).unwrap();
        let own = Checkpoint::open(own, &OpenOptions::default()).unwrap();
        let back = folder.path().join(format!("{name}-official"));
        own.write(&back, &WriteOptions::default().layout(Layout::Official)).unwrap();
        let back = Checkpoint::open(back, &OpenOptions::default()).unwrap();
        assert_eq!(back.meta.family, Family::Official);
        assert_eq!((&back.meta.threshold, &back.meta.scaler), (&first.meta.threshold, &first.meta.scaler));
        for (name, tensor) in first.tensors() {
            assert_eq!(own.tensor(name).unwrap().bytes(), tensor.bytes(), "{name}");
            assert_eq!(back.tensor(name).unwrap().bytes(), tensor.bytes(), "{name}");
        }
    }
}
