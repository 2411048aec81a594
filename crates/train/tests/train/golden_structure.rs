//! Loss and gradients of one structure fine-tuning step compared with PyTorch; see `golden/structure/make.py`.

use std::path::Path;

use burn::tensor::Device;
use rinalmo_model::{EncoderConfig, HeadConfig, Model, ModelConfig};
use rinalmo_seq::Structure;
use rinalmo_seq::labelled::structures::Item;
use rinalmo_train::{Pass, Share, StructureConfig, Structures, Task, Window, start};
use rinalmo_weights::{Checkpoint, OpenOptions};
use safetensors::SafeTensors;

use crate::golden::{made, numbers};

/// Of a gradient, relative to the largest of its tensor: f32 sums against f64.
const GRADIENT: f64 = 1e-4;

fn config() -> ModelConfig {
    let encoder = EncoderConfig::new(80, 3, 4);
    ModelConfig { encoder, mlm: false, head: Some(HeadConfig::structure()) }
}

fn golden() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/structure/golden.safetensors");
    std::fs::read(path).expect("the golden file is part of the repository")
}

/// The one structure of the golden file, `copies` times.
fn task(bytes: &[u8], file: &SafeTensors<'_>, copies: usize) -> Structures {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let sequence = header.metadata().as_ref().unwrap()["sequence"].clone().into_bytes();
    let pairs = numbers(file, "pairs", i32::from_le_bytes);
    let pairs = pairs.chunks_exact(2).map(|pair| (pair[0] as usize, pair[1] as usize)).collect();
    let structure = Structure::new(sequence.len(), pairs).unwrap();
    let item = Item::new("golden".into(), sequence, structure);
    let items = vec![item; copies];
    Structures::new(items, Vec::new(), &StructureConfig::default(), 0, Share::default()).unwrap()
}

fn compare(kind: &str, model: &Model, device: &Device, copies: usize) {
    let bytes = golden();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let task = task(&bytes, &file, copies);
    let batch: Vec<Window> =
        task.train().iter().enumerate().map(|(item, of)| Window { item, start: 0, len: of.sequence.len() }).collect();
    let mut pass = Pass::whole(model, device);
    let loss = task.loss(&mut pass, &batch);
    let gradients = pass.backward(&loss.sum);
    let found = f64::from(loss.sum.into_scalar::<f32>()) / loss.weight;
    let expected = numbers(&file, &format!("{kind}.loss"), f64::from_le_bytes)[0];
    assert!((found - expected).abs() < 1e-5, "loss {found}, PyTorch {expected}");
    assert_eq!(gradients.tensors.len(), config().manifest().len());
    let mut worst = (0.0, String::new());
    for gradient in &gradients.tensors {
        let expected = numbers(&file, &format!("{kind}.gradient.{}", gradient.name), f32::from_le_bytes);
        let largest = f64::from(numbers(&file, &format!("{kind}.largest.{}", gradient.name), f32::from_le_bytes)[0]);
        let values = gradient.values.to_vec();
        let every = (values.len() / 256).max(1);
        assert_eq!(values.len().div_ceil(every), expected.len(), "{}", gradient.name);
        for (at, (found, expected)) in values.iter().step_by(every).zip(expected).enumerate() {
            let apart = (f64::from(*found) / loss.weight - f64::from(expected)).abs() / largest;
            if apart > worst.0 {
                worst = (apart, format!("{}[{}]", gradient.name, at * every));
            }
        }
    }
    println!("{kind}: largest difference {:.1e} of a tensor's largest, at {}", worst.0, worst.1);
    assert!(worst.0 < GRADIENT, "{} is {:.1e} of its tensor's largest apart", worst.1, worst.0);
}

#[test]
fn gradients_of_a_structure_are_pytorchs() {
    let device = Device::flex().autodiff();
    compare("made", &made(&config(), &device), &device, 1);
}

#[test]
fn a_batch_of_structures_is_the_mean_of_one_at_a_time() {
    let device = Device::flex().autodiff();
    compare("made", &made(&config(), &device), &device, 3);
}

#[test]
fn gradients_with_the_official_fixtures_weights_are_pytorchs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/official/tiny_ss_ft.pt");
    if !path.is_file() {
        rinalmo_skips::skip!("{} is missing", path.display());
        return;
    }
    let device = Device::flex().autodiff();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default().heads(4)).unwrap();
    compare("fixture", &start::from_checkpoint(&checkpoint, &config(), 0, &device).unwrap(), &device, 1);
}
