//! `POST /v1/fold`: secondary structures, as `rinalmo fold -f json` writes them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use rinalmo::energy::Dangles;
use rinalmo::results::{Folded, round};
use rinalmo::seq::InputOptions;
use rinalmo::{FoldOptions, Method};
use serde::{Deserialize, Serialize};

use super::plan::{self, Plan, Show, another};
use crate::Limits;
use crate::app::App;
use crate::body;
use crate::failure::Failure;
use crate::models::Entry;
use crate::queue::{Answer, FoldAnswer, Folding, Question};
use crate::sequences::{self, Found, Inputs, Record};

/// Pairs of at least this probability are listed by default.
const CUTOFF: f32 = 0.01;
/// With a larger gamma every pair of any probability counts more than two unpaired bases.
const LARGEST_GAMMA: f32 = 1e6;

/// What may be asked. The options are those of `rinalmo fold`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldRequest {
    inputs: Option<Inputs>,
    text: Option<String>,
    model: Option<String>,
    decode: Option<Decode>,
    threshold: Option<f32>,
    f1_share: Option<f32>,
    gamma: Option<f32>,
    energy_share: Option<f32>,
    min_loop: Option<usize>,
    #[serde(default)]
    non_canonical: bool,
    temperature: Option<f64>,
    dangles: Option<u8>,
    #[serde(default)]
    probabilities: bool,
    cutoff: Option<f32>,
}

/// How pairs are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Decode {
    Greedy,
    Nested,
    F1,
    Mea,
    Centroid,
    Mfe,
}

/// `POST /v1/fold`.
pub async fn fold(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let request: FoldRequest = body::read(request, &app.limits).await?;
    let (plan, found) = request.plan(&app, &app.limits)?;
    plan.reply(&app, found).await
}

#[derive(Serialize)]
struct Reply<'a> {
    #[serde(flatten)]
    folded: Folded<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probabilities: Option<Vec<(usize, usize, f64)>>,
}

/// Pairs with positions from 1 and short probabilities.
fn counted(pairs: &[(usize, usize, f32)]) -> Vec<(usize, usize, f64)> {
    pairs.iter().map(|&(i, j, p)| (i + 1, j + 1, round(p, 1e6))).collect()
}

/// # Errors
/// The structure does not meet the constraint.
fn check_met(record: &Record, answer: &FoldAnswer) -> Result<(), Failure> {
    let Some(constraint) = &record.constraint else { return Ok(()) };
    let unmet = constraint.unmet(answer.fold.structure.pairs());
    let unmet: Vec<String> = unmet.iter().map(|i| (i + 1).to_string()).collect();
    if unmet.is_empty() {
        return Ok(());
    }
    let bases = unmet.join(", ");
    Err(Failure::invalid(format!("the constraint is not met: no partner that it allows for {bases}")))
}

impl FoldRequest {
    /// # Errors
    /// A field is not what was expected.
    pub fn plan(mut self, app: &App, limits: &Limits) -> Result<(Plan, Found), Failure> {
        let model = app.models.find(self.model.as_deref(), "fold", |can| can.fold)?;
        let folding = self.folding(&model)?;
        let found = sequences::read(self.inputs.take(), self.text.take(), InputOptions::default(), limits)?;
        let show: Show = Box::new(|record, answer| {
            let Answer::Fold(answer) = answer else { return Err(another()) };
            check_met(record, &answer)?;
            let folded = Folded { record: &record.record, fold: &answer.fold, model: &answer.model };
            plan::text(&Reply { folded, probabilities: answer.probabilities.as_deref().map(counted) })
        });
        Ok((Plan { model, question: Question::Fold(folding), show }, found))
    }

    /// The options, checked as those of the command line.
    fn folding(&self, model: &Entry) -> Result<Folding, Failure> {
        let usual = FoldOptions::default();
        let folding = Folding {
            method: self.decode.and_then(Decode::method),
            threshold: self.threshold,
            f1_share: self.f1_share.unwrap_or(usual.f1_share),
            gamma: self.gamma.unwrap_or(usual.gamma),
            energy_share: self.energy_share,
            min_loop: self.min_loop.unwrap_or(usual.min_loop),
            non_canonical: self.non_canonical,
            cutoff: self.probabilities.then(|| self.cutoff.unwrap_or(CUTOFF)),
            temperature: self.temperature,
            dangles: self.dangles()?,
        };
        if self.decode == Some(Decode::Mfe) && !model.is_energies() {
            return Err(Failure::invalid("decode: only an energy model has free energies; `turner2004` is one"));
        }
        let share = |share: f32| (0.0..=1.0).contains(&share);
        expect("threshold", self.threshold, "a probability from 0 to below 1", |p| (0.0..1.0).contains(&p))?;
        expect("f1_share", self.f1_share, "a number from 0 to 1", share)?;
        expect("energy_share", self.energy_share, "a number from 0 to 1", share)?;
        expect("cutoff", self.cutoff, "a probability from 0 to 1", share)?;
        let gamma = format!("a number above 0, up to {LARGEST_GAMMA}");
        expect("gamma", self.gamma, &gamma, |gamma| gamma > 0.0 && gamma <= LARGEST_GAMMA)?;
        Ok(folding)
    }

    /// By ViennaRNA's numbers.
    fn dangles(&self) -> Result<Option<Dangles>, Failure> {
        match self.dangles {
            None => Ok(None),
            Some(0) => Ok(Some(Dangles::None)),
            Some(2) => Ok(Some(Dangles::Both)),
            Some(found) => Err(Failure::invalid(format!("dangles: expected 0 or 2, found {found}"))),
        }
    }
}

fn expect(name: &str, value: Option<f32>, expected: &str, is_it: impl Fn(f32) -> bool) -> Result<(), Failure> {
    match value.filter(|value| !is_it(*value)) {
        Some(found) => Err(Failure::invalid(format!("{name}: expected {expected}, found {found}"))),
        None => Ok(()),
    }
}

impl Decode {
    /// `None` for the minimum free energy, an energy model's own.
    fn method(self) -> Option<Method> {
        match self {
            Self::Greedy => Some(Method::Greedy),
            Self::Nested => Some(Method::Nested),
            Self::F1 => Some(Method::F1),
            Self::Mea => Some(Method::Mea),
            Self::Centroid => Some(Method::Centroid),
            Self::Mfe => None,
        }
    }
}
