//! The structure head's map compared with plain loops: every level, odd sizes, other widths than the published one.

mod common;

use common::{assert_close, bits, values, with_threads};
use rinalmo_kernels::pair_map::{Block, HeadBf16, HeadF32, Weights};
use rinalmo_kernels::{Level, reference};

/// Of logits near 1: sums of 576 terms, six norms in a row; channels with little variance are scaled up by 300.
const F32_LOGITS: f32 = 2e-4;
/// Eight bits in each of six convolutions and in the maps between them.
const BF16_LOGITS: f32 = 0.1;

/// A head of random weights, initialised like PyTorch's.
struct Head {
    channels: usize,
    kernel: usize,
    features: Vec<f32>,
    blocks: Vec<[Vec<f32>; 3]>,
    out: Vec<f32>,
}

impl Head {
    fn new(channels: usize, blocks: usize, kernel: usize) -> Self {
        let random_weights = |count: usize, inputs: usize, seed: usize| -> Vec<f32> {
            let bound = 1.0 / (inputs as f32).sqrt();
            values(count, seed as u64).iter().map(|x| x * bound).collect()
        };
        let (square, area) = (channels * channels, kernel * kernel);
        let block = |b: usize| {
            [
                random_weights(square, channels, 3 * b + 10),
                random_weights(square * area, channels * area, 3 * b + 11),
                random_weights(square, channels, 3 * b + 12),
            ]
        };
        let out = random_weights(channels * area, channels * area, 9);
        Self { channels, kernel, features: Vec::new(), blocks: (0..blocks).map(block).collect(), out }
    }

    /// The same head with this many features of each pair.
    fn with_features(self, count: usize) -> Self {
        Self { features: values(self.channels * count, 77), ..self }
    }

    fn weights(&self) -> Weights<'_> {
        let blocks = self.blocks.iter().map(|[squeeze, spread, expand]| Block { squeeze, spread, expand }).collect();
        let Self { channels, kernel, features, out, .. } = self;
        Weights { channels: *channels, kernel: *kernel, features, blocks, out, bias: 0.25 }
    }
}

fn projections(len: usize, channels: usize) -> [Vec<f32>; 2] {
    [1, 2].map(|seed| values(len * channels, seed))
}

/// `[len, len, features]`
fn features(len: usize, head: &Head) -> Vec<f32> {
    values(len * len * head.features.len() / head.channels, 3)
}

fn forward(bf16: bool, level: Level, head: &Head, len: usize) -> Vec<f32> {
    let ([rows, columns], features) = (projections(len, head.channels), features(len, head));
    let mut out = vec![f32::NAN; len * len];
    let result = if bf16 {
        HeadBf16::pack(&head.weights()).unwrap().forward(level, &rows, &columns, &features, &mut out)
    } else {
        HeadF32::pack(&head.weights()).unwrap().forward(level, &rows, &columns, &features, &mut out)
    };
    result.unwrap();
    out
}

#[test]
fn every_level_agrees_with_plain_loops() {
    let cases = [(64, 2, 3, 1), (64, 2, 3, 2), (64, 2, 3, 3), (64, 2, 3, 29), (64, 1, 3, 17), (64, 3, 3, 12)];
    let others = [(24, 2, 5, 21), (7, 2, 1, 9), (80, 1, 3, 10), (16, 0, 3, 13), (33, 2, 7, 4), (16, 2, 3, 61)];
    let known = [(64, 2, 3, 29, 8), (64, 1, 3, 17, 8), (16, 0, 3, 13, 3), (7, 3, 5, 9, 1)];
    let cases =
        cases.into_iter().chain(others).map(|(channels, blocks, kernel, len)| (channels, blocks, kernel, len, 0));
    for (channels, blocks, kernel, len, count) in cases.chain(known) {
        let head = Head::new(channels, blocks, kernel).with_features(count);
        let [rows, columns] = projections(len, channels);
        let expected = reference::pair_map(&head.weights(), &rows, &columns, &features(len, &head));
        for level in Level::available() {
            for (bf16, tolerance) in [(false, F32_LOGITS), (true, BF16_LOGITS)] {
                let case = format!(
                    "{level}, bf16 {bf16}, {channels} channels, {blocks} blocks, side {kernel}, {len} nt, {count} features"
                );
                assert_close(&forward(bf16, level, &head, len), &expected, tolerance, &case);
            }
        }
    }
}

