//! Checkpoints from their bytes to a forward pass: opened, verified, loaded, and used to fold and embed.
//!
//! Mutated bytes rarely get past the file formats, so half of the inputs are valid files of impossible models: one
//! number of the description is replaced, and the tensors are made to match.

use std::collections::HashMap;

use rinalmo::checkpoint::{Document, HEADER_KEY};
use rinalmo::sink::ArrayKind;
use rinalmo::{Device, EmbedOptions, FoldOptions, MRL_PADDING, Model, ScoreOptions};
use rinalmo_model::{EncoderConfig, HeadConfig, Lora, LoraTarget, ModelConfig, Pooling};
use rinalmo_weights::{Checkpoint, OpenOptions};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value;

use crate::scratch::with_file;
use crate::{Rng, inputs};

/// Writes small `.pt` files; shared with the tests of `weights`.
#[allow(missing_docs, dead_code)]
#[path = "../../../crates/weights/tests/checkpoints/pt.rs"]
pub mod pt;

const SEQUENCE: &[u8] = b"GGGGAAAACCCC";

/// Opens the bytes as a checkpoint and calls everything that the model supports.
pub fn run(bytes: &[u8]) {
    with_file(bytes, ".safetensors", |path| {
        let options = OpenOptions::default().heads(4);
        let Ok(checkpoint) = Checkpoint::open(path, &options) else { return };
        let _ = checkpoint.config.parameters();
        for member in checkpoint.members().to_vec() {
            let _ = Checkpoint::open(path, &options.clone().member(member));
        }
        let Ok(model) = Model::from_checkpoint(checkpoint, None, &Device::cpu()) else { return };
        ask(&model);
    });
}

fn ask(model: &Model) {
    let _ = model.fold(&[SEQUENCE], &FoldOptions::default().probabilities(true));
    for kind in [ArrayKind::Tokens, ArrayKind::Mean, ArrayKind::Cls, ArrayKind::Logits, ArrayKind::Attentions] {
        let _ = model.embed(&[SEQUENCE], &EmbedOptions::default().include([kind]));
    }
    let _ = model.score(&[SEQUENCE], &ScoreOptions::default());
    let _ = model.predict_splice(&[SEQUENCE]);
    let _ = model.predict_mrl(&[SEQUENCE], MRL_PADDING);
    let _ = model.predict_family(&[SEQUENCE]);
    let _ = model.predict_sequence(&[SEQUENCE]);
    let _ = model.predict_token(&[SEQUENCE]);
}

/// A tiny model with each kind of head.
pub fn tiny() -> Vec<ModelConfig> {
    let small = || ModelConfig::pretrained(EncoderConfig::new(8, 2, 4));
    let lora = Lora { rank: 2, alpha: 2, targets: vec![LoraTarget::Qkv, LoraTarget::Down] };
    let adapted = EncoderConfig::new(8, 2, 4).with_lora(Some(lora));
    vec![
        small(),
        small().with_head(HeadConfig::Structure { channels: 4, blocks: 1, kernel: 3, energy: false, ensemble: None }),
        small().with_head(HeadConfig::Structure { channels: 4, blocks: 1, kernel: 3, energy: true, ensemble: None }),
        small().with_head(HeadConfig::Mrl { channels: 4, blocks: 1, kernel: 3 }),
        small().with_head(HeadConfig::Splice { hidden: 4 }),
        small().with_head(HeadConfig::Family { hidden: 4, classes: 3 }),
        small().with_head(HeadConfig::Sequence { hidden: 4, outputs: 2, pooling: Pooling::Mean }),
        small().with_head(HeadConfig::Token { hidden: 4, outputs: 2 }),
        ModelConfig::pretrained(EncoderConfig::new(8, 2, 4).with_gelu().with_learned_positions(16)),
        ModelConfig::pretrained(adapted),
    ]
}

/// Each of them in our own format, and the first as PyTorch saves it.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = tiny().into_iter().map(|config| file(&document(config.clone()), &config)).collect();
    seeds.push(pt::modern(&pt::tensors_of(&tiny()[0], str::to_owned), &[], false));
    seeds
}

fn document(config: ModelConfig) -> Value {
    serde_json::to_value(Document::new("tiny", config)).expect("a description is JSON")
}

/// A file with this description and the tensors of this model.
fn file(document: &Value, config: &ModelConfig) -> Vec<u8> {
    let manifest = config.manifest();
    let data: Vec<Vec<u8>> = manifest.iter().map(|spec| values(spec.shape.iter().product())).collect();
    let views = manifest.iter().zip(&data).filter_map(|(spec, data)| {
        Some((spec.name.as_str(), TensorView::new(Dtype::F32, spec.shape.clone(), data).ok()?))
    });
    let header = HashMap::from([(HEADER_KEY.to_owned(), document.to_string())]);
    safetensors::serialize(views, Some(header)).unwrap_or_default()
}

fn values(count: usize) -> Vec<u8> {
    (0..count).flat_map(|i| ((i % 13) as f32 / 13.0 - 0.4).to_le_bytes()).collect()
}

/// Mutated bytes of a seed, or a file of a model with one impossible size.
pub fn mutate(random: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    if random.bool() {
        return inputs::any(random, seeds);
    }
    let config = random.choice(tiny()).expect("the list is not empty");
    let mut absurd = document(config.clone());
    for _ in 0..random.usize(1..=2) {
        change_a_number(random, &mut absurd["config"]);
    }
    // Tensors that match the description, if they are small; otherwise those of the valid model.
    let fitting = serde_json::from_value(absurd["config"].clone()).ok().filter(|_| largest(&absurd["config"]) <= 64);
    file(&absurd, &fitting.unwrap_or(config))
}

fn largest(value: &Value) -> u64 {
    match value {
        Value::Number(number) => number.as_u64().unwrap_or(u64::MAX),
        Value::Object(fields) => fields.values().map(largest).max().unwrap_or(0),
        Value::Array(items) => items.iter().map(largest).max().unwrap_or(0),
        _ => 0,
    }
}

fn change_a_number(random: &mut Rng, value: &mut Value) {
    let mut numbers = Vec::new();
    collect(value, &mut numbers);
    let new = random.choice([0, 1, 2, 3, 4, 5, 7, 8, 31, 64, 1 << 20, 1 << 60, u64::MAX]);
    if let (Some(place), Some(new)) = (random.choice(numbers), new) {
        *place = new.into();
    }
}

fn collect<'v>(value: &'v mut Value, numbers: &mut Vec<&'v mut Value>) {
    match value {
        Value::Number(_) => numbers.push(value),
        Value::Object(fields) => fields.values_mut().for_each(|field| collect(field, numbers)),
        Value::Array(items) => items.iter_mut().for_each(|item| collect(item, numbers)),
        _ => {}
    }
}
