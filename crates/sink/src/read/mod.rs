//! Reads vectors from files that a [`Sink`](crate::Sink) wrote: one for each record.

#[cfg(feature = "h5ad")]
mod h5ad;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod safetensors;
#[cfg(test)]
mod tests;
mod tsv;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::{ArrayKind, Error, Format};

/// The kinds that are vectors or can be averaged to one, the usual one first.
const KINDS: [ArrayKind; 3] = [ArrayKind::Mean, ArrayKind::Cls, ArrayKind::Tokens];

/// A vector for each record of a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Vectors {
    /// What they were made from. Tokens are averaged over all bases.
    pub kind: ArrayKind,
    /// The records, in the order of the file.
    pub records: Vec<VectorRecord>,
    /// Values per vector.
    pub dims: usize,
    /// All values, `[records, dims]`.
    pub values: Vec<f32>,
}

/// A record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorRecord {
    /// Its name in the file, which no other record has.
    pub name: String,
    /// Its id, which others may have too.
    pub id: String,
}

/// Reads a vector for each record: those of `kind`, otherwise the first of `mean`, `cls` and `tokens` that the file has.
///
/// # Errors
/// The file cannot be read or is damaged, has no such vectors, or they differ in length.
pub fn vectors(path: &Path, kind: Option<ArrayKind>) -> Result<Vectors, Error> {
    let wrong = |message: String| Error::Unreadable { path: path.to_owned(), message };
    if let Some(kind) = kind.filter(|kind| !KINDS.contains(kind)) {
        return Err(wrong(format!("vectors of records are mean, cls or tokens, not {kind}")));
    }
    let format = Format::of(path)?;
    let mut found = Found { kind, ..Found::default() };
    match format {
        Format::Npz => npz::read(path, &mut found),
        Format::Safetensors => safetensors::read(path, &mut found),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::read(path, &mut found),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => Err("this program was built without feature `parquet`".into()),
        #[cfg(feature = "h5ad")]
        Format::H5ad => h5ad::read(path, &mut found),
        #[cfg(not(feature = "h5ad"))]
        Format::H5ad => Err("this program was built without feature `h5ad`".into()),
        Format::Tsv | Format::TsvGz => tsv::read(path, &mut found),
    }
    .map_err(wrong)?;
    found.finish().map_err(wrong)
}

/// Does this file hold arrays, going by its ending and its first bytes? A table does if its columns are those of arrays.
///
/// # Errors
/// The file cannot be read.
pub fn holds_arrays(path: &Path) -> io::Result<bool> {
    Ok(match Format::of(path) {
        Ok(Format::Tsv | Format::TsvGz) => tsv::is_one(path),
        Ok(Format::Npz) => begins_with(path, b"PK")?,
        Ok(Format::Parquet) => begins_with(path, b"PAR1")?,
        Ok(Format::H5ad) => begins_with(path, b"\x89HDF")?,
        Ok(Format::Safetensors) => true,
        Err(_) => false,
    })
}

fn begins_with(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(bytes.len() as u64).read_to_end(&mut start)?;
    Ok(start == bytes)
}

/// What was found in a file so far; a message says what is wrong with it.
#[derive(Default)]
struct Found {
    /// The kind to read; the best so far if any will do.
    kind: Option<ArrayKind>,
    names: Vec<String>,
    dims: Option<usize>,
    values: Vec<f32>,
    /// Ids of the records whose names differ from them.
    ids: HashMap<String, String>,
}

impl Found {
    /// Chooses the kind to read from those in the file.
    fn choose(&mut self, kinds: impl Iterator<Item = ArrayKind> + Clone) -> Result<ArrayKind, String> {
        let has = |kind: &ArrayKind| kinds.clone().any(|found| found == *kind);
        let chosen = match self.kind {
            Some(kind) => Some(kind).filter(has),
            None => KINDS.into_iter().find(has),
        };
        self.kind = chosen.or(self.kind);
        let expected = self.kind.map_or("mean, cls or tokens", ArrayKind::name);
        chosen
            .ok_or_else(|| format!("holds no arrays `{expected}`\nhint: `rinalmo embed --include mean` writes vectors"))
    }

    /// Adds an array `[dims]` or `[len, dims]`, whose rows are averaged.
    fn add(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Result<(), String> {
        let (rows, dims) = match *shape {
            [dims] => (1, dims),
            [rows, dims] => (rows, dims),
            _ => return Err(format!("record `{name}`: expected 1 or 2 dimensions, found {}", shape.len())),
        };
        if dims == 0 || rows == 0 {
            return Err(format!("record `{name}`: the array is empty"));
        }
        let expected = *self.dims.get_or_insert(dims);
        if dims != expected {
            return Err(format!("record `{name}`: {dims} values, but records before it have {expected}"));
        }
        let mut sums = vec![0.0; dims];
        for row in values.chunks_exact(dims) {
            sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        self.values.extend(sums.iter().map(|sum| (sum / rows as f64) as f32));
        self.names.push(name.to_owned());
        Ok(())
    }

    /// The table of changed names, as the sink writes it.
    fn set_ids(&mut self, table: &str) {
        let rows = table.lines().skip(1).map(|row| row.split('\t'));
        self.ids.extend(rows.filter_map(|mut cells| Some((cells.next()?.to_owned(), cells.next()?.to_owned()))));
    }

    fn finish(self) -> Result<Vectors, String> {
        let Self { kind, names, dims, values, mut ids } = self;
        let (Some(kind), Some(dims)) = (kind, dims) else { return Err("holds no arrays".into()) };
        let record = |name: String| VectorRecord { id: ids.remove(&name).unwrap_or_else(|| name.clone()), name };
        Ok(Vectors { kind, records: names.into_iter().map(record).collect(), dims, values })
    }
}

/// The record and the kind of an array's name, `<name>/<kind>`.
fn parts(name: &str) -> Option<(&str, ArrayKind)> {
    let (record, kind) = name.rsplit_once('/')?;
    Some((record, ArrayKind::named(kind)?))
}

/// An error as a message.
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
