//! From inputs to a store in five stages, after each of which a later build can resume.
//!
//! | stage | leaves in the working folder |
//! |---|---|
//! | read | distinct sequences and their origins |
//! | exclude | which of them are kept |
//! | cluster | the representative of each |
//! | split | the clusters held out |
//! | store | the store, which then takes its place in one step |
//!
//! So the output's name always leads to the previous store, the complete new one, or nothing.

mod excluded;
mod options;
mod parts;
mod report;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

pub use excluded::{Exclude, Excluded, ExcludedBy};
pub use options::Options;
use parts::{Found, Kept};
pub use report::{ClusterReport, Report, peak_memory};
pub use work::StageTime;
use work::{Task, Work, fingerprint};

use crate::bank::{Bank, Blobs, Map, Output};
use crate::clean::Reason;
use crate::cluster::{self, Clusters, Engine, Sequences};
use crate::report::{Uniques, grouped};
use crate::store::{Contents, Header, Numbers, SCHEMA};
use crate::{Error, split, store, unique};

/// Watches a running build, and may stop it.
pub trait Watch: Sync {
    /// A stage has begun.
    fn begun(&self, _stage: &str) {}

    /// A stage is done, now or by an earlier run.
    fn ended(&self, _stage: &StageTime) {}

    /// Whether to stop the build, which can be resumed.
    fn stopped(&self) -> bool {
        false
    }
}

impl Watch for () {}

/// Reads `inputs` in order and writes a store to `output`; an existing one is replaced once the new one is complete.
///
/// # Errors
/// An option is invalid, an input or output cannot be read or written, the engine fails, or another build of the
/// same store is running. Results of finished stages stay next to the output, and the same build resumes from there.
pub fn build(
    inputs: &[PathBuf],
    output: &Path,
    options: &Options,
    engine: &dyn Engine,
    watch: &dyn Watch,
) -> Result<Report, Error> {
    options.check()?;
    if output.is_dir() {
        return Err(Error::Options(format!("{}: is a folder, expected the name of a store", output.display())));
    }
    let version = engine.version()?;
    let work = Work::begin(output, inputs, watch)?;
    let mut build = Build { inputs, options, engine, version, work, watch };
    match build.run() {
        Ok(report) => build.work.deliver(STORE, output).map(|()| report),
        Err(error) => {
            build.work.abandon();
            Err(error)
        }
    }
}

struct Build<'a> {
    inputs: &'a [PathBuf],
    options: &'a Options,
    engine: &'a dyn Engine,
    version: String,
    work: Work<'a>,
    watch: &'a dyn Watch,
}

const KEPT: &str = "kept";
const CLUSTERS: &str = "clusters";
const HELD_OUT: &str = "held_out";
const STORE: &str = "store.lmdb";

