//! Energies learned from known structures.
//!
//! The probability of a structure in the ensemble depends on the numbers of the energy model. Here these are moved, from
//! [`Parameters`] on, so that known structures become more probable; a normal prior pulls each number back to where it
//! started (maximum a posteriori, as Andronescu et al., RNA 16 (2010) 2304). The gradient is the difference of two
//! counts: how often a number is read in the known structure, and how often in the ensemble.
//!
//! A known structure is often not complete: alignments and crystals give the pairs that are sure. So what is counted
//! is not one structure but an ensemble too: the known pairs are favoured, pairs that contradict them are forbidden, and
//! others cost something, so that a helix that energies believe in is not learned away.

mod counts;
mod expected;
mod layout;
mod likelihood;
mod target;

use rayon::prelude::*;

use crate::conditions::Conditions;
use crate::parameters::Parameters;
use crate::restraints::Restraints;
use crate::sums::Terms;
use crate::weights::Weights;
use expected::expected;
use layout::Layout;
pub use likelihood::Likelihood;

/// A sequence with pairs that are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Its letters, as for [`Ensemble::new`](crate::Ensemble::new).
    pub sequence: Vec<u8>,
    /// Its pairs, which count positions from 0, first and second base. Pairs that the model cannot have are ignored: of
    /// other letters, of hairpins under three bases, and those that cross or share a base with one before them.
    pub pairs: Vec<(usize, usize)>,
    /// How much it counts, 1 for most.
    pub weight: f64,
}

/// How energies are learned.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LearnOptions {
    /// How often each known structure is seen.
    pub epochs: usize,
    /// Structures before each step.
    pub batch: usize,
    /// Largest step of a number, in kcal/mol. It falls linearly to zero.
    pub rate: f64,
    /// Standard deviation of the prior around the first value of each number, in kcal/mol.
    pub deviation: f64,
    /// What a pair costs that is not known and contradicts no known one, in RT. Infinite if structures are complete.
    pub unknown_pair: f32,
    /// What a known pair gains, in RT: the more, the surer it must be.
    pub known_pair: f32,
    /// Which share of its way each number goes back in the end, from 0 to 1. Numbers that go all the way suit the
    /// structures they are learned from, and make others too rare; `docs/energies.md` has figures.
    pub back: f64,
    /// The order of the structures follows from it.
    pub seed: u64,
}

impl Default for LearnOptions {
    fn default() -> Self {
        Self {
            epochs: 2,
            batch: 64,
            rate: 0.03,
            deviation: 0.6,
            unknown_pair: 1.0,
            known_pair: 6.0,
            back: 0.3,
            seed: 0,
        }
    }
}

/// What an epoch was like.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Epoch {
    /// Its number, from 1.
    pub number: usize,
    /// `-ln` of the probability of the target in the whole ensemble, by base, mean over the epoch.
    pub loss: f64,
}

/// Learns from `known` structures, starting with the numbers of `start`, at 37 °C.
///
/// Enthalpies stay as they are, so the temperature changes learned energies as it changes those of `start`. `report` is
/// called after each epoch. All threads of the current `rayon` pool work; their number changes no bit of the result.
///
/// # Errors
/// There is nothing to learn from, or an option is out of its range; the text says which.
pub fn learn(
    start: &Parameters,
    known: &[Known],
    options: &LearnOptions,
    mut report: impl FnMut(Epoch),
) -> Result<Parameters, LearnError> {
    options.check()?;
    let known: Vec<&Known> = known.iter().filter(|known| known.weight > 0.0 && !known.pairs.is_empty()).collect();
    if known.is_empty() {
        return Err(LearnError::Nothing);
    }
    let layout = Layout::new(start);
    let mut state = State::new(&layout, start, &known, options);
    let mut order: Vec<usize> = (0..known.len()).collect();
    let mut random = fastrand::Rng::with_seed(options.seed);
    for number in 1..=options.epochs {
        random.shuffle(&mut order);
        let (mut loss, mut bases) = (0.0, 0.0);
        for batch in order.chunks(options.batch) {
            let batch: Vec<&Known> = batch.iter().map(|&at| known[at]).collect();
            loss += state.step(&batch);
            bases += batch.iter().map(|known| known.weight * known.sequence.len() as f64).sum::<f64>();
        }
        report(Epoch { number, loss: loss / bases });
    }
    let settled =
        state.mean.iter().zip(&state.first).map(|(learned, first)| learned + options.back * (first - learned));
    Ok(layout.parameters(start, &settled.collect::<Vec<_>>()))
}

