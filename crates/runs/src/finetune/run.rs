//! Fine-tuning as a run.

use std::path::{Path, PathBuf};

use rinalmo_model::task::read_name;
use rinalmo_model::{EncoderConfig, HeadConfig, ModelConfig, TaskSpec};
use rinalmo_train::{Cache, Share, Task, Validation};
use rinalmo_weights::{Checkpoint, Document};
use serde::{Deserialize, Serialize};

use super::checksum::matches;
use super::heads::{Begun, choose};
use super::hold_out::Unit;
use super::kind::{Files, Kind, Prepared, Split};
use super::{Adapters, Config, Section, adapters};
use crate::Error;
use crate::log::{LOSS, Terms};
use crate::run::{self, Folder, Objective, Ready, Start, best, export};
use rinalmo_infer::{Device, default_budget};

/// A run for a task.
pub type Run<K> = run::Run<K>;
/// A run to start; its data are files.
pub type Request<D> = run::Request<Config<D>, Files>;
/// A run to resume.
pub type Resume<D> = run::Resume<Config<D>, Files>;
/// How much there is to train.
pub type Outlook = run::Outlook<Epoch>;
/// The content of `run.json`.
pub type Record = run::Record<Known>;

/// What the record of a run holds on its task and data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// What it is trained for.
    #[serde(deserialize_with = "read_name")]
    pub task: String,
    /// The data.
    pub files: Files,
    /// The checksum of each of their files, in their order: XXH3-128, or CRC-32C of 8 digits in runs of earlier versions.
    pub checksums: Vec<(PathBuf, String)>,
    /// Lines on what is in them.
    pub data: Vec<String>,
}

/// The size of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// Items trained on.
    pub items: usize,
    /// Their tokens.
    pub tokens: u64,
    /// Steps.
    pub steps: u64,
}

impl<K: Kind> Objective for K {
    type Config = Config<K::Data>;
    type Data = Files;
    type Known = Known;
    type Task = <K as Kind>::Task;
    type Prepared = Prepared<<K as Kind>::Task>;
    type Epoch = Epoch;

    const REPORTS_BEST: bool = true;

