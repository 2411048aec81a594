//! Reading a run's config: a TOML file, then changes by `section.key=value`. An unknown key is refused with its line
//! and the nearest known one.

use std::path::Path;

use rinalmo_train::optimizer::{Part, Thaw};
use rinalmo_train::{Limits, Options};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::{Error, recipes};

/// The config of a run: what every config can do, by what each of them has of its own.
pub trait RunConfig: Serialize + DeserializeOwned + Clone {
    /// The task that every config of this type is for, if it is for one only.
    const TASK: Option<&'static str>;

    /// A config with every key, which lists the known keys.
    fn full() -> Self;

    /// The task that it is for.
    fn task_mut(&mut self) -> &mut Option<String>;

    /// How it is trained.
    fn train(&self) -> &Options;

    /// The same, to be changed.
    fn train_mut(&mut self) -> &mut Options;

    /// How many of the last checkpoints are kept.
    fn keep(&self) -> usize;

    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// Names the invalid key.
    fn check(&self) -> Result<(), Error>;

    /// The config that a run would keep if it were begun with this one and its model had the size of another run's.
    ///
    /// # Errors
    /// The size of the model is invalid.
    fn like(&self, run: &Self) -> Result<Self, Error>;

    /// Checks that a file has the keys that have no default; `name` is for the message.
    ///
    /// # Errors
    /// A key is missing.
    fn check_given(_file: &toml::Table, _name: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Trains a new head even if the model to start with has one for the task?
    fn fresh_head(&self) -> bool {
        false
    }

    /// How it is trained, with what other sections say on it.
    fn options(&self) -> Options {
        self.train().clone()
    }

    /// Reads a file, or the built-in config of that name, then applies `overrides` in order, each `section.key=value`.
    /// A value is TOML, else it is text; an empty value removes the key.
    ///
    /// # Errors
    /// With file and line, or the override; for an unknown key with the nearest known one. Also if every config of this
    /// type is for one task, and the file is for another.
    fn open(path: &Path, overrides: &[String]) -> Result<Self, Error> {
        let (text, name) = (recipes::read(path)?, path.display().to_string());
        if let Some(task) = Self::TASK {
            recipes::check_task(&text, &name, task)?;
        }
        Self::read(&text, &name, overrides)
    }

    /// As [`RunConfig::open`], but for one task.
    ///
    /// # Errors
    /// As [`RunConfig::open`]; also if the config is for another task.
    fn open_for(task: &str, path: &Path, overrides: &[String]) -> Result<Self, Error> {
        Self::read_for(task, &recipes::read(path)?, &path.display().to_string(), overrides)
    }

    /// As [`RunConfig::open_for`], of the text of a file; errors call it `name`.
    ///
    /// # Errors
    /// As [`RunConfig::open_for`].
    fn read_for(task: &str, text: &str, name: &str, overrides: &[String]) -> Result<Self, Error> {
        recipes::check_task(text, name, task)?; // first, as its keys mean nothing to another task
        Self::read(text, name, overrides)
    }

    /// Parses the text of a file, then applies `overrides`; errors call it `name`.
    ///
    /// # Errors
    /// As [`RunConfig::open`].
    fn read(text: &str, name: &str, overrides: &[String]) -> Result<Self, Error> {
        Self::parse(text, name)?.with(overrides, Some(text))
    }

    /// Parses the text of a file; errors call it `name`.
    ///
    /// # Errors
    /// As [`RunConfig::open`]; also if a key is missing that has no default.
    fn parse(text: &str, name: &str) -> Result<Self, Error> {
        let parsed = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
            let place = line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
            Error::Config(format!("{place}: {}", explain::<Self>(error.message())))
        })?;
        Self::check_given(&table(text)?, name)?;
        Ok(parsed)
    }

    /// The same with some keys changed. `text` is the text that it was read from: keys that are missing there stay
    /// missing.
    ///
    /// # Errors
    /// As [`RunConfig::open`].
    fn with(self, overrides: &[String], text: Option<&str>) -> Result<Self, Error> {
        let mut table = text.map_or_else(|| Ok(self.to_table()), table)?;
        overrides.iter().try_fold(self, |_, change| {
            let refuse = |message: String| Error::Change { change: change.clone(), message };
            keys::set(&mut table, change).map_err(refuse)?;
            table.clone().try_into().map_err(|error: toml::de::Error| refuse(explain::<Self>(error.message())))
        })
    }

    /// The same with its task set.
    ///
    /// # Errors
    /// It is for another task.
    fn for_task(mut self, task: &str) -> Result<Self, Error> {
        match self.task_mut().replace(task.to_owned()).filter(|said| said != task) {
            None => Ok(self),
            Some(said) => Err(Error::Config(format!("the config is for the task `{said}`, not for `{task}`"))),
        }
    }

    /// The config as a table.
    fn to_table(&self) -> toml::Table {
        // By way of text, where an f32 has no more digits than it needs: 0.9, not 0.8999999761581421.
        self.to_toml().parse().expect(WRITABLE)
    }

    /// The config as TOML text.
    fn to_toml(&self) -> String {
        toml::to_string(self).expect(WRITABLE)
    }
}

