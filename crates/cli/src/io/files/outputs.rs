//! What a command writes.

use std::path::{Path, PathBuf};

use rinalmo::structures::NAMES_LIST;

use super::place::Place;
use super::{Given, Output, Role};
use crate::commands::draw::DrawingFormat;
use crate::commands::structures::StructureFormat;

/// Files that training writes in its folder.
const RUN: [&str; 8] = [
    "config.toml",
    "run.json",
    "metrics.jsonl",
    "loss.svg",
    "perplexity.svg",
    "model.safetensors",
    "model-official.safetensors",
    "adapter.safetensors",
];
/// Files that a benchmark writes in its folder, besides its folds.
const BENCHMARK: [&str; 2] = ["results.json", "table.md"];
/// Files of a model that is written as a folder.
const MODEL: [&str; 4] = ["model.safetensors", "config.json", "vocab.txt", "tokenizer_config.json"];

/// What the value of one argument writes.
pub struct Target {
    /// The argument, such as `--output`.
    pub argument: String,
    /// Its value, as typed.
    pub shown: String,
    /// The files.
    pub files: Files,
}

/// Files that will be written.
pub enum Files {
    /// These; the first is the named one.
    These(Vec<PathBuf>),
    /// Files with this ending in this folder, with names that are not known yet.
    Records {
        /// The folder.
        folder: PathBuf,
        /// The ending.
        ending: &'static str,
    },
}

/// All that the arguments name.
pub fn of(given: &Given<'_>) -> Vec<Target> {
    let written = given.values().filter(|value| value.text != "-").filter_map(|value| {
        let Role::Writes(output) = value.role else { return None };
        let files = files(output, Path::new(&value.text), given)?;
        Some(Target { argument: value.argument, shown: value.text.to_string_lossy().into_owned(), files })
    });
    written.collect()
}

fn files(output: Output, path: &Path, given: &Given<'_>) -> Option<Files> {
    let within = |folder: &Path, names: &[&str]| names.iter().map(|name| folder.join(name)).collect::<Vec<_>>();
    let with = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    Some(Files::These(match output {
        // An incomplete file has another name, which is overwritten too. A device or a pipe is written directly.
        Output::Results | Output::File if path.exists() && !path.is_file() => vec![path.to_owned()],
        Output::Results | Output::File => vec![path.to_owned(), with(".part"), with(".part.tmp")],
        Output::Model => [vec![path.to_owned(), with(".merged")], within(path, &MODEL)].concat(),
        Output::Prefix => vec![with(".lengths.svg"), with(".clusters.svg")],
        Output::Run => within(path, &RUN),
        Output::Benchmark => {
            let folds = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
            within(path, &BENCHMARK).into_iter().chain(folds.flat_map(|fold| within(&fold, &RUN))).collect()
        }
        Output::Records => {
            return Some(Files::Records { folder: path.to_owned(), ending: ending(given) });
        }
        Output::Drawings => {
            return Some(Files::Records { folder: path.to_owned(), ending: DrawingFormat::Svg.extension() });
        }
        Output::Downloads | Output::Pages => return None,
    }))
}

/// The ending of the files of records.
fn ending(given: &Given<'_>) -> &'static str {
    let structures = given.matches.try_get_one::<StructureFormat>("format").ok().flatten();
    let drawings = given.matches.try_get_one::<DrawingFormat>("format").ok().flatten();
    let ending = structures.map(|format| format.extension()).or_else(|| drawings.map(|format| format.extension()));
    ending.unwrap_or(DrawingFormat::Svg.extension())
}

impl Files {
    /// Existing files that may be overwritten, if names are not known yet.
    pub fn existing(&self) -> impl Iterator<Item = (PathBuf, Place)> {
        let (folder, ending) = match self {
            Self::Records { folder, ending } => (Some(folder), *ending),
            Self::These(_) => (None, ""),
        };
        let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let named = entry.file_name().eq_ignore_ascii_case(NAMES_LIST);
            let of_it = named || entry.path().extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
            let place = Place::of(&entry.path()).filter(|_| of_it)?;
            Some((entry.path(), place))
        })
    }

    /// Would both write one file?
    pub fn meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::These(one), Self::These(other)) => one.iter().any(|one| {
                let place = Place::of(one);
                other.iter().any(|other| place.as_ref().zip(Place::of(other)).is_some_and(|(a, b)| a.is(&b)))
            }),
            (Self::Records { folder, ending }, Self::These(paths))
            | (Self::These(paths), Self::Records { folder, ending }) => {
                let place = paths.first().and_then(|path| Place::of(path));
                place.is_some_and(|place| place.ends_in(ending) && place.is_directly_in(folder))
            }
            (Self::Records { folder: one, .. }, Self::Records { folder: other, .. }) => {
                // Both would write the list of names.
                let whole = |folder: &Path| folder.canonicalize().or_else(|_| std::path::absolute(folder)).ok();
                whole(one) == whole(other)
            }
        }
    }
}

/// The file of standard output, if it is one.
#[cfg(unix)]
pub fn standard_output() -> Option<Place> {
    use std::os::fd::AsFd;
    let copy = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
    Place::of_open(&std::fs::File::from(copy).metadata().ok()?)
}

/// The file of standard output, if it is one.
#[cfg(not(unix))]
pub fn standard_output() -> Option<Place> {
    None
}
