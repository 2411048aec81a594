//! All structures whose energy is within a band above the minimum (Wuchty, Fontana, Hofacker and Schuster, Biopolymers
//! 49 (1999) 145).
//!
//! A structure that is not complete consists of pairs and of parts whose structures are still open. Its energy is at least
//! that of what is decided plus the least of every open part, which the recursions know. So only those that can stay in
//! the band are continued, and every one that is continued ends in at least one structure of the band.

use crate::fold::Pairs;
use crate::least::Least;
use crate::trace::{Part, Trace};

/// More structures in a band than were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {limit} structures are in the band")]
pub struct TooMany {
    /// The most that were asked for.
    pub limit: usize,
}

/// The pairs of all structures whose energy is at most `band` hundredths of kcal/mol above the least, with their energies
/// in the same unit, in no order.
///
/// # Errors
/// There are more than `limit`.
pub(crate) fn suboptimal(trace: &Trace<'_, Least>, band: f32, limit: usize) -> Result<Vec<(f32, Pairs)>, TooMany> {
    let mut search =
        Search { trace, most: trace.total().0 + band, parts: Lists::new(), pairs: Lists::new(), open: vec![] };
    search.begin();
    let mut found = Vec::new();
    while let Some(state) = search.open.pop() {
        let Some((part, rest)) = search.resume(&state) else {
            if found.len() == limit {
                return Err(TooMany { limit });
            }
            found.push((state.energy, search.pairs_of(state.pairs)));
            continue;
        };
        search.branch(part, State { parts: rest, ..state });
    }
    Ok(found)
}

/// A structure that is not complete.
#[derive(Clone, Copy)]
struct State {
    /// Its open parts and its pairs, as lists.
    parts: Link,
    pairs: Link,
    /// The least energy of its structures.
    energy: f32,
    /// Sizes of the two stores when it was made: what was added later belongs to states that are done.
    marks: [usize; 2],
}

struct Search<'t, 'a> {
    trace: &'t Trace<'a, Least>,
    /// Energy at the upper end of the band.
    most: f32,
    parts: Lists<Part>,
    pairs: Lists<(usize, usize)>,
    /// States to be continued, the last one first.
    open: Vec<State>,
}

impl Search<'_, '_> {
    /// The state of all structures.
    fn begin(&mut self) {
        let parts = self.parts.add(self.trace.all(), None);
        let marks = [self.parts.len(), self.pairs.len()];
        self.open.push(State { parts, pairs: None, energy: self.trace.total().0, marks });
    }

    /// Forgets what was added after a state, and gives its next open part and those after it, if it has any.
    fn resume(&mut self, state: &State) -> Option<(Part, Link)> {
        let [parts, pairs] = state.marks;
        self.parts.truncate(parts);
        self.pairs.truncate(pairs);
        state.parts.map(|first| self.parts.get(first))
    }

    /// Opens a state for every term of `part` that stays in the band; `state` is without that part.
    fn branch(&mut self, part: Part, state: State) {
        let (trace, first) = (self.trace, self.open.len());
        let pairs = match part {
            Part::Closed(i, j) | Part::Stacked(i, j) => {
                self.pairs.add((trace.loops.base(i), trace.loops.base(j)), state.pairs)
            }
            _ => state.pairs,
        };
        let without = state.energy - trace.value(part).0;
        trace.each_term(part, |term, inner| {
            let energy = without + term.0;
            if energy <= self.most {
                let parts = inner.into_iter().flatten().fold(state.parts, |rest, part| self.parts.add(part, rest));
                self.open.push(State { parts, pairs, energy, marks: [0; 2] });
            }
        });
        let marks = [self.parts.len(), self.pairs.len()];
        self.open[first..].iter_mut().for_each(|state| state.marks = marks);
    }

    fn pairs_of(&self, mut pairs: Link) -> Pairs {
        let mut found = Vec::new();
        while let Some(at) = pairs {
            let (pair, rest) = self.pairs.get(at);
            found.push(pair);
            pairs = rest;
        }
        found.sort_unstable();
        found
    }
}

/// The first item of a list, if it has any.
type Link = Option<usize>;

/// Lists that share their ends.
struct Lists<T>(Vec<(T, Link)>);

impl<T: Copy> Lists<T> {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    /// The list of `item` and then `rest`.
    fn add(&mut self, item: T, rest: Link) -> Link {
        self.0.push((item, rest));
        Some(self.0.len() - 1)
    }

    /// An item and those after it.
    fn get(&self, at: usize) -> (T, Link) {
        self.0[at]
    }

    fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }
}