    fn objective(&self) -> &'static str {
        self.name()
    }

    fn terms() -> Terms {
        LOSS
    }

    fn begin(
        &self,
        mut config: Config<K::Data>,
        files: Files,
        from: Option<&Checkpoint>,
        device: &Device,
        share: Share,
    ) -> Result<Ready<Self>, Error> {
        let files = files.absolute();
        let prepared = read(*self, &files, &config, share)?;
        let begun = from.map(Begun::from);
        let document = described::<K>(&prepared.task);
        let chosen = choose(&mut config, begun.as_ref(), &prepared.head, Some(&document))?;
        let prepared = Prepared { task: K::settled(prepared.task, &config.data), ..prepared };
        let model = sizes(&config, begun.as_ref(), chosen.head, prepared.longest)?;
        check(&prepared, &model)?;
        afford(&prepared, &model, device.is_cpu(), default_budget())?;
        let config = config.resolved(&model.encoder);
        let checksums = files.checksums()?;
        let data = prepared.notes.iter().cloned().chain([chosen.about]).collect();
        let known = Known { task: self.name().to_owned(), files, checksums, data };
        Ok(Ready { config, model, prepared, known })
    }

    fn again(&self, begun: run::Begun<'_, Self>, device: &Device, share: Share) -> Result<Ready<Self>, Error> {
        let run::Begun { folder, config, mut known, moved, start } = begun;
        let refuse = |message: String| Error::Folder { folder: folder.path().to_owned(), message };
        if known.task != self.name() {
            return Err(refuse(format!("holds a run for `{}`, not for `{}`", known.task, self.name())));
        }
        known.check_data(moved, folder)?;
        let mut as_begun = config.clone();
        as_begun.hold_out.by.get_or_insert(Unit::Item); // runs from before this key held out single items
        let prepared = read(*self, &known.files, &as_begun, share)?;
        let model = match start {
            Start::Saved(saved) => saved.weights()?.config.clone(),
            _ => {
                let (begun, document) = (start.other_model().map(Begun::from), described::<K>(&prepared.task));
                let chosen = choose(&mut config.clone(), begun.as_ref(), &prepared.head, Some(&document))?;
                sizes(&config, begun.as_ref(), chosen.head, prepared.longest)?
            }
        };
        afford(&prepared, &model, device.is_cpu(), default_budget())?;
        Ok(Ready { config, model, prepared, known })
    }

    fn task(prepared: &Self::Prepared) -> &<K as Kind>::Task {
        &prepared.task
    }

    fn epoch(run: &Run<K>) -> Result<(Epoch, u64), Error> {
        let Prepared { items, batches, tokens, .. } = run.prepared;
        let steps = batches.div_ceil(run.config.train.accumulate) as u64;
        Ok((Epoch { items, tokens, steps }, batches as u64))
    }

    fn describe(run: &Run<K>, document: &mut Document) {
        let begun = match &run.start {
            Start::From(checkpoint) | Start::Encoder(checkpoint) if run.config.lora.is_some() => {
                format!("{} (sha256 {}), adapted", checkpoint.meta.name, checkpoint.sha256())
            }
            Start::From(checkpoint) => format!("{}, fine-tuned", checkpoint.meta.name),
            Start::Encoder(checkpoint) => format!("{}, fine-tuned with a new head", checkpoint.meta.name),
            Start::Fresh | Start::Saved(_) => "trained from scratch".to_owned(),
        };
        let (task, items) = (run.objective.name(), run.prepared.items);
        document.provenance = Some(format!("{begun} for {task} on {items} items"));
        // A row that this program's table lacks could not be read again.
        if let Some(known) = TaskSpec::find(task) {
            document.task = known.name.to_owned();
        }
        <K as Kind>::describe(&run.prepared.task, document);
    }

    fn before_training(mut run: Run<K>, scratch: &Path) -> Result<Run<K>, Error> {
        if run.config.frozen.is_some_and(|frozen| frozen.cache) {
            run.prepared.task = K::cached(run.prepared.task, Cache::create(scratch)?)?;
        }
        Ok(run)
    }

    /// Writes the best model; with adapters, both these and the merged model.
    fn export(run: &Run<K>) -> Result<Option<u64>, Error> {
        let keep = run.config.checkpoints.keep;
        match run.config.lora {
            None => export(&run.folder, keep),
            Some(_) => adapters::export(&run.folder, keep),
        }
    }

    fn test(run: &mut Run<K>) -> Result<Option<Validation>, Error> {
        let Some(test) = run.prepared.test.take() else { return Ok(None) };
        let Some(best) = best(&run.folder, run.config.checkpoints.keep)? else { return Ok(None) };
        let (model, document) = best.model(run.device.burn())?;
        let test = K::fixed(test, &document);
        let mut validation = test.validate(&model, run.device.burn(), Share::default())?;
        test.conclude(&mut validation);
        Ok(Some(validation))
    }
}

impl<K: Kind> Run<K> {
    /// Lines on what is in the data.
    pub fn data(&self) -> &[String] {
        &self.record.known.data
    }

    /// Whether a new run continues with the head of the model it starts with.
    pub fn keeps_head(&self) -> bool {
        let theirs = if let Start::From(checkpoint) = &self.start { checkpoint.config.head.as_ref() } else { None };
        theirs.zip(self.model.head.as_ref()).is_some_and(|(theirs, ours)| theirs.task() == ours.task())
    }
}

impl Known {
    /// Checks that the data are those that the run began with, and notes where they are now if they were moved.
    fn check_data(&mut self, moved: Option<Files>, folder: &Folder) -> Result<(), Error> {
        let refuse = |message: String| Err(Error::Folder { folder: folder.path().to_owned(), message });
        let files = moved.map_or_else(|| self.files.clone(), |files| files.absolute());
        if files.layout() != self.files.layout() {
            return refuse("the run began with another number of files, or with another fold".into());
        }
        for (path, (place, sum)) in files.all().zip(&mut self.checksums) {
            if !matches(path, sum)? {
                return refuse(format!("the data in {} changed since the run began", path.display()));
            }
            path.clone_into(place);
        }
        self.files = files;
        Ok(())
    }
}

