//! Leakage: references that are identical or similar to training sequences, and families that are in both.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use rinalmo_corpus::cluster::{Coverage, Options};
use rinalmo_corpus::exclude::{EvaluationSet, Gaps, Guard, default_options};
use rinalmo_corpus::read;
use serde::Serialize;

use super::references::{FamilyFrom, References, prefix};
use crate::Error;
use rinalmo_seq::alphabet::bases;

/// Training bases that are searched at a time, to limit the memory.
const CHUNK: usize = 50_000_000;

/// The result of a search for training sequences among the references.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leakage {
    /// The training files.
    pub trained_on: Vec<String>,
    /// Their sequences.
    pub training_sequences: usize,
    /// References that are identical to a training sequence.
    pub identical: usize,
    /// References that are similar to a training sequence, including identical ones.
    pub alike: usize,
    /// Least identity of similar sequences, as a share of the columns of an alignment.
    pub identity: f64,
    /// Least share of the reference that the alignment covers.
    pub coverage: f64,
    /// Gaps of the training sequences, which were not compared. References are read without theirs.
    pub training_gaps: Gaps,
    /// Families of the references that are also in the training data, if families are known.
    pub families: BTreeMap<String, SharedFamily>,
    /// Is each reference similar to a training sequence? In the order of the references.
    #[serde(skip)]
    pub marked: Vec<bool>,
}

/// A family that is in both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct SharedFamily {
    /// Its references.
    pub references: usize,
    /// Its training sequences.
    pub training: usize,
}

impl Leakage {
    /// Searches `files`, anything that [`read::open`] takes, for sequences that are similar to references: 80 %
    /// identity over 80 % of the reference, without gaps of alignments on both sides. Families of training sequences
    /// come from their ids, as those of the references do, or from a column `family`.
    ///
    /// # Errors
    /// A file cannot be read, or a reference has no sequence.
    pub fn search(files: &[PathBuf], references: &References, family_from: &FamilyFrom) -> Result<Self, Error> {
        let tested = references.sequences()?;
        let options = Options { mode: Coverage::Representative, ..default_options() };
        let mut search = Search {
            tested: tested.iter().map(|letters| bases(letters)).collect(),
            marked: vec![false; tested.len()],
            identical: HashSet::new(),
            options,
        };
        let known = references.families();
        let mut sequences = Vec::new();
        let mut count = 0;
        let mut letters = 0;
        let mut training_gaps = Gaps::default();
        let mut families: BTreeMap<String, SharedFamily> = BTreeMap::new();
        for record in files.iter().flat_map(|file| open(file)) {
            let record = record?;
            if let Some(family) = family(&record, family_from).filter(|family| known.contains(family)) {
                families.entry(family.to_owned()).or_default().training += 1;
            }
            training_gaps.count(&record.sequence);
            count += 1;
            letters += record.sequence.len();
            sequences.push(record.sequence);
            if letters > CHUNK {
                search.among(std::mem::take(&mut sequences))?;
                letters = 0;
            }
        }
        search.among(sequences)?;
        for (family, shared) in &mut families {
            let of_it = |reference: &&super::references::Reference| reference.family.as_ref() == Some(family);
            shared.references = references.items.iter().filter(of_it).count();
        }
        Ok(Self {
            trained_on: files.iter().map(|file| file.display().to_string()).collect(),
            training_sequences: count,
            identical: search.identical.len(),
            alike: search.marked.iter().filter(|marked| **marked).count(),
            identity: search.options.identity,
            coverage: search.options.coverage,
            training_gaps,
            families,
            marked: search.marked,
        })
    }

    /// Is there no similar reference and no shared family?
    pub fn is_clean(&self) -> bool {
        self.alike == 0 && self.families.is_empty()
    }
}

fn open(file: &Path) -> Box<dyn Iterator<Item = Result<read::Record, Error>>> {
    match read::open(file) {
        Ok(records) => Box::new(records.map(|record| Ok(record?))),
        Err(error) => Box::new(std::iter::once(Err(error.into()))),
    }
}

fn family<'r>(record: &'r read::Record, from: &FamilyFrom) -> Option<&'r str> {
    let column = record.description.split(' ').find_map(|word| word.strip_prefix("family="));
    match from {
        FamilyFrom::Prefix(number) => Some(prefix(&record.id, *number)),
        FamilyFrom::Column | FamilyFrom::Table(_) => column,
    }
}

