//! Backward passes, dropout and the optimizer's step compared with plain loops, on every level.

mod common;

use common::{assert_close, bits, values, with_threads};
use rinalmo_kernels::adamw::{AdamW, sum_of_squares};
use rinalmo_kernels::attention::{attention_adding, score_space, score_width};
use rinalmo_kernels::backward::*;
use rinalmo_kernels::{Level, cross_entropy, reference};

/// Gradients of values near 1 over a few roundings.
const GRADIENT: f32 = 1e-5;
/// Sums of them over some hundred rows.
const SUM: f32 = 1e-4;
/// Of a gradient near 1: the error of the approximation of the tail.
const GELU: f32 = 3e-7;

const DROPOUT: Dropout = Dropout { rate: 0.3, seed: 77 };

/// One value, fewer and more than each vector, and the model's odd widths.
const WIDTHS: [usize; 6] = [1, 3, 17, 24, 480, 853];

#[test]
fn layer_norm_backward_agrees_with_plain_loops() {
    for dim in WIDTHS {
        let rows = 131;
        let (x, weight, grad) = (values(rows * dim, 1), values(dim, 2), values(rows * dim, 3));
        // A row of one value has no variance but ε: its gradient is zero, and rounding errors are magnified.
        let eps = if dim == 1 { 1.0 } else { 1e-3 };
        let (expected_x, expected_weight, expected_bias) = reference::backward::layer_norm(&x, &weight, eps, &grad);
        for level in Level::available() {
            let (mut grad_x, mut parameters) = (vec![f32::NAN; rows * dim], vec![f32::NAN; 2 * dim]);
            layer_norm_backward(level, &x, &weight, eps, &grad, &mut grad_x, &mut parameters).unwrap();
            let case = format!("{level}, dim {dim}");
            assert_close(&grad_x, &expected_x, SUM, &case);
            assert_close(&parameters[..dim], &expected_weight, SUM, &case);
            assert_close(&parameters[dim..], &expected_bias, SUM, &case);
        }
    }
}

#[test]
fn column_sums_add_every_row_once() {
    for (rows, columns) in [(1, 1), (200, 17), (64, 480), (0, 3)] {
        let x = values(rows * columns, 4);
        let column = |c: usize| (0..rows).map(|r| f64::from(x[r * columns + c])).sum::<f64>() as f32;
        let expected: Vec<f32> = (0..columns).map(column).collect();
        for level in Level::available() {
            let mut out = vec![f32::NAN; columns];
            column_sums(level, &x, &mut out).unwrap();
            assert_close(&out, &expected, SUM, level.name());
        }
    }
}

#[test]
fn swish_gate_and_its_gradients_agree_with_plain_loops() {
    for count in [1, 15, 20_000] {
        let scaled = |seed| values(count, seed).iter().map(|x| x * 6.0).collect::<Vec<f32>>();
        let (up, gate, grad) = (scaled(5), values(count, 6), values(count, 7));
        for beta in [1.0, -0.4] {
            let (expected_up, expected_gate, expected_beta) = reference::backward::swish_gate(&up, &gate, beta, &grad);
            let fused = [&up[..], &gate].concat();
            let expected = reference::swish_gate(&fused, count, beta);
            for level in Level::available() {
                let mut out = vec![0.0; count];
                swish_gate(level, &up, &gate, beta, &mut out).unwrap();
                assert_close(&out, &expected, GRADIENT, level.name());
                let (mut grad_up, mut grad_gate) = (vec![0.0; count], vec![0.0; count]);
                let grad_beta = swish_gate_backward(level, &up, &gate, beta, &grad, &mut grad_up, &mut grad_gate);
                assert_close(&grad_up, &expected_up, GRADIENT, level.name());
                assert_close(&grad_gate, &expected_gate, GRADIENT, level.name());
                assert_close(&[grad_beta.unwrap()], &[expected_beta], 1e-2, level.name());
            }
        }
    }
}

