//! `--values`: numbers to colour bases by.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rinalmo::draw::rna::Track;
use rinalmo::seq::input;
use rinalmo::seq::labelled::structures::Entry;
use rinalmo::seq::table::{Row, Table, columns};

use super::of_record;

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
enum Given {
    At(Vec<(usize, Option<f64>)>),
    All(Vec<Option<f64>>),
}

/// Numbers of the bases of records.
pub struct Numbers {
    file: String,
    name: String,
    /// By id; without a column of ids there is one record, without a name.
    records: HashMap<String, Given>,
}

impl Numbers {
    /// Reads a file; the numbers of `column`, or of the first column that has any.
    pub fn open(path: &Path, column: Option<&str>) -> Result<Self> {
        let mut stream = input::open(path)?;
        let mut start = Vec::new();
        (&mut stream).take(START).read_to_end(&mut start).with_context(|| path.display().to_string())?;
        let name = input::name_of(path);
        let whole = std::io::Cursor::new(start.clone()).chain(stream);
        if first_line_is_numbers(&start) {
            if let Some(column) = column {
                bail!("{name}: has no header, so no column `{column}`");
            }
            return Self::without_header(path, whole);
        }
        Self::of_table(Table::from_reader(&name, whole)?, column)
    }

    /// Lines of position and number.
    fn without_header(path: &Path, stream: impl std::io::BufRead) -> Result<Self> {
        let file = path.display().to_string();
        let mut numbers = Vec::new();
        for (place, line) in (1..).zip(stream.lines()) {
            let line = line.with_context(|| file.clone())?;
            let cells: Vec<&str> = line.split([' ', '\t', ',', ';']).filter(|cell| !cell.is_empty()).collect();
            let [position, number, ..] = cells[..] else {
                if cells.is_empty() {
                    continue;
                }
                bail!("{file}:{place}: expected a position and a number, found `{line}`");
            };
            let position = super::position(position)
                .with_context(|| format!("{file}:{place}: expected a position from 1, found `{line}`"))?;
            let number =
                cell(number).with_context(|| format!("{file}:{place}: expected a number, found `{number}`"))?;
            numbers.push((position, number));
        }
        let name = input_stem(path);
        Ok(Self { file, name, records: HashMap::from([(String::new(), Given::At(numbers))]) })
    }

    fn of_table(mut table: Table, column: Option<&str>) -> Result<Self> {
        let id = table.find(columns::ID);
        let position = table.find(columns::POSITION).or_else(|| table.find(POSITION));
        let mut column = column.map(|name| table.column(&[name])).transpose()?;
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
            let place = super::position(row.cell(position))
                .ok_or_else(|| row.wrong(format!("expected a position from 1, found `{}`", row.cell(position))))?;
            let number = cell(row.cell(column));
            let number = number.ok_or_else(|| row.wrong(format!("expected a number, found `{}`", row.cell(column))))?;
            if let Given::At(numbers) = records.entry(id).or_insert_with(|| Given::At(Vec::new())) {
                numbers.push((place, number));
            }
        }
        let Some(column) = column else { bail!("{}: has no rows", table.file()) };
        Ok(Self { file: table.file().to_string(), name: table.name(column).to_owned(), records })
    }

    /// The numbers of a record.
    pub fn of(&self, entry: &Entry, is_only: bool) -> Result<Track> {
        let given = of_record(&self.records, entry, is_only)
            .with_context(|| format!("no values of this record in {}", self.file))?;
        let len = entry.structure.len();
        let values = match given {
            Given::All(values) if values.len() == len => values.clone(),
            Given::All(values) => bail!("{}: expected {len} values, found {}", self.file, values.len()),
            Given::At(numbers) => {
                let mut values = vec![None; len];
                for (position, number) in numbers {
                    let value = values.get_mut(*position).with_context(|| {
                        format!("{}: position {} is outside a sequence of {len} bases", self.file, position + 1)
                    })?;
                    *value = *number;
                }
                values
            }
        };
        Ok(Track { name: self.name.clone(), values, range: None })
    }
}

/// Is the first line with anything in it a position and a number?
fn first_line_is_numbers(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let cells: Vec<&str> = first.split([' ', '\t', ',', ';']).filter(|cell| !cell.is_empty()).collect();
    cells.len() >= 2 && cells[0].parse::<usize>().is_ok() && cell(cells[1]).is_some()
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
    let text = row.cell(column).trim_matches(['[', ']']);
    let cells = text.split([',', ' ', ';']).filter(|part| !part.is_empty());
    let numbers: Option<Vec<Option<f64>>> = cells.map(cell).collect();
    Ok(numbers.ok_or_else(|| row.wrong(format!("expected numbers, found `{}`", row.cell(column))))?)
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
