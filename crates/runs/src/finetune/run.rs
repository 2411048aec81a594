//! A fine-tuning run: start or resume it in its folder, train, write the best model and test it.

use std::path::{Path, PathBuf};

use rinalmo_model::task::read_name;
use rinalmo_model::{EncoderConfig, HeadConfig, ModelConfig};
use rinalmo_train::{
    Cache, Ended, Exchange, Limits, Observer, RunState, Share, Stop, Task, Validation, ValidationReport,
};
use rinalmo_weights::Document;
use serde::{Deserialize, Serialize};

use super::heads::{Begun, choose};
use super::hold_out::Unit;
use super::kind::{Files, Kind, Prepared, Split};
use super::{Adapters, Config, Section, adapters};
use crate::Error;
use crate::log::LOSS;
use crate::run::{
    Folder, Program, Session, Start, Trained, Training, best, changes, config, export, model_from_anywhere, open,
};
use rinalmo_infer::{Device, default_budget};

/// The scratch file for a frozen encoder's representations.
const REPRESENTATIONS: &str = ".representations";

/// A run to start.
#[derive(Debug, Clone)]
pub struct Request<D: Section> {
    /// The model's name.
    pub name: String,
    /// What to do.
    pub config: Config<D>,
    /// The data.
    pub files: Files,
    /// The run's folder; it must not hold a run.
    pub out: PathBuf,
    /// The model to start with, by name or path; by default a new one of the size in `[model]`.
    pub from: Option<String>,
    /// The program that runs.
    pub program: Program,
}

/// A run to resume.
#[derive(Debug, Clone, Default)]
pub struct Resume {
    /// The run's folder.
    pub out: PathBuf,
    /// Keys to change: of `[train]` but the seed, and of `[checkpoints]`.
    pub overrides: Vec<String>,
    /// New limits; missing ones stay as they are.
    pub limits: Limits,
    /// The program that runs.
    pub program: Program,
}

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The model's name.
    pub name: String,
    /// What it is trained for.
    #[serde(deserialize_with = "read_name")]
    pub task: String,
    /// The seed of everything random.
    pub seed: u64,
    /// The model it started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The data.
    pub files: Files,
    /// CRC-32C of each of their files, in their order.
    pub checksums: Vec<(PathBuf, String)>,
    /// Lines on what is in them.
    pub data: Vec<String>,
    /// The best model's result on the test data, once it was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Validation>,
    /// Each time a process worked on it.
    pub sessions: Vec<Session>,
}

/// A run, ready to train.
pub struct Run<K: Kind> {
    kind: K,
    folder: Folder,
    config: Config<K::Data>,
    model: ModelConfig,
    prepared: Prepared<K::Task>,
    start: Start,
    record: Record,
    session: Session,
    device: Device,
    skipped: Vec<rinalmo_train::Error>,
}

/// How much there is to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Parameters of the model.
    pub parameters: usize,
    /// Items trained on.
    pub items: usize,
    /// Tokens of an epoch.
    pub tokens: u64,
    /// Steps of an epoch.
    pub steps_an_epoch: u64,
    /// Steps taken already.
    pub step: u64,
    /// Steps when it is done, if steps or epochs are limited.
    pub steps: Option<u64>,
    /// Seconds it may take, if limited.
    pub seconds: Option<f64>,
}

/// How a session ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Why.
    pub ended: Ended,
    /// Where the run stands.
    pub state: RunState,
    /// The validation of the best model, if that was in this session, else the first one.
    pub validation: Option<ValidationReport>,
    /// The best model's result on the test data.
    pub test: Option<Validation>,
    /// The step whose model was written to `model.safetensors`: the best by validation, else the last.
    pub exported: Option<u64>,
}

