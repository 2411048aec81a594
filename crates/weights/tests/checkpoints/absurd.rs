//! Descriptions with impossible values: every number of each of them, set to what no model has.

use std::path::Path;

use rinalmo_model::{EncoderConfig, HeadConfig, Lora, LoraTarget, ModelConfig};
use rinalmo_weights::{Checkpoint, Document, HEADER_KEY, OpenOptions, WriteOptions};
use serde_json::Value;

use crate::pt;
use crate::round_trip::{cnn, small};

const ABSURD: [u64; 4] = [0, 1 << 30, 1 << 60, u64::MAX];

/// The places of all numbers in a document's config.
fn numbers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(at.to_owned()),
        Value::Object(map) => map.iter().for_each(|(key, inner)| numbers(inner, &format!("{at}/{key}"), found)),
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(index, inner)| numbers(inner, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// Each document of `config` with one number changed, and the number's place.
fn changed(config: &ModelConfig) -> Vec<(String, Value)> {
    let document = serde_json::to_value(Document::new("evil", config.clone())).unwrap();
    let mut places = Vec::new();
    numbers(&document["config"], "/config", &mut places);
    assert!(places.len() >= 4, "{places:?}");
    let mut all = Vec::new();
    for place in places {
        for absurd in ABSURD {
            let mut document = document.clone();
            *document.pointer_mut(&place).unwrap() = absurd.into();
            all.push((format!("{place} = {absurd}"), document));
        }
    }
    all
}

fn configs() -> Vec<ModelConfig> {
    let lora = Lora { rank: 2, alpha: 4, targets: vec![LoraTarget::Qkv] };
    let with_lora = |mut config: ModelConfig| {
        config.encoder = config.encoder.with_lora(Some(lora.clone()));
        config
    };
    vec![
        small().with_head(HeadConfig::Structure { channels: 4, blocks: 1, kernel: 3, energy: false, ensemble: None }),
        small().with_head(HeadConfig::Mrl { channels: 4, blocks: 1, kernel: 3 }),
        small().with_head(HeadConfig::Family { hidden: 8, classes: 5 }),
        cnn(),
        with_lora(small().with_head(HeadConfig::Token { hidden: 8, outputs: 3 })),
        ModelConfig::pretrained(EncoderConfig::new(16, 2, 4).with_learned_positions(32)),
    ]
}

/// A file of our own form with these texts in its header.
fn file(folder: &Path, texts: &[(&str, String)]) -> std::path::PathBuf {
    let mut header = serde_json::json!({
        "encoder.embedding": { "dtype": "F32", "shape": [22, 16], "data_offsets": [0, 1408] },
        "encoder.norm.bias": { "dtype": "F32", "shape": [0], "data_offsets": [1408, 1408] },
    });
    for (key, text) in texts {
        header["__metadata__"][*key] = text.as_str().into();
    }
    let path = folder.join("evil.safetensors");
    std::fs::write(&path, pt::safetensors(&header.to_string(), &[0; 1408])).unwrap();
    path
}

/// Checks that opening fails with a message about the sizes. 0 blocks are a valid size, so then the tensors do not fit.
fn assert_refused(opened: Result<Checkpoint, rinalmo_weights::Error>, what: &str) {
    let text = opened.expect_err(what).to_string();
    let no_blocks = what.contains("/blocks = 0") && text.contains("does not fit");
    assert!(text.contains("not a sound model: ") || no_blocks, "{what}: {text}");
}

#[test]
fn no_number_of_a_description_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    for config in configs() {
        for (what, document) in changed(&config) {
            let path = file(folder.path(), &[(HEADER_KEY, document.to_string())]);
            assert_refused(Checkpoint::open(&path, &OpenOptions::default()), &what);
        }
    }
}

#[test]
fn no_number_of_a_members_description_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let first = serde_json::to_string(&Document::new("first", small())).unwrap();
    for config in configs() {
        for (what, document) in changed(&config) {
            let members = serde_json::json!({ "evil": document }).to_string();
            let path = file(folder.path(), &[(HEADER_KEY, first.clone()), ("rinalmo.members", members)]);
            for member in [None, Some("evil".to_owned())] {
                let opened = Checkpoint::open(&path, &OpenOptions::default().member(member.clone()));
                if member.is_some() || !what.contains("/blocks = 0") {
                    assert_refused(opened, &what);
                }
            }
        }
    }
}

#[test]
fn no_number_of_an_adapters_description_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("base.pt");
    std::fs::write(&path, pt::modern(&pt::tensors_of(&small(), str::to_owned), &[], false)).unwrap();
    let base = Checkpoint::open(&path, &OpenOptions::default().heads(4)).unwrap();
    for config in configs().into_iter().filter(|config| config.encoder.lora.is_some()) {
        for (what, document) in changed(&config) {
            let mut header =
                serde_json::json!({ "encoder.norm.bias": { "dtype": "F32", "shape": [0], "data_offsets": [0, 0] } });
            header["__metadata__"][HEADER_KEY] = document.to_string().into();
            let path = folder.path().join("adapter.safetensors");
            std::fs::write(&path, pt::safetensors(&header.to_string(), &[])).unwrap();
            let text = Checkpoint::open_beside(&path, &base).expect_err(&what).to_string();
            let fits_no_base = what.contains("/encoder/blocks = 0") && text.contains(" and 0 blocks");
            assert!(text.contains("not a sound model: ") || fits_no_base, "{what}: {text}");
        }
    }
}

