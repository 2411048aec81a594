//! What a command reads.

use std::path::{Path, PathBuf};

use rinalmo::checkpoint::{download, is_bundled};

use super::place::Place;
use super::{Given, Input, Role};

/// Files next to a model's tensors that belong to it.
const COMPANIONS: [&str; 2] = ["config.json", "vocab.txt"];
/// Endings of a model's files in its folder.
const MODELS: [&str; 6] = ["safetensors", "bin", "pt", "pth", "ckpt", "index.json"];
/// Endings that no reader of a folder reads, so that a report or a run may be kept next to the data and written again.
const NEVER_READ: [&str; 7] = ["json", "jsonl", "md", "png", "safetensors", "svg", "toml"];

/// All files and folders that a command reads.
#[derive(Default)]
pub struct Inputs {
    files: Vec<Place>,
    folders: Vec<PathBuf>,
}

impl Inputs {
    /// The existing files and folders that the arguments name.
    pub fn of(given: &Given<'_>) -> Self {
        let mut inputs = Self::default();
        if given.reads_standard_input() {
            inputs.files.extend(standard_input());
        }
        for value in given.values() {
            if let Role::Reads(input) = value.role {
                inputs.add(input, &value.text.to_string_lossy(), Path::new(&value.text));
            }
        }
        inputs
    }

    fn add(&mut self, input: Input, text: &str, path: &Path) {
        if text == "-" {
            return self.files.extend(standard_input());
        }
        match input {
            Input::Path | Input::Sequences => self.add_path(path),
            Input::Weighed | Input::Named if path.exists() => self.add_path(path),
            Input::Weighed => self.add_path(Path::new(text.rsplit_once('@').map_or(text, |(path, _)| path))),
            Input::Named => self.add_path(Path::new(text.split_once('=').map_or(text, |(_, path)| path))),
            Input::Model => self.add_model(text),
            Input::NamedModel => self.add_model(text.split_once('=').map_or(text, |(_, model)| model)),
            Input::Results => self.add_path(&path.join("results.json")),
        }
    }

    fn add_path(&mut self, path: &Path) {
        if path.is_dir() {
            self.folders.push(path.to_owned());
        } else {
            self.files.extend(Place::of(path).filter(|_| path.exists()));
        }
    }

    /// A model as `rinalmo::checkpoint::open` finds it: a bundled name, a path, `PATH#NAME`, a downloaded name.
    fn add_model(&mut self, text: &str) {
        if is_bundled(text) {
            return;
        }
        let exists = |text: &str| Path::new(text).exists().then(|| PathBuf::from(text));
        let member = || text.rsplit_once('#').and_then(|(path, _)| exists(path));
        let path = exists(text).or_else(member).or_else(|| download::cached(text, &Default::default()));
        match path {
            Some(folder) if folder.is_dir() => self.add_model_folder(&folder),
            Some(file) => {
                self.add_path(&file);
                COMPANIONS.iter().for_each(|name| self.add_path(&file.with_file_name(name)));
            }
            None => {}
        }
    }

    fn add_model_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let of_it = |ending: &&str| name.strip_suffix(*ending).is_some_and(|stem| stem.ends_with('.'));
            if COMPANIONS.contains(&name.as_str()) || MODELS.iter().any(of_it) {
                self.add_path(&entry.path());
            }
        }
    }

    /// Is this place one of them?
    pub fn hold(&self, place: &Place) -> bool {
        self.hold_file(place) || self.folders.iter().any(|folder| holds(folder, place))
    }

    /// Is this place one of the named files (not one in a named folder)?
    pub fn hold_file(&self, place: &Place) -> bool {
        self.files.iter().any(|file| file.is(place))
    }
}

/// Is this an existing file that is read if the folder is read?
fn holds(folder: &Path, place: &Place) -> bool {
    if !place.exists() || NEVER_READ.iter().any(|ending| place.ends_in(ending)) {
        return false;
    }
    place.is_within(folder) || links_to(folder, place)
}

/// Does a link in this folder point to that file?
fn links_to(folder: &Path, place: &Place) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => links_to(&entry.path(), place),
        Ok(kind) if kind.is_symlink() || place.may_be(&entry) => {
            Place::of(&entry.path()).is_some_and(|found| found.is(place))
        }
        _ => false,
    })
}

/// The file of standard input, if it is one.
#[cfg(unix)]
fn standard_input() -> Option<Place> {
    use std::os::fd::AsFd;
    let copy = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
    Place::of_open(&std::fs::File::from(copy).metadata().ok()?)
}

#[cfg(not(unix))]
fn standard_input() -> Option<Place> {
    None
}
