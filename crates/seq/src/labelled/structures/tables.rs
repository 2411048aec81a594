//! Structures in tables, a row each.

use crate::Structure;
use crate::alphabet::is_gap;
use crate::structure::{different, without_gaps};

use super::entry::{Entry, parted, single_spaced};
use super::{Found, ReadOptions};
use crate::table::{Error, Row, Table, columns as names};

/// The whole name of a record, where its id is but the first word of that.
const HEADER: &[&str] = &["header"];

/// Where a table says what.
struct Columns {
    id: usize,
    header: Option<usize>,
    sequence: Option<usize>,
    sequences: bool,
    strands: bool,
    pairs: Option<usize>,
    brackets: Option<usize>,
    length: Option<usize>,
    family: Option<usize>,
    cluster: Option<usize>,
    weight: Option<usize>,
}

/// Adds the rows of a table to `found`.
///
/// # Errors
/// It lacks a column.
pub(super) fn read(mut table: Table, options: &ReadOptions, found: &mut Found) -> Result<(), Error> {
    let columns = Columns::of(&table, options)?;
    let file = table.file().clone();
    loop {
        let entry = match table.next_row() {
            Ok(None) => return Ok(()),
            Ok(Some(row)) => columns.entry(&row, &file),
            Err(error) => Err(error),
        };
        match entry {
            Ok(entry) => found.entries.push(entry),
            Err(error) if error.is_about_one_row() => found.wrong.push(error),
            Err(error) => return Err(error),
        }
    }
}

impl Columns {
    fn of(table: &Table, options: &ReadOptions) -> Result<Self, Error> {
        let (pairs, brackets) = (table.find(names::PAIRS), table.find(names::STRUCTURE));
        if pairs.is_none() && brackets.is_none() {
            table.column(&[&names::STRUCTURE[..2], &names::PAIRS[..1]].concat())?; // says what is missing
        }
        let sequence = match options.sequences {
            true => Some(table.column(names::SEQUENCE)?),
            false => table.find(names::SEQUENCE),
        };
        let [header, length, family, cluster, weight] =
            [HEADER, names::LENGTH, names::FAMILY, names::CLUSTER, names::WEIGHT].map(|names| table.find(names));
        let (id, sequences, strands) = (table.column(names::ID)?, options.sequences, options.strands);
        Ok(Self { id, header, sequence, sequences, strands, pairs, brackets, length, family, cluster, weight })
    }

    fn entry(&self, row: &Row, file: &str) -> Result<Entry, Error> {
        let cell = |column: Option<usize>| column.map(|column| row.cell(column)).filter(|cell| !cell.is_empty());
        let id = row.cell(self.id);
        let about = |what: String| row.wrong(format!("record `{id}`, {what}"));
        let sequence = self.sequence.filter(|column| self.sequences || !row.cell(*column).is_empty());
        let letters = |column: usize| {
            let (text, nick) = parted(row.cell(column), self.strands);
            Ok::<_, Error>((row.letters(column, &text)?, nick))
        };
        let (sequence, nick) = sequence.map(letters).transpose()?.unzip();
        let length = match (&sequence, cell(self.length)) {
            (Some(letters), _) => Some(letters.len()),
            (None, Some(text)) => Some(text.parse().map_err(|_| about(format!("length: `{text}` is no number")))?),
            (None, None) => None,
        };
        let (structure, length_known) = match (cell(self.pairs), cell(self.brackets)) {
            (Some(list), _) => {
                let structure = listed(list, length).map_err(|what| about(format!("base_pairs: {what}")))?;
                (structure.with_nick(nick.flatten()), length.is_some())
            }
            (None, Some(text)) => {
                let structure = bracketed(text, length, self.strands);
                let structure = structure.map_err(|what| about(format!("structure: {what}")))?;
                if let Some(nick) = nick.filter(|nick| *nick != structure.nick()) {
                    return Err(about(different(nick, structure.nick())));
                }
                (structure, true)
            }
            (None, None) => return Err(about("no structure: the cell is empty".into())),
        };
        let number = |cell: &str| {
            cell.parse().map_err(|_| row.wrong(format!("column `cluster`: expected a whole number, found `{cell}`")))
        };
        let share = |column: usize| match row.number(column) {
            Ok(weight) if weight >= 0.0 => Ok(weight),
            _ => {
                let found = row.cell(column);
                Err(row.wrong(format!("column `weight`: expected a number of at least 0, found `{found}`")))
            }
        };
        // Gaps of an alignment would count as bases.
        let (sequence, structure) = match sequence {
            Some(letters) if letters.iter().any(|letter| is_gap(*letter)) => {
                let (letters, structure) = without_gaps(&letters, &structure);
                (Some(letters), structure)
            }
            other => (other, structure),
        };
        Ok(Entry {
            id: id.to_owned(),
            header: single_spaced(cell(self.header).unwrap_or(id)),
            stem: None,
            sequence,
            structure,
            probabilities: Vec::new(),
            all_probable: false,
            length_known,
            family: cell(self.family).map(str::to_owned),
            cluster: cell(self.cluster).map(number).transpose()?,
            weight: self.weight.filter(|column| !row.cell(*column).is_empty()).map(share).transpose()?.unwrap_or(1.0),
            place: format!("{file}:{}: `{id}`", row.line()),
        })
    }
}

