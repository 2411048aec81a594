//! Laws over many files: every variant of the names gives the same tensors, and no damaged bytes panic.

use proptest::prelude::*;
use rinalmo_model::{HeadConfig, ModelConfig};
use rinalmo_seq::tokenizer::{MULTIMOLECULE_26, MULTIMOLECULE_28, rows_from};
use rinalmo_weights::archive::{Archive, Span};
use rinalmo_weights::{Checkpoint, OpenOptions};

use crate::pt::{self, Named};
use crate::round_trip::small;

fn open(bytes: &[u8]) -> Checkpoint {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.pt");
    std::fs::write(&path, bytes).unwrap();
    Checkpoint::open(path, &OpenOptions::default().heads(4)).unwrap()
}

/// A checkpoint with released names, without prefix.
fn official(config: &ModelConfig) -> Vec<Named> {
    let folder = tempfile::tempdir().unwrap();
    let own = open(&pt::modern(&pt::tensors_of(config, str::to_owned), &[], false));
    let path = folder.path().join("official");
    own.write(&path, &rinalmo_weights::WriteOptions::default().layout(rinalmo_weights::Layout::Official)).unwrap();
    let archive = Archive::open(&path).unwrap();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
    let tensors =
        checkpoint.tensors().map(|(_, tensor)| (tensor.key().to_owned(), tensor.shape.clone(), tensor.to_f32()));
    let tensors: Vec<Named> = tensors.collect();
    assert_eq!(tensors.len(), archive.tensors.len());
    tensors
}

fn assert_same(a: &Checkpoint, b: &Checkpoint) {
    assert_eq!(a.config, b.config);
    for (name, tensor) in a.tensors() {
        assert_eq!(b.tensor(name).unwrap().to_f32(), tensor.to_f32(), "{name}");
    }
}

/// Splits each stacked projection into three, as code without flash attention has them.
fn without_flash(tensors: Vec<Named>) -> Vec<Named> {
    let mut out = Vec::new();
    for (name, shape, values) in tensors {
        if let Some(block) = name.strip_suffix("mh_attn.Wqkv.weight") {
            for (part, chunk) in ["to_q", "to_k", "to_v"].iter().zip(values.chunks(values.len() / 3)) {
                let name = format!("{block}mh_attn.mh_attn.{part}.weight");
                out.push((name, vec![shape[0] / 3, shape[1]], chunk.to_vec()));
            }
        } else {
            out.push((name.replace("mh_attn.out_proj", "mh_attn.mh_attn.out_proj"), shape, values));
        }
    }
    out
}

#[test]
fn flash_and_plain_attention_and_every_container_hold_the_same() {
    let tensors = official(&small());
    let first = open(&pt::modern(&tensors, &[], false));
    let mut plain = without_flash(tensors.clone());
    plain.push(("transformer.blocks.0.mh_attn.mh_attn.rotary_emb.inv_freq".into(), vec![2], vec![1.0, 0.1]));
    let prefixed: Vec<Named> = plain.iter().map(|(n, s, v)| (format!("rinalmo.{n}"), s.clone(), v.clone())).collect();
    for tensors in [&tensors, &plain, &prefixed] {
        assert_same(&first, &open(&pt::modern(tensors, &[], false)));
        assert_same(&first, &open(&pt::modern(tensors, &[], true)));
        assert_same(&first, &open(&pt::legacy(tensors, &[])));
    }
}

#[test]
fn the_number_of_classes_tells_splice_from_family() {
    for (head, task) in
        [(HeadConfig::Splice { hidden: 8 }, "splice"), (HeadConfig::Family { hidden: 8, classes: 5 }, "family")]
    {
        let checkpoint = open(&pt::modern(&official(&small().with_head(head)), &[], false));
        assert_eq!(checkpoint.meta.task, task);
    }
}

#[test]
fn a_missing_third_is_reported() {
    let mut plain = without_flash(official(&small()));
    plain.retain(|(name, _, _)| name != "transformer.blocks.1.mh_attn.mh_attn.to_k.weight");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.pt");
    std::fs::write(&path, pt::modern(&plain, &[], false)).unwrap();
    let text = Checkpoint::open(path, &OpenOptions::default().heads(4)).unwrap_err().to_string();
    assert!(text.contains("should be three parts of one tensor, but there are 2"), "{text}");
    assert!(text.contains("missing: `encoder.blocks.1.attention.qkv.weight` [48, 16]"), "{text}");
}