impl<K: Kind> Run<K> {
    /// Prepares a new run: opens and checks everything.
    ///
    /// # Errors
    /// The config is invalid, a file cannot be read or does not fit, or the folder holds a run.
    pub fn begin(kind: K, request: Request<K::Data>, device: &Device, share: Share) -> Result<Self, Error> {
        let Request { name, config, files, out, from, program } = request;
        let (files, from) = (files.absolute(), from.as_deref().map(model_from_anywhere));
        let mut config = config.for_task(kind.name())?;
        config.check()?;
        let checkpoint = from.as_deref().map(open).transpose()?;
        let prepared = prepare(kind, &files, &config, share)?;
        let begun = checkpoint.as_ref().map(Begun::from);
        let chosen = choose(&mut config, begun.as_ref(), &prepared.head, Some(&described::<K>(&prepared.task)))?;
        let prepared = Prepared { task: K::settled(prepared.task, &config.data), ..prepared };
        let model = sizes(&config, begun.as_ref(), chosen.head, prepared.longest)?;
        prepared.task.check(&model).map_err(Error::Options)?;
        afford(&prepared, &model, device.is_cpu(), default_budget())?;
        let config = config.resolved(&model.encoder);
        let checksums = checksums(&files)?;
        let session = Session::begin(program, device, share, 0)?;
        let folder = Folder::create(&out, share.rank == 0)?;
        let mut data = prepared.notes.clone();
        data.push(chosen.about);
        let record = Record {
            name,
            task: kind.name().to_owned(),
            seed: config.train.seed,
            from,
            files,
            checksums,
            data,
            test: None,
            sessions: Vec::new(),
        };
        let start = Start::of(checkpoint);
        let start = if config.fresh_head { start.without_heads() } else { start };
        let device = device.clone();
        let skipped = Vec::new();
        Ok(Self { kind, folder, config, model, prepared, start, record, session, device, skipped })
    }

