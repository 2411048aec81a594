//! Compares every output with a second implementation: f64, NumPy, written from the formulas ([`make.py`]).
//!
//! `golden/` has one tiny encoder with random weights and every published head, in both published layouts, and the
//! outputs of the second implementation for four sequences. `make.py check` compares that implementation with the
//! authors' code: they agree to 1.7e-6 of the largest value of each output, which is the rounding of f32.
//!
//! [`make.py`]: golden/make.py

mod common;

use std::path::{Path, PathBuf};

use common::{BF16, F32, References, Way};
use rinalmo::Precision;
use rinalmo::checkpoint::{Dtype, Layout, WriteOptions};

/// The checkpoints and what each computes.
const CHECKPOINTS: [(&str, &[&str]); 6] = [
    ("official/tiny_pretrained.pt", &["representation", "logits"]),
    ("official/tiny_ss_ft.pt", &["representation", "logits", "structure"]),
    ("official/tiny_mrl_ft.pt", &["representation", "logits", "mrl"]),
    // With the names of the released code without flash attention.
    ("official/tiny_splice_ft.pt", &["representation", "logits", "splice"]),
    ("official/tiny_ncrna_ft.pt", &["representation", "logits", "family"]),
    ("multimolecule", &["representation", "logits", "structure"]),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn references() -> References {
    References::open(folder().join("official"), serde_json::json!({}))
}

#[test]
fn every_layout_and_head_agrees_in_f32() {
    let references = references();
    for (name, outputs) in CHECKPOINTS {
        let path = folder().join(name);
        assert_eq!(references.compare(&path, &Way::F32, F32), outputs, "{name}");
        references.compare_answers(&path);
    }
    references.compare_threshold(&folder().join("official/tiny_ss_ft.pt"));
}

#[test]
fn attention_weights_agree() {
    references().compare_attentions(&folder().join("official/tiny_pretrained.pt"));
}

#[test]
fn every_conversion_keeps_every_output() {
    let references = references();
    for (name, outputs) in CHECKPOINTS {
        references.compare_conversions(&folder().join(name), outputs);
    }
}

/// That layout can only hold the published structure head, so the tiny one here is left out.
#[test]
fn a_multimolecule_folder_keeps_the_language_model() {
    let (references, temporary) = (references(), tempfile::tempdir().unwrap());
    for (i, (name, _)) in CHECKPOINTS.into_iter().enumerate() {
        let options = WriteOptions::default().layout(Layout::Multimolecule);
        let there = references.convert(&folder().join(name), temporary.path().join(i.to_string()), &options);
        assert_eq!(references.compare(&there, &Way::F32, F32), ["representation", "logits"], "{name}");
    }
}

#[test]
fn bf16_is_close() {
    let (references, temporary) = (references(), tempfile::tempdir().unwrap());
    for (i, (name, outputs)) in CHECKPOINTS.into_iter().enumerate() {
        let path = folder().join(name);
        assert_eq!(references.compare(&path, &[Way::Kernels(Precision::Bf16)], BF16), outputs, "{name}");
        let options = WriteOptions::default().dtype(Dtype::Bf16);
        let stored = references.convert(&path, temporary.path().join(format!("{i}.safetensors")), &options);
        references.compare(&stored, &Way::F32, BF16);
    }
}

/// The comparison notices weights that differ from those of the file.
#[test]
#[should_panic(expected = "of the largest value at")]
fn weights_in_half_precision_do_not_agree_in_f32() {
    let (references, temporary) = (references(), tempfile::tempdir().unwrap());
    let options = WriteOptions::default().dtype(Dtype::F16);
    let path = folder().join("official/tiny_pretrained.pt");
    let stored = references.convert(&path, temporary.path().join("half.safetensors"), &options);
    references.compare(&stored, &Way::F32, F32);
}
