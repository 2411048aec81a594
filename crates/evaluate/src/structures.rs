//! Prepares collections of known structures for training: joins several files in one table, leaves out sequences of
//! evaluation sets and implausible structures, and clusters similar sequences.
//!
//! ```
//! use rinalmo_evaluate::structures::{CollectOptions, Source, collect};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("known.tsv");
//! let row = |name: &str, end: &str| format!("{name}\tGGGCGAAAGCUUCGAAGCAAAACGCCC{end}\t(((((...(((....)))....))))).\n");
//! std::fs::write(&path, format!("id\tseq\tstruct\n{}{}", row("a", "A"), row("b", "G")))?;
//!
//! let source = Source { path, weight: 1.0 };
//! let collection = collect(&[source], &CollectOptions::default())?;
//! let clusters: Vec<_> = collection.rows.iter().map(|row| row.item.cluster).collect();
//! assert_eq!(clusters, [Some(0), Some(0)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use rinalmo_corpus::build::{Exclude, Excluded};
use rinalmo_corpus::cluster::{Builtin, Engine, Options as Alike};
use rinalmo_seq::alphabet::bases;
use rinalmo_seq::base_pair::is_canonical;
use rinalmo_seq::labelled::structures::{self as dataset, Item};
use rinalmo_seq::words::nearest;

pub use rinalmo_seq::labelled::structures::NAMES_LIST;

use crate::Error;

/// Only the first structure of each sequence is used.
const KNOWN: dataset::ReadOptions = dataset::ReadOptions { all_structures: false, sequences: true, strands: false };

/// A file of structures.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Anything [`dataset::read`] takes.
    pub path: PathBuf,
    /// The weight of each of its structures in training.
    pub weight: f64,
}

/// Which structures are kept, and how they are clustered.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectOptions {
    /// Fewest bases.
    pub min_len: usize,
    /// Most bases; no limit by default.
    pub max_len: Option<usize>,
    /// Fewest base pairs.
    pub min_pairs: usize,
    /// Least share of AU, GC and GU among the pairs.
    pub canonical: f64,
    /// Largest share of letters other than A, C, G, U and T.
    pub unknown: f64,
    /// Families that are left out: whole names, or prefixes followed by `*`; case is ignored.
    pub without: Vec<String>,
    /// Leave out structures without a family. Together with [`CollectOptions::without`], this makes sure that no member of a
    /// family is missed.
    pub known_families: bool,
    /// Evaluation sets (files of sequences or structures), and which sequences are too similar to them.
    pub exclude: Exclude,
    /// What counts as one cluster.
    pub alike: Alike,
}

impl Default for CollectOptions {
    /// 80 % identity over 80 %, of the evaluation sequence and of both; at most one pair in five that is not canonical.
    fn default() -> Self {
        Self {
            min_len: 10,
            max_len: None,
            min_pairs: 3,
            canonical: 0.8,
            unknown: 0.05,
            without: Vec::new(),
            known_families: false,
            exclude: Exclude::default(),
            alike: Alike { identity: 0.8, ..Alike::default() },
        }
    }
}

/// Structures chosen for training.
#[derive(Debug)]
pub struct Collection {
    /// Each of them.
    pub rows: Vec<Row>,
    /// Counts of each source.
    pub sources: Vec<Counts>,
    /// How many clusters there are.
    pub clusters: usize,
    /// What each evaluation set excluded.
    pub excluded: Excluded,
    /// Records that could not be read, with file and line.
    pub wrong: Vec<Error>,
    /// Notes on ignored parts of a source, such as suboptimal structures.
    pub notes: Vec<String>,
    /// Families of [`CollectOptions::without`] that no structure is of.
    pub not_found: Vec<NotFound>,
}

/// A family that no structure is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound {
    /// The name that was given.
    pub name: String,
    /// The family whose name is nearest, if one is near.
    pub nearest: Option<String>,
}

/// One structure.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The item as read. Its weight is multiplied by the source's, and its cluster is that of this collection.
    pub item: Item,
    /// Which source it came from.
    pub source: usize,
}

