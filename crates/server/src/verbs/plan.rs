//! A request that was read: the same for a route that answers at once and for a job.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::failure::{Failure, json_text};
use crate::models::Entry;
use crate::queue::{Answer, Ask, Item, Question};
use crate::sequences::{Found, Record};

/// Makes JSON of the answer for a sequence.
pub type Show = Box<dyn Fn(&Record, Answer) -> Result<String, Failure> + Send + Sync>;

/// What is asked of which model, and how answers become JSON.
pub struct Plan {
    pub model: Arc<Entry>,
    pub question: Question,
    pub show: Show,
}

/// The result of a sequence as JSON, or why there is none, as JSON too.
pub struct Shown {
    pub json: String,
    pub failure: Option<Failure>,
}

/// Why a sequence has no result.
#[derive(Serialize)]
pub struct Failed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(flatten)]
    pub failure: &'a Failure,
}

impl Plan {
    /// What the queue is asked about the records that could be read.
    pub fn asked(&self, app: &App, records: &[Result<Record, Failure>]) -> (Ask, Vec<Item>) {
        asked(app, &self.model, &self.question, records)
    }

    /// A result for each record; `answers` are those to [`Plan::asked`].
    pub fn shown(&self, records: &[Result<Record, Failure>], answers: Vec<Result<Answer, Failure>>) -> Vec<Shown> {
        let mut answers = answers.into_iter();
        let mut one = |record: &Record| match answers.next() {
            Some(answer) => answer.and_then(|answer| (self.show)(record, answer)),
            None => Err(Failure::backend("there is no answer")),
        };
        let shown = records.iter().map(|record| match record {
            Err(failure) => Shown::failed(None, failure.clone()),
            Ok(record) => match one(record) {
                Ok(json) => Shown { json, failure: None },
                Err(failure) => Shown::failed(Some(&record.record.id), failure),
            },
        });
        shown.collect()
    }

    /// Asks about all records at once.
    ///
    /// # Errors
    /// As [`Queue::ask`](crate::queue::Queue::ask).
    pub async fn results(&self, app: &App, records: &[Result<Record, Failure>]) -> Result<Vec<Shown>, Failure> {
        let (ask, items) = self.asked(app, records);
        let answers = app.queue.ask(ask, items).await?;
        Ok(self.shown(records, answers))
    }

    /// A response with a result for each sequence, in the order of the request.
    ///
    /// # Errors
    /// Every sequence failed: the failure of the first. Or as [`Plan::results`].
    pub async fn reply(self, app: &App, found: Found) -> Result<Response, Failure> {
        let shown = self.results(app, &found.records).await?;
        if let Some(first) = shown.first().and_then(|one| one.failure.clone())
            && shown.iter().all(|one| one.failure.is_some())
        {
            return Err(first);
        }
        let mut notes = String::new();
        if !found.notes.is_empty() {
            notes = format!(",\"notes\":{}", text(&found.notes)?);
        }
        Ok(json_text(StatusCode::OK, format!("{{\"results\":{}{notes}}}", list(shown.iter().map(|one| &one.json)))))
    }
}

/// What the queue is asked about the records that could be read.
pub fn asked(
    app: &App,
    model: &Arc<Entry>,
    question: &Question,
    records: &[Result<Record, Failure>],
) -> (Ask, Vec<Item>) {
    let item = |record: &Record| Item {
        nick: record.record.nick,
        constraint: record.constraint.clone(),
        reactivities: record.reactivities.clone(),
        ..Item::new(record.record.sequence.clone())
    };
    let ask = Ask { models: app.models.clone(), model: model.clone(), question: question.clone() };
    (ask, records.iter().filter_map(|record| record.as_ref().ok()).map(item).collect())
}

impl Shown {
    fn failed(id: Option<&str>, failure: Failure) -> Self {
        let json = text(&Failed { id, failure: &failure }).unwrap_or_else(|failure| failure.message);
        Self { json, failure: Some(failure) }
    }
}

/// A JSON list of texts that are JSON already.
pub fn list<'a>(elements: impl Iterator<Item = &'a String>) -> String {
    let mut text = String::from("[");
    for (number, element) in elements.enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push_str(element);
    }
    text.push(']');
    text
}

/// JSON of a value.
///
/// # Errors
/// It has no JSON.
pub fn text(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::backend(format!("a result has no JSON: {error}")))
}

/// The failure of an answer of another kind than was asked for.
pub fn another() -> Failure {
    Failure::backend("the answer is of another kind")
}
