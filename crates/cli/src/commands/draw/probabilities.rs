//! `--probabilities`: the table of `fold --bpp FILE.tsv`, or a dot plot of `RNAfold -p`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rinalmo::seq::labelled::structures::is_named_postscript;
use rinalmo::seq::table::{Row, Table, columns};

use super::entries;
use super::records::Record;
use crate::commands::numbers::letters::difference;
use crate::commands::numbers::{Used, zero_based};
use crate::io::many;

/// The probabilities of a base may add up to this; numbers are rounded.
const MOST: f64 = 1.01;

/// Probabilities of pairs, `i < j`, from 0.
type Pairs = Vec<(usize, usize, f64)>;

/// The probabilities of a record.
#[derive(Default)]
struct Known {
    pairs: Pairs,
    /// The sequence that they are of, where the file has it.
    sequence: Option<Vec<u8>>,
}

/// Probabilities of the pairs of several records.
pub struct Probabilities {
    file: String,
    records: HashMap<String, Known>,
    used: Used,
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
        let mut records: HashMap<String, Known> = HashMap::new();
        let mut seen: HashMap<String, HashSet<(usize, usize)>> = HashMap::new();
        while let Some(row) = table.next_row()? {
            let (name, pair) = (row.cell(id), pair(&row, [i, j], p)?);
            if !seen.entry(name.to_owned()).or_default().insert((pair.0, pair.1)) {
                let (i, j) = (pair.0 + 1, pair.1 + 1);
                return Err(row.wrong(format!("pair ({i}, {j}) of `{name}` is given twice")).into());
            }
            records.entry(name.to_owned()).or_default().pairs.push(pair);
        }
        Ok(Self { file: path.display().to_string(), records, used: Used::default() })
    }

    /// The pairs of a dot plot.
    fn of_dot_plot(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        let entries = entries(path)?;
        if entries.iter().all(|entry| entry.probabilities.is_empty()) {
            bail!("{file}: has no probabilities of pairs\nhint: `RNAfold -p` writes them into its dot plot, `*_dp.ps`");
        }
        let known = entries.into_iter().map(|entry| {
            let known = Known { pairs: entry.probabilities, sequence: entry.sequence };
            (entry.id, known)
        });
        Ok(Self { file, records: known.collect(), used: Used::default() })
    }

    /// Says which bases have probabilities of more than 1 together, if there are any.
    pub fn excess(&self) -> Option<String> {
        let names: BTreeMap<&str, &Known> = self.records.iter().map(|(name, known)| (name.as_str(), known)).collect();
        let mut all = names.into_iter().flat_map(|(name, known)| {
            let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
            known
                .pairs
                .iter()
                .for_each(|&(i, j, p)| [i, j].into_iter().for_each(|at| *sums.entry(at).or_default() += p));
            sums.into_iter().filter(|(_, sum)| *sum > MOST).map(move |(at, sum)| (name, at, sum))
        });
        let (name, at, sum) = all.next()?;
        let more = match all.count() {
            0 => String::new(),
            more => format!(", and those of {}", many(more, "other base")),
        };
        let (file, base) = (&self.file, at + 1);
        Some(format!("{file}: the probabilities of base {base} of `{name}` add up to {sum:.2}{more}; counted as 1"))
    }

    /// Those of a record.
    pub fn of(&mut self, record: &Record<'_>) -> Result<Pairs> {
        let Self { file, records, used } = self;
        let known = record.find(records);
        let (name, known) = known.with_context(|| format!("no probabilities of this record in {file}"))?;
        let len = record.entry.structure.len();
        if let Some((i, j, _)) = known.pairs.iter().find(|pair| pair.1 >= len) {
            bail!("{file}: pair ({}, {}) is outside a sequence of {len} bases", i + 1, j + 1);
        }
        if let Some(sequence) = &record.entry.sequence {
            let differs = known.sequence.as_deref().and_then(|other| difference(other, sequence));
            if let Some(differs) = differs {
                bail!("{file} is for another sequence: {differs}");
            }
            used.check(file, name, sequence)?;
        }
        Ok(known.pairs.clone())
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
