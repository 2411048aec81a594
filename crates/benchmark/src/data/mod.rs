//! Converts published data to tables for training runs. Files are recognized by names and columns.

mod family;
mod mrl;
mod splice;
mod structure;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rinalmo_runs::FileError;
use rinalmo_seq::table::{self, Row, Table};

use super::unpack::unpacked;
use super::{Benchmark, Fold};
use crate::Error;

/// The data of a plan.
pub(super) struct Prepared {
    /// Every fold.
    pub folds: Vec<Fold>,
    /// Notes on how they were prepared.
    pub notes: Vec<String>,
}

/// Reads `paths` (files, folders and archives), and writes the folds' tables into `folder`.
pub(super) fn prepare(benchmark: Benchmark, paths: &[PathBuf], folder: &Path) -> Result<Prepared, Error> {
    fs::create_dir_all(folder).map_err(FileError::of("made", folder))?;
    let paths = paths.iter().map(|path| unpacked(path, folder)).collect::<Result<Vec<_>, _>>()?;
    for path in &paths {
        fs::metadata(path).map_err(FileError::of("read", path))?;
    }
    match benchmark {
        Benchmark::ArchiveII => structure::families(&paths, folder),
        Benchmark::BpRna => structure::bprna(&paths),
        Benchmark::Splice => splice::folds(&paths, folder),
        Benchmark::Mrl => mrl::fold(&paths, folder),
        Benchmark::Family => family::fold(&paths, folder),
    }
}

/// All files and folders in `paths`, each before its content, sorted by name.
fn everything(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for path in paths {
        found.push(path.clone());
        if path.is_dir() {
            let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let mut within: Vec<PathBuf> =
                entries.map_err(FileError::of("read", path))?.iter().map(fs::DirEntry::path).collect();
            within.sort();
            found.extend(everything(&within)?);
        }
    }
    Ok(found)
}

/// A path's last part in lower case.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The name of the folder that a path is in, in lower case.
fn folder_of(path: &Path) -> String {
    path.parent().map(name).unwrap_or_default()
}

/// Does a file have the name of a table, compressed or not?
fn is_table(path: &Path) -> bool {
    path.is_file() && table::is_named(path)
}

/// All tables that have these columns, with the columns' positions.
fn tables_with<const N: usize>(
    paths: &[PathBuf],
    columns: [&[&str]; N],
) -> Result<Vec<(PathBuf, Table, [usize; N])>, Error> {
    let mut found = Vec::new();
    for path in everything(paths)?.into_iter().filter(|path| is_table(path)) {
        let table = Table::open(&path)?;
        let places = columns.map(|names| table.find(names));
        if places.iter().all(Option::is_some) {
            found.push((path, table, places.map(Option::unwrap_or_default)));
        }
    }
    Ok(found)
}

/// Tables that are written row by row; each file is created with its first row.
struct Written<'f> {
    folder: &'f Path,
    header: Vec<String>,
    tables: BTreeMap<String, (PathBuf, csv::Writer<fs::File>, usize)>,
}

impl<'f> Written<'f> {
    /// No tables yet; all will have this header.
    fn new<S: Into<String>>(folder: &'f Path, header: impl IntoIterator<Item = S>) -> Self {
        Self { folder, header: header.into_iter().map(Into::into).collect(), tables: BTreeMap::new() }
    }

    /// Adds a row to the table `folder/NAME.csv`.
    fn add<'c>(&mut self, name: &str, cells: impl IntoIterator<Item = &'c str>) -> Result<(), Error> {
        if !self.tables.contains_key(name) {
            let path = self.folder.join(format!("{name}.csv"));
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(FileError::of("made", parent))?;
            }
            let file = fs::File::create(&path).map_err(FileError::of("written", &path))?;
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(&self.header).map_err(unwritten(&path))?;
            self.tables.insert(name.to_owned(), (path, writer, 0));
        }
        let (path, writer, rows) = self.tables.get_mut(name).expect("it was inserted above");
        *rows += 1;
        writer.write_record(cells).map_err(unwritten(path))
    }

    /// Every table's path and its number of rows, by name.
    fn finish(self) -> Result<BTreeMap<String, (PathBuf, usize)>, Error> {
        let close = |(name, (path, mut writer, rows)): (String, (PathBuf, csv::Writer<fs::File>, usize))| {
            writer.flush().map_err(FileError::of("written", &path))?;
            Ok((name, (path, rows)))
        };
        self.tables.into_iter().map(close).collect()
    }
}

fn unwritten(path: &Path) -> impl FnOnce(csv::Error) -> Error + use<> {
    let path = path.to_owned();
    move |error| FileError { path, action: "written", source: error.into() }.into()
}

/// Calls `row` with each row of a table.
fn each(table: &mut Table, mut row: impl FnMut(&Row) -> Result<(), Error>) -> Result<(), Error> {
    while let Some(found) = table.next_row()? {
        row(&found)?;
    }
    Ok(())
}

/// The error that data are missing.
fn missing(what: &str, paths: &[PathBuf], expected: &str) -> Error {
    let looked: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let looked = if looked.is_empty() { "no data".to_owned() } else { looked.join(", ") };
    Error::Options(format!("{looked}: {what}\nhint: {expected}"))
}
