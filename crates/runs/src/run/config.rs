//! Reading a run's config: a TOML file, then changes by `section.key=value`. An unknown key is refused with its line
//! and the nearest known one.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::Error;

/// The config of a run.
pub trait RunConfig: Serialize + DeserializeOwned {
    /// A config with every key, which lists the known keys.
    fn full() -> Self;
}

/// Which checkpoints are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// How many of the last checkpoints are kept, next to the best.
    pub keep: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self { keep: 3 }
    }
}

/// Parses the text of a file; errors call it `name`.
pub(crate) fn parse<C: RunConfig>(text: &str, name: &str) -> Result<C, Error> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
        let place = line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
        Error::Config(format!("{place}: {}", explain::<C>(error.message())))
    })
}

/// The same with some keys changed. `text` is the text that it was read from: keys that are missing there stay missing.
pub(crate) fn with<C: RunConfig>(config: C, overrides: &[String], text: Option<&str>) -> Result<C, Error> {
    let mut table: toml::Table = match text {
        Some(text) => toml::from_str(text).map_err(|error| Error::Config(error.to_string()))?,
        None => to_table(&config),
    };
    overrides.iter().try_fold(config, |_, change| {
        let refuse = |what: String| Error::Config(format!("--set {change}: {what}"));
        keys::set(&mut table, change).map_err(refuse)?;
        table.clone().try_into().map_err(|error: toml::de::Error| refuse(explain::<C>(error.message())))
    })
}

fn explain<C: RunConfig>(message: &str) -> String {
    keys::explain(message, &keys::paths(&to_table(&C::full())))
}

/// A config as a TOML table.
pub fn to_table<C: Serialize>(config: &C) -> toml::Table {
    toml::Table::try_from(config).expect("a config is made of tables, numbers and words; seeds are checked")
}

/// A config as TOML text.
pub(crate) fn to_toml<C: Serialize>(config: &C) -> String {
    toml::to_string(config).expect("a config is made of tables, numbers and words; seeds are checked")
}
