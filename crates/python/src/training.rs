//! Training runs: pre-training, fine-tuning, and continuing either of them.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use rinalmo::Device;
use rinalmo::finetune::{Files, Kind, Labelled, RunConfig, Structure};
use rinalmo::pretrain::{
    Alone, Ended, Error, Exchange, Limits, Masked, Observer, ReturnReport, StepReport, Validation, ValidationReport,
};
use rinalmo::run::{Finished, Objective, Request, Resume, Run, task_of};
use rinalmo::task::{TASKS, TaskSpec};
use rinalmo_cli::program;

use crate::{error, work};

/// How messages name a config that is a dictionary.
const CONFIG: &str = "config";

/// How to train. Values of configs are JSON, which has all that TOML can say there.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct RunSettings {
    /// The run's folder.
    out: PathBuf,
    /// A name or path of a config.
    config: Option<PathBuf>,
    /// A whole config, in place of a name.
    content: Option<String>,
    /// Keys to change, such as `train.seed`, each with its new value; `null` removes the key.
    changes: Vec<(String, String)>,
    start_from: Option<String>,
    fresh_head: bool,
    steps: Option<u64>,
    epochs: Option<u64>,
    seconds: Option<f64>,
    device: String,
    threads: Option<usize>,
}

/// Where the data of fine-tuning are.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct DataSettings {
    train: Vec<PathBuf>,
    validation: Vec<PathBuf>,
    test: Vec<PathBuf>,
    splits: Option<(PathBuf, String)>,
}

impl From<DataSettings> for Files {
    fn from(settings: DataSettings) -> Self {
        let DataSettings { train, validation, test, splits } = settings;
        Self { train, validation, test, splits }
    }
}

impl RunSettings {
    /// The config, for the task of this name.
    fn config<C: RunConfig>(&self, task: &str) -> Result<C, Error> {
        let overrides = self.overrides()?;
        match (&self.content, &self.config) {
            (Some(content), _) => {
                let table: toml::Table = serde_json::from_str(content).map_err(|wrong| unreadable(CONFIG, &wrong))?;
                C::read_for(task, &table.to_string(), CONFIG, &overrides)
            }
            (None, Some(path)) => C::open_for(task, path, &overrides),
            (None, None) => Err(Error::Config("config: expected a name, a path or a dictionary".to_owned())),
        }
    }

    /// The changes as the library takes them.
    fn overrides(&self) -> Result<Vec<String>, Error> {
        let change = |(key, value): &(String, String)| match value.as_str() {
            "null" => Ok(format!("{key}=")),
            value => {
                let value: toml::Value = serde_json::from_str(value).map_err(|wrong| unreadable(key, &wrong))?;
                Ok(format!("{key}={value}"))
            }
        };
        self.changes.iter().map(change).collect()
    }

    fn limits(&self) -> Limits {
        Limits { steps: self.steps, epochs: self.epochs, seconds: self.seconds }
    }

    /// The name of the model: that of the config's file.
    fn name(&self) -> String {
        let stem = self.config.as_deref().and_then(Path::file_stem);
        stem.map_or_else(|| "model".to_owned(), |stem| stem.to_string_lossy().into_owned())
    }
}

fn unreadable(key: &str, wrong: &serde_json::Error) -> Error {
    Error::Config(format!("{key}: {wrong}"))
}

/// Trains a model to predict masked letters of a store.
#[pyfunction]
pub fn pretrain<'py>(
    py: Python<'py>,
    corpus: PathBuf,
    settings: RunSettings,
    tell: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    begin(py, Masked, corpus, settings, |_| (), tell)
}

/// Trains a model for a task.
#[pyfunction]
pub fn finetune<'py>(
    py: Python<'py>,
    task: &str,
    data: DataSettings,
    settings: RunSettings,
    tell: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let Some(spec) = TaskSpec::find(task).filter(|task| task.head.is_some()) else {
        let known = TASKS.iter().filter(|task| task.head.is_some()).map(|task| format!("\"{}\"", task.name));
        let known = known.collect::<Vec<_>>().join(", ");
        return Err(error::input(py, format!("task: expected one of {known}; found \"{task}\"")));
    };
    match Labelled::of(spec) {
        Some(labelled) => tune(py, labelled, data.into(), settings, tell),
        None => tune(py, Structure, data.into(), settings, tell),
    }
}

