//! Predictions: a predictor's structures, matched with references, from files, a model, or a program.

mod cost;
mod model;
mod output;
mod program;

use std::path::Path;

use rinalmo_metrics::calibration::Calibration;
use rinalmo_seq::Structure;
use rinalmo_seq::alphabet::spelled;

use super::problem::{Problem, ProblemKind};
use super::read::{self, Entry};
use super::references::{Reference, References};
use crate::Error;

pub use cost::Cost;
pub use program::KnownProgram;

/// Observes the progress of a predictor, and may stop it.
pub trait Watch {
    /// A predictor of this name begins with so many sequences, of so many bases together.
    fn begin(&mut self, _name: &str, _sequences: usize, _bases: usize) {}

    /// A sequence of so many bases is done.
    fn done(&mut self, _bases: usize) {}

    /// Should it end early, with the predictions so far?
    fn stopped(&self) -> bool {
        false
    }
}

impl Watch for () {}

/// A predictor's structures.
#[derive(Debug, Clone)]
pub struct Predictions {
    /// The predictor's name.
    pub name: String,
    /// The structure for each reference, in their order; `None` if it has no prediction.
    pub structures: Vec<Option<Structure>>,
    /// The relaxed F1 that the predictor expects of each, if it reports one; see [`rinalmo_infer::Fold::expected_f1`].
    pub expected_f1: Vec<Option<f32>>,
    /// Records that were left out.
    pub problems: Vec<Problem>,
    /// Notes on ignored parts of the file, such as suboptimal structures.
    pub notes: Vec<String>,
    /// The calibration of its probabilities of pairs, if it gives any; see [`Predictions::from_model`].
    pub calibration: Option<Calibration>,
    /// The last lines of a program's standard error.
    pub said: String,
    /// What its work took, if it was measured: always for a program.
    pub cost: Option<Cost>,
}

impl Predictions {
    /// Reads predictions from a file or folder and matches them with references by id.
    ///
    /// # Errors
    /// No record can be read, or no id is that of a reference.
    pub fn open(path: &Path, references: &References) -> Result<Self, Error> {
        let found = read::read(path)?;
        let file = path.display().to_string();
        let mut predictions = Self::none(read::stem(path), references);
        predictions.problems = found.problems;
        predictions.notes = found.notes;
        let first = found.entries.first().and_then(|entry| entry.names().next()).unwrap_or_default().to_owned();
        for entry in found.entries {
            predictions.add(entry, references);
        }
        if predictions.count() == 0
            && !predictions.problems.iter().any(|problem| problem.kind == ProblemKind::Different)
        {
            let known = references.items.first().map_or("", |reference| reference.id.as_str());
            return Err(Error::Options(format!(
                "{file}: no id is that of a reference: the first is `{first}`, the first of {} is `{known}`\n\
                 hint: ids are compared letter by letter: whole headers, then their first words, then the names of files of \
                 one record",
                references.name
            )));
        }
        predictions.name_missing(references, &file);
        Ok(predictions)
    }

    /// No prediction for any reference.
    fn none(name: String, references: &References) -> Self {
        let structures = vec![None; references.items.len()];
        let expected_f1 = vec![None; references.items.len()];
        let (problems, notes, said) = (Vec::new(), Vec::new(), String::new());
        Self { name, structures, expected_f1, problems, notes, calibration: None, said, cost: None }
    }

    /// How many references have a prediction.
    pub fn count(&self) -> usize {
        self.structures.iter().flatten().count()
    }

    /// Gives references without a prediction a structure without pairs, and returns how many there were.
    pub fn fill_with_empty(&mut self, references: &References) -> usize {
        let mut filled = 0;
        for (structure, reference) in self.structures.iter_mut().zip(&references.items) {
            if structure.is_none() {
                *structure = Some(Structure::unpaired(reference.structure.len()));
                filled += 1;
            }
        }
        self.problems.retain(|problem| problem.kind != ProblemKind::NoPrediction);
        filled
    }

    fn add(&mut self, entry: Entry, references: &References) {
        let Some(number) = references.find_entry(&entry) else {
            if !references.is_of_too_long(&entry) {
                let text = format!("{}: no reference has this id", entry.place);
                self.problems.push(Problem::new(ProblemKind::NoReference, text));
            }
            return;
        };
        if self.structures[number].is_some() {
            let text = format!("{}: duplicate id, the first counts", entry.place);
            self.problems.push(Problem::new(ProblemKind::Duplicate, text));
            return;
        }
        match fitting(&entry, &references.items[number]) {
            Ok(structure) => self.structures[number] = Some(structure),
            Err(message) => {
                self.problems.push(Problem::new(ProblemKind::Different, format!("{}: {message}", entry.place)));
            }
        }
    }

