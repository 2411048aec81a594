//! What `run.json` of a pre-training run holds on its corpus.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rinalmo_corpus::Store;
use serde::{Deserialize, Serialize};

/// What the record of a run holds on its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// What it is trained on.
    pub corpus: Corpus,
}

/// A corpus, so that it can be recognized when the run resumes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corpus {
    /// Its path.
    pub path: PathBuf,
    /// Sequences in it.
    pub sequences: u64,
    /// Their letters.
    pub bases: u64,
    /// Clusters in it.
    pub clusters: u64,
    /// Clusters that are held out.
    pub held_out: u64,
    /// Its parts' checksums.
    pub checksums: BTreeMap<String, String>,
    /// The files it was built from.
    pub sources: Vec<String>,
    /// How it was built.
    pub parameters: serde_json::Value,
    /// The programs that built it, with versions.
    pub tools: BTreeMap<String, String>,
}

impl Corpus {
    pub(super) fn of(store: &Store) -> Self {
        let header = store.header().clone();
        Self {
            path: std::path::absolute(store.path()).unwrap_or_else(|_| store.path().into()),
            sequences: header.sequences,
            bases: header.bases,
            clusters: header.clusters,
            held_out: header.held_out,
            checksums: header.checksums,
            sources: header.sources,
            parameters: header.parameters,
            tools: header.tools,
        }
    }
}
