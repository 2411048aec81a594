//! What a step does: batches add up, processes add up, frozen parts stay, and a step that diverges is not applied.

use crate::common::{Fixed, Record, Two, tiny, weights};
use burn::tensor::Device;
use rinalmo_corpus::sample::Position;
use rinalmo_kernels::Level;
use rinalmo_model::ops::Dropout;
use rinalmo_model::{Model, ModelConfig, Packed};
use rinalmo_train::optimizer::{Part as Piece, Thaw};
use rinalmo_train::{
    Alone, Batches, Drawn, Error, Exchange, Gradients, Limits, Loading, Loss, OptimizerConfig, Options, Pass, Schedule,
    Share, Stop, Task, Trainer, Validation,
    checkpoint::Checkpoints,
    run::{DropoutRates, Every, RunState},
    start,
};
use rinalmo_weights::Document;

/// A batch of two made-up sequences, every fifth letter masked.
fn batch(number: usize) -> Fixed {
    let sequence = |length: usize| -> Vec<u8> {
        let letter = |at: usize| if at % 5 == number % 5 { 4 } else { 5 + ((at * at + number) % 4) as u8 };
        (0..length + number % 3).map(letter).collect()
    };
    let rows = [sequence(11), sequence(18)];
    let target = |(at, &token): (usize, &u8)| if token == 4 { 5 + ((at * at + number) % 4) as i32 } else { -1 };
    let targets = rows.iter().flat_map(|row| row.iter().enumerate().map(target)).collect();
    Fixed { packed: Packed::new(rows), targets }
}

/// Numbered batches, distributed over ranks; `spoilt` is the number of one whose loss is NaN.
struct Listed {
    share: Share,
    spoilt: Option<usize>,
    epoch: usize,
}

impl Task for Listed {
    type Batch = usize;

    fn batches(&self, from: Position, _: Loading) -> Result<Batches<'_, usize>, Error> {
        let first = from.epoch as usize * self.epoch + from.step;
        Ok(Box::new((first..).map(|number| {
            let at = Position { epoch: (number / self.epoch) as u64, step: number % self.epoch };
            Ok(Drawn { at, batch: number * self.share.ranks + self.share.rank })
        })))
    }

    fn check(&self, _: &ModelConfig) -> Result<(), String> {
        Ok(())
    }

    fn loss(&self, pass: &mut Pass<'_>, number: &usize) -> Loss {
        let loss = batch(*number).loss(pass, &());
        let factor = if self.spoilt == Some(*number) { f32::NAN } else { 1.0 };
        Loss { sum: loss.sum * factor, ..loss }
    }

    fn tokens(&self, number: &usize) -> usize {
        batch(*number).packed.total()
    }

    fn describe_batch(&self, number: &usize) -> String {
        format!("batch {number}")
    }

    fn validate(&self, _: &Model, _: &Device, _: Share) -> Result<Validation, Error> {
        Ok(Validation::default())
    }
}

fn options(steps: u64) -> Options {
    let until = Limits { steps: Some(steps), ..Limits::default() };
    Options { schedule: Schedule::constant(1e-2), until, explosion: None, ..Options::default() }
}

fn train<X: Exchange>(task: &Listed, options: Options, exchange: X) -> (Trainer<'_, Listed, X>, Result<(), Error>) {
    let device = Device::flex().autodiff();
    let model = start::fresh(&tiny(), 1, &device);
    let mut trainer = Trainer::new(task, Document::new("tiny", tiny()), model, options, device, exchange).unwrap();
    let ended = trainer.run(None, &Stop::default(), &mut ()).map(|_| ());
    (trainer, ended)
}

fn listed(share: Share) -> Listed {
    Listed { share, spoilt: None, epoch: 1000 }
}

#[test]
fn no_epochs_are_no_steps() {
    let (one, none) = (Some(1), Some(0));
    for (epochs, expected) in [(none, 0), (one, 3)] {
        let task = Listed { share: Share::default(), spoilt: None, epoch: 3 };
        let until = Limits { epochs, ..Limits::default() };
        let (trainer, ended) = train(&task, Options { until, ..options(1) }, Alone);
        ended.unwrap();
        assert_eq!(trainer.state().step, expected);
    }
}

/// Loss, weight and gradients of a task's batch.
fn slopes(task: &Fixed, mut pass: Pass<'_>) -> (f64, f64, Gradients) {
    let loss = task.loss(&mut pass, &());
    let gradients = pass.backward(&loss.sum);
    (f64::from(loss.sum.into_scalar::<f32>()), loss.weight, gradients)
}

