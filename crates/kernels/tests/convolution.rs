//! Convolutions, instance norms and outer sums of training, compared with plain loops and with finite differences.

mod common;

use common::{assert_close, bits, values, with_threads};
use rinalmo_kernels::convolution::*;
use rinalmo_kernels::instance_norm::*;
use rinalmo_kernels::pair_map::{outer_sum, outer_sum_backward};
use rinalmo_kernels::{Level, reference};

/// Sums of up to 576 products of values under 1.
const SUM: f32 = 2e-4;
/// Sums over a few hundred pixels of a map.
const GRADIENT: f32 = 5e-4;
/// Sums of about ten values.
const FEW: f32 = 1e-5;
/// The mean of values near 30 is off by 5e-6, and the values are then scaled to variance 1.
const NORM: f32 = 3e-5;

const EPS: f32 = 1e-5;

/// Filters, and rows and pixels of the map.
const CASES: [(Filter, usize, usize); 9] = [
    (Filter { outputs: 64, inputs: 64, height: 3, width: 3 }, 13, 11),
    (Filter { outputs: 64, inputs: 64, height: 1, width: 1 }, 9, 17),
    (Filter { outputs: 1, inputs: 64, height: 3, width: 3 }, 10, 10),
    (Filter { outputs: 32, inputs: 32, height: 1, width: 3 }, 5, 102),
    (Filter { outputs: 7, inputs: 5, height: 5, width: 3 }, 3, 1),
    (Filter { outputs: 65, inputs: 3, height: 3, width: 5 }, 21, 4),
    (Filter { outputs: 24, inputs: 1, height: 1, width: 1 }, 1, 1),
    (Filter { outputs: 80, inputs: 17, height: 3, width: 3 }, 1, 103),
    (Filter { outputs: 3, inputs: 2, height: 7, width: 7 }, 41, 2),
];

fn weights(filter: Filter, seed: u64) -> Vec<f32> {
    values(filter.outputs * filter.inputs * filter.height * filter.width, seed)
}

/// The derivative of `Σ grad · f(x)` by each `x` in turn, `f` linear.
fn slopes(x: &[f32], grad: &[f32], f: impl Fn(&[f32]) -> Vec<f32>) -> Vec<f32> {
    let total = |x: &[f32]| f(x).iter().zip(grad).map(|(y, g)| f64::from(*y) * f64::from(*g)).sum::<f64>();
    let (count, mut x) = (x.len(), x.to_vec());
    let slope = |i| {
        let before = x[i];
        x[i] = before + 0.5;
        let more = total(&x);
        x[i] = before - 0.5;
        let less = total(&x);
        x[i] = before;
        (more - less) as f32
    };
    (0..count).map(slope).collect()
}

#[test]
fn convolutions_agree_with_plain_loops() {
    for (filter, rows, width) in CASES {
        let (x, weights, bias) =
            (values(rows * width * filter.inputs, 1), weights(filter, 2), values(filter.outputs, 3));
        for bias in [None, Some(&bias[..])] {
            let expected = reference::convolution(&x, width, &weights, bias, filter);
            for level in Level::available() {
                let mut out = vec![f32::NAN; expected.len()];
                convolution(level, &x, width, &weights, bias, filter, &mut out).unwrap();
                assert_close(&out, &expected, SUM, &format!("{level}, {filter:?}, {rows} x {width}"));
            }
        }
    }
}

#[test]
fn gradients_of_a_convolution_are_its_slopes() {
    for (filter, rows, width) in CASES {
        let (x, weights) = (values(rows * width * filter.inputs, 1), weights(filter, 2));
        let grad = values(rows * width * filter.outputs, 4);
        if x.len() > 2000 || weights.len() > 2000 {
            continue; // too slow by finite differences; the next test covers it
        }
        let by_x = slopes(&x, &grad, |x| reference::convolution(x, width, &weights, None, filter));
        let by_weights = slopes(&weights, &grad, |weights| reference::convolution(&x, width, weights, None, filter));
        for level in Level::available() {
            let (mut grad_x, mut grad_weights) = (vec![f32::NAN; x.len()], vec![f32::NAN; weights.len()]);
            convolution_backward_input(level, &grad, width, &weights, filter, &mut grad_x).unwrap();
            convolution_backward_weights(level, &x, &grad, width, filter, &mut grad_weights).unwrap();
            let case = format!("{level}, {filter:?}, {rows} x {width}");
            assert_close(&grad_x, &by_x, GRADIENT, &case);
            assert_close(&grad_weights, &by_weights, GRADIENT, &case);
        }
    }
}

