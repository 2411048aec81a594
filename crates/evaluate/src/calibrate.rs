//! Calibrates a structure model on structures that it was not trained with.
//!
//! Three things are fitted, one after the other:
//!
//! 1. A curve for logits, after which 30 % of the pairs with a probability of 30 % are true: see
//!    [`rinalmo_metrics::beta_calibration`].
//! 2. The decoder and threshold with the best mean F1.
//! 3. The F1 to expect of a structure. With calibrated probabilities, `2 · Σ_chosen p / (chosen + Σ_all p)` is close to
//!    its F1; a straight line takes this estimate to the relaxed F1.
//!
//! The fit uses all structures. The reported figures are cross-fitted: whole families or clusters are dealt into folds,
//! and each fold is evaluated with the fit of the others.

mod folds;

use rinalmo_decode::{DecodeOptions, Method};
use rinalmo_metrics::beta_calibration::{Tally, beta};
use rinalmo_metrics::calibration::Calibration as Bins;
use rinalmo_metrics::pairs::PairCounts;
use rinalmo_metrics::regression::Regression;
use rinalmo_seq::labelled::structures::Item;

use crate::Error;
use folds::Folds;
pub use folds::Together;
use rinalmo_infer::checkpoint::{Calibration, Curve, Metadata};
use rinalmo_infer::{Model, PairMap, learned_probabilities};

/// Pairs of less than this probability before calibration are not counted. They are a hundred times as many as the
/// others and would dominate the fit, but no decoder chooses them.
const LEAST: f32 = 0.005;
/// Bins of equal width in which calibration errors are counted.
const BINS: usize = 20;
/// Cells of the logits' histogram in one unit.
const CELLS: f32 = 50.0;
/// Logits beyond ± this value are counted in the last cell.
const LARGEST: f32 = 20.0;

/// The decoders that a threshold can be fitted for.
pub const DECODERS: [Method; 3] = [Method::F1, Method::Nested, Method::Greedy];

/// A calibration and its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// The curve of probabilities and the line of expected F1, fitted to all structures.
    pub calibration: Calibration,
    /// The best decoder.
    pub method: Method,
    /// Its threshold.
    pub threshold: f32,
    /// The number of structures.
    pub structures: usize,
    /// Structures that were left out, each with why: too long for the machine's memory, or no finite numbers.
    pub left_out: Vec<String>,
    /// How figures were cross-fitted; `None` if that was impossible, so that they equal `in_sample`.
    pub cross_fit: Option<CrossFit>,
    /// The cross-fitted figures.
    pub figures: Figures,
    /// Figures of the same structures that were used for the fit, which are too optimistic.
    pub in_sample: Figures,
}

impl Calibrated {
    /// Notes decoder, threshold and calibration in what a checkpoint says of its model.
    pub fn note_in(&self, meta: &mut Metadata) {
        meta.threshold = Some(self.threshold);
        meta.decode = Some(self.method.name().to_owned());
        meta.calibration = Some(self.calibration);
    }
}

/// How structures were dealt into folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrossFit {
    /// Folds.
    pub folds: usize,
    /// What stayed together.
    pub together: Together,
    /// How many of them there are.
    pub groups: usize,
}

/// The quality of a calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// The mean relaxed F1 with the decoder and threshold that were chosen.
    pub f1: f64,
    /// The expected calibration error of pairs with a probability of 0.005 or more, before calibration.
    pub error_before: f64,
    /// The expected calibration error of the same pairs after calibration.
    pub error_after: f64,
    /// Mean absolute difference between expected F1 and F1.
    pub f1_error: f64,
    /// Their squared correlation (Pearson), if both vary.
    pub f1_pearson_squared: Option<f64>,
}

/// What is not fitted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct CalibrateOptions {
    /// Share of energies, see [`FoldOptions::energy_share`](rinalmo_infer::FoldOptions::energy_share). If probabilities
    /// are mixed, the curve of logits is fitted without it.
    pub energy_share: f32,
    /// The decoder, if it is not to be the best of three.
    pub method: Option<Method>,
    /// The threshold, from 0 to below 1, if it is not to be the best of 0.02, 0.04 … 0.7. For a decoder that finds its
    /// own, it is a lower bound.
    pub threshold: Option<f32>,
}

impl CalibrateOptions {
    /// Sets [`CalibrateOptions::energy_share`].
    #[must_use]
    pub fn energy_share(mut self, energy_share: f32) -> Self {
        self.energy_share = energy_share;
        self
    }

    /// Sets [`CalibrateOptions::method`].
    #[must_use]
    pub fn method(mut self, method: impl Into<Option<Method>>) -> Self {
        self.method = method.into();
        self
    }

