//! A run from its start to its end: start or resume it in its folder, train, write the best model and test it.

use std::path::{Path, PathBuf};

use rinalmo_model::ModelConfig;
use rinalmo_train::{
    Ended, Exchange, Limits, Observer, ReturnReport, RunState, Share, StepReport, Stop, Validation, ValidationReport,
};
use rinalmo_weights::Document;

use super::objective::{Begun, Objective, Ready};
use super::outlook::{Outlook, steps};
use super::summary::settings;
use super::{
    Folder, Program, Record, RunConfig, Session, Start, Trained, Training, changes, contradiction, differences,
    model_from_anywhere, open,
};
use crate::Error;
use crate::log::About;
use rinalmo_infer::Device;

/// A scratch file of a session, such as a frozen encoder's representations.
const SCRATCH: &str = ".representations";

/// A run to start; `C` is its config, `D` says where its data are.
#[derive(Debug, Clone)]
pub struct Request<C, D> {
    /// The model's name.
    pub name: String,
    /// What to do.
    pub config: C,
    /// The data to train on: a store for pre-training, files for fine-tuning.
    pub data: D,
    /// The run's folder; it must not hold a run.
    pub out: PathBuf,
    /// The model to start with, by name or path; by default a new one of the size in `[model]`.
    pub from: Option<String>,
    /// The program that runs.
    pub program: Program,
}

/// A run to resume. A setting that differs from the run's start is an error, except for limits and for `overrides` of
/// how it is trained.
#[derive(Debug, Clone)]
pub struct Resume<C, D> {
    /// The run's folder.
    pub out: PathBuf,
    /// The config that the run should have.
    pub config: Option<C>,
    /// Keys to change: of `[train]` but the seed, and of `[checkpoints]`.
    pub overrides: Vec<String>,
    /// New limits; missing ones stay as they are.
    pub limits: Limits,
    /// The data, if they were moved.
    pub data: Option<D>,
    /// The model that the run should have started with.
    pub from: Option<String>,
    /// The program that runs.
    pub program: Program,
}

impl<C, D> Default for Resume<C, D> {
    fn default() -> Self {
        Self {
            out: PathBuf::new(),
            config: None,
            overrides: Vec::new(),
            limits: Limits::default(),
            data: None,
            from: None,
            program: Program::default(),
        }
    }
}

/// A run, ready to train.
pub struct Run<O: Objective> {
    pub(crate) objective: O,
    pub(crate) folder: Folder,
    pub(crate) config: O::Config,
    pub(crate) model: ModelConfig,
    pub(crate) prepared: O::Prepared,
    pub(crate) start: Start,
    pub(crate) record: Record<O::Known>,
    pub(crate) device: Device,
    session: Session,
    skipped: Vec<rinalmo_train::Error>,
}

/// How a session ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Why.
    pub ended: Ended,
    /// Where the run stands.
    pub state: RunState,
    /// Pre-training: the last validation of this session. Fine-tuning: the validation of the best model, if that was in
    /// this session, else the first one.
    pub validation: Option<ValidationReport>,
    /// The best model's result on the test data, if there are any and the run is done.
    pub test: Option<Validation>,
    /// The step whose model was written to `model.safetensors`: the best by validation, else the last.
    pub exported: Option<u64>,
}

impl<O: Objective> Run<O> {
    /// Prepares a new run: opens and checks everything. `share` is this process's part among those of the run.
    ///
    /// # Errors
    /// The config is invalid, a file cannot be opened or does not fit, or the folder holds a run.
    pub fn begin(
        objective: O,
        request: Request<O::Config, O::Data>,
        device: &Device,
        share: Share,
    ) -> Result<Self, Error> {
        let Request { name, config, data, out, from, program } = request;
        let config = config.for_task(objective.objective())?;
        config.check()?;
        let from = from.as_deref().map(model_from_anywhere);
        let checkpoint = from.as_deref().map(open).transpose()?;
        let ready = objective.begin(config, data, checkpoint.as_ref(), device, share)?;
        let Ready { config, model, prepared, known } = ready;
        let session = Session::begin(program, device, share, 0)?;
        let folder = Folder::create(&out, share.rank == 0)?;
        let record = Record { name, seed: config.train().seed, from, known, test: None, sessions: Vec::new() };
        let start = Start::of(checkpoint).with_heads(!config.fresh_head());
        let device = device.clone();
        Ok(Self { objective, folder, config, model, prepared, start, record, device, session, skipped: Vec::new() })
    }

