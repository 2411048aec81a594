//! Every operation with kernels compared with its plain form: values, and gradients by Burn's differentiation of it.

use burn::tensor::{Device, Distribution, Tensor};
use rinalmo_seq::tokenizer::tokenize;

use super::*;
use crate::batch::Packed;

/// f32 sums in another order: values near 1, sums of a few hundred terms.
const F32_LAYER: f32 = 2e-5;

fn device() -> Device {
    Device::flex().autodiff()
}

/// An input that requires its gradient.
fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    random_on(&device(), shape)
}

fn random_on<const D: usize>(device: &Device, shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device).require_grad()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().unwrap()
}

/// Compares numbers that are sums of `terms` terms near 1. Such a sum is known to the accuracy of one near √terms, also
/// where it happens to be small.
#[track_caller]
fn assert_close(found: &[f32], expected: &[f32], terms: usize, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: lengths");
    let least = (terms as f32).sqrt().max(1.0);
    let scale = expected.iter().fold(least, |most, x| most.max(x.abs()));
    let worst = found.iter().zip(expected).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
    assert!(worst <= F32_LAYER * scale, "{what}: differ by {worst:e} where values reach {scale}");
}

/// Compares `work` with and without kernels, and the gradients of all its inputs for a random weighting of its result.
fn check<const A: usize, const B: usize, const C: usize>(
    (a, b, c): (Tensor<A>, Tensor<B>, Tensor<C>),
    work: impl Fn(Tensor<A>, Tensor<B>, Tensor<C>) -> Tensor<2>,
) {
    let run = |weighting: Option<Tensor<2>>| {
        let out = work(a.clone(), b.clone(), c.clone());
        let weighting =
            weighting.unwrap_or_else(|| Tensor::random(out.dims(), Distribution::Normal(0.0, 1.0), &out.device()));
        let grads = (out.clone() * weighting.clone()).sum().backward();
        let grads = [a.grad(&grads).map(values), b.grad(&grads).map(values), c.grad(&grads).map(values)];
        (values(out), grads, weighting)
    };
    let (expected, expected_grads, weighting) = plainly(|| run(None));
    let outputs = expected.len();
    let (found, found_grads, _) = run(Some(weighting));
    assert_close(&found, &expected, 1, "values");
    for (i, (found, expected)) in found_grads.iter().zip(&expected_grads).enumerate() {
        if let Some(expected) = expected {
            let terms = outputs / expected.len();
            assert_close(found.as_ref().expect("a gradient"), expected, terms, &format!("gradient {i}"));
        }
    }
}

#[test]
fn linear_with_and_without_bias() {
    for (rows, inputs, outputs) in [(1, 1, 1), (7, 13, 85), (70, 37, 22), (33, 128, 1)] {
        let inputs = (random([rows, inputs]), random([outputs, inputs]), random([outputs]));
        check(inputs.clone(), |x, weight, bias| linear(x, weight, Some(bias)));
        check(inputs, |x, weight, _| linear(x, weight, None));
    }
}

#[test]
fn linear_of_views_that_are_not_contiguous() {
    check((random([13, 30]), random([30, 9]), random([9])), |x, weight, bias| {
        linear(x.transpose().narrow(1, 2, 9), weight.narrow(0, 5, 9), Some(bias))
    });
}

#[test]
fn norm_of_rows() {
    for (rows, dim) in [(1, 3), (100, 37), (65, 480)] {
        check((random([rows, dim]), random([dim]), random([dim])), |x, weight, bias| layer_norm(x, weight, bias, 1e-5));
    }
}

#[test]
fn swish_gate_and_gelu() {
    for (rows, hidden) in [(1, 1), (9, 853), (40, 64)] {
        check((random([rows, hidden]), random([rows, hidden]), random([1])), swish_gate);
        check((random([rows, hidden]), random([1]), random([1])), |x, _, _| gelu(x));
    }
}

fn batch() -> Packed {
    Packed::new([b"ACGUACGUACGUACGUNNRY".as_slice(), b"A", b"GGGAAACCC", b"GGGAAAACC"].map(tokenize))
}