    /// Sets [`CalibrateOptions::threshold`].
    #[must_use]
    pub fn threshold(mut self, threshold: impl Into<Option<f32>>) -> Self {
        self.threshold = threshold.into();
        self
    }
}

/// Fits a model's calibration on `items`, as many at a time as fit into memory. Their maps are computed twice instead
/// of kept. Items that the model cannot fold are left out.
///
/// # Errors
/// The model has no structure head, or no true pair has a predicted probability of 0.005 or more.
pub fn calibrate(model: &Model, items: &[Item], options: &CalibrateOptions) -> Result<Calibrated, Error> {
    let energy_share = options.energy_share;
    let ways = Ways::of(options);
    if !(0.0..=1.0).contains(&energy_share) {
        return Err(Error::Options(format!("energy share: expected a number from 0 to 1, found {energy_share}")));
    }
    if let Some(found) = options.threshold.filter(|threshold| !(0.0..1.0).contains(threshold)) {
        // As folding says it: nothing is more probable than 1.
        return Err(Error::Options(format!("threshold: expected a probability from 0 to below 1, found {found}")));
    }
    let every: Vec<&Item> = items.iter().collect();
    let mut fitting = Vec::new();
    let mut histograms = Vec::new();
    let mut left_out = Vec::new();
    for (item, histogram) in
        items.iter().zip(model.with_logits(&every, energy_share, |item, logits| Histogram::of(&logits, item))?)
    {
        match histogram {
            Ok(histogram) => {
                fitting.push(item);
                histograms.push(histogram);
            }
            Err(error) => left_out.push(format!("{}: {error}", item.id)),
        }
    }
    let folds = Folds::of(&fitting)?;
    let mut by_fold: Vec<Histogram> = (0..folds.count).map(|_| Histogram::new()).collect();
    histograms.iter().zip(&folds.of).for_each(|(histogram, &fold)| by_fold[fold].add(histogram));
    drop(histograms);
    let sum = |skip: Option<usize>| {
        let mut all = Histogram::new();
        by_fold.iter().enumerate().filter(|(fold, _)| Some(*fold) != skip).for_each(|(_, part)| all.add(part));
        all
    };
    let all = sum(None);
    let whole = curve_of(&all).ok_or_else(|| {
        let (none, count) = ("no base pair with a predicted probability of 0.005 or more", fitting.len());
        Error::Options(format!("calibration needs at least one; found {none} that is true, in {count} structures"))
    })?;
    // The curve without each fold, if there are several. If none can be fitted without a fold, that of all is used.
    let without: Vec<Curve> = match folds.count {
        1 => Vec::new(),
        count => (0..count).map(|fold| curve_of(&sum(Some(fold))).unwrap_or(whole)).collect(),
    };
    let curves: Vec<Curve> = std::iter::once(whole).chain(without.iter().copied()).collect();
    let tried = model.with_logits(&fitting, energy_share, |item, logits| {
        let mixed = energy_share > 0.0 && model.ensemble().is_none();
        let energies = mixed.then(|| learned_probabilities(&item.sequence));
        let of = |&curve: &Curve| {
            let mut map = PairMap::of_logits(logits.clone(), item.sequence.len(), curve);
            if let Some(energies) = &energies {
                map.share(energies, energy_share);
            }
            Tried::of(map, item, &ways)
        };
        curves.iter().map(of).collect::<Vec<_>>()
    })?;

    let tried = tried.into_iter().collect::<Result<Vec<_>, _>>()?;
    let everything: Vec<&Tried> = tried.iter().map(|curves| &curves[0]).collect();
    let (way, f1_line) = fit(&everything);
    let points: Vec<(f64, f64)> = everything.iter().map(|tried| tried.point(way, f1_line)).collect();
    let before = all.bins(Curve::NONE);
    let in_sample = Figures::of(&points, &before, &all.bins(whole));
    let figures =
        if without.is_empty() { in_sample } else { cross_fitted(&folds, &by_fold, &without, &tried, &before) };
    let (method, threshold) = ways.at(way);
    Ok(Calibrated {
        calibration: Calibration {
            scale: whole.scale,
            certain_scale: (whole.certain_scale != whole.scale).then_some(whole.certain_scale),
            shift: whole.shift,
            f1_scale: f1_line.0 as f32,
            f1_shift: f1_line.1 as f32,
            energy_share,
        },
        method,
        threshold,
        structures: fitting.len(),
        left_out,
        cross_fit: folds.cross_fit(),
        figures,
        in_sample,
    })
}

