//! Gradients of whole models: with and without kernels, by finite differences, and the same for any number of threads.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use rinalmo_model::ops::{Dropout, cross_entropy, plainly};
use rinalmo_model::{
    CnnConfig, CnnDropout, CnnGather, CnnInput, CnnLayer, CnnPadding, EncoderConfig, HeadConfig, Model, ModelConfig,
    Packed,
};
use rinalmo_seq::tokenizer::tokenize;

/// Gradients of two blocks, relative to the largest of their tensor: f32 sums in another order.
const F32_GRADIENT: f32 = 2e-4;

fn device() -> Device {
    Device::flex().autodiff()
}

/// The gradient of every parameter, by its path.
struct Collect<'a> {
    grads: &'a Gradients,
    path: Vec<String>,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = param.val().grad(self.grads) {
            self.found.insert(self.path.join("."), grad.try_into_vec_as::<f32>().unwrap());
        }
    }
}

fn gradients(model: &Model, loss: Tensor<1>) -> (f32, BTreeMap<String, Vec<f32>>) {
    let value = loss.clone().into_scalar::<f32>();
    let grads = loss.backward();
    let mut collect = Collect { grads: &grads, path: Vec::new(), found: BTreeMap::new() };
    model.visit(&mut collect);
    (value, collect.found)
}

fn batch() -> Packed {
    Packed::new([b"GGGGAAACCCCUUUUACGN".as_slice(), b"A", b"ACGUACGUACGUACGUNNRYACGUACGU", b"GGGAAACCC"].map(tokenize))
}

/// The masked-language loss of every third token.
fn loss(model: &Model, dropout: Option<&Dropout>) -> Tensor<1> {
    let batch = batch();
    let hidden = match dropout {
        Some(dropout) => model.encoder.forward_dropped(&batch, dropout, &device()),
        None => model.encoder.forward(&batch, &device()),
    };
    let logits = model.mlm.as_ref().unwrap().forward(hidden);
    let target = |(i, &token): (usize, &u8)| if i % 3 == 1 { i32::from(token) } else { -1 };
    cross_entropy(logits, &batch.tokens().iter().enumerate().map(target).collect::<Vec<_>>())
}

/// Odd feed-forward widths, heads of 24, and each ablation.
fn configs() -> Vec<EncoderConfig> {
    let odd = |mut config: EncoderConfig| {
        config.hidden = 85;
        config
    };
    let base = || EncoderConfig::new(48, 2, 2);
    vec![odd(base()), odd(base().with_gelu()), odd(base().with_learned_positions(64)), EncoderConfig::new(32, 1, 2)]
}

#[test]
fn kernels_give_the_gradients_of_plain_tensors() {
    for config in configs() {
        let model = ModelConfig::pretrained(config.clone()).init(&device());
        let (expected_loss, expected) = plainly(|| gradients(&model, loss(&model, None)));
        let (found_loss, found) = gradients(&model, loss(&model, None));
        assert!((found_loss - expected_loss).abs() < 1e-5, "{found_loss} for {expected_loss}");
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        assert!(found.len() > 15, "every parameter learns");
        for (name, expected) in &expected {
            let scale = expected.iter().fold(1e-3f32, |most, x| most.max(x.abs()));
            let worst = found[name].iter().zip(expected).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            assert!(worst < F32_GRADIENT * scale, "{name} of {config:?}: {worst:e} where gradients reach {scale:e}");
        }
    }
}

/// The mean logit over the strict upper triangle, weighted, as a loss of the structure head.
fn structure_loss(model: &Model, hidden: &Tensor<2>) -> Tensor<1> {
    let logits = model.structure.as_ref().unwrap().forward(hidden.clone(), b"GGGAUCGAAAGAUCUCCUA");
    let [len, _] = logits.dims();
    let weights =
        Tensor::<1>::from_data((0..len * len).map(|i| (i as f32).sin()).collect::<Vec<_>>().as_slice(), &device());
    (logits.clone().abs() * logits * weights.reshape([len, len])).sum() / len as f64
}

#[test]
fn the_structure_head_learns_the_same_with_and_without_kernels() {
    for (channels, kernel, energy) in [(16, 3, false), (64, 3, false), (7, 3, true), (32, 5, false), (64, 3, true)] {
        let head = HeadConfig::Structure { channels, blocks: 2, kernel, energy, ensemble: None };
        let config = ModelConfig { mlm: false, ..ModelConfig::pretrained(configs().remove(0)) }.with_head(head);
        assert_alike_in_a_draw(|| {
            let model = config.init(&device());
            let hidden = Tensor::<2>::random([19, 48], Distribution::Normal(0.0, 1.0), &device());
            let expected = plainly(|| gradients(&model, structure_loss(&model, &hidden)));
            let found = gradients(&model, structure_loss(&model, &hidden));
            assert_eq!(found.1.len(), 2 + usize::from(energy) + 2 * 3 + 2, "every parameter of the head learns");
            (found, expected)
        });
    }
}

