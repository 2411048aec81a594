//! Numbers of the bases of records: `draw --values`, `fold --reactivities`.

mod bare;
mod cell;
pub mod letters;
mod rdat;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rinalmo::seq::alphabet::bases;
use rinalmo::seq::input;
use rinalmo::seq::table::{Comma, Row, Table, columns};

use bare::Bare;
use cell::{cell, is_letter, is_number, numbers};
use letters::{difference, other_letter};

use crate::context::Context;
use crate::io::first_of;

/// Other names of the column of positions.
const POSITION: &[&str] = &["index", "nucleotide", "nt_number", "i", "n"];
/// Columns of letters, one for each position.
const LETTER: &[&str] = &["base", "letter", "nt", "residue", "nucleotide"];
/// Bytes that show whether a file has a header.
const START: u64 = 4096;

/// The numbers of one record: of some positions, from 0, or of all in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    At(BTreeMap<usize, Option<f64>>),
    All(Vec<Option<f64>>),
}

/// What a file has of one record.
#[derive(Debug)]
pub struct Profile {
    given: Given,
    /// Its letters at some positions, from 0.
    letters: Vec<(usize, u8)>,
    /// Its whole sequence.
    sequence: Option<Vec<u8>>,
}

/// Numbers of the bases of records.
pub struct Numbers {
    file: String,
    name: String,
    /// By id; without a column of ids there is one record, without a name.
    records: HashMap<String, Profile>,
    used: Used,
}

impl Numbers {
    /// Reads a file; the numbers of `column`, or of the first of the `usual` ones that a table has, or of the first column
    /// that has any.
    pub fn open(path: &Path, column: Option<&str>, usual: &[&str]) -> Result<Self> {
        let mut stream = input::open(path)?;
        let mut start = Vec::new();
        (&mut stream).take(START).read_to_end(&mut start).with_context(|| path.display().to_string())?;
        let name = input::name_of(path);
        let whole = std::io::Cursor::new(start.clone()).chain(stream);
        let file = path.display().to_string();
        if start.trim_ascii_start().starts_with(rdat::MAGIC.as_bytes()) {
            let profile = rdat::read(&file, whole)?;
            return Ok(Self::of_one(path, profile));
        }
        if let Some(bare) = Bare::of(&start) {
            if let Some(column) = column {
                bail!("{name}: has no header, so no column `{column}`");
            }
            let profile = bare.read(&file, whole)?;
            return Ok(Self::of_one(path, profile));
        }
        if is_name_and_numbers(&start) {
            return Self::of_two_lines(path, whole);
        }
        Self::of_table(Table::from_reader(&name, whole)?, column, usual)
    }

    fn new(file: String, name: String, records: HashMap<String, Profile>) -> Self {
        Self { file, name, records, used: Used::default() }
    }

    /// Those of one record without a name.
    fn of_one(path: &Path, profile: Profile) -> Self {
        Self::new(path.display().to_string(), input_stem(path), HashMap::from([(String::new(), profile)]))
    }

    /// Lines of a name, each with a line of numbers after it (.react).
    fn of_two_lines(path: &Path, stream: impl std::io::BufRead) -> Result<Self> {
        let file = path.display().to_string();
        let (mut records, mut name) = (HashMap::new(), None);
        for (place, line) in (1..).zip(stream.lines()) {
            let line = line.with_context(|| file.clone())?;
            if line.trim().is_empty() {
                continue;
            }
            let Some(of) = name.take() else {
                let id = line.trim().trim_start_matches('>').split_whitespace().next();
                name = Some(id.unwrap_or_default().to_owned());
                continue;
            };
            let all = numbers(&line, Comma::Doubtful);
            let all = all.map_err(|message| anyhow::anyhow!("{file}:{place}: numbers of `{of}`: {message}"))?;
            if records.insert(of.clone(), Profile::new(Given::All(all))).is_some() {
                bail!("{file}:{place}: `{of}` is twice in the file");
            }
        }
        Ok(Self::new(file, input_stem(path), records))
    }

    fn of_table(mut table: Table, column: Option<&str>, usual: &[&str]) -> Result<Self> {
        let places = Places::of(&table);
        let comma = table.comma();
        let mut column = column.map(|name| table.column(&[name])).transpose()?.or_else(|| table.find(usual));
        let mut records: HashMap<String, Profile> = HashMap::new();
        while let Some(row) = table.next_row()? {
            let column = match column {
                Some(column) => column,
                None => *column.insert(places.first_numbers(&table, &row)?),
            };
            let id = places.id.map_or("", |id| row.cell(id));
            let profile = records.entry(id.to_owned()).or_insert_with(|| places.empty());
            profile.add(&row, &places, column, comma)?;
        }
        let Some(column) = column else { bail!("{}: has no rows", table.file()) };
        let name = table.name(column).to_owned();
        Ok(Self::new(table.file().to_string(), name, records))
    }

