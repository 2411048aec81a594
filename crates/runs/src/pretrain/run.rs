//! Pre-training as a run.

use std::path::PathBuf;

use rinalmo_corpus::Store;
use rinalmo_model::{Design, ModelConfig};
use rinalmo_train::{Mlm, Share};
use rinalmo_weights::{Checkpoint, Document};

use super::estimate::{EpochSize, Memory};
use super::record::{Corpus, Known};
use super::{Config, Size};
use crate::log::{PERPLEXITY, Terms};
use crate::run::{self, Begun, Objective, Ready};
use crate::{Error, recipes};
use rinalmo_infer::Device;

/// A run that learns to predict masked letters.
pub type Run = run::Run<Masked>;
/// A run to start; its data are the store to train on.
pub type Request = run::Request<Config, PathBuf>;
/// A run to resume.
pub type Resume = run::Resume<Config, PathBuf>;
/// How much there is to train.
pub type Outlook = run::Outlook<EpochSize>;
/// The content of `run.json`.
pub type Record = run::Record<Known>;

/// The objective of pre-training: predict masked letters of a corpus.
#[derive(Debug, Clone, Copy)]
pub struct Masked;

impl Objective for Masked {
    type Config = Config;
    type Data = PathBuf;
    type Known = Known;
    type Task = Mlm;
    type Prepared = Mlm;
    type Epoch = EpochSize;

    const REPORTS_BEST: bool = false;

    fn objective(&self) -> &'static str {
        recipes::PRETRAIN
    }

    fn terms() -> Terms {
        PERPLEXITY
    }

    fn begin(
        &self,
        mut config: Config,
        corpus: PathBuf,
        from: Option<&Checkpoint>,
        _: &Device,
        share: Share,
    ) -> Result<Ready<Self>, Error> {
        let model = sizes(&mut config, from)?;
        let config = config.resolved(&model);
        let store = Store::open(&corpus)?;
        let known = Known { corpus: Corpus::of(&store) };
        let prepared = Mlm::new(store, &config.data, config.train.seed, share)?;
        Ok(Ready { config, model, prepared, known })
    }

    fn again(&self, begun: Begun<'_, Self>, _: &Device, share: Share) -> Result<Ready<Self>, Error> {
        let Begun { folder, mut config, mut known, moved, start } = begun;
        let store = Store::open(moved.as_ref().unwrap_or(&known.corpus.path))?;
        let found = Corpus::of(&store);
        if found.checksums != known.corpus.checksums {
            let (was, is) = (known.corpus.path.display(), store.path().display());
            let message =
                format!("the run began on {was}, {is} holds something else\nhint: give the store it began on");
            return Err(Error::Folder { folder: folder.path().to_owned(), message });
        }
        known.corpus.path = found.path;
        let model = sizes(&mut config, start.other_model())?;
        let prepared = Mlm::new(store, &config.data, config.train.seed, share)?;
        Ok(Ready { config, model, prepared, known })
    }

    fn task(prepared: &Mlm) -> &Mlm {
        prepared
    }

    fn epoch(run: &Run) -> Result<(EpochSize, u64), Error> {
        let epoch = EpochSize::look(run.prepared.sampler(), &run.model, &run.config.train)?;
        Ok((epoch, epoch.batches))
    }

    fn describe(run: &Run, document: &mut Document) {
        let Corpus { sequences, clusters, .. } = &run.record.known.corpus;
        let begun = match run.start.other_model() {
            Some(checkpoint) => format!("continued from {} by", checkpoint.meta.name),
            None => "trained by".to_owned(),
        };
        document.provenance =
            Some(format!("{begun} masked language modelling on {sequences} sequences in {clusters} clusters"));
    }
}

impl Run {
    /// What it trains on.
    pub fn corpus(&self) -> &Store {
        self.prepared.sampler().store()
    }

    /// The memory that it will need, for epochs of this size.
    pub fn memory(&self, epoch: &EpochSize) -> Memory {
        let EpochSize { largest_batch, longest_row, .. } = *epoch;
        Memory::estimate(&self.model, &self.config.train, largest_batch, longest_row, self.device.is_cpu())
    }
}

/// The model of a run: of the config's size, or of the checkpoint's if the config names none.
pub(super) fn sizes(config: &mut Config, checkpoint: Option<&Checkpoint>) -> Result<ModelConfig, Error> {
    let Some(checkpoint) = checkpoint else { return config.model() };
    let theirs = &checkpoint.config.encoder;
    if theirs.design != Design::Rinalmo {
        let (path, theirs) = (checkpoint.path().display(), theirs.describe());
        return Err(Error::Config(format!(
            "--from {path}: {theirs}; pre-training continues encoders of RiNALMo's design only"
        )));
    }
    if !config.model.is_given() {
        config.model = Size::from(theirs);
    }
    let positions = theirs.positions.max_len().unwrap_or(config.data.max_tokens);
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
