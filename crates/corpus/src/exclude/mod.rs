//! The leakage guard: finds sequences of a corpus that are too similar to those a model is later evaluated with.
//!
//! Evaluation sets are indexed by all their words, contiguous and spaced ones (PatternHunter's; Ma, Tromp & Li 2002). A
//! sequence is aligned with those it shares most words with on nearly one diagonal, and marked with the name of every
//! set that has a similar one. The search is heuristic: of planted sequences that full alignment finds similar, it
//! finds all if 10 % of the bases were changed, and 98 % if 15 or 20 % were (`tests/cluster_exclude.rs`). Of 8,000 real
//! sequences it marked 949 of the 956 that `mmseqs easy-search -s 7.5` found similar to TS0, VL0 or ArchiveII, and 155
//! more.

mod candidates;
mod edits;
mod index;
mod search;

use std::collections::HashMap;

use rayon::prelude::*;

use candidates::Facts;
use index::Index;
use rinalmo_seq::alphabet::{bases, is_gap};
use search::Search;
use serde::{Deserialize, Serialize};

use crate::cluster::{Coverage, Error, Options, Pattern, Sequences, encode};

/// Words of 11 bases: a set of a million bases meets one every fourth position by chance.
const PATTERNS: [Pattern; 2] = [Pattern::contiguous(11), Pattern::spaced("111010010100110111")];

/// Sequences that a model will be evaluated with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationSet {
    /// Its name in reports.
    pub name: String,
    /// Its sequences, in letters; gaps of an alignment are not compared.
    pub sequences: Vec<Vec<u8>>,
}

/// Gaps that were found in sequences and not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gaps {
    /// Gap letters.
    pub letters: u64,
    /// Sequences that have any.
    pub sequences: u64,
}

impl Gaps {
    /// Counts the gaps of one more sequence.
    pub fn count(&mut self, sequence: &[u8]) {
        let letters = sequence.iter().filter(|letter| is_gap(**letter)).count() as u64;
        self.letters += letters;
        self.sequences += u64::from(letters > 0);
    }

    /// The gaps of all `sequences`.
    pub fn of(sequences: &[impl AsRef<[u8]>]) -> Self {
        let mut gaps = Self::default();
        sequences.iter().for_each(|sequence| gaps.count(sequence.as_ref()));
        gaps
    }
}

/// A sequence too close to one of an evaluation set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// The sequence of the corpus.
    pub sequence: u32,
    /// The evaluation set, in the order they were given.
    pub set: u32,
    /// The sequence of the set: the first found, not always the closest.
    pub target: u32,
    /// Matches ÷ columns; 1 if they are identical.
    pub identity: f64,
}

/// The default limits of the guard: 80 % identity over 80 % of the *evaluation* sequence, so that one within a longer
/// sequence is found as well. The corpus sequence takes the role of the representative.
pub fn default_options() -> Options {
    Options { identity: 0.8, coverage: 0.8, mode: Coverage::Member, ..Options::default() }
}

/// Evaluation sets, indexed for the search.
///
/// Sequences of both sides are compared without gaps, without regard to case, and with U as T: identity and coverage
/// are those of the bases, so an alignment excludes the same as its sequences.
///
/// ```
/// use rinalmo_corpus::exclude::{EvaluationSet, Guard, default_options};
///
/// let hairpin = "GGGTCTCTCTGGTTAGACCAGATCTGAGCCTGGGAGCTCTCTGGCTAACTAGGGAACC";
/// let set = EvaluationSet { name: "test".into(), sequences: vec![hairpin.into()] };
/// let guard = Guard::new(&[set], default_options())?;
/// let marks = guard.mark(&["ACGTTGCATGCCATGCAATCGGA".to_string(), format!("AAAGCATT{hairpin}")]);
/// assert_eq!((marks.len(), marks[0].sequence, marks[0].identity), (1, 1, 1.0));
/// # Ok::<(), rinalmo_corpus::cluster::Error>(())
/// ```
pub struct Guard {
    options: Options,
    names: Vec<String>,
    targets: Vec<Target>,
    /// Of each target.
    facts: Vec<Facts>,
    identical: HashMap<Vec<u8>, Vec<u32>>,
    indices: [Index; PATTERNS.len()],
    bases: f64,
}

