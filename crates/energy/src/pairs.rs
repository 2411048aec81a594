//! Probabilities of pairs: of all, or of those that may span so many bases.

use std::borrow::Cow;

/// The probability of each pair.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probabilities {
    len: usize,
    /// How many pairs of a base with bases after it are kept, if not all.
    width: Option<usize>,
    /// Of all pairs, `[len, len]`, symmetric; else of each base with those after it, `[len, width]`.
    values: Vec<f32>,
}

impl Probabilities {
    /// Zeros, for pairs at a distance below `reach`.
    pub fn new(len: usize, reach: usize) -> Self {
        let width = (reach < len).then(|| reach.saturating_sub(1));
        Self { len, width, values: vec![0.0; len * width.unwrap_or(len)] }
    }

    /// Bytes of such probabilities.
    pub fn bytes(len: usize, reach: usize) -> usize {
        len * reach.min(len) * size_of::<f32>()
    }

    /// Sets the probability of a pair `i < j`.
    pub fn set(&mut self, i: usize, j: usize, p: f32) {
        if let Some(width) = self.width {
            self.values[i * width + j - i - 1] = p;
        } else {
            self.values[i * self.len + j] = p;
            self.values[j * self.len + i] = p;
        }
    }

    /// Of a pair in any order.
    pub fn get(&self, i: usize, j: usize) -> f32 {
        let (i, j) = (i.min(j), i.max(j));
        if i == j { 0.0 } else { self.after(i).get(j - i - 1).copied().unwrap_or(0.0) }
    }

    /// Of base `i` with `i + 1`, `i + 2` and so on, as far as any are kept.
    pub fn after(&self, i: usize) -> &[f32] {
        match self.width {
            Some(width) => &self.values[i * width..][..width.min(self.len - 1 - i)],
            None => &self.values[i * self.len..][i + 1..self.len],
        }
    }

    /// Of all pairs, `[len, len]`.
    pub fn square(&self) -> Cow<'_, [f32]> {
        match self.width {
            Some(_) => Cow::Owned(self.clone().into_square()),
            None => Cow::Borrowed(&self.values),
        }
    }

    /// As [`Probabilities::square`], without a copy if all are kept.
    pub fn into_square(self) -> Vec<f32> {
        if self.width.is_none() {
            return self.values;
        }
        let mut square = Self::new(self.len, self.len);
        for i in 0..self.len {
            self.after(i).iter().enumerate().for_each(|(k, &p)| square.set(i, i + 1 + k, p));
        }
        square.values
    }

    /// Of each base to be paired, `[len]`.
    pub fn paired(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.len];
        for i in 0..self.len {
            for (k, &p) in self.after(i).iter().enumerate() {
                sums[i] += f64::from(p);
                sums[i + 1 + k] += f64::from(p);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_pairs_are_those_of_the_square() {
        let pairs = [(0, 4, 0.5), (1, 3, 0.25), (4, 6, 0.125)];
        let [mut near, mut all] = [Probabilities::new(7, 5), Probabilities::new(7, 7)];
        for (i, j, p) in pairs {
            near.set(i, j, p);
            all.set(i, j, p);
        }
        assert_eq!(near.square(), all.square());
        assert_eq!(near.paired(), all.paired());
        for (i, j) in (0..7).flat_map(|i| (0..7).map(move |j| (i, j))) {
            assert_eq!(near.get(i, j), all.get(i, j), "{i} with {j}");
        }
        assert_eq!(near.after(1), [0.0, 0.25, 0.0, 0.0]);
        assert_eq!(near.after(5), [0.0]);
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
