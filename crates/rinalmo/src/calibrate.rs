//! Probabilities that hold what they say: a structure model set right on structures that it was not trained with.
//!
//! Three things are found, each from what stands before it. A line of logits makes, of all pairs that are called 30 %
//! likely, 30 % true (Platt, 1999). A way to decode and a threshold give the best mean F1. And what F1 to expect of a
//! structure: if probabilities hold, `2 · Σ_chosen p / (chosen + Σ_all p)` is about what a comparison with the truth would
//! give, and a straight line takes it to the relaxed F1 that was found.

use rinalmo_metrics::calibration::Calibration as Bins;
use rinalmo_metrics::pairs::PairCounts;
use rinalmo_metrics::platt::{Tally, platt};
use rinalmo_metrics::regression::Regression;
use rinalmo_tasks::structure::dataset::Item;
use rinalmo_tasks::structure::decode::{DecodeOptions, Method};

use crate::checkpoint::Calibration;
use crate::{Error, Model, PairMap};

/// Pairs of less than this probability before calibration are not looked at: a hundred to one of all there are, which
/// decide nothing and would decide the fit.
const LEAST: f32 = 0.005;
/// Bins of equal width in which calibration errors are counted.
const BINS: usize = 20;
/// Cells of the logits' histogram in one unit.
const CELLS: f32 = 50.0;
/// The largest logit, up and down, that is told apart from larger ones.
const LARGEST: f32 = 20.0;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// Lines of probabilities and of expected F1.
    pub calibration: Calibration,
    /// How to decode.
    pub method: Method,
    /// With which threshold.
    pub threshold: f32,
    /// The mean relaxed F1 then.
    pub f1: f64,
    /// Structures.
    pub structures: usize,
    /// Structures that were left out, each with why: too long for the machine's memory, or no finite numbers.
    pub left_out: Vec<String>,
    /// The expected calibration error of pairs before: over those of probability .005 or more.
    pub error_before: f64,
    /// And after, of the same pairs.
    pub error_after: f64,
    /// How far expected and found F1 lie apart on average.
    pub f1_error: f64,
    /// Their squared correlation (Pearson), where either varies.
    pub f1_pearson_squared: Option<f64>,
}

/// Finds out how a model is set right on `items`, as many at a time as fit into memory; their maps are computed twice
/// rather than kept. Items that the model cannot fold are left out.
///
/// # Errors
/// The model has no structure head, or there is too little to go by: no pair, or no probability worth a name.
pub fn calibrate(model: &Model, items: &[Item]) -> Result<Calibrated, Error> {
    let every: Vec<&Item> = items.iter().collect();
    let counted = model.with_logits(&every, |item, logits| Histogram::of(&logits, item))?;
    let (mut fitting, mut left_out, mut all) = (Vec::new(), Vec::new(), Histogram::new());
    for (item, histogram) in items.iter().zip(counted) {
        match histogram {
            Ok(histogram) => {
                fitting.push(item);
                all = all.plus(histogram);
            }
            Err(error) => left_out.push(format!("{}: {error}", item.id)),
        }
    }
    let (scale, shift) = platt(&all.tallies()).ok_or_else(|| {
        Error::Options("the structures hold no pairs, or the model gives none a probability: nothing to go by".into())
    })?;
    let (scale, shift) = (scale as f32, shift as f32);

    let decoded = model.with_logits(&fitting, |item, logits| {
        Tried::of(PairMap::of_logits(logits, item.sequence.len(), scale, shift), item)
    })?;
    let tried = decoded.into_iter().collect::<Result<Vec<_>, Error>>()?;
    let mean = |way: usize| tried.iter().map(|tried| tried.f1[way].1).sum::<f64>() / tried.len().max(1) as f64;
    let best = (0..ways().count()).max_by(|a, b| mean(*a).total_cmp(&mean(*b)).then(b.cmp(a))).unwrap_or(0);
    let (method, threshold) = ways().nth(best).unwrap_or_default();
    let points: Vec<(f64, f64)> = tried.iter().map(|tried| tried.f1[best]).collect();
    let (f1_scale, f1_shift) = line(&points);
    let expected: Vec<f64> = points.iter().map(|(x, _)| (f1_scale * x + f1_shift).clamp(0.0, 1.0)).collect();
    let found: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
    let told = Regression::of(&expected, &found).ok();
    Ok(Calibrated {
        calibration: Calibration { scale, shift, f1_scale: f1_scale as f32, f1_shift: f1_shift as f32 },
        method,
        threshold,
        f1: mean(best),
        structures: fitting.len(),
        left_out,
        error_before: all.error(1.0, 0.0),
        error_after: all.error(scale, shift),
        f1_error: told.map_or(0.0, |told| told.mae),
        f1_pearson_squared: told.and_then(|told| told.pearson_squared),
    })
}