#[test]
fn rows_longer_than_a_piece_join_without_a_seam() {
    let head = Head::new(16, 2, 3);
    let [rows, columns] = projections(270, 16);
    let expected = reference::pair_map(&head.weights(), &rows, &columns, &[]);
    assert_close(&forward(false, Level::best(), &head, 270), &expected, F32_LOGITS, "f32");
    assert_close(&forward(true, Level::best(), &head, 270), &expected, BF16_LOGITS, "bf16");
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let head = Head::new(64, 2, 3);
    for bf16 in [false, true] {
        let run = |threads| bits(&with_threads(threads, || forward(bf16, Level::best(), &head, 83)));
        let alone = run(1);
        assert!(run(2) == alone && run(5) == alone, "bf16 {bf16}");
    }
}

#[test]
fn maps_are_symmetric_and_nothing_pairs_with_itself() {
    let map = forward(true, Level::best(), &Head::new(64, 2, 3), 37);
    for i in 0..37 {
        assert_eq!(map[i * 37 + i], 0.0);
        for j in 0..i {
            assert_eq!(map[i * 37 + j], map[j * 37 + i]);
        }
    }
}

#[test]
fn nan_reaches_every_logit() {
    let head = Head::new(16, 2, 3);
    let [mut rows, columns] = projections(20, 16);
    rows[5] = f32::NAN;
    for level in Level::available() {
        let mut out = vec![0.0; 400];
        HeadF32::pack(&head.weights()).unwrap().forward(level, &rows, &columns, &[], &mut out).unwrap();
        assert!((0..400).all(|i| i % 21 == 0 || out[i].is_nan()), "f32, {level}");
        HeadBf16::pack(&head.weights()).unwrap().forward(level, &rows, &columns, &[], &mut out).unwrap();
        assert!((0..400).all(|i| i % 21 == 0 || out[i].is_nan()), "bf16, {level}");
    }
}

#[test]
fn slices_that_do_not_fit_are_refused_by_name() {
    let head = Head::new(16, 1, 3);
    let packed = HeadF32::pack(&head.weights()).unwrap();
    let refused = |rows: usize, columns: usize, out: usize| {
        let (rows, columns, mut out) = (vec![0.0; rows], vec![0.0; columns], vec![0.0; out]);
        packed.forward(Level::best(), &rows, &columns, &[], &mut out).unwrap_err().to_string()
    };
    assert!(refused(33, 32, 4).contains("`rows`"));
    assert!(refused(32, 31, 4).contains("`columns`"));
    assert!(refused(32, 32, 5).contains("`out`"));
    let known = HeadF32::pack(&Head::new(16, 1, 3).with_features(2).weights()).unwrap();
    let error = known.forward(Level::best(), &[0.0; 32], &[0.0; 32], &[0.0; 7], &mut [0.0; 4]).unwrap_err();
    assert!(error.to_string().contains("`features`"));
    assert_eq!(packed.forward(Level::best(), &[], &[], &[], &mut []), Ok(()));
    assert!(HeadF32::pack(&Weights { kernel: 2, ..head.weights() }).is_err());
    assert!(HeadBf16::pack(&Weights { out: &[0.0; 3], ..head.weights() }).is_err());
    assert!(HeadF32::pack(&Weights { channels: 15, ..head.weights() }).is_err());
}

#[test]
fn two_maps_are_kept_at_most() {
    let memory = |blocks| HeadBf16::pack(&Head::new(24, blocks, 3).weights()).unwrap().memory(100);
    assert_eq!([0, 1, 2, 3].map(memory), [0, 640_000, 1_280_000, 1_280_000]);
    let known = |blocks| HeadBf16::pack(&Head::new(24, blocks, 3).with_features(4).weights()).unwrap().memory(100);
    assert_eq!([0, 1, 2].map(known), [640_000, 1_280_000, 1_280_000]);
}