#[test]
fn both_gradients_make_the_same_product_as_the_result() {
    // The result is linear in either: ⟨grad, f(x, w)⟩ = ⟨grad_x, x⟩ = ⟨grad_w, w⟩.
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    for (filter, rows, width) in CASES {
        let (x, weights) = (values(rows * width * filter.inputs, 1), weights(filter, 2));
        let grad = values(rows * width * filter.outputs, 4);
        for level in Level::available() {
            let mut out = vec![0.0; grad.len()];
            let (mut grad_x, mut grad_weights) = (vec![f32::NAN; x.len()], vec![f32::NAN; weights.len()]);
            convolution(level, &x, width, &weights, None, filter, &mut out).unwrap();
            convolution_backward_input(level, &grad, width, &weights, filter, &mut grad_x).unwrap();
            convolution_backward_weights(level, &x, &grad, width, filter, &mut grad_weights).unwrap();
            let (result, by_x, by_weights) = (dot(&grad, &out), dot(&grad_x, &x), dot(&grad_weights, &weights));
            let allowed = 1e-4 * result.abs().max(10.0);
            assert!((result - by_x).abs() < allowed, "{level}, {filter:?}: {result} by x {by_x}");
            assert!((result - by_weights).abs() < allowed, "{level}, {filter:?}: {result} by weights {by_weights}");
        }
    }
}

/// Items, pixels and channels.
const NORMS: [(usize, usize, usize); 5] = [(1, 400, 64), (3, 102, 32), (2, 5, 7), (1, 2000, 17), (4, 1, 3)];

/// The activation, in f64.
fn curve(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Elu => {
            if x > 0.0 {
                x
            } else {
                x.exp_m1()
            }
        }
    }
}

/// Norm and activation of one item, in f64.
fn norm(x: &[f64], channels: usize, activation: Activation) -> Vec<f64> {
    let pixels = (x.len() / channels) as f64;
    let mut out = x.to_vec();
    for channel in 0..channels {
        let channel_values = || x[channel..].iter().step_by(channels);
        let mean = channel_values().sum::<f64>() / pixels;
        let variance = channel_values().map(|x| (x - mean).powi(2)).sum::<f64>() / pixels;
        let of = |x: &mut f64| *x = curve(activation, (*x - mean) / (variance + f64::from(EPS)).sqrt());
        out[channel..].iter_mut().step_by(channels).for_each(of);
    }
    out
}

#[test]
fn norms_and_curves_agree_with_plain_loops() {
    for (items, pixels, channels) in NORMS {
        // Far from zero, where a difference of squares would cancel.
        let x: Vec<f32> = values(items * pixels * channels, 5).iter().map(|x| x + 30.0).collect();
        let item = pixels * channels;
        for activation in [Activation::Relu, Activation::Elu] {
            let of = |x: &[f32]| reference::instance_norm(x, channels, EPS);
            let expected: Vec<f32> =
                x.chunks(item).flat_map(of).map(|x| curve(activation, f64::from(x)) as f32).collect();
            for level in Level::available() {
                let (mut out, mut statistics) = (vec![f32::NAN; x.len()], vec![f32::NAN; items * 2 * channels]);
                instance_norm(level, &x, items, channels, EPS, activation, &mut statistics, &mut out).unwrap();
                assert_close(&out, &expected, NORM, &format!("{level}, {activation:?}, {pixels} of {channels}"));
            }
        }
    }
}

