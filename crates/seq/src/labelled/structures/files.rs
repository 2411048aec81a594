//! Which kind a file is of, and its records.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, Cursor, Read};
use std::path::{Path, PathBuf};

use crate::folded::{self, ENDINGS, Format, Reader};
use crate::input::{self, Kinds};

use super::entry::Entry;
use super::{Error, Found, ReadOptions, json, postscript, tables};
use crate::table::Table;
use crate::words::many;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    Folded(Format),
    /// As its first lines show.
    Unknown,
}

const TABLES: [(&str, Kind); 4] =
    [("csv", Kind::Table), ("tsv", Kind::Table), ("tab", Kind::Table), ("txt", Kind::Unknown)];
const KINDS: Kinds<Kind> = Kinds(&ALL);
const ALL: [(&str, Kind); TABLES.len() + ENDINGS.len()] = {
    let mut all = [TABLES[0]; TABLES.len() + ENDINGS.len()];
    let mut place = 0;
    while place < all.len() {
        all[place] = if place < TABLES.len() {
            TABLES[place]
        } else {
            let (ending, format) = ENDINGS[place - TABLES.len()];
            (ending, Kind::Folded(format))
        };
        place += 1;
    }
    all
};
/// Bytes of a file that are looked at to find out what it is.
const START: u64 = 4096;

/// The kind that a file's name shows.
pub(super) fn kind(path: &Path) -> Kind {
    KINDS.of(path).unwrap_or(Kind::Unknown)
}

/// Every file of a known kind in a folder and those within it.
pub(super) fn in_folder(folder: &Path) -> Result<Vec<(PathBuf, Kind)>, Error> {
    KINDS.files(folder).map_err(|(folder, source)| Error::File {
        file: input::name_of(&folder),
        message: format!("cannot be read: {source}"),
    })
}

/// A file that a folder of records has where some of its files could not be called as their records are: the names of
/// those files in its first column.
pub const NAMES_LIST: &str = "names.list";

/// The lists of folders, each read once.
#[derive(Debug, Default)]
pub(super) struct Lists(RefCell<HashMap<PathBuf, HashSet<String>>>);

impl Lists {
    /// Whether the list of a file's folder has it.
    pub(super) fn has(&self, file: &Path) -> bool {
        let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str())) else {
            return false;
        };
        let read = || {
            let text = std::fs::read_to_string(folder.join(NAMES_LIST)).unwrap_or_default(); // most folders have none
            text.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect()
        };
        self.0.borrow_mut().entry(folder.to_owned()).or_insert_with(read).contains(name)
    }
}

/// The ending of ViennaRNA's PostScript. It is read where a file is named; of folders it is not, as RNAfold writes two files
/// for each record.
const POSTSCRIPT: Kinds<()> = Kinds(&[("ps", ())]);

/// Does a file's name end in `.ps`, perhaps with a compression's ending after it?
pub fn is_named_postscript(path: &Path) -> bool {
    POSTSCRIPT.of(path).is_some()
}

/// A file's name without the endings of formats and compressions.
pub fn stem(path: &Path) -> String {
    if is_named_postscript(path) { POSTSCRIPT.stem(path) } else { KINDS.stem(path) }
}

/// The endings that are known.
pub(super) fn known() -> Vec<String> {
    ALL.iter().map(|(ending, _)| format!(".{ending}")).collect()
}

/// What was passed over on the way.
#[derive(Debug, Default)]
pub(super) struct Passed {
    further: Counted,
    gapped: Counted,
}

/// So many things at so many records, the first of which is called so.
#[derive(Debug, Default)]
struct Counted {
    things: usize,
    records: usize,
    first: String,
}

impl Counted {
    fn add(&mut self, things: usize, id: &str) {
        if things > 0 {
            self.things += things;
            self.records += 1;
            if self.records == 1 {
                self.first = id.to_owned();
            }
        }
    }

