//! A run's log: `metrics.jsonl`, TensorBoard's event files, and a drawing of the curves.
//!
//! A [`RunLog`] is an [`Observer`] in front of another one. If the log cannot be written, the run ends after a
//! checkpoint.

mod events;
mod lines;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rinalmo_draw::{Curve, Curves};
use rinalmo_metrics::perplexity::perplexity;
use rinalmo_train::{Observer, Part, ReturnReport, StepReport, Stop, ValidationReport};
use serde_json::{Value, json};

use crate::run::Settings;
use crate::{Error, FileError};
use events::Events;
use lines::Lines;

pub(crate) const METRICS: &str = "metrics.jsonl";

/// What a log's curves and lines report next to the loss.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The measure whose curve is drawn.
    measure: &'static str,
    /// The measure of a loss.
    of: fn(f64) -> f64,
    /// The loss of a validation.
    loss: fn(&ValidationReport) -> Option<f64>,
    /// A part of a validation, for a line of `metrics.jsonl`.
    part: fn(&Part) -> Value,
}

/// Pre-training's terms: the loss is a mean over letters, and is reported as perplexity too.
pub(crate) const PERPLEXITY: Terms = Terms {
    measure: "perplexity",
    of: perplexity,
    loss: |report| report.score,
    part: |part| json!({ "name": part.name, "letters": part.weight, "loss": part.mean(), "perplexity": part.mean().map(perplexity) }),
};

/// Fine-tuning's terms: a validation has a part named `loss`; each other part is a mean of the figure it is named
/// after.
pub(crate) const LOSS: Terms = Terms {
    measure: "loss",
    of: |loss| loss,
    loss: |report| report.validation.part("loss").and_then(Part::mean),
    part: |part| json!({ "name": part.name, "mean": part.mean() }),
};

/// What a log says of its run, besides what happens.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The model's name, which is the drawing's title.
    pub(crate) title: String,
    /// What is reported.
    pub(crate) terms: Terms,
    /// The run's settings, for TensorBoard's hparams.
    pub(crate) settings: Settings,
}

/// Writes the log, and passes every event on to another observer.
pub(crate) struct RunLog<'o> {
    folder: PathBuf,
    title: String,
    terms: Terms,
    lines: Lines,
    events: Events,
    events_path: PathBuf,
    training: Points,
    validation: Points,
    last: Option<ValidationReport>,
    failed: Option<Error>,
    stop: Stop,
    onward: &'o mut dyn Observer,
}

impl<'o> RunLog<'o> {
    /// Continues the log after `step` in a run's folder. Lines of later steps are set aside.
    pub(crate) fn open(
        folder: &Path,
        about: &About,
        step: u64,
        stop: &Stop,
        onward: &'o mut dyn Observer,
    ) -> Result<Self, Error> {
        let About { ref title, terms, ref settings } = *about;
        let (lines, training, validation) = read(folder, terms, step)?;
        let (mut events, events_path) = events_after(folder, step)?;
        events.settings(settings).map_err(FileError::of("written", &events_path))?;
        Ok(Self {
            folder: folder.to_owned(),
            title: title.clone(),
            terms,
            lines,
            events,
            events_path,
            training,
            validation,
            last: None,
            failed: None,
            stop: stop.clone(),
            onward,
        })
    }

    /// The same in the middle of a session.
    fn cut(&mut self, step: u64) -> Result<(), Error> {
        (self.lines, self.training, self.validation) = read(&self.folder, self.terms, step)?;
        (self.events, self.events_path) = events_after(&self.folder, step)?;
        Ok(())
    }

    /// The last validation of this session, once everything is on disk; `done` if the run is.
    pub(crate) fn finish(mut self, done: bool) -> Result<Option<ValidationReport>, Error> {
        self.draw();
        if done {
            let written = self.events.done();
            self.remember_event(written);
        }
        self.failed.map_or(Ok(self.last), Err)
    }

    fn note(&mut self, line: &Value) {
        let written = self.lines.add(line);
        self.remember(written, METRICS);
    }

    fn scalars(&mut self, step: u64, scalars: &[(&str, f64)]) {
        let written = self.events.scalars(step, scalars);
        self.remember_event(written);
    }

