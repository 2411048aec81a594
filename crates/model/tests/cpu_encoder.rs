//! The CPU's own encoder compared with the tensors, for every level, precision and kind of encoder.

use burn::tensor::Device;
use rinalmo_kernels::Level;
use rinalmo_model::cpu::{CpuModel, Precision};
use rinalmo_model::{Activation, Design, EncoderConfig, Model, ModelConfig, Network, Packed};
use rinalmo_seq::tokenizer::tokenize;

/// Two blocks on values of size 1; the two sum in different orders.
const F32_ENCODER: f32 = 1e-5;
/// Representations are normalised to size 1; two blocks of products and attention are rounded to eight bits (2⁻⁹ each).
const BF16_ENCODER: f32 = 0.04;
/// The same; each rounding is a hundredth of the largest value of its row.
const INT8_ENCODER: f32 = 0.15;

/// An encoder that is odd in every width: 3 heads of 24, feed-forward 192 (SwiGLU) or 288 (GELU).
fn configs() -> [EncoderConfig; 8] {
    let rotary = || EncoderConfig::new(72, 2, 3);
    let odd = EncoderConfig { hidden: 101, ..EncoderConfig::new(40, 2, 5) };
    let designed = |design| rotary().with_design(design, 400);
    let learned = rotary().with_learned_positions(400).with_gelu();
    [
        rotary(),
        rotary().with_gelu(),
        learned,
        odd,
        designed(Design::Esm1b),
        designed(Design::Bert),
        designed(Design::ErnieRna),
        designed(Design::Esm2),
    ]
}

fn batch() -> Packed {
    let base = |i: usize| b"ACGUN"[i * i % 7 % 5];
    let sequence = |len: usize| tokenize(&(0..len).map(base).collect::<Vec<_>>());
    let mut masked = sequence(30);
    masked[4] = rinalmo_seq::alphabet::MASK;
    Packed::new([sequence(1), sequence(70), masked, sequence(300), sequence(0)])
}

/// The same weights twice: a clone shares the weights that were drawn.
fn model(config: EncoderConfig) -> Model {
    let model = ModelConfig { encoder: config, mlm: false, head: None }.init(&Device::flex());
    let _ = model.encoder.forward(&Packed::new([tokenize(b"A")]), &Device::flex());
    model
}

fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |most, x| if x > most || x.is_nan() { x } else { most })
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool can be built").install(work)
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn every_level_and_precision_agrees_with_the_tensors() {
    for config in configs() {
        let model = model(config.clone());
        let expected = model.encoder.forward(&batch(), &Device::flex()).try_into_vec_as::<f32>().unwrap();
        for (precision, tolerance) in
            [(Precision::F32, F32_ENCODER), (Precision::Bf16, BF16_ENCODER), (Precision::Int8, INT8_ENCODER)]
        {
            for level in Level::available() {
                let found = CpuModel::new(model.clone(), precision, level).encode(&batch()).values().into_owned();
                let difference = largest_difference(&found, &expected);
                assert!(difference <= tolerance, "{config:?}, {precision:?}, {level}: {difference:e}");
            }
        }
    }
}

#[test]
fn only_rinalmos_blocks_may_be_gated() {
    for design in [Design::Esm1b, Design::Esm2, Design::Bert, Design::ErnieRna] {
        let mut config = ModelConfig::pretrained(EncoderConfig::new(72, 2, 3).with_design(design, 400));
        assert_eq!(config.check(), Ok(()));
        config.encoder.activation = Activation::SwiGlu;
        assert!(config.check().unwrap_err().message.contains("no SwiGLU, expected GELU"));
    }
}

#[test]
fn attention_weights_are_those_of_the_tensors() {
    for config in configs() {
        let model = model(config);
        let (hidden, maps) = model.encoder.forward_with_attentions(&batch(), &Device::flex());
        let expected_hidden = hidden.try_into_vec_as::<f32>().unwrap();
        let cpu = CpuModel::new(model, Precision::F32, Level::best());
        let (found_hidden, found) = cpu.encode_with_attentions(&batch());
        assert!(largest_difference(&found_hidden.values(), &expected_hidden) <= F32_ENCODER);
        assert_eq!(found.len(), maps.len());
        for (found, expected) in found.iter().zip(maps) {
            for (found, expected) in found.iter().zip(expected) {
                let expected = expected.try_into_vec_as::<f32>().unwrap();
                assert!(largest_difference(found, &expected) <= F32_ENCODER);
            }
        }
        assert_eq!(bits(&cpu.encode(&batch()).values()), bits(&found_hidden.values()));
    }
}

#[test]
fn threads_and_batch_mates_change_no_bit() {
    let [config, ..] = configs();
    let model = model(config);
    let batch = batch();
    let mut sequences = Vec::new();
    let mut left = batch.tokens();
    for &len in batch.lengths() {
        let (sequence, rest) = left.split_at(len);
        sequences.push(sequence);
        left = rest;
    }
    for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
        for level in Level::available() {
            let cpu = CpuModel::new(model.clone(), precision, level);
            let encode = |batch: &Packed| bits(&cpu.encode(batch).values());
            let together = with_threads(1, || encode(&batch));
            for threads in [2, 3] {
                assert_eq!(with_threads(threads, || encode(&batch)), together, "{level} {threads}");
            }
            let alone: Vec<u32> = sequences.iter().flat_map(|sequence| encode(&Packed::new([sequence]))).collect();
            assert_eq!(alone, together, "{level} {precision:?}");
        }
    }
}

#[test]
fn no_sequences_have_no_representation() {
    let [config, ..] = configs();
    let cpu = CpuModel::new(model(config), Precision::F32, Level::best());
    assert!(cpu.encode(&Packed::default()).values().is_empty());
}