fn read<K: Kind>(
    kind: K,
    files: &Files,
    config: &Config<K::Data>,
    share: Share,
) -> Result<Prepared<<K as Kind>::Task>, Error> {
    kind.prepare(files, &Split::of(config, share), &config.data)
}

/// Checks that training, validation and test data are what the model takes.
pub(super) fn check<T: Task>(prepared: &Prepared<T>, model: &ModelConfig) -> Result<(), Error> {
    prepared.task.check(model).map_err(Error::Options)?;
    let test = prepared.test.as_ref().map_or(Ok(()), |test| test.check(model));
    test.map_err(|what| Error::Options(format!("test data: {what}")))
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
pub(super) fn described<K: Kind>(task: &<K as Kind>::Task) -> Document {
    let mut document = Document::new("", ModelConfig::pretrained(EncoderConfig::new(1, 1, 1)));
    <K as Kind>::describe(task, &mut document);
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

#[cfg(test)]
mod tests {
    use std::fs;

    use rinalmo_train::{Alone, Stop};

    use super::*;
    use crate::finetune::{LabelConfig, Labelled};
    use crate::run::{Program, RECORD, RunConfig};

    const CONFIG: &str = "[model]\ndim = 16\nblocks = 1\nheads = 2\n[data]\naim = \"number\"\n[hold_out]\nshare = 0.0\n\
                          [train]\nschedule.peak = 1e-4\nuntil.steps = 1\n";

    #[test]
    fn a_run_resumes_with_moved_data_and_with_no_others() {
        let place = tempfile::tempdir().unwrap();
        let (table, moved, out) = (place.path().join("a.csv"), place.path().join("b.csv"), place.path().join("run"));
        fs::write(&table, "id,sequence,label\na,GGAC,1\nb,GGUC,2\n").unwrap();
        let (kind, device) = (Labelled::find("sequence").unwrap(), Device::cpu());
        let config = Config::<LabelConfig>::parse(CONFIG, "a.toml").unwrap();
        let data = Files { train: vec![table.clone()], ..Files::default() };
        let request =
            Request { name: "a".into(), config, data, out: out.clone(), from: None, program: Program::default() };
        let run = Run::begin(kind, request, &device, Share::default()).unwrap();
        run.go(Alone, &Stop::default(), &mut ()).unwrap();

        let resume = |data: Option<Files>| {
            let resume = Resume { out: out.clone(), data, ..Resume::default() };
            Run::resume(kind, resume, &device, Share::default())
        };
        fs::rename(&table, &moved).unwrap();
        assert!(resume(None).err().unwrap().to_string().contains("a.csv: cannot be read"));
        let there = Files { train: vec![moved.clone()], ..Files::default() };
        assert_eq!(resume(Some(there.clone())).unwrap().record.known.files, there);
        let more = Files { test: vec![moved.clone()], ..there.clone() };
        assert!(resume(Some(more)).err().unwrap().to_string().contains("another number of files"));

        // A record of an earlier version has CRC-32C.
        let (path, crc) = (out.join(RECORD), crc32c::crc32c(&fs::read(&moved).unwrap()));
        let mut record: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        record["checksums"][0][1] = format!("{crc:08x}").into();
        fs::write(&path, record.to_string()).unwrap();
        assert_eq!(resume(Some(there.clone())).unwrap().record.known.checksums[0].1.len(), 8);
        fs::write(&moved, "id,sequence,label\na,GGAC,1\nb,GGUC,3\n").unwrap();
        assert!(resume(Some(there)).err().unwrap().to_string().ends_with("b.csv changed since the run began"));
    }
}