/// Figures of each fold with the fit of the others.
fn cross_fitted(
    folds: &Folds,
    by_fold: &[Histogram],
    without: &[Curve],
    tried: &[Vec<Tried>],
    before: &Bins,
) -> Figures {
    let mut points = Vec::new();
    let mut after = Bins::new(BINS);
    for (fold, curve) in without.iter().enumerate() {
        let part = |inside: bool| {
            let of = tried.iter().zip(&folds.of).filter(move |(_, of)| (**of == fold) == inside);
            of.map(|(curves, _)| &curves[1 + fold])
        };
        let (way, f1_line) = fit(&part(false).collect::<Vec<_>>());
        points.extend(part(true).map(|tried| tried.point(way, f1_line)));
        after += &by_fold[fold].bins(*curve);
    }
    Figures::of(&points, before, &after)
}

impl Figures {
    /// From expected and found F1, and bins of pairs.
    fn of(points: &[(f64, f64)], before: &Bins, after: &Bins) -> Self {
        let (expected, found): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let fit = Regression::of(&expected, &found).ok();
        Self {
            f1: found.iter().sum::<f64>() / found.len().max(1) as f64,
            error_before: before.expected_error().unwrap_or(0.0),
            error_after: after.expected_error().unwrap_or(0.0),
            f1_error: fit.map_or(0.0, |fit| fit.mae),
            f1_pearson_squared: fit.and_then(|fit| fit.pearson_squared),
        }
    }
}

fn curve_of(histogram: &Histogram) -> Option<Curve> {
    let found = beta(&histogram.tallies())?;
    Some(Curve { scale: found.a as f32, certain_scale: found.b as f32, shift: found.c as f32 })
}

/// The best way to decode, and the line from estimates to F1. Of equally good ways, the first is taken.
fn fit(tried: &[&Tried]) -> (usize, (f64, f64)) {
    let mean = |way: usize| tried.iter().map(|tried| tried.f1[way].1).sum::<f64>() / tried.len().max(1) as f64;
    let ways = 0..tried.first().map_or(0, |tried| tried.f1.len());
    let best = ways.max_by(|a, b| mean(*a).total_cmp(&mean(*b)).then(b.cmp(a))).unwrap_or(0);
    (best, line(&tried.iter().map(|tried| tried.f1[best]).collect::<Vec<_>>()))
}

/// Decoders and thresholds that are compared: every one of the first with every one of the second.
struct Ways {
    methods: Vec<Method>,
    thresholds: Vec<f32>,
}

impl Ways {
    fn of(options: &CalibrateOptions) -> Self {
        let methods = options.method.map_or_else(|| DECODERS.to_vec(), |method| vec![method]);
        let thresholds = (1..36).map(|number| number as f32 / 50.0);
        let thresholds = options.threshold.map_or_else(|| thresholds.collect(), |threshold| vec![threshold]);
        Self { methods, thresholds }
    }

    fn at(&self, way: usize) -> (Method, f32) {
        (self.methods[way / self.thresholds.len()], self.thresholds[way % self.thresholds.len()])
    }
}

/// One structure, decoded in every way: its estimate and its relaxed F1.
struct Tried {
    f1: Vec<(f64, f64)>,
}

impl Tried {
    fn of(map: PairMap, item: &Item, ways: &Ways) -> Self {
        let options = DecodeOptions::default();
        let decoded = ways.methods.iter().flat_map(|method| {
            let decoded = method.decode_at(&map.values, &item.sequence, &options, ways.thresholds.iter().copied());
            decoded.expect("a map is len × len, and there is no constraint")
        });
        let f1 = decoded.map(|decoded| {
            let pairs: Vec<(usize, usize)> = decoded.pairs.iter().map(|&(i, j, _)| (i, j)).collect();
            let found = PairCounts::relaxed(&pairs, item.structure.pairs()).score().f1;
            (f64::from(decoded.expected_f1(&map.values, options.min_loop)), found)
        });
        Self { f1: f1.collect() }
    }

    /// The expected F1 with a way and a line, and the F1.
    fn point(&self, way: usize, (scale, shift): (f64, f64)) -> (f64, f64) {
        let (estimate, found) = self.f1[way];
        ((scale * estimate + shift).clamp(0.0, 1.0), found)
    }
}

/// Pairs by their logit: how many there are, and how many are true.
struct Histogram(Vec<(u64, u64)>);

impl Histogram {
    fn new() -> Self {
        Self(vec![(0, 0); (2.0 * LARGEST * CELLS) as usize + 1])
    }

