//! Layer norm, rotary positions, activations and sums compared with plain loops, on every level.

mod common;

use common::{assert_close, bits, values, with_threads};
use rinalmo_kernels::activation::{gelu, swish_gate};
use rinalmo_kernels::{Level, add, layer_norm, reference, rope};

/// Normalised values reach about 4; they are off by a few roundings of that, and of a sum over the row.
const LAYER_NORM: f32 = 4e-6;
/// Two products of values under 1, and angles up to 1000 rounded to f32 (3e-5 of a radian) as published.
const ROPE: f32 = 1e-4;
/// Relative to values of at most 8 · 8: exponential, division and product round a few times each.
const SWISH: f32 = 2e-5;

/// Relative: a polynomial of ten terms, an exponential and a difference, each rounded; most without fused products.
const GELU: f32 = 7e-7;
/// Relative, down to −6: the rounding of x² = 36 is 2e-6 of the exponential of its half.
const GELU_TAIL: f32 = 2.5e-6;

/// Widths: one value, fewer and more than each vector, the model's odd feed-forward widths.
const WIDTHS: [usize; 9] = [1, 3, 8, 17, 24, 31, 64, 480, 853];

#[test]
fn layer_norm_agrees_with_plain_loops() {
    for dim in WIDTHS {
        let (x, weight, bias) = (values(7 * dim + 1, 1), values(dim, 2), values(dim, 3));
        for start in [0, 1] {
            let x = &x[start..][..7 * dim];
            let expected = reference::layer_norm(x, &weight, &bias, 1e-5);
            for level in Level::available() {
                let mut out = vec![f32::NAN; x.len()];
                layer_norm(level, x, &weight, &bias, 1e-5, &mut out).unwrap();
                assert_close(&out, &expected, LAYER_NORM, &format!("{level}, dim {dim}"));
            }
        }
    }
}

#[test]
fn layer_norm_does_not_cancel_far_from_zero() {
    let x: Vec<f32> = values(96, 4).iter().map(|x| x + 1000.0).collect();
    let (weight, bias) = (vec![1.0; 96], vec![0.0; 96]);
    let expected = reference::layer_norm(&x, &weight, &bias, 1e-5);
    for level in Level::available() {
        let mut out = vec![0.0; 96];
        layer_norm(level, &x, &weight, &bias, 1e-5, &mut out).unwrap();
        // The mean itself is rounded to 3e-5, at worst a thousandth of the values' spread.
        assert_close(&out, &expected, 1e-3, level.name());
    }
}

#[test]
fn nan_stays_in_its_row_of_a_layer_norm() {
    let (dim, weight, bias) = (20, vec![1.0; 20], vec![0.0; 20]);
    let mut x = values(4 * dim, 5);
    (x[dim + 19], x[2 * dim]) = (f32::NAN, f32::INFINITY);
    let expected = reference::layer_norm(&x, &weight, &bias, 1e-5);
    for level in Level::available() {
        let mut out = vec![0.0; x.len()];
        layer_norm(level, &x, &weight, &bias, 1e-5, &mut out).unwrap();
        assert!(out[dim..3 * dim].iter().all(|x| x.is_nan()), "{level}");
        assert_close(&out[..dim], &expected[..dim], LAYER_NORM, level.name());
        assert_close(&out[3 * dim..], &expected[3 * dim..], LAYER_NORM, level.name());
    }
}

#[test]
fn rotation_agrees_with_plain_loops_for_every_head_width() {
    for head_dim in [2, 16, 24, 32, 64] {
        let dim = 3 * head_dim;
        let positions = [0, 1, 2, 700, 5, 999];
        let table = rope::Table::new(10_000.0, head_dim, 1000).unwrap();
        let mut qkv = values(positions.len() * 3 * dim, 6);
        qkv[2 * 3 * dim] = f32::INFINITY;
        let expected = reference::rope(&qkv, dim, head_dim, 10_000.0, &positions);
        for level in Level::available() {
            let mut padded = vec![0.0; qkv.len() + 1];
            padded[1..].copy_from_slice(&qkv);
            table.rotate(level, &mut padded[1..], dim, &positions).unwrap();
            assert_close(&padded[1..], &expected, ROPE, &format!("{level}, head {head_dim}"));
        }
    }
}

