//! References: known structures, each with its family.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rinalmo_metrics::bootstrap::Units;
use rinalmo_seq::table::Table;
use rinalmo_seq::{Structure, input};

use super::problem::{Problem, ProblemKind};
use super::read::{self, Entry};
use crate::Error;

/// A known structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its name.
    pub id: String,
    /// Its letters as written, if the file has them.
    pub sequence: Option<Vec<u8>>,
    /// Its pairs; a base may have several, and they may cross.
    pub structure: Structure,
    /// Its family, if known.
    pub family: Option<String>,
    /// The number of its cluster, if known: similar references have the same number.
    pub cluster: Option<u64>,
    /// Its file and line, for messages.
    pub place: String,
}

/// Where families come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FamilyFrom {
    /// The column `family` of the references, if there is one.
    #[default]
    Column,
    /// The text of the id before its Nth `_`, from 1.
    Prefix(usize),
    /// A table of `id` and `family`.
    Table(PathBuf),
}

impl FamilyFrom {
    /// The family that an id names, if families come from ids.
    pub fn in_id<'i>(&self, id: &'i str) -> Option<&'i str> {
        match self {
            Self::Prefix(number) => Some(prefix(id, *number)),
            Self::Column | Self::Table(_) => None,
        }
    }
}

/// A text that says where families come from, but whose number is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: expected prefix:N, the text before the Nth `_`")]
#[non_exhaustive]
pub struct FamilyFromError {
    /// The text.
    pub text: String,
}

impl FromStr for FamilyFrom {
    type Err = FamilyFromError;

    /// `column`, `prefix`, `prefix:2`, or the path of a table.
    fn from_str(text: &str) -> Result<Self, FamilyFromError> {
        match text.split_once(':').unwrap_or((text, "1")) {
            ("column", "1") => Ok(Self::Column),
            ("prefix", number) => match number.parse() {
                Ok(number) if number > 0 => Ok(Self::Prefix(number)),
                _ => Err(FamilyFromError { text: text.to_owned() }),
            },
            _ => Ok(Self::Table(text.into())),
        }
    }
}

/// The text of an id before its `number`th `_`; the whole id if it has fewer.
pub(super) fn prefix(id: &str, number: usize) -> &str {
    id.match_indices('_').nth(number - 1).map_or(id, |(at, _)| &id[..at])
}

/// Known structures, each id once.
#[derive(Debug, Clone)]
pub struct References {
    /// The file as it was named.
    pub name: String,
    /// The structures, in the order of the file.
    pub items: Vec<Reference>,
    /// Records that were left out.
    pub problems: Vec<Problem>,
    /// How many were left out because of the limit on length.
    pub too_long: usize,
    /// Notes on ignored parts of the file, such as suboptimal structures.
    pub notes: Vec<String>,
    by_id: HashMap<String, usize>,
    by_name: HashMap<String, Named>,
    too_long_names: HashSet<String>,
}

/// Which references have a name that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    One(usize),
    Several,
}

impl References {
    /// Reads references, leaving out those of more than `max_length` bases.
    ///
    /// # Errors
    /// The file or the table of families cannot be read.
    pub fn open(path: &Path, family_from: &FamilyFrom, max_length: Option<usize>) -> Result<Self, Error> {
        let found = read::read(path)?;
        let families = Families::open(family_from)?;
        let mut references = Self {
            name: input::name_of(path).to_string(),
            items: Vec::with_capacity(found.entries.len()),
            problems: found.problems,
            too_long: 0,
            notes: found.notes,
            by_id: HashMap::new(),
            by_name: HashMap::new(),
            too_long_names: HashSet::new(),
        };
        for entry in found.entries {
            let names: Vec<String> = entry.names().map(str::to_owned).collect();
            let Entry { id, sequence, structure, length_known, family, cluster, place, .. } = entry;
            if !length_known {
                let text = format!("{place}: its length is not known; the table needs a column `sequence` or `len`");
                references.problems.push(Problem::new(ProblemKind::Unreadable, text));
                continue;
            }
            let family = families.of(&id, family);
            references.add(Reference { id, sequence, structure, family, cluster, place }, names, max_length);
        }
        if let (FamilyFrom::Table(table), Some(first)) = (family_from, references.items.first())
            && references.families().is_empty()
        {
            let (table, first) = (input::name_of(table), &first.id);
            return Err(Error::Options(format!("{table}: has no family for any reference, such as `{first}`")));
        }
        Ok(references)
    }