/// The largest difference of any tensor's gradients, relative to its largest.
fn apart(one: &Gradients, other: &Gradients) -> f32 {
    assert_eq!(one.tensors.len(), other.tensors.len());
    let mut most = 0f32;
    for (one, other) in one.tensors.iter().zip(&other.tensors) {
        assert_eq!(one.name, other.name);
        let (one, other) = (one.values.to_vec(), other.values.to_vec());
        let largest = other.iter().fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
        most = one.iter().zip(&other).fold(most, |most, (x, y)| most.max((x - y).abs() / largest));
    }
    most
}

#[test]
fn batches_of_a_step_count_by_their_scored_letters() {
    let device = Device::flex().autodiff();
    let model = start::fresh(&tiny(), 1, &device);
    let mut sum = 0.0;
    let mut weight = 0.0;
    let mut added = Gradients::default();
    for number in 0..3 {
        let (loss, scored, gradients) = slopes(&batch(number), Pass::whole(&model, &device));
        (sum, weight) = (sum + loss, weight + scored);
        added.add(gradients);
    }
    let all: Vec<Fixed> = (0..3).map(batch).collect();
    let rows = all.iter().flat_map(|one| one.packed.spans().map(|span| &one.packed.tokens()[span]));
    let targets = all.iter().flat_map(|one| one.targets.iter().copied()).collect();
    let together = Fixed { packed: Packed::new(rows), targets };
    let (loss, scored, whole) = slopes(&together, Pass::whole(&model, &device));
    assert_eq!(scored, weight);
    assert!((loss / sum - 1.0).abs() < 1e-5);
    assert!(apart(&added, &whole) < 1e-4);
    assert!((added.norm() / whole.norm() - 1.0).abs() < 1e-5);
}

#[test]
fn recomputed_blocks_give_the_same_bits() {
    let device = Device::flex().autodiff();
    let config = ModelConfig::pretrained(rinalmo_model::EncoderConfig::new(16, 5, 2));
    let model = start::fresh(&config, 1, &device);
    let dropout = Dropout { attention: 0.1, residual: 0.1, seed: 3 };
    let of = |recompute| slopes(&batch(1), Pass::new(&model, &device, dropout).recomputing(recompute));
    let (loss, _, kept) = of(None);
    for blocks in [1, 2, 5, 9] {
        let (again, _, computed) = of(Some(blocks));
        assert_eq!(again.to_bits(), loss.to_bits());
        for (one, other) in kept.tensors.iter().zip(&computed.tensors) {
            assert_eq!(one.name, other.name);
            assert!(one.values.to_vec() == other.values.to_vec(), "{} by {blocks} blocks", one.name);
        }
    }
}

/// ERNIE-RNA's: logits of attention go on to the next block, and so do their gradients, down to the biases of pairs.
#[test]
fn blocks_that_pass_logits_on_are_not_cut_apart() {
    let device = Device::flex().autodiff();
    let encoder = rinalmo_model::EncoderConfig::new(16, 3, 2).with_design(rinalmo_model::Design::ErnieRna, 64);
    let config = ModelConfig::pretrained(encoder);
    let model = start::fresh(&config, 1, &device);
    let (_, _, kept) = slopes(&batch(1), Pass::whole(&model, &device));
    assert_eq!(kept.tensors.len(), config.manifest().len());
    for tensor in &kept.tensors {
        assert!(tensor.values.to_vec().iter().any(|&slope| slope != 0.0), "{}", tensor.name);
    }
    let (_, _, recomputed) = slopes(&batch(1), Pass::whole(&model, &device).recomputing(Some(1)));
    assert!(apart(&recomputed, &kept) == 0.0);
    let options = Options { recompute: Some(1), ..options(1) };
    let document = Document::new("tiny", config);
    let refused = Trainer::new(&listed(Share::default()), document, model, options, device, Alone).err().unwrap();
    assert!(refused.to_string().contains("recompute: the blocks of this encoder pass logits"), "{refused}");
}

