//! A run that stops and continues ends with the bits of one that never stopped.

use std::path::Path;

use crate::common::{Record, corpus, tiny, weights};
use burn::tensor::Device;
use rinalmo_corpus::Store;
use rinalmo_train::{
    Alone, Checkpoints, Ended, Error, Every, Exchange, Gradients, Limits, Mlm, MlmConfig, Observer, Options, Part,
    Schedule, Share, Stop, Trainer, run::StepReport, start,
};
use rinalmo_weights::Document;

/// 27 clusters to train with, in batches of 4: an epoch has 7.
const SEQUENCES: usize = 30;

fn task(store: &Store) -> Mlm {
    let config = MlmConfig { sequences: Some(4), stretch: 3, ..MlmConfig::default() };
    Mlm::new(store.clone(), &config, 5, Share::default()).unwrap()
}

/// Two batches per step, dropout on, a rate that changes.
fn options(steps: u64) -> Options {
    let mut schedule = Schedule::published(3e-3);
    schedule.warm_up.as_mut().unwrap().steps = 4;
    let until = Limits { steps: Some(steps), ..Limits::default() };
    Options {
        seed: 5,
        schedule,
        accumulate: 2,
        until,
        save: Every::Never,
        validate: Every::Epoch,
        ..Options::default()
    }
}

fn begin(task: &Mlm, options: Options) -> Trainer<'_, Mlm> {
    let device = Device::flex().autodiff();
    let model = start::fresh(&tiny(), options.seed, &device);
    Trainer::new(task, Document::new("tiny", tiny()), model, options, device, Alone).unwrap()
}

fn resume<'t>(task: &'t Mlm, folder: &Path, options: Options) -> Trainer<'t, Mlm> {
    let saved = Checkpoints::new(folder).latest().unwrap().saved.unwrap();
    Trainer::resume(task, &saved, options, Device::flex().autodiff(), Alone).unwrap()
}

#[test]
fn resumed_after_any_step_the_weights_are_as_if_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path(), SEQUENCES, 0.1);
    let task = task(&store);
    let (mut whole, mut record) = (begin(&task, options(8)), Record::default());
    whole.run(None, &Stop::default(), &mut record).unwrap();
    let epochs: Vec<u64> = record.steps.iter().map(|step| step.epoch).collect();
    assert_eq!(epochs, [0, 0, 0, 0, 1, 1, 1, 2], "steps run over the ends of epochs");
    for cut in [1, 3, 4, 7] {
        let path = folder.path().join(format!("cut-{cut}"));
        let checkpoints = Checkpoints::new(&path);
        begin(&task, options(cut)).run(Some(&checkpoints), &Stop::default(), &mut ()).unwrap();
        let (mut rest, mut after) = (resume(&task, &path, options(8)), Record::default());
        rest.run(None, &Stop::default(), &mut after).unwrap();
        assert!(weights(rest.model()) == weights(whole.model()), "stopped after step {cut}");
        let losses = |record: &Record, from: usize| -> Vec<(u64, u64)> {
            record.steps[from..].iter().map(|step| (step.step, step.loss.to_bits())).collect()
        };
        assert_eq!(losses(&after, 0), losses(&record, cut as usize));
        let last = |record: &Record| record.validations.last().unwrap().validation.clone();
        assert_eq!(last(&after), last(&record));
        let state = |trainer: &Trainer<'_, Mlm>| {
            let mut state = trainer.state().clone();
            state.seconds = 0.0;
            state.best = None; // a run that ended at the cut was validated there
            state
        };
        assert_eq!(state(&rest), state(&whole));
    }
}

/// Requests a stop in the middle of a run.
struct StopAt(u64, Stop);

impl Observer for StopAt {
    fn step(&mut self, report: &StepReport) {
        if report.step == self.0 {
            self.1.request();
        }
    }
}

#[test]
fn a_run_asked_to_stop_saves_ends_and_can_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path(), SEQUENCES, 0.1);
    let task = task(&store);
    let mut whole = begin(&task, options(5));
    whole.run(None, &Stop::default(), &mut ()).unwrap();
    let path = folder.path().join("stopped");
    let (checkpoints, stop) = (Checkpoints::new(&path), Stop::default());
    let mut first = begin(&task, options(5));
    first.describe(serde_json::json!({ "name": "a run" }));
    let ended = first.run(Some(&checkpoints), &stop, &mut StopAt(2, stop.clone())).unwrap();
    assert_eq!(ended, Ended::Stopped);
    assert_eq!(checkpoints.steps().unwrap(), [first.state().step]);
    assert!(first.state().step < 5);
    assert_eq!(checkpoints.latest().unwrap().saved.unwrap().run["name"], "a run");
    let mut rest = resume(&task, &path, options(5));
    assert_eq!(rest.run(Some(&checkpoints), &Stop::default(), &mut ()).unwrap(), Ended::Finished);
    assert!(weights(rest.model()) == weights(whole.model()));
}