    /// Prepares to continue after the newest complete checkpoint, or from the start if none was written yet.
    ///
    /// # Errors
    /// There is no such run, no checkpoint is complete, or a setting or the data differ from its start.
    pub fn resume(
        objective: O,
        resume: Resume<O::Config, O::Data>,
        device: &Device,
        share: Share,
    ) -> Result<Self, Error> {
        let folder = Folder::open(&resume.out, share.rank == 0)?;
        let Record { name, seed, from, known, test, sessions } = folder.record::<Record<O::Known>>()?;
        let (config, changed) = merged(&folder, &resume)?;
        same_model(&folder, from.as_deref(), resume.from.as_deref())?;
        let (start, skipped) = Start::again(&folder, config.keep(), from.as_deref())?;
        let start = start.with_heads(!config.fresh_head());
        let begun = Begun { folder: &folder, config, known, moved: resume.data, start: &start };
        let Ready { config, model, prepared, known } = objective.again(begun, device, share)?;
        let session = Session { changed, ..Session::begin(resume.program, device, share, start.step())? };
        let record = Record { name, seed, from, known, test, sessions };
        let device = device.clone();
        Ok(Self { objective, folder, config, model, prepared, start, record, device, session, skipped })
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its config with every key.
    pub fn config(&self) -> &O::Config {
        &self.config
    }

    /// What is wrong with checkpoints that are newer than the one it continues from.
    pub fn skipped(&self) -> &[rinalmo_train::Error] {
        &self.skipped
    }

    /// Keys of the config that were changed for this session.
    pub fn changed(&self) -> &[String] {
        &self.session.changed
    }

    /// How much there is to train.
    ///
    /// # Errors
    /// The data cannot be read.
    pub fn outlook(&self) -> Result<Outlook<O::Epoch>, Error> {
        let (epoch, batches) = O::epoch(self)?;
        let options = self.config.train();
        Ok(Outlook {
            parameters: self.model.parameters(),
            step: self.session.from_step,
            steps: steps(options, batches),
            seconds: options.until.seconds,
            epoch,
        })
    }

    /// Trains until it is done or asked to stop, writes the best model and, when the run is done, tests it on the test
    /// data. Only the first process of a run calls the observer and writes.
    ///
    /// # Errors
    /// Training failed, or a file could not be written; earlier checkpoints stay complete.
    pub fn go<X: Exchange>(
        mut self,
        mut exchange: X,
        stop: &Stop,
        observer: &mut dyn Observer,
    ) -> Result<Finished, Error> {
        let rank = exchange.share().rank;
        let leads = rank == 0;
        let scratch = self.folder.path().join(format!("{SCRATCH}.{rank}"));
        exchange.sum(&mut [])?; // nothing is written before all processes have read the existing files
        if leads {
            self.folder.write_config(&self.config.to_toml())?;
            self.record.sessions.push(self.session.clone());
            self.folder.write_record(&self.record)?;
        }
        let mut run = O::before_training(self, &scratch)?;
        let mut best = Best { report: None, onward: observer };
        let trained = run.training().go(exchange, stop, &mut best);
        let _ = std::fs::remove_file(&scratch); // if it was there at all
        let Trained { outcome, state } = trained?;
        let best = best.report;
        let outcome = outcome.and_then(|(ended, last)| {
            let exported = if leads { O::export(&run)? } else { None };
            let test = if leads && ended == Ended::Finished { O::test(&mut run)? } else { None };
            let validation = if O::REPORTS_BEST { best } else { last };
            Ok(Finished { ended, state: state.clone(), validation, test, exported })
        });
        if leads {
            if let Ok(Finished { test: Some(test), .. }) = &outcome {
                run.record.test = Some(test.clone());
            }
            if let Some(session) = run.record.sessions.last_mut() {
                session.end(state.step, outcome.as_ref().map(|finished| finished.ended));
            }
            run.folder.close(&run.record, &outcome)?;
        }
        outcome
    }

    fn training(&self) -> Training<'_, O::Task> {
        let mut document = Document::new(self.record.name.clone(), self.model.clone());
        O::describe(self, &mut document);
        let config = self.config.to_table();
        let (title, settings) = (self.record.name.clone(), settings(&config, &self.record));
        Training {
            folder: &self.folder,
            about: About { title, terms: O::terms(), settings },
            start: &self.start,
            task: O::task(&self.prepared),
            document,
            options: self.config.options(),
            config,
            keep: self.config.keep(),
            device: &self.device,
        }
    }
}