    fn remember_event(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            let path = self.events_path.clone();
            self.fail(FileError::of("written", &path)(error).into());
        }
    }

    fn draw(&mut self) {
        let points = |curve: &BTreeMap<u64, f64>| curve.iter().map(|(&step, &height)| (step as f64, height)).collect();
        let mut curves = Curves::new(&self.title, "step", self.terms.measure);
        curves.curves.push(Curve::line("training", points(&self.training)));
        curves.curves.push(Curve::points("validation", points(&self.validation)));
        let drawing = format!("{}.svg", self.terms.measure);
        let part = self.folder.join(format!("{drawing}.part"));
        let written = fs::write(&part, curves.svg()).and_then(|()| fs::rename(&part, self.folder.join(&drawing)));
        self.remember(written, &drawing);
    }

    fn remember(&mut self, written: std::io::Result<()>, name: &str) {
        if let Err(error) = written {
            self.fail(FileError::of("written", &self.folder.join(name))(error).into());
        }
    }

    /// Keeps the first failure for the report, and asks the run to stop.
    fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
        self.stop.request();
    }
}

impl Observer for RunLog<'_> {
    fn step(&mut self, report: &StepReport) {
        let (measure, value) = (self.terms.measure, (self.terms.of)(report.loss));
        let (speed, waiting) = (report.tokens_per_second(), report.share_waiting());
        let mut line = json!({ "kind": "step", measure: value, "tokens_per_second": speed });
        merge(&mut line, report);
        self.note(&line);
        let scalars = [
            ("loss/train", report.loss),
            ("rate", report.rate),
            ("gradient_norm", report.norm),
            ("tokens_per_second", speed),
            ("share_waiting", waiting),
        ];
        self.scalars(report.step, &scalars);
        if measure != "loss" {
            self.scalars(report.step, &[(&format!("{measure}/train"), value)]);
        }
        self.training.insert(report.step, value);
        self.onward.step(report);
    }

    fn epoch(&mut self, epoch: u64, trained: usize, parameters: usize) {
        self.note(&json!({ "kind": "epoch", "epoch": epoch, "trained": trained, "parameters": parameters }));
        self.onward.epoch(epoch, trained, parameters);
    }

    fn validated(&mut self, report: &ValidationReport) {
        let Terms { measure, of, loss, part } = self.terms;
        let parts: Vec<Value> = report.validation.parts.iter().map(part).collect();
        let ValidationReport { step, epoch, score, best, seconds, .. } = report;
        let loss = loss(report);
        let value = loss.map(of);
        self.note(&json!({
            "kind": "validation", "step": step, "epoch": epoch, "loss": loss, measure: value, "score": score,
            "best": best, "seconds": seconds, "parts": parts,
        }));
        let mut scalars: Vec<(String, f64)> = Vec::new();
        if let (Some(loss), Some(value)) = (loss, value) {
            scalars.push(("loss/validation".into(), loss));
            scalars.push((format!("{measure}/validation"), value));
            self.validation.insert(*step, value);
        }
        if measure == "loss" {
            scalars = report
                .validation
                .parts
                .iter()
                .filter_map(|part| Some((format!("{}/validation", part.name), part.mean()?)))
                .collect();
        }
        let scalars: Vec<(&str, f64)> = scalars.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.scalars(*step, &scalars);
        self.draw();
        self.last = Some(report.clone());
        self.onward.validated(report);
    }

    fn saved(&mut self, step: u64, path: &Path) {
        self.onward.saved(step, path);
    }

    fn returned(&mut self, report: &ReturnReport) {
        if let Err(error) = self.cut(report.step) {
            self.fail(error);
        }
        let ReturnReport { step, from, what, factor } = report;
        self.note(&json!({ "kind": "return", "step": step, "from": from, "what": what, "factor": factor }));
        self.onward.returned(report);
    }
}

/// A curve: values by step.
type Points = BTreeMap<u64, f64>;

/// Opens the lines up to a step, and reads the curves of training and validation.
fn read(folder: &Path, terms: Terms, step: u64) -> Result<(Lines, Points, Points), Error> {
    let (mut training, mut validation) = (Points::new(), Points::new());
    let path = folder.join(METRICS);
    let keep = |line: &Value| {
        let curve = match line["kind"].as_str() {
            Some("step") => &mut training,
            Some("validation") => &mut validation,
            _ => return,
        };
        curve.extend(line["step"].as_u64().zip(line[terms.measure].as_f64()));
    };
    let lines = Lines::open(&path, step, keep).map_err(FileError::of("written", &path))?;
    Ok((lines, training, validation))
}