#[test]
fn gradients_of_a_norm_are_its_slopes() {
    const STEP: f64 = 1e-5;
    for (items, pixels, channels) in [(1, 60, 19), (3, 9, 32), (2, 5, 7)] {
        let (x, grad) = (values(items * pixels * channels, 6), values(items * pixels * channels, 7));
        for activation in [Activation::Relu, Activation::Elu] {
            let mut expected = Vec::new();
            for (x, grad) in x.chunks(pixels * channels).zip(grad.chunks(pixels * channels)) {
                let mut x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
                let total = |x: &[f64]| {
                    norm(x, channels, activation).iter().zip(grad).map(|(y, g)| y * f64::from(*g)).sum::<f64>()
                };
                for i in 0..x.len() {
                    let before = x[i];
                    x[i] = before + STEP;
                    let more = total(&x);
                    x[i] = before - STEP;
                    expected.push(((more - total(&x)) / (2.0 * STEP)) as f32);
                    x[i] = before;
                }
            }
            for level in Level::available() {
                let (mut out, mut grad_x) = (vec![0.0; x.len()], vec![f32::NAN; x.len()]);
                let mut statistics = vec![0.0; items * 2 * channels];
                instance_norm(level, &x, items, channels, EPS, activation, &mut statistics, &mut out).unwrap();
                instance_norm_backward(level, &x, items, channels, activation, &statistics, &grad, &mut grad_x)
                    .unwrap();
                assert_close(&grad_x, &expected, GRADIENT, &format!("{level}, {activation:?}, {pixels} of {channels}"));
            }
        }
    }
}

#[test]
fn outer_sums_and_their_gradients_by_plain_loops() {
    for (len, channels) in [(1, 1), (5, 64), (19, 7), (33, 24)] {
        let (rows, columns) = (values(len * channels, 8), values(len * channels, 9));
        let grad = values(len * len * channels, 10);
        let at = |i: usize, c: usize| i * channels + c;
        let mut expected = Vec::new();
        let (mut by_rows, mut by_columns) = (vec![0.0; len * channels], vec![0.0; len * channels]);
        for i in 0..len {
            for j in 0..len {
                for c in 0..channels {
                    expected.push(rows[at(i, c)] + columns[at(j, c)]);
                    by_rows[at(i, c)] += grad[at(i * len + j, c)];
                    by_columns[at(j, c)] += grad[at(i * len + j, c)];
                }
            }
        }
        for level in Level::available() {
            let mut map = vec![f32::NAN; grad.len()];
            let (mut grad_rows, mut grad_columns) = (vec![f32::NAN; rows.len()], vec![f32::NAN; rows.len()]);
            outer_sum(level, &rows, &columns, channels, &mut map).unwrap();
            outer_sum_backward(level, &grad, channels, &mut grad_rows, &mut grad_columns).unwrap();
            assert_eq!(map, expected, "{level}, {len} by {channels}");
            assert_close(&grad_rows, &by_rows, FEW, level.name());
            assert_close(&grad_columns, &by_columns, FEW, level.name());
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit_of_a_gradient() {
    let (filter, rows, width) = (Filter { outputs: 64, inputs: 64, height: 3, width: 3 }, 50, 50);
    let x = values(rows * width * 64, 1);
    let run = || {
        let level = Level::best();
        let (mut out, mut grad_x) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let (mut grad_weights, mut statistics) = (vec![0.0; 9 * 64 * 64], vec![0.0; 128]);
        convolution_backward_weights(level, &x, &x, width, filter, &mut grad_weights).unwrap();
        instance_norm(level, &x, 1, 64, EPS, Activation::Relu, &mut statistics, &mut out).unwrap();
        instance_norm_backward(level, &x, 1, 64, Activation::Relu, &statistics, &x, &mut grad_x).unwrap();
        let (mut grad_rows, mut grad_columns) = (vec![0.0; 50 * 64], vec![0.0; 50 * 64]);
        outer_sum_backward(level, &x, 64, &mut grad_rows, &mut grad_columns).unwrap();
        [out, grad_x, grad_weights, grad_rows, grad_columns].map(|values| bits(&values))
    };
    let alone = with_threads(1, run);
    assert!(with_threads(2, run) == alone && with_threads(5, run) == alone);
}