/// Why nothing was learned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// No structure has a pair.
    #[error("no structure to learn from: expected at least one with a pair and a weight above 0")]
    Nothing,
    /// An option is out of its range.
    #[error("{name}: expected {expected}, found {found}")]
    Option {
        /// The field of [`LearnOptions`].
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// Its value.
        found: f64,
    },
}

impl LearnOptions {
    fn check(&self) -> Result<(), LearnError> {
        let positive = |name: &'static str, found: f64| {
            let valid = found > 0.0 && found.is_finite();
            if valid { Ok(()) } else { Err(LearnError::Option { name, expected: "a number above 0", found }) }
        };
        positive("epochs", self.epochs as f64)?;
        positive("batch", self.batch as f64)?;
        positive("rate", self.rate)?;
        positive("deviation", self.deviation)?;
        positive("known_pair", f64::from(self.known_pair))?;
        if !(0.0..=1.0).contains(&self.back) {
            return Err(LearnError::Option { name: "back", expected: "a share from 0 to 1", found: self.back });
        }
        if self.unknown_pair >= 0.0 {
            return Ok(());
        }
        let found = f64::from(self.unknown_pair);
        Err(LearnError::Option { name: "unknown_pair", expected: "a number of at least 0", found })
    }
}

/// Decay of the mean gradient, and of its mean square (Adam).
const BETAS: [f64; 2] = [0.9, 0.99];

/// Share of each step in the mean of the numbers over the last steps, which is what is learned.
const NEW: f64 = 0.02;

/// The numbers on their way, in 0.01 kcal/mol.
struct State<'a> {
    layout: &'a Layout,
    start: &'a Parameters,
    options: &'a LearnOptions,
    first: Vec<f64>,
    values: Vec<f64>,
    mean: Vec<f64>,
    moments: [Vec<f64>; 2],
    steps: usize,
    last: usize,
    /// Weight of all structures.
    weight: f64,
}

impl<'a> State<'a> {
    fn new(layout: &'a Layout, start: &'a Parameters, known: &[&Known], options: &'a LearnOptions) -> Self {
        let first = layout.values(start);
        let moments = [vec![0.0; first.len()], vec![0.0; first.len()]];
        let weight = known.iter().map(|known| known.weight).sum();
        let last = options.epochs * known.len().div_ceil(options.batch);
        let (values, mean) = (first.clone(), first.clone());
        Self { layout, start, options, first, values, mean, moments, steps: 0, last, weight }
    }

    /// Learns from a batch, and returns the sum of its losses by weight.
    fn step(&mut self, batch: &[&Known]) -> f64 {
        let weights = Weights::new(&self.layout.parameters(self.start, &self.values), Conditions::default());
        let parts: Vec<(f64, Vec<f64>)> = batch.par_iter().map(|known| self.gradient(&weights, known)).collect();
        let mut gradient = vec![0.0; self.values.len()];
        let of_batch: f64 = batch.iter().map(|known| known.weight).sum();
        let mut losses = 0.0;
        for (known, (loss, part)) in batch.iter().zip(parts) {
            losses += known.weight * loss;
            gradient.iter_mut().zip(part).for_each(|(sum, part)| *sum += known.weight * part);
        }
        self.layout.chain(&self.values, &mut gradient);
        let prior = (100.0 * self.options.deviation).powi(-2);
        for (k, gradient) in gradient.iter_mut().enumerate() {
            *gradient = *gradient * (self.weight / of_batch) + prior * (self.values[k] - self.first[k]);
        }
        self.advance(&gradient);
        losses
    }

    /// The loss of one structure, and its derivative by each number.
    fn gradient(&self, weights: &Weights, known: &Known) -> (f64, Vec<f64>) {
        let bonuses = known.target(self.options);
        let under = |restraints| expected(self.layout, Terms { weights, restraints }, &known.sequence);
        let free = under(Restraints::default());
        let target = under(Restraints::default().bonuses(&bonuses[..]));
        let rt = 100.0 * weights.rt;
        let gradient = target.counts.iter().zip(&free.counts).map(|(target, free)| (target - free) / rt);
        ((target.energy - free.energy) / weights.rt + target::gained(&bonuses), gradient.collect())
    }