/// Continues a run after its newest checkpoint.
#[pyfunction]
pub fn resume<'py>(
    py: Python<'py>,
    settings: RunSettings,
    tell: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let task = task_of(&settings.out).map_err(|wrong| error::of_run(py, &wrong))?;
    match TaskSpec::find(&task) {
        None => again(py, Masked, settings, tell),
        Some(spec) => match Labelled::of(spec) {
            Some(labelled) => again(py, labelled, settings, tell),
            None => again(py, Structure, settings, tell),
        },
    }
}

fn tune<'py, K: Kind + Send + 'static>(
    py: Python<'py>,
    kind: K,
    files: Files,
    settings: RunSettings,
    tell: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let fresh = settings.fresh_head;
    begin(py, kind, files, settings, move |config| config.fresh_head |= fresh, tell)
}

fn begin<'py, O: Objective<Data: Send> + Send + 'static>(
    py: Python<'py>,
    objective: O,
    data: O::Data,
    settings: RunSettings,
    change: impl FnOnce(&mut O::Config) + Send + 'static,
    tell: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    trained(py, settings, tell, move |settings, device| {
        let mut config: O::Config = settings.config(objective.objective())?;
        change(&mut config);
        let until = &mut config.train_mut().until;
        *until = settings.limits().replacing(*until);
        let (name, out, from) = (settings.name(), settings.out.clone(), settings.start_from.clone());
        let request = Request { name, config, data, out, from, program: program() };
        Run::begin(objective, request, device, Alone.share())
    })
}

fn again<'py, O: Objective + Send + 'static>(
    py: Python<'py>,
    objective: O,
    settings: RunSettings,
    tell: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    trained(py, settings, tell, move |settings, device| {
        let (out, overrides, limits) = (settings.out.clone(), settings.overrides()?, settings.limits());
        let resume = Resume { out, overrides, limits, program: program(), ..Resume::default() };
        Run::resume(objective, resume, device, Alone.share())
    })
}

/// Trains on a pool, and gives what happens to `tell`, if there is one.
fn trained<'py, O: Objective>(
    py: Python<'py>,
    settings: RunSettings,
    tell: Option<Bound<'py, PyAny>>,
    prepare: impl FnOnce(&RunSettings, &Device) -> Result<Run<O>, Error> + Send + 'static,
) -> PyResult<Bound<'py, PyDict>> {
    let threads = settings.threads;
    let listens = tell.is_some();
    let work = move |stop: &work::Stop, reports: &work::Reports<Event>| {
        let device = Device::open(settings.device.parse()?)?;
        let run = prepare(&settings, &device)?;
        let mut teller = Teller(listens.then_some(reports));
        let outlook = run.outlook()?;
        teller.tell(Event::Begun { step: outlook.step, steps: outlook.steps, parameters: outlook.parameters });
        run.go(Alone, &stop.flag().into(), &mut teller)
    };
    let hear = |event: Event| tell.as_ref().map_or(Ok(true), |tell| event.tell(tell));
    let finished = work::reporting(py, threads, hear, work)?;
    let finished = finished.map_err(|wrong| error::of_run(py, &wrong))?;
    result(py, &finished)
}

/// Gives what a run reports to Python; or to nobody, if nobody listens.
struct Teller<'r>(Option<&'r work::Reports<Event>>);

impl Teller<'_> {
    fn tell(&mut self, event: Event) {
        if let Some(reports) = self.0 {
            reports.give(event);
        }
    }
}

