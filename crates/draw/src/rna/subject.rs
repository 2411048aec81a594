//! What is drawn: a sequence with its structure, and what is known of its bases and pairs.

use std::ops::Range;

use rinalmo_seq::Structure;

/// An RNA to draw.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rna {
    /// Its letters; none if they are unknown.
    pub letters: Vec<u8>,
    /// Its pairs.
    pub structure: Structure,
    /// A second structure to compare with, such as the known one.
    pub reference: Option<Structure>,
    /// Probabilities of pairs, `i < j`, from 0; pairs that are not listed have none.
    pub probabilities: Vec<(usize, usize, f64)>,
    /// A number for each base.
    pub track: Option<Track>,
    /// Positions to mark, from 0.
    pub highlights: Vec<Range<usize>>,
}

/// A number for each base.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// What the numbers are.
    pub name: String,
    /// The numbers; `None` where nothing was measured.
    pub values: Vec<Option<f64>>,
    /// The ends of the scale; those of the numbers if not given.
    pub range: Option<(f64, f64)>,
}

impl Rna {
    /// A sequence with its structure. Letters that are not as many as the structure has bases are left out.
    pub fn new(letters: impl Into<Vec<u8>>, structure: Structure) -> Self {
        let mut letters = letters.into();
        if letters.len() != structure.len() {
            letters.clear();
        }
        Self { letters, structure, ..Self::default() }
    }

    /// The number of bases.
    pub fn len(&self) -> usize {
        self.structure.len()
    }

    /// Whether there are no bases.
    pub fn is_empty(&self) -> bool {
        self.structure.is_empty()
    }

    /// The letter of a base, in upper case.
    pub(crate) fn letter(&self, base: usize) -> Option<char> {
        self.letters.get(base).map(|letter| char::from(letter.to_ascii_uppercase()))
    }

    /// The probability of the drawn pair of each base; no number for unpaired bases.
    pub fn pair_probability(&self) -> Track {
        let mut values = vec![None; self.len()];
        for &(i, j) in self.structure.pairs() {
            (values[i], values[j]) = (Some(0.0), Some(0.0));
        }
        for &(i, j, p) in self.probabilities.iter().filter(|pair| self.has_pair(pair.0, pair.1)) {
            values[i] = Some(values[i].unwrap_or(0.0_f64).max(p));
            values[j] = Some(values[j].unwrap_or(0.0_f64).max(p));
        }
        Track { name: "probability of the pair".into(), values, range: Some((0.0, 1.0)) }
    }

    /// The probability that each base is paired, from the probabilities of pairs.
    pub fn paired(&self) -> Track {
        let mut values = vec![0.0; self.len()];
        for &(i, j, p) in self.probabilities.iter().filter(|pair| pair.1 < self.len()) {
            values[i] += p;
            values[j] += p;
        }
        let values = values.into_iter().map(|p: f64| Some(p.clamp(0.0, 1.0))).collect();
        Track { name: "probability of being paired".into(), values, range: Some((0.0, 1.0)) }
    }

    /// How sure the drawn state of each base is: the probability of its pair, or of being unpaired.
    pub fn confidence(&self) -> Track {
        let mut values: Vec<f64> = self.paired().values.into_iter().map(|p| 1.0 - p.unwrap_or(0.0)).collect();
        for &(i, j) in self.structure.pairs() {
            (values[i], values[j]) = (0.0, 0.0);
        }
        for &(i, j, p) in self.probabilities.iter().filter(|pair| self.has_pair(pair.0, pair.1)) {
            values[i] = p.max(values[i]);
            values[j] = p.max(values[j]);
        }
        let values = values.into_iter().map(Some).collect();
        Track { name: "probability of the drawn state".into(), values, range: Some((0.0, 1.0)) }
    }

    /// The entropy of each base's partner, in bits: 0 if it is certain.
    pub fn entropy(&self) -> Track {
        let term = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
        let paired = self.paired().values;
        let mut values: Vec<f64> = paired.into_iter().map(|p| term(1.0 - p.unwrap_or(0.0))).collect();
        for &(i, j, p) in self.probabilities.iter().filter(|pair| pair.1 < self.len()) {
            values[i] += term(p);
            values[j] += term(p);
        }
        let most = values.iter().copied().fold(1.0, f64::max);
        let values = values.into_iter().map(Some).collect();
        Track { name: "entropy of the partner, bits".into(), values, range: Some((0.0, most)) }
    }

    pub(crate) fn has_pair(&self, i: usize, j: usize) -> bool {
        self.structure.pairs().binary_search(&(i, j)).is_ok()
    }
}

impl Track {
    /// The ends of the scale; 0 and 1 if there are no numbers.
    pub(crate) fn ends(&self) -> (f64, f64) {
        let finite = self.values.iter().flatten().copied().filter(|value| value.is_finite());
        let ends = finite.fold(None, |ends: Option<(f64, f64)>, value| {
            let (low, high) = ends.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        self.range.or(ends).unwrap_or((0.0, 1.0))
    }

    /// The number of a base.
    pub(crate) fn value(&self, base: usize) -> Option<f64> {
        self.values.get(base).copied().flatten().filter(|value| value.is_finite())
    }

    /// How far a base's number is from the least to the greatest, 0 to 1.
    pub(crate) fn part(&self, base: usize) -> Option<f64> {
        let (low, high) = self.ends();
        let part = |value: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
        self.value(base).map(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_follow_from_probabilities() {
        let structure = Structure::parse_dot_bracket("(..).").unwrap();
        let mut rna = Rna::new("GAACU", structure);
        rna.probabilities = vec![(0, 3, 0.5), (0, 4, 0.25)];
        let values = |track: Track| track.values.into_iter().flatten().collect::<Vec<f64>>();
        assert_eq!(values(rna.paired()), [0.75, 0.0, 0.0, 0.5, 0.25]);
        assert_eq!(values(rna.confidence()), [0.5, 1.0, 1.0, 0.5, 0.75]);
        assert_eq!(values(rna.entropy())[0], 0.5 + 0.5 + 0.5);
        assert!(Rna::new("GA", Structure::unpaired(5)).letters.is_empty());
    }

    #[test]
    fn a_scale_has_the_ends_of_its_numbers() {
        let track = |values: Vec<Option<f64>>| Track { name: String::new(), values, range: None };
        let some = track(vec![Some(-1.0), None, Some(3.0), Some(f64::NAN)]);
        assert_eq!((some.ends(), some.part(2), some.part(1), some.part(3)), ((-1.0, 3.0), Some(1.0), None, None));
        assert_eq!(track(vec![None]).ends(), (0.0, 1.0));
        assert_eq!(track(vec![Some(2.0)]).part(0), Some(0.5));
    }
}