#[test]
fn products_in_bf16_lose_some_bits_and_no_more() {
    use rinalmo_model::ops::{in_bf16, plainly};
    let device = Device::flex().autodiff();
    let model = start::fresh(&tiny(), 1, &device);
    let run = || slopes(&batch(1), Pass::whole(&model, &device));
    let (loss, _, exact) = plainly(run);
    for (rounded, _, gradients) in [plainly(|| in_bf16(run)), in_bf16(run)] {
        let relative = (rounded / loss - 1.0).abs();
        assert!(relative > 0.0 && relative < 1e-2, "{relative}");
        let apart = apart(&gradients, &exact);
        assert!(apart > 1e-4 && apart < 0.2, "{apart}");
    }
    let bf16 = Options { precision: rinalmo_train::run::Precision::Bf16, ..options(1) };
    let task = listed(Share::default());
    let refused = Trainer::new(&task, Document::new("tiny", tiny()), model, bf16, device, Alone).err();
    if Level::current().unwrap().has_bf16() {
        assert!(refused.is_none());
    } else {
        assert!(refused.unwrap().to_string().contains("has no products in bf16"));
    }
}

/// The result of two ranks: weights, state, and the number of pieces that gradients were sent in.
fn train_two(options: &Options) -> Vec<(Vec<Vec<f32>>, RunState, usize)> {
    let begin = |mut exchange: Two| {
        let options = options.clone();
        std::thread::spawn(move || {
            let task = listed(exchange.share());
            let (trainer, ended) = train(&task, options, &mut exchange);
            ended.unwrap();
            let (weights, state) = (weights(trainer.model()), trainer.state().clone());
            drop(trainer);
            (weights, state, exchange.most)
        })
    };
    let threads = Two::both().map(begin);
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn two_processes_equal_one_with_twice_the_batches() {
    let one = listed(Share::default());
    let (one, ended) = train(&one, Options { accumulate: 2, ..options(5) }, Alone);
    ended.unwrap();
    let ranks = train_two(&options(5));
    assert!(ranks[0].0 == ranks[1].0, "both have the same bits");
    assert_eq!(ranks[0].1.tokens, one.state().tokens);
    let apart = weights(one.model()).into_iter().flatten().zip(ranks[0].0.iter().flatten());
    let most = apart.map(|(one, two)| (one - two).abs()).fold(0.0, f32::max);
    assert!(most < 1e-5, "weights are up to {most} apart");
}

#[test]
fn gradients_travel_in_pieces_and_come_back_the_same() {
    for accumulate in [1, 2] {
        let together = Options { accumulate, dropout: DropoutRates::default(), ..options(3) };
        let apart = Options { recompute: Some(1), ..together.clone() };
        let (together, apart) = (train_two(&together), train_two(&apart));
        assert_eq!((together[0].2, apart[0].2), (3, 4), "heads and final norm, blocks, embedding");
        assert!(together[0].0 == apart[0].0);
    }
}

#[test]
fn nan_ends_the_run_at_the_last_good_step() {
    let spoilt = Listed { spoilt: Some(3), ..listed(Share::default()) };
    let (trainer, ended) = train(&spoilt, options(9), Alone);
    let error = ended.unwrap_err().to_string();
    assert!(
        error.starts_with("step 4: the loss is NaN; this step was not taken\n  epoch 0, batch 3: batch 3"),
        "{error}"
    );
    let good = listed(Share::default());
    let (good, ended) = train(&good, options(3), Alone);
    ended.unwrap();
    assert!(weights(trainer.model()) == weights(good.model()));
    assert_eq!(trainer.state().step, 3);
}

#[test]
fn after_trouble_a_run_goes_back_and_continues_slower_with_the_next_batch() {
    let task = Listed { spoilt: Some(3), ..listed(Share::default()) };
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path());
    let run = |options: Options, record: &mut Record| {
        let device = Device::flex().autodiff();
        let model = start::fresh(&tiny(), 1, &device);
        let document = Document::new("tiny", tiny());
        let mut trainer = Trainer::new(&task, document, model, options, device, Alone).unwrap();
        trainer.run(Some(&checkpoints), &Stop::default(), record)
    };
    let options = Options { save: Every::Steps(2), ..options(6) };
    let mut record = Record::default();
    run(Options { retries: 0, ..options.clone() }, &mut record).unwrap_err();
    assert_eq!(record.returns, []);
    let mut record = Record::default();
    run(options, &mut record).unwrap();
    let [back] = &record.returns[..] else { panic!("{:?}", record.returns) };
    assert_eq!((back.step, back.from, back.factor), (2, 4, 0.5));
    assert_eq!(back.what, "the loss is NaN");
    let steps: Vec<(u64, usize, f64)> = record.steps.iter().map(|step| (step.step, step.at.step, step.rate)).collect();
    let expected = [(1, 0, 1e-2), (2, 1, 1e-2), (3, 2, 1e-2), (3, 4, 5e-3), (4, 5, 5e-3), (5, 6, 5e-3), (6, 7, 5e-3)];
    assert_eq!(steps, expected);
    let saved = checkpoints.latest().unwrap().saved.unwrap();
    assert_eq!((saved.state.step, saved.state.returns), (6, 1));
}

