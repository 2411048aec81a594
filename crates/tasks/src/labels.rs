//! Sequences with a label each: a number, a class, or one of either for every base.
//!
//! They come in tables, CSV or TSV, or in FASTA, whose label is the second word of a header. What a label means is the
//! task's matter; here it is text with the place it stands in, so that a complaint can name it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use rinalmo_seq::{InputOptions, Sequences, input};

use crate::table::{Error, Table};

/// A sequence and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name, or `row 7`.
    pub id: String,
    /// Its letters as they were written.
    pub sequence: Vec<u8>,
    /// Its label as it was written.
    pub label: String,
    /// Where it stands.
    pub place: Place,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<str>,
    /// The line, or in FASTA the record, from 1.
    pub line: u64,
    /// The column.
    pub column: Arc<str>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: column `{}`", self.file, self.line, self.column)
    }
}

/// What of a table is what; names that are not given are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Of sequences.
    pub sequence: Option<String>,
    /// Of labels.
    pub label: Option<String>,
    /// Only rows that say this in these columns.
    pub only: BTreeMap<String, String>,
}

const ID: [&str; 3] = ["id", "name", "gene"];
/// What a column of sequences may be called.
pub const SEQUENCE: [&str; 3] = ["sequence", "seq", "utr"];
const LABEL: [&str; 6] = ["label", "labels", "class", "family", "rl", "value"];

impl Item {
    /// Its label as a number.
    ///
    /// # Errors
    /// It is none, or not a finite one.
    pub fn number(&self) -> Result<f64, Error> {
        match self.label.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(self.wrong(format!("`{}`, expected a finite number", self.label))),
        }
    }

    /// Its label as a number for each base; `None` where there is none (`NaN`, `null`, `NA` or nothing).
    ///
    /// # Errors
    /// There are not as many as bases, or one is no number.
    pub fn numbers(&self) -> Result<Vec<Option<f64>>, Error> {
        let inner = self.label.trim().trim_start_matches('[').trim_end_matches(']');
        let words: Vec<&str> = match inner.contains([',', ';']) {
            true => inner.split([',', ';']).map(str::trim).collect(),
            false => inner.split_whitespace().collect(),
        };
        self.as_many(words.len())?;
        let number = |(at, word): (usize, &&str)| match word.to_ascii_lowercase().as_str() {
            "" | "nan" | "null" | "na" | "none" => Ok(None),
            _ => match word.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(self.wrong(format!("base {}: `{word}`, expected a number or NaN", at + 1))),
            },
        };
        words.iter().enumerate().map(number).collect()
    }

    /// Its label as a class for each base: one character a base, or words; `None` where there is none (`-`, `NaN`).
    ///
    /// # Errors
    /// There are not as many as bases.
    pub fn classes(&self) -> Result<Vec<Option<String>>, Error> {
        let text = self.label.trim();
        let words: Vec<String> = match text.contains([',', ' ', ';']) {
            true => text.split([',', ' ', ';']).filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            false => text.chars().map(String::from).collect(),
        };
        self.as_many(words.len())?;
        let class = |word: String| (!["-", "NaN", "NA"].contains(&word.as_str())).then_some(word);
        Ok(words.into_iter().map(class).collect())
    }

    fn as_many(&self, labels: usize) -> Result<(), Error> {
        match labels == self.sequence.len() {
            true => Ok(()),
            false => Err(self.wrong(format!("{labels} labels for a sequence of {} bases", self.sequence.len()))),
        }
    }

    /// A complaint about its label.
    pub fn wrong(&self, message: impl fmt::Display) -> Error {
        let Place { file, line, column } = self.place.clone();
        Error::Row { file, line, message: format!("column `{column}`: record `{}`: {message}", self.id) }
    }
}

/// Reads a table or FASTA.
///
/// # Errors
/// A column is missing, a row cannot be read, a letter is none, or nothing is left.
pub fn read(path: &Path, columns: &Columns) -> Result<Vec<Item>, Error> {
    let items = if is_fasta(path)? { read_fasta(path)? } else { read_table(path, columns)? };
    match items.is_empty() {
        false => Ok(items),
        true => {
            let only = columns.only.iter().map(|(column, value)| format!(" with {column} = {value}"));
            let message = format!("holds no labelled sequences{}", only.collect::<String>());
            Err(Error::File { file: input::name_of(path), message })
        }
    }
}

/// Whether a file is FASTA, which begins with `>`, and no table.
///
/// # Errors
/// It cannot be opened.
pub fn is_fasta(path: &Path) -> Result<bool, Error> {
    let mut stream = input::open(path)?;
    let start = stream.fill_buf().map_err(rinalmo_seq::Error::from)?;
    Ok(start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'>'))
}