/// References, and what was found so far.
struct Search {
    /// The bases of each reference.
    tested: Vec<Vec<u8>>,
    marked: Vec<bool>,
    identical: HashSet<usize>,
    options: Options,
}

impl Search {
    /// Marks the references that are similar to one of `training`.
    fn among(&mut self, training: Vec<Vec<u8>>) -> Result<(), Error> {
        let exact: HashSet<Vec<u8>> =
            training.iter().map(|letters| bases(letters)).filter(|letters| !letters.is_empty()).collect();
        for (number, _) in self.tested.iter().enumerate().filter(|(_, letters)| exact.contains(*letters)) {
            self.identical.insert(number);
            self.marked[number] = true;
        }
        let left: Vec<usize> = (0..self.marked.len()).filter(|&number| !self.marked[number]).collect();
        let letters: Vec<&[u8]> = left.iter().map(|&number| &self.tested[number][..]).collect();
        let set = EvaluationSet { name: "training".into(), sequences: training };
        let guard = Guard::new(&[set], self.options.clone()).map_err(rinalmo_corpus::Error::from)?;
        for mark in guard.mark(&letters) {
            self.marked[left[mark.sequence as usize]] = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRNA: &str = "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA";

    #[test]
    fn training_sequences_are_found_whole_changed_or_within() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let changed = TRNA.replace("GGGAGAGCGCC", "GGCAGAGCUCC");
        let other = "AAACAUGAGGAUCACCCAUGUCUGCAGGUCGACUCUAGAAAACAUGAGGCCAAUUGGCACGUACG";
        let dots = |letters: &str| ".".repeat(letters.len());
        let rows = [("tRNA_1", TRNA), ("tRNA_2", changed.as_str()), ("ms2_1", other)];
        let table: String = rows.iter().map(|(id, letters)| format!("{id},{letters},{}\n", dots(letters))).collect();
        let references = write("refs.csv", &format!("id,sequence,structure\n{table}"));
        let prefix = FamilyFrom::Prefix(1);
        let references = References::open(&references, &prefix, None).unwrap();
        let training = write("train.fa", &format!(">tRNA_9\nAACCAAGG{}GGAAUUGG\n>x\n{}\n", TRNA, TRNA.to_lowercase()));
        let leakage = Leakage::search(&[training], &references, &prefix).unwrap();
        assert_eq!((leakage.training_sequences, leakage.identical, leakage.alike), (2, 1, 2));
        assert_eq!(leakage.marked, [true, true, false]);
        let shared = SharedFamily { references: 2, training: 1 };
        assert_eq!(leakage.families, BTreeMap::from([("tRNA".to_owned(), shared)]));
        assert!(!leakage.is_clean());
    }

    #[test]
    fn gaps_of_either_side_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let row = |gap: &str, letters: &str| {
            let pieces: Vec<&str> = letters.as_bytes().chunks(9).map(|piece| str::from_utf8(piece).unwrap()).collect();
            format!("{}{}{}", gap.repeat(200), pieces.join(&gap.repeat(2)), gap.repeat(200))
        };
        let search = |reference: &str, training: &str| {
            let (refs, train) = (folder.path().join("refs.csv"), folder.path().join("train.fa"));
            let structure = ".".repeat(reference.len());
            std::fs::write(&refs, format!("id,sequence,structure\na,{reference},{structure}\n")).unwrap();
            std::fs::write(&train, format!(">x\n{training}\n")).unwrap();
            let references = References::open(&refs, &FamilyFrom::Column, None).unwrap();
            Leakage::search(&[train], &references, &FamilyFrom::Column).unwrap()
        };
        let near = TRNA.replace("GGGAGAGCGCC", "GGCAGAGCUCC");
        for (training, identical) in [(TRNA, 1), (&near[..], 0)] {
            for gap in ["-", ".", "~"] {
                let leakage = search(TRNA, &row(gap, training));
                assert_eq!((leakage.identical, leakage.alike), (identical, 1), "{gap}");
                assert_eq!(leakage.training_gaps.sequences, 1);
            }
            let leakage = search(&row("-", TRNA), training);
            assert_eq!((leakage.identical, leakage.alike), (identical, 1));
        }
    }
}
