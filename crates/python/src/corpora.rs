//! Corpora for pre-training.

use std::path::PathBuf;

use pyo3::prelude::*;
use rinalmo::corpus::build::{Exclude, Options, StageTime, Watch, build};
use rinalmo::corpus::clean::{Clean, OddLetters};
use rinalmo::corpus::cluster::{self, Builtin, Coverage};
use rinalmo::corpus::{Error, unique};

use crate::{error, work};

/// How to build a store.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct BuildSettings {
    inputs: Vec<PathBuf>,
    out: PathBuf,
    exclude: Vec<PathBuf>,
    exclude_identity: f64,
    min_length: usize,
    max_length: usize,
    odd_letters: String,
    ambiguous: f64,
    single_base: f64,
    both_strands: bool,
    identity: f64,
    coverage: f64,
    hold_out: f64,
    seed: u64,
    /// In MiB.
    memory: usize,
    threads: Option<usize>,
}

impl BuildSettings {
    fn options(&self, py: Python<'_>) -> PyResult<Options> {
        let odd_letters = match self.odd_letters.as_str() {
            "keep" => OddLetters::Keep,
            "replace" => OddLetters::Replace,
            "drop" => OddLetters::Drop,
            other => {
                let message = format!("odd_letters: expected \"keep\", \"replace\" or \"drop\", found \"{other}\"");
                return Err(error::input(py, message));
            }
        };
        let &Self { min_length, max_length, ambiguous, single_base, both_strands, identity, coverage, .. } = self;
        for (name, share) in [
            ("identity", identity),
            ("coverage", coverage),
            ("exclude_identity", self.exclude_identity), // the library would call it identity
        ] {
            if !(share > 0.0 && share <= 1.0) {
                let message = format!("{name}: expected a number above 0, at most 1, found {share}");
                return Err(error::input(py, message));
            }
        }
        let memory = self.memory.saturating_mul(1 << 20);
        let clean = Clean { min_length, max_length, odd_letters, ambiguous, single_base };
        let usual = Exclude::default();
        let limits = cluster::Options { identity: self.exclude_identity, both_strands, ..usual.limits };
        Ok(Options {
            exclude: Exclude { sets: self.exclude.clone(), limits },
            read: unique::Options { clean, both_strands, memory },
            cluster: cluster::Options { identity, coverage, mode: Coverage::Both, both_strands, memory },
            hold_out: self.hold_out,
            seed: self.seed,
        })
    }
}

/// Builds a store, and returns the report as JSON. `tell` gets the name of each stage and, when it is done, its seconds;
/// it returns whether the build goes on.
#[pyfunction]
pub fn build_corpus(py: Python<'_>, settings: BuildSettings, tell: Option<Bound<'_, PyAny>>) -> PyResult<String> {
    let (options, threads) = (settings.options(py)?, settings.threads);
    let work = move |stop: &work::Stop, reports: &work::Reports<Event>| {
        let stages = Stages { stop, reports };
        build(&settings.inputs, &settings.out, &options, &Builtin::default(), &stages)
    };
    let hear = |(stage, seconds): Event| match &tell {
        Some(tell) => tell.call1((stage, seconds))?.extract(),
        None => Ok(true),
    };
    match work::reporting(py, threads, hear, work)? {
        Ok(report) => serde_json::to_string(&report).map_err(|wrong| error::failure(py, wrong.to_string())),
        Err(Error::Stopped) => Err(error::failure(py, "stopped; the same call continues from there")),
        Err(wrong) => Err(error::of_corpus(py, &wrong)),
    }
}

/// A stage, and its seconds when it is done.
type Event = (String, Option<f64>);

struct Stages<'a> {
    stop: &'a work::Stop,
    reports: &'a work::Reports<Event>,
}

impl Watch for Stages<'_> {
    fn begun(&self, stage: &str) {
        self.reports.give((stage.to_owned(), None));
    }

    fn ended(&self, time: &StageTime) {
        self.reports.give((time.stage.to_string(), Some(time.seconds)));
    }

    fn stopped(&self) -> bool {
        self.stop.is_asked()
    }
}
