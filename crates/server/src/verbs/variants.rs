//! `POST /v1/variants`: effects of mutations, as `rinalmo score --variants -f json` writes them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rinalmo::results::{Row, variant_scored};
use rinalmo::seq::InputOptions;
use rinalmo::{Marginal, Variant};
use serde::{Deserialize, Serialize};

use super::plan::another;
use super::score::{check_masked, marginal};
use crate::app::App;
use crate::body;
use crate::failure::{Failure, json};
use crate::queue::{Answer, Ask, Item, Question};
use crate::sequences::{self, Input, Inputs};

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantsRequest {
    id: Option<String>,
    sequence: String,
    variants: Vec<String>,
    model: Option<String>,
    #[serde(default)]
    unmasked: bool,
}

#[derive(Serialize)]
struct Reply {
    results: Vec<OneOf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// The ratio of a variant, or why it is not scored.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOf {
    Good(Row),
    Bad {
        written: String,
        #[serde(flatten)]
        failure: Failure,
    },
}

/// `POST /v1/variants`.
pub async fn variants(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let request: VariantsRequest = body::read(request, &app.limits).await?;
    let VariantsRequest { id, sequence, variants, model, unmasked } = request;
    let model = app.models.find(model.as_deref(), "score", |can| can.score)?;
    if variants.is_empty() {
        return Err(Failure::empty("there are no variants"));
    }
    let marginal = marginal(unmasked);
    let inputs = Inputs(vec![Input { id, sequence, ..Input::default() }]);
    let mut found = sequences::read(Some(inputs), None, InputOptions::default(), &app.limits)?;
    let record = found.records.pop().unwrap_or_else(|| Err(Failure::empty("there is no sequence")))?.record;
    check_masked(marginal, record.sequence.len())?;
    let read: Vec<Result<Variant, Failure>> = variants.iter().map(|text| fitting(text, &record.sequence)).collect();
    check_passes(marginal, &read, record.sequence.len())?;
    let scored: Vec<Variant> = read.iter().filter_map(|variant| variant.as_ref().ok().cloned()).collect();
    if scored.is_empty()
        && let Some(Err(first)) = read.first()
    {
        return Err(first.clone());
    }
    let item = Item { variants: scored, ..Item::new(record.sequence.clone()) };
    let ask = Ask { models: app.models.clone(), model, question: Question::Variants(marginal) };
    let answers = app.queue.ask(ask, vec![item]).await?;
    let Some(Answer::Ratios(ratios)) = answers.into_iter().next().transpose()? else { return Err(another()) };
    let mut ratios = ratios.into_iter();
    let results = variants.into_iter().zip(read).map(|(written, variant)| {
        let scored = variant.and_then(|variant| {
            let ratio = ratios.next().ok_or_else(another)?;
            Ok(Row(variant_scored(&record.id, &variant, ratio, marginal, true)))
        });
        match scored {
            Ok(row) => OneOf::Good(row),
            Err(failure) => OneOf::Bad { written, failure },
        }
    });
    Ok(json(StatusCode::OK, &Reply { results: results.collect(), notes: found.notes }))
}

/// Most tokens of all passes of a request: some minutes for the bundled model.
const MOST_TOKENS: usize = 2_000_000;

/// # Errors
/// Each set of positions that is masked is a pass over the sequence, and there are too many.
fn check_passes(marginal: Marginal, variants: &[Result<Variant, Failure>], len: usize) -> Result<(), Failure> {
    let positions = |variant: &Variant| variant.substitutions().iter().map(|one| one.position).collect::<Vec<_>>();
    let passes: std::collections::BTreeSet<_> = variants.iter().flatten().map(positions).collect();
    let most = MOST_TOKENS / (len + 2);
    if marginal == Marginal::Masked && passes.len() > most {
        let message = format!("variants of {} sites: for {len} nt, up to {most} are scored at a time", passes.len());
        return Err(Failure::too_large(message));
    }
    Ok(())
}

/// A variant that the sequence can have.
fn fitting(text: &str, sequence: &[u8]) -> Result<Variant, Failure> {
    let variant: Variant = text.parse()?;
    variant.check(sequence)?;
    Ok(variant)
}
