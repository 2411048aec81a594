//! Numbers of the bases of records: `draw --values`, `fold --reactivities`.

mod rdat;

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rinalmo::seq::input;
use rinalmo::seq::table::{Row, Table, columns};

/// Other names of the column of positions.
const POSITION: &[&str] = &["index", "nucleotide", "nt_number", "i", "n"];
/// Columns that hold no numbers of bases.
const NO_NUMBERS: &[&str] = &["base", "letter", "nt", "residue"];
/// What SHAPE files have where nothing was measured: numbers up to this.
const NOT_MEASURED: f64 = -500.0;
/// Bytes that show whether a file has a header.
const START: u64 = 4096;

/// The numbers of one record: of some positions, from 0, or of all in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    At(Vec<(usize, Option<f64>)>),
    All(Vec<Option<f64>>),
}

/// Numbers of the bases of records.
pub struct Numbers {
    file: String,
    name: String,
    /// By id; without a column of ids there is one record, without a name.
    records: HashMap<String, Given>,
    /// The letters that the file has at some positions of its only record.
    letters: Vec<(usize, u8)>,
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
        if start.trim_ascii_start().starts_with(rdat::MAGIC.as_bytes()) {
            return rdat::read(path.display().to_string(), input_stem(path), whole);
        }
        if is_name_and_numbers(&start) {
            return Self::of_two_lines(path, whole);
        }
        if first_line_is_numbers(&start) {
            if let Some(column) = column {
                bail!("{name}: has no header, so no column `{column}`");
            }
            return Self::without_header(path, whole);
        }
        Self::of_table(Table::from_reader(&name, whole)?, column, usual)
    }

    /// Lines of position and number.
    fn without_header(path: &Path, stream: impl std::io::BufRead) -> Result<Self> {
        let file = path.display().to_string();
        let (mut numbers, mut letters) = (Vec::new(), Vec::new());
        for (place, line) in (1..).zip(stream.lines()) {
            let line = line.with_context(|| file.clone())?;
            let cells: Vec<&str> = line.split([' ', '\t', ',', ';']).filter(|cell| !cell.is_empty()).collect();
            // The letter of the base may be before the number (RNAfold), or after its error (.map).
            let (position, number, letter) = match cells[..] {
                [position, letter, number, ..] if is_letter(letter) => (position, number, Some(letter)),
                [position, number, _, letter] if is_letter(letter) => (position, number, Some(letter)),
                [position, number, ..] => (position, number, None),
                [] => continue,
                [_] => bail!("{file}:{place}: expected a position and a number, found `{line}`"),
            };
            let position = zero_based(position)
                .with_context(|| format!("{file}:{place}: expected a position from 1, found `{line}`"))?;
            let number =
                cell(number).with_context(|| format!("{file}:{place}: expected a number, found `{number}`"))?;
            letters.extend(letter.map(|letter| (position, letter.as_bytes()[0])));
            numbers.push((position, number));
        }
        Ok(Self::of_one(file, input_stem(path), Given::At(numbers), letters))
    }

    /// Those of one record without a name.
    fn of_one(file: String, name: String, given: Given, letters: Vec<(usize, u8)>) -> Self {
        Self { file, name, records: HashMap::from([(String::new(), given)]), letters }
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
            let numbers = numbers_of(&line).with_context(|| format!("{file}:{place}: expected numbers of `{of}`"))?;
            if records.insert(of.clone(), Given::All(numbers)).is_some() {
                bail!("{file}:{place}: `{of}` is twice in the file");
            }
        }
        Ok(Self { file, name: input_stem(path), records, letters: Vec::new() })
    }

    fn of_table(mut table: Table, column: Option<&str>, usual: &[&str]) -> Result<Self> {
        let id = table.find(columns::ID);
        let position = table.find(columns::POSITION).or_else(|| table.find(POSITION));
        let mut column = column.map(|name| table.column(&[name])).transpose()?.or_else(|| table.find(usual));
        let mut records: HashMap<String, Given> = HashMap::new();
        while let Some(row) = table.next_row()? {
            let column = match column {
                Some(column) => column,
                None => {
                    let skipped = [id, position].into_iter().flatten().collect::<Vec<_>>();
                    *column.insert(first_numbers(&table, &row, &skipped)?)
                }
            };
            let id = id.map_or("", |id| row.cell(id)).to_owned();
            let Some(position) = position else {
                let all = records.entry(id).or_insert_with(|| Given::All(Vec::new()));
                if let Given::All(all) = all {
                    all.extend(list(&row, column)?);
                }
                continue;
            };
            let place = zero_based(row.cell(position))
                .ok_or_else(|| row.wrong(format!("expected a position from 1, found `{}`", row.cell(position))))?;
            let number = cell(row.cell(column));
            let number = number.ok_or_else(|| row.wrong(format!("expected a number, found `{}`", row.cell(column))))?;
            if let Given::At(numbers) = records.entry(id).or_insert_with(|| Given::At(Vec::new())) {
                numbers.push((place, number));
            }
        }
        let Some(column) = column else { bail!("{}: has no rows", table.file()) };
        let name = table.name(column).to_owned();
        Ok(Self { file: table.file().to_string(), name, records, letters: Vec::new() })
    }

    /// What they are numbers of.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The letters that the file has at some positions, from 0, of its only record.
    pub fn letters(&self) -> &[(usize, u8)] {
        &self.letters
    }

    /// The ids of the records that it has numbers for; empty if it has no ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str).filter(|id| !id.is_empty())
    }

    /// The numbers of a record of `len` bases by its names, or of the only one for the only record; `None` if there are
    /// none.
    ///
    /// # Errors
    /// They are of another length.
    pub fn of<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
        is_only: bool,
        len: usize,
    ) -> Result<Option<Vec<Option<f64>>>> {
        let Some(given) = of_record(&self.records, names, is_only) else { return Ok(None) };
        match given {
            Given::All(values) if values.len() == len => Ok(Some(values.clone())),
            Given::All(values) => bail!("{}: expected {len} values, found {}", self.file, values.len()),
            Given::At(numbers) => {
                let mut values = vec![None; len];
                for (position, number) in numbers {
                    let value = values.get_mut(*position).with_context(|| {
                        format!("{}: position {} is outside a sequence of {len} bases", self.file, position + 1)
                    })?;
                    *value = *number;
                }
                Ok(Some(values))
            }
        }
    }
}

