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

use super::reply::another;
use crate::app::App;
use crate::body;
use crate::failure::{Failure, json};
use crate::models::Entry;
use crate::queue::{Answer, Item, Question};
use crate::sequences::{self, EXACT, Inputs};

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
    let mut request: EmbedRequest = body::read(request, &app.limits).await?;
    if request.truncate {
        request.cut(app.limits.length);
    }
    let model = find(&app, request.model.as_deref())?;
    let mut arrays = vectors(&app, model, request.inputs, request.pooling).await?;
    if request.normalize {
        arrays.iter_mut().for_each(normalize);
    }
    Ok(match request.pooling {
        Pooling::None => json(StatusCode::OK, &arrays.iter().map(rows).collect::<Vec<_>>()),
        _ => json(StatusCode::OK, &arrays.into_iter().map(|array| array.data).collect::<Vec<_>>()),
    })
}

/// The model that embeds.
///
/// # Errors
/// None of this name is offered.
pub fn find(app: &App, name: Option<&str>) -> Result<Arc<Entry>, Failure> {
    app.models.find(name, "embed", |can| can.embed)
}

/// The vectors of each sequence.
///
/// # Errors
/// The first that any sequence meets.
pub async fn vectors(app: &App, model: Arc<Entry>, inputs: Inputs, pooling: Pooling) -> Result<Vec<Array>, Failure> {
    let found = sequences::read(Some(inputs), None, EXACT, &app.limits)?;
    let records: Vec<_> = found.records.into_iter().collect::<Result<_, _>>()?;
    if records.iter().any(|record| record.reactivities.is_some()) {
        return Err(Failure::invalid("reactivities: only a fold has some"));
    }
    if records.iter().any(|record| record.constraint.is_some()) {
        return Err(Failure::invalid("constraint: only a fold has one"));
    }
    let bases: usize = records.iter().map(|record| record.record.sequence.len()).sum();
    if pooling == Pooling::None {
        check_size(app, bases, model.sizes.map_or(0, |(_, dimensions)| dimensions))?;
    }
    let items = records.into_iter().map(|record| Item::new(record.record.sequence)).collect();
    let answers = app.ask(model, Question::Embed(pooling.kind()), items).await?;
    let array = |answer: Answer| match answer {
        Answer::Embedding(mut embedding) => embedding.arrays.pop().ok_or_else(another),
        _ => Err(another()),
    };
    answers.into_iter().map(|answer| answer.and_then(array)).collect()
}

/// # Errors
/// The vectors of all bases, as numbers and as text, take more memory than a call may.
fn check_size(app: &App, bases: usize, dimensions: usize) -> Result<(), Failure> {
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