    fn add(&mut self, reference: Reference, names: Vec<String>, max_length: Option<usize>) {
        if max_length.is_some_and(|longest| reference.structure.len() > longest) {
            self.too_long += 1;
            self.too_long_names.extend(names);
        } else if let Some(&first) = self.by_id.get(&reference.id) {
            let text = format!("{}: duplicate id (first: {})", reference.place, self.items[first].place);
            self.problems.push(Problem::new(ProblemKind::Duplicate, text));
        } else {
            let number = self.items.len();
            for name in names {
                self.by_name.entry(name).and_modify(|named| *named = Named::Several).or_insert(Named::One(number));
            }
            self.by_id.insert(reference.id.clone(), number);
            self.items.push(reference);
        }
    }

    /// The number of the reference of an entry. The first of its names counts that is a reference's id, or a name of
    /// only one reference. Whole headers come before their first words.
    pub(super) fn find_entry(&self, entry: &Entry) -> Option<usize> {
        entry.names().find_map(|name| match (self.find(name), self.by_name.get(name)) {
            (Some(number), _) | (None, Some(&Named::One(number))) => Some(number),
            (None, Some(Named::Several) | None) => None,
        })
    }

    /// Is an entry for a reference that was left out because of its length?
    pub(super) fn is_of_too_long(&self, entry: &Entry) -> bool {
        entry.names().any(|name| self.too_long_names.contains(name))
    }

    /// The number of the reference of this id.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Every family, sorted.
    pub fn families(&self) -> BTreeSet<&str> {
        self.items.iter().filter_map(|reference| reference.family.as_deref()).collect()
    }

    /// The unit of resampling for intervals: clusters if any are known, else families if there are several, else
    /// records. Similar records are not independent, so they are resampled together.
    pub fn drawn_by(&self) -> &'static str {
        if self.items.iter().any(|reference| reference.cluster.is_some()) {
            "clusters"
        } else if self.families().len() > 1 {
            "families"
        } else {
            "records"
        }
    }

    /// The units of resampling of some references.
    pub fn units(&self, numbers: impl IntoIterator<Item = usize>) -> Units {
        let items = numbers.into_iter().map(|number| &self.items[number]);
        match self.drawn_by() {
            "clusters" => Units::groups(items.map(|reference| reference.cluster)),
            "families" => Units::groups(items.map(|reference| reference.family.as_deref())),
            _ => Units::groups(items.map(|_| None::<u64>)),
        }
    }

    /// The letters of every reference.
    ///
    /// # Errors
    /// Names the first that has none.
    pub fn sequences(&self) -> Result<Vec<&[u8]>, Error> {
        let letters = |reference: &'_ Reference| match &reference.sequence {
            Some(_) => None,
            None => Some(format!("{}: has no sequence to fold", reference.place)),
        };
        match self.items.iter().find_map(letters) {
            Some(message) => Err(Error::Options(format!("{message}\nhint: the references need a column `sequence`"))),
            None => Ok(self.items.iter().filter_map(|reference| reference.sequence.as_deref()).collect()),
        }
    }
}

/// How families are found.
enum Families {
    Column,
    Prefix(usize),
    Table(HashMap<String, String>),
}

impl Families {
    fn open(from: &FamilyFrom) -> Result<Self, Error> {
        let path = match from {
            FamilyFrom::Column => return Ok(Self::Column),
            FamilyFrom::Prefix(number) => return Ok(Self::Prefix(*number)),
            FamilyFrom::Table(path) => path,
        };
        let mut table = Table::open(path)?;
        let (id, family) = (table.column(&["id", "name", "seq_id"])?, table.column(&["family"])?);
        let mut families = HashMap::new();
        while let Some(row) = table.next_row()? {
            let (id, family) = (row.cell(id), row.cell(family));
            let earlier: Option<String> = families.insert(id.to_owned(), family.to_owned());
            if let Some(other) = earlier.filter(|other| other != family) {
                return Err(row.wrong(format!("`{id}` is `{family}` here and `{other}` before")).into());
            }
        }
        Ok(Self::Table(families))
    }