/// What a file has for a record: by one of its names, or the only one for the only record.
pub fn of_record<'f, 'n, T>(
    records: &'f HashMap<String, T>,
    names: impl IntoIterator<Item = &'n str>,
    is_only: bool,
) -> Option<&'f T> {
    let only = if is_only && records.len() == 1 { records.values().next() } else { None };
    names.into_iter().find_map(|name| records.get(name)).or(only)
}

/// The position, from 0, that a text counts from 1.
pub fn zero_based(text: &str) -> Option<usize> {
    text.parse::<usize>().ok()?.checked_sub(1)
}

/// Is this the letter of a base?
fn is_letter(text: &str) -> bool {
    matches!(text.as_bytes(), [letter] if letter.is_ascii_alphabetic())
}

/// Is the first line a name, and the second one of numbers that tabs separate?
fn is_name_and_numbers(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(name), Some(numbers)) = (lines.next(), lines.next()) else { return false };
    let cells: Vec<&str> = numbers.split('\t').collect();
    let complete = &cells[..cells.len() - 1]; // the last one may go on after the start of the file
    !name.contains(['\t', ','])
        && cell(name.trim()).is_none()
        && cells.len() > 2
        && complete.iter().all(|part| cell(part).is_some())
}

/// Is the first line with anything in it a position and a number?
fn first_line_is_numbers(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let cells: Vec<&str> = first.split([' ', '\t', ',', ';']).filter(|cell| !cell.is_empty()).collect();
    let is_number = |text: &&str| cell(text).is_some();
    let number = cells.get(1).filter(|text| !is_letter(text)).or_else(|| cells.get(2));
    cells.len() >= 2 && cells[0].parse::<usize>().is_ok() && number.is_some_and(is_number)
}

/// The first column whose cell holds numbers.
fn first_numbers(table: &Table, row: &Row, skipped: &[usize]) -> Result<usize> {
    let no_numbers = [columns::SEQUENCE, columns::STRUCTURE, columns::LENGTH, NO_NUMBERS].concat();
    let is_left_out = |column: usize| skipped.contains(&column) || table.find(&no_numbers) == Some(column);
    let mut all = (0..table.names().len()).filter(|column| !is_left_out(*column));
    let found = all.find(|column| !row.cell(*column).is_empty() && list(row, *column).is_ok());
    Ok(found.ok_or_else(|| row.wrong("no column of numbers\nhint: --column NAME names it"))?)
}

/// The number of a cell, or several that are separated by commas or blanks.
fn list(row: &Row, column: usize) -> Result<Vec<Option<f64>>> {
    let numbers = numbers_of(row.cell(column).trim_matches(['[', ']']));
    Ok(numbers.ok_or_else(|| row.wrong(format!("expected numbers, found `{}`", row.cell(column))))?)
}

/// Numbers that are separated by commas or blanks.
fn numbers_of(text: &str) -> Option<Vec<Option<f64>>> {
    let cells = text.split([',', ' ', ';', '\t']).filter(|part| !part.is_empty());
    cells.map(cell).collect()
}

/// The number in a cell, `Some(None)` where nothing was measured; `None` if it is something else.
fn cell(text: &str) -> Option<Option<f64>> {
    if ["", "NA", "na", "NaN", "nan", ".", "-", "null"].contains(&text) {
        return Some(None);
    }
    let number = text.parse::<f64>().ok().or_else(|| text.replace(',', ".").parse().ok())?;
    Some((number.is_finite() && number > NOT_MEASURED).then_some(number))
}

/// What a file without a header holds: its name.
fn input_stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "value".into(), |stem| stem.to_string_lossy().into_owned())
}
