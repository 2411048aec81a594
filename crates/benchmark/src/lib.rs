//! The paper's experiments from end to end: data as their publishers distribute them, every fold trained and scored, one
//! table with the published figures beside.
//!
//! A [`Plan`] lays a [`Benchmark`]'s [`Fold`]s out in a folder; each is a fine-tuning run ([`rinalmo_runs::finetune`]) in a folder
//! of its own, scored with [`rinalmo_evaluate`]. What is finished stays finished, so that a plan goes on where it stopped.
//!
//! ```text
//! OUT/data/…            tables that the folds train and are tried on
//! OUT/FOLD/             a run, as `rinalmo finetune` leaves it
//! OUT/FOLD/result.json  its figures; evaluation.NAME.json in full
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

    /// The figures that its table shows, by the names that an evaluation has for them.
    pub fn figures(self) -> &'static [&'static str] {
        match self {
            Self::ArchiveII => &["relaxed F1", "strict F1"],
            Self::BpRna => &["relaxed precision", "relaxed recall", "relaxed F1", "strict F1"],
            Self::Splice => &["f1"],
            Self::Mrl => &["r2", "pearson_squared"],
            Self::Family => &["accuracy", "weighted_f1"],
        }
    }

    /// The paper's recipe, which is called as the task: a config in TOML.
    pub fn recipe(self) -> &'static str {
        recipes::find(self.task().name).expect("a test finds it for every benchmark").text
    }

    /// What is asked of labels; `None` of structures.
    pub fn question(self) -> Option<Question> {
        Question::of(self.task())
    }
}

/// One training, and what it is tried on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Its name, which is also its folder's.
    pub name: String,
    /// What it is trained and chosen by.
    pub files: Files,
    /// What the best model is tried on, once.
    pub trials: Vec<Trial>,
}

/// Data that were never trained on, and the row of the table that they fill.
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
