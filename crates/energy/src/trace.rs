//! From the sums of all spans back to one structure: which of its terms a sum is traced to, again and again.
//!
//! If sums are minima, the term that equals the sum leads to the structure of minimum free energy. If they are
//! partition functions, a term drawn by its share leads to a structure drawn by its probability (Ding and Lawrence,
//! Nucleic Acids Res. 31 (2003) 7280).

use crate::exterior::Exterior;
use crate::fold::Pairs;
use crate::inside::Inside;
use crate::least::Least;
use crate::loops::Loops;
use crate::nick::{End, Ends};
use crate::number::{Number, Semiring};
use crate::products::SHORTEST;
use crate::weights::LONGEST_LOOP;

/// Chooses one of the terms that add up to `total`.
pub(crate) trait Choose<T> {
    fn choose<C>(&mut self, total: T, terms: impl Iterator<Item = (T, C)>) -> C;
}

/// Chooses the first term that is the least.
pub(crate) struct First;

impl Choose<Least> for First {
    fn choose<C>(&mut self, total: Least, mut terms: impl Iterator<Item = (Least, C)>) -> C {
        // Whole numbers: the same terms in any order have the same least.
        terms.find(|(term, _)| *term == total).expect("the least term is among the terms").1
    }
}

/// Draws a term by its share of the total.
pub(crate) struct Drawn<'r>(pub &'r mut fastrand::Rng);

impl<T: Number> Choose<T> for Drawn<'_> {
    fn choose<C>(&mut self, total: T, terms: impl Iterator<Item = (T, C)>) -> C {
        let mut left = self.0.f64();
        let whole = total.recip();
        let mut last = None;
        for (term, choice) in terms.filter(|(term, _)| *term != T::ZERO) {
            left -= (term * whole).value();
            last = Some(choice);
            if left < 0.0 {
                break;
            }
        }
        last.expect("a sum that is not zero has a term that is not zero") // the last one takes what rounding leaves
    }
}

/// The pairs, sorted, of the structure that starts as one part. `parts` gives the parts of a part, and adds its pairs.
pub(crate) fn traced<P>(whole: P, mut parts: impl FnMut(P, &mut Pairs) -> [Option<P>; 2]) -> Pairs {
    let (mut pairs, mut open) = (Pairs::new(), vec![whole]);
    while let Some(part) = open.pop() {
        open.extend(parts(part, &mut pairs).into_iter().flatten());
    }
    pairs.sort_unstable();
    pairs
}

/// The sums that are traced.
pub(crate) struct Trace<'a, T: Semiring> {
    pub loops: &'a Loops<'a, T::Factor>,
    pub inside: &'a Inside<T>,
    /// Of the first `k` bases, `[len + 1]`.
    pub before: &'a [T],
    /// [`Loops::unpaired`].
    pub unpaired: Vec<T::Factor>,
}

/// A sum to be traced.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// Of the first bases, so many.
    Before(usize),
    /// Of a span that a pair closes.
    Closed(usize, usize),
    /// Of a span that a pair closes, on which the pair around it stacks: without lonely pairs.
    Stacked(usize, usize),
    /// Of a branch of a multiloop that starts with the span.
    Last(usize, usize),
    /// Of one or more branches.
    Some(usize, usize),
    /// Of the end of a strand that is next to the nick.
    End(End),
}

use Part::{Before, Closed, Last, Some as Several, Stacked};

/// The parts that a term is made of.
pub(crate) type Parts = [Option<Part>; 2];

impl<'a, T: Semiring> Trace<'a, T> {
    pub fn new(loops: &'a Loops<'a, T::Factor>, inside: &'a Inside<T>, exterior: &'a Exterior<T>) -> Self {
        Self { loops, inside, before: &exterior.before, unpaired: loops.unpaired() }
    }

    /// The pairs of one structure, sorted.
    pub fn structure(&self, chooser: &mut impl Choose<T>) -> Pairs {
        traced(self.all(), |part, pairs| {
            let total = self.value(part);
            match part {
                Before(0) => [None; 2],
                Before(end) => chooser.choose(total, self.terms_before(end)),
                Closed(i, j) | Stacked(i, j) => {
                    pairs.push((self.loops.base(i), self.loops.base(j)));
                    match (part, &self.inside.stacked) {
                        (Closed(..), Some(_)) => self.stack(i, j).map_or([None; 2], |(_, parts)| parts),
                        _ => chooser.choose(total, self.terms_closed(i, j)),
                    }
                }
                Last(i, j) => chooser.choose(total, self.terms_last(i, j)),
                Several(i, j) => chooser.choose(total, self.terms_some(i, j)),
                Part::End(end) => chooser.choose(total, self.terms_end(end)),
            }
        })
    }

    /// The part that holds all others.
    pub fn all(&self) -> Part {
        Before(self.loops.len())
    }

    /// The sum over all structures.
    pub fn total(&self) -> T {
        self.value(self.all())
    }

    /// The sum over the structures of a part.
    pub fn value(&self, part: Part) -> T {
        match part {
            Before(end) => self.before[end],
            Closed(i, j) => self.inside.closed.get(i, j),
            Stacked(i, j) => self.inside.stacked.as_ref().unwrap_or(&self.inside.closed).get(i, j),
            Last(i, j) => self.inside.last.get(i, j),
            Several(i, j) => self.inside.some.get(i, j),
            Part::End(end) => self.ends().get(end),
        }
    }