fn read_fasta(path: &Path) -> Result<Vec<Item>, Error> {
    let (file, column) = (input::name_of(path), Arc::from("second word of the header"));
    let mut items = Vec::new();
    for (number, record) in Sequences::open(&[path], InputOptions::STRICT).enumerate() {
        let record = record?;
        let place = Place { file: file.clone(), line: number as u64 + 1, column: Arc::clone(&column) };
        let label = record.header.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let item = Item { id: record.id, sequence: record.sequence, label, place };
        if item.label.is_empty() {
            return Err(item.wrong("no label, expected `>name label`"));
        }
        items.push(item);
    }
    Ok(items)
}

fn read_table(path: &Path, columns: &Columns) -> Result<Vec<Item>, Error> {
    let mut table = Table::open(path)?;
    let find = |told: &Option<String>, known: &[&str]| match told {
        Some(name) => table.column(&[name]),
        None => table.column(known),
    };
    let (sequence, label) = (find(&columns.sequence, &SEQUENCE)?, find(&columns.label, &LABEL)?);
    let only: Result<Vec<_>, Error> =
        columns.only.iter().map(|(name, value)| Ok((table.column(&[name])?, value))).collect();
    let (only, id) = (only?, table.find(&ID));
    let (name, column): (String, Arc<str>) = (table.name(sequence).into(), table.name(label).into());
    let mut items = Vec::new();
    while let Some(row) = table.next_row()? {
        if only.iter().any(|(column, value)| row.cell(*column) != value.as_str()) {
            continue;
        }
        let place = Place { file: table.file().clone(), line: row.line(), column: Arc::clone(&column) };
        let id = id.map_or_else(|| format!("row {}", row.line()), |id| row.cell(id).to_owned());
        let sequence = row.sequence(sequence, &name)?;
        let item = Item { id, sequence, label: row.cell(label).to_owned(), place };
        if item.label.is_empty() {
            return Err(item.wrong("is empty, expected a label"));
        }
        items.push(item);
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(name: &str, text: &str, columns: &Columns) -> Result<Vec<Item>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let short = |error: Error| error.to_string().replace(&format!("{}/", folder.path().display()), "");
        read(&path, columns).map_err(short)
    }

    #[test]
    fn tables_and_fasta_give_the_same() {
        let table = read_text("a.tsv", "name\tseq\tlabel\nx\tACG\ttRNA\n", &Columns::default()).unwrap();
        let fasta = read_text("a.fa", ">x tRNA more\nACG\n", &Columns::default()).unwrap();
        let told = |items: &[Item]| (items[0].id.clone(), items[0].sequence.clone(), items[0].label.clone());
        assert_eq!(told(&table), told(&fasta));
        assert!(read_text("a.fa", ">x\nACG\n", &Columns::default()).unwrap_err().contains("no label"));
    }

    #[test]
    fn rows_are_chosen_by_other_columns() {
        let only = BTreeMap::from([("kind".to_owned(), "donor".to_owned())]);
        let columns = Columns { only, ..Columns::default() };
        let text = "kind,label,seq\ndonor,1,ACG\nacceptor,0,ACG\n";
        assert_eq!(read_text("a.csv", text, &columns).unwrap().len(), 1);
        let none = read_text("a.csv", "kind,label,seq\nacceptor,0,ACG\n", &columns).unwrap_err();
        assert_eq!(none, "a.csv: holds no labelled sequences with kind = donor");
    }

    #[test]
    fn what_is_no_number_is_told_with_its_place() {
        let item =
            |label: &str| read_text("a.csv", &format!("seq,rl\nACG,{label}\n"), &Columns::default()).unwrap().remove(0);
        assert_eq!(item("1.5").number().unwrap(), 1.5);
        for wrong in ["NaN", "inf", "x"] {
            let said = item(wrong).number().unwrap_err().to_string();
            assert!(
                said.ends_with(&format!("a.csv:2: column `rl`: record `row 2`: `{wrong}`, expected a finite number")),
                "{said}"
            );
        }
    }

    #[test]
    fn there_is_a_label_for_each_base_or_none() {
        let item = |label: &str| {
            read_text("a.tsv", &format!("seq\tlabel\nACG\t{label}\n"), &Columns::default()).unwrap().remove(0)
        };
        assert_eq!(item("[0.5, null, -1]").numbers().unwrap(), [Some(0.5), None, Some(-1.0)]);
        assert_eq!(item("E-I").classes().unwrap(), [Some("E".into()), None, Some("I".into())]);
        let said = item("0.5,1").numbers().unwrap_err().to_string();
        assert!(said.contains("2 labels for a sequence of 3 bases"), "{said}");
        assert!(item("EI").classes().is_err());
    }

    #[test]
    fn a_column_that_is_named_must_be_there() {
        let columns = Columns { label: Some("mrl".into()), ..Columns::default() };
        let said = read_text("a.csv", "seq,rl\nACG,1\n", &columns).unwrap_err();
        assert_eq!(said, "a.csv:1: no column `mrl`\nhint: its columns are `seq`, `rl`");
    }
}