impl Build<'_> {
    fn run(&mut self) -> Result<Report, Error> {
        let read = self.read()?;
        let bank = Bank::open(&self.work.path(unique::BANK))?;
        let excluded = self.exclude(&bank)?;
        let kept = self.numbers(KEPT)?;
        if kept.is_empty() {
            return Err(nothing(&read, &excluded));
        }
        let sequences = Kept { bank: &bank, kept: &kept };
        let clusters = self.cluster(&sequences)?;
        let found = Found::new(Clusters::new(self.numbers(CLUSTERS)?)?);
        let held_out = self.split(&sequences, &found)?;
        let mut report = Report {
            read,
            excluded,
            clusters,
            held_out,
            stages: self.work.times().to_vec(),
            peak_memory: report::peak_memory(),
            store_bytes: 0,
        };
        self.store(&bank, &kept, &found, &report)?;
        let path = self.work.path(STORE);
        report.store_bytes = std::fs::metadata(&path).map_err(Error::file("be read", &path))?.len();
        report.stages = self.work.times().to_vec();
        report.peak_memory = report::peak_memory();
        Ok(report)
    }

    fn read(&mut self) -> Result<Uniques, Error> {
        let inputs = self.inputs;
        let watch = self.watch;
        let options = &self.options.read;
        let unique::Options { clean, both_strands, memory: _ } = options;
        let task = Task {
            name: "read",
            parameters: json!([clean, both_strands, "ungapped"]), // what earlier versions read may have gaps
            files: &["unique.data", "unique.index", "origins.data", "origins.index"],
        };
        self.work.stage(task, |folder| unique::unique(inputs, options, folder, &|| watch.stopped()))
    }

    fn exclude(&mut self, bank: &Bank) -> Result<Excluded, Error> {
        if u32::try_from(bank.count()).is_err() {
            return Err(cluster::Error::TooMany { count: bank.count() }.into());
        }
        let exclude = &self.options.exclude;
        let cluster::Options { identity, coverage, mode, both_strands, .. } = &exclude.limits;
        let sets = exclude.sets.iter().map(|set| fingerprint(set)).collect::<Result<Vec<_>, _>>()?;
        let parameters = json!([sets, identity, coverage, mode, both_strands]);
        self.work.stage(Task { name: "exclude", parameters, files: &[KEPT] }, |folder| {
            let (kept, report) = exclude.run(bank)?;
            let numbers = kept.iter().enumerate().filter(|(_, kept)| **kept).map(|(index, _)| index as u32);
            write_numbers(folder.join(KEPT), numbers)?;
            Ok(report)
        })
    }

    fn cluster(&mut self, sequences: &Kept<'_>) -> Result<ClusterReport, Error> {
        let (engine, options) = (self.engine, &self.options.cluster);
        let cluster::Options { identity, coverage, mode, both_strands, .. } = options;
        let parameters = json!([engine.name(), self.version, identity, coverage, mode, both_strands]);
        let (task, version) = (Task { name: "cluster", parameters, files: &[CLUSTERS] }, self.version.clone());
        self.work.stage(task, |folder| {
            let clusters = engine.cluster(sequences, options)?;
            write_numbers(folder.join(CLUSTERS), clusters.representatives().iter().copied())?;
            Ok(ClusterReport::new(engine.name(), version, &clusters))
        })
    }

    fn split(&mut self, sequences: &Kept<'_>, found: &Found) -> Result<u64, Error> {
        let &Options { hold_out, seed, .. } = self.options;
        let task = Task { name: "split", parameters: json!([hold_out, seed]), files: &[HELD_OUT] };
        self.work.stage(task, |folder| {
            let chosen = split::hold_out(sequences, &found.representatives, hold_out, seed);
            write_numbers(folder.join(HELD_OUT), chosen.iter().copied())?;
            Ok(chosen.len() as u64)
        })
    }

    fn store(&mut self, bank: &Bank, kept: &[u32], found: &Found, report: &Report) -> Result<(), Error> {
        let origins = Blobs::open(&self.work.path(unique::ORIGINS))?;
        let held_out = self.numbers(HELD_OUT)?;
        let contents = Contents {
            bank,
            origins: &origins,
            kept,
            starts: &found.starts,
            members: &found.members,
            representatives: &found.representatives,
            held_out: &held_out,
        };
        let header = self.header(report);
        let watch = self.watch;
        let task = Task { name: "store", parameters: json!([SCHEMA, "page checksums"]), files: &[STORE] };
        self.work.stage(task, |folder| {
            let path = folder.join(STORE);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::file("be removed", &path)(error));
                }
                _ => {}
            }
            store::write(&path, &contents, header, &|| watch.stopped()).map(drop)
        })
    }

    /// The header without figures and checksums.
    fn header(&self, report: &Report) -> Header {
        let tool = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        Header {
            schema: SCHEMA,
            sequences: 0,
            bases: 0,
            clusters: 0,
            held_out: 0,
            sources: report.read.sources.iter().map(|source| source.source.clone()).collect(),
            parameters: json!({ "build": self.options, "engine": self.engine.name() }),
            tools: BTreeMap::from([
                tool("rinalmo", env!("CARGO_PKG_VERSION")),
                tool(self.engine.name(), &self.version),
            ]),
            checksums: BTreeMap::new(),
            page_checksums: false,
            report: json!(report),
        }
    }

    fn numbers(&self, file: &str) -> Result<Vec<u32>, Error> {
        Ok(Numbers::new(Map::open(&self.work.path(file))?.bytes()).iter().collect())
    }
}

/// The error of a build without sequences, with what happened to all of them.
fn nothing(read: &Uniques, excluded: &Excluded) -> Error {
    let total = read.total();
    let text = match total.records + total.dropped(Reason::Malformed) {
        0 => "there is no record in the inputs".into(),
        records => format!("none of {} records is left\n{read}\n{excluded}", grouped(records)),
    };
    Error::Nothing(text)
}

fn write_numbers(path: PathBuf, numbers: impl Iterator<Item = u32>) -> Result<(), Error> {
    let mut output = Output::create(path)?;
    for number in numbers {
        output.write(&number.to_le_bytes())?;
    }
    output.finish()
}