    /// Adds a problem for every reference without a prediction, unless it already has one.
    fn name_missing(&mut self, references: &References, by: &str) {
        let known: Vec<&Problem> =
            self.problems.iter().filter(|problem| problem.kind == ProblemKind::Different).collect();
        let mut missing = Vec::new();
        for (structure, reference) in self.structures.iter().zip(&references.items) {
            let named = format!("`{}`", reference.id);
            if structure.is_none() && !known.iter().any(|problem| problem.text.contains(&named)) {
                let text = format!("{by}: nothing for {named} ({})", reference.place);
                missing.push(Problem::new(ProblemKind::NoPrediction, text));
            }
        }
        self.problems.extend(missing);
    }
}

/// The predicted structure, if it is one of the reference's sequence.
fn fitting(entry: &Entry, reference: &Reference) -> Result<Structure, String> {
    let (found, expected) = (entry.structure.len(), reference.structure.len());
    if entry.length_known && found != expected || found > expected {
        return Err(format!("{found} positions, its reference has {expected} ({})", reference.place));
    }
    if let (Some(found), Some(expected)) = (&entry.sequence, &reference.sequence) {
        let (found, expected) = (spelled(found), spelled(expected));
        if let Some(at) = found.iter().zip(&expected).position(|(found, expected)| found != expected) {
            let [found, expected] = [found[at], expected[at]].map(char::from);
            return Err(format!("letter {} is {found}, its reference has {expected} ({})", at + 1, reference.place));
        }
    }
    let pairs = entry.structure.pairs().to_vec();
    Structure::new(expected, pairs).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::references::FamilyFrom;

    fn set(references: &str, predictions: &str) -> Result<Predictions, String> {
        let folder = tempfile::tempdir().unwrap();
        let [known, found] = ["refs.tsv", "mine.dbn"].map(|name| folder.path().join(name));
        std::fs::write(&known, references).unwrap();
        std::fs::write(&found, predictions).unwrap();
        let references = References::open(&known, &FamilyFrom::Column, Some(20)).unwrap();
        Predictions::open(&found, &references).map_err(|error| error.to_string())
    }

    const REFERENCES: &str = "id\tsequence\tstructure\na\tGAAAC\t(...)\nb\tGAAUC\t(...)\nc\tGAAAC\t.....\nlong\tGAAACGAAACGAAACGAAACGAAAC\t.........................\n";

    #[test]
    fn predictions_are_matched_with_references_in_any_order() {
        let found =
            set(REFERENCES, ">b\ngaatc\n.....\n>a some words\nGAAAC\n(...)\n>c\nGAAAC\n.....\n>long\nG\n.\n").unwrap();
        assert_eq!((found.name.as_str(), found.count(), found.problems.len()), ("mine", 3, 0));
        assert_eq!(found.structures[0].as_ref().unwrap().pairs(), [(0, 4)]);
    }

    #[test]
    fn each_mismatch_is_reported_once() {
        let found = set(REFERENCES, ">a\nGAAACG\n(...).\n>b\nGAAAC\n(...)\n>x\nA\n.\n>a\nGAAAC\n(...)\n").unwrap();
        let texts: Vec<_> = found.problems.iter().map(|p| (p.kind, p.text.rsplit('/').next().unwrap())).collect();
        assert!(found.problems[0].text.contains("mine.dbn: `a`: 6 positions, its reference has 5"), "{texts:?}");
        assert!(found.problems[1].text.contains("mine.dbn: `b`: letter 4 is A, its reference has T"), "{texts:?}");
        let kinds =
            [ProblemKind::Different, ProblemKind::Different, ProblemKind::NoReference, ProblemKind::NoPrediction];
        assert_eq!(texts.iter().map(|text| text.0).collect::<Vec<_>>(), kinds);
        assert!(found.problems[3].text.contains("nothing for `c`"));
    }

    #[test]
    fn nothing_in_common_is_an_error() {
        let said = set(REFERENCES, ">seq1\nGAAAC\n(...)\n").unwrap_err();
        assert!(said.contains("mine.dbn: no id is that of a reference: the first is `seq1`, the first of "), "{said}");
    }

    #[test]
    fn missing_predictions_count_as_unpaired_only_if_asked() {
        let mut found = set(REFERENCES, ">a\nGAAAC\n(...)\n").unwrap();
        assert_eq!((found.count(), found.problems.len()), (1, 2));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("refs.tsv");
        std::fs::write(&path, REFERENCES).unwrap();
        let references = References::open(&path, &FamilyFrom::Column, Some(20)).unwrap();
        assert_eq!(found.fill_with_empty(&references), 2);
        assert_eq!((found.count(), found.problems.len()), (3, 0));
    }
}