/// Counts of a source's structures. One that is left out for several reasons is counted at the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read.
    pub read: usize,
    /// Not a structure: invalid letters, or brackets without partners.
    pub unreadable: usize,
    /// Too short or too long.
    pub length: usize,
    /// Of a family that is left out, or without a family.
    pub family: usize,
    /// Too few pairs, too many that are not canonical, too many unknown letters.
    pub quality: usize,
    /// The same sequence as an earlier one.
    pub repeated: usize,
    /// Similar to a sequence of an evaluation set.
    pub excluded: usize,
    /// Kept.
    pub kept: usize,
}

/// Reads sources in order and leaves out sequences that are similar to an evaluation set. If several sources have a
/// sequence, the structure of the first is kept.
///
/// # Errors
/// A file cannot be read, a limit is invalid, or no structure is left.
pub fn collect(sources: &[Source], options: &CollectOptions) -> Result<Collection, Error> {
    let (sets, guard) = options.exclude.guard()?;
    let mut counts = vec![Counts::default(); sources.len()];
    let mut items = Vec::new();
    let mut from = Vec::new();
    let mut seen = HashSet::new();
    let mut wrong = Vec::new();
    let mut notes = Vec::new();
    let mut families = BTreeSet::new();
    for ((number, source), counts) in sources.iter().enumerate().zip(&mut counts) {
        let mut found = dataset::read(&source.path, &KNOWN)?;
        notes.append(&mut found.notes);
        let (read, unreadable) = found.items();
        counts.unreadable = unreadable.len();
        counts.read = read.len() + counts.unreadable;
        wrong.extend(unreadable.into_iter().map(Error::from));
        for item in read {
            families.extend(item.family.clone());
            let len = item.sequence.len();
            let place = if len < options.min_len || options.max_len.is_some_and(|most| len > most) {
                &mut counts.length
            } else if !options.wants_family(&item) {
                &mut counts.family
            } else if !options.is_good(&item) {
                &mut counts.quality
            } else if !seen.insert(bases(&item.sequence)) {
                &mut counts.repeated
            } else {
                items.push(Item { weight: item.weight * source.weight, ..item });
                from.push(number);
                continue;
            };
            *place += 1;
        }
    }
    let letters: Vec<Vec<u8>> = items.iter().map(|item| bases(&item.sequence)).collect();
    let marks = guard.mark(&letters);
    let excluded = Excluded::new(&sets, &guard, &marks);
    let marked: HashSet<u32> = marks.into_iter().map(|mark| mark.sequence).collect();
    let kept = |index: usize| !marked.contains(&(index as u32));
    for (index, &number) in from.iter().enumerate() {
        *(if kept(index) { &mut counts[number].kept } else { &mut counts[number].excluded }) += 1;
    }
    let left: Vec<&Vec<u8>> = letters.iter().enumerate().filter(|(index, _)| kept(*index)).map(|(_, l)| l).collect();
    if left.is_empty() {
        return Err(Error::Options("no structure is left to train with".into()));
    }
    let clusters = Builtin::default().cluster(&left, &options.alike).map_err(rinalmo_corpus::Error::from)?;
    let numbers = clusters.numbers();
    let all = items.into_iter().zip(from).enumerate().filter(|(index, _)| kept(*index));
    let row = |((_, (item, source)), cluster)| Row { item: Item { cluster: Some(u64::from(cluster)), ..item }, source };
    let rows = all.zip(numbers).map(row);
    let (sources, clusters) = (counts, clusters.count());
    let not_found = options.not_found(&families);
    Ok(Collection { rows: rows.collect(), sources, clusters, excluded, wrong, notes, not_found })
}

impl CollectOptions {
    fn wants_family(&self, item: &Item) -> bool {
        let Some(family) = &item.family else { return !self.known_families };
        !self.without.iter().any(|name| names_family(name, family))
    }

    /// The names of families to leave out that none of the `families` has.
    fn not_found(&self, families: &BTreeSet<String>) -> Vec<NotFound> {
        let is_none = |name: &&String| !families.iter().any(|family| names_family(name, family));
        let nearest = |name: &str| nearest(name, families.iter().map(String::as_str)).map(str::to_owned);
        let not_found = self.without.iter().filter(is_none);
        not_found.map(|name| NotFound { name: name.clone(), nearest: nearest(name) }).collect()
    }