#[test]
fn swish_gate_agrees_with_plain_loops() {
    for width in WIDTHS {
        let mut fused: Vec<f32> = values(5 * 2 * width, 7).iter().map(|x| x * 8.0).collect();
        (fused[0], fused[2 * width], fused[3 * width - 1]) = (f32::NAN, f32::INFINITY, -1000.0);
        for beta in [1.0, -0.3, 0.0, 2.5] {
            let expected = reference::swish_gate(&fused, width, beta);
            for level in Level::available() {
                let mut out = vec![0.0; 5 * width];
                swish_gate(level, &fused, width, beta, &mut out).unwrap();
                // Single values may be near 1000, so the tolerance is relative.
                let scale = |values: &[f32], by: &[f32]| -> Vec<f32> {
                    values
                        .iter()
                        .zip(by)
                        .map(|(x, by)| if by.is_finite() { x / by.abs().max(1.0) } else { *x })
                        .collect()
                };
                let case = format!("{level}, width {width}, beta {beta}");
                assert_close(&scale(&out, &expected), &scale(&expected, &expected), SWISH, &case);
            }
        }
    }
}

#[test]
fn gelu_keeps_its_documented_relative_error() {
    let x: Vec<f32> = (-60_000..100_000).map(|i| i as f32 * 1e-4).collect();
    for level in Level::available() {
        let mut y = x.clone();
        gelu(level, &mut y);
        for (range, allowed) in [(-1.0..10.0, GELU), (-6.0..-1.0, GELU_TAIL)] {
            let error = |(&x, &y): (&f32, &f32)| (((y - reference::gelu(x)) / reference::gelu(x)).abs(), x);
            let within = x.iter().zip(&y).filter(|(x, _)| range.contains(*x) && **x != 0.0);
            let (worst, at) = within.map(error).fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
            assert!(worst < allowed, "{level}: gelu({at}) has relative error {worst:e}, more than {allowed:e}");
        }
    }
}

#[test]
fn gelu_has_its_limits_at_the_ends() {
    for level in Level::available() {
        let mut x = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 50.0, -50.0];
        gelu(level, &mut x);
        assert!(x[2].is_nan(), "{level}");
        assert_eq!((x[0], x[1], x[3], x[4]), (f32::INFINITY, 0.0, 50.0, 0.0), "{level}");
    }
}

#[test]
fn sums_are_exact_and_whole_for_every_length() {
    for len in [0, 1, 15, 16, 17, 100, 5000] {
        let (x, y) = (values(len + 1, 8), values(len, 9));
        let expected: Vec<f32> = x[1..].iter().zip(&y).map(|(x, y)| x + y).collect();
        for level in Level::available() {
            let mut sum = x.clone();
            add(level, &mut sum[1..], &y).unwrap();
            assert_eq!(bits(&sum[1..]), bits(&expected), "{level}, {len} values");
        }
    }
    assert!(add(Level::best(), &mut [0.0; 3], &[0.0; 2]).is_err());
}

#[test]
fn threads_change_no_bit() {
    let (rows, dim) = (150, 48);
    let (x, weight, bias) = (values(rows * 3 * dim, 10), values(3 * dim, 11), values(3 * dim, 12));
    let positions: Vec<u32> = (0..rows as u32).collect();
    let table = rope::Table::new(10_000.0, 24, rows).unwrap();
    let work = |level| {
        let mut out = vec![0.0; x.len()];
        layer_norm(level, &x, &weight, &bias, 1e-5, &mut out).unwrap();
        table.rotate(level, &mut out, dim, &positions).unwrap();
        gelu(level, &mut out);
        let mut gated = vec![0.0; x.len() / 2];
        swish_gate(level, &out, 3 * dim / 2, 1.3, &mut gated).unwrap();
        bits(&gated)
    };
    for level in Level::available() {
        assert_eq!(with_threads(1, || work(level)), with_threads(3, || work(level)), "{level}");
    }
}