/// A new file of TensorBoard's events that begins after a step, and its path.
fn events_after(folder: &Path, step: u64) -> Result<(Events, PathBuf), Error> {
    Events::create(folder, step + 1).map_err(|(path, error)| FileError::of("written", &path)(error).into())
}

/// Adds a report's fields to a line.
fn merge(line: &mut Value, report: &StepReport) {
    let fields = serde_json::to_value(report).expect("a report is made of numbers");
    if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
        line.extend(fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_train::{Part, Validation};

    fn about() -> About {
        let settings = Settings::from([("train.seed".to_owned(), toml::Value::Integer(1))]);
        About { title: "nano".to_owned(), terms: PERPLEXITY, settings }
    }

    fn step(step: u64) -> StepReport {
        StepReport {
            step,
            epoch: 0,
            at: rinalmo_corpus::sample::Position { epoch: 0, step: step as usize },
            loss: 2.0,
            weight: 10.0,
            rate: 1e-4,
            norm: 1.0,
            clipped: false,
            tokens: 100,
            seconds: 0.5,
            waited: 0.1,
        }
    }

    fn validation(step: u64) -> ValidationReport {
        let validation = Validation { parts: vec![Part { name: "all".into(), sum: 3.0, weight: 2.0 }] };
        ValidationReport { step, epoch: 0, validation, score: Some(1.5), best: true, seconds: 1.0 }
    }

    #[test]
    fn a_log_continues_after_a_checkpoint_without_later_steps() {
        let folder = tempfile::tempdir().unwrap();
        let (mut silent, mut silent_later) = ((), ());
        let mut log = RunLog::open(folder.path(), &about(), 0, &Stop::default(), &mut silent).unwrap();
        (1..=4).for_each(|at| log.step(&step(at)));
        log.validated(&validation(4));
        assert_eq!(log.finish(false).unwrap().unwrap().step, 4);
        let mut log = RunLog::open(folder.path(), &about(), 2, &Stop::default(), &mut silent_later).unwrap();
        log.step(&step(3));
        assert_eq!((log.training.len(), log.validation.len()), (3, 0));
        assert!(log.finish(false).unwrap().is_none());
        let text = fs::read_to_string(folder.path().join(METRICS)).unwrap();
        let steps: Vec<u64> =
            text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["step"].as_u64().unwrap()).collect();
        assert_eq!(steps, [1, 2, 3]);
        assert!(fs::read_to_string(folder.path().join("perplexity.svg")).unwrap().contains("training 7.389"));
    }

    #[test]
    fn a_log_of_a_run_that_went_back_sets_later_steps_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut silent = ();
        let mut log = RunLog::open(folder.path(), &about(), 0, &Stop::default(), &mut silent).unwrap();
        (1..=4).for_each(|at| log.step(&step(at)));
        log.returned(&ReturnReport { step: 2, from: 5, what: "the loss is NaN".into(), factor: 0.5 });
        log.step(&step(3));
        assert_eq!(log.training.len(), 3);
        log.finish(false).unwrap();
        let text = fs::read_to_string(folder.path().join(METRICS)).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let steps: Vec<(&str, u64)> =
            lines.iter().map(|line| (line["kind"].as_str().unwrap(), line["step"].as_u64().unwrap())).collect();
        assert_eq!(steps, [("step", 1), ("step", 2), ("return", 2), ("step", 3)]);
        let events = |name: std::ffi::OsString| name.to_string_lossy().starts_with("events.");
        let files = fs::read_dir(folder.path()).unwrap().filter(|entry| events(entry.as_ref().unwrap().file_name()));
        assert_eq!(files.count(), 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_log_that_cannot_be_written_asks_the_run_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let (stop, mut silent) = (Stop::default(), ());
        let mut log = RunLog::open(folder.path(), &about(), 0, &stop, &mut silent).unwrap();
        log.lines = Lines { file: fs::OpenOptions::new().write(true).open("/dev/full").unwrap() };
        log.step(&step(1));
        assert!(stop.requested());
        let error = log.finish(false).unwrap_err().to_string();
        assert!(error.contains("metrics.jsonl: cannot be written: "), "{error}");
    }
}
