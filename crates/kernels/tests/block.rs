//! A block's two passes compared with the plain operations they consist of: every level, precision and activation.

mod common;

use common::{assert_close, bits, values, with_threads};
use rinalmo_kernels::block::{Block, Middle, Norm, Weights};
use rinalmo_kernels::linear::Precision;
use rinalmo_kernels::{Level, reference};

/// Widths that are not multiples of any vector or panel.
const DIM: usize = 70;
const HIDDEN: usize = 187;
const EPS: f32 = 1e-5;

/// Three products of some hundred terms under 2 with weights under 0.3, in f32.
const F32_BLOCK: f32 = 1e-5;
/// The same with activations rounded to bf16 between products: a value next to a tie may be rounded either way.
const BF16_BLOCK: f32 = 0.03;
/// The same with bytes, whose steps are a hundredth of a row's largest value.
const INT8_BLOCK: f32 = 0.05;

struct Case {
    tensors: Vec<Vec<f32>>,
    gated: bool,
}

impl Case {
    fn new(gated: bool) -> Self {
        let sizes = [
            DIM,
            DIM,
            3 * DIM * DIM,
            DIM * DIM,
            DIM,
            DIM,
            HIDDEN * DIM,
            HIDDEN,
            HIDDEN * DIM,
            HIDDEN,
            DIM * HIDDEN,
            DIM,
        ];
        let tensor = |(seed, size)| values(size, seed as u64).iter().map(|x| 0.3 * x).collect();
        Self { tensors: sizes.into_iter().enumerate().map(tensor).collect(), gated }
    }

    fn weights(&self) -> Weights<'_> {
        let [n1, b1, qkv, out, n2, b2, up, up_bias, gate, gate_bias, down, down_bias] =
            std::array::from_fn(|i| &self.tensors[i][..]);
        Weights {
            attention_norm: Norm { weight: n1, bias: b1 },
            qkv,
            out,
            feed_forward_norm: Norm { weight: n2, bias: b2 },
            up,
            up_bias,
            middle: if self.gated { Middle::SwishGate { gate, gate_bias, beta: 0.8 } } else { Middle::Gelu },
            down,
            down_bias,
            eps: EPS,
        }
    }

    /// `hidden`, `qkv` and then `hidden` again, with plain loops.
    fn expected(&self, precision: Precision, x: &[f32], attended: &[f32]) -> [Vec<f32>; 3] {
        let weights = self.weights();
        let linear = match precision {
            Precision::F32 => reference::linear,
            Precision::Bf16 => reference::linear_bf16,
            Precision::Int8 => reference::linear_int8,
        };
        let add = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>();
        let normed = reference::layer_norm(x, weights.attention_norm.weight, weights.attention_norm.bias, EPS);
        let qkv = linear(&normed, weights.qkv, None, 3 * DIM, DIM);
        let hidden = add(&normed, &linear(attended, weights.out, None, DIM, DIM));
        let inner =
            reference::layer_norm(&hidden, weights.feed_forward_norm.weight, weights.feed_forward_norm.bias, EPS);
        let up = linear(&inner, weights.up, Some(weights.up_bias), HIDDEN, DIM);
        let middle = match weights.middle {
            Middle::SwishGate { gate, gate_bias, beta } => {
                let gate = linear(&inner, gate, Some(gate_bias), HIDDEN, DIM);
                let rows = up.chunks(HIDDEN).zip(gate.chunks(HIDDEN));
                let fused: Vec<f32> = rows.flat_map(|(up, gate)| [up, gate].concat()).collect();
                reference::swish_gate(&fused, HIDDEN, beta)
            }
            Middle::Gelu => up.iter().map(|&x| reference::gelu(x)).collect(),
        };
        let down = linear(&middle, weights.down, Some(weights.down_bias), DIM, HIDDEN);
        let last = add(&hidden, &down);
        [normed, qkv, last]
    }
}

fn run(block: &Block, level: Level, x: &[f32], attended: &[f32]) -> [Vec<f32>; 3] {
    let (mut hidden, mut qkv) = (x.to_vec(), vec![f32::NAN; 3 * x.len()]);
    block.before_attention(level, &mut hidden, &mut qkv).unwrap();
    let normed = hidden.clone();
    block.after_attention(level, attended, &mut hidden).unwrap();
    [normed, qkv, hidden]
}

#[test]
fn every_level_and_precision_agrees_with_plain_loops() {
    let rows = 45;
    let (x, attended) = (values(rows * DIM, 20), values(rows * DIM, 21));
    for gated in [false, true] {
        let case = Case::new(gated);
        for (precision, tolerance) in
            [(Precision::F32, F32_BLOCK), (Precision::Bf16, BF16_BLOCK), (Precision::Int8, INT8_BLOCK)]
        {
            let expected = case.expected(precision, &x, &attended);
            let block = Block::pack(precision, &case.weights()).unwrap();
            for level in Level::available() {
                let found = run(&block, level, &x, &attended);
                for (what, (found, expected)) in ["norm", "qkv", "hidden"].iter().zip(found.iter().zip(&expected)) {
                    assert_close(found, expected, tolerance, &format!("{level}, {precision:?}, gated {gated}: {what}"));
                }
            }
        }
    }
}

#[test]
fn a_row_depends_neither_on_its_neighbours_nor_on_the_threads() {
    let rows = 450;
    let (x, attended) = (values(rows * DIM, 22), values(rows * DIM, 23));
    let case = Case::new(true);
    for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
        let block = Block::pack(precision, &case.weights()).unwrap();
        for level in Level::available() {
            let whole = with_threads(1, || run(&block, level, &x, &attended));
            for (threads, start, count) in
                [(2, 0, rows), (3, 0, rows), (3, 17, 40), (16, 3, 5), (1, 449, 1), (40, 100, 97)]
            {
                let part = start * DIM..(start + count) * DIM;
                let found = with_threads(threads, || run(&block, level, &x[part.clone()], &attended[part.clone()]));
                for (found, whole) in found.iter().zip(&whole) {
                    let width = whole.len() / rows;
                    let expected = &whole[start * width..(start + count) * width];
                    assert_eq!(bits(found), bits(expected), "{level}, {precision:?}, {threads} threads, row {start}");
                }
            }
        }
    }
}

#[test]
fn weights_that_do_not_fit_together_are_refused() {
    let case = Case::new(true);
    assert!(Block::pack(Precision::F32, &Weights { up_bias: &case.tensors[7][1..], ..case.weights() }).is_err());
    assert!(Block::pack(Precision::F32, &Weights { down_bias: &[], ..case.weights() }).is_err());
    let block = Block::pack(Precision::F32, &case.weights()).unwrap();
    assert!(block.before_attention(Level::best(), &mut [0.0; DIM], &mut [0.0; 3 * DIM - 1]).is_err());
    assert!(block.after_attention(Level::best(), &[0.0; DIM - 1], &mut [0.0; DIM]).is_err());
    assert!(block.after_attention(Level::best(), &[], &mut []).is_ok());
}