#[test]
fn gelu_backward_is_the_slope_everywhere() {
    let mut x: Vec<f32> = (-80_000..80_000).map(|i| i as f32 * 1e-4).collect();
    x.extend([f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 1e-30, f32::NAN]);
    let expected: Vec<f32> = x.iter().map(|&x| reference::backward::gelu(x)).collect();
    for level in Level::available() {
        let mut grad = vec![1.0; x.len()];
        gelu_backward(level, &x, &mut grad).unwrap();
        assert_close(&grad, &expected, GELU, level.name());
    }
}

/// Sequences of many lengths, 0 included.
const LENGTHS: [usize; 7] = [1, 7, 0, 16, 49, 130, 3];

fn starts() -> Vec<usize> {
    std::iter::once(0)
        .chain(LENGTHS.iter().scan(0, |end, len| {
            Some({
                *end += len;
                *end
            })
        }))
        .collect()
}

/// The factors that [`DROPOUT`] multiplies `width` values of line `line` by.
fn factors(level: Level, lines: usize, width: usize) -> Vec<f32> {
    let mut ones = vec![1.0; lines * width];
    dropped_scale(level, &mut ones, width, DROPOUT).unwrap();
    ones
}

#[test]
fn attention_and_its_gradient_agree_with_plain_loops() {
    let starts = starts();
    let rows = starts[LENGTHS.len()];
    for (head_dim, heads) in [(5, 2), (16, 2), (24, 3), (64, 1)] {
        let dim = head_dim * heads;
        let qkv: Vec<f32> = values(rows * 3 * dim, 8).iter().map(|x| x * 1.5).collect();
        let grad = values(rows * dim, 9);
        let expected = reference::attention(&qkv, dim, heads, &starts);
        let whole = reference::backward::attention(&qkv, dim, heads, &starts, |_, _, _| 1.0, &grad);
        for level in Level::available() {
            let case = format!("{level}, head {head_dim}");
            let mut out = vec![f32::NAN; rows * dim];
            attention(level, &qkv, dim, heads, &starts, None, &mut out).unwrap();
            assert_close(&out, &expected, GRADIENT, &case);
            let mut found = vec![f32::NAN; qkv.len()];
            attention_backward(level, &qkv, dim, heads, &starts, None, &grad, &mut found).unwrap();
            assert_close(&found, &whole, SUM, &case);

            let factors = factors(level, rows * heads, 130);
            let mask = |query: usize, head: usize, key: usize| factors[(query * heads + head) * 130 + key];
            let dropped = reference::backward::attention(&qkv, dim, heads, &starts, mask, &grad);
            attention_backward(level, &qkv, dim, heads, &starts, Some(DROPOUT), &grad, &mut found).unwrap();
            assert_close(&found, &dropped, SUM, &format!("{case}, dropout"));
        }
    }
}

/// Called twice with the same rows, it adds their scores twice, as if queries were twice as large.
#[test]
fn attention_adds_to_scores_and_keeps_the_sums() {
    let starts = starts();
    let rows = starts[LENGTHS.len()];
    for (head_dim, heads) in [(5, 2), (16, 2), (24, 3), (64, 1)] {
        let dim = head_dim * heads;
        let qkv = values(rows * 3 * dim, 12);
        let biases = values(heads * rows * rows, 13);
        let bias = |head: usize, query: usize, key: usize| biases[(head * rows + query) * rows + key];
        let doubled: Vec<f32> = qkv
            .chunks(dim)
            .enumerate()
            .flat_map(|(part, values)| {
                let factor = if part % 3 == 0 { 2.0 } else { 1.0 };
                values.iter().map(move |x| x * factor)
            })
            .collect();
        let expected = [&qkv, &doubled].map(|qkv| reference::attention_adding(qkv, dim, heads, &starts, bias));
        let mut first = Vec::new();
        for span in starts.windows(2) {
            for (head, query) in (0..heads).flat_map(|head| (span[0]..span[1]).map(move |query| (head, query))) {
                first.extend((span[0]..span[1]).map(|key| bias(head, query, key)));
                first.resize(first.len() + score_width(span[1] - span[0]) - (span[1] - span[0]), 7.0); // padding
            }
        }
        assert_eq!(first.len(), score_space(heads, LENGTHS));
        for level in Level::available() {
            let (mut scores, mut out) = (first.clone(), vec![f32::NAN; rows * dim]);
            for (time, expected) in expected.iter().enumerate() {
                attention_adding(level, &qkv, dim, heads, &starts, &mut scores, &mut out).unwrap();
                assert_close(&out, expected, GRADIENT, &format!("{level}, head {head_dim}, time {time}"));
            }
            assert!(attention_adding(level, &qkv, dim, heads, &starts, &mut scores[1..], &mut out).is_err());
        }
    }
}

