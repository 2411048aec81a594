//! The CPU's own structure, ribosome and convolutional heads compared with the tensors, for every level and precision.

use burn::tensor::Device;
use rinalmo_kernels::Level;
use rinalmo_model::cpu::{CpuModel, Precision};
use rinalmo_model::{
    CnnConfig, CnnGather, CnnInput, CnnLayer, CnnPadding, EncoderConfig, HeadConfig, Hidden, Model, ModelConfig,
    Network, OnDevice, Packed, memory, ops,
};
use rinalmo_seq::tokenizer::tokenize;

/// Logits are about 2: six convolutions and norms, whose sums differ in order.
const F32_LOGITS: f32 = 2e-4;
/// The same with weights and maps rounded to eight bits (2⁻⁹ each), and channels of little variance scaled up.
const BF16_LOGITS: f32 = 0.1;
/// The same for a few pixels, whose norms scale up the rounding errors of channels that hardly vary.
const BF16_FEW: f32 = 0.4;
/// Loads near 0: twelve convolutions and norms.
const LOADS: f32 = 1e-4;

/// Values of a representation.
const DIM: usize = 40;
/// Head of the published size, and one odd in every size.
const STRUCTURE: [(usize, usize, usize, bool); 3] = [(64, 2, 3, false), (21, 3, 5, false), (64, 2, 3, true)];

/// 37 bases, most of which pair.
const HAIRPIN: &[u8] = b"GGCGAUCAGGACUUCGGUCCUGAUCGCCAAGGGNCCC";

/// The same weights twice: a clone shares the weights, which `ask` draws.
fn model<T>(head: HeadConfig, ask: impl Fn(&OnDevice) -> T) -> (Model, OnDevice) {
    let config = ModelConfig { encoder: EncoderConfig::new(DIM, 1, 2), mlm: false, head: Some(head) };
    let model = config.init(&Device::flex());
    let on_device = |model: &Model| OnDevice::new(model.clone(), Device::flex());
    let _ = on_device(&model).encode(&Packed::new([tokenize(b"A")]));
    ask(&on_device(&model));
    let tensors = on_device(&model);
    (model, tensors)
}

/// Representations are normalised: values of size 1.
fn hidden(rows: usize) -> Hidden<'static> {
    let value = |i: usize| ((i * i * 31 + i * 7) % 1009) as f32 / 300.0 - 1.7;
    Hidden::new((0..rows * DIM).map(value).collect::<Vec<f32>>(), DIM)
}

fn check(found: &[f32], expected: &[f32], tolerance: f32, case: &str) {
    assert_eq!(found.len(), expected.len(), "{case}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{case}: value {i} is {found}, expected {expected}");
    }
}

#[test]
fn pair_logits_are_those_of_the_tensors() {
    for (channels, blocks, kernel, energy) in STRUCTURE {
        let head = HeadConfig::Structure { channels, blocks, kernel, energy, ensemble: None };
        let (model, tensors) = model(head, |model| model.pair_logits(&hidden(2), b"GC"));
        for len in [1, 2, 3, 37] {
            let (hidden, bases) = (hidden(len), &HAIRPIN[..len]);
            let expected = ops::plainly(|| tensors.pair_logits(&hidden, bases));
            for level in Level::available() {
                let rounded = if len < 10 { BF16_FEW } else { BF16_LOGITS };
                for (precision, tolerance) in
                    [(Precision::F32, F32_LOGITS), (Precision::Bf16, rounded), (Precision::Int8, rounded)]
                {
                    let found = CpuModel::new(model.clone(), precision, level).pair_logits(&hidden, bases);
                    check(
                        &found,
                        &expected,
                        tolerance,
                        &format!("{channels} channels, energy {energy}, {len} nt, {precision:?}, {level}"),
                    );
                }
            }
        }
    }
}

