//! The record of a run.

use rinalmo_train::Validation;
use serde::{Deserialize, Serialize};

use super::Session;

/// The content of `run.json`, next to the run's config; `K` is what it holds on the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record<K> {
    /// The model's name.
    pub name: String,
    /// The seed of everything random.
    pub seed: u64,
    /// The model it started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What is known of the data; its fields stand among the others.
    #[serde(flatten)]
    pub known: K,
    /// The best model's result on the test data, once it was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Validation>,
    /// Each time a process worked on it.
    pub sessions: Vec<Session>,
}
