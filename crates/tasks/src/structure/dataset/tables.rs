//! Structures in tables, a row each.

use std::path::Path;

use rinalmo_seq::Structure;

use super::Item;
use crate::table::{Error, Row, Table};

const ID: [&str; 2] = ["id", "name"];
const SEQUENCE: [&str; 2] = ["seq", "sequence"];
const BRACKETS: [&str; 4] = ["struct", "structure", "dot_bracket", "dotbracket"];
const PAIRS: [&str; 1] = ["base_pairs"];

/// Where a table says what.
struct Columns {
    id: usize,
    sequence: usize,
    pairs: Option<usize>,
    brackets: Option<usize>,
}

/// Reads a table.
pub(super) fn read(path: &Path) -> Result<Vec<Item>, Error> {
    let mut table = Table::open(path)?;
    let (pairs, brackets) = (table.find(&PAIRS), table.find(&BRACKETS));
    if pairs.is_none() && brackets.is_none() {
        table.column(&[&BRACKETS[..2], &PAIRS].concat())?; // says what is missing
    }
    let columns = Columns { id: table.column(&ID)?, sequence: table.column(&SEQUENCE)?, pairs, brackets };
    let name = table.name(columns.sequence).to_owned();
    let mut items = Vec::new();
    while let Some(row) = table.next_row()? {
        items.push(columns.item(&row, &name)?);
    }
    Ok(items)
}

impl Columns {
    fn item(&self, row: &Row, name: &str) -> Result<Item, Error> {
        let id = row.cell(self.id).to_owned();
        let sequence = row.sequence(self.sequence, name)?;
        let structure = match (self.pairs, self.brackets) {
            (Some(pairs), _) => listed(row.cell(pairs), sequence.len()).map_err(|what| (what, PAIRS[0])),
            (None, Some(brackets)) => bracketed(row.cell(brackets), sequence.len()).map_err(|what| (what, "structure")),
            (None, None) => Ok(Structure::unpaired(sequence.len())),
        };
        let structure = structure.map_err(|(what, column)| row.wrong(format!("record `{id}`, {column}: {what}")))?;
        Ok(Item { id, sequence, structure })
    }
}

fn bracketed(text: &str, len: usize) -> Result<Structure, String> {
    let structure = Structure::parse_dot_bracket(text).map_err(|error| error.to_string())?;
    match structure.len() == len {
        true => Ok(structure),
        false => Err(format!("{} characters for a sequence of {len} bases", structure.len())),
    }
}

/// `[[1, 9], [2, 8]]`, from 1.
fn listed(text: &str, len: usize) -> Result<Structure, String> {
    let pairs: Vec<[usize; 2]> = serde_json::from_str(text)
        .map_err(|error| format!("expected a list of pairs such as [[1, 9], [2, 8]], but {error}"))?;
    let from_zero = |position: usize| position.checked_sub(1).ok_or("a base number of 0, they count from 1");
    let pairs: Result<Vec<_>, _> = pairs.into_iter().map(|[i, j]| Ok((from_zero(i)?, from_zero(j)?))).collect();
    Structure::new(len, pairs.map_err(|what: &str| what.to_owned())?).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Item>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn lists_of_pairs_may_name_a_base_twice_and_go_before_brackets() {
        let text = "id,sequence,structure,base_pairs,len\nx_1,GAAAC,(...),\"[[1, 5], [2, 5]]\",5\n";
        let items = read_text(text).unwrap();
        assert_eq!(items[0].structure.pairs(), [(0, 4), (1, 4)]);
    }

    #[test]
    fn pseudoknots_in_brackets_are_read() {
        let items = read_text("name\tseq\tstruct\nx\tGAGAACACA\t(.[..).].\n").unwrap();
        assert_eq!(items[0].structure.pairs(), [(0, 5), (2, 7)]);
    }

    #[test]
    fn odd_rows_are_named() {
        let said = |text: &str| read_text(text).unwrap_err();
        let row = |structure: &str| said(&format!("name,seq,struct\nx,GAAAC,{structure}\n"));
        assert!(row("(..)").ends_with("a.csv:2: record `x`, structure: 4 characters for a sequence of 5 bases"));
        assert!(row("(...(").contains("a.csv:2: record `x`, structure: unbalanced bracket"));
        let pairs = |list: &str| said(&format!("id,seq,base_pairs\nx,GAAAC,\"{list}\"\n"));
        assert!(pairs("[[0, 5]]").ends_with("base_pairs: a base number of 0, they count from 1"));
        assert!(pairs("[[1, 6]]").contains("pair (1, 6) is outside a sequence of 5 bases"));
        assert!(pairs("1-5").contains("expected a list of pairs such as [[1, 9], [2, 8]], but "));
        assert!(said("name,seq\nx,GAAAC\n").contains("no column `struct`, `structure`, `base_pairs`"));
    }
}