/// Attention is linear in its values, so its product with any gradient equals the product of the values with theirs.
#[test]
fn attention_drops_forwards_what_it_drops_backwards() {
    let starts = starts();
    let (rows, dim, heads) = (starts[LENGTHS.len()], 48, 2);
    let (qkv, grad) = (values(rows * 3 * dim, 10), values(rows * dim, 11));
    for level in Level::available() {
        let (mut out, mut found) = (vec![0.0; rows * dim], vec![0.0; qkv.len()]);
        attention(level, &qkv, dim, heads, &starts, Some(DROPOUT), &mut out).unwrap();
        attention_backward(level, &qkv, dim, heads, &starts, Some(DROPOUT), &grad, &mut found).unwrap();
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let of_values = |x: &[f32]| x.chunks(3 * dim).flat_map(|row| row[2 * dim..].to_vec()).collect::<Vec<f32>>();
        let difference = dot(&out, &grad) - dot(&of_values(&qkv), &of_values(&found));
        assert!(difference.abs() < 1e-3, "{level}: {difference}");
        let mut whole = vec![0.0; rows * dim];
        attention(level, &qkv, dim, heads, &starts, None, &mut whole).unwrap();
        assert_ne!(bits(&whole), bits(&out), "{level}");
    }
}

#[test]
fn turning_back_undoes_turning() {
    let (rows, dim, heads) = (70, 48, 2);
    let angles: Vec<f32> = values(rows * 12, 12).iter().map(|x| 3.0 * x).collect();
    let (cos, sin): (Vec<f32>, Vec<f32>) = angles.iter().map(|a| (a.cos(), a.sin())).unzip();
    let turns = Turns { cos: &cos, sin: &sin };
    let qkv = values(rows * 3 * dim, 13);
    for level in Level::available() {
        let mut turned = qkv.clone();
        turns.forward(level, &mut turned, dim, heads).unwrap();
        assert_eq!(turned[2 * dim..3 * dim], qkv[2 * dim..3 * dim]);
        let (a, b) = (qkv[dim + 3], qkv[dim + 15]);
        assert!((turned[dim + 3] - (a * cos[3] - b * sin[3])).abs() < GRADIENT);
        assert!((turned[dim + 15] - (b * cos[3] + a * sin[3])).abs() < GRADIENT);
        turns.backward(level, &mut turned, dim, heads).unwrap();
        assert_close(&turned, &qkv, GRADIENT, level.name());
        assert!(turns.forward(level, &mut turned, dim, 3).is_err());
    }
}

#[test]
fn dropout_drops_its_share_and_keeps_the_mean() {
    let (rows, width) = (500, 401);
    for level in Level::available() {
        let factors = factors(level, rows, width);
        let dropped = factors.iter().filter(|&&x| x == 0.0).count() as f64 / factors.len() as f64;
        assert!((dropped - 0.3).abs() < 5e-3, "{level}: {dropped}");
        assert!(factors.iter().all(|&x| x == 0.0 || (x - 1.0 / 0.7).abs() < 1e-6));
        let column = |c: usize| (0..rows).filter(|r| factors[r * width + c] == 0.0).count() as f64 / rows as f64;
        assert!(
            (0..width).all(|c| (column(c) - 0.3).abs() < 0.11),
            "{level}: some columns are dropped more often than others"
        );
        let (mut sum, y) = (values(rows * width, 14), values(rows * width, 15));
        let expected: Vec<f32> = sum.iter().zip(&y).zip(&factors).map(|((x, y), f)| x + f * y).collect();
        dropped_add(level, &mut sum, &y, width, DROPOUT).unwrap();
        assert_close(&sum, &expected, GRADIENT, level.name());
    }
}