    fn is_good(&self, item: &Item) -> bool {
        let Item { sequence, structure, .. } = item;
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        let pairs = structure.pairs();
        let canonical = pairs.iter().filter(|(i, j)| is_canonical(sequence[*i], sequence[*j])).count();
        let unknown = sequence.iter().filter(|base| !b"ACGUT".contains(&base.to_ascii_uppercase())).count();
        pairs.len() >= self.min_pairs
            && share(canonical, pairs.len()) >= self.canonical
            && share(unknown, sequence.len()) <= self.unknown
    }
}

/// Is this a family's name, or its beginning before a `*`? Case is ignored.
fn names_family(name: &str, family: &str) -> bool {
    let (name, family) = (name.to_lowercase(), family.to_lowercase());
    match name.strip_suffix('*') {
        Some(beginning) => family.starts_with(beginning),
        None => family == name,
    }
}

impl Collection {
    /// Writes a table: id, family, source, cluster, weight, sequence, list of base pairs (which can hold what
    /// dot-bracket text cannot). Cells with tabs, quotes or line ends are quoted.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, names: &[String], to: &mut impl Write) -> std::io::Result<()> {
        let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(to);
        writer
            .write_record(["id", "family", "source", "cluster", "weight", "sequence", "base_pairs"])
            .map_err(unwritten)?;
        for Row { item, source } in &self.rows {
            let pairs: Vec<String> =
                item.structure.pairs().iter().map(|(i, j)| format!("[{},{}]", i + 1, j + 1)).collect();
            writer
                .write_record([
                    item.id.as_str(),
                    item.family.as_deref().unwrap_or(""),
                    names[*source].as_str(),
                    &item.cluster.unwrap_or_default().to_string(),
                    &item.weight.to_string(),
                    &String::from_utf8_lossy(&item.sequence),
                    &format!("[{}]", pairs.join(",")),
                ])
                .map_err(unwritten)?;
        }
        writer.flush()
    }
}

/// The system's error, so that a closed pipe is recognized.
fn unwritten(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

/// Known structures of files.
#[derive(Debug, Default)]
pub struct Known {
    /// Each of them.
    pub items: Vec<Item>,
    /// Notes on ignored parts, such as suboptimal structures.
    pub notes: Vec<String>,
}

/// All structures of files or folders, as [`dataset::read`] takes them.
///
/// # Errors
/// A file cannot be read, or a row or record is wrong.
pub fn known(files: &[PathBuf]) -> Result<Known, Error> {
    let mut known = Known::default();
    for file in files {
        let mut found = dataset::read(file, &KNOWN)?;
        known.notes.append(&mut found.notes);
        known.items.extend(found.strict()?);
    }
    Ok(known)
}

/// A file's name without its folder.
pub fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_ids_are_read_back_as_written() {
        let structure = rinalmo_seq::Structure::new(5, vec![(0, 4)]).unwrap();
        let ids = ["a\tb", "\"quoted\"", "5\" end", "two\nlines", "plain, with a comma;"];
        let item = |id: &str| Item {
            family: Some("f\tg".into()),
            cluster: Some(7),
            weight: 0.5,
            ..Item::new(id.into(), b"GAAAC".to_vec(), structure.clone())
        };
        let rows: Vec<Row> = ids.map(|id| Row { item: item(id), source: 0 }).into();
        let (excluded, wrong, notes, not_found) = (Excluded::default(), Vec::new(), Vec::new(), Vec::new());
        let collection = Collection { rows, sources: Vec::new(), clusters: 1, excluded, wrong, notes, not_found };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tsv");
        collection.write(&["known\t.tsv".to_owned()], &mut std::fs::File::create(&path).unwrap()).unwrap();
        let found = dataset::read(&path, &KNOWN).unwrap().strict().unwrap();
        assert_eq!(found, collection.rows.into_iter().map(|row| row.item).collect::<Vec<_>>());
    }
}
