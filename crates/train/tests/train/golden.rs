//! Loss, gradients of every tensor and ten optimiser steps compared with PyTorch; see `golden/pretraining/make.py`.

use std::collections::HashMap;

use crate::common::{Fixed, Record};
use burn::tensor::Device;
use rinalmo_model::{EncoderConfig, Model, ModelConfig, Packed, TensorSpec};
use rinalmo_train::{
    Alone, Course, Ended, Limits, Options, Pass, Schedule, Stop, Task, Trainer, WarmUp, run::DropoutRates, start,
};
use rinalmo_weights::{Checkpoint, Document, HEADER_KEY, OpenOptions};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// Of a gradient, relative to the largest of its tensor: f32 sums against f64, and the golden file's 16 bits.
const GRADIENT: f64 = 1e-4;
/// Of a loss after up to ten steps, absolute.
const LOSS: f64 = 1e-4;

fn golden() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/pretraining/golden.safetensors");
    std::fs::read(path).expect("the golden file is part of the repository")
}

/// Numbers of a tensor in a golden file.
pub fn numbers<const N: usize, T>(file: &SafeTensors<'_>, name: &str, read: fn([u8; N]) -> T) -> Vec<T> {
    let data = file.tensor(name).unwrap().data().to_vec();
    data.chunks_exact(N).map(|bytes| read(bytes.try_into().unwrap())).collect()
}

fn config() -> ModelConfig {
    ModelConfig::pretrained(EncoderConfig::new(80, 3, 4))
}

/// Numbers in [−1, 1) that depend on tensor number and element number.
fn even(number: usize, count: usize) -> impl Iterator<Item = f32> {
    (1..=count as u64).map(move |element| {
        let x = ((number as u64 + 1) << 32).wrapping_add(element);
        let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = (x ^ (x >> 31)) >> 40;
        bits as f32 / (1 << 23) as f32 - 1.0
    })
}

/// The weights of the golden run.
fn model(device: &Device) -> Model {
    made(&config(), device)
}

/// A model whose weights are a formula, loaded from a checkpoint.
pub fn made(config: &ModelConfig, device: &Device) -> Model {
    let make_tensor = |(number, TensorSpec { name, shape }): (usize, TensorSpec)| {
        let norm = name.ends_with("norm.weight") || name.ends_with("beta");
        let (middle, spread) = if shape.len() > 1 { (0.0, 0.125) } else { (f32::from(u8::from(norm)), 0.25) };
        let values = even(number, shape.iter().product()).map(|x| middle + x * spread);
        (name, shape, values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>())
    };
    let tensors: Vec<_> = config.manifest().into_iter().enumerate().map(make_tensor).collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    let document = serde_json::to_string(&Document::new("golden", config.clone())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("golden.safetensors");
    safetensors::serialize_to_file(views, Some(HashMap::from([(HEADER_KEY.into(), document)])), &path).unwrap();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
    start::from_checkpoint(&checkpoint, config, 0, device).unwrap()
}

fn task(file: &SafeTensors<'_>) -> Fixed {
    let tokens: Vec<u8> = numbers(file, "tokens", i32::from_le_bytes).into_iter().map(|token| token as u8).collect();
    let mut rest = tokens.as_slice();
    let rows: Vec<&[u8]> = numbers(file, "lengths", i32::from_le_bytes)
        .into_iter()
        .map(|length| rest.split_off(..length as usize).unwrap())
        .collect();
    Fixed { packed: Packed::new(rows), targets: numbers(file, "targets", i32::from_le_bytes) }
}

#[test]
fn gradients_of_every_tensor_are_pytorchs() {
    let (bytes, device) = (golden(), Device::flex().autodiff());
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (task, model) = (task(&file), model(&device));
    let mut pass = Pass::whole(&model, &device);
    let loss = task.loss(&mut pass, &());
    let gradients = pass.backward(&loss.sum);
    let found = f64::from(loss.sum.into_scalar::<f32>()) / loss.weight;
    let expected = numbers(&file, "losses", f64::from_le_bytes)[0];
    assert!((found - expected).abs() < 1e-5, "loss {found}, PyTorch {expected}");
    assert_eq!(gradients.tensors.len(), config().manifest().len());
    let mut worst = (0.0, String::new());
    for gradient in &gradients.tensors {
        let expected = numbers(&file, &format!("gradient.{}", gradient.name), i16::from_le_bytes);
        let unit = f64::from(numbers(&file, &format!("unit.{}", gradient.name), f32::from_le_bytes)[0]);
        let values = gradient.values.to_vec();
        assert_eq!(values.len(), expected.len(), "{}", gradient.name);
        for (at, (found, expected)) in values.iter().zip(expected).enumerate() {
            let apart = (f64::from(*found) / loss.weight / unit - f64::from(expected)).abs() / 32767.0;
            if apart > worst.0 {
                worst = (apart, format!("{}[{at}]", gradient.name));
            }
        }
    }
    println!("largest difference {:.1e} of a tensor's largest, at {}", worst.0, worst.1);
    assert!(worst.0 < GRADIENT, "{} is {:.1e} of its tensor's largest apart", worst.1, worst.0);
}

#[test]
fn ten_steps_go_where_pytorchs_go() {
    let (bytes, device) = (golden(), Device::flex().autodiff());
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let task = task(&file);
    let options = Options {
        schedule: Schedule {
            peak: 1e-3,
            warm_up: Some(WarmUp { from: 1e-6, steps: 3 }),
            then: Course::Cosine { to: 1e-4, steps: 10 },
        },
        dropout: DropoutRates::NONE,
        until: Limits { steps: Some(10), ..Limits::default() },
        ..Options::default()
    };
    let document = Document::new("golden", config());
    let mut trainer = Trainer::new(&task, document, model(&device), options, device, Alone).unwrap();
    let mut record = Record::default();
    assert_eq!(trainer.run(None, &Stop::default(), &mut record).unwrap(), Ended::Finished);
    let (losses, norms, rates) = ("losses", "norms", "rates");
    let [losses, norms, rates] = [losses, norms, rates].map(|name| numbers(&file, name, f64::from_le_bytes));
    for (step, at) in record.steps.iter().enumerate() {
        assert!((at.rate - rates[step]).abs() < 1e-12, "rate of step {step}: {}, PyTorch {}", at.rate, rates[step]);
        assert!((at.loss - losses[step]).abs() < LOSS, "loss of step {step}: {}, PyTorch {}", at.loss, losses[step]);
        let apart = (at.norm / norms[step] - 1.0).abs();
        assert!(apart < 1e-3, "norm of step {step}: {}, PyTorch {}", at.norm, norms[step]);
    }
    let last = record.validations.last().unwrap().score.unwrap();
    println!("after ten steps {last}, PyTorch {}", losses[10]);
    assert!((last - losses[10]).abs() < LOSS, "loss after ten steps: {last}, PyTorch {}", losses[10]);
}