    /// `2 further structures of `a``, or of so many records; nothing of nothing.
    fn told(&self, thing: &str) -> Option<String> {
        let things = many(self.things, thing);
        match self.records {
            0 => None,
            1 if !self.first.is_empty() => Some(format!("{things} of `{}`", self.first)),
            1 => Some(format!("{things} of a record")),
            records => Some(format!("{things} of {records} records")),
        }
    }
}

impl Passed {
    /// In words.
    pub(super) fn notes(&self) -> Vec<String> {
        let are = |counted: &Counted| if counted.things == 1 { "is" } else { "are" };
        let first = if self.further.records > 1 { "the first of each counts" } else { "the first counts" };
        let further = self.further.told("further structure");
        let further = further.map(|told| format!("{told} {} passed over, {first}", are(&self.further)));
        let gapped = self.gapped.told("pair");
        let gapped =
            gapped.map(|told| format!("{told} {} left out, a gap standing where a base would pair", are(&self.gapped)));
        further.into_iter().chain(gapped).collect()
    }
}

/// The first character of a sequence without gaps that is no letter, and its place.
fn foreign(sequence: &[u8]) -> Option<String> {
    let place = sequence.iter().position(|letter| !letter.is_ascii_alphabetic())?;
    Some(format!("`{}` at base {}", sequence[place].escape_ascii(), place + 1))
}

/// Adds all records of a file to `found`.
pub(super) fn read(
    path: &Path,
    kind: Kind,
    options: &ReadOptions,
    found: &mut Found,
    passed: &mut Passed,
) -> Result<(), Error> {
    if kind == Kind::Table {
        return tables::read(Table::open(path)?, options, found);
    }
    let mut stream: Box<dyn BufRead + Send> = input::open(path)?;
    let format = match kind {
        Kind::Folded(format) => format,
        Kind::Table | Kind::Unknown => {
            let mut start = Vec::new();
            (&mut stream).take(START).read_to_end(&mut start).map_err(crate::Error::from)?;
            let (format, blank) = (Format::sniff(&start), start.trim_ascii().is_empty());
            let (is_json, is_postscript) = (json::is_start(&start), postscript::is_start(&start));
            stream = Box::new(Cursor::new(start).chain(stream));
            if is_json {
                return json::read(stream, &input::name_of(path), options, found);
            }
            if is_postscript {
                return postscript::read(stream, &input::name_of(path), found);
            }
            match format {
                Some(format) => format,
                None if blank => return Ok(()),
                None => {
                    let table = Table::from_reader(&input::name_of(path), stream)?;
                    return tables::read(table, options, found).map_err(|error| match error {
                        Error::Column { file, .. } => neither(file),
                        error => error,
                    });
                }
            }
        }
    };
    let options = folded::Options { all: options.all_structures, strands: options.strands };
    let records = Reader::with(stream, format, options);
    let file = input::name_of(path);
    for (number, record) in (1..).zip(records) {
        match record {
            Ok(record) if let Some(stranger) = foreign(&record.sequence) => {
                let name = if record.name.is_empty() { format!("record #{number}") } else { record.name };
                let message = format!("`{name}`: expected letters and gaps in its sequence, found {stranger}");
                found.wrong.push(Error::File { file: file.clone(), message });
            }
            Ok(record) => {
                let entry = Entry::new(&record.name, record.sequence, record.structure);
                passed.further.add(record.further, &entry.id);
                passed.gapped.add(record.gapped_pairs, &entry.id);
                let place = match entry.id.as_str() {
                    "" => format!("{file}: record #{number}"),
                    id => format!("{file}: `{id}`"),
                };
                found.entries.push(Entry { place, ..entry });
            }
            Err(error) => found.wrong.push(error.named(&file).into()),
        }
    }
    Ok(())
}

fn neither(file: std::sync::Arc<str>) -> Error {
    let message = "is neither a table of structures nor in a format of structures\nhint: known endings are";
    Error::File { file, message: format!("{message} {}", known().join(" ")) }
}
