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

impl Benchmark {
    /// Its name, as the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ArchiveII => "archiveii",
            Self::BpRna => "bprna",
            Self::Splice => "splice",
            Self::Mrl => "mrl",
            Self::Family => "family",
        }
    }

    /// The task that it trains for.
    pub fn task(self) -> &'static TaskSpec {
        TaskSpec::named(match self {
            Self::ArchiveII | Self::BpRna => "structure",
            Self::Splice => "splice",
            Self::Mrl => "mrl",
            Self::Family => "family",
        })
    }

    /// The figures of its table, by their names in an evaluation.
    pub fn figures(self) -> &'static [&'static str] {
        match self {
            Self::ArchiveII => &["relaxed F1", "strict F1"],
            Self::BpRna => &["relaxed precision", "relaxed recall", "relaxed F1", "strict F1"],
            Self::Splice => &["f1"],
            Self::Mrl => &["r2", "pearson_squared"],
            Self::Family => &["accuracy", "weighted_f1"],
        }
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
    fn every_benchmark_has_the_recipe_of_its_task() {
        let all = [Benchmark::ArchiveII, Benchmark::BpRna, Benchmark::Splice, Benchmark::Mrl, Benchmark::Family];
        for benchmark in all {
            assert!(benchmark.recipe().contains(&format!("task = \"{}\"", benchmark.task())), "{}", benchmark.name());
            assert_eq!(benchmark.question().is_some(), benchmark.task().labels.is_some());
        }
    }
}
