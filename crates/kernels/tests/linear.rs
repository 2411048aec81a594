//! Packed products compared with plain loops: every level, odd sizes, odd starts, NaN and infinities.

mod common;

use common::{assert_close, bits, values, with_threads};
use rinalmo_kernels::linear::{Packed, PackedF32, Precision};
use rinalmo_kernels::{Level, reference};

/// A sum of `inputs` products of values under 1 in f32. Each step rounds a partial sum, which random signs keep near
/// √inputs, by at most 2⁻²⁴ of itself. The roundings add up like a random walk; 4 is a safety factor.
fn f32_sum(inputs: usize) -> f32 {
    4.0 * (inputs as f32 + 4.0) * f32::EPSILON / 2.0
}

/// Rows, inputs and outputs: the model's own odd widths, every tile height, and edges of panels and blocks.
const SIZES: [(usize, usize, usize); 14] = [
    (1, 1, 1),
    (2, 3, 5),
    (3, 2, 16),
    (4, 7, 17),
    (5, 16, 33),
    (6, 24, 24),
    (7, 31, 48),
    (11, 64, 64),
    (13, 65, 66),
    (9, 853, 130),
    (3, 24, 853),
    (5, 3413, 24),
    (2, 1706, 65),
    (130, 513, 63),
];

/// Sums of a few small integers are exact; scales of bytes are rounded three times before and after, at values up to
/// 33.
fn exact(precision: Precision) -> f32 {
    if precision == Precision::Int8 { 1e-5 } else { 0.0 }
}

const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];

/// One product.
fn forward(
    precision: Precision,
    level: Level,
    x: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    outputs: usize,
    inputs: usize,
) -> Vec<f32> {
    let mut out = vec![f32::NAN; x.len() / inputs * outputs];
    Packed::pack(precision, weights, outputs, inputs).unwrap().forward(level, x, bias, &mut out).unwrap();
    out
}

fn expected(
    precision: Precision,
    x: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    outputs: usize,
    inputs: usize,
) -> Vec<f32> {
    let reference = match precision {
        Precision::F32 => reference::linear,
        Precision::Bf16 => reference::linear_bf16,
        Precision::Int8 => reference::linear_int8,
    };
    reference(x, weights, bias, outputs, inputs)
}

#[test]
fn every_level_agrees_with_plain_loops_on_ragged_sizes() {
    for (rows, inputs, outputs) in SIZES {
        let (x, weights) = (values(rows * inputs, 1), values(outputs * inputs, 2));
        let bias = values(outputs, 3);
        for bias in [None, Some(&bias[..])] {
            for precision in PRECISIONS {
                let expected = expected(precision, &x, &weights, bias, outputs, inputs);
                for level in Level::available() {
                    let found = forward(precision, level, &x, &weights, bias, outputs, inputs);
                    let case = format!("{level}, {rows} × {inputs} × {outputs}, {precision:?}");
                    assert_close(&found, &expected, f32_sum(inputs), &case);
                }
            }
        }
    }
}

#[test]
fn sums_of_bytes_are_the_same_at_every_level() {
    let (rows, inputs, outputs) = (13, 853, 130);
    let (x, weights) = (values(rows * inputs, 1), values(outputs * inputs, 2));
    let portable = Level::named("portable").unwrap();
    let expected = forward(Precision::Int8, portable, &x, &weights, None, outputs, inputs);
    for level in Level::available() {
        let found = forward(Precision::Int8, level, &x, &weights, None, outputs, inputs);
        assert_eq!(bits(&found), bits(&expected), "{level}");
    }
}

#[test]
fn unaligned_slices_change_no_bit() {
    let (rows, inputs, outputs) = (7, 37, 70);
    let (x, weights) = (values(rows * inputs + 3, 4), values(outputs * inputs, 5));
    for level in Level::available() {
        let mut aligned = vec![0.0; rows * outputs];
        let packed = PackedF32::pack(&weights, outputs, inputs).unwrap();
        packed.forward(level, &x[..rows * inputs], None, &mut aligned).unwrap();
        for start in 1..4 {
            let mut shifted = vec![0.0; start];
            shifted.extend_from_slice(&x[..rows * inputs]);
            let mut out = vec![7.0; rows * outputs + 2 * start];
            let inner = start..start + rows * outputs;
            packed.forward(level, &shifted[start..], None, &mut out[inner.clone()]).unwrap();
            assert_eq!(bits(&out[inner.clone()]), bits(&aligned), "{level}, start {start}");
            assert!(out[..start].iter().chain(&out[inner.end..]).all(|&x| x == 7.0), "{level} wrote outside");
        }
    }
}

#[test]
fn a_row_depends_neither_on_its_neighbours_nor_on_the_threads() {
    let (rows, inputs, outputs) = (125, 1030, 70);
    let (x, weights) = (values(rows * inputs, 6), values(outputs * inputs, 7));
    let bias = values(outputs, 8);
    for level in Level::available() {
        for precision in PRECISIONS {
            let whole = forward(precision, level, &x, &weights, Some(&bias), outputs, inputs);
            for threads in [1, 3] {
                let again =
                    with_threads(threads, || forward(precision, level, &x, &weights, Some(&bias), outputs, inputs));
                assert_eq!(bits(&again), bits(&whole), "{level}, {threads} threads");
            }
            for (start, count) in [(0, 1), (3, 2), (5, 7), (120, 5)] {
                let x = &x[start * inputs..][..count * inputs];
                let part = forward(precision, level, x, &weights, Some(&bias), outputs, inputs);
                assert_eq!(bits(&part), bits(&whole[start * outputs..][..count * outputs]), "{level}, row {start}");
            }
        }
    }
}

#[test]
fn nan_stays_in_its_row() {
    let (rows, inputs, outputs) = (8, 33, 20);
    let weights = vec![1.0; outputs * inputs];
    let mut x = vec![1.0; rows * inputs];
    x[inputs + 32] = f32::NAN;
    x[3 * inputs] = f32::INFINITY;
    x[4 * inputs + 7] = f32::NEG_INFINITY;
    (x[6 * inputs + 1], x[6 * inputs + 2]) = (f32::INFINITY, f32::NEG_INFINITY);
    for precision in PRECISIONS {
        let expected = expected(precision, &x, &weights, None, outputs, inputs);
        for level in Level::available() {
            let found = forward(precision, level, &x, &weights, None, outputs, inputs);
            assert_close(&found, &expected, exact(precision), &format!("{level}, {precision:?}"));
        }
    }
}

#[test]
fn a_weight_that_is_not_a_number_stays_in_its_output() {
    let (rows, inputs, outputs) = (7, 18, 70);
    let mut weights = vec![0.5; outputs * inputs];
    weights[65 * inputs + 3] = f32::NAN;
    weights[2 * inputs + 17] = f32::INFINITY;
    let x = vec![1.0; rows * inputs];
    for precision in PRECISIONS {
        let expected = expected(precision, &x, &weights, None, outputs, inputs);
        for level in Level::available() {
            let found = forward(precision, level, &x, &weights, None, outputs, inputs);
            assert_close(&found, &expected, exact(precision), &format!("{level}, {precision:?}"));
        }
    }
}