#[test]
fn a_run_out_of_time_saves_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path(), SEQUENCES, 0.1);
    let (task, checkpoints) = (task(&store), Checkpoints::new(folder.path().join("late")));
    let mut options = options(100);
    options.until.seconds = Some(0.0);
    let mut trainer = begin(&task, options);
    assert_eq!(trainer.run(Some(&checkpoints), &Stop::default(), &mut ()).unwrap(), Ended::OutOfTime);
    assert_eq!(checkpoints.steps().unwrap(), [1]);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path(), SEQUENCES, 0.1);
    let task = task(&store);
    let of = |threads: usize| {
        let mut options = options(3);
        options.loading.threads = threads;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (mut trainer, mut record) = (begin(&task, options), Record::default());
            trainer.run(None, &Stop::default(), &mut record).unwrap();
            (weights(trainer.model()), record.validations.pop().unwrap().validation)
        })
    };
    let one = of(1);
    assert!(of(3) == one);
}

#[test]
fn another_seed_or_no_head_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path(), SEQUENCES, 0.1);
    let task = task(&store);
    let checkpoints = Checkpoints::new(folder.path().join("seed"));
    begin(&task, options(1)).run(Some(&checkpoints), &Stop::default(), &mut ()).unwrap();
    let saved = checkpoints.latest().unwrap().saved.unwrap();
    let device = Device::flex().autodiff();
    let other = Options { seed: 6, ..options(2) };
    let error = Trainer::resume(&task, &saved, other, device.clone(), Alone).err().unwrap().to_string();
    assert!(error.ends_with("it was trained with seed 5, the run to resume has seed 6"), "{error}");
    let config = rinalmo_model::ModelConfig { mlm: false, ..tiny() };
    let model = start::fresh(&config, 0, &device);
    let refused = Trainer::new(&task, Document::new("bare", config), model, options(1), device, Alone);
    assert!(refused.err().unwrap().to_string().contains("masked-language head"));
}

/// One of several ranks; the others do nothing.
struct Silent(Share);

impl Exchange for Silent {
    fn share(&self) -> Share {
        self.0
    }

    fn sum(&mut self, _: &mut [f64]) -> Result<(), Error> {
        Ok(())
    }

    fn start(&mut self, _: Gradients) -> Result<(), Error> {
        Ok(())
    }

    fn collect(&mut self) -> Result<Gradients, Error> {
        Ok(Gradients::default())
    }
}

#[test]
fn with_more_processes_an_epoch_continues_at_about_the_same_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path(), SEQUENCES, 0.1);
    let (task, checkpoints) = (task(&store), Checkpoints::new(folder.path().join("ranks")));
    begin(&task, Options { accumulate: 1, ..options(5) }).run(Some(&checkpoints), &Stop::default(), &mut ()).unwrap();
    let saved = checkpoints.latest().unwrap().saved.unwrap();
    let (device, two) = (Device::flex().autodiff(), Silent(Share { rank: 0, ranks: 2 }));
    let trainer = Trainer::resume(&task, &saved, options(6), device, two).unwrap();
    assert_eq!((saved.state.position.step, saved.state.ranks), (5, 1));
    assert_eq!((trainer.state().position.step, trainer.state().ranks), (3, 2));
}

#[test]
fn validation_parts_add_up_and_ranks_share_it() {
    use rinalmo_train::Task;
    let folder = tempfile::tempdir().unwrap();
    let store = corpus(folder.path(), 60, 0.5);
    let (task, device) = (task(&store), Device::flex());
    let model = start::fresh(&tiny(), 1, &device);
    let all = task.validate(&model, &device, Share::default()).unwrap();
    let sum = |kind: fn(&str) -> bool, value: fn(&Part) -> f64| -> f64 {
        all.parts.iter().filter(|part| kind(&part.name)).map(value).sum()
    };
    let values: [fn(&Part) -> f64; 2] = [|part| part.sum, |part| part.weight];
    for value in values {
        let whole = value(&all.parts[0]);
        assert!(whole > 0.0);
        assert!((sum(|name| name.starts_with("source"), value) - whole).abs() < 1e-6 * whole);
        assert!((sum(|name| name.contains("tokens"), value) - whole).abs() < 1e-6 * whole);
    }
    assert_eq!(all.parts.iter().filter(|part| part.name.starts_with("source") && part.weight > 0.0).count(), 2);
    let perplexity = Mlm::perplexity(&all.parts[0]).unwrap();
    assert!((3.0..60.0).contains(&perplexity), "{perplexity}");
    let shares = [0, 1, 2].map(|rank| task.validate(&model, &device, Share { rank, ranks: 3 }).unwrap());
    for (at, part) in all.parts.iter().enumerate() {
        let weight: f64 = shares.iter().map(|share| share.parts[at].weight).sum();
        let total: f64 = shares.iter().map(|share| share.parts[at].sum).sum();
        assert_eq!(weight, part.weight, "{}", part.name);
        assert!((total - part.sum).abs() < 1e-9 * part.sum.max(1.0), "{}", part.name);
    }
}
