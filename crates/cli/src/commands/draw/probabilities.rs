//! `--probabilities`: the table of `fold --bpp FILE.tsv`, or a dot plot of `RNAfold -p`.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rinalmo::seq::labelled::structures::{Entry, is_named_postscript};
use rinalmo::seq::table::{Row, Table, columns};

use super::entries;
use crate::commands::numbers::{of_record, zero_based};

/// Probabilities of pairs, `i < j`, from 0.
type Pairs = Vec<(usize, usize, f64)>;

/// Probabilities of the pairs of several records.
pub struct Probabilities {
    file: String,
    records: HashMap<String, Pairs>,
}

impl Probabilities {
    /// Reads a table with the columns `id`, `i`, `j` and `p`, or a dot plot, if its name ends in `.ps`.
    pub fn open(path: &Path) -> Result<Self> {
        if is_named_postscript(path) {
            return Self::of_dot_plot(path);
        }
        let mut table = Table::open(path)?;
        let id = table.column(columns::ID)?;
        let [i, j] = [table.column(&["i"])?, table.column(&["j"])?];
        let p = table.column(&["p", "probability"])?;
        let mut records: HashMap<String, Pairs> = HashMap::new();
        while let Some(row) = table.next_row()? {
            let pairs = records.entry(row.cell(id).to_owned()).or_default();
            pairs.push(pair(&row, [i, j], p)?);
        }
        Ok(Self { file: path.display().to_string(), records })
    }

    /// The pairs of a dot plot.
    fn of_dot_plot(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        let entries = entries(path)?;
        if entries.iter().all(|entry| entry.probabilities.is_empty()) {
            bail!("{file}: has no probabilities of pairs\nhint: `RNAfold -p` writes them into its dot plot, `*_dp.ps`");
        }
        Ok(Self { file, records: entries.into_iter().map(|entry| (entry.id, entry.probabilities)).collect() })
    }

    /// Those of a record.
    pub fn of(&self, entry: &Entry, is_only: bool) -> Result<Pairs> {
        let pairs = of_record(&self.records, entry.names(), is_only);
        let pairs = pairs.with_context(|| format!("no probabilities of this record in {}", self.file))?;
        let len = entry.structure.len();
        if let Some((i, j, _)) = pairs.iter().find(|pair| pair.1 >= len) {
            bail!("{}: pair ({}, {}) is outside a sequence of {len} bases", self.file, i + 1, j + 1);
        }
        Ok(pairs.clone())
    }
}

fn pair(row: &Row, ends: [usize; 2], p: usize) -> Result<(usize, usize, f64)> {
    let at = |column: usize| {
        zero_based(row.cell(column))
            .ok_or_else(|| row.wrong(format!("expected a position from 1, found `{}`", row.cell(column))))
    };
    let (i, j) = (at(ends[0])?, at(ends[1])?);
    let probability = row.number(p)?;
    if i == j || !(0.0..=1.0).contains(&probability) {
        let cells = format!("pair ({}, {}) with {probability}", i + 1, j + 1);
        return Err(row.wrong(format!("expected two bases and a probability from 0 to 1, found {cells}")).into());
    }
    Ok((i.min(j), i.max(j), probability))
}
