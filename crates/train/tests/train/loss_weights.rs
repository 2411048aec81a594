//! The laws of loss weights (see `Loss`): a weight acts on the step in the same way for any batches, processes and
//! clipping.

use burn::tensor::Device;
use rinalmo_model::{EncoderConfig, HeadConfig, ModelConfig, Pooling};
use rinalmo_seq::Structure;
use rinalmo_seq::labelled::structures::Item;
use rinalmo_train::run::DropoutRates;
use rinalmo_train::{
    Aim, Alone, Every, Example, Exchange, LabelOptions, Labels, Limits, OptimizerConfig, Options, Readout, Schedule,
    Share, Stop, StructureConfig, Structures, Task, Trainer, start,
};
use rinalmo_weights::Document;

use crate::common::{Record, Two, weights};

/// A rate and an ε so large that Adam's first step is the gradient itself: `rate · g / (|g| + ε) ≈ g`.
const LARGE: f64 = 1e4;

fn structure_model() -> ModelConfig {
    let head = HeadConfig::Structure { channels: 8, blocks: 1, kernel: 3, energy: false, ensemble: None };
    ModelConfig { encoder: EncoderConfig::new(16, 1, 2), mlm: false, head: Some(head) }
}

fn label_model() -> ModelConfig {
    ModelConfig { head: Some(HeadConfig::Splice { hidden: 8 }), ..structure_model() }
}

fn options(accumulate: usize, clip: Option<f64>) -> Options {
    Options {
        schedule: Schedule::constant(LARGE),
        optimizer: OptimizerConfig { epsilon: LARGE as f32, ..OptimizerConfig::adam() },
        dropout: DropoutRates::NONE,
        until: Limits { steps: Some(1), ..Limits::default() },
        validate: Every::Never,
        save: Every::Never,
        explosion: None,
        accumulate,
        clip,
        ..Options::default()
    }
}

/// The change of every parameter in a step, and the reported loss.
fn step<T: Task, X: Exchange>(task: &T, model: &ModelConfig, options: Options, exchange: X) -> (Vec<f32>, f64) {
    let device = Device::flex().autodiff();
    let fresh = start::fresh(model, 1, &device);
    let before = weights(&fresh);
    let document = Document::new("t", model.clone());
    let mut trainer = Trainer::new(task, document, fresh, options, device, exchange).unwrap();
    let mut record = Record::default();
    trainer.run(None, &Stop::default(), &mut record).unwrap();
    let after = weights(trainer.model());
    let moved = before.iter().flatten().zip(after.iter().flatten()).map(|(before, after)| after - before).collect();
    (moved, record.steps.first().map_or(f64::NAN, |step| step.loss))
}

/// One sequence for each weight.
fn structures(of: &[f64], batch: usize, share: Share) -> Structures {
    let item = |(number, &weight): (usize, &f64)| {
        let stem = 3 + number % 4;
        let sequence = format!("{}{}AAAA{}", &"ACGUAC"[..number % 5], "G".repeat(stem), "C".repeat(stem));
        let brackets = format!("{}{}....{}", ".".repeat(number % 5), "(".repeat(stem), ")".repeat(stem));
        let structure = Structure::parse_dot_bracket(&brackets).unwrap();
        Item { weight, ..Item::new(format!("s{number}"), sequence.into_bytes(), structure) }
    };
    let items = of.iter().enumerate().map(item).collect();
    let config = StructureConfig { batch, ..StructureConfig::default() };
    Structures::new(items, Vec::new(), &config, 3, share).unwrap()
}

/// Labels yes and no in turn; `classes` are the weights of the classes in the loss.
fn labels(count: usize, classes: [f32; 2], batch: usize, share: Share) -> Labels {
    let example = |number: usize| Example {
        id: format!("x{number}"),
        sequence: b"GGCAUACGAUCC"[..6 + number % 6].to_vec(),
        targets: vec![(number % 2) as f32],
    };
    let options =
        LabelOptions { batch, weights: Some(classes.to_vec()), dropout: 0.0, map_dropout: 0.0, chosen_by: None };
    let train = (0..count).map(example).collect();
    Labels::new(train, Vec::new(), (Readout::Whole(Pooling::Cls), Aim::YesNo), &options, 3, share).unwrap()
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt()
}

