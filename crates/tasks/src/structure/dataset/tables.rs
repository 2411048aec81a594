//! Structures in tables, a row each.

use std::path::Path;

use rinalmo_seq::Structure;

use super::Item;
use crate::table::{Error, Row, Table};

const ID: [&str; 3] = ["id", "name", "seq_id"];
const SEQUENCE: [&str; 2] = ["seq", "sequence"];
const BRACKETS: [&str; 5] = ["struct", "structure", "dot_bracket", "dotbracket", "struct_projected"];
const PAIRS: [&str; 1] = ["base_pairs"];
/// The first that is there; a collection's own name of a family is easier to read than its number.
const FAMILY: [&str; 2] = ["family_id", "family"];
const CLUSTER: [&str; 1] = ["cluster"];
const WEIGHT: [&str; 1] = ["weight"];

/// Where a table says what.
struct Columns {
    id: usize,
    sequence: usize,
    pairs: Option<usize>,
    brackets: Option<usize>,
    family: Option<usize>,
    cluster: Option<usize>,
    weight: Option<usize>,
}

/// Reads a table; `wrong` decides whether reading goes on behind a row that is.
pub(super) fn read(path: &Path, mut wrong: impl FnMut(Error) -> Result<(), Error>) -> Result<Vec<Item>, Error> {
    let mut table = Table::open(path)?;
    let (pairs, brackets) = (table.find(&PAIRS), table.find(&BRACKETS));
    if pairs.is_none() && brackets.is_none() {
        table.column(&[&BRACKETS[..2], &PAIRS].concat())?; // says what is missing
    }
    let [family, cluster, weight] = [&FAMILY[..], &CLUSTER, &WEIGHT].map(|names| table.find(names));
    let (id, sequence) = (table.column(&ID)?, table.column(&SEQUENCE)?);
    let columns = Columns { id, sequence, pairs, brackets, family, cluster, weight };
    let mut items = Vec::new();
    while let Some(row) = table.next_row()? {
        match columns.item(&row) {
            Ok(item) => items.push(item),
            Err(error) => wrong(error)?,
        }
    }
    Ok(items)
}

impl Columns {
    fn item(&self, row: &Row) -> Result<Item, Error> {
        let id = row.cell(self.id).to_owned();
        let sequence = row.sequence(self.sequence)?;
        let structure = match (self.pairs, self.brackets) {
            (Some(pairs), _) => listed(row.cell(pairs), sequence.len()).map_err(|what| (what, PAIRS[0])),
            (None, Some(brackets)) => bracketed(row.cell(brackets), sequence.len()).map_err(|what| (what, "structure")),
            (None, None) => Ok(Structure::unpaired(sequence.len())),
        };
        let structure = structure.map_err(|(what, column)| row.wrong(format!("record `{id}`, {column}: {what}")))?;
        let told = |column: Option<usize>| column.map(|column| row.cell(column)).filter(|cell| !cell.is_empty());
        let number = |cell: &str| {
            cell.parse().map_err(|_| row.wrong(format!("column `cluster`: expected a whole number, found `{cell}`")))
        };
        let share = |cell: &str| match cell.parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => Err(row.wrong(format!("column `weight`: expected a number of at least 0, found `{cell}`"))),
        };
        Ok(Item {
            family: told(self.family).map(str::to_owned),
            cluster: told(self.cluster).map(number).transpose()?,
            weight: told(self.weight).map(share).transpose()?.unwrap_or(1.0),
            ..Item::new(id, sequence, structure)
        })
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
        read(&path, Err).map_err(|error| error.to_string())
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
    fn families_clusters_and_weights_are_read_where_they_are_told() {
        let text = "seq_id\tseq\tstruct_projected\tfamily\tcluster\tweight\nx\tGAAAC\t(...)\ttRNA\t7\t0.5\n\
                    y\tGAAAC\t.....\t\t\t\n";
        let told: Vec<_> =
            read_text(text).unwrap().into_iter().map(|i| (i.id, i.family, i.cluster, i.weight)).collect();
        assert_eq!(told[0], ("x".into(), Some("tRNA".into()), Some(7), 0.5));
        assert_eq!(told[1], ("y".into(), None, None, 1.0));
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
        let weight = |cell: &str| said(&format!("id,seq,structure,weight\nx,GAAAC,(...),{cell}\n"));
        assert!(weight("-1").ends_with("a.csv:2: column `weight`: expected a number of at least 0, found `-1`"));
        assert!(said("name,seq\nx,GAAAC\n").contains("no column `struct`, `structure`, `base_pairs`"));
    }
}
