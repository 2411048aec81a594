//! `POST /v1/score`: pseudo-perplexity, as `rinalmo score -f json` writes it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use rinalmo::results::{Row, number, scored};
use rinalmo::seq::InputOptions;
use rinalmo::{Marginal, TRAINED_LENGTH};
use serde::Deserialize;
use serde_json::Value;

use super::plan::{self, Plan, Show, another};
use crate::Limits;
use crate::app::App;
use crate::body;
use crate::failure::Failure;
use crate::queue::{Answer, Question};
use crate::sequences::{self, Found, Inputs, Record};

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    inputs: Option<Inputs>,
    text: Option<String>,
    model: Option<String>,
    #[serde(default)]
    unmasked: bool,
    /// Whether to list the log-likelihood of each base.
    #[serde(default)]
    per_base: bool,
}

/// `POST /v1/score`.
pub async fn score(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let request: ScoreRequest = body::read(request, &app.limits).await?;
    let (plan, found) = request.plan(&app, &app.limits)?;
    plan.reply(&app, found).await
}

impl ScoreRequest {
    /// # Errors
    /// A field is not what was expected.
    pub fn plan(self, app: &App, limits: &Limits) -> Result<(Plan, Found), Failure> {
        let Self { inputs, text, model, unmasked, per_base } = self;
        let model = app.models.find(model.as_deref(), "score", |can| can.score)?;
        let marginal = marginal(unmasked);
        let mut found = sequences::read(inputs, text, InputOptions::default(), limits)?.without_constraints();
        for record in &mut found.records {
            if let Ok(Record { record: read, .. }) = &record
                && let Err(failure) = check_masked(marginal, read.sequence.len())
            {
                *record = Err(failure);
            }
        }
        let show: Show = Box::new(move |record, answer| {
            let Answer::Score(score) = answer else { return Err(another()) };
            let mut row = scored(&record.record, &score, marginal);
            let listed = || Value::Array(score.log_likelihoods.iter().copied().map(number).collect());
            row.extend(per_base.then(|| ("log_likelihoods", listed())));
            plan::text(&Row(row))
        });
        Ok((Plan { model, question: Question::Score(marginal), show }, found))
    }
}

/// How positions are scored.
pub fn marginal(unmasked: bool) -> Marginal {
    if unmasked { Marginal::Unmasked } else { Marginal::Masked }
}

/// Masking takes a pass for each base, so the work grows with the square of the length and cannot be interrupted.
///
/// # Errors
/// The sequence is longer than those of pre-training.
pub fn check_masked(marginal: Marginal, len: usize) -> Result<(), Failure> {
    if marginal == Marginal::Masked && len > TRAINED_LENGTH {
        let message = format!("{len} nt: each base masked in turn is for up to {TRAINED_LENGTH} nt; use `unmasked`");
        return Err(Failure::too_large(message));
    }
    Ok(())
}