/// Whether one is `times` the other, up to rounding.
#[track_caller]
fn assert_times(one: &[f32], times: f64, other: &[f32]) {
    let apart: Vec<f32> = one.iter().zip(other).map(|(one, other)| one - times as f32 * other).collect();
    let (apart, whole) = (norm(&apart), times * norm(other));
    assert!(whole > 0.0 && apart < 2e-3 * whole, "{apart} apart, of {whole}, which is {times} times the other");
}

#[test]
fn alone_in_its_batch_an_item_moves_the_model_by_its_weight() {
    let model = structure_model();
    for clip in [None, Some(0.05)] {
        let of = |weight| step(&structures(&[weight], 1, Share::default()), &model, options(1, clip), Alone);
        let (plain, loss) = of(1.0);
        if let Some(clip) = clip {
            assert!((norm(&plain) / clip - 1.0).abs() < 1e-2, "the test must clip: {}", norm(&plain));
        }
        for weight in [0.25, 0.5, 2.0, 5.0] {
            let (moved, same) = of(weight);
            assert_times(&moved, weight, &plain);
            assert!((same / loss - 1.0).abs() < 1e-6, "the loss is a weighted mean: {same}, {loss}");
        }
    }
}

#[test]
fn classes_move_the_model_by_their_weight_too() {
    let model = label_model();
    let of = |weight| step(&labels(1, [weight, 1.0], 1, Share::default()), &model, options(1, Some(0.01)), Alone).0;
    for weight in [0.5, 3.0] {
        assert_times(&of(weight), f64::from(weight), &of(1.0));
    }
}

#[test]
fn with_others_an_item_counts_by_its_weight() {
    let (model, share) = (structure_model(), Share::default());
    let of = |weights: &[f64]| step(&structures(weights, 8, share), &model, options(1, None), Alone);
    let (all, half) = (of(&[1.0; 2]), of(&[1.0, 0.5]));
    let first = of(&[1.0]); // weight 1 in a batch of one: twice its part in a batch of two
    let expected: Vec<f32> = all.0.iter().zip(&first.0).map(|(all, first)| (all + 0.5 * first) / 2.0).collect();
    assert_times(&half.0, 1.0, &expected);
    let second = 2.0 * all.1 - first.1;
    assert!((half.1 - (first.1 + 0.5 * second) / 1.5).abs() < 1e-5, "{} of {} and {second}", half.1, first.1);
}

#[test]
fn the_split_into_batches_does_not_matter() {
    let weights = [0.5, 2.0, 1.0, 0.25, 4.0, 0.5, 0.5, 3.0];
    let (by_weight, by_class) = (structure_model(), label_model());
    let both = |batch, accumulate, clip| {
        let alone = Share::default();
        let one = step(&structures(&weights, batch, alone), &by_weight, options(accumulate, clip), Alone);
        (one, step(&labels(8, [0.3, 4.0], batch, alone), &by_class, options(accumulate, clip), Alone))
    };
    for clip in [None, Some(0.05)] {
        let (one, other) = both(8, 1, clip);
        for (batch, accumulate) in [(1, 8), (2, 4), (3, 3)] {
            let (same, alike) = both(batch, accumulate, clip);
            assert_times(&same.0, 1.0, &one.0);
            assert_times(&alike.0, 1.0, &other.0);
            assert!((same.1 / one.1 - 1.0).abs() < 1e-5 && (alike.1 / other.1 - 1.0).abs() < 1e-5);
        }
    }
}

#[test]
fn two_processes_weigh_as_one_does() {
    let weights = [0.5, 2.0, 1.0, 0.25, 4.0, 0.5, 0.5, 3.0];
    let model = structure_model();
    for clip in [None, Some(0.05)] {
        let (whole, loss) = step(&structures(&weights, 8, Share::default()), &model, options(1, clip), Alone);
        for (batch, accumulate) in [(4, 1), (1, 4)] {
            let begin = |exchange: Two| {
                let model = model.clone();
                std::thread::spawn(move || {
                    let task = structures(&weights, batch, exchange.share());
                    step(&task, &model, options(accumulate, clip), exchange)
                })
            };
            let [first, second] = Two::both().map(begin).map(|thread| thread.join().unwrap());
            assert!(first.0 == second.0, "both have the same bits");
            assert_times(&first.0, 1.0, &whole);
            assert!((first.1 / loss - 1.0).abs() < 1e-5, "{} and {loss}", first.1);
        }
    }
}
