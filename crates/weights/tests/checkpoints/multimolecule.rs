//! Multimolecule's layout: written files read the same, and have the layout of files that the library itself wrote.

use std::collections::BTreeMap;
use std::path::Path;

use rinalmo_model::{EncoderConfig, HeadConfig, ModelConfig};
use rinalmo_weights::{Checkpoint, Dtype, Family, Layout, OpenOptions, WriteOptions};
use serde_json::Value;

use crate::fixtures::{fixture, four_heads};
use crate::round_trip::{checkpoint, small};

fn write(first: &Checkpoint, folder: &Path, dtype: Option<Dtype>) -> Checkpoint {
    let path = folder.join("theirs");
    first.write(&path, &WriteOptions::default().layout(Layout::Multimolecule).dtype(dtype)).unwrap();
    Checkpoint::open(&path, &OpenOptions::default()).unwrap()
}

/// Types and shapes by name, out of a safetensors header.
fn header(file: &Path) -> BTreeMap<String, (Value, Value)> {
    let bytes = std::fs::read(file).unwrap();
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let header: serde_json::Map<String, Value> = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let tensors = header.into_iter().filter(|(name, _)| name != "__metadata__");
    tensors.map(|(name, about)| (name, (about["dtype"].clone(), about["shape"].clone()))).collect()
}

fn json(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn what_is_written_so_reads_the_same() {
    for config in [small(), small().with_head(HeadConfig::structure()), ModelConfig { mlm: false, ..small() }] {
        for dtype in [None, Some(Dtype::F32), Some(Dtype::Bf16)] {
            let folder = tempfile::tempdir().unwrap();
            let first = checkpoint(folder.path(), &config);
            let second = write(&first, folder.path(), dtype);
            assert_eq!((&second.config, second.meta.family), (&config, Family::Multimolecule));
            for (name, tensor) in first.tensors() {
                let (exact, back) = (tensor.to_f32(), second.tensor(name).unwrap().to_f32());
                let rounded = |v: &f32| half::bf16::from_f32(*v).to_f32();
                let matrix = dtype == Some(Dtype::Bf16) && tensor.shape.len() > 1;
                assert_eq!(back, if matrix { exact.iter().map(rounded).collect() } else { exact }, "{name}");
            }
        }
    }
}

#[test]
fn a_head_that_the_library_lacks_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let config = small().with_head(HeadConfig::Splice { hidden: 8 });
    let second = write(&checkpoint(folder.path(), &config), folder.path(), None);
    assert_eq!((&second.config.encoder, &second.config.head), (&config.encoder, &None));
}

#[test]
fn an_encoder_that_the_library_lacks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for encoder in [EncoderConfig::new(16, 2, 4).with_gelu(), EncoderConfig::new(16, 2, 4).with_learned_positions(32)] {
        let first = checkpoint(folder.path(), &ModelConfig::pretrained(encoder));
        let options = WriteOptions::default().layout(Layout::Multimolecule);
        let error = first.write(folder.path().join("theirs"), &options).unwrap_err().to_string();
        assert!(error.contains("multimolecule has no RiNALMo with"), "{error}");
        assert!(!folder.path().join("theirs").exists());
    }
}

#[test]
fn the_folder_is_laid_out_as_the_library_lays_out_its_own() {
    let (Some(official), Some(theirs)) = (fixture("official/tiny_pretrained.pt"), fixture("multimolecule")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    write(&Checkpoint::open(official, &four_heads()).unwrap(), folder.path(), None);
    let ours = folder.path().join("theirs");
    let weights = "model.safetensors";
    assert_eq!(header(&ours.join(weights)), header(&theirs.join(weights)));
    let vocabulary = |folder: &Path| std::fs::read(folder.join("vocab.txt")).unwrap();
    assert_eq!(vocabulary(&ours), vocabulary(&theirs));
    for file in ["config.json", "tokenizer_config.json"] {
        let (ours, theirs) = (json(&ours.join(file)), json(&theirs.join(file)));
        for (key, value) in ours.as_object().unwrap() {
            assert_eq!(Some(value), theirs.get(key), "{file}: {key}");
        }
    }
}