    /// Prepares to continue after the newest complete checkpoint, or from the start if none was written yet.
    ///
    /// # Errors
    /// There is no run of this task, no checkpoint is complete, or a setting or the data differ from its start.
    pub fn resume(kind: K, resume: Resume, device: &Device, share: Share) -> Result<Self, Error> {
        let folder = Folder::open(&resume.out, share.rank == 0)?;
        let refuse = |message: String| Err(Error::Folder { folder: resume.out.clone(), message });
        let record: Record = folder.record()?;
        if record.task != kind.name() {
            return refuse(format!("holds a run for `{}`, not for `{}`", record.task, kind.name()));
        }
        let (config, changed) = merged::<K>(&folder, &resume)?;
        let found = checksums(&record.files)?;
        if let Some(((path, _), _)) = found.iter().zip(&record.checksums).find(|(found, was)| found.1 != was.1) {
            return refuse(format!("the data in {} changed since the run began", path.display()));
        }
        let mut as_begun = config.clone();
        as_begun.hold_out.by.get_or_insert(Unit::Item); // runs from before this key held out single items
        let prepared = prepare(kind, &record.files, &as_begun, share)?;
        let (start, skipped) = Start::again(&folder, config.checkpoints.keep, record.from.as_deref())?;
        let start = if config.fresh_head { start.without_heads() } else { start };
        let begun = match &start {
            Start::From(checkpoint) | Start::Encoder(checkpoint) => Some(Begun::from(&**checkpoint)),
            Start::Saved(_) | Start::Fresh => None,
        };
        let model = match &start {
            Start::Saved(saved) => saved.weights()?.config.clone(),
            _ => {
                let document = described::<K>(&prepared.task);
                let chosen = choose(&mut config.clone(), begun.as_ref(), &prepared.head, Some(&document))?;
                sizes(&config, begun.as_ref(), chosen.head, prepared.longest)?
            }
        };
        afford(&prepared, &model, device.is_cpu(), default_budget())?;
        let session = Session { changed, ..Session::begin(resume.program, device, share, start.step())? };
        let device = device.clone();
        Ok(Self { kind, folder, config, model, prepared, start, record, session, device, skipped })
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lines on what is in the data.
    pub fn data(&self) -> &[String] {
        &self.record.data
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
    pub fn outlook(&self) -> Outlook {
        let (Prepared { items, batches, tokens, .. }, options) = (&self.prepared, &self.config.train);
        let steps_an_epoch = batches.div_ceil(options.accumulate) as u64;
        let by_epochs =
            options.until.epochs.map(|epochs| (epochs * *batches as u64).div_ceil(options.accumulate as u64));
        Outlook {
            parameters: self.model.parameters(),
            items: *items,
            tokens: *tokens,
            steps_an_epoch,
            step: self.session.from_step,
            steps: by_epochs.into_iter().chain(options.until.steps).min(),
            seconds: options.until.seconds,
        }
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
        let representations = self.folder.path().join(format!("{REPRESENTATIONS}.{rank}"));
        exchange.sum(&mut [])?; // nothing is written before all processes have read the existing files
        if leads {
            self.folder.write_config(&self.config.to_toml())?;
            self.record.sessions.push(self.session.clone());
            self.folder.write_record(&self.record)?;
        }
        if self.config.frozen.is_some_and(|frozen| frozen.cache) {
            let cache = Cache::create(&representations)?;
            self.prepared.task = K::cached(self.prepared.task, cache)?;
        }
        let mut best = Best { report: None, onward: observer };
        let training = Training {
            folder: &self.folder,
            name: &self.record.name,
            terms: LOSS,
            start: &self.start,
            task: &self.prepared.task,
            document: self.document(),
            options: self.config.options(),
            config: config::to_table(&self.config),
            keep: self.config.checkpoints.keep,
            device: &self.device,
        };
        let trained = training.go(exchange, stop, &mut best);
        let _ = std::fs::remove_file(&representations); // scratch, if it was there at all
        let Trained { outcome, state } = trained?;
        let validation = best.report;
        let outcome = outcome.and_then(|(ended, _)| {
            let exported = if leads { self.export()? } else { None };
            let test = if leads && ended == Ended::Finished { self.test()? } else { None };
            Ok(Finished { ended, state: state.clone(), validation, test, exported })
        });
        if leads {
            if let Ok(Finished { test: Some(test), .. }) = &outcome {
                self.record.test = Some(test.clone());
            }
            if let Some(session) = self.record.sessions.last_mut() {
                session.end(state.step, outcome.as_ref().map(|finished| finished.ended));
            }
            self.folder.close(&self.record, &outcome)?;
        }
        outcome
    }

    /// The description of the trained model.
    fn document(&self) -> Document {
        let mut document = Document::new(self.record.name.clone(), self.model.clone());
        document.provenance = Some(self.provenance());
        K::describe(&self.prepared.task, &mut document);
        document
    }

    /// The origin of the weights. The text depends only on what was trained.
    fn provenance(&self) -> String {
        let begun = match &self.start {
            Start::From(checkpoint) | Start::Encoder(checkpoint) if self.config.lora.is_some() => {
                format!("{} (sha256 {}), adapted", checkpoint.meta.name, checkpoint.sha256())
            }
            Start::From(checkpoint) => format!("{}, fine-tuned", checkpoint.meta.name),
            Start::Encoder(checkpoint) => format!("{}, fine-tuned with a new head", checkpoint.meta.name),
            _ => "trained from scratch".to_owned(),
        };
        format!("{begun} for {} on {} items", self.kind.name(), self.prepared.items)
    }

    /// Writes the best model; with adapters, both these and the merged model.
    fn export(&self) -> Result<Option<u64>, Error> {
        let keep = self.config.checkpoints.keep;
        match self.config.lora {
            None => export(&self.folder, keep),
            Some(_) => adapters::export(&self.folder, keep),
        }
    }

    /// The best model, or the last, on the test data.
    fn test(&mut self) -> Result<Option<Validation>, Error> {
        let Some(test) = self.prepared.test.take() else { return Ok(None) };
        let Some(best) = best(&self.folder, self.config.checkpoints.keep)? else { return Ok(None) };
        let (model, document) = best.model(self.device.burn())?;
        let test = K::fixed(test, &document);
        let mut validation = test.validate(&model, self.device.burn(), Share::default())?;
        test.conclude(&mut validation);
        Ok(Some(validation))
    }
}

/// Remembers the best validation.
struct Best<'o> {
    report: Option<ValidationReport>,
    onward: &'o mut dyn Observer,
}

impl Observer for Best<'_> {
    fn step(&mut self, report: &rinalmo_train::StepReport) {
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
}

fn prepare<K: Kind>(
    kind: K,
    files: &Files,
    config: &Config<K::Data>,
    share: Share,
) -> Result<Prepared<K::Task>, Error> {
    kind.prepare(files, &Split::of(config, share), &config.data)
}

/// Checks that the validation and test data fit into memory; otherwise the run would fail only after its training.
pub(super) fn afford<T: Task>(
    prepared: &Prepared<T>,
    model: &ModelConfig,
    on_cpu: bool,
    budget: u64,
) -> Result<(), Error> {
    let refuse = |part: &'static str| move |what| Error::Unaffordable { part, what };
    prepared.task.afford(model, on_cpu, budget).map_err(refuse("validation"))?;
    let test = prepared.test.as_ref().map_or(Ok(()), |test| test.afford(model, on_cpu, budget));
    test.map_err(refuse("test"))
}

/// The description of the model that `task` trains.
pub(super) fn described<K: Kind>(task: &K::Task) -> Document {
    let mut document = Document::new("", ModelConfig::pretrained(EncoderConfig::new(1, 1, 1)));
    K::describe(task, &mut document);
    document
}

/// The sizes of the model that a run trains, without a masked-language head. The encoder has the size of the model to
/// start with, or that of the config.
pub(super) fn sizes<D: Section>(
    config: &Config<D>,
    begun: Option<&Begun>,
    head: HeadConfig,
    longest: usize,
) -> Result<ModelConfig, Error> {
    let given = config.model.as_ref().filter(|size| size.is_given());
    let given = given.map(|size| size.encoder(longest).map_err(Error::Config)).transpose()?;
    let encoder = match (begun, given) {
        (Some(begun), Some(given)) if begun.encoder != given => {
            return Err(Error::SizesDiffer { name: begun.name().to_owned() });
        }
        (Some(begun), _) => begun.encoder.clone(),
        (None, Some(encoder)) => encoder,
        (None, None) => return Err(Error::NoModel),
    };
    let encoder = encoder.with_lora(config.lora.as_ref().map(Adapters::lora));
    let model = ModelConfig { encoder, mlm: false, head: Some(head) };
    model.check().map_err(|what| Error::Config(format!("[model]: {what}")))?;
    Ok(model)
}

/// CRC-32C of every file; of a folder, of its files' names and bytes.
fn checksums(files: &Files) -> Result<Vec<(PathBuf, String)>, Error> {
    let of = |path: &Path| Ok((path.to_owned(), format!("{:08x}", checksum(path, 0)?)));
    files.all().map(of).collect()
}

fn checksum(path: &Path, before: u32) -> Result<u32, Error> {
    if !path.is_dir() {
        return Ok(crc32c::crc32c_append(before, &std::fs::read(path).map_err(Error::file("read", path))?));
    }
    let entries = std::fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut entries: Vec<PathBuf> = entries.map_err(Error::file("read", path))?;
    entries.sort();
    entries.iter().try_fold(before, |sum, entry| {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        checksum(entry, crc32c::crc32c_append(sum, name.as_bytes()))
    })
}

/// The config to continue with, and its changes.
fn merged<K: Kind>(folder: &Folder, resume: &Resume) -> Result<(Config<K::Data>, Vec<String>), Error> {
    let begun: Config<K::Data> = Config::open(&folder.config(), &[])?;
    let before = config::to_table(&begun);
    let mut config = begun.with(&resume.overrides, None)?;
    config.train.until = resume.limits.or(config.train.until);
    config.check()?;
    let changed = changes(folder, &before, &config::to_table(&config))?;
    Ok((config, changed))
}
