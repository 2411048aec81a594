//! Sequences with a label each: a number, a class, or one of either for every base.
//!
//! They come in tables, CSV or TSV, or in FASTA, whose label is the second word of a header. What a label means is the
//! task's matter; here it is text with the place it stands in, so that a complaint can name it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use crate::{InputOptions, Sequences, input};

use crate::table::{Comma, Error, Row, Table, columns};

/// A sequence and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name, or `row 7`.
    pub id: String,
    /// Its letters as they were written.
    pub sequence: Vec<u8>,
    /// Its label as it was written.
    pub label: String,
    /// What a comma in it means, where it is a number.
    pub comma: Comma,
    /// What its table says that it is in one cluster with: a number or a name. FASTA says nothing.
    pub cluster: Option<String>,
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

impl Item {
    /// Its label as a number.
    ///
    /// # Errors
    /// It is none, or not a finite one.
    pub fn number(&self) -> Result<f64, Error> {
        self.comma.number(&self.label).map_err(|message| self.wrong(message))
    }

    /// Its label as a number for each base; `None` where there is none (`NaN`, `null`, `NA` or nothing).
    ///
    /// Numbers are separated by semicolons, white space or commas: by the first of these that gives as many numbers as there
    /// are bases. So `0,5 1,5` is two numbers for two bases.
    ///
    /// # Errors
    /// There are not as many as bases, or one is no number.
    pub fn numbers(&self) -> Result<Vec<Option<f64>>, Error> {
        let inner = self.label.trim().trim_start_matches('[').trim_end_matches(']');
        let lists: [Vec<&str>; 3] =
            [inner.split(';').collect(), inner.split_whitespace().collect(), inner.split(',').collect()];
        let read = |list: &Vec<&str>| list.iter().map(|word| number_or_none(word)).collect::<Result<Vec<_>, _>>();
        let fitting: Vec<_> = lists.iter().filter(|list| list.len() == self.sequence.len()).map(read).collect();
        if let Some(numbers) = fitting.iter().flatten().next() {
            return Ok(numbers.clone());
        }
        match fitting.into_iter().next().and_then(Result::err) {
            Some(word) => Err(self.wrong(format!("`{word}`, expected a number or NaN for each base"))),
            None => self.as_many(lists.iter().map(Vec::len).max().unwrap_or(0)).map(|()| Vec::new()),
        }
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

/// A number, `None` for what stands where there is none, or the word that is neither.
fn number_or_none(word: &str) -> Result<Option<f64>, String> {
    let word = word.trim().trim_end_matches(',');
    match word.to_ascii_lowercase().as_str() {
        "" | "nan" | "null" | "na" | "none" => Ok(None),
        _ => Comma::Decimal.number(word).map(Some).map_err(|_| word.to_owned()),
    }
}

/// Words for yes and no, in lower case; numbers are compared as numbers.
const YES_NO: [(&str, bool); 16] = [
    ("1", true),
    ("0", false),
    ("true", true),
    ("false", false),
    ("t", true),
    ("f", false),
    ("yes", true),
    ("no", false),
    ("y", true),
    ("n", false),
    ("+", true),
    ("-", false),
    ("positive", true),
    ("negative", false),
    ("pos", true),
    ("neg", false),
];

/// Whether a label says yes or no: `1` and `1.0`, `true`, `yes`, `+`, `positive`, in any case, and their opposites.
pub fn yes_no(label: &str) -> Option<bool> {
    let label = label.trim().to_lowercase();
    let word = YES_NO.iter().find(|(word, _)| *word == label).map(|&(_, yes)| yes);
    word.or_else(|| match Comma::Decimal.number(&label) {
        Ok(1.0) => Some(true),
        Ok(0.0) => Some(false),
        _ => None,
    })
}

/// Whether two labels mean the same: the same text, number, or word for yes or no. pandas writes a column of 1 and 0 as
/// 1.0 and 0.0 where one is missing.
pub fn same(one: &str, other: &str) -> bool {
    let number = |label: &str| Comma::Decimal.number(label).ok();
    one == other
        || number(one).is_some_and(|one| number(other) == Some(one))
        || yes_no(one).is_some_and(|one| yes_no(other) == Some(one))
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
    let start = stream.fill_buf().map_err(crate::Error::from)?;
    Ok(start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'>'))
}

fn read_fasta(path: &Path) -> Result<Vec<Item>, Error> {
    let (file, column) = (input::name_of(path), Arc::from("second word of the header"));
    let mut items = Vec::new();
    for (number, record) in Sequences::open(&[path], InputOptions::STRICT).enumerate() {
        let record = record?;
        let place = Place { file: file.clone(), line: number as u64 + 1, column: Arc::clone(&column) };
        let label = record.header.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let item =
            Item { id: record.id, sequence: record.sequence, label, comma: Comma::Doubtful, cluster: None, place };
        if item.label.is_empty() {
            return Err(item.wrong("no label, expected `>name label`"));
        }
        items.push(item);
    }
    Ok(items)
}

fn read_table(path: &Path, told: &Columns) -> Result<Vec<Item>, Error> {
    let mut table = Table::open(path)?;
    let find = |name: &Option<String>, known: &[&str]| match name {
        Some(name) => table.column(&[name]),
        None => table.column(known),
    };
    let (sequence, label) = (find(&told.sequence, columns::SEQUENCE)?, find(&told.label, columns::LABEL)?);
    let only: Result<Vec<_>, Error> =
        told.only.iter().map(|(name, value)| Ok((table.column(&[name])?, value))).collect();
    let (only, id, column) = (only?, table.find(columns::ID), Arc::<str>::from(table.name(label)));
    let cluster = cluster_column(&table, label);
    let mut items = Vec::new();
    while let Some(row) = table.next_row()? {
        if only.iter().any(|(column, value)| row.cell(*column) != value.as_str()) {
            continue;
        }
        let place = Place { file: table.file().clone(), line: row.line(), column: Arc::clone(&column) };
        let id = id.map(|id| row.cell(id)).filter(|id| !id.is_empty());
        let id = id.map_or_else(|| format!("row {}", row.line()), str::to_owned);
        let (sequence, label) = (row.sequence(sequence)?, row.cell(label).to_owned());
        let cluster = cluster.and_then(|cluster| cluster_of(&row, cluster));
        let item = Item { id, sequence, label, comma: table.comma(), cluster, place };
        if item.label.is_empty() {
            return Err(item.wrong("is empty, expected a label"));
        }
        items.push(item);
    }
    Ok(items)
}

/// The column of a table of labels that says what is in one cluster; one of labels is none.
pub fn cluster_column(table: &Table, label: usize) -> Option<usize> {
    table.find(columns::CLUSTER).filter(|&cluster| cluster != label)
}

/// The cluster that a row names, a number or a name; none where the cell is empty.
pub fn cluster_of(row: &Row, column: usize) -> Option<String> {
    Some(row.cell(column).trim()).filter(|cell| !cell.is_empty()).map(str::to_owned)
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
    fn clusters_are_read_where_a_column_names_them() {
        let clusters = |name: &str, text: &str, columns: &Columns| -> Vec<Option<String>> {
            read_text(name, text, columns).unwrap().into_iter().map(|item| item.cluster).collect()
        };
        let (some, plain) = (|text: &str| Some(text.to_owned()), Columns::default());
        let text = "seq,label,Cluster ID\nACG,1,7\nACG,0,tRNA-1\nACG,1,\n";
        assert_eq!(clusters("a.csv", text, &plain), [some("7"), some("tRNA-1"), None]);
        assert_eq!(clusters("a.csv", "seq,label\nACG,1\n", &plain), [None]);
        assert_eq!(clusters("a.fa", ">x tRNA 7\nACG\n", &plain), [None]);
        let label = Columns { label: some("cluster"), ..Columns::default() };
        assert_eq!(clusters("a.csv", "seq,cluster\nACG,1\n", &label), [None], "it is the label");
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
    fn lists_of_numbers_may_have_decimal_commas() {
        let text = |label: &str| format!("seq;label\nACG;\"{label}\"\n");
        for label in ["0,5 1,5 -2", "0,5;1,5;-2", "0.5, 1.5, -2", "[0.5 1.5 -2]"] {
            let item = read_text("a.csv", &text(label), &Columns::default()).unwrap().remove(0);
            assert_eq!(item.numbers().unwrap(), [Some(0.5), Some(1.5), Some(-2.0)], "{label}");
        }
    }

    #[test]
    fn yes_and_no_have_many_spellings() {
        for (yes, no) in
            [("1", "0"), ("1.0", "0.0"), ("1,0", "-0"), ("True", "FALSE"), ("y", "N"), ("+", "-"), ("pos", "Negative")]
        {
            assert_eq!([yes, no].map(yes_no), [Some(true), Some(false)]);
            assert!(same(yes, "1") && same(no, "no") && !same(yes, no));
        }
        assert_eq!(["2", "donor", "", "0.5"].map(yes_no), [None; 4]);
        assert!(same("2", "2.0") && same("donor", "donor") && !same("donor", "Donor") && !same("2", "1"));
    }

    #[test]
    fn a_column_that_is_named_must_be_there() {
        let columns = Columns { label: Some("mrl".into()), ..Columns::default() };
        let said = read_text("a.csv", "seq,rl\nACG,1\n", &columns).unwrap_err();
        assert_eq!(said, "a.csv:1: no column `mrl`\nhint: its columns are `seq`, `rl`");
    }
}