/// Gradients through norms, and through ReLUs that pass a gradient or not if their input is within rounding of zero: up
/// to 3e-3 over a hundred random heads. An error in a formula is of order 1.
const NORMED_GRADIENT: f32 = 1e-2;

/// Random heads that are tried. Now and then a ReLU's input is so close to zero that a single gradient differs by more,
/// in one head of some thousands; an error in a formula shows in every head.
const DRAWS: usize = 3;

/// A loss, and the gradients by parameter.
type Learned = (f32, BTreeMap<String, Vec<f32>>);

/// Compares what `draw` found and what it expected, of a new random head in each call.
#[track_caller]
fn assert_alike_in_a_draw(mut draw: impl FnMut() -> (Learned, Learned)) {
    let mut complaints = Vec::new();
    for _ in 0..DRAWS {
        let (found, expected) = draw();
        match difference(&found, &expected) {
            None => return,
            Some(complaint) => complaints.push(complaint),
        }
    }
    panic!("{}", complaints.join("; "));
}

/// What differs by more than rounding.
fn difference(found: &Learned, expected: &Learned) -> Option<String> {
    let same_loss = (found.0 - expected.0).abs() < 1e-3 * expected.0.abs().max(1.0); // not if either is NaN
    if !same_loss {
        return Some(format!("{} for {}", found.0, expected.0));
    }
    expected.1.iter().find_map(|(name, expected)| {
        let scale = expected.iter().fold(1e-2f32, |most, x| most.max(x.abs()));
        let apart = found.1[name].iter().zip(expected).map(|(x, y)| (x - y).abs());
        let worst = apart.max_by(f32::total_cmp).unwrap_or(0.0);
        let same = worst < NORMED_GRADIENT * scale;
        (!same).then(|| format!("{name}: {worst:e} where gradients reach {scale:e}"))
    })
}

#[test]
fn the_ribosome_head_learns_the_same_with_and_without_kernels() {
    for (channels, blocks, kernel) in [(32, 6, 3), (5, 2, 5)] {
        let head = HeadConfig::Mrl { channels, blocks, kernel };
        let config = ModelConfig { mlm: false, ..ModelConfig::pretrained(configs().remove(0)) }.with_head(head);
        assert_alike_in_a_draw(|| {
            let model = config.init(&device());
            let batch = batch();
            let hidden = Tensor::<2>::random([batch.total(), 48], Distribution::Normal(0.0, 1.0), &device());
            let head_loss = || {
                let loads = model.ribosome.as_ref().unwrap().forward(hidden.clone(), &batch, 34);
                (loads.clone() * loads.abs()).sum()
            };
            let expected = plainly(|| gradients(&model, head_loss()));
            let found = gradients(&model, head_loss());
            assert_eq!(found.1.len(), 2 + 2 * blocks + 2, "every parameter of the head learns");
            (found, expected)
        });
    }
}

/// A convolutional network for the sequences of [`batch`].
fn cnn(input: CnnInput, gather: CnnGather) -> ModelConfig {
    let layers = [(6, 7, 2), (5, 4, 1)].map(|(filters, kernel, pool)| CnnLayer { filters, kernel, pool }).to_vec();
    let network = CnnConfig { input, window: 29, padding: CnnPadding::Left, layers, gather, dense: vec![4] };
    let head = HeadConfig::Cnn { made_for: "mrl".into(), outputs: 1, network };
    ModelConfig { mlm: false, ..ModelConfig::pretrained(configs().remove(0)) }.with_head(head)
}

#[test]
fn a_convolutional_network_learns_the_same_with_and_without_kernels() {
    for input in [CnnInput::Letters, CnnInput::Encoder] {
        for gather in [CnnGather::Flatten, CnnGather::Mean, CnnGather::Max] {
            assert_alike_in_a_draw(|| {
                let model = cnn(input, gather).init(&device());
                let batch = batch();
                let hidden = Tensor::<2>::random([batch.total(), 48], Distribution::Normal(0.0, 1.0), &device());
                let head_loss = || {
                    let outputs = model.cnn.as_ref().unwrap().forward(hidden.clone(), &batch);
                    (outputs.clone() * outputs.abs()).sum()
                };
                let expected = plainly(|| gradients(&model, head_loss()));
                let found = gradients(&model, head_loss());
                assert_eq!(found.1.len(), 2 * 2 + 2 * 2, "every parameter of the head learns");
                (found, expected)
            });
        }
    }
}

