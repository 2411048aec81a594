//! `POST /v1/embed`: vectors, with the requests and answers of text-embeddings-inference.
//!
//! An answer is a list with an element for each sequence, so it has no place for notes: a letter that is no base is an
//! error here, and one sequence that fails fails the request.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rinalmo::sink::{Array, ArrayKind};
use serde::Deserialize;

use super::plan::{Plan, Show, another, list, text};
use crate::Limits;
use crate::app::App;
use crate::body;
use crate::failure::{Failure, json_text};
use crate::models::Entry;
use crate::queue::{Answer, Question};
use crate::sequences::{self, EXACT, Found, Inputs};

/// Bytes of a number as JSON, about.
const WRITTEN: u64 = 12;

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedRequest {
    inputs: Inputs,
    model: Option<String>,
    /// Whether vectors get the length 1.
    #[serde(default = "yes")]
    normalize: bool,
    /// Whether sequences that are too long are cut.
    #[serde(default)]
    truncate: bool,
    #[serde(default)]
    truncation_direction: Side,
    #[serde(default)]
    pooling: Pooling,
}

/// What stands for a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The mean of its bases' vectors.
    #[default]
    Mean,
    /// The vector of `<cls>`.
    Cls,
    /// The vector of each base.
    None,
}

/// The side on which sequences are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Side {
    #[default]
    Right,
    Left,
}

fn yes() -> bool {
    true
}

impl Pooling {
    fn kind(self) -> ArrayKind {
        match self {
            Self::Mean => ArrayKind::Mean,
            Self::Cls => ArrayKind::Cls,
            Self::None => ArrayKind::Tokens,
        }
    }
}

/// `POST /v1/embed`.
pub async fn embed(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let request: EmbedRequest = body::read(request, &app.limits).await?;
    let pooling = request.pooling;
    let (plan, found) = request.plan(&app, &app.limits)?;
    if pooling == Pooling::None {
        check_size(&app, &plan.model, &found)?;
    }
    let vectors = all(&app, &plan, found).await?;
    Ok(json_text(StatusCode::OK, list(vectors.iter())))
}

/// The vectors of all sequences as JSON.
///
/// # Errors
/// The first that any sequence meets.
pub async fn all(app: &App, plan: &Plan, found: Found) -> Result<Vec<String>, Failure> {
    if let Some(failure) = found.records.iter().find_map(|record| record.as_ref().err()) {
        return Err(failure.clone());
    }
    let shown = plan.results(app, &found.records).await?;
    shown.into_iter().map(|one| one.failure.map_or(Ok(one.json), Err)).collect()
}

/// A plan that makes JSON of each sequence's vectors with `write`.
///
/// # Errors
/// There are too many sequences, or no model of this name embeds.
pub fn plan(
    app: &App,
    limits: &Limits,
    name: Option<&str>,
    inputs: Inputs,
    pooling: Pooling,
    write: impl Fn(Array) -> Result<String, Failure> + Send + Sync + 'static,
) -> Result<(Plan, Found), Failure> {
    let model = app.models.find(name, "embed", |can| can.embed)?;
    let found = sequences::read(Some(inputs), None, EXACT, limits)?.without_constraints();
    let show: Show = Box::new(move |_, answer| match answer {
        Answer::Embedding(mut embedding) => write(embedding.arrays.pop().ok_or_else(another)?),
        _ => Err(another()),
    });
    Ok((Plan { model, question: Question::Embed(pooling.kind()), show }, found))
}

/// # Errors
/// The vectors of all bases, as numbers and as text, take more memory than a call may.
fn check_size(app: &App, model: &Entry, found: &Found) -> Result<(), Failure> {
    let records = found.records.iter().filter_map(|record| record.as_ref().ok());
    let bases: usize = records.map(|record| record.record.sequence.len()).sum();
    let dimensions = model.network.map_or(0, |network| network.dimensions);
    let bytes = (bases as u64).saturating_mul(dimensions as u64).saturating_mul(4 + WRITTEN);
    let most = app.limits.memory_of_a_call();
    if bytes <= most {
        return Ok(());
    }
    let [bytes, most] = [bytes, most].map(|bytes| bytes >> 20);
    Err(Failure::too_large(format!("the answer needs {bytes} MiB, {most} MiB are allowed; send fewer sequences")))
}

/// Gives every vector of an array the length 1; one of zeros stays.
pub fn normalize(array: &mut Array) {
    let width = array.shape.last().copied().unwrap_or(0).max(1);
    for vector in array.data.chunks_exact_mut(width) {
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
        }
    }
}

fn rows(array: &Array) -> Vec<&[f32]> {
    let width = array.shape.last().copied().unwrap_or(0).max(1);
    array.data.chunks_exact(width).collect()
}

impl EmbedRequest {
    /// # Errors
    /// A field is not what was expected.
    pub fn plan(mut self, app: &App, limits: &Limits) -> Result<(Plan, Found), Failure> {
        if self.truncate {
            self.cut(limits.length);
        }
        let Self { inputs, model, normalize: is_normalized, pooling, .. } = self;
        let write = move |mut array: Array| {
            if is_normalized {
                normalize(&mut array);
            }
            if pooling == Pooling::None { text(&rows(&array)) } else { text(&array.data) }
        };
        plan(app, limits, model.as_deref(), inputs, pooling, write)
    }

    /// Cuts sequences to `len` characters.
    fn cut(&mut self, len: usize) {
        for input in &mut self.inputs.0 {
            let too_many = input.sequence.chars().count().saturating_sub(len);
            if too_many > 0 {
                let letters = input.sequence.chars();
                input.sequence = match self.truncation_direction {
                    Side::Right => letters.take(len).collect(),
                    Side::Left => letters.skip(too_many).collect(),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_get_the_length_one() {
        let mut array = Array::new(ArrayKind::Tokens, vec![2, 2], vec![3.0, 4.0, 0.0, 0.0]);
        normalize(&mut array);
        assert_eq!(array.data, [0.6, 0.8, 0.0, 0.0]);
    }

    #[test]
    fn sequences_are_cut_on_the_side_that_is_asked_for() {
        let cut = |side: &str| {
            let json = format!(r#"{{"inputs": ["ACGU", "AC"], "truncation_direction": "{side}"}}"#);
            let mut request: EmbedRequest = serde_json::from_str(&json).unwrap();
            request.cut(3);
            request.inputs.0.into_iter().map(|input| input.sequence).collect::<Vec<_>>()
        };
        assert_eq!(cut("Right"), ["ACG", "AC"]);
        assert_eq!(cut("Left"), ["CGU", "AC"]);
    }
}
