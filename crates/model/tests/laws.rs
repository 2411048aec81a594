//! Properties for any weights: results do not depend on the batch, pair maps are symmetric, order matters only through
//! positions.

use burn::tensor::{Device, Tensor};
use rinalmo_model::{
    CnnConfig, CnnGather, CnnInput, CnnLayer, CnnPadding, EncoderConfig, HeadConfig, Model, ModelConfig, Packed,
};
use rinalmo_seq::tokenizer::tokenize;

/// f32 sums in another order, at width 32.
const F32_LAYER: f32 = 1e-5;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().unwrap()
}

#[track_caller]
fn assert_close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    let worst = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
    assert!(worst < F32_LAYER, "differ by {worst}");
}

fn encoders() -> [EncoderConfig; 4] {
    let base = || EncoderConfig::new(32, 2, 4);
    [base(), base().with_gelu(), base().with_learned_positions(64), base().with_gelu().with_learned_positions(64)]
}

fn encode(model: &Model, sequences: &[&[u8]]) -> Vec<f32> {
    values(model.encoder.forward(&Packed::new(sequences.iter().map(|s| tokenize(s))), &Device::flex()))
}

#[test]
fn batch_mates_change_nothing_in_any_variant() {
    for config in encoders() {
        let model = ModelConfig::pretrained(config.clone()).init(&Device::flex());
        let (a, b, c) = (b"GGGGAAACCCC".as_slice(), b"ACGUACGUACGUACGUNNRY".as_slice(), b"A".as_slice());
        let together = encode(&model, &[a, b, c, a]);
        let alone = [encode(&model, &[a]), encode(&model, &[b]), encode(&model, &[c]), encode(&model, &[a])].concat();
        assert_close(&together, &alone);
    }
}

#[test]
fn every_variant_knows_positions() {
    for config in encoders() {
        let model = ModelConfig::pretrained(config.clone()).init(&Device::flex());
        let dim = config.dim;
        let rows = encode(&model, &[b"GAAG"]);
        let (second, third) = (&rows[2 * dim..3 * dim], &rows[3 * dim..4 * dim]);
        let difference = second.iter().zip(third).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(difference > 1e-4, "two A's at different positions look the same to {config:?}");
    }
}

#[test]
fn pair_maps_are_symmetric_with_an_empty_diagonal() {
    let config = ModelConfig::pretrained(EncoderConfig::new(32, 1, 4)).with_head(HeadConfig::structure());
    let device = Device::flex();
    let model = config.init(&device);
    for len in [1, 2, 3, 17] {
        let hidden = model.encoder.forward(&Packed::new([tokenize(&vec![b'G'; len])]), &device);
        let map = values(model.structure.as_ref().unwrap().forward(hidden.narrow(0, 1, len), &vec![b'G'; len]));
        for i in 0..len {
            assert_eq!(map[i * len + i], 0.0);
            for j in 0..len {
                assert_eq!(map[i * len + j], map[j * len + i]);
            }
        }
    }
}

/// The head never computes the concatenation that the paper draws. It equals the projection of the concatenation
/// `[r_i ; r_j]` of one pair, computed here by hand.
#[test]
fn pairs_are_the_projected_concatenation() {
    let config = ModelConfig::pretrained(EncoderConfig::new(8, 1, 2)).with_head(HeadConfig::Structure {
        channels: 4,
        blocks: 0,
        kernel: 1,
        energy: false,
        ensemble: None,
    });
    let device = Device::flex();
    let head = config.init(&device).structure.unwrap();
    let (len, dim, channels) = (5, 8, 4);
    let hidden = Tensor::<2>::random([len, dim], burn::tensor::Distribution::Normal(0.0, 1.0), &device);
    let map = values(head.forward(hidden.clone(), b"GGAAC"));
    let (r, w) = (values(hidden), values(head.project.weight.val()));
    let (b, out) = (values(head.project.bias.unwrap().val()), values(head.out.weight.val()));
    let out_bias = values(head.out.bias.unwrap().val())[0];
    for i in 0..len {
        for j in i + 1..len {
            let pair: Vec<f32> = [&r[i * dim..(i + 1) * dim], &r[j * dim..(j + 1) * dim]].concat();
            let z = |c: usize| pair.iter().zip(&w[c * 2 * dim..]).map(|(x, w)| x * w).sum::<f32>() + b[c];
            let logit: f32 = (0..channels).map(|c| out[c] * z(c)).sum::<f32>() + out_bias;
            assert!((map[i * len + j] - logit).abs() < F32_LAYER);
        }
    }
}

#[test]
fn ribosome_load_depends_on_padding_but_not_on_batch_mates() {
    let config = ModelConfig::pretrained(EncoderConfig::new(32, 1, 4)).with_head(HeadConfig::mrl());
    let device = Device::flex();
    let model = config.init(&device);
    let load = |sequences: &[&[u8]], pad_to: usize| {
        let batch = Packed::new(sequences.iter().map(|s| tokenize(s)));
        let hidden = model.encoder.forward(&batch, &device);
        values(model.ribosome.as_ref().unwrap().forward(hidden, &batch, pad_to))
    };
    let (a, b) = (b"GGGGAAACCCC".as_slice(), b"ACGUACGUACGUACGU".as_slice());
    assert_close(&load(&[a, b], 30), &[load(&[a], 30), load(&[b], 30)].concat());
    assert!((load(&[a], 30)[0] - load(&[a], 60)[0]).abs() > 1e-6, "the released head sees its padding");
}