    fn of(&self, id: &str, column: Option<String>) -> Option<String> {
        match self {
            Self::Column => column,
            Self::Prefix(number) => Some(prefix(id, *number).to_owned()),
            Self::Table(families) => families.get(id).filter(|family| !family.is_empty()).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str, family_from: &str, max_length: Option<usize>) -> References {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("refs.csv");
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("families.tsv"), "id\tfamily\na_b_1\tX\n").unwrap();
        let from = family_from.replace("FOLDER", folder.path().to_str().unwrap()).parse().unwrap();
        References::open(&path, &from, max_length).unwrap()
    }

    const TABLE: &str = "id,structure,family\na_b_1,(...),F\na_c_2,(....),G\n";

    #[test]
    fn families_are_resampled_for_intervals_if_several_are_known() {
        let units = |text: &str| {
            let references = open(text, "column", None);
            references.units(0..references.items.len()).count()
        };
        let table = |families: [&str; 4]| {
            let row = |(number, family): (usize, &str)| format!("x{number},(...),{family}\n");
            format!("id,structure,family\n{}", families.into_iter().enumerate().map(row).collect::<String>())
        };
        assert_eq!(units(&table(["a", "b", "a", "b"])), 2);
        assert_eq!(units(&table(["a", "", "a", "b"])), 3, "a record without a family is its own unit");
        assert_eq!(units(&table(["a", "a", "a", "a"])), 4, "one family is every record");
        let clusters = "id,structure,family,cluster\nw,(...),a,1\nx,(...),b,1\ny,(...),a,2\nz,(...),a,\n";
        assert_eq!(units(clusters), 3, "clusters go before families");
    }

    #[test]
    fn families_come_from_a_column_the_id_or_a_table() {
        let families = |from| open(TABLE, from, None).families().into_iter().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(families("column"), ["F", "G"]);
        assert_eq!(families("prefix"), ["a"]);
        assert_eq!(families("prefix:2"), ["a_b", "a_c"]);
        assert_eq!(families("FOLDER/families.tsv"), ["X"]);
        assert!("prefix:0".parse::<FamilyFrom>().is_err());
    }

    #[test]
    fn names_are_whole_headers_first_and_first_words_if_those_are_unique() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, headers: &[&str]| {
            let path = folder.path().join(name);
            let text: String = headers.iter().map(|header| format!(">{header}\nGAC\n(.)\n")).collect();
            std::fs::write(&path, text).unwrap();
            path
        };
        let known = write("refs.dbn", &["seq 1", "seq 2", "tRNA Phe yeast", "y"]);
        let references = References::open(&known, &FamilyFrom::Column, None).unwrap();
        assert_eq!(references.items.iter().map(|item| &*item.id).collect::<Vec<_>>(), ["seq 1", "seq 2", "tRNA", "y"]);
        let found =
            write("found.dbn", &["y of mine", "seq  2", "seq", "tRNA", "tRNA Phe yeast", "seq 3", "ENERGY = -1 y"]);
        let found = read::read(&found).unwrap().entries;
        let numbers: Vec<_> = found.iter().map(|entry| references.find_entry(entry)).collect();
        assert_eq!(numbers, [Some(3), Some(1), None, Some(2), Some(2), None, Some(3)]);
    }

    #[test]
    fn a_second_record_of_an_id_is_left_out_and_reported() {
        let references = open("id,structure\nx,(...)\nx,.....\n", "column", None);
        assert_eq!(references.items.len(), 1);
        let Problem { kind, text } = &references.problems[0];
        assert_eq!(*kind, ProblemKind::Duplicate);
        assert!(text.contains("refs.csv:3: `x`: duplicate id (first: "), "{text}");
        assert!(text.ends_with("refs.csv:2: `x`)"), "{text}");
    }

    #[test]
    fn long_references_can_be_left_out() {
        let references = open(TABLE, "column", Some(5));
        assert_eq!((references.items.len(), references.too_long), (1, 1));
        assert!(references.find("a_c_2").is_none());
        assert!(references.sequences().unwrap_err().to_string().contains("`a_b_1`: has no sequence to fold"));
    }
}