#[test]
fn a_convolutional_network_drops_the_same_values_for_a_seed() {
    let batch = batch();
    let hidden = Tensor::<2>::zeros([batch.total(), 48], &device());
    let values = |outputs: Tensor<2>| outputs.try_into_vec_as::<f32>().unwrap();
    // Weights are random, and of a few draws all activations are zero, which nothing drops.
    let drops = |maps: f32, dense: f32| {
        let model = cnn(CnnInput::Letters, CnnGather::Flatten).init(&device());
        let head = model.cnn.as_ref().unwrap();
        let at = |maps, dense, seed| values(head.forward_dropped(&hidden, &batch, CnnDropout { maps, dense, seed }));
        let whole = values(head.forward(hidden.clone(), &batch));
        assert_eq!(at(0.0, 0.0, 1), whole);
        assert_eq!(at(maps, dense, 1), at(maps, dense, 1));
        (2..9).any(|seed| at(maps, dense, 1) != at(maps, dense, seed))
            && (1..9).any(|seed| at(maps, dense, seed) != whole)
    };
    for (maps, dense) in [(0.5, 0.0), (0.0, 0.5)] {
        assert!((0..20).any(|_| drops(maps, dense)), "{maps}, {dense}");
    }
}

/// Moves every parameter by `step` along a direction of its own, and records the direction.
struct Walk<'a> {
    step: f64,
    directions: &'a BTreeMap<String, Tensor<1>>,
    path: Vec<String>,
}

impl ModuleMapper for Walk<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let direction = self.directions[&self.path.join(".")].clone();
        param.map(|x| {
            let shape = x.dims();
            (x.inner() + direction.reshape(shape) * self.step).autodiff().require_grad()
        })
    }
}

/// The loss changes along a random direction as its gradient predicts, with dropout.
#[test]
fn finite_differences_agree() {
    const STEP: f64 = 2e-3;
    for dropout in [None, Some(Dropout { attention: 0.1, residual: 0.1, seed: 5 })] {
        let model = ModelConfig::pretrained(configs().remove(0)).init(&device());
        let (_, grads) = gradients(&model, loss(&model, dropout.as_ref()));
        let random = |len: usize| Tensor::random([len], Distribution::Normal(0.0, 1.0), &Device::flex());
        let directions: BTreeMap<String, Tensor<1>> =
            grads.iter().map(|(name, grad)| (name.clone(), random(grad.len()))).collect();
        let dot = |name: &String, grad: &Vec<f32>| {
            let direction = directions[name].clone().try_into_vec_as::<f32>().unwrap();
            grad.iter().zip(direction).map(|(g, d)| f64::from(*g) * f64::from(d)).sum::<f64>()
        };
        let slope: f64 = grads.iter().map(|(name, grad)| dot(name, grad)).sum();
        let at = |step: f64| {
            let mut walk = Walk { step, directions: &directions, path: Vec::new() };
            f64::from(loss(&model.clone().map(&mut walk), dropout.as_ref()).into_scalar::<f32>())
        };
        let measured = (at(STEP) - at(-STEP)) / (2.0 * STEP);
        assert!((measured - slope).abs() < 0.02 * slope.abs().max(1.0), "slope {slope}, measured {measured}");
    }
}

#[test]
fn threads_change_no_bit() {
    let config = ModelConfig::pretrained(configs().remove(0)).with_head(HeadConfig::structure());
    let model = config.init(&device());
    let dropout = Dropout { attention: 0.1, residual: 0.1, seed: 9 };
    let hidden = Tensor::<2>::random([40, 48], Distribution::Normal(0.0, 1.0), &device());
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (loss, grads) = pool.install(|| gradients(&model, loss(&model, Some(&dropout))));
        let (_, of_head) = pool.install(|| gradients(&model, structure_loss(&model, &hidden)));
        let bits = |grad: &Vec<f32>| grad.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        (loss.to_bits(), grads.values().chain(of_head.values()).map(bits).collect::<Vec<_>>())
    };
    let alone = run(1);
    assert!(run(2) == alone && run(3) == alone);
}

#[test]
fn a_seed_drops_the_same_values_again_and_another_seed_others() {
    let model = ModelConfig::pretrained(configs().remove(0)).init(&device());
    let at = |seed| loss(&model, Some(&Dropout { attention: 0.1, residual: 0.1, seed })).into_scalar::<f32>();
    assert_eq!(at(1), at(1));
    assert_ne!(at(1), at(2));
    let nothing = Dropout { attention: 0.0, residual: 0.0, seed: 1 };
    assert_eq!(loss(&model, Some(&nothing)).into_scalar::<f32>(), loss(&model, None).into_scalar::<f32>());
}