/// The published layout of Optimus 5-prime, with other numbers of filters.
fn optimus(window: usize, dense: &[usize]) -> ModelConfig {
    let layers = vec![CnnLayer { filters: 6, kernel: 8, pool: 1 }, CnnLayer { filters: 5, kernel: 4, pool: 2 }];
    let padding = CnnPadding::Left;
    let gather = CnnGather::Flatten;
    let network = CnnConfig { input: CnnInput::Letters, window, padding, layers, gather, dense: dense.to_vec() };
    let head = HeadConfig::Cnn { made_for: "mrl".into(), outputs: 1, network };
    ModelConfig { mlm: false, ..ModelConfig::pretrained(EncoderConfig::new(2, 0, 1)) }.with_head(head)
}

fn convolved(model: &Model, sequences: &[&[u8]]) -> Vec<f32> {
    let batch = Packed::new(sequences.iter().map(|s| tokenize(s)));
    let hidden = model.encoder.forward(&batch, &Device::flex());
    values(model.cnn.as_ref().unwrap().forward(hidden, &batch))
}

/// By plain loops, after the papers' words: one-hot letters, filters as wide before as after (one more after if even),
/// ReLU, the maximum of neighbours, a flattened map, dense layers.
#[test]
fn a_convolutional_network_is_what_its_sizes_say() {
    let (window, sequence) = (11, b"ACGUNGGUR");
    let config = optimus(window, &[8]);
    let model = config.init(&Device::flex());
    let head = model.cnn.as_ref().unwrap();
    let mut map: Vec<Vec<f32>> = vec![vec![0.0; 4]; window - sequence.len()];
    map.extend(
        sequence.iter().map(|letter| b"ACGU".iter().map(|known| f32::from(u8::from(known == letter))).collect()),
    );
    for (layer, (kernel, pool)) in head.layers.iter().zip([(8, 1), (4, 2)]) {
        let (weight, bias) = (values(layer.weight.val()), values(layer.bias.as_ref().unwrap().val()));
        let channels = map[0].len();
        let at = |place: usize, filter: usize| {
            let mut sum = bias[filter];
            for tap in 0..kernel {
                let Some(row) = (place + tap).checked_sub((kernel - 1) / 2).and_then(|row| map.get(row)) else {
                    continue;
                };
                sum += (0..channels).map(|c| row[c] * weight[(filter * channels + c) * kernel + tap]).sum::<f32>();
            }
            sum.max(0.0)
        };
        let next: Vec<Vec<f32>> =
            (0..map.len()).map(|place| (0..bias.len()).map(|filter| at(place, filter)).collect()).collect();
        let highest =
            |rows: &[Vec<f32>]| (0..bias.len()).map(|f| rows.iter().map(|row| row[f]).fold(0.0, f32::max)).collect();
        map = next.chunks_exact(pool).map(highest).collect();
    }
    assert_eq!((map.len(), map[0].len()), (5, 5));
    let mut row = map.concat();
    for (number, dense) in head.dense.iter().enumerate() {
        let (weight, bias) = (values(dense.weight.val()), values(dense.bias.as_ref().unwrap().val()));
        let sum = |out: usize| row.iter().zip(&weight[out * row.len()..]).map(|(x, w)| x * w).sum::<f32>() + bias[out];
        let next: Vec<f32> = (0..bias.len()).map(sum).collect();
        row = if number == 0 { next.into_iter().map(|x| x.max(0.0)).collect() } else { next };
    }
    assert_close(&convolved(&model, &[sequence]), &row);
}

#[test]
fn a_window_is_padded_on_its_left_and_batch_mates_change_nothing() {
    // More windows than are computed together.
    let (a, b, c) = (&b"GGGGAAACCCC"[..], &b"ACGUACGUACGUACGU"[..], &b"U"[..]);
    let model = optimus(3000, &[3]).init(&Device::flex());
    let together = convolved(&model, &[a, b, c, b, a]);
    assert_close(&together, &[a, b, c, b, a].map(|sequence| convolved(&model, &[sequence])).concat());
    // Unknown letters are the zeros of padding: before a sequence they change nothing, after it they do.
    let model = optimus(40, &[]).init(&Device::flex());
    let padded = [&[b'N'; 20], a].concat();
    let shifted = [a, &[b'N'; 20]].concat();
    let [found, before, after] = [a, &padded, &shifted].map(|sequence| convolved(&model, &[sequence])[0]);
    assert!((found - before).abs() < F32_LAYER && (found - after).abs() > 10.0 * F32_LAYER, "{found} {before} {after}");
}