    /// Calls `visit` with every term that the sum of `part` is made of, and the parts that the term is made of.
    pub fn each_term(&self, part: Part, mut visit: impl FnMut(T, Parts)) {
        let mut each = |(term, parts)| visit(term, parts);
        match part {
            Before(0) => each((T::ONE, [None; 2])),
            Before(end) => self.terms_before(end).for_each(each),
            Closed(i, j) if self.inside.stacked.is_some() => self.stack(i, j).into_iter().for_each(each),
            Closed(i, j) | Stacked(i, j) => self.terms_closed(i, j).for_each(each),
            Last(i, j) => self.terms_last(i, j).for_each(each),
            Several(i, j) => self.terms_some(i, j).for_each(each),
            Part::End(end) => self.terms_end(end).for_each(each),
        }
    }

    fn terms_before(&self, end: usize) -> impl Iterator<Item = (T, Parts)> {
        let j = end - 1;
        let unpaired = (self.before[j] * self.loops.scale(1), [Some(Before(j)), None]);
        let paired = self.loops.partners_before(j).filter_map(move |i| {
            let branch = self.inside.closed.get(i, j) * self.loops.exterior(self.loops.pair(i, j)?, i, j);
            Some((self.before[i] * branch, [Some(Before(i)), Some(Closed(i, j))]))
        });
        std::iter::once(unpaired).chain(paired)
    }

    /// Without lonely pairs: the only term of a pair that nothing stacks on from outside.
    fn stack(&self, i: usize, j: usize) -> Option<(T, Parts)> {
        let (loops, inner) = (self.loops, Stacked(i + 1, j - 1));
        let [outer_kind, inner_kind] = [loops.pair(i, j)?, loops.pair(i + 1, j - 1)?];
        let factor = loops.small([0, 0], i, j, outer_kind, inner_kind) * loops.bonus(i, j);
        Some((self.value(inner) * factor, [Some(inner), None]))
    }

    fn terms_closed(&self, i: usize, j: usize) -> impl Iterator<Item = (T, Parts)> {
        let loops = self.loops;
        let kind = loops.pair(i, j).expect("only bases that can pair are paired");
        let no_pair_inside = match &self.inside.ends {
            Some(ends) if loops.is_between(i, j) => {
                let parts = [End::Left(i + 1), End::Right(j)].map(|end| Some(Part::End(end)));
                (ends.between(i, j) * loops.open(kind, i, j), parts)
            }
            _ => (T::ONE * loops.hairpin(kind, i, j), [None; 2]),
        };
        let largest = LONGEST_LOOP.min((j - i).saturating_sub(SHORTEST + 2));
        let sizes = (0..=largest).flat_map(|size| (0..=size).map(move |left| [left, size - left]));
        let inner = sizes.filter_map(move |[left, right]| {
            let (p, q) = (i + 1 + left, j - 1 - right);
            let factor = loops.internal([left, right], i, j, kind, loops.pair(p, q)?);
            let part = if left + right == 0 { Stacked(p, q) } else { Closed(p, q) };
            Some((self.value(part) * factor, [Some(part), None]))
        });
        let closing = loops.multiloop(kind, i, j);
        let branches = self.splits(i + 1, j - 1).map(move |(term, parts)| (term * closing, parts));
        let bonus = loops.bonus(i, j);
        std::iter::once(no_pair_inside).chain(inner).chain(branches).map(move |(term, parts)| (term * bonus, parts))
    }

    fn terms_end(&self, end: End) -> impl Iterator<Item = (T, Parts)> {
        let ends = self.ends();
        let unpaired = (ends.unpaired(self.loops, end), [ends.shorter(end).map(Part::End), None]);
        let paired = ends.paired(self.loops, &self.inside.closed, end);
        let paired = paired.map(|(term, (i, j), rest)| (term, [Some(Part::End(rest)), Some(Closed(i, j))]));
        std::iter::once(unpaired).chain(paired)
    }

    fn ends(&self) -> &Ends<T> {
        self.inside.ends.as_ref().expect("only two strands have ends at a nick")
    }

    fn terms_last(&self, i: usize, j: usize) -> impl Iterator<Item = (T, Parts)> {
        let kind = self.loops.pair(i, j);
        let branch = kind.map(|kind| {
            let factor = self.loops.branch(kind, i, j);
            (self.inside.closed.get(i, j) * factor, [Some(Closed(i, j)), None])
        });
        let shorter = (j > i).then(|| {
            let term = self.inside.last.get(i, j - 1) * self.unpaired[j];
            (term, [Some(Last(i, j - 1)), None])
        });
        branch.into_iter().chain(shorter)
    }

    fn terms_some(&self, i: usize, j: usize) -> impl Iterator<Item = (T, Parts)> {
        let one = (i..j).scan(T::ONE, move |unpaired, k| {
            let term = self.inside.last.get(k, j) * *unpaired;
            *unpaired = *unpaired * self.unpaired[k];
            Some((term, [Some(Last(k, j)), None]))
        });
        one.chain(self.splits(i, j))
    }

    /// Two or more branches: all but the last one, and the last one.
    fn splits(&self, i: usize, j: usize) -> impl Iterator<Item = (T, Parts)> {
        (i + SHORTEST..j.saturating_sub(SHORTEST)).map(move |k| {
            let term = self.inside.some.get(i, k) * self.inside.last.get(k + 1, j);
            (term, [Some(Several(i, k)), Some(Last(k + 1, j))])
        })
    }
}