#[test]
fn rotation_and_attention() {
    for (heads, head_dim) in [(2, 24), (3, 16), (1, 64), (2, 6)] {
        let (batch, dim) = (batch(), heads * head_dim);
        let rows = batch.total();
        let half = head_dim / 2;
        let angles = || Tensor::<2>::random([rows, half], Distribution::Normal(0.0, 1.0), &device());
        check((random([rows, 3 * dim]), angles(), angles()), |qkv, cos, sin| turn(qkv, cos, sin, heads));
        check((random([rows, 3 * dim]), random([1]), random([1])), |qkv, _, _| attention(qkv, &batch, heads, None));
    }
}

#[test]
fn cross_entropy_of_rows_with_a_target() {
    for targets in [&[3, -1, 0, 2, -1][..], &[1, 1, 1, 1, 0], &[-1, 2, -1, -1, -1]] {
        check((random([5, 4]), random([1]), random([1])), |logits, _, _| {
            cross_entropy(logits * 3.0, targets).reshape([1, 1])
        });
    }
}

#[test]
fn maps_of_pairs() {
    for (len, channels) in [(1, 16), (13, 32), (6, 5)] {
        check((random([len, channels]), random([len, channels]), random([1])), |rows, columns, _| {
            outer_sum(rows, columns)
        });
        let pixels = [len * len, channels];
        check((random(pixels), random(pixels), random([1])), |x, update, _| {
            instance_norm(x.clone() * 2.0 + 1.0, 1, Activation::Relu) + add(x, update, None)
        });
        for kernel in [1, 3, 5] {
            let weight = random([16, channels, kernel, kernel]);
            check((random([len * len, channels]), weight, random([1])), |x, weight, _| convolution(x, weight, len));
        }
    }
}

#[test]
fn sequences_of_one_length() {
    for (items, len, channels) in [(1, 1, 4), (3, 14, 32), (5, 7, 5)] {
        let rows = [items * len, channels];
        for activation in [Activation::Relu, Activation::Elu] {
            check((random(rows), random([1]), random([1])), |x, _, _| instance_norm(x * 2.0 - 1.0, items, activation));
        }
        for kernel in [1, 3, 5] {
            let weight = random([8, channels, 1, kernel]);
            check((random(rows), weight, random([1])), |x, weight, _| convolution(x, weight, len));
        }
    }
}

#[test]
fn rows_without_a_target_have_loss_zero() {
    let logits = random([2, 4]);
    let loss = cross_entropy(logits.clone(), &[-1, -1]);
    let grads = loss.backward();
    assert_eq!(values(loss), [0.0]);
    assert!(values(logits.grad(&grads).unwrap()).iter().all(|&x| x == 0.0));
}

#[test]
fn a_sum_drops_the_same_both_ways() {
    let (x, update) = (random([40, 17]), random([40, 17]));
    let drop = Some(Drop { rate: 0.25, seed: 3 });
    let out = add(x.clone(), update.clone(), drop);
    let grads = out.clone().sum().backward();
    assert!(values(x.grad(&grads).unwrap()).iter().all(|&x| x == 1.0));
    let kept = update.grad(&grads).unwrap();
    let dropped = values(kept.clone()).iter().filter(|&&x| x == 0.0).count();
    assert!((100..250).contains(&dropped), "{dropped} of 680 dropped");
    assert_close(&values(out), &values(x.inner() + update.inner() * kept), 1, "sum");
}

#[test]
fn other_types_use_plain_tensors() {
    let x = random([3, 4]).cast(burn::tensor::DType::F64);
    assert!(!has_kernels(&x) && has_kernels(&random([3, 4])));
    assert!(plainly(|| !has_kernels(&random([3, 4]))) && has_kernels(&random([3, 4])));
}

/// LibTorch's operations beside the same work by ordinary tensors on the same device.
#[cfg(feature = "tch")]
mod torch {
    use super::*;
    use crate::EncoderConfig;
    use crate::layers::FeedForward;

    fn device() -> Device {
        Device::libtorch().autodiff()
    }

    fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        random_on(&device(), shape)
    }

    #[test]
    fn products_norms_and_gates() {
        for (rows, inputs, outputs) in [(1, 1, 1), (70, 37, 22)] {
            let inputs = (random([rows, inputs]), random([outputs, inputs]), random([outputs]));
            assert!(is_extended(&inputs.0) && !has_kernels(&inputs.0));
            check(inputs.clone(), |x, weight, bias| linear(x, weight, Some(bias)));
            check(inputs, |x, weight, _| linear(x, weight, None));
        }
        check((random([65, 48]), random([48]), random([48])), layer_norm);
        check((random([9, 85]), random([9, 85]), random([1])), swish_gate);
        check((random([9, 85]), random([9, 85]), random([1])), |x, update, _| add(x, update, None));
    }

    #[test]
    fn rotation_and_attention_of_any_lengths() {
        let even = Packed::new([b"ACGUA", b"GGGAA", b"CCCAA"].map(|letters| tokenize(letters)));
        let mixed = Packed::new([&[b'A'; 40][..], b"C", b"G", b"U"].map(tokenize));
        assert!([&batch(), &even].into_iter().all(super::super::torch::pads_little));
        assert!(!super::super::torch::pads_little(&mixed));
        for batch in [batch(), even, mixed] {
            for (heads, head_dim) in [(2, 24), (1, 64), (2, 6)] {
                let (rows, dim, half) = (batch.total(), heads * head_dim, head_dim / 2);
                let angles = || Tensor::<2>::random([rows, half], Distribution::Normal(0.0, 1.0), &device());
                let qkv = random([rows, 3 * dim]);
                check((qkv.clone(), angles(), angles()), |qkv, cos, sin| turn(qkv, cos, sin, heads));
                check((qkv, random([1]), random([1])), |qkv, _, _| attention(qkv, &batch, heads, None));
            }
        }
    }

    /// The relative error of the whole, and of the gradients, in the Euclidean norm.
    fn error(found: &[f32], expected: &[f32]) -> f32 {
        let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|x| x * x).sum::<f32>().sqrt();
        norm(&mut found.iter().zip(expected).map(|(x, y)| x - y)) / norm(&mut expected.iter().copied())
    }

    /// bf16 has eight bits, and there are a few products in a row.
    const BF16: f32 = 0.02;

    #[test]
    fn attention_in_bf16_masks_what_is_not_its_sequence() {
        let (batch, heads) = (batch(), 2);
        let qkv = random([batch.total(), 3 * 32]);
        let run = |attend: &dyn Fn() -> Tensor<2>| {
            let out = attend().cast(DType::F32);
            let grads = (out.clone() * out.clone()).sum().backward();
            (values(out), values(qkv.grad(&grads).unwrap()))
        };
        let (expected, slopes) = plainly(|| run(&|| attention(qkv.clone(), &batch, heads, None)));
        let (found, found_slopes) = in_bf16(|| run(&|| attention(qkv.clone(), &batch, heads, None)));
        assert!(error(&found, &expected) < BF16, "{}", error(&found, &expected));
        assert!(error(&found_slopes, &slopes) < BF16, "{}", error(&found_slopes, &slopes));
    }

    #[test]
    fn the_feed_forward_half_is_one_operation_in_bf16() {
        let config = EncoderConfig::new(32, 1, 2); // its inner width, 85, is no multiple of 8
        let layer = FeedForward::new(&config, &device());
        let x = random([40, 32]);
        let beta = layer.beta.as_ref().unwrap().val();
        let run = || {
            let out = layer.forward(x.clone()).cast(DType::F32);
            let grads = (out.clone() * out.clone()).sum().backward();
            let weights = [&layer.up, layer.gate.as_ref().unwrap(), &layer.down];
            let slopes = weights.map(|layer| values(layer.weight.val().grad(&grads).unwrap()));
            let others = [values(x.grad(&grads).unwrap()), values(beta.grad(&grads).unwrap())];
            [values(out)].into_iter().chain(slopes).chain(others).collect::<Vec<_>>()
        };
        let expected = run();
        let found = in_bf16(run);
        for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!(error(found, expected) < BF16, "{at}: {}", error(found, expected));
        }
    }
}
