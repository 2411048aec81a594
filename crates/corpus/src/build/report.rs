//! The report of a build, from the first record read to the store.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Excluded, StageTime};
use crate::cluster::Clusters;
use crate::report::{Uniques, grouped};

/// The report of a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was read, dropped and merged, by source.
    pub read: Uniques,
    /// What was excluded because it is similar to evaluation sets.
    pub excluded: Excluded,
    /// The clusters.
    pub clusters: ClusterReport,
    /// How many clusters are held out.
    pub held_out: u64,
    /// How long each stage took.
    pub stages: Vec<StageTime>,
    /// Most bytes of memory that were in use at once, mapped files included; 0 if the system does not report it.
    pub peak_memory: u64,
    /// Bytes of the store; 0 in the copy that the store itself holds.
    pub store_bytes: u64,
}

/// The clusters that an engine found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterReport {
    /// The engine.
    pub engine: String,
    /// The version of the engine's program.
    pub version: String,
    /// How many sequences were clustered.
    pub sequences: u64,
    /// How many clusters there are.
    pub clusters: u64,
    /// How many of them have one member.
    pub alone: u64,
    /// The members of the largest.
    pub largest: u64,
}

impl ClusterReport {
    pub(super) fn new(engine: &str, version: String, clusters: &Clusters) -> Self {
        let (starts, _) = clusters.members();
        let sizes = || starts.windows(2).map(|ends| (ends[1] - ends[0]) as u64);
        Self {
            engine: engine.to_owned(),
            version,
            sequences: clusters.len() as u64,
            clusters: sizes().len() as u64,
            alone: sizes().filter(|&size| size == 1).count() as u64,
            largest: sizes().max().unwrap_or(0),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.read)?;
        self.excluded.fmt(f)?;
        let ClusterReport { engine, version, sequences, clusters, alone, largest } = &self.clusters;
        let [sequences, clusters, alone, largest] = [*sequences, *clusters, *alone, *largest].map(grouped);
        writeln!(
            f,
            "{sequences} sequences in {clusters} clusters ({engine} {version}): {alone} with one member, the largest with {largest}"
        )?;
        writeln!(f, "{} clusters held out", grouped(self.held_out))?;
        for StageTime { stage, seconds, resumed } in &self.stages {
            writeln!(f, "{stage:8} {seconds:8.1} s{}", if *resumed { ", done by an earlier run" } else { "" })?;
        }
        let mebi = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        write!(f, "peak memory {:.0} MiB, store {:.1} MiB", mebi(self.peak_memory), mebi(self.store_bytes))
    }
}

/// The most memory this process ever had, in bytes; 0 if the system does not report it.
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibi = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kibi.unwrap_or(0) << 10
}
