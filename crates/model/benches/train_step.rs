//! Time of a training step of whole models on the CPU, in f32 and with products in bf16: forward, loss, backward, AdamW
//! over all parameters.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{Device, Distribution, Gradients, Tensor, TensorData};
use divan::Bencher;
use divan::counter::ItemsCount;
use rinalmo_kernels::Level;
use rinalmo_kernels::adamw::AdamW;
use rinalmo_model::ops::{Dropout, cross_entropy, in_bf16, plainly};
use rinalmo_model::{Design, EncoderConfig, HeadConfig, Model, ModelConfig, PRESETS, Packed};

const ADAM: AdamW = AdamW { rate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };
const DROPOUT: Dropout = Dropout { attention: 0.1, residual: 0.1, seed: 1 };

fn main() {
    divan::main();
}

/// Moments of every parameter.
#[derive(Default)]
struct Moments {
    step: u32,
    of: HashMap<ParamId, [Vec<f32>; 2]>,
}

/// One step of AdamW through a whole module.
struct Update<'a> {
    grads: Gradients,
    moments: &'a mut Moments,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = param.id;
        param.map(|tensor| {
            let Some(grad) = tensor.grad_remove(&mut self.grads) else { return tensor };
            let (shape, device) = (tensor.dims(), tensor.device());
            let grad = grad.try_into_vec_as::<f32>().unwrap();
            let mut values = tensor.inner().try_into_vec_as::<f32>().unwrap();
            let [first, second] =
                self.moments.of.entry(id).or_insert_with(|| [vec![0.0; grad.len()], vec![0.0; grad.len()]]);
            ADAM.step(Level::best(), self.moments.step, 1.0, &mut values, &grad, first, second).unwrap();
            Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
        })
    }
}

fn update<M: Module>(module: M, loss: Tensor<1>, moments: &mut Moments) -> M {
    moments.step += 1;
    let grads = loss.backward();
    module.map(&mut Update { grads, moments })
}

/// `sequences` times `len` tokens, with 15 % of them as targets.
fn masked(sequences: usize, len: usize) -> (Packed, Vec<i32>) {
    let tokens: Vec<u8> = (0..sequences * len).map(|i| 5 + (i * 7919 % 101 % 4) as u8).collect();
    let targets = tokens.iter().enumerate().map(|(i, &token)| if i % 20 < 3 { i32::from(token) } else { -1 });
    (Packed::new(tokens.chunks(len)), targets.collect())
}

/// An encoder by the name of a size, or of another paper's.
fn encoder(name: &str) -> EncoderConfig {
    match name {
        "rna-fm" => EncoderConfig::new(640, 12, 20).with_design(Design::Esm1b, 1024),
        "splice-bert" => EncoderConfig::new(512, 6, 16).with_design(Design::Bert, 1026),
        "ernie-rna" => EncoderConfig::new(768, 12, 12).with_design(Design::ErnieRna, 1024),
        _ => PRESETS.iter().find(|row| row.name == name).expect("a preset").encoder(),
    }
}

/// A size, a batch, and the options of training.
#[derive(Clone, Copy)]
struct Case {
    preset: &'static str,
    sequences: usize,
    len: usize,
    dropout: bool,
    bf16: bool,
    plain: bool,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = |is_set, word| if is_set { word } else { "" };
        let Self { preset, sequences, len, dropout, bf16, plain } = *self;
        let (dropout, bf16, plain) = (word(dropout, "_dropout"), word(bf16, "_bf16"), word(plain, "_plain"));
        write!(f, "{preset}_{sequences}_x_{len}{dropout}{bf16}{plain}")
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (preset, sequences, len) in [("micro", 4, 256), ("nano", 16, 128)] {
        for (dropout, bf16) in [(false, false), (true, false), (false, true), (true, true)] {
            cases.push(Case { preset, sequences, len, dropout, bf16, plain: false });
        }
    }
    cases.push(Case { plain: true, ..cases[0] });
    for preset in ["rna-fm", "splice-bert", "ernie-rna"] {
        for bf16 in [false, true] {
            cases.push(Case { preset, sequences: 4, len: 256, dropout: true, bf16, plain: false });
        }
    }
    cases
}

#[divan::bench(args = cases(), sample_count = 5)]
fn step(bencher: Bencher<'_, '_>, case: Case) {
    let Case { preset, sequences, len, .. } = case;
    let device = Device::flex().autodiff();
    let mut model = Some(ModelConfig::pretrained(encoder(preset)).init(&device));
    let (batch, targets) = masked(sequences, len);
    let mut moments = Moments::default();
    let mut run_step = || {
        let trained: Model = model.take().expect("put back below");
        let hidden = if case.dropout {
            trained.encoder.forward_dropped(&batch, &DROPOUT, &device)
        } else {
            trained.encoder.forward(&batch, &device)
        };
        let logits = trained.mlm.as_ref().expect("a pretrained model has it").forward(hidden);
        let loss = cross_entropy(logits, &targets);
        model = Some(update(trained, loss, &mut moments));
    };
    bencher.counter(ItemsCount::new(batch.total())).bench_local(|| match (case.bf16, case.plain) {
        (true, _) => in_bf16(&mut run_step),
        (false, true) => plainly(&mut run_step),
        (false, false) => run_step(),
    });
}

/// The structure head at 150 nt on a frozen encoder of that width: mean loss over the strict upper triangle.
#[divan::bench(args = [320, 480], sample_count = 5)]
fn structure_head_150(bencher: Bencher<'_, '_>, dim: usize) {
    const LEN: usize = 150;
    let device = Device::flex().autodiff();
    let config = PRESETS.iter().find(|row| row.dim == dim).expect("a preset").encoder();
    let config = ModelConfig { mlm: false, ..ModelConfig::pretrained(config) }.with_head(HeadConfig::structure());
    let mut head = config.init(&device).structure;
    let random = |shape| Tensor::<2>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let (hidden, target) = (random([LEN, dim]), random([LEN, LEN]).greater_elem(2.0).float());
    let above = Tensor::<2>::ones([LEN, LEN], &device).triu(1);
    let bases = vec![b'A'; LEN]; // which this head does not use
    let mut moments = Moments::default();
    bencher.bench_local(|| {
        let trained = head.take().expect("put back below");
        let logits = trained.forward(hidden.clone(), &bases);
        // log(1 + eˣ) − x·y, written so that no exponential overflows
        let soft = (-logits.clone().abs()).exp().log1p() + burn::tensor::activation::relu(logits.clone());
        let loss = ((soft - logits * target.clone()) * above.clone()).sum() / (LEN * (LEN - 1) / 2) as f64;
        head = Some(update(trained, loss, &mut moments));
    });
}
