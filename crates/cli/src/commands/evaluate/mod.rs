//! `rinalmo evaluate`: predictions against known answers.

mod labels;
mod left_out;
mod mlm;
mod programs;
mod structure;
mod summary;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use rinalmo::evaluate::{Watch, png};

use crate::context::{Context, Outcome};
use crate::io::{Progress, Total, write_file};

/// Score predictions against known answers, and compare predictors
#[derive(Args)]
pub struct EvaluateArgs {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Structure(Box<structure::StructureArgs>),
    #[command(flatten)]
    Labels(labels::Asked),
    /// Score models on masked letters: perplexity on the held-out part of a corpus, by source and length
    ///
    /// Prints one row for each part and one column for each model. Which letters are masked does not depend on the
    /// model.
    Mlm(mlm::MlmArgs),
}

/// Runs the command.
pub fn run(args: EvaluateArgs, context: &Context) -> Result<Outcome> {
    match args.task {
        Task::Structure(args) => args.run(context),
        Task::Labels(asked) => asked.run(context),
        Task::Mlm(args) => args.run(context),
    }
}

/// `NAME=FILE` or a file.
fn named(text: &str) -> (Option<&str>, &Path) {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !name.contains(['/', '\\']) && !Path::new(text).exists() => {
            (Some(name), Path::new(path))
        }
        _ => (None, Path::new(text)),
    }
}

/// Adds numbers to repeated names of predictors, from the second on.
fn numbered<'n>(names: impl Iterator<Item = &'n mut String>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for name in names {
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            *name = format!("{name} #{count}");
        }
    }
}

/// Writes a drawing, if one was asked for, in the format of the file's ending.
fn draw(path: &Option<PathBuf>, svg: impl FnOnce() -> String) -> Result<()> {
    match path.as_deref() {
        None => Ok(()),
        Some(path) if path.extension().is_some_and(|ending| ending == "png") => write_file(path, &png(&svg())?),
        Some(path) => write_file(path, svg().as_bytes()),
    }
}

/// Shows the progress of a predictor, and stops it on Ctrl-C.
pub(super) struct Watching<'c> {
    pub(super) progress: Progress,
    pub(super) context: &'c Context,
}

impl<'c> Watching<'c> {
    /// Nothing is done yet.
    pub(super) fn new(context: &'c Context) -> Self {
        Self { progress: Progress::new(context), context }
    }
}

impl Watch for Watching<'_> {
    fn begin(&mut self, name: &str, sequences: usize, bases: usize) {
        self.progress.begin(name, Total { records: sequences as u64, bases: bases as u64 });
    }

    fn done(&mut self, bases: usize) {
        self.progress.add(bases);
    }

    fn stopped(&self) -> bool {
        self.context.stopped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictors_of_one_name_are_numbered() {
        let mut names = ["a", "b", "a", "a"].map(str::to_owned);
        numbered(names.iter_mut());
        assert_eq!(names, ["a", "b", "a #2", "a #3"]);
    }

    #[test]
    fn predictions_may_be_named() {
        assert_eq!(named("mine=a/b.ct"), (Some("mine"), Path::new("a/b.ct")));
        assert_eq!(named("a/x=1.ct"), (None, Path::new("a/x=1.ct")));
        assert_eq!(named("b.ct"), (None, Path::new("b.ct")));
    }
}
