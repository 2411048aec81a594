//! Answers about several sequences: a result for each, in the order of the request.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::failure::{Failure, json};
use crate::queue::{Answer, Item};
use crate::sequences::{Found, Record};

/// The answer about several sequences.
#[derive(Serialize)]
struct Reply<'a, T> {
    results: Vec<OneOf<'a, T>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

/// A result, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOf<'a, T> {
    Good(T),
    Bad {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        #[serde(flatten)]
        failure: Failure,
    },
}

/// The items of all records that could be read.
pub fn items(found: &Found, item: impl Fn(&Record) -> Item) -> Vec<Item> {
    found.records.iter().filter_map(|record| record.as_ref().ok()).map(item).collect()
}

/// A response with what `show` makes of each answer; `answers` are those of [`items`].
///
/// # Errors
/// Every sequence failed: the failure of the first.
pub fn reply<'a, T: Serialize>(
    found: &'a Found,
    answers: &'a [Result<Answer, Failure>],
    show: impl Fn(&'a Record, &'a Answer) -> Result<T, Failure>,
) -> Result<Response, Failure> {
    let mut answers = answers.iter();
    let mut one = |record: &'a Record| match answers.next() {
        Some(Ok(answer)) => show(record, answer),
        Some(Err(failure)) => Err(failure.clone()),
        None => Err(Failure::backend("there is no answer")),
    };
    let results = found.records.iter().map(|record| match record {
        Err(failure) => OneOf::Bad { id: None, failure: failure.clone() },
        Ok(record) => match one(record) {
            Ok(result) => OneOf::Good(result),
            Err(failure) => OneOf::Bad { id: Some(&*record.record.id), failure },
        },
    });
    let results: Vec<OneOf<'_, T>> = results.collect();
    if results.iter().all(|result| matches!(result, OneOf::Bad { .. }))
        && let Some(OneOf::Bad { failure, .. }) = results.first()
    {
        return Err(failure.clone());
    }
    Ok(json(StatusCode::OK, &Reply { results, notes: &found.notes }))
}

/// The failure of an answer of another kind than was asked for.
pub fn another() -> Failure {
    Failure::backend("the answer is of another kind")
}
