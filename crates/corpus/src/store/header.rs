//! The header of a store: how it was made, by which programs, and the checksums of its parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;

/// The layout of stores written now; raised whenever an older program would read one wrongly.
pub const SCHEMA: u32 = 1;

/// The first thing in a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The layout, see [`SCHEMA`].
    pub schema: u32,
    /// How many sequences there are.
    pub sequences: u64,
    /// Their letters.
    pub bases: u64,
    /// How many clusters there are.
    pub clusters: u64,
    /// How many of them are held out.
    pub held_out: u64,
    /// The inputs by their numbers, as the user named them.
    pub sources: Vec<String>,
    /// Every option of the build.
    pub parameters: serde_json::Value,
    /// The programs that made it and their versions.
    pub tools: BTreeMap<String, String>,
    /// XXH3-128 of each part.
    pub checksums: BTreeMap<String, String>,
    /// Whether every page has a checksum; pages in stores of earlier versions have none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub page_checksums: bool,
    /// The report of the build: what was dropped, merged and found.
    pub report: serde_json::Value,
}

impl Header {
    /// An empty header.
    #[cfg(test)]
    pub(super) fn empty() -> Self {
        Self {
            schema: SCHEMA,
            sequences: 0,
            bases: 0,
            clusters: 0,
            held_out: 0,
            sources: Vec::new(),
            parameters: serde_json::Value::Null,
            tools: BTreeMap::new(),
            checksums: BTreeMap::new(),
            page_checksums: false,
            report: serde_json::Value::Null,
        }
    }
}

/// Takes the checksum of a part piece by piece, so that pieces cannot change their borders unnoticed.
#[derive(Default)]
pub(super) struct Checksum(Fingerprint);

impl Checksum {
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.0.add(&(piece.len() as u64).to_le_bytes());
        self.0.add(piece);
    }

    pub(super) fn text(&self) -> String {
        self.0.text()
    }

    /// The checksum of a part that is one piece.
    pub(super) fn of(piece: &[u8]) -> String {
        let mut checksum = Self::default();
        checksum.add(piece);
        checksum.text()
    }
}
