//! A pre-training run: start or resume it in its folder, train, and write the best model.

use std::path::{Path, PathBuf};

use rinalmo_corpus::Store;
use rinalmo_model::{ModelConfig, Positions};
use rinalmo_train::{Ended, Exchange, Limits, Mlm, Observer, RunState, Share, Stop, ValidationReport};
use rinalmo_weights::{Checkpoint, Document};

use super::estimate::{EpochSize, Memory};
use super::record::{Corpus, Record};
use super::{Config, Size};
use crate::Error;
use crate::log::PERPLEXITY;
use crate::run::{
    Folder, Program, Session, Start, Trained, Training, changes, contradiction, differences, export,
    model_from_anywhere, open,
};
use rinalmo_infer::Device;

/// A run to start.
#[derive(Debug, Clone)]
pub struct Request {
    /// The model's name.
    pub name: String,
    /// What to do.
    pub config: Config,
    /// The store to train on.
    pub corpus: PathBuf,
    /// The run's folder; it must not hold a run.
    pub out: PathBuf,
    /// A checkpoint to start with, by name or path; by default a new model.
    pub from: Option<String>,
    /// The program that runs.
    pub program: Program,
}

/// A run to resume. A setting that differs from the run's start is an error, except for limits and for `overrides` of
/// how it is trained.
#[derive(Debug, Clone, Default)]
pub struct Resume {
    /// The run's folder.
    pub out: PathBuf,
    /// The config that the run should have.
    pub config: Option<Config>,
    /// Keys to change: of `[train]` but the seed, and of `[checkpoints]`.
    pub overrides: Vec<String>,
    /// New limits; missing ones stay as they are.
    pub limits: Limits,
    /// The store, if it was moved.
    pub corpus: Option<PathBuf>,
    /// The checkpoint that the run should have started with.
    pub from: Option<String>,
    /// The program that runs.
    pub program: Program,
}

/// A run, ready to train.
pub struct Run {
    folder: Folder,
    config: Config,
    model: ModelConfig,
    task: Mlm,
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
    /// Steps taken already.
    pub step: u64,
    /// Steps when it is done, if steps or epochs are limited.
    pub steps: Option<u64>,
    /// Seconds it may take, if limited.
    pub seconds: Option<f64>,
    /// The size of an epoch.
    pub epoch: EpochSize,
    /// The memory that it will need.
    pub memory: Memory,
}

/// How a session ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Why.
    pub ended: Ended,
    /// Where the run stands.
    pub state: RunState,
    /// The last validation of this session.
    pub validation: Option<ValidationReport>,
    /// The step whose model was written to `model.safetensors`: the best by validation, else the last.
    pub exported: Option<u64>,
}

impl Run {
    /// Prepares a new run: opens and checks everything. `share` is this process's part among those of the run.
    ///
    /// # Errors
    /// The config is invalid, a file cannot be opened or does not fit, or the folder holds a run.
    pub fn begin(request: Request, device: &Device, share: Share) -> Result<Self, Error> {
        let Request { name, mut config, corpus, out, from, program } = request;
        let from = from.as_deref().map(model_from_anywhere);
        let checkpoint = from.as_deref().map(open).transpose()?;
        let model = sizes(&mut config, checkpoint.as_ref())?;
        let config = config.resolved(&model);
        let store = Store::open(&corpus)?;
        let corpus = Corpus::of(&store);
        let task = Mlm::new(store, &config.data, config.train.seed, share)?;
        let session = Session::begin(program, device, share, 0)?;
        let folder = Folder::create(&out, share.rank == 0)?;
        let record = Record { name, seed: config.train.seed, from, corpus, sessions: Vec::new() };
        let start = Start::of(checkpoint);
        Ok(Self { folder, config, model, task, start, record, session, device: device.clone(), skipped: Vec::new() })
    }

