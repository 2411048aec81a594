//! Structures from files, as references or predictions: what is wrong with one record costs that record only.
//!
//! Tables (`.csv`, `.tsv`), dot-bracket, CT, BPSEQ, `.st` and Stockholm files, compressed or not, and folders of them.

mod table;

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use rinalmo_seq::input::{self, Kinds};
use rinalmo_seq::{Structure, bpseq, ct, dot_bracket, st, stockholm};
use rinalmo_tasks::table::Error as TableError;

use super::problem::{Kind, Problem};
use crate::Error;

/// A structure as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The first word of its header, the cell `id`, or the name of a file that holds nothing else.
    pub id: String,
    /// Its letters, where they are told.
    pub sequence: Option<Vec<u8>>,
    /// Its pairs.
    pub structure: Structure,
    /// Whether the structure's length was told; where not, it ends at the last paired base.
    pub length_told: bool,
    /// Its family, where a table tells.
    pub family: Option<String>,
    /// Where it stands, for messages.
    pub place: String,
}

/// What a file or folder holds.
#[derive(Debug, Default)]
pub struct Entries {
    /// What could be read.
    pub entries: Vec<Entry>,
    /// What could not.
    pub problems: Vec<Problem>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Table,
    DotBracket,
    Ct,
    Bpseq,
    St,
    Stockholm,
}

const FORMATS: Kinds<Format> = Kinds(&[
    ("csv", Format::Table),
    ("tsv", Format::Table),
    ("tab", Format::Table),
    ("dbn", Format::DotBracket),
    ("db", Format::DotBracket),
    ("dot", Format::DotBracket),
    ("fa", Format::DotBracket),
    ("fasta", Format::DotBracket),
    ("txt", Format::DotBracket),
    ("out", Format::DotBracket),
    ("vienna", Format::DotBracket),
    ("ct", Format::Ct),
    ("bpseq", Format::Bpseq),
    ("st", Format::St),
    ("sto", Format::Stockholm),
    ("stk", Format::Stockholm),
    ("stockholm", Format::Stockholm),
]);

/// Reads a file, told by its name and as dot-bracket where that tells nothing, or everything of a known kind in a
/// folder and those within it.
///
/// # Errors
/// It cannot be opened, is a table that lacks a column, or holds nothing at all.
pub fn read(path: &Path) -> Result<Entries, Error> {
    let mut found = Entries::default();
    if path.is_dir() {
        for (file, format) in FORMATS.files(path).map_err(|(folder, source)| Error::file("read", &folder)(source))? {
            let before = found.entries.len();
            read_file(&file, format, &mut found)?;
            if let [only] = &mut found.entries[before..] {
                only.id = stem(&file);
            }
        }
    } else {
        read_file(path, FORMATS.of(path).unwrap_or(Format::DotBracket), &mut found)?;
        if let [only] = &mut found.entries[..] {
            only.id = if only.id.is_empty() { stem(path) } else { std::mem::take(&mut only.id) };
        }
    }
    if found.entries.is_empty() {
        let file = input::name_of(path);
        let known: Vec<String> = FORMATS.0.iter().map(|(ending, _)| format!(".{ending}")).collect();
        let message = match found.problems.first() {
            Some(problem) => format!("holds no structure that can be read: {problem}"),
            None => format!("holds no structures\nhint: read are {} and folders of them", known.join(" ")),
        };
        return Err(TableError::File { file, message }.into());
    }
    Ok(found)
}

/// A file's name without the endings of formats and compressions.
pub(super) fn stem(path: &Path) -> String {
    FORMATS.stem(path)
}

fn read_file(path: &Path, format: Format, found: &mut Entries) -> Result<(), Error> {
    if format == Format::Table {
        return table::read(path, found);
    }
    let (name, stream) = (input::name_of(path), input::open(path)?);
    read_stream(stream, format, &name, found);
    Ok(())
}

/// Header, sequence and structure of a record of any format.
type Parts = (String, Vec<u8>, Structure);

fn read_stream(stream: impl BufRead, format: Format, name: &Arc<str>, found: &mut Entries) {
    match format {
        Format::Ct => take(ct::Reader::new(stream), name, found, |r| (r.name().to_owned(), r.sequence, r.structure)),
        Format::Bpseq => take(bpseq::Reader::new(stream), name, found, |r| (r.header, r.sequence, r.structure)),
        Format::St => take(st::Reader::new(stream), name, found, |r| (r.header, r.sequence, r.structure)),
        Format::Stockholm => take(stockholm::Reader::new(stream), name, found, |r| {
            let record = r.ungapped();
            (record.header, record.sequence, record.structure)
        }),
        Format::DotBracket | Format::Table => {
            take(dot_bracket::Reader::new(stream), name, found, |r| (r.header, r.sequence, r.structure));
        }
    }
}

/// Adds all records of a reader.
fn take<R>(
    reader: impl Iterator<Item = Result<R, rinalmo_seq::Error>>,
    name: &Arc<str>,
    found: &mut Entries,
    parts: impl Fn(R) -> Parts,
) {
    for (number, record) in (1..).zip(reader) {
        match record {
            Ok(record) => {
                let (header, sequence, structure) = parts(record);
                let id = header.split_whitespace().next().unwrap_or_default().to_owned();
                let place = if id.is_empty() { format!("{name}: record #{number}") } else { format!("{name}: `{id}`") };
                let sequence = Some(sequence);
                found.entries.push(Entry { id, sequence, structure, length_told: true, family: None, place });
            }
            Err(error) => found.problems.push(Problem::new(Kind::Unreadable, error.named(name).to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CT: &str = "5  dG = -1.0  some RNA\n1 G 0 2 5 1\n2 A 1 3 0 2\n3 A 2 4 0 3\n4 A 3 5 0 4\n5 C 4 6 1 5\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deeper")).unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        folder
    }

    #[test]
    fn files_of_one_record_in_a_folder_are_called_as_the_file_is() {
        let folder = folder(&[
            ("deeper/tRNA_1.ct", CT),
            ("a.dbn", ">x y\nGAAAC\n(...)\n>z\nGAAAC\n.....\n"),
            ("b.bpseq", "1 G 3\n2 A 0\n3 C 1\n"),
            ("notes.md", "nothing to read"),
        ]);
        let found = read(folder.path()).unwrap();
        let told: Vec<_> = found.entries.iter().map(|entry| (&*entry.id, entry.structure.pairs().len())).collect();
        assert_eq!(told, [("x", 1), ("z", 0), ("b", 1), ("tRNA_1", 1)]);
        assert_eq!(read(&folder.path().join("deeper/tRNA_1.ct")).unwrap().entries[0].id, "some");
    }

    #[test]
    fn a_broken_record_costs_itself() {
        let folder = folder(&[("a.dbn", ">x\nGAAAC\n(....\n>z\nGAAAC\n.....\n"), ("empty.dbn", "")]);
        let found = read(&folder.path().join("a.dbn")).unwrap();
        assert_eq!(found.entries.len(), 1);
        assert!(
            found.problems[0].text.ends_with("a.dbn:3: unbalanced bracket `(` at column 1"),
            "{:?}",
            found.problems
        );
        let nothing = read(&folder.path().join("empty.dbn")).unwrap_err().to_string();
        assert!(nothing.contains("empty.dbn: holds no structures\nhint: read are .csv "), "{nothing}");
    }
}
