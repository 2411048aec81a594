//! Columns in from CSV or TSV.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};

/// Is this path a table by its name (`.csv` or `.tsv`, compressed or not)?
pub fn is_table(path: &Path) -> bool {
    delimiter(path).is_some()
}

fn delimiter(path: &Path) -> Option<u8> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = [".gz", ".zst", ".xz", ".bz2"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    if name.ends_with(".csv") {
        Some(b',')
    } else {
        (name.ends_with(".tsv") || name.ends_with(".tab")).then_some(b'\t')
    }
}

/// Reads columns of a table, each found by the first of its names that the header has (in any
/// case), and calls `row` with the line and the values. The first column must be there; another
/// that is not gives `None`.
///
/// # Errors
/// Names file, line, the columns that were expected and those that were found.
pub fn read_columns<const N: usize>(
    path: &Path,
    names: [&[&str]; N],
    mut row: impl FnMut(u64, [Option<&str>; N]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let file = path.display();
    let delimiter = delimiter(path).unwrap_or(b'\t');
    let stream = rinalmo::seq::input::open(path)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(stream);
    let header = reader.headers().with_context(|| format!("{file}:1"))?.clone();
    let column =
        |name: &&str| header.iter().position(|found| found.trim_matches(['\u{feff}', ' ']).eq_ignore_ascii_case(name));
    let columns = names.map(|names| names.iter().find_map(column));
    if N > 0 && columns[0].is_none() {
        let found: Vec<&str> = header.iter().collect();
        let found = if found.is_empty() { "an empty file".to_owned() } else { found.join(", ") };
        bail!("{file}:1: no column `{}`, found: {found}", names[0].join("` or `"));
    }
    for record in reader.records() {
        let record = record.map_err(|error| match error.kind() {
            csv::ErrorKind::UnequalLengths { pos: Some(pos), expected_len, len } => {
                anyhow!("{file}:{}: {len} columns, expected {expected_len} as in the header", pos.line())
            }
            _ => anyhow!(error).context(file.to_string()),
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        row(line, columns.map(|column| column.and_then(|i| record.get(i)).map(str::trim)))?;
    }
    Ok(())
}
