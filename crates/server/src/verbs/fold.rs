//! `POST /v1/fold`: secondary structures, as `rinalmo fold -f json` writes them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use rinalmo::energy::{Dangles, Reagent};
use rinalmo::results::{Folded, round};
use rinalmo::seq::InputOptions;
use rinalmo::{Alternatives, FoldOptions, Method};
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
/// Most structures that are drawn for a sequence. A sequence that is being computed is computed to its end.
const MOST_SAMPLES: usize = 10_000;

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
    #[serde(default)]
    pseudoknots: bool,
    temperature: Option<f64>,
    dangles: Option<u8>,
    reagent: Option<Probe>,
    reactivity_slope: Option<f32>,
    reactivity_intercept: Option<f32>,
    #[serde(default)]
    no_lonely_pairs: bool,
    max_span: Option<usize>,
    beam: Option<usize>,
    samples: Option<usize>,
    alternatives: Option<usize>,
    band: Option<f64>,
    seed: Option<u64>,
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

/// What reacted with the bases.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Probe {
    Shape,
    Dms,
}

impl Probe {
    fn reagent(self) -> Reagent {
        match self {
            Self::Shape => Reagent::Shape,
            Self::Dms => Reagent::Dms,
        }
    }
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
        let letters = InputOptions { strands: model.is_energies(), ..InputOptions::default() }; // networks fold one
        let mut found = sequences::read(self.inputs.take(), self.text.take(), letters, limits)?;
        let reagent = self.reagent.map_or(Reagent::Shape, Probe::reagent);
        for record in found.records.iter_mut().flatten() {
            let measured = record.reactivities.take();
            record.reactivities = measured.map(|measured| reagent.counted(&record.record.sequence, measured));
        }
        let show: Show = Box::new(|record, answer| {
            let Answer::Fold(answer) = answer else { return Err(another()) };
            check_met(record, &answer)?;
            let folded = Folded { record: &record.record, fold: &answer.fold, model: &answer.model };
            plan::text(&Reply { folded, probabilities: answer.probabilities.as_deref().map(counted) })
        });
        Ok((Plan { model, question: Question::Fold(folding), show }, found))
    }

    fn folding(&self, model: &Entry) -> Result<Folding, Failure> {
        if self.decode == Some(Decode::Mfe) && !model.is_energies() {
            return Err(Failure::invalid("decode: only an energy model has free energies; `turner2004` is one"));
        }
        if let Some(found) = self.cutoff.filter(|cutoff| !(0.0..=1.0).contains(cutoff)) {
            return Err(Failure::invalid(format!("cutoff: expected a probability from 0 to 1, found {found}")));
        }
        let usual = FoldOptions::default();
        let options = FoldOptions::default()
            .method(self.decode.and_then(Decode::method))
            .threshold(self.threshold)
            .f1_share(self.f1_share.unwrap_or(usual.f1_share))
            .gamma(self.gamma.unwrap_or(usual.gamma))
            .energy_share(self.energy_share)
            .min_loop(self.min_loop.unwrap_or(usual.min_loop))
            .non_canonical(self.non_canonical)
            .pseudoknots(self.pseudoknots)
            .no_lonely_pairs(self.no_lonely_pairs)
            .max_span(self.max_span)
            .beam(self.beam)
            .alternatives(self.other_structures()?)
            .reactivity_slope(self.reactivity_slope)
            .reactivity_intercept(self.reactivity_intercept)
            .probabilities(self.probabilities);
        // All that can be refused is refused now: a job is computed much later.
        if model.is_energies() {
            options.check_for_energies()?;
        } else {
            options.check_for_network(model.abilities.ensemble)?;
        }
        let folding = Folding {
            options,
            cutoff: self.probabilities.then(|| self.cutoff.unwrap_or(CUTOFF)),
            temperature: self.temperature,
            dangles: self.dangles()?,
        };
        folding.conditions().map_or(Ok(()), |conditions| model.check(conditions))?;
        Ok(folding)
    }

    /// As `--samples`, `--alternatives`, `--band` and `--seed`.
    fn other_structures(&self) -> Result<Option<Alternatives>, Failure> {
        if let Some(found) = self.samples.filter(|samples| *samples > MOST_SAMPLES) {
            return Err(Failure::invalid(format!("samples: expected up to {MOST_SAMPLES}, found {found}")));
        }
        Ok(Alternatives::asked(self.band, self.alternatives, self.samples, self.seed)?)
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