/// Decoders that are tried, the first of equals being taken.
const METHODS: [Method; 3] = [Method::F1, Method::Nested, Method::Greedy];

/// Thresholds that each is tried with: .02 to .7. Of the one that finds its own they are the least it may find.
fn thresholds() -> impl Iterator<Item = f32> + Clone {
    (1..36).map(|number| number as f32 / 50.0)
}

/// Every decoder with every threshold.
fn ways() -> impl Iterator<Item = (Method, f32)> + Clone {
    METHODS.into_iter().flat_map(|method| thresholds().map(move |threshold| (method, threshold)))
}

/// One structure, decoded in every way: its estimate and its relaxed F1.
struct Tried {
    f1: Vec<(f64, f64)>,
}

impl Tried {
    fn of(map: PairMap, item: &Item) -> Self {
        let options = DecodeOptions::default();
        let decoded = METHODS.into_iter().flat_map(|method| {
            let decoded = method.decode_at(&map.values, &item.sequence, &options, thresholds());
            decoded.expect("a map is len × len, and there is no constraint")
        });
        let f1 = decoded.map(|decoded| {
            let pairs: Vec<(usize, usize)> = decoded.pairs.iter().map(|&(i, j, _)| (i, j)).collect();
            let found = PairCounts::relaxed(&pairs, item.structure.pairs()).score().f1;
            (f64::from(decoded.expected_f1(&map.values, options.min_loop)), found)
        });
        Self { f1: f1.collect() }
    }
}

/// Pairs by their logit: how many there are, and how many are true.
struct Histogram(Vec<(u64, u64)>);

impl Histogram {
    fn new() -> Self {
        Self(vec![(0, 0); (2.0 * LARGEST * CELLS) as usize + 1])
    }

    /// Of pairs that a hairpin could close.
    fn of(logits: &[f32], item: &Item) -> Self {
        let (len, mut counts, pairs) = (item.sequence.len(), Self::new(), item.structure.pairs());
        let least = (LEAST / (1.0 - LEAST)).ln();
        for i in 0..len {
            for j in i + 1 + DecodeOptions::default().min_loop..len {
                let x = logits[i * len + j];
                if x < least {
                    continue;
                }
                let cell = &mut counts.0[((x.clamp(-LARGEST, LARGEST) + LARGEST) * CELLS).round() as usize];
                cell.0 += 1;
                cell.1 += u64::from(pairs.binary_search(&(i, j)).is_ok());
            }
        }
        counts
    }

    fn plus(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum = (sum.0 + more.0, sum.1 + more.1));
        self
    }

    /// The cells that have any.
    fn tallies(&self) -> Vec<Tally> {
        let logit = |number: usize| number as f64 / f64::from(CELLS) - f64::from(LARGEST);
        let told = self.0.iter().enumerate().filter(|(_, cell)| cell.0 > 0);
        told.map(|(number, &(count, hits))| Tally { logit: logit(number), count, hits }).collect()
    }

    /// The expected calibration error if logits counted so.
    fn error(&self, scale: f32, shift: f32) -> f64 {
        let mut bins = Bins::new(BINS);
        for Tally { logit, count, hits } in self.tallies() {
            let x = f64::from(scale) * logit + f64::from(shift);
            bins.add_many(1.0 / (1.0 + (-x).exp()), count, hits);
        }
        bins.expected_error().unwrap_or(0.0)
    }
}

/// The straight line of least squares; level where all is at one place.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if spread < 1e-12 {
        return (0.0, y);
    }
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / spread;
    (slope, y - slope * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_of_what_the_line_makes_of_logits() {
        // Of pairs of logit 2 an eighth is true, as of logit ln 1/7.
        let mut histogram = Histogram::new();
        histogram.0[((2.0 + LARGEST) * CELLS) as usize] = (800, 100);
        assert!(histogram.error(1.0, -2.0 - 7_f32.ln()) < 1e-6);
        let called = 1.0 / (1.0 + (-2.0_f64).exp());
        assert!((histogram.error(1.0, 0.0) - (called - 0.125)).abs() < 1e-6);
    }

    #[test]
    fn a_line_goes_through_what_lies_on_one() {
        let (slope, offset) = line(&[(0.0, 0.1), (0.5, 0.5), (1.0, 0.9)]);
        assert!((slope - 0.8).abs() < 1e-12 && (offset - 0.1).abs() < 1e-12);
        assert_eq!(line(&[(0.3, 0.2), (0.3, 0.4)]).0, 0.0);
    }
}
