//! What a run was and what came of it, for a comparison of runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rinalmo_train::Validation;
use serde::Serialize;
use serde_json::Value;

use super::keys::leaves;
use super::{Folder, RECORD, Record};
use crate::Error;
use crate::log::METRICS;

/// Settings of a run, by their path in its config.
pub(crate) type Settings = BTreeMap<String, toml::Value>;

/// A run's settings and figures, from the files in its folder. It may still be going on.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The folder.
    pub folder: PathBuf,
    /// What it trains for: `pretrain`, or a task of fine-tuning.
    pub task: String,
    /// How its last session ended; `None` if it goes on, or was killed.
    pub ended: Option<String>,
    /// Steps made.
    pub steps: u64,
    /// Every setting, by its path in the config; the model that it started from, as `from`; and its `data`.
    pub settings: BTreeMap<String, String>,
    /// The best validation: its step, and each figure by name.
    pub validation: Option<(u64, Vec<(String, f64)>)>,
    /// The best model on the test data.
    pub test: Vec<(String, f64)>,
}

impl Summary {
    /// Reads the folder of a run.
    ///
    /// # Errors
    /// The folder holds no run, or a file cannot be read.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let (config, task) = Folder::read_config(folder)?;
        let record: Record<Value> = Folder::read_record(&folder.join(RECORD))?;
        let shown = |value: toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut settings = settings(&config, &record);
        settings.remove("task");
        let settings = settings.into_iter().map(|(key, value)| (key, shown(value))).collect();
        // A run that was not begun to train has no log yet.
        let log = fs::read_to_string(folder.join(METRICS)).unwrap_or_default();
        let (mut steps, mut validation, mut is_best) = (0, None, false);
        for line in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let step = line["step"].as_u64().unwrap_or_default();
            match line["kind"].as_str() {
                Some("step") => steps = step,
                Some("validation") if line["best"] == true || !is_best => {
                    is_best |= line["best"] == true;
                    validation = Some((step, figures(&line)));
                }
                Some("return") => steps = step,
                _ => (),
            }
        }
        let ended = record.sessions.last().and_then(|session| session.ended.clone());
        let test = record.test.iter().flat_map(Validation::means).map(|(name, mean)| (name.to_owned(), mean)).collect();
        Ok(Self { folder: folder.to_owned(), task, ended, steps, settings, validation, test })
    }
}

/// Every setting of a run: those of its config, the model that it started `from`, and its `data`.
pub(crate) fn settings<K: Serialize>(config: &toml::Table, record: &Record<K>) -> Settings {
    let known = serde_json::to_value(&record.known).unwrap_or_default();
    let more = [("from", record.from.clone()), ("data", data(&known))];
    let more = more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), toml::Value::String(value?))));
    leaves(config).into_iter().chain(more).collect()
}

/// Where the training data are: files, or the corpus of pre-training.
fn data(known: &Value) -> Option<String> {
    if let Some(corpus) = known["corpus"]["path"].as_str() {
        return Some(corpus.to_owned());
    }
    let files = known["files"]["train"].as_array()?;
    Some(files.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
}

/// The mean of each part of a line on a validation; pre-training's are perplexities.
fn figures(line: &Value) -> Vec<(String, f64)> {
    let figure = |part: &Value| {
        let value = part["perplexity"].as_f64().or_else(|| part["mean"].as_f64())?;
        let name = part["name"].as_str()?;
        Some((if part["perplexity"].is_null() { name.to_owned() } else { format!("perplexity, {name}") }, value))
    };
    line["parts"].as_array().into_iter().flatten().filter_map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::CONFIG;

    fn run(log: &str) -> Summary {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(CONFIG, "task = \"mrl\"\n[train]\nseed = 3\nsave = { steps = 2 }\n");
        write(
            RECORD,
            r#"{"name": "x", "seed": 3, "from": "nano-mlm", "task": "mrl", "files": {"train": ["/a.csv", "/b.csv"]},
                "test": {"parts": [{"name": "loss", "sum": 4.0, "weight": 8.0}, {"name": "R²", "sum": 0, "weight": 0}]},
                "sessions": []}"#,
        );
        write(METRICS, log);
        Summary::read(folder.path()).unwrap()
    }

    #[test]
    fn the_best_validation_counts_or_else_the_last() {
        let line = |step: u64, best: bool, loss: f64| {
            format!(
                "{{\"kind\":\"step\",\"step\":{step}}}\n{{\"kind\":\"validation\",\"step\":{step},\"best\":{best},\
                     \"parts\":[{{\"name\":\"loss\",\"mean\":{loss}}},{{\"name\":\"none\",\"mean\":null}}]}}\n"
            )
        };
        let found = run(&[line(1, true, 0.5), line(2, true, 0.25), line(3, false, 0.75)].concat());
        assert_eq!((found.steps, found.validation), (3, Some((2, vec![("loss".to_owned(), 0.25)]))));
        let found = run(&[line(1, false, 0.5), line(2, false, 0.25), "{\"cut".to_owned()].concat());
        assert_eq!((found.steps, found.validation), (2, Some((2, vec![("loss".to_owned(), 0.25)]))));
    }

    #[test]
    fn settings_have_their_paths_and_a_run_without_a_log_has_no_steps() {
        let found = run("");
        let settings: Vec<_> = found.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            settings,
            [("data", "/a.csv, /b.csv"), ("from", "nano-mlm"), ("train.save.steps", "2"), ("train.seed", "3"),]
        );
        assert_eq!((found.steps, found.validation, found.ended), (0, None, None));
        assert_eq!((found.task.as_str(), found.test), ("mrl", vec![("loss".to_owned(), 0.5)]));
    }

    #[test]
    fn perplexities_are_told_from_losses() {
        let found = run("{\"kind\":\"validation\",\"step\":4,\"best\":true,\
             \"parts\":[{\"name\":\"all\",\"loss\":1.0,\"perplexity\":2.5}]}\n{\"kind\":\"return\",\"step\":2}\n");
        assert_eq!((found.steps, found.validation), (2, Some((4, vec![("perplexity, all".to_owned(), 2.5)]))));
    }
}
