//! `POST /v1/map`: sequences as points in two dimensions, as `rinalmo map` places them, and the nearest of each.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rinalmo::map::{self, Choice, Method, Neighbours, Placed, Points, Watch, trust};
use rinalmo::seq::InputOptions;
use rinalmo::sink::ArrayKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::plan::{Failed, another, asked};
use crate::app::App;
use crate::body;
use crate::failure::{self, Failure};
use crate::queue::{Answer, Question};
use crate::sequences::{self, Inputs, Record};

/// The nearest of each that are listed.
const NEAREST: usize = 5;

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapRequest {
    inputs: Option<Inputs>,
    text: Option<String>,
    model: Option<String>,
    #[serde(default)]
    method: Method,
    /// For UMAP, which draws random numbers.
    #[serde(default)]
    seed: u64,
}

/// The map of all vectors.
struct Found {
    placed: Placed,
    trust: Option<(usize, f64)>,
    neighbours: Neighbours,
}

/// `POST /v1/map`.
pub async fn map(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let until = Instant::now() + app.limits.time;
    let MapRequest { inputs, text: file, model, method, seed } = body::read(request, &app.limits).await?;
    let model = app.models.find(model.as_deref(), "embed", |can| can.embed)?;
    let found = sequences::read(inputs, file, InputOptions::default(), &app.limits)?.without_constraints();
    let (ask, items) = asked(&app, &model, &Question::Embed(ArrayKind::Mean), &found.records);
    let mut answers = app.queue.ask(ask, items).await?.into_iter();

    let (mut values, mut dims) = (Vec::new(), 1);
    let mut embedded = |record: Result<Record, Failure>| {
        let id = record.as_ref().ok().map(|record| record.record.id.clone());
        let vector = record.and_then(|_| vector(answers.next())).map_err(|failure| (id.clone(), failure))?;
        dims = vector.len();
        values.extend(vector);
        Ok(id)
    };
    let records: Vec<Named> = found.records.into_iter().map(&mut embedded).collect();
    if let Some(Err((_, failure))) = records.first().filter(|_| records.iter().all(Result::is_err)) {
        return Err(failure.clone());
    }
    let points = Points::new(values, dims)?;
    let choice = Choice { method, seed, ..Choice::default() };
    let mapped = app.queue.run(move || Found::new(&points, choice, until)).await??;

    let mut reply = json!({
        "results": mapped.results(&records),
        "model": model.name,
        "axes": mapped.placed.axes,
        "trustworthiness": mapped.trust.map(|(neighbours, value)| json!({ "neighbours": neighbours, "value": value })),
    });
    if !found.notes.is_empty() {
        reply["notes"] = json!(found.notes);
    }
    Ok(failure::json(StatusCode::OK, &reply))
}

/// The id of a sequence that was embedded, or of one that was not, with the reason.
type Named = Result<Option<String>, (Option<String>, Failure)>;

/// The vector that stands for a sequence.
fn vector(answer: Option<Result<Answer, Failure>>) -> Result<Vec<f32>, Failure> {
    match answer.ok_or_else(another)?? {
        Answer::Embedding(mut embedding) => Ok(embedding.arrays.pop().ok_or_else(another)?.data),
        _ => Err(another()),
    }
}

impl Found {
    fn new(points: &Points, choice: Choice, until: Instant) -> Result<Self, Failure> {
        let mut watch = Until(until);
        let placed = choice.place(points, &mut watch)?;
        let neighbours = Neighbours::find(points, NEAREST.min(points.len() - 1), &mut watch)?;
        Ok(Self { trust: trust(points, &placed.map)?, placed, neighbours })
    }

    /// A result for each record, in the order of the request.
    fn results(&self, records: &[Named]) -> Vec<Value> {
        let placed: Vec<usize> = (0..records.len()).filter(|&record| records[record].is_ok()).collect();
        let failed = |(id, failure): &(Option<String>, Failure)| json!(Failed { id: id.as_deref(), failure });
        let mut results: Vec<Value> =
            records.iter().map(|record| record.as_ref().err().map_or(Value::Null, failed)).collect();
        for (point, &record) in placed.iter().enumerate() {
            let near = self.neighbours.of(point).iter().zip(self.neighbours.distances(point));
            let near = near.map(|(&other, distance)| json!({ "record": placed[other as usize], "distance": distance }));
            let ([x, y], id) = (self.placed.map[point], records[record].as_ref().ok());
            results[record] = json!({ "id": id, "x": x, "y": y, "nearest": near.collect::<Vec<_>>() });
        }
        results
    }
}

/// Stops the work when the time of the request is up: nobody waits for it any more.
struct Until(Instant);

impl Watch for Until {
    fn is_stopped(&self) -> bool {
        Instant::now() > self.0
    }
}

impl From<map::Error> for Failure {
    fn from(error: map::Error) -> Self {
        match error {
            map::Error::Stopped => Self::unavailable("the time is up; send fewer sequences"),
            map::Error::TooFew { .. } => Self::invalid(format!("a map of sequences: {error}")),
            _ => Self::backend(error.to_string()),
        }
    }
}