#[test]
fn no_number_of_multimolecules_description_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let header = r#"{"encoder.layer.0.layer_norm.bias":{"dtype":"F32","shape":[16],"data_offsets":[0,64]},
        "encoder.layer_norm.weight":{"dtype":"F32","shape":[16],"data_offsets":[64,128]}}"#;
    std::fs::write(folder.path().join("model.safetensors"), pt::safetensors(header, &[0; 128])).unwrap();
    for key in ["hidden_size", "num_hidden_layers", "num_attention_heads"] {
        for absurd in ABSURD {
            let mut config =
                serde_json::json!({ "model_type": "rinalmo", "hidden_size": 16, "num_attention_heads": 4 });
            config[key] = absurd.into();
            std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
            let text = Checkpoint::open(folder.path(), &OpenOptions::default()).unwrap_err().to_string();
            let no_blocks = (key, absurd) == ("num_hidden_layers", 0) && text.contains("does not fit");
            let sizes = text.contains("not a sound model: ") || text.contains("attention heads is ");
            assert!(sizes || no_blocks, "{key}: {text}");
        }
    }
}

#[test]
fn tensors_claim_no_more_than_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pt");
    let complaint = |bytes: Vec<u8>| {
        std::fs::write(&path, bytes).unwrap();
        let four = OpenOptions::default().heads(4);
        Checkpoint::open(&path, &four).map(drop).map_err(|error| error.to_string())
    };
    // All tensors of a model are views of the same few bytes: a thousand blocks of a hundred kB in one storage.
    let config = ModelConfig::pretrained(EncoderConfig::new(16, 50, 4));
    let tensors = pt::tensors_of(&config, str::to_owned);
    let longest = tensors.iter().map(|(_, _, values)| values.len()).max().unwrap();
    let shared = pt::shared(&tensors, longest);
    let text = complaint(shared).unwrap_err();
    assert!(text.contains("refused: its tensors come to "), "{text}");
    assert!(text.contains(&format!("the file holds {} for them", longest * 4)), "{text}");
    // Tied weights are two tensors of one storage, which is valid.
    let two: Vec<pt::Named> = vec![("a".into(), vec![2, 2], vec![0.0; 4]), ("b".into(), vec![4], vec![0.0; 4])];
    assert!(complaint(pt::shared(&two, 4)).unwrap_err().contains("not a RiNALMo checkpoint"));
}

#[test]
fn two_entries_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pt");
    let tensors: Vec<pt::Named> = vec![("w".into(), vec![2], vec![0.0; 2])];
    let entry = |name: &str, data: Vec<u8>| pt::Entry::stored(name, data);
    for twice in ["m/data/0", "m/data.pkl"] {
        let (state, data) = (pt::state(&tensors, &[]), vec![0; 8]);
        let again = if twice == "m/data/0" { data.clone() } else { state.clone() };
        let entries = [entry("m/data.pkl", state), entry("m/data/0", data), entry(twice, again)];
        std::fs::write(&path, pt::zip(&entries)).unwrap();
        let text = Checkpoint::open(&path, &OpenOptions::default()).unwrap_err().to_string();
        assert!(text.ends_with("damaged PyTorch zip: two entries have one name, and either could be meant"), "{text}");
    }
}

#[test]
fn what_verify_finds_is_every_number_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    for (bad, word) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut tensors = pt::tensors_of(&small(), str::to_owned);
        let (name, _, values) = &mut tensors[3];
        values[5] = bad;
        let expected = format!("tensor `{name}` holds {word} (value 5)");
        let path = folder.path().join("file.pt");
        std::fs::write(&path, pt::modern(&tensors, &[], false)).unwrap();
        let checkpoint = Checkpoint::open(&path, &OpenOptions::default().heads(4)).unwrap();
        assert_eq!(checkpoint.first_not_finite().unwrap().to_string(), expected);
        let own = folder.path().join("own.safetensors");
        checkpoint.write(&own, &WriteOptions::default()).unwrap();
        let own = Checkpoint::open(&own, &OpenOptions::default()).unwrap();
        assert_eq!(own.first_not_finite().unwrap().to_string(), expected);
    }
}

#[test]
fn a_convolutional_network_without_a_description_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cnn.pt");
    std::fs::write(&path, pt::modern(&pt::tensors_of(&cnn(), str::to_owned), &[], false)).unwrap();
    let said = Checkpoint::open(&path, &OpenOptions::default().heads(4)).unwrap_err().to_string();
    assert!(said.contains("it has a convolutional network, and no description gives its window and pooling"), "{said}");
}

#[test]
fn a_network_for_an_unknown_task_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (task, expected) in
        [("mrl", "does not fit"), ("token", "network is for `token`"), ("gc", "network is for `gc`")]
    {
        let mut document = serde_json::to_value(Document::new("evil", cnn())).unwrap();
        document["config"]["head"]["made_for"] = task.into();
        let path = file(folder.path(), &[(HEADER_KEY, document.to_string())]);
        let said = Checkpoint::open(&path, &OpenOptions::default()).unwrap_err().to_string();
        assert!(said.contains(expected), "{task}: {said}");
    }
}
