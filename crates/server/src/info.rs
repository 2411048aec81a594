//! What the server is: its state, models, limits and counts.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::App;
use crate::failure;
use crate::models::Entry;

/// The description of the API.
pub const OPENAPI: &str = include_str!("openapi.json");

/// `GET /health`.
pub async fn health() -> Response {
    failure::json(StatusCode::OK, &json!({ "status": "ok" }))
}

/// `GET /info`.
pub async fn info(State(app): State<Arc<App>>) -> Response {
    let limits = &app.limits;
    let info = json!({
        "program": "rinalmo",
        "version": env!("CARGO_PKG_VERSION"),
        "models": app.models.all().iter().map(|entry| described(entry)).collect::<Vec<_>>(),
        "limits": {
            "body_bytes": limits.body,
            "sequences": limits.sequences,
            "length": limits.length,
            "queue": limits.queue,
            "jobs": limits.jobs,
            "job_body_bytes": limits.of_jobs().body,
            "job_memory_bytes": limits.job_memory,
            "job_seconds": limits.job_age.as_secs_f64(),
            "seconds": limits.time.as_secs_f64(),
            "memory_of_a_call_bytes": limits.memory_of_a_call(),
        },
    });
    failure::json(StatusCode::OK, &info)
}

fn described(entry: &Entry) -> Value {
    json!({
        "name": entry.name,
        "kind": if entry.is_energies() { "energies" } else { "network" },
        "can": entry.abilities,
        "parameters": entry.network.map(|network| network.parameters),
        "dimensions": entry.network.map(|network| network.dimensions),
        "energy_share": entry.network.filter(|_| entry.abilities.fold).map(|network| network.energy_share),
        "threshold": entry.network.and_then(|network| network.threshold),
        "loaded": entry.is_loaded(),
    })
}

/// `GET /v1/models`, as OpenAI's clients expect it.
pub async fn models(State(app): State<Arc<App>>) -> Response {
    let one = |name: &str| json!({ "id": name, "object": "model", "created": 0, "owned_by": "rinalmo" });
    let data: Vec<Value> = app.models.names().map(one).collect();
    failure::json(StatusCode::OK, &json!({ "object": "list", "data": data }))
}

/// `GET /metrics`.
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let loaded = app.models.all().iter().filter(|entry| entry.is_loaded()).count();
    let jobs = app.jobs.all();
    let unfinished = jobs.iter().filter(|job| !job.state().is_end()).count();
    let now = [
        ("waiting_requests", "Requests that wait to be computed.", app.queue.waiting() as u64),
        ("loaded_models", "Models in memory.", loaded as u64),
        ("kept_jobs", "Jobs that are kept.", jobs.len() as u64),
        ("unfinished_jobs", "Jobs that wait or are being computed.", unfinished as u64),
        ("job_bytes", "Bytes of the sequences and results of jobs.", app.jobs.bytes()),
    ];
    text("text/plain; version=0.0.4; charset=utf-8", app.metrics.text(&now))
}

/// `GET /openapi.json`.
pub async fn openapi() -> Response {
    text("application/json", OPENAPI)
}

/// A text of this type.
pub fn text(kind: &'static str, text: impl IntoResponse) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
