//! How to fold: the settings of Python as the library's options, and constraints.

use pyo3::prelude::*;
use rinalmo::energy::Reagent;
use rinalmo::seq::SequenceRecord;
use rinalmo::{Alternatives, Constraint, Fold, FoldOptions, FoldRequest, Method};

use crate::error;

/// The settings of a call. Those that are `None` have the library's default.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct FoldSettings {
    decode: Option<String>,
    threshold: Option<f32>,
    f1_share: Option<f32>,
    gamma: Option<f32>,
    energy_share: Option<f32>,
    min_loop: Option<usize>,
    non_canonical: bool,
    pseudoknots: bool,
    bpp: bool,
    no_lonely_pairs: bool,
    max_span: Option<usize>,
    beam: Option<usize>,
    alternatives: Option<usize>,
    samples: Option<usize>,
    band: Option<f64>,
    seed: Option<u64>,
    /// One constraint for each sequence, or none.
    constraints: Vec<Option<String>>,
    /// For each sequence its reactivities, not-a-number where nothing was measured; or none.
    reactivities: Vec<Option<Vec<f32>>>,
    reagent: String,
    reactivity_slope: Option<f32>,
    reactivity_intercept: Option<f32>,
}

impl FoldSettings {
    /// The library's options.
    ///
    /// # Errors
    /// A setting is out of its range, or there is no such decoder.
    pub fn options(&self, py: Python<'_>) -> PyResult<FoldOptions> {
        let usual = FoldOptions::default();
        let others = Alternatives::asked(self.band, self.alternatives, self.samples, self.seed);
        let options = FoldOptions::default()
            .threshold(self.threshold)
            .method(self.method(py)?)
            .min_loop(self.min_loop.unwrap_or(usual.min_loop))
            .f1_share(self.f1_share.unwrap_or(usual.f1_share))
            .gamma(self.gamma.unwrap_or(usual.gamma))
            .energy_share(self.energy_share)
            .non_canonical(self.non_canonical)
            .pseudoknots(self.pseudoknots)
            .no_lonely_pairs(self.no_lonely_pairs)
            .max_span(self.max_span)
            .beam(self.beam)
            .alternatives(others.map_err(|wrong| error::of(py, &wrong))?)
            .reactivity_slope(self.reactivity_slope)
            .reactivity_intercept(self.reactivity_intercept)
            .probabilities(self.bpp);
        options.check().map_err(|wrong| error::of(py, &wrong))?;
        Ok(options)
    }

    /// Are the probabilities of all pairs kept?
    pub fn keeps_probabilities(&self) -> bool {
        self.bpp
    }

    fn method(&self, py: Python<'_>) -> PyResult<Option<Method>> {
        let Some(name) = &self.decode else { return Ok(None) };
        let unknown = || {
            let known = Method::ALL.map(|method| format!("\"{}\"", method.name())).join(", ");
            error::input(py, format!("decode: expected {known}, found \"{name}\""))
        };
        Method::find(name).map(Some).ok_or_else(unknown)
    }

    /// The reactivities of a sequence, which is number `number` of the call.
    ///
    /// # Errors
    /// There is no such reagent.
    fn reactivities(&self, py: Python<'_>, number: usize, letters: &[u8]) -> PyResult<Option<Vec<Option<f32>>>> {
        let unknown = || {
            let known = Reagent::ALL.map(|reagent| format!("\"{}\"", reagent.name())).join(" or ");
            error::input(py, format!("reagent: expected {known}, found \"{}\"", self.reagent))
        };
        let reagent = Reagent::find(&self.reagent).ok_or_else(unknown)?;
        let given = self.reactivities.get(number).and_then(Option::as_ref);
        let measured = |values: &Vec<f32>| values.iter().map(|&value| Some(value).filter(|x| !x.is_nan())).collect();
        Ok(given.map(|values| reagent.counted(letters, measured(values))))
    }

    /// The request for a sequence, which is number `number` of the call.
    ///
    /// # Errors
    /// The constraint cannot be read, or there is no such reagent.
    pub fn request(&self, py: Python<'_>, number: usize, record: &SequenceRecord) -> PyResult<FoldRequest<'static>> {
        let text = self.constraints.get(number).and_then(Option::as_deref);
        let constraint = text.map(str::parse::<Constraint>).transpose();
        let constraint =
            constraint.map_err(|mistake| error::input(py, format!("record `{}`: {mistake}", record.name())))?;
        let reactivities = self.reactivities(py, number, &record.sequence)?;
        let request = FoldRequest::new(record.sequence.clone()).nick(record.nick);
        Ok(request.constraint(constraint).reactivities(reactivities))
    }
}

/// A fold with the constraint that its structure was to obey.
pub type Constrained = (Fold, Option<Constraint>);

/// Pairs each fold with the constraint of its request.
pub fn constrained<E>(
    folds: impl Iterator<Item = Result<Fold, E>>,
    constraints: Vec<Option<Constraint>>,
) -> impl Iterator<Item = Result<Constrained, E>> {
    folds.zip(constraints).map(|(fold, constraint)| Ok((fold?, constraint)))
}
