//! Compares one sequence of the corpus with the evaluation sets: it is aligned with those it shares words with.

use super::candidates::{Candidate, Crowd, Hit, choose};
use super::edits::{LANES, fewest_edits};
use super::{Guard, Mark, Target};
use rinalmo_seq::alphabet::spelled;

use crate::cluster::{Comparison, encode, reverse_complement};

/// Unrelated sequences have more edits per 100 bases than this: if more are allowed, counting them is of no use.
const BY_CHANCE: usize = 45;

/// The buffers of a thread, reused for every sequence.
#[derive(Default)]
pub(super) struct Search {
    pub(super) letters: Vec<u8>,
    codes: Vec<u8>,
    hits: Vec<Hit>,
    crowd: Crowd,
    candidates: Vec<Candidate>,
    comparison: Comparison,
}

impl Guard {
    /// The marks of the sequence in `search.letters`, which has no gaps.
    pub(super) fn search(&self, sequence: u32, search: &mut Search) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let mark = |target: &Target, identity| Mark { sequence, set: target.set, target: target.number, identity };
        for &target in self.identical.get(&spelled(&search.letters)).into_iter().flatten() {
            let target = &self.targets[target as usize];
            if marks.iter().all(|found| found.set != target.set) {
                marks.push(mark(target, 1.0));
            }
        }
        search.codes.clone_from(&search.letters);
        encode(&mut search.codes);
        for turned in [false, true].into_iter().take(1 + usize::from(self.options.both_strands)) {
            if turned {
                reverse_complement(&mut search.codes);
            }
            self.candidates(search);
            self.compare(sequence, search, &mut marks);
        }
        marks.sort_unstable_by_key(|mark| mark.set);
        marks
    }

    /// Adds marks of sets that have none so far.
    fn compare(&self, sequence: u32, search: &mut Search, marks: &mut Vec<Mark>) {
        let Search { codes, candidates, comparison, .. } = search;
        let marked = |marks: &[Mark], set: u32| marks.iter().any(|mark| mark.set == set);
        candidates.retain(|candidate| !marked(marks, candidate.set));
        while !candidates.is_empty() {
            let rest = candidates.split_off(candidates.len().min(LANES));
            for (candidate, near) in candidates.iter().zip(self.near(codes, candidates)) {
                if !near || marked(marks, candidate.set) {
                    continue;
                }
                let (target, diagonal) = (&self.targets[candidate.target as usize], candidate.diagonal as isize);
                if let Some(identity) = comparison.compare(codes, &target.codes, diagonal, &self.options, self.bases) {
                    marks.push(Mark { sequence, set: target.set, target: target.number, identity });
                }
            }
            *candidates = rest;
            candidates.retain(|candidate| !marked(marks, candidate.set));
        }
    }

    /// Which of at most [`LANES`] candidates may be similar: an alignment of the sequence with one that has too many
    /// edits in the same band would have too little identity or coverage.
    fn near(&self, codes: &[u8], candidates: &[Candidate]) -> [bool; LANES] {
        let most = |target: &[u8]| self.options.most_edits(target.len());
        if most(&[0; 100]).is_none_or(|edits| edits > BY_CHANCE) {
            return [true; LANES];
        }
        let mut lanes = [(&[][..], 0); LANES];
        for (lane, candidate) in lanes.iter_mut().zip(candidates) {
            *lane = (&self.targets[candidate.target as usize].codes[..], candidate.diagonal as isize);
        }
        let edits = fewest_edits(codes, &lanes[..candidates.len()]);
        std::array::from_fn(|lane| most(lanes[lane].0).is_none_or(|most| edits[lane] <= most as u64))
    }

    /// Of each set the targets that share most words with the sequence, most first.
    fn candidates(&self, search: &mut Search) {
        let Search { codes, hits, crowd, candidates, .. } = search;
        hits.clear();
        for index in &self.indices {
            index.each(codes, |position, words| {
                hits.extend(words.iter().map(|word| Hit::new(word.target, position as i32 - word.position as i32)));
            });
        }
        let fitting = self.options.fitting_members(codes.len());
        choose(hits, crowd, candidates, &self.facts, (codes.len(), fitting));
    }
}