fn bracketed(text: &str, length: Option<usize>, strands: bool) -> Result<Structure, String> {
    // Energies after the brackets, as programs print them, are no part of the structure.
    let brackets = text.split_whitespace().next().unwrap_or_default();
    let parse = if strands { Structure::parse_strands } else { Structure::parse_dot_bracket };
    let structure = parse(brackets).map_err(|error| error.to_string())?;
    match length.filter(|length| *length != structure.len()) {
        None => Ok(structure),
        Some(length) => Err(format!("{} characters for a sequence of {length} bases", structure.len())),
    }
}

/// `[[1, 9], [2, 8]]` or `[(1, 9), (2, 8)]`, from 1; what follows two positions, such as a probability, is passed over.
fn listed(text: &str, length: Option<usize>) -> Result<Structure, String> {
    let list = text.replace('(', "[").replace(')', "]");
    let rows: Vec<Vec<f64>> = serde_json::from_str(&list).map_err(|error| {
        format!("expected a list of pairs such as [[1, 9], [2, 8]], found `{}` ({error})", short(text))
    })?;
    let position = |value: f64| match value >= 1.0 && value.fract() == 0.0 && value <= f64::from(u32::MAX) {
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

    fn table(text: &str, sequences: bool) -> Result<Found, String> {
        let table = Table::from_reader("a.csv", std::io::Cursor::new(text.to_owned())).unwrap();
        let mut found = Found::default();
        read(table, &ReadOptions { sequences, ..ReadOptions::default() }, &mut found)
            .map_err(|error| error.to_string())?;
        Ok(found)
    }

    fn entry(text: &str) -> Entry {
        let mut found = table(text, false).unwrap();
        assert!(found.wrong.is_empty(), "{:?}", found.wrong);
        found.entries.remove(0)
    }

    #[test]
    fn lists_of_pairs_may_name_a_base_twice_and_go_before_brackets() {
        let entry = entry("id,sequence,structure,base_pairs,family\nx y,GAAAC,(...),\"[[1, 5], (2, 5, 0.7)]\",f\n");
        assert_eq!(entry.structure.pairs(), [(0, 4), (1, 4)]);
        assert_eq!((entry.family.as_deref(), entry.length_known, &*entry.id), (Some("f"), true, "x y"));
        assert!(entry.place.ends_with("a.csv:2: `x y`"), "{}", entry.place);
    }

    #[test]
    fn pseudoknots_energies_and_python_s_tuples_are_read() {
        assert_eq!(entry("name\tseq\tstruct\nx\tGAGAACACA\t(.[..).].\n").structure.pairs(), [(0, 5), (2, 7)]);
        assert_eq!(entry("name,struct\nx,((...)) (-3.2)\n").structure.len(), 7);
        assert_eq!(entry("id,sequence,pairs\nx,GAAAC,\"[(1, 5)]\"\n").structure.pairs(), [(0, 4)]);
    }

    #[test]
    fn headers_families_clusters_and_weights_are_read_where_they_are_given() {
        let text = "seq_id\tseq\tstruct_projected\tfamily\tcluster\tweight\theader\nx\tGAAAC\t(...)\ttRNA\t7\t0.5\tx  of 2\n\
                    y\tGAAAC\t.....\t\t\t\t\n";
        let found = table(text, true).unwrap().entries;
        let told: Vec<_> = found.into_iter().map(|e| (e.id, e.header, e.family, e.cluster, e.weight)).collect();
        assert_eq!(told[0], ("x".into(), "x of 2".into(), Some("tRNA".into()), Some(7), 0.5));
        assert_eq!(told[1], ("y".into(), "y".into(), None, None, 1.0));
    }

    #[test]
    fn sequences_are_needed_where_that_is_asked() {
        let text = "name,base_pairs\nx,\"[[1, 7]]\"\n";
        let entry = entry(text);
        assert_eq!((entry.structure.len(), entry.length_known), (7, false));
        assert!(table(text, true).unwrap_err().contains("no column `sequence`, `seq`, "));
        assert!(
            table("name,seq\nx,GAAAC\n", true).unwrap_err().contains("no column `structure`, `struct`, `base_pairs`")
        );
    }

    #[test]
    fn odd_rows_are_named_and_the_others_read() {
        let said = |text: &str| {
            let found = table(
                &format!("{text}z,GAC,(.){}\n", ",1".repeat(text.lines().next().unwrap().matches(',').count() - 2)),
                false,
            );
            let found = found.unwrap();
            assert_eq!((found.entries.len(), found.wrong.len()), (1, 1), "{:?}", found.wrong);
            found.wrong[0].to_string()
        };
        let row = |structure: &str| said(&format!("name,seq,struct\nx,GAAAC,{structure}\n"));
        assert!(row("(..)").ends_with("a.csv:2: record `x`, structure: 4 characters for a sequence of 5 bases"));
        assert!(row("(...(").contains("a.csv:2: record `x`, structure: unbalanced bracket"));
        assert!(row("").ends_with("a.csv:2: record `x`, no structure: the cell is empty"));
        assert!(said("id,seq,structure\nx,GAAAC\n").ends_with("a.csv:2: 2 columns, expected 3 as in the header"));
        assert!(
            said("id,seq,structure\nx,GA@AC,.....\n")
                .ends_with("a.csv:2: column `seq`, letter 3: `@` is not an RNA base")
        );
        let weight = |cell: &str| said(&format!("id,seq,structure,weight\nx,GAAAC,(...),{cell}\n"));
        assert!(weight("-1").ends_with("a.csv:2: column `weight`: expected a number of at least 0, found `-1`"));
    }

    #[test]
    fn odd_lists_are_named() {
        let pairs = |list: &str| {
            let found = table(&format!("id,seq,base_pairs\nx,GAAAC,\"{list}\"\n"), false).unwrap();
            found.wrong[0].to_string()
        };
        assert!(pairs("[[0, 5]]").ends_with("base_pairs: a base number of 0, expected whole numbers from 1"));
        assert!(pairs("[[1, 1e30]]").ends_with(", expected whole numbers from 1"));
        assert!(pairs("[[1, 6]]").contains("pair (1, 6) is outside a sequence of 5 bases"));
        assert!(pairs("[[2, 2]]").contains("base 2 is paired with itself"));
        assert!(pairs("[[2]]").contains("a pair of fewer than two bases"));
        assert!(pairs("1-5").contains("expected a list of pairs such as [[1, 9], [2, 8]], found `1-5`"));
    }
}