    fn advance(&mut self, gradient: &[f64]) {
        self.steps += 1;
        let left = 1.0 - self.steps as f64 / (self.last + 1) as f64;
        let rate = 100.0 * self.options.rate * left;
        let unbiased = BETAS.map(|beta| 1.0 - beta.powi(self.steps as i32));
        let least = 1e-3 * self.weight.sqrt(); // a number that is hardly read does not jump
        for (k, &gradient) in gradient.iter().enumerate() {
            let [mean, square] = &mut self.moments;
            mean[k] += (1.0 - BETAS[0]) * (gradient - mean[k]);
            square[k] += (1.0 - BETAS[1]) * (gradient * gradient - square[k]);
            if self.layout.is_learned(k) {
                self.values[k] -= rate * (mean[k] / unbiased[0]) / ((square[k] / unbiased[1]).sqrt() + least);
            }
            self.mean[k] += NEW * (self.values[k] - self.mean[k]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EnergyModel;

    fn known(sequence: &str, structure: &str) -> Known {
        let mut open = Vec::new();
        let mut pairs = Vec::new();
        for (at, letter) in structure.bytes().enumerate() {
            match letter {
                b'(' => open.push(at),
                b')' => pairs.push((open.pop().unwrap(), at)),
                _ => {}
            }
        }
        Known { sequence: sequence.into(), pairs, weight: 1.0 }
    }

    fn example() -> Known {
        known("GGAAACCAGGAAACCUGG", "..........((...))..")
    }

    #[test]
    fn what_is_known_becomes_more_probable_and_the_prior_holds() {
        let known = known("GGGAAACCCAAAGGG", "......(((...)))"); // the other helix is as good
        let probability = |parameters: &Parameters| {
            let ensemble = EnergyModel::new(parameters, Conditions::default()).unwrap().ensemble(&known.sequence);
            known.pairs.iter().map(|&(i, j)| ensemble.probability(i, j)).sum::<f32>() / known.pairs.len() as f32
        };
        let start = Parameters::turner2004();
        let learned = |deviation: f64| {
            let options = LearnOptions { epochs: 300, deviation, back: 0.0, ..LearnOptions::default() };
            learn(start, std::slice::from_ref(&known), &options, |_| ()).unwrap()
        };
        let (tight, loose) = (probability(&learned(0.2)), probability(&learned(2.0)));
        assert!(probability(start) < tight && tight < loose && loose > 0.5, "{} {tight} {loose}", probability(start));
    }

    #[test]
    fn numbers_go_back_as_far_as_asked() {
        let start = Parameters::turner2004();
        let layout = Layout::new(start);
        let learned = |back: f64| {
            let options = LearnOptions { epochs: 20, back, ..LearnOptions::default() };
            layout.values(&learn(start, &[example()], &options, |_| ()).unwrap())
        };
        let ([all, half, none], first) = ([0.0, 0.5, 1.0].map(learned), layout.values(start));
        assert_eq!(none, first);
        assert_ne!(all, first);
        for ((all, half), first) in all.iter().zip(&half).zip(&first) {
            assert!((half - (all + first) / 2.0).abs() <= 1.0, "{first} {half} {all}: rounded to 0.01 kcal/mol");
        }
        let options = LearnOptions { back: 1.1, ..LearnOptions::default() };
        let error = learn(start, &[example()], &options, |_| ()).unwrap_err();
        assert_eq!(error.to_string(), "back: expected a share from 0 to 1, found 1.1");
    }

    #[test]
    fn the_number_of_threads_changes_no_number() {
        let known = [example(), known("GCGCAAAAGCGCAGGCAAAAGCC", "((((....)))).(((....)))")];
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let options = LearnOptions { epochs: 5, ..LearnOptions::default() };
            pool.install(|| learn(Parameters::turner2004(), &known, &options, |_| ()).unwrap())
        };
        assert_eq!(with(1), with(2));
    }

    #[test]
    fn nothing_to_learn_from_is_an_error() {
        let none = Known { pairs: Vec::new(), ..example() };
        let result = learn(Parameters::turner2004(), &[none], &LearnOptions::default(), |_| ());
        assert_eq!(result, Err(LearnError::Nothing));
        let options = LearnOptions { rate: f64::NAN, ..LearnOptions::default() };
        let error = learn(Parameters::turner2004(), &[example()], &options, |_| ()).unwrap_err();
        assert_eq!(error.to_string(), "rate: expected a number above 0, found NaN");
    }
}
