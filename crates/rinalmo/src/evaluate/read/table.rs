//! Structures in tables: `id`, and `base_pairs` or `structure`; `sequence`, `len` and `family` where they are.

use std::path::Path;

use rinalmo_seq::Structure;
use rinalmo_tasks::table::{Row, Table};

use super::{Entries, Entry};
use crate::Error;
use crate::evaluate::problem::{Kind, Problem};

const ID: [&str; 3] = ["id", "name", "seq_id"];
const PAIRS: [&str; 2] = ["base_pairs", "pairs"];
const BRACKETS: [&str; 5] = ["structure", "struct", "dot_bracket", "dotbracket", "secondary_structure"];
const SEQUENCE: [&str; 2] = ["sequence", "seq"];
const LENGTH: [&str; 2] = ["len", "length"];
const FAMILY: [&str; 1] = ["family"];

struct Columns {
    id: usize,
    pairs: Option<usize>,
    brackets: Option<usize>,
    sequence: Option<usize>,
    length: Option<usize>,
    family: Option<usize>,
}

/// Reads a table.
pub(super) fn read(path: &Path, found: &mut Entries) -> Result<(), Error> {
    let mut table = Table::open(path)?;
    let columns = Columns::of(&table)?;
    loop {
        let file = table.file().clone();
        let entry = match table.next_row() {
            Ok(None) => return Ok(()),
            Ok(Some(row)) => columns.entry(&row, &file).map_err(|message| row.wrong(message)),
            Err(error) => Err(error),
        };
        match entry {
            Ok(entry) => found.entries.push(entry),
            Err(error) => found.problems.push(Problem::new(Kind::Unreadable, error.to_string())),
        }
    }
}

impl Columns {
    fn of(table: &Table) -> Result<Self, Error> {
        let (pairs, brackets) = (table.find(&PAIRS), table.find(&BRACKETS));
        if pairs.is_none() && brackets.is_none() {
            table.column(&[PAIRS[0], BRACKETS[0], BRACKETS[1]])?; // says what is missing
        }
        let [sequence, length, family] = [table.find(&SEQUENCE), table.find(&LENGTH), table.find(&FAMILY)];
        Ok(Self { id: table.column(&ID)?, pairs, brackets, sequence, length, family })
    }

    fn entry(&self, row: &Row, file: &str) -> Result<Entry, String> {
        let cell = |column: Option<usize>| column.map(|column| row.cell(column)).filter(|cell| !cell.is_empty());
        let id = row.cell(self.id).to_owned();
        let about = |message: String| format!("record `{id}`: {message}");
        let sequence = cell(self.sequence).map(|letters| letters.as_bytes().to_vec());
        let length = match (&sequence, cell(self.length)) {
            (Some(letters), _) => Some(letters.len()),
            (None, Some(text)) => Some(text.parse().map_err(|_| about(format!("length `{text}` is no number")))?),
            (None, None) => None,
        };
        let (structure, length_told) = match (cell(self.pairs), cell(self.brackets)) {
            (Some(list), _) => (listed(list, length).map_err(about)?, length.is_some()),
            (None, Some(text)) => (bracketed(text, length).map_err(about)?, true),
            (None, None) => return Err(about("no structure".into())),
        };
        let (family, place) = (cell(self.family).map(str::to_owned), format!("{file}:{}: `{id}`", row.line()));
        Ok(Entry { id, sequence, structure, length_told, family, place })
    }
}

fn bracketed(text: &str, length: Option<usize>) -> Result<Structure, String> {
    // Energies behind the brackets, as programs print them, are no part of the structure.
    let brackets = text.split_whitespace().next().unwrap_or_default();
    let structure = Structure::parse_dot_bracket(brackets).map_err(|error| error.to_string())?;
    match length.filter(|length| *length != structure.len()) {
        None => Ok(structure),
        Some(length) => Err(format!("{length} bases but {} positions in the structure", structure.len())),
    }
}

/// `[[1, 9], [2, 8]]` or `[(1, 9), (2, 8)]`, from 1; what follows two positions, such as a probability, is passed over.
fn listed(text: &str, length: Option<usize>) -> Result<Structure, String> {
    let list = text.replace('(', "[").replace(')', "]");
    let rows: Vec<Vec<f64>> = serde_json::from_str(&list).map_err(|error| {
        format!("expected a list of pairs such as [[1, 9], [2, 8]], found `{}` ({error})", short(text))
    })?;
    let position = |value: f64| match value >= 1.0 && value.fract() == 0.0 {
        true => Ok(value as usize - 1),
        false => Err(format!("a base number of {value}, expected whole numbers from 1")),
    };
    let pair = |row: Vec<f64>| match row[..] {
        [i, j, ..] => Ok((position(i)?, position(j)?)),
        _ => Err("a pair of fewer than two bases".to_owned()),
    };
    let pairs: Vec<(usize, usize)> = rows.into_iter().map(pair).collect::<Result<_, _>>()?;
    let last = pairs.iter().map(|&(i, j)| i.max(j) + 1).max().unwrap_or(0);
    Structure::new(length.unwrap_or(last), pairs).map_err(|error| error.to_string())
}

fn short(text: &str) -> String {
    let start: String = text.chars().take(20).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Entries, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        let mut found = Entries::default();
        read(&path, &mut found).map_err(|error| error.to_string())?;
        Ok(found)
    }

    #[test]
    fn a_list_of_pairs_may_name_a_base_twice_and_goes_before_brackets() {
        let found =
            table("id,sequence,structure,base_pairs,family\nx,GAAAC,(...),\"[[1, 5], (2, 5, 0.7)]\",f\n").unwrap();
        let entry = &found.entries[0];
        assert_eq!(entry.structure.pairs(), [(0, 4), (1, 4)]);
        assert_eq!((entry.family.as_deref(), entry.length_told), (Some("f"), true));
        assert!(entry.place.ends_with("a.csv:2: `x`"), "{}", entry.place);
    }

    #[test]
    fn sequences_are_not_needed() {
        let found = table("name,struct\nx,((...)) (-3.2)\n").unwrap();
        assert_eq!(found.entries[0].structure.len(), 7);
        let listed = table("name,base_pairs\nx,\"[[1, 7]]\"\n").unwrap();
        assert_eq!((listed.entries[0].structure.len(), listed.entries[0].length_told), (7, false));
    }

    #[test]
    fn odd_rows_are_told_and_the_others_read() {
        let found =
            table("id,seq,base_pairs\na,GAC,\"[[0, 3]]\"\nb,GAC,1-3\nc,GAC,\"[[1, 4]]\"\nd,GAC\ne,GAC,[]\n").unwrap();
        assert_eq!(found.entries.len(), 1);
        let told: Vec<&str> = found.problems.iter().map(|p| p.text.split_once("a.csv:").unwrap().1).collect();
        assert_eq!(told[0], "2: record `a`: a base number of 0, expected whole numbers from 1");
        assert!(told[1].starts_with("3: record `b`: expected a list of pairs such as [[1, 9], [2, 8]], found `1-3`"));
        assert_eq!(told[2], "4: record `c`: pair (1, 4) is outside a sequence of 3 bases");
        assert_eq!(told[3], "5: 2 columns, expected 3 as in the header");
    }

    #[test]
    fn a_missing_column_is_named() {
        let said = table("id,seq\na,GAC\n").unwrap_err();
        assert!(
            said.ends_with("a.csv:1: no column `base_pairs`, `structure`, `struct`\nhint: its columns are `id`, `seq`"),
            "{said}"
        );
    }
}
