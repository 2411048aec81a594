//! Reading a run's config: a TOML file, then changes by `section.key=value`. An unknown key is refused with its line and
//! the nearest known one.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::Error;

/// A config that a run is told.
pub trait RunConfig: Serialize + DeserializeOwned {
    /// One in which no key is left out: its keys are those there are.
    fn full() -> Self;
}

/// What is kept of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// So many of the last checkpoints, besides the best.
    pub keep: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self { keep: 3 }
    }
}

/// Takes the text of a file; `name` is what complaints call it.
pub(crate) fn parse<C: RunConfig>(text: &str, name: &str) -> Result<C, Error> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
        let place = line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
        Error::Config(format!("{place}: {}", explain::<C>(error.message())))
    })
}

/// The same with some keys changed. `text` is what it was read from: what the file leaves out stays left out.
pub(crate) fn with<C: RunConfig>(config: C, overrides: &[String], text: Option<&str>) -> Result<C, Error> {
    let mut table: toml::Table = match text {
        Some(text) => toml::from_str(text).map_err(|error| Error::Config(error.to_string()))?,
        None => to_table(&config),
    };
    overrides.iter().try_fold(config, |_, change| {
        let complain = |what: String| Error::Config(format!("--set {change}: {what}"));
        keys::set(&mut table, change).map_err(complain)?;
        table.clone().try_into().map_err(|error: toml::de::Error| complain(explain::<C>(error.message())))
    })
}

fn explain<C: RunConfig>(message: &str) -> String {
    keys::explain(message, &keys::paths(&to_table(&C::full())))
}

/// A config as a table of TOML.
pub fn to_table<C: Serialize>(config: &C) -> toml::Table {
    toml::Table::try_from(config).expect("a config is made of tables, numbers and words; seeds are checked")
}

/// The text of a file that says the same.
pub(crate) fn to_toml<C: Serialize>(config: &C) -> String {
    toml::to_string(config).expect("a config is made of tables, numbers and words; seeds are checked")
}