/// Remembers the best validation.
struct Best<'o> {
    report: Option<ValidationReport>,
    onward: &'o mut dyn Observer,
}

impl Observer for Best<'_> {
    fn step(&mut self, report: &StepReport) {
        self.onward.step(report);
    }

    fn epoch(&mut self, epoch: u64, trained: usize, parameters: usize) {
        self.onward.epoch(epoch, trained, parameters);
    }

    fn validated(&mut self, report: &ValidationReport) {
        if report.best || self.report.is_none() {
            self.report = Some(report.clone());
        }
        self.onward.validated(report);
    }

    fn saved(&mut self, step: u64, path: &Path) {
        self.onward.saved(step, path);
    }

    fn returned(&mut self, report: &ReturnReport) {
        self.report.take_if(|best| best.step > report.step); // those steps are taken again
        self.onward.returned(report);
    }
}

/// The config to continue with, and its changes.
fn merged<C: RunConfig, D>(folder: &Folder, resume: &Resume<C, D>) -> Result<(C, Vec<String>), Error> {
    let begun = C::open(&folder.config(), &[])?;
    if let Some(asked) = &resume.config {
        let changing: Vec<&str> = resume.overrides.iter().filter_map(|change| change.split('=').next()).collect();
        let may = |path: &str| path.starts_with("train.until.") || changing.iter().any(|key| path.starts_with(key));
        let mut differ = differences(&begun.to_table(), &asked.like(&begun)?.to_table()).into_iter();
        if let Some((path, was, is)) = differ.find(|(path, ..)| !may(path)) {
            return contradiction(folder, &path, &was, &is);
        }
    }
    let mut config = begun.clone().with(&resume.overrides, None)?;
    config.train_mut().until = resume.limits.or(config.train().until);
    config.check()?;
    let changed = changes(folder, &begun.to_table(), &config.to_table())?;
    Ok((config, changed))
}

/// Checks that a run began with the model `asked`.
fn same_model(folder: &Folder, began: Option<&str>, asked: Option<&str>) -> Result<(), Error> {
    let Some(asked) = asked else { return Ok(()) };
    if began.is_some_and(|began| began == asked || began == model_from_anywhere(asked)) {
        return Ok(());
    }
    let began = began.map_or_else(|| "fresh weights".to_owned(), |began| format!("`{began}`"));
    Err(Error::OtherModel { folder: folder.path().to_owned(), began, asked: asked.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Count(usize);

    impl Observer for Count {
        fn returned(&mut self, _: &ReturnReport) {
            self.0 += 1;
        }
    }

    #[test]
    fn a_best_validation_that_the_run_went_back_behind_is_forgotten() {
        let mut count = Count::default();
        let mut best = Best { report: None, onward: &mut count };
        let validation = Validation { parts: Vec::new() };
        best.validated(&ValidationReport { step: 5, epoch: 0, validation, score: Some(1.0), best: true, seconds: 0.0 });
        let back = |step: u64| ReturnReport { step, from: 9, what: String::new(), factor: 0.5 };
        best.returned(&back(5));
        assert!(best.report.is_some());
        best.returned(&back(4));
        assert!(best.report.is_none());
        assert_eq!(count.0, 2);
    }
}