    /// Prepares to continue after the newest complete checkpoint, or from the start if none was written yet.
    ///
    /// # Errors
    /// There is no run, no checkpoint is complete, or a setting or the corpus differs from its start.
    pub fn resume(resume: Resume, device: &Device, share: Share) -> Result<Self, Error> {
        let folder = Folder::open(&resume.out, share.rank == 0)?;
        let mut record: Record = folder.record()?;
        let refuse = |message: String| Err(Error::Folder { folder: resume.out.clone(), message });
        let (config, changed) = merged(&folder, &resume)?;
        let same =
            |from: &str| record.from.as_deref().is_some_and(|was| was == from || was == model_from_anywhere(from));
        if let Some(from) = resume.from.as_deref().filter(|from| !same(from)) {
            let began = record.from.as_ref().map_or_else(|| "fresh weights".to_owned(), |was| format!("`{was}`"));
            return Err(Error::OtherModel { folder: resume.out.clone(), began, asked: from.to_owned() });
        }
        let store = Store::open(resume.corpus.as_ref().unwrap_or(&record.corpus.path))?;
        let corpus = Corpus::of(&store);
        if corpus.checksums != record.corpus.checksums {
            let (was, is) = (record.corpus.path.display(), store.path().display());
            return refuse(format!(
                "the run began on {was}, {is} holds something else\nhint: give the store it began on"
            ));
        }
        record.corpus.path = corpus.path;
        let (start, skipped) = Start::again(&folder, config.checkpoints.keep, record.from.as_deref())?;
        let mut config = config;
        let model = match &start {
            Start::From(checkpoint) | Start::Encoder(checkpoint) => sizes(&mut config, Some(checkpoint))?,
            Start::Fresh | Start::Saved(_) => config.model()?,
        };
        let task = Mlm::new(store, &config.data, config.train.seed, share)?;
        let session = Session { changed, ..Session::begin(resume.program, device, share, start.step())? };
        Ok(Self { folder, config, model, task, start, record, session, device: device.clone(), skipped })
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it trains on.
    pub fn corpus(&self) -> &Store {
        self.task.sampler().store()
    }

    /// Its config with every key.
    pub fn config(&self) -> &Config {
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
    /// The corpus cannot be read.
    pub fn outlook(&self) -> Result<Outlook, Error> {
        let options = &self.config.train;
        let epoch = EpochSize::look(self.task.sampler(), &self.model, options)?;
        let kernels = self.device.is_cpu();
        let memory = Memory::estimate(&self.model, options, epoch.largest_batch, epoch.longest_row, kernels);
        let (parameters, step, seconds) = (self.model.parameters(), self.session.from_step, options.until.seconds);
        Ok(Outlook { parameters, step, steps: epoch.steps_until(&options.until), seconds, epoch, memory })
    }

    /// Trains until it is done or asked to stop, and writes the best model. Only the first process of a run calls the
    /// observer and writes.
    ///
    /// # Errors
    /// Training failed, or a file could not be written; earlier checkpoints stay complete.
    pub fn go<X: Exchange>(
        mut self,
        mut exchange: X,
        stop: &Stop,
        observer: &mut dyn Observer,
    ) -> Result<Finished, Error> {
        let leads = exchange.share().rank == 0;
        exchange.sum(&mut [])?; // nothing is written before all processes have read the existing files
        if leads {
            self.folder.write_config(&self.config.to_toml())?;
            self.record.sessions.push(self.session.clone());
            self.folder.write_record(&self.record)?;
        }
        let keep = self.config.checkpoints.keep;
        let training = Training {
            folder: &self.folder,
            name: &self.record.name,
            terms: PERPLEXITY,
            start: &self.start,
            task: &self.task,
            document: self.document(),
            options: self.config.train.clone(),
            config: self.config.to_table(),
            keep,
            device: &self.device,
        };
        let Trained { outcome, state } = training.go(exchange, stop, observer)?;
        let outcome = outcome.and_then(|(ended, validation)| {
            let exported = if leads { export(&self.folder, keep)? } else { None };
            Ok(Finished { ended, state: state.clone(), validation, exported })
        });
        if leads {
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
        document
    }

    /// The origin of the weights. The text depends only on what was trained.
    fn provenance(&self) -> String {
        let Corpus { sequences, clusters, .. } = &self.record.corpus;
        let begun = match &self.start {
            Start::From(checkpoint) | Start::Encoder(checkpoint) => {
                format!("continued from {} by", checkpoint.meta.name)
            }
            _ => "trained by".to_owned(),
        };
        format!("{begun} masked language modelling on {sequences} sequences in {clusters} clusters")
    }
}

impl EpochSize {
    /// Steps of a run, if steps or epochs are limited.
    pub(super) fn steps_until(&self, until: &Limits) -> Option<u64> {
        let by_epochs = until.epochs.map(|epochs| (epochs as f64 * self.steps).ceil() as u64);
        by_epochs.into_iter().chain(until.steps).min()
    }
}

/// The model of a run: of the config's size, or of the checkpoint's if the config names none.
pub(super) fn sizes(config: &mut Config, checkpoint: Option<&Checkpoint>) -> Result<ModelConfig, Error> {
    let Some(checkpoint) = checkpoint else { return config.model() };
    let theirs = &checkpoint.config.encoder;
    if !config.model.is_given() {
        config.model = Size::from(theirs);
    }
    let positions = match theirs.positions {
        Positions::Learned { max_len } => max_len,
        Positions::Rotary => config.data.max_tokens,
    };
    let ours = config.model.encoder(positions).map_err(Error::Config)?;
    if ours != *theirs {
        let (path, preset) = (checkpoint.path().display(), checkpoint.config.preset());
        let name = preset.map_or_else(String::new, |preset| format!(" ({})", preset.name));
        return Err(Error::Config(format!(
            "[model] is width {}, {} blocks, {} heads; {path} is width {}, {} blocks, {} heads{name}\nhint: leave [model] \
             out of the config, or give a checkpoint of that size",
            ours.dim, ours.blocks, ours.heads, theirs.dim, theirs.blocks, theirs.heads
        )));
    }
    config.model()?;
    Ok(ModelConfig::pretrained(theirs.clone()))
}

/// The config to continue with, and its changes.
fn merged(folder: &Folder, resume: &Resume) -> Result<(Config, Vec<String>), Error> {
    let begun = Config::open(&folder.config(), &[])?;
    if let Some(theirs) = &resume.config {
        let resolved = theirs.clone().resolved(&theirs.model()?);
        let asked: Vec<&str> = resume.overrides.iter().filter_map(|change| change.split('=').next()).collect();
        let differs = differences(&begun.to_table(), &resolved.to_table())
            .into_iter()
            .find(|(path, ..)| !path.starts_with("train.until.") && !asked.iter().any(|asked| path.starts_with(asked)));
        if let Some((path, was, is)) = differs {
            return contradiction(folder, &path, &was, &is);
        }
    }
    let mut config = begun.clone().with(&resume.overrides, None)?;
    config.train.until = resume.limits.or(config.train.until);
    config.model()?;
    let changed = changes(folder, &begun.to_table(), &config.to_table())?;
    Ok((config, changed))
}
