//! Probabilities of pairs: of all, of those that may span so many bases, or a list of those that were kept.

use std::borrow::Cow;

/// The probability of each pair.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probabilities {
    len: usize,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    /// Of all pairs, `[len, len]`, symmetric.
    Square(Vec<f32>),
    /// Of each base with so many bases after it, `[len, width]`.
    Near { width: usize, values: Vec<f32> },
    /// Of each base, those after it that it may pair with, increasing; all others have none.
    Listed(Vec<Vec<(u32, f32)>>),
}

/// Probabilities of a base to pair with those after it; those that are not here are 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Row<'a> {
    /// With the next base, the one after that, and so on.
    Near(&'a [f32]),
    /// With some bases, counted from 0, in increasing order.
    Listed(&'a [(u32, f32)]),
}

impl Row<'_> {
    /// The bases and the probabilities of their pairs with base `i`, whose row it is.
    pub fn pairs(self, i: usize) -> impl Iterator<Item = (usize, f32)> {
        let (near, listed) = match self {
            Row::Near(near) => (near, &[][..]),
            Row::Listed(listed) => (&[][..], listed),
        };
        (i + 1..).zip(near.iter().copied()).chain(listed.iter().map(|&(j, p)| (j as usize, p)))
    }
}

impl Probabilities {
    /// Zeros, for pairs at a distance below `reach`.
    pub fn new(len: usize, reach: usize) -> Self {
        let values = if reach < len {
            let width = reach.saturating_sub(1);
            Values::Near { width, values: vec![0.0; len * width] }
        } else {
            Values::Square(vec![0.0; len * len])
        };
        Self { len, values }
    }

    /// Of each base, those after it that it may pair with, increasing.
    pub fn listed(rows: Vec<Vec<(u32, f32)>>) -> Self {
        Self { len: rows.len(), values: Values::Listed(rows) }
    }

    /// Bytes of such probabilities.
    pub fn bytes(len: usize, reach: usize) -> usize {
        len * reach.min(len) * size_of::<f32>()
    }

    /// Sets the probability of a pair `i < j`, which is not of a list.
    pub fn set(&mut self, i: usize, j: usize, p: f32) {
        match &mut self.values {
            Values::Square(values) => {
                values[i * self.len + j] = p;
                values[j * self.len + i] = p;
            }
            Values::Near { width, values } => values[i * *width + j - i - 1] = p,
            Values::Listed(_) => unreachable!("a list is made whole"),
        }
    }

    /// Of a pair in any order.
    pub fn get(&self, i: usize, j: usize) -> f32 {
        let (i, j) = (i.min(j), i.max(j));
        if i == j {
            return 0.0;
        }
        match self.after(i) {
            Row::Near(near) => near.get(j - i - 1).copied().unwrap_or(0.0),
            Row::Listed(listed) => {
                listed.binary_search_by_key(&j, |&(j, _)| j as usize).map_or(0.0, |place| listed[place].1)
            }
        }
    }

    /// Of base `i` with those after it, as far as any are kept.
    pub fn after(&self, i: usize) -> Row<'_> {
        match &self.values {
            Values::Square(values) => Row::Near(&values[i * self.len..][i + 1..self.len]),
            Values::Near { width, values } => Row::Near(&values[i * width..][..(*width).min(self.len - 1 - i)]),
            Values::Listed(rows) => Row::Listed(&rows[i]),
        }
    }

    /// Every pair that is kept, and its probability.
    pub fn all(&self) -> impl Iterator<Item = (usize, usize, f32)> {
        (0..self.len).flat_map(|i| self.after(i).pairs(i).map(move |(j, p)| (i, j, p)))
    }

    /// Of all pairs, `[len, len]`.
    pub fn square(&self) -> Cow<'_, [f32]> {
        match &self.values {
            Values::Square(values) => Cow::Borrowed(values),
            _ => Cow::Owned(self.clone().into_square()),
        }
    }

    /// As [`Probabilities::square`], without a copy if all are kept.
    pub fn into_square(self) -> Vec<f32> {
        if let Values::Square(values) = self.values {
            return values;
        }
        let mut square = vec![0.0; self.len * self.len];
        for (i, j, p) in self.all() {
            square[i * self.len + j] = p;
            square[j * self.len + i] = p;
        }
        square
    }

    /// Of each base to be paired, `[len]`.
    pub fn paired(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.len];
        for (i, j, p) in self.all() {
            sums[i] += f64::from(p);
            sums[j] += f64::from(p);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_listed_pairs_are_those_of_the_square() {
        let pairs = [(0, 4, 0.5), (1, 3, 0.25), (4, 6, 0.125)];
        let [mut near, mut all] = [Probabilities::new(7, 5), Probabilities::new(7, 7)];
        let mut rows = vec![Vec::new(); 7];
        for (i, j, p) in pairs {
            near.set(i, j, p);
            all.set(i, j, p);
            rows[i].push((j as u32, p));
        }
        let listed = Probabilities::listed(rows);
        for some in [&near, &listed] {
            assert_eq!(some.square(), all.square());
            assert_eq!(some.paired(), all.paired());
            for (i, j) in (0..7).flat_map(|i| (0..7).map(move |j| (i, j))) {
                assert_eq!(some.get(i, j), all.get(i, j), "{i} with {j}");
            }
        }
        assert_eq!(near.after(1), Row::Near(&[0.0, 0.25, 0.0, 0.0]));
        assert_eq!(near.after(5), Row::Near(&[0.0]));
        assert_eq!(listed.after(1), Row::Listed(&[(3, 0.25)]));
        assert_eq!(listed.all().collect::<Vec<_>>(), pairs);
    }

    #[test]
    fn there_may_be_no_pairs_at_all() {
        for reach in 0..3 {
            let none = Probabilities::new(3, reach);
            assert_eq!((none.get(0, 2), none.into_square()), (0.0, vec![0.0; 9]));
        }
        assert_eq!(Probabilities::new(0, 0).paired(), []);
    }
}
