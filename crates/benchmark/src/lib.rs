//! Reproduces the paper's experiments: reads data as their publishers distribute them, trains and scores every fold,
//! and writes a table next to the published figures.
//!
//! A [`Plan`] keeps the [`Fold`]s of a [`Benchmark`] in a folder. Each fold is a fine-tuning run
//! ([`rinalmo_runs::finetune`]) in its own folder, scored with [`rinalmo_evaluate`]. Finished folds are kept, so a plan
//! can resume where it stopped.
//!
//! ```text
//! OUT/data/…            tables for training and testing
//! OUT/FOLD/             a run, as `rinalmo finetune` writes it
//! OUT/FOLD/result.json  its main figures; evaluation.NAME.json has all
//! OUT/results.json, OUT/table.md
//! ```

mod data;
mod error;
mod guard;
mod plan;
mod published;
mod result;
mod sources;
mod table;
mod unpack;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use rinalmo_evaluate::Question;
use rinalmo_runs::finetune::{Files, TaskSpec};
use rinalmo_runs::recipes;

pub use error::Error;
pub use guard::Check;
pub use plan::{Plan, Standing};
pub use published::{Published, published};
pub use result::{FoldResult, Score};
pub use sources::{Source, sources};
pub use table::{Tables, tables};

/// An experiment of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Benchmark {
    /// Secondary structure of families never trained on: nine folds of ArchiveII.
    ArchiveII,
    /// Secondary structure within families: TR0, VL0, TS0 of bpRNA.
    BpRna,
    /// Splice sites of species never trained on.
    Splice,
    /// Mean ribosome load of 5' UTRs.
    Mrl,
    /// Families of non-coding RNA.
    Family,
}

/// A row of the table of experiments.
struct Experiment {
    benchmark: Benchmark,
    name: &'static str,
    about: &'static str,
    task: &'static TaskSpec,
    /// Names in an evaluation.
    figures: &'static [&'static str],
}

/// Every experiment, in the order of the enum.
const EXPERIMENTS: [Experiment; 5] = [
    Experiment {
        benchmark: Benchmark::ArchiveII,
        name: "archiveii",
        about: "Structures of families never trained on: nine folds",
        task: TaskSpec::named("structure"),
        figures: &["relaxed F1", "strict F1"],
    },
    Experiment {
        benchmark: Benchmark::BpRna,
        name: "bprna",
        about: "Structures within families: TR0, VL0, TS0",
        task: TaskSpec::named("structure"),
        figures: &["relaxed precision", "relaxed recall", "relaxed F1", "strict F1"],
    },
    Experiment {
        benchmark: Benchmark::Splice,
        name: "splice",
        about: "Splice sites of species never trained on",
        task: TaskSpec::named("splice"),
        figures: &["f1"],
    },
    Experiment {
        benchmark: Benchmark::Mrl,
        name: "mrl",
        about: "Mean ribosome load of 5' UTRs: Random7600 and Human7600",
        task: TaskSpec::named("mrl"),
        figures: &["r2", "pearson_squared"],
    },
    Experiment {
        benchmark: Benchmark::Family,
        name: "family",
        about: "Families of non-coding RNA",
        task: TaskSpec::named("family"),
        figures: &["accuracy", "weighted_f1"],
    },
];

impl Benchmark {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        EXPERIMENTS.iter().map(|row| row.benchmark)
    }

    /// The benchmark of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::all().find(|benchmark| benchmark.name() == name)
    }

    fn row(self) -> &'static Experiment {
        &EXPERIMENTS[self as usize]
    }

    /// Its name, as the command line spells it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it measures, for help.
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// The task that it trains for.
    pub fn task(self) -> &'static TaskSpec {
        self.row().task
    }

    /// The figures of its table, by their names in an evaluation.
    pub fn figures(self) -> &'static [&'static str] {
        self.row().figures
    }

    /// The paper's recipe, which is named after the task: a TOML config.
    pub fn recipe(self) -> &'static str {
        recipes::find(self.task().name).expect("a test finds it for every benchmark").text
    }

    /// The question for labels; `None` for structures.
    pub fn question(self) -> Option<Question> {
        Question::of(self.task())
    }
}

/// One training run, and its test data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Its name, which is also its folder's.
    pub name: String,
    /// Its training and validation data.
    pub files: Files,
    /// The data that the best model is tested on, once.
    pub trials: Vec<Trial>,
}

/// Test data, and their row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The row.
    pub row: String,
    /// The data.
    pub path: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_that_of_its_benchmark() {
        for benchmark in Benchmark::all() {
            assert_eq!(benchmark.row().benchmark, benchmark);
            assert_eq!(serde_json::to_value(benchmark).unwrap(), benchmark.name());
            assert_eq!(Benchmark::find(benchmark.name()), Some(benchmark));
        }
        assert_eq!(Benchmark::find("structure"), None);
    }

    #[test]
    fn every_benchmark_has_the_recipe_of_its_task() {
        for benchmark in Benchmark::all() {
            assert!(benchmark.recipe().contains(&format!("task = \"{}\"", benchmark.task())), "{}", benchmark.name());
            assert_eq!(benchmark.question().is_some(), benchmark.task().labels.is_some());
        }
    }
}