    /// What they are numbers of.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The ids of the records that it has numbers for; empty if it has no ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str).filter(|id| !id.is_empty())
    }

    /// Does it say which record its numbers are of?
    pub fn has_ids(&self) -> bool {
        self.ids().next().is_some()
    }

    /// The numbers of a record of `len` bases by its names, or of the only one for the only record; `None` if there are
    /// none.
    ///
    /// # Errors
    /// They are of another length, or of another sequence, where that is known.
    pub fn of<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n str>,
        is_only: bool,
        len: usize,
        sequence: Option<&[u8]>,
    ) -> Result<Option<Vec<Option<f64>>>> {
        let Some((name, profile)) = of_record(&self.records, names, is_only) else { return Ok(None) };
        let values = profile.values(&self.file, len)?;
        if let Some(sequence) = sequence {
            if let Some(difference) = profile.difference(sequence) {
                bail!("{} is for another sequence: {difference}", self.file);
            }
            self.used.check(&self.file, name, sequence)?;
        }
        Ok(Some(values))
    }
}

impl Profile {
    fn new(given: Given) -> Self {
        Self { given, letters: Vec::new(), sequence: None }
    }

    /// Adds a row of a table.
    fn add(&mut self, row: &Row, places: &Places, column: usize, comma: Comma) -> Result<()> {
        let at = match (&mut self.given, places.position) {
            (Given::At(numbers), Some(position)) => {
                let place = zero_based(row.cell(position))
                    .ok_or_else(|| row.wrong(format!("expected a position from 1, found `{}`", row.cell(position))))?;
                let number = cell(row.cell(column), comma).map_err(|message| row.wrong(message))?;
                if numbers.insert(place, number).is_some() {
                    let of = places.id.map_or_else(String::new, |id| format!(" of `{}`", row.cell(id)));
                    return Err(row.wrong(format!("position {}{of} is given twice", place + 1)).into());
                }
                Some(place)
            }
            (Given::All(all), _) => {
                let (place, list) = (all.len(), list(row, column, comma)?);
                all.extend(&list);
                (list.len() == 1).then_some(place)
            }
            (Given::At(_), None) => None,
        };
        self.add_letters(row, places, at)
    }

    /// Adds what a row says of letters: that of its position, or the whole sequence.
    fn add_letters(&mut self, row: &Row, places: &Places, at: Option<usize>) -> Result<()> {
        for column in [places.letter, places.sequence].into_iter().flatten() {
            let text = row.cell(column);
            match at.filter(|_| is_letter(text)) {
                Some(at) => self.letters.push((at, text.as_bytes()[0])),
                None if Some(column) != places.sequence || text.is_empty() => {}
                None => {
                    let earlier = self.sequence.get_or_insert_with(|| text.as_bytes().to_vec());
                    if let Some(difference) = difference(earlier, text.as_bytes()) {
                        return Err(row.wrong(format!("two sequences of one record: {difference}")).into());
                    }
                }
            }
        }
        Ok(())
    }

    /// The numbers of `len` bases.
    fn values(&self, file: &str, len: usize) -> Result<Vec<Option<f64>>> {
        match &self.given {
            Given::All(values) if values.len() == len => Ok(values.clone()),
            Given::All(values) => bail!("{file}: expected {len} values, found {}", values.len()),
            Given::At(numbers) => {
                let mut values = vec![None; len];
                for (position, number) in numbers {
                    let value = values.get_mut(*position).with_context(|| {
                        format!("{file}: position {} is outside a sequence of {len} bases", position + 1)
                    })?;
                    *value = *number;
                }
                Ok(values)
            }
        }
    }

    /// How its letters differ from a sequence, if they do.
    fn difference(&self, sequence: &[u8]) -> Option<String> {
        let whole = self.sequence.as_deref().and_then(|own| difference(own, sequence));
        whole.or_else(|| other_letter(self.letters.iter().copied(), sequence))
    }
}

/// Where a table says what.
struct Places {
    id: Option<usize>,
    position: Option<usize>,
    letter: Option<usize>,
    sequence: Option<usize>,
}

impl Places {
    fn of(table: &Table) -> Self {
        let position = table.find(columns::POSITION).or_else(|| table.find(POSITION));
        let mut letters = LETTER.iter().filter_map(|name| table.find(&[name]));
        let letter = letters.find(|column| Some(*column) != position);
        Self { id: table.find(columns::ID), position, letter, sequence: table.find(columns::SEQUENCE) }
    }