#[test]
fn parts_that_are_frozen_stay_and_thaw_in_their_epoch() {
    let task = Listed { epoch: 2, ..listed(Share::default()) };
    let thaw =
        vec![Thaw { epoch: 0, part: Piece::Heads, rate: 1.0 }, Thaw { epoch: 1, part: Piece::Blocks(1, 2), rate: 0.1 }];
    let device = Device::flex().autodiff();
    let before = weights(&start::fresh(&tiny(), 1, &device));
    let names: Vec<String> = tiny().manifest().into_iter().map(|spec| spec.name).collect();
    let changed = |steps| -> Vec<String> {
        let (trainer, ended) = train(&task, Options { thaw: thaw.clone(), ..options(steps) }, Alone);
        ended.unwrap();
        let after = weights(trainer.model());
        let pairs = before.iter().zip(&after).zip(&names);
        pairs.filter(|((before, after), _)| before != after).map(|(_, name)| name.clone()).collect()
    };
    let of = |prefixes: &[&str]| -> Vec<String> {
        names.iter().filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))).cloned().collect()
    };
    assert_eq!(changed(2), of(&["mlm."]));
    assert_eq!(changed(3), of(&["encoder.blocks.1.", "mlm."]));
    let nothing = Options { thaw: vec![Thaw { epoch: 1, part: Piece::All, rate: 1.0 }], ..options(1) };
    let error = train(&task, nothing, Alone).1.unwrap_err().to_string();
    assert!(error.contains("nothing trains in epoch 0"), "{error}");
}

#[test]
fn only_matrices_decay_if_configured() {
    use rinalmo_train::optimizer::Decay;
    let task = listed(Share::default());
    let of = |decay| {
        let optimizer = OptimizerConfig { weight_decay: 0.5, decay, ..OptimizerConfig::default() };
        let (trainer, ended) = train(&task, Options { optimizer, ..options(2) }, Alone);
        ended.unwrap();
        weights(trainer.model())
    };
    let (all, matrices) = (of(Decay::All), of(Decay::Matrices));
    let first = tiny().manifest().iter().position(|spec| spec.name == "encoder.norm.weight").unwrap();
    let (with, without) = (all[first][0], matrices[first][0]);
    assert!((without - with - 0.01).abs() < 5e-3, "two steps of 0.01 · 0.5 less: {with} {without}");
}

#[test]
fn a_small_model_learns_a_few_sequences_by_heart() {
    let mut state = 9u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize
    };
    let mut rows: Vec<Vec<u8>> = (0..8).map(|_| (0..24).map(|_| 5 + (random() % 4) as u8).collect()).collect();
    let mut targets = Vec::new();
    for row in &mut rows {
        for token in row {
            let hidden = random() % 100 < 15;
            targets.push(if hidden { i32::from(*token) } else { -1 });
            *token = if hidden { 4 } else { *token };
        }
    }
    let task = Fixed { packed: Packed::new(&rows), targets };
    let config = ModelConfig::pretrained(rinalmo_model::EncoderConfig::new(32, 2, 2));
    let device = Device::flex().autodiff();
    let model = start::fresh(&config, 1, &device);
    let until = Limits { steps: Some(120), ..Limits::default() };
    let (schedule, dropout) = (Schedule::constant(3e-3), DropoutRates::NONE);
    let options = Options { schedule, until, dropout, ..Options::default() };
    let mut record = Record::default();
    let mut trainer = Trainer::new(&task, Document::new("tiny", config), model, options, device, Alone).unwrap();
    trainer.run(None, &Stop::default(), &mut record).unwrap();
    let perplexity = record.validations[0].score.unwrap().exp();
    println!("perplexity {perplexity}");
    assert!(perplexity < 1.05, "perplexity {perplexity} after {} steps", record.steps.len());
    assert!(record.steps[0].loss > 1.0);
}