    /// Counts the pairs that can close a hairpin.
    fn of(logits: &[f32], item: &Item) -> Self {
        let len = item.sequence.len();
        let pairs = item.structure.pairs();
        let mut counts = Self::new();
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

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, more)| *sum = (sum.0 + more.0, sum.1 + more.1));
    }

    /// The cells that have pairs.
    fn tallies(&self) -> Vec<Tally> {
        let logit = |number: usize| number as f64 / f64::from(CELLS) - f64::from(LARGEST);
        let filled = self.0.iter().enumerate().filter(|(_, cell)| cell.0 > 0);
        filled.map(|(number, &(count, hits))| Tally { logit: logit(number), count, hits }).collect()
    }

    /// Its pairs in bins of the probability that a curve gives them.
    fn bins(&self, curve: Curve) -> Bins {
        let mut bins = Bins::new(BINS);
        for Tally { logit, count, hits } in self.tallies() {
            bins.add_many(f64::from(curve.probability(logit as f32)), count, hits);
        }
        bins
    }
}

/// The straight line of least squares; horizontal if all points have the same x.
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

    fn line(scale: f32, shift: f32) -> Curve {
        Curve { scale, certain_scale: scale, shift }
    }

    #[test]
    fn the_error_is_that_of_calibrated_probabilities() {
        // Of pairs of logit 2 an eighth is true, as of logit ln 1/7.
        let mut histogram = Histogram::new();
        histogram.0[((2.0 + LARGEST) * CELLS) as usize] = (800, 100);
        let error = |shift| histogram.bins(line(1.0, shift)).expected_error().unwrap();
        assert!(error(-2.0 - 7_f32.ln()) < 1e-6);
        let called = 1.0 / (1.0 + (-2.0_f64).exp());
        assert!((error(0.0) - (called - 0.125)).abs() < 1e-6);
    }

    #[test]
    fn a_line_goes_through_points_on_a_line() {
        let (slope, offset) = super::line(&[(0.0, 0.1), (0.5, 0.5), (1.0, 0.9)]);
        assert!((slope - 0.8).abs() < 1e-12 && (offset - 0.1).abs() < 1e-12);
        assert_eq!(super::line(&[(0.3, 0.2), (0.3, 0.4)]).0, 0.0);
    }

    /// A structure decoded in two ways, of which the first is the better.
    fn tried(estimate: f64, found: f64) -> Tried {
        Tried { f1: vec![(estimate, found), (0.0, 0.0)] }
    }

    #[test]
    fn ways_are_those_that_were_asked_for() {
        let all = Ways::of(&CalibrateOptions::default());
        assert_eq!((all.at(0), all.at(36)), ((Method::F1, 0.02), (Method::Nested, 0.04)));
        let one = Ways::of(&CalibrateOptions::default().method(Method::Greedy).threshold(0.18));
        assert_eq!((one.at(0), one.methods.len(), one.thresholds.len()), ((Method::Greedy, 0.18), 1, 1));
    }

    #[test]
    fn a_fold_is_evaluated_with_the_fit_of_the_others() {
        // In fold 0 the F1 is the estimate, in fold 1 it is 1 less the estimate: each is as wrong about the other as
        // can be, which the line through both does not show.
        let estimates = [0.1, 0.3, 0.7, 0.9];
        let both = estimates.iter().map(|x| (*x, *x)).chain(estimates.iter().map(|x| (*x, 1.0 - x)));
        let tried: Vec<Vec<Tried>> = both.map(|(x, y)| (0..3).map(|_| self::tried(x, y)).collect()).collect();
        let of = vec![0, 0, 0, 0, 1, 1, 1, 1];
        let folds = Folds { of, count: 2, together: Together::Cluster, groups: 2 };
        let mut histograms = [Histogram::new(), Histogram::new()];
        let cell = (LARGEST * CELLS) as usize; // logit 0
        (histograms[0].0[cell], histograms[1].0[cell]) = ((100, 90), (100, 10));
        let logit = |p: f32| (p / (1.0 - p)).ln();
        let without = [line(1.0, logit(0.1)), line(1.0, logit(0.9))];
        let before = Bins::new(BINS);
        let figures = cross_fitted(&folds, &histograms, &without, &tried, &before);
        assert!((figures.error_after - 0.8).abs() < 1e-6, "called 10 % where 90 % are true: {figures:?}");
        // |x − (1 − x)|: 0.8, 0.4, 0.4, 0.8
        assert!((figures.f1_error - 0.6).abs() < 1e-9 && (figures.f1 - 0.5).abs() < 1e-9, "{figures:?}");
        let everything: Vec<&Tried> = tried.iter().map(|curves| &curves[0]).collect();
        let (way, f1_line) = fit(&everything);
        let points: Vec<_> = everything.iter().map(|tried| tried.point(way, f1_line)).collect();
        assert!(Figures::of(&points, &before, &before).f1_error < 0.31, "in sample it looks better");
    }
}
