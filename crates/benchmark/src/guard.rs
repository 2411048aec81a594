//! The guard: finds test records that are similar to training records, and models that were trained for the task before
//! the fold started.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rinalmo_corpus::cluster::{Coverage, Options};
use rinalmo_corpus::exclude::{EvaluationSet, Guard, default_options};
use rinalmo_corpus::read;
use rinalmo_seq::alphabet::spelled;
use rinalmo_seq::labelled::structures as dataset;
use serde::{Deserialize, Serialize};

use super::Fold;
use crate::Error;

/// Training bases that are searched at a time, to limit the memory.
const CHUNK: usize = 50_000_000;

/// Records of a trial that are similar to training records: 80 % identity over 80 % of the test record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The trial's row of the table.
    pub row: String,
    /// The number of its records.
    pub records: usize,
    /// Those that are similar to a training record, including identical ones.
    pub alike: usize,
    /// Those that are identical to a training record.
    pub identical: usize,
    /// Files that were searched in addition to the fold's own training and validation data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trained_on: Vec<String>,
}

impl Check {
    /// The result in a sentence.
    pub fn sentence(&self) -> String {
        let Self { row, records, alike, identical, trained_on } = self;
        let and = if trained_on.is_empty() { String::new() } else { format!(" and {}", trained_on.join(", ")) };
        let what = format!("of the {records} records of {row}");
        let rest = format!("like the fold's training data{and} (80 % identity over 80 % of the record)");
        match alike {
            0 => format!("guard: none {what} is {rest}"),
            _ => format!("guard: {alike} {what} are {rest}, {identical} of them identical"),
        }
    }
}

/// Searches the training data of a fold, and `trained_on`, for records that are similar to those of its trials.
pub(super) fn check(fold: &Fold, trained_on: &[PathBuf]) -> Result<Vec<Check>, Error> {
    let training = || fold.files.train.iter().chain(&fold.files.validation).chain(trained_on);
    let mut checks = Vec::new();
    for trial in &fold.trials {
        let mut search = Search::new(sequences(&trial.path)?);
        for path in training() {
            search.among(sequences(path)?)?;
        }
        checks.push(Check {
            row: trial.row.clone(),
            records: search.tested.len(),
            alike: search.alike.len(),
            identical: search.identical.len(),
            trained_on: trained_on.iter().map(|path| path.display().to_string()).collect(),
        });
    }
    Ok(checks)
}

/// The letters of every record of a table, a file of sequences or structures, or a folder of structures.
fn sequences(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let structures = |path: &Path| {
        let found =
            dataset::read(path, &dataset::ReadOptions { all_structures: false, sequences: true, strands: false })?;
        Ok(found.strict()?.into_iter().map(|item| item.sequence).collect())
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if path.is_dir() || ["ct", "bpseq", "st", "dbn", "db"].contains(&ending) {
        return structures(path);
    }
    read::open(path)?.map(|record| Ok(record?.sequence)).collect()
}

/// Test records, and which of them were found.
struct Search {
    tested: Vec<Vec<u8>>,
    alike: HashSet<usize>,
    identical: HashSet<usize>,
}

impl Search {
    fn new(tested: Vec<Vec<u8>>) -> Self {
        let tested = tested.iter().map(|letters| spelled(letters)).collect();
        Self { tested, alike: HashSet::new(), identical: HashSet::new() }
    }

    fn among(&mut self, training: Vec<Vec<u8>>) -> Result<(), Error> {
        let mut rest = training.into_iter().peekable();
        while rest.peek().is_some() {
            let mut bases = 0;
            let chunk = std::iter::from_fn(|| {
                let letters = rest.next_if(|_| bases < CHUNK)?;
                bases += letters.len();
                Some(letters)
            });
            self.chunk(chunk.collect())?;
        }
        Ok(())
    }

    fn chunk(&mut self, sequences: Vec<Vec<u8>>) -> Result<(), Error> {
        let exact: HashSet<Vec<u8>> = sequences.iter().map(|letters| spelled(letters)).collect();
        self.identical.extend((0..self.tested.len()).filter(|&number| exact.contains(&self.tested[number])));
        self.alike.extend(&self.identical);
        let set = EvaluationSet { name: "training".into(), sequences };
        let options = Options { mode: Coverage::Representative, ..default_options() };
        let guard = Guard::new(&[set], options).map_err(rinalmo_corpus::Error::from)?;
        self.alike.extend(guard.mark(&self.tested).iter().map(|mark| mark.sequence as usize));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trial;
    use rinalmo_runs::finetune::Files;

    const TRNA: &str = "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA";
    const OTHER: &str = "AAACAUGAGGAUCACCCAUGUCUGCAGGUCGACUCUAGAAAACAUGAGGCCAAUUGGCACGUACG";

    #[test]
    fn test_records_are_searched_in_training_validation_and_earlier_data() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, rows: &[&str]| {
            let path = folder.path().join(name);
            let rows: String = rows.iter().enumerate().map(|(n, row)| format!("r{n},{row}\n")).collect();
            std::fs::write(&path, format!("id,sequence\n{rows}")).unwrap();
            path
        };
        let near = TRNA.replace("GGGAGAGCGCC", "GGCAGAGCUCC");
        let (train, validation) = (write("train.csv", &["ACGUACGUAC"]), write("valid.csv", &[&near]));
        let (test, before) = (write("test.csv", &[TRNA, OTHER]), write("before.csv", &[&OTHER.to_lowercase()]));
        let fold = |validation: Vec<PathBuf>| Fold {
            name: "x".into(),
            files: Files { train: vec![train.clone()], validation, ..Files::default() },
            trials: vec![Trial { row: "t".into(), path: test.clone() }],
        };
        let found = |fold: &Fold, trained_on: &[PathBuf]| {
            let check = check(fold, trained_on).unwrap().remove(0);
            (check.records, check.alike, check.identical, check.sentence())
        };
        let clean = found(&fold(Vec::new()), &[]);
        assert_eq!((clean.0, clean.1, clean.2), (2, 0, 0));
        assert!(clean.3.starts_with("guard: none of the 2 records of t is like"), "{}", clean.3);
        let (_, alike, identical, sentence) = found(&fold(vec![validation.clone()]), &[]);
        assert_eq!((alike, identical), (1, 0));
        assert!(sentence.starts_with("guard: 1 of the 2 records of t are like"), "{sentence}");
        let (_, alike, identical, sentence) = found(&fold(vec![validation]), &[before]);
        assert_eq!((alike, identical), (2, 1));
        assert!(sentence.contains("before.csv") && sentence.ends_with("1 of them identical"), "{sentence}");
    }
}