/// How [`RunConfig`] reaches the keys that every config has: `task`, `[train]` and `[checkpoints]`. They are fields of
/// each config, as serde can refuse unknown keys only of what is not flattened.
macro_rules! shared_keys {
    () => {
        fn task_mut(&mut self) -> &mut Option<String> {
            &mut self.task
        }

        fn train(&self) -> &Options {
            &self.train
        }

        fn train_mut(&mut self) -> &mut Options {
            &mut self.train
        }

        fn keep(&self) -> usize {
            self.checkpoints.keep
        }
    };
}
pub(crate) use shared_keys;

/// Why a config can always be written.
const WRITABLE: &str = "a config is made of tables, numbers and words; seeds are checked";

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

/// Every key of `[train]`.
pub(crate) fn full_train() -> Options {
    Options {
        recompute: Some(1),
        patience: Some(1),
        until: Limits { steps: Some(1), epochs: Some(1), seconds: Some(1.0) },
        thaw: vec![Thaw { epoch: 0, part: Part::All, rate: 1.0 }],
        ..Options::default()
    }
}

/// Checks `[train]`.
///
/// # Errors
/// Names the invalid key.
pub(crate) fn check_train(train: &Options) -> Result<(), Error> {
    train.check()?;
    let Limits { steps, epochs, seconds } = train.until;
    if steps.is_none() && epochs.is_none() && seconds.is_none() {
        return Err(Error::NoEnd);
    }
    if let Some(seconds) = seconds.filter(|seconds| seconds.is_nan() || *seconds < 0.0) {
        return Err(Error::Config(format!("train.until.seconds = {seconds}, expected 0 or more")));
    }
    // TOML has no larger numbers.
    let numbers = [("seed", Some(train.seed)), ("until.steps", steps), ("until.epochs", epochs)];
    match numbers.into_iter().find(|(_, number)| number.is_some_and(|number| i64::try_from(number).is_err())) {
        Some((key, number)) => {
            let found = number.unwrap_or_default();
            Err(Error::Config(format!("train.{key} = {found}, expected less than 2^63")))
        }
        None => Ok(()),
    }
}

/// `[train]` with infinity for limits that are switched off, as TOML has no null.
pub(crate) fn written_out(mut train: Options) -> Options {
    train.clip = train.clip.or(Some(f64::INFINITY));
    train.explosion = train.explosion.or(Some(f64::INFINITY));
    train
}

fn table(text: &str) -> Result<toml::Table, Error> {
    toml::from_str(text).map_err(|error| Error::Config(error.to_string()))
}

fn explain<C: RunConfig>(message: &str) -> String {
    keys::explain(message, &keys::paths(&C::full().to_table()))
}
