//! The golden ladder: every output of two independent reference implementations (the authors'
//! released code and multimolecule 0.2.2) on random-weight checkpoints of width 80.
//!
//! Needs `../shared/fixtures` next to the project and skips without it. With `--nocapture` the
//! largest difference of each output is printed. `RINALMO_TEST_DEVICE` names another device than
//! the CPU.

mod common;

use std::path::{Path, PathBuf};

use common::{Expected, F32, References, Way, close};
use rinalmo::EmbedOptions;
use rinalmo::sink::ArrayKind;
use rinalmo_seq::tokenizer::{MULTIMOLECULE_28, rows_from};

fn fixtures() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    if !path.is_dir() {
        rinalmo_skips::skip!("{} is missing", path.display());
        return None;
    }
    Some(path)
}

/// The authors' outputs.
fn official() -> Option<References> {
    let unsaid = serde_json::json!({
        "ss_threshold": 0.17, "mrl_padding": 103, "mrl_mean": 6.1, "mrl_std": 1.7, "attention_sequences": [0, 1, 2, 3],
    });
    Some(References::open(fixtures()?.join("official"), unsaid))
}

/// The checkpoints and what each computes.
const CHECKPOINTS: [(&str, &[&str]); 5] = [
    ("tiny_pretrained.pt", &["representation", "logits"]),
    ("tiny_ss_ft.pt", &["representation", "logits", "structure"]),
    ("tiny_mrl_ft.pt", &["representation", "logits", "mrl"]),
    ("tiny_splice_ft.pt", &["representation", "logits", "splice"]),
    ("tiny_ncrna_ft.pt", &["representation", "logits", "family"]),
];

#[test]
fn every_head_matches_the_official_code() {
    let Some(references) = official() else { return };
    for (name, outputs) in CHECKPOINTS {
        let path = references.folder.join(name);
        assert_eq!(references.compare(&path, &Way::F32, F32), outputs, "{name}");
        references.compare_answers(&path);
    }
    references.compare_threshold(&references.folder.join("tiny_ss_ft.pt"));
}

#[test]
fn attention_weights_match_the_official_code() {
    let Some(references) = official() else { return };
    references.compare_attentions(&references.folder.join("tiny_pretrained.pt"));
}

#[test]
fn outputs_match_multimolecule() {
    let (Some(folder), Some(references)) = (fixtures(), official()) else { return };
    let sequences = &references.meta.sequences;
    let expected = Expected::read(&folder.join("multimolecule/expected.safetensors"));
    let model = references.model(&folder.join("multimolecule"));
    let options = EmbedOptions::default().include([ArrayKind::Tokens, ArrayKind::Cls, ArrayKind::Logits]);
    let embeddings = model.embed(sequences, &options).unwrap();
    let (hidden_shape, hidden) = expected.floats("last_hidden_state");
    let (logits_shape, logits) = expected.floats("logits");
    let theirs = rows_from(&MULTIMOLECULE_28);
    for (i, (sequence, embedding)) in sequences.iter().zip(&embeddings).enumerate() {
        let row = |shape: &[usize], values: &[f32], token: usize| {
            let start = (i * shape[1] + token) * shape[2];
            values[start..start + shape[2]].to_vec()
        };
        let cls = row(&hidden_shape, &hidden, 0);
        close(&format!("multimolecule: <cls> of {i}"), &embedding.get(ArrayKind::Cls).unwrap().data, &cls, F32);
        let tokens: Vec<f32> = (1..=sequence.len()).flat_map(|t| row(&hidden_shape, &hidden, t)).collect();
        close(&format!("multimolecule: tokens of {i}"), &embedding.get(ArrayKind::Tokens).unwrap().data, &tokens, F32);
        // Their vocabulary has every token of ours.
        let picked = |t: usize| theirs.map(|column| row(&logits_shape, &logits, t)[column.unwrap()]);
        let logits: Vec<f32> = (1..=sequence.len()).flat_map(picked).collect();
        close(&format!("multimolecule: logits of {i}"), &embedding.get(ArrayKind::Logits).unwrap().data, &logits, F32);
    }
}

#[test]
fn conversion_there_and_back_keeps_every_output() {
    let (Some(folder), Some(references)) = (fixtures(), official()) else { return };
    for (name, outputs) in CHECKPOINTS {
        references.compare_conversions(&references.folder.join(name), outputs);
    }
    references.compare_conversions(&folder.join("multimolecule"), &["representation", "logits"]);
}

#[test]
fn batch_mates_change_nothing() {
    let Some(references) = official() else { return };
    let sequences = &references.meta.sequences;
    let model = references.model(&references.folder.join("tiny_ss_ft.pt"));
    let options = EmbedOptions::default().include([ArrayKind::Tokens, ArrayKind::Mean, ArrayKind::Logits]);
    let together = model.embed(sequences, &options).unwrap();
    for (sequence, together) in sequences.iter().zip(&together) {
        let single = &model.embed(&[sequence], &options).unwrap()[0];
        for (a, b) in single.arrays.iter().zip(&together.arrays) {
            close(&format!("{} alone and together", a.kind), &a.data, &b.data, F32);
        }
    }
}
