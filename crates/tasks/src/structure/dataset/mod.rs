//! Sequences with known structures, from whatever they come in.
//!
//! | file | holds |
//! |---|---|
//! | `.tsv`, `.csv`, `.txt` | a table: `id`, `name` or `seq_id`; `seq` or `sequence`; and `base_pairs`, or `struct` or `structure` |
//! | `.dbn`, `.db`, `.dot`, `.fa`, `.fasta` | dot-bracket records |
//! | `.ct`, `.bpseq`, `.st` | what their names say |
//! | a folder | any of these, in order of their names, folders within it too |
//!
//! Each may be compressed, with its compression's ending or without. `base_pairs` is a list `[[1, 9], [2, 8]]` that
//! counts from 1 and may name a base twice; where a table has it, it is believed before a dot-bracket column. A table
//! may also tell each row's `family`, `cluster` and `weight`, as `rinalmo corpus structures` writes them.

mod splits;
mod tables;

use std::path::Path;

use rinalmo_seq::input::{self, Kinds};
use rinalmo_seq::{Structure, bpseq, ct, dot_bracket, st};

pub use crate::table::Error;
pub use splits::{Partition, Splits};

/// A sequence and its known structure, of the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name.
    pub id: String,
    /// Its letters as they were written.
    pub sequence: Vec<u8>,
    /// Its pairs; a base may have several, and they may cross.
    pub structure: Structure,
    /// Its family, where a table tells it.
    pub family: Option<String>,
    /// Which items are like it: those with the same number. Where a table tells none it stands for itself.
    pub cluster: Option<u64>,
    /// What it counts in training, 1 where nothing is told.
    pub weight: f64,
}

impl Item {
    /// A sequence with its structure, of which nothing else is known.
    pub fn new(id: String, sequence: Vec<u8>, structure: Structure) -> Self {
        Self { id, sequence, structure, family: None, cluster: None, weight: 1.0 }
    }
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Table,
    DotBracket,
    Ct,
    Bpseq,
    St,
}

const FORMATS: Kinds<Format> = Kinds(&[
    ("tsv", Format::Table),
    ("csv", Format::Table),
    ("txt", Format::Table),
    ("dbn", Format::DotBracket),
    ("db", Format::DotBracket),
    ("dot", Format::DotBracket),
    ("fa", Format::DotBracket),
    ("fasta", Format::DotBracket),
    ("ct", Format::Ct),
    ("bpseq", Format::Bpseq),
    ("st", Format::St),
]);

/// Reads all items of a file or folder.
///
/// # Errors
/// A file cannot be read or names no known format; a row or record is wrong; or there is nothing.
pub fn read(path: &Path) -> Result<Vec<Item>, Error> {
    read_but(path, Err)
}

/// The same of what public collections hold: a table's rows that are wrong, by a letter that is none, say, are passed to
/// `wrong` and left out if it takes them.
///
/// # Errors
/// As [`read`], and what `wrong` gives back.
pub fn read_but(path: &Path, mut wrong: impl FnMut(Error) -> Result<(), Error>) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    if path.is_dir() {
        let unreadable = |(folder, source): (std::path::PathBuf, std::io::Error)| {
            complain(&folder, format!("cannot be read: {source}"))
        };
        for (file, format) in FORMATS.files(path).map_err(unreadable)? {
            items.extend(read_file(&file, format, &mut wrong)?);
        }
    } else {
        let format = FORMATS.of(path).ok_or_else(|| {
            let known = FORMATS.0.iter().map(|(name, _)| format!(".{name}")).collect::<Vec<_>>().join(", ");
            complain(path, format!("is of no known kind\nhint: known are {known}, and folders of them"))
        })?;
        items = read_file(path, format, &mut wrong)?;
    }
    match items.is_empty() {
        true => Err(complain(path, "holds no structures".into())),
        false => Ok(items),
    }
}

fn complain(path: &Path, message: String) -> Error {
    Error::File { file: input::name_of(path), message }
}

fn read_file(
    path: &Path,
    format: Format,
    wrong: &mut impl FnMut(Error) -> Result<(), Error>,
) -> Result<Vec<Item>, Error> {
    if format == Format::Table {
        return tables::read(path, wrong);
    }
    let stream = input::open(path)?;
    let records = match format {
        Format::DotBracket => records(dot_bracket::Reader::new(stream), |r| (r.header, r.sequence, r.structure)),
        Format::Ct => records(ct::Reader::new(stream), |r| (r.header, r.sequence, r.structure)),
        Format::Bpseq => records(bpseq::Reader::new(stream), |r| (r.header, r.sequence, r.structure)),
        Format::St | Format::Table => records(st::Reader::new(stream), |r| (r.header, r.sequence, r.structure)),
    };
    let name = input::name_of(path);
    let mut records = records.map_err(|error| error.named(&name))?;
    name_them(&mut records, path);
    Ok(records)
}

/// All records of a reader.
fn records<R>(
    reader: impl Iterator<Item = Result<R, rinalmo_seq::Error>>,
    parts: impl Fn(R) -> (String, Vec<u8>, Structure),
) -> Result<Vec<Item>, rinalmo_seq::Error> {
    let item = |(header, sequence, structure): (String, Vec<u8>, Structure)| {
        let id = header.split_whitespace().next().unwrap_or_default().to_owned();
        Item::new(id, sequence, structure)
    };
    reader.map(|record| record.map(&parts).map(item)).collect()
}

/// A single record is called as its file is, as the public collections have it; of several, those without a name are
/// numbered.
fn name_them(items: &mut [Item], path: &Path) {
    let stem = FORMATS.stem(path);
    match items {
        [only] => only.id = stem,
        several => {
            for (number, item) in several.iter_mut().enumerate().filter(|(_, item)| item.id.is_empty()) {
                item.id = format!("{stem}_{}", number + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CT: &str = "5  dG = -1.0\n1 G 0 2 5 1\n2 A 1 3 0 2\n3 A 2 4 0 3\n4 A 3 5 0 4\n5 C 4 6 1 5\n";

    #[test]
    fn a_folder_of_anything_is_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        write("b/tRNA_one.ct", CT);
        write("a.dbn", ">x y\nGAAAC\n(...)\n>z\nGAAAC\n.....\n");
        write("c.bpseq", "1 G 3\n2 A 0\n3 C 1\n");
        write("README.md", "nothing to read");
        let found = read(folder.path()).unwrap();
        let told: Vec<_> = found.iter().map(|item| (item.id.as_str(), item.structure.pairs().len())).collect();
        assert_eq!(told, [("x", 1), ("z", 0), ("tRNA_one", 1), ("c", 1)]);
    }

    #[test]
    fn mistakes_are_told_with_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.dbn");
        std::fs::write(&path, ">x\nGAAAC\n(....\n").unwrap();
        let said = read(&path).unwrap_err().to_string();
        assert!(said.contains("a.dbn:3: unbalanced bracket"), "{said}");
        let other = read(&folder.path().join("a.pdf")).unwrap_err().to_string();
        assert!(other.contains("a.pdf: is of no known kind\nhint: known are .tsv, "), "{other}");
        std::fs::write(&path, "").unwrap();
        assert!(read(&path).unwrap_err().to_string().ends_with("a.dbn: holds no structures"));
    }
}