struct Target {
    set: u32,
    number: u32,
    codes: Vec<u8>,
}

impl Guard {
    /// Indexes the sets.
    ///
    /// # Errors
    /// [`Error::Options`] for limits outside 0…1.
    pub fn new(sets: &[EvaluationSet], options: Options) -> Result<Self, Error> {
        options.check()?;
        let mut targets = Vec::new();
        let mut identical: HashMap<Vec<u8>, Vec<u32>> = HashMap::new();
        for (set, EvaluationSet { sequences, .. }) in sets.iter().enumerate() {
            for (number, letters) in sequences.iter().enumerate() {
                let mut codes = bases(letters);
                if codes.is_empty() {
                    continue; // nothing can be similar to it
                }
                identical.entry(codes.clone()).or_default().push(targets.len() as u32);
                encode(&mut codes);
                targets.push(Target { set: set as u32, number: number as u32, codes });
            }
        }
        let names = sets.iter().map(|set| set.name.clone()).collect();
        let bases = targets.iter().map(|target| target.codes.len() as f64).sum();
        let facts = |target: &Target| Facts { set: target.set, length: target.codes.len() as u32 };
        let facts = targets.iter().map(facts).collect();
        let codes = targets.iter().map(|target| &target.codes[..]);
        let indices = PATTERNS.map(|pattern| Index::new(pattern, codes.clone()));
        Ok(Self { options, names, targets, facts, identical, indices, bases })
    }

    /// The names of the sets.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Every sequence that is too close to a set, once for each such set, in order.
    pub fn mark(&self, sequences: &(impl Sequences + ?Sized)) -> Vec<Mark> {
        let marks = (0..sequences.count()).into_par_iter().map_init(Search::default, |search, index| {
            sequences.read(index, &mut search.letters);
            search.letters.retain(|&letter| !is_gap(letter));
            self.search(index as u32, search)
        });
        marks.flatten_iter().collect()
    }

    /// How many sequences each set marked, in the order of [`names`](Self::names).
    pub fn counts(&self, marks: &[Mark]) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        for mark in marks {
            counts[mark.set as usize] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::reverse_complement;

    const TRNA: &str = "GCGGATTTAGCTCAGTTGGGAGAGCGCCAGACTGAAGATCTGGAGGTCCTGTGTTCGATCCACAGAATTCGCACCA";

    fn guard(options: Options) -> Guard {
        let set = |name: &str, sequences: &[&str]| EvaluationSet {
            name: name.into(),
            sequences: sequences.iter().map(|letters| letters.as_bytes().to_vec()).collect(),
        };
        Guard::new(&[set("one", &["ACGU", TRNA]), set("two", &[TRNA, "NNNNNNNNNNNNNNNNNNNN"])], options).unwrap()
    }

    #[test]
    fn a_sequence_is_marked_for_every_set_it_is_in() {
        let guard = guard(default_options());
        let marks = guard.mark(&[TRNA.replace('T', "u"), "acgt".into(), "N".repeat(20), "GATTACA".into()]);
        let found: Vec<_> = marks.iter().map(|mark| (mark.sequence, mark.set, mark.target)).collect();
        assert_eq!(found, [(0, 0, 1), (0, 1, 0), (1, 0, 0), (2, 1, 1)]);
        assert_eq!(guard.counts(&marks), [2, 2]);
    }

    #[test]
    fn what_holds_an_evaluation_sequence_is_marked_if_that_one_counts() {
        let long = format!("{}{TRNA}{}", "ACCA".repeat(40), "GTTG".repeat(30));
        assert_eq!(guard(default_options()).mark(&[&long]).len(), 2);
        assert_eq!(guard(Options { mode: Coverage::Both, ..default_options() }).mark(&[&long]).len(), 0);
    }

    #[test]
    fn the_other_strand_is_looked_at_on_request() {
        let mut codes = TRNA.as_bytes().to_vec();
        encode(&mut codes);
        reverse_complement(&mut codes);
        let turned: Vec<u8> = codes.iter().map(|&code| b"ACGT"[code as usize]).collect();
        assert_eq!(guard(default_options()).mark(&[&turned]).len(), 0);
        assert_eq!(guard(Options { both_strands: true, ..default_options() }).mark(&[&turned]).len(), 2);
    }
}