#[test]
fn mean_loads_are_those_of_the_tensors_for_any_padding() {
    let batch = Packed::new([tokenize(b"ACGUACGUAC"), tokenize(b"GG"), tokenize(b"AUGGCAUGAC")]);
    let hidden = hidden(batch.total());
    for (channels, blocks, kernel) in [(32, 6, 3), (9, 2, 5)] {
        let ask = |model: &OnDevice| model.mean_loads(&hidden, &batch, 12);
        let (model, tensors) = model(HeadConfig::Mrl { channels, blocks, kernel }, ask);
        for pad_to in [12, 13, 102] {
            let expected = ops::plainly(|| tensors.mean_loads(&hidden, &batch, pad_to));
            for level in Level::available() {
                let cpu = CpuModel::new(model.clone(), Precision::F32, level);
                let found = cpu.mean_loads(&hidden, &batch, pad_to);
                check(&found, &expected, LOADS, &format!("{channels} channels, padded to {pad_to}, {level}"));
            }
        }
    }
}

/// Three layers of odd and even filters, with and without pooling, that leave a position over.
fn cnn(input: CnnInput, gather: CnnGather) -> CnnConfig {
    let layers = [(12, 8, 2), (7, 5, 1), (9, 2, 3)].map(|(filters, kernel, pool)| CnnLayer { filters, kernel, pool });
    CnnConfig { input, window: 23, padding: CnnPadding::Left, layers: layers.to_vec(), gather, dense: vec![11, 5] }
}

#[test]
fn a_convolutional_network_says_the_same_as_its_tensors() {
    let batch = Packed::new([&b"ACGUACGUNACGUACGURACGUA"[..], b"G", b"GG", b"AUGGCAUGACC"].map(tokenize));
    let hidden = hidden(batch.total());
    for input in [CnnInput::Letters, CnnInput::Encoder] {
        for gather in [CnnGather::Flatten, CnnGather::Mean, CnnGather::Max] {
            let head = HeadConfig::Cnn { made_for: "family".into(), outputs: 3, network: cnn(input, gather) };
            let (model, tensors) = model(head, |model| model.convolve(&hidden, &batch));
            let expected = ops::plainly(|| tensors.convolve(&hidden, &batch));
            assert_eq!(expected.len(), 4 * 3);
            check(&tensors.convolve(&hidden, &batch), &expected, LOADS, &format!("kernels, {input:?}, {gather:?}"));
            for level in Level::available() {
                let found = CpuModel::new(model.clone(), Precision::F32, level).convolve(&hidden, &batch);
                check(&found, &expected, LOADS, &format!("{input:?}, {gather:?}, {level}"));
            }
        }
    }
}

#[test]
fn a_map_in_bf16_is_budgeted_at_half_of_one_in_f32() {
    let head = HeadConfig::Structure { channels: 64, blocks: 2, kernel: 3, energy: false, ensemble: None };
    let (published, _) = model(head, |model| model.pair_logits(&hidden(2), b"GC"));
    let memory_in = |precision| CpuModel::new(published.clone(), precision, Level::best()).pair_memory(1000);
    let (f32, bf16) = (memory_in(Precision::F32), memory_in(Precision::Bf16));
    assert!((512_000_000..530_000_000).contains(&f32), "{f32}");
    assert_eq!(bf16 < f32, Level::best().has_bf16());
    for (blocks, energy) in [(1, false), (1, true), (2, false), (3, true)] {
        let head = HeadConfig::Structure { channels: 20, blocks, kernel: 3, energy, ensemble: None };
        let (sized, device) = model(head.clone(), |model| model.pair_logits(&hidden(2), b"GC"));
        let sizes = ModelConfig { head: Some(head), ..ModelConfig::pretrained(EncoderConfig::new(1, 1, 1)) };
        let on_cpu = CpuModel::new(sized, Precision::F32, Level::best()).pair_memory(1000);
        assert_eq!(memory::pairs(&sizes, 1000, true), on_cpu, "{blocks} blocks, energy {energy}");
        assert_eq!(memory::pairs(&sizes, 1000, false), device.pair_memory(1000), "{blocks} blocks, energy {energy}");
    }
}