/// Multimolecule's names for a few of the released ones; enough for a whole model.
fn multimolecule(tensors: &[Named], vocabulary: &[&str], prefix: &str) -> Vec<Named> {
    let rows = rows_from(vocabulary);
    let widen = |shape: &[usize], values: &[f32]| {
        let row = values.len() / shape[0];
        let mut wide = vec![-1.0; vocabulary.len() * row]; // rows of tokens that we lack
        for (ours, theirs) in rows.iter().enumerate() {
            wide[theirs.unwrap() * row..][..row].copy_from_slice(&values[ours * row..][..row]);
        }
        let shape: Vec<usize> = std::iter::once(vocabulary.len()).chain(shape[1..].iter().copied()).collect();
        (shape, wide)
    };
    let mut out = Vec::new();
    for (name, shape, values) in without_flash(tensors.to_vec()) {
        let theirs = name
            .replace("transformer.blocks.", "encoder.layer.")
            .replace("mh_attn.mh_attn.to_q", "attention.self.query")
            .replace("mh_attn.mh_attn.to_k", "attention.self.key")
            .replace("mh_attn.mh_attn.to_v", "attention.self.value")
            .replace("mh_attn.mh_attn.out_proj", "attention.output.dense")
            .replace("attn_layer_norm", "attention.layer_norm")
            .replace("out_layer_norm", "layer_norm")
            .replace("transition.0.beta", "intermediate.bias")
            .replace("transition.0", "intermediate")
            .replace("transition.2", "output.dense")
            .replace("transformer.final_layer_norm", "encoder.layer_norm")
            .replace("lm_mask_head.linear1", "lm_head.transform.dense")
            .replace("lm_mask_head.layer_norm", "lm_head.transform.layer_norm")
            .replace("lm_mask_head.linear2", "lm_head.decoder")
            .replace("pred_head.linear_in", "ss_head.projection")
            .replace("pred_head.resnet.blocks", "ss_head.convnet")
            .replace("conv_net.0", "conv1")
            .replace("conv_net.3", "conv2")
            .replace("conv_net.6", "conv3")
            .replace("pred_head.conv_out", "ss_head.prediction")
            .trim_start_matches("lm.")
            .to_owned();
        match theirs.as_str() {
            "embedding.weight" => {
                let (shape, values) = widen(&shape, &values);
                out.push((format!("{prefix}embeddings.word_embeddings.weight"), shape, values));
            }
            "lm_head.decoder.weight" | "lm_head.decoder.bias" => {
                let (shape, values) = widen(&shape, &values);
                if theirs.ends_with("bias") {
                    out.push(("lm_head.bias".into(), shape.clone(), values.clone()));
                }
                out.push((theirs, shape, values));
            }
            _ if theirs.starts_with("lm_head") || theirs.starts_with("ss_head") => out.push((theirs, shape, values)),
            _ => out.push((format!("{prefix}{theirs}"), shape, values)),
        }
    }
    out
}

#[test]
fn both_multimolecule_vocabularies_and_prefixes_map_to_ours() {
    let tensors = official(&small().with_head(HeadConfig::Structure {
        channels: 4,
        blocks: 2,
        kernel: 3,
        energy: false,
        ensemble: None,
    }));
    let first = open(&pt::modern(&tensors, &[], false));
    for (vocabulary, prefix) in [(&MULTIMOLECULE_28[..], "model."), (&MULTIMOLECULE_26[..], "rinalmo.")] {
        let theirs = multimolecule(&tensors, vocabulary, prefix);
        assert_same(&first, &open(&pt::modern(&theirs, &[], false)));
        assert_same(&first, &open(&pt::legacy(&theirs, &[])));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mangled_files_never_panic(
        which in 0..4usize,
        early in any::<bool>(), // half of the time in the first 400 bytes, where the headers are
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let tensors: Vec<Named> = vec![
            ("transformer.blocks.0.mh_attn.Wqkv.weight".into(), vec![6, 2], vec![1.0; 12]),
            ("embedding.weight".into(), vec![22, 2], vec![2.0; 44]),
        ];
        let numbers = [("threshold", 0.5)];
        let header = r#"{"__metadata__":{"format":"pt"},"encoder.embedding":{"dtype":"F32","shape":[22,2],"data_offsets":[0,176]},
            "encoder.blocks.0.feed_forward.up.bias":{"dtype":"BF16","shape":[0,7],"data_offsets":[176,176]}}"#;
        let mut bytes = match which {
            0 => pt::modern(&tensors, &numbers, false),
            1 => pt::modern(&tensors, &numbers, true),
            2 => pt::legacy(&tensors, &numbers),
            _ => pt::safetensors(header, &[1; 176]),
        };
        let reach = if early { bytes.len().min(400) } else { bytes.len() };
        for (index, value) in changes {
            let at = index.index(reach);
            bytes[at] = value;
        }
        if let Ok(archive) = Archive::parse(Span::owned(bytes.clone())) {
            for raw in archive.tensors.values() {
                let _ = raw.number();
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mangled.pt");
        std::fs::write(&path, bytes).unwrap();
        let opened = Checkpoint::open(path, &OpenOptions::default().heads(1));
        prop_assert!(opened.is_err()); // it lacks most tensors
    }
}