impl Observer for Teller<'_> {
    fn step(&mut self, report: &StepReport) {
        self.tell(Event::Step(report.clone()));
    }

    fn epoch(&mut self, epoch: u64, trained: usize, parameters: usize) {
        self.tell(Event::Epoch { epoch, trained, parameters });
    }

    fn validated(&mut self, report: &ValidationReport) {
        self.tell(Event::Validated(report.clone()));
    }

    fn saved(&mut self, step: u64, path: &Path) {
        self.tell(Event::Saved { step, path: path.to_owned() });
    }

    fn returned(&mut self, report: &ReturnReport) {
        self.tell(Event::Returned(report.clone()));
    }
}

/// What a run reports. The fields have the names of the classes in `training.py`.
enum Event {
    Begun { step: u64, steps: Option<u64>, parameters: usize },
    Step(StepReport),
    Epoch { epoch: u64, trained: usize, parameters: usize },
    Validated(ValidationReport),
    Saved { step: u64, path: PathBuf },
    Returned(ReturnReport),
}

impl Event {
    /// Calls `tell` with the name of a class and its fields; returns whether the run goes on.
    fn tell(&self, tell: &Bound<'_, PyAny>) -> PyResult<bool> {
        let fields = PyDict::new(tell.py());
        let name = match self {
            Self::Begun { step, steps, parameters } => {
                fields.set_item("step", step)?;
                fields.set_item("steps", steps)?;
                fields.set_item("parameters", parameters)?;
                "Begun"
            }
            Self::Step(report) => {
                fields.set_item("step", report.step)?;
                fields.set_item("epoch", report.epoch)?;
                fields.set_item("loss", report.loss)?;
                fields.set_item("rate", report.rate)?;
                fields.set_item("norm", report.norm)?;
                fields.set_item("clipped", report.clipped)?;
                fields.set_item("tokens", report.tokens)?;
                fields.set_item("seconds", report.seconds)?;
                fields.set_item("waited", report.waited)?;
                "Step"
            }
            Self::Epoch { epoch, trained, parameters } => {
                fields.set_item("epoch", epoch)?;
                fields.set_item("trained", trained)?;
                fields.set_item("parameters", parameters)?;
                "Epoch"
            }
            Self::Validated(report) => {
                fields.set_item("step", report.step)?;
                fields.set_item("epoch", report.epoch)?;
                fields.set_item("figures", figures(tell.py(), &report.validation)?)?;
                fields.set_item("best", report.best)?;
                fields.set_item("seconds", report.seconds)?;
                "Validated"
            }
            Self::Saved { step, path } => {
                fields.set_item("step", step)?;
                fields.set_item("path", path)?;
                "Saved"
            }
            Self::Returned(report) => {
                fields.set_item("step", report.step)?;
                fields.set_item("left", report.from)?;
                fields.set_item("why", &report.what)?;
                fields.set_item("factor", report.factor)?;
                "Returned"
            }
        };
        tell.call1((name, fields))?.extract()
    }
}

/// The mean of each part of a validation, by name; parts without data are left out.
fn figures<'py>(py: Python<'py>, validation: &Validation) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    for (name, mean) in validation.means() {
        found.set_item(name, mean)?;
    }
    Ok(found)
}

/// How a run ended, as the fields of `Trained`.
fn result<'py>(py: Python<'py>, finished: &Finished) -> PyResult<Bound<'py, PyDict>> {
    let Finished { ended, state, validation, test, exported } = finished;
    let ended = match ended {
        Ended::Finished => "finished",
        Ended::Stopped => "stopped",
        Ended::OutOfTime => "out of time",
    };
    let fields = PyDict::new(py);
    fields.set_item("ended", ended)?;
    fields.set_item("step", state.step)?;
    fields.set_item("exported", exported)?;
    fields.set_item("tokens", state.tokens)?;
    fields.set_item("seconds", state.seconds)?;
    let validation = validation.as_ref().map(|report| figures(py, &report.validation)).transpose()?;
    fields.set_item("validation", validation)?;
    fields.set_item("test", test.as_ref().map(|test| figures(py, test)).transpose()?)?;
    Ok(fields)
}
