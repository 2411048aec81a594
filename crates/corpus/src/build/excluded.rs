//! Sequences excluded from a corpus because they are similar to evaluation sets.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use rinalmo_seq::alphabet::is_gap;
use rinalmo_seq::words::plural;
use serde::{Deserialize, Serialize};

use crate::bank::Bank;
use crate::cluster;
use crate::exclude::{EvaluationSet, Gaps, Guard, Mark, default_options};
use crate::report::grouped;
use crate::{Error, read};

/// Which sequences are excluded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exclude {
    /// Files of evaluation sets, in any format of the inputs.
    pub sets: Vec<PathBuf>,
    /// The similarity at which a sequence is excluded; coverage of the `Member` is that of the evaluation sequence.
    pub limits: cluster::Options,
}

impl Default for Exclude {
    /// No sets; 80 % identity over 80 % of the evaluation sequence.
    fn default() -> Self {
        Self { sets: Vec::new(), limits: default_options() }
    }
}

impl Exclude {
    /// The sets after reading, and the guard that finds sequences similar to theirs.
    ///
    /// # Errors
    /// A set cannot be read completely, or a limit is outside 0…1.
    pub fn guard(&self) -> Result<(Vec<EvaluationSet>, Guard), Error> {
        let sets = self.sets.iter().map(|path| read_set(path)).collect::<Result<Vec<_>, _>>()?;
        let guard = Guard::new(&sets, self.limits.clone())?;
        Ok((sets, guard))
    }

    /// Whether each sequence is kept, and the report.
    pub(super) fn run(&self, bank: &Bank) -> Result<(Vec<bool>, Excluded), Error> {
        let mut kept = vec![true; cluster::Sequences::count(bank)];
        if self.sets.is_empty() {
            return Ok((kept, Excluded::default()));
        }
        let (sets, guard) = self.guard()?;
        let marks = guard.mark(bank);
        marks.iter().for_each(|mark| kept[mark.sequence as usize] = false);
        Ok((kept, Excluded::new(&sets, &guard, &marks)))
    }
}

/// Reads a set. A record that cannot be read is not left out but stops the build.
fn read_set(path: &Path) -> Result<EvaluationSet, Error> {
    let sequences = read::open(path)?.map(|record| Ok(record?.sequence)).collect::<Result<Vec<_>, Error>>()?;
    let set = EvaluationSet { name: path.to_string_lossy().into_owned(), sequences };
    if set.sequences.iter().flatten().all(|&letter| is_gap(letter)) {
        Err(Error::Options(format!("{}: the evaluation set holds no bases, so it would exclude nothing", set.name)))
    } else {
        Ok(set)
    }
}

/// What was excluded from the corpus, by evaluation set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Excluded {
    /// Every set.
    pub sets: Vec<ExcludedBy>,
    /// Sequences excluded, each counted once.
    pub sequences: u64,
}

/// What one evaluation set excluded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ExcludedBy {
    /// The set as the user named it.
    pub set: String,
    /// Its sequences.
    pub size: u64,
    /// Sequences of the corpus similar to one of them.
    pub excluded: u64,
    /// Its gaps, which were not compared.
    #[serde(default)]
    pub gaps: Gaps,
}

impl Excluded {
    /// Counts what `guard` marked for each of its sets.
    pub fn new(sets: &[EvaluationSet], guard: &Guard, marks: &[Mark]) -> Self {
        let by_set = |(set, excluded): (&EvaluationSet, usize)| ExcludedBy {
            set: set.name.clone(),
            size: set.sequences.len() as u64,
            excluded: excluded as u64,
            gaps: Gaps::of(&set.sequences),
        };
        let sequences: HashSet<u32> = marks.iter().map(|mark| mark.sequence).collect();
        let sets = sets.iter().zip(guard.counts(marks)).map(by_set).collect();
        Self { sets, sequences: sequences.len() as u64 }
    }
}

impl fmt::Display for Excluded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ExcludedBy { set, size, excluded, gaps } in &self.sets {
            let (sequences, are) = (plural(*excluded, "sequence"), if *excluded == 1 { "is" } else { "are" });
            let (excluded, size) = (grouped(*excluded), grouped(*size));
            writeln!(f, "{excluded} {sequences} {are} similar to one of the {size} of {set}")?;
            if gaps.letters > 0 {
                let (letters, sequences) = (grouped(gaps.letters), grouped(gaps.sequences));
                writeln!(f, "  compared without the {letters} gaps of {sequences} aligned sequences")?;
            }
        }
        if !self.sets.is_empty() {
            let sequences = plural(self.sequences, "sequence");
            writeln!(f, "{} {sequences} excluded in total", grouped(self.sequences))?;
        }
        Ok(())
    }
}