#[test]
fn cross_entropy_agrees_with_plain_loops() {
    for classes in [1, 5, 22, 88] {
        let rows = 90;
        let logits: Vec<f32> = values(rows * classes, 16).iter().map(|x| 20.0 * x).collect();
        let targets: Vec<i32> = (0..rows as i32).map(|i| if i % 3 == 0 { -1 } else { i % classes as i32 }).collect();
        let (mut loss, mut expected) = (0.0, vec![0.0; rows * classes]);
        for (r, row) in logits.chunks(classes).enumerate().filter(|(r, _)| r % 3 != 0) {
            let total: f64 = row.iter().map(|&x| f64::from(x).exp()).sum();
            loss += (total.ln() - f64::from(row[targets[r] as usize])) / 60.0;
            for c in 0..classes {
                let share = f64::from(row[c]).exp() / total - f64::from(u8::from(c as i32 == targets[r]));
                expected[r * classes + c] = (share / 60.0) as f32;
            }
        }
        for level in Level::available() {
            let mut grad = vec![f32::NAN; logits.len()];
            let found = cross_entropy(level, &logits, &targets, &mut grad).unwrap();
            assert!((f64::from(found) - loss).abs() < 1e-5, "{level}: {found} for {loss}");
            assert_close(&grad, &expected, 1e-7, level.name());
        }
    }
}

#[test]
fn adamw_follows_its_formula_for_three_steps() {
    let adam = AdamW { rate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weight_decay: 0.1 };
    let count = 40_001;
    let (start, grad) = (values(count, 17), values(count, 18));
    let (mut p, mut m, mut v) =
        (start.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(), vec![0.0; count], vec![0.0; count]);
    for t in 1..=3 {
        for i in 0..count {
            let g = f64::from(grad[i]) * 0.5 * f64::from(t);
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.99 * v[i] + 0.01 * g * g;
            let (m, v) = (m[i] / (1.0 - 0.9f64.powi(t)), v[i] / (1.0 - 0.99f64.powi(t)));
            p[i] = p[i] * (1.0 - 1e-2 * 0.1) - 1e-2 * m / (v.sqrt() + 1e-8);
        }
    }
    let expected: Vec<f32> = p.into_iter().map(|x| x as f32).collect();
    for level in Level::available() {
        let (mut p, mut m, mut v) = (start.clone(), vec![0.0; count], vec![0.0; count]);
        for t in 1..=3 {
            adam.step(level, t, 0.5 * t as f32, &mut p, &grad, &mut m, &mut v).unwrap();
        }
        assert_close(&p, &expected, 1e-6, level.name());
        let exact: f64 = grad.iter().map(|&g| f64::from(g).powi(2)).sum();
        assert!((sum_of_squares(level, &grad) / exact - 1.0).abs() < 1e-5);
    }
}

#[test]
fn threads_change_no_bit() {
    let starts = starts();
    let (rows, dim, heads) = (starts[LENGTHS.len()], 48, 2);
    let (qkv, grad) = (values(rows * 3 * dim, 19), values(rows * dim, 20));
    for level in Level::available() {
        let work = || {
            let (mut out, mut grad_qkv) = (vec![0.0; rows * dim], vec![0.0; qkv.len()]);
            attention(level, &qkv, dim, heads, &starts, Some(DROPOUT), &mut out).unwrap();
            attention_backward(level, &qkv, dim, heads, &starts, Some(DROPOUT), &grad, &mut grad_qkv).unwrap();
            let (mut grad_x, mut parameters) = (vec![0.0; rows * dim], vec![0.0; 2 * dim]);
            layer_norm_backward(level, &out, &out[..dim], 1e-5, &grad, &mut grad_x, &mut parameters).unwrap();
            let (mut grad_up, mut grad_gate) = (vec![0.0; rows * dim], vec![0.0; rows * dim]);
            let beta = swish_gate_backward(level, &out, &grad, 1.0, &grad_x, &mut grad_up, &mut grad_gate).unwrap();
            let mut sums = vec![0.0; 3 * dim];
            column_sums(level, &grad_qkv, &mut sums).unwrap();
            bits(&[grad_qkv, grad_x, parameters, grad_up, grad_gate, sums, vec![beta]].concat())
        };
        let alone = with_threads(1, work);
        assert!(alone == with_threads(2, work) && alone == with_threads(3, work), "{level}");
    }
}