    /// A record of the table that nothing is known of yet.
    fn empty(&self) -> Profile {
        let is_by_position = self.position.is_some();
        Profile::new(if is_by_position { Given::At(BTreeMap::new()) } else { Given::All(Vec::new()) })
    }

    /// The first column whose cell holds numbers.
    fn first_numbers(&self, table: &Table, row: &Row) -> Result<usize> {
        let no_numbers = [columns::SEQUENCE, columns::STRUCTURE, columns::LENGTH, LETTER].concat();
        let mut skipped: Vec<usize> = no_numbers.iter().filter_map(|name| table.find(&[name])).collect();
        skipped.extend([self.id, self.position].into_iter().flatten());
        let mut all = (0..table.names().len()).filter(|column| !skipped.contains(column));
        let found = all.find(|column| !row.cell(*column).is_empty() && list(row, *column, table.comma()).is_ok());
        Ok(found.ok_or_else(|| row.wrong("no column of numbers\nhint: --column NAME names it"))?)
    }
}

/// The records that were seen, beside what a file has for them.
#[derive(Default)]
pub struct Seen {
    /// Their names.
    names: BTreeSet<String>,
    /// Ids of those without numbers.
    without: Vec<String>,
}

/// What [`Seen::report`] calls the numbers, what was done without them, and what they are of.
pub struct Words {
    pub numbers: &'static str,
    pub done: &'static str,
    pub record: &'static str,
}

impl Seen {
    /// A record of these names is there, even if its numbers are wrong.
    pub fn add<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.names.extend(names.into_iter().map(str::to_owned));
    }

    /// A record has no numbers.
    pub fn add_without(&mut self, id: &str) {
        self.without.push(id.to_owned());
    }

    /// Reports records without numbers and, if no more records follow, numbers without a record.
    pub fn report(&self, numbers: &Numbers, words: &Words, complete: bool, context: &Context) {
        let (file, Words { numbers: what, done, record }) = (numbers.file(), words);
        let without: Vec<&str> = self.without.iter().map(String::as_str).collect();
        if let Some(ids) = first_of(&without) {
            context.note(format!("warning: {file}: no {what} for {ids}, {done} without"));
        }
        let mut unused: Vec<&str> = numbers.ids().filter(|id| !self.names.contains(*id)).collect();
        unused.sort_unstable();
        if let Some(ids) = first_of(&unused).filter(|_| complete) {
            context.note(format!("warning: {file}: no {record} for {ids}"));
        }
    }
}

/// The sequences that what a file has was used for, by its names: what has one name is of one sequence.
#[derive(Default)]
pub struct Used(HashMap<String, Vec<u8>>);

impl Used {
    /// # Errors
    /// It was used for another sequence.
    pub fn check(&mut self, file: &str, name: &str, sequence: &[u8]) -> Result<()> {
        let letters = bases(sequence);
        let first = self.0.entry(name.to_owned()).or_insert_with(|| letters.clone());
        if *first == letters {
            return Ok(());
        }
        bail!(
            "{file}: what it has for `{name}` was used for another sequence of this id\n\
             hint: give each sequence an id of its own, in both files"
        )
    }
}

/// What a file has for a record, and under which name: by one of its names, or the only one for the only record.
pub fn of_record<'f, 'n, T>(
    records: &'f HashMap<String, T>,
    names: impl IntoIterator<Item = &'n str>,
    is_only: bool,
) -> Option<(&'f str, &'f T)> {
    let only = if is_only && records.len() == 1 { records.iter().next() } else { None };
    let found = names.into_iter().find_map(|name| records.get_key_value(name)).or(only);
    found.map(|(name, of)| (name.as_str(), of))
}

/// The position, from 0, that a text counts from 1.
pub fn zero_based(text: &str) -> Option<usize> {
    text.parse::<usize>().ok()?.checked_sub(1)
}

/// Is the first line a name, and the second one of numbers that tabs separate?
fn is_name_and_numbers(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(name), Some(numbers)) = (lines.next(), lines.next()) else { return false };
    let cells: Vec<&str> = numbers.split('\t').collect();
    let complete = &cells[..cells.len() - 1]; // the last one may go on after the start of the file
    !name.contains(['\t', ',']) && !is_number(name.trim()) && cells.len() > 2 && complete.iter().all(|c| is_number(c))
}

/// The number of a cell, or several that are separated by commas or blanks.
fn list(row: &Row, column: usize, comma: Comma) -> Result<Vec<Option<f64>>> {
    let text = row.cell(column).trim_matches(['[', ']']);
    Ok(numbers(text, comma).map_err(|message| row.wrong(message))?)
}

/// What a file without a header holds: its name.
fn input_stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "value".into(), |stem| stem.to_string_lossy().into_owned())
}
