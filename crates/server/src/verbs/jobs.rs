//! `/v1/jobs`: work that a client does not wait for. What a job may be asked is what the route of its verb may be.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::embed::EmbedRequest;
use super::fold::FoldRequest;
use super::plan::{Plan, text};
use super::predict::PredictRequest;
use super::score::ScoreRequest;
use crate::Limits;
use crate::app::App;
use crate::body;
use crate::failure::{Failure, json};
use crate::jobs::{self, Job, Progress};
use crate::sequences::Found;

/// How long a stream of events waits between two of them; progress in between is in the next one.
const PACE: Duration = Duration::from_millis(200);
/// How often a stream that has nothing to say shows that it is open.
const ALIVE: Duration = Duration::from_secs(15);
/// How long the last line of a stream has to leave, before its connection is closed without the usual end.
const LEAVING: Duration = Duration::from_millis(100);

/// The verbs of jobs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Fold,
    Embed,
    Score,
    Predict,
}

/// What may be posted, as far as the verb.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobRequest {
    verb: Verb,
    #[serde(rename = "request")]
    _request: IgnoredAny,
}

/// What may be posted, once the verb is known. In two passes, because fields of an object may come in any order, and
/// serde would hold all of a request that came first in a form that takes ten times its bytes.
#[derive(Deserialize)]
struct Of<T> {
    request: T,
}

/// The jobs that are kept.
#[derive(Serialize)]
struct List<'a> {
    jobs: Vec<jobs::Status<'a>>,
}

/// `POST /v1/jobs`.
pub async fn post(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let limits = app.limits.of_jobs();
    // Before the body is read: many large ones at once must not take more memory than jobs may.
    let room = app.jobs.admit(body::most(request.headers(), &limits))?;
    let bytes = body::bytes(request, &limits).await?;
    let reading = app.clone();
    let read = move || read(&bytes, &reading, &limits);
    let (verb, planned) = tokio::task::spawn_blocking(read).await.map_err(|_| Failure::backend("body: not read"))??;
    let job = app.jobs.post(verb, planned, room)?;
    let mut response = json(StatusCode::ACCEPTED, &job.status_now());
    if let Ok(place) = HeaderValue::from_str(&format!("/v1/jobs/{}", job.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

fn read(bytes: &[u8], app: &App, limits: &Limits) -> Result<(&'static str, (Plan, Found)), Failure> {
    let JobRequest { verb, .. } = body::parse(bytes)?;
    Ok(match verb {
        Verb::Fold => ("fold", of::<FoldRequest>(bytes)?.plan(app, limits)?),
        Verb::Embed => ("embed", of::<EmbedRequest>(bytes)?.plan(app, limits)?),
        Verb::Score => ("score", of::<ScoreRequest>(bytes)?.plan(app, limits)?),
        Verb::Predict => ("predict", of::<PredictRequest>(bytes)?.plan(app, limits)?),
    })
}

fn of<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    body::parse(bytes).map(|Of { request }| request)
}

/// `GET /v1/jobs`.
pub async fn list(State(app): State<Arc<App>>) -> Response {
    let jobs = app.jobs.all();
    json(StatusCode::OK, &List { jobs: jobs.iter().map(|job| job.status_now()).collect() })
}

/// The part of a path that names a job.
type Id = Result<Path<String>, PathRejection>;

fn find(app: &App, id: Id) -> Result<Arc<Job>, Failure> {
    app.jobs.find(&id.map(|Path(id)| id).unwrap_or_default())
}

/// `GET /v1/jobs/{id}`.
pub async fn status(State(app): State<Arc<App>>, id: Id) -> Result<Response, Failure> {
    Ok(json(StatusCode::OK, &find(&app, id)?.status_now()))
}

/// `DELETE /v1/jobs/{id}`.
pub async fn delete(State(app): State<Arc<App>>, id: Id) -> Result<Response, Failure> {
    let job = app.jobs.delete(&id.map(|Path(id)| id).unwrap_or_default())?;
    Ok(json(StatusCode::OK, &job.status_now()))
}

/// Who follows a job.
struct Follower {
    job: Arc<Job>,
    progress: watch::Receiver<Progress>,
    /// Events or results that were sent.
    sent: usize,
    /// Is there nothing more to send?
    is_over: bool,
    /// For as long as the connection is used.
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// # Errors
    /// 404 if there is no such job, 429 if too many connections follow jobs.
    fn new(app: &App, id: Id) -> Result<Self, Failure> {
        let job = find(app, id)?;
        let full = |_| Failure::overloaded("too many connections follow jobs; ask for the state instead");
        let place = app.followers.clone().try_acquire_owned().map_err(full)?;
        Ok(Self { progress: job.follow(), job, sent: 0, is_over: false, _place: place })
    }

    /// The next event: at once the state, then each change, up to the end.
    async fn event(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.is_over {
            return None;
        }
        if self.sent > 0 {
            tokio::time::sleep(PACE).await;
            self.progress.changed().await.ok()?;
        }
        let progress = self.progress.borrow_and_update().clone();
        self.sent += 1;
        self.is_over = progress.state.is_end();
        let name = if self.is_over { progress.state.name() } else { "progress" };
        let data = text(&self.job.status(progress)).ok()?;
        Some((Ok(Event::default().event(name).data(data)), self))
    }

    /// The next lines of results, as soon as they are computed. If the job ends early, the last line is the error, and
    /// the answer is incomplete, so that no client takes it for all results.
    async fn lines(mut self) -> Option<(io::Result<Bytes>, Self)> {
        if self.is_over {
            tokio::time::sleep(LEAVING).await;
            return Some((Err(io::Error::other("the job ended early")), self));
        }
        loop {
            let progress = self.progress.borrow_and_update().clone();
            if let Some(lines) = self.job.results(self.sent) {
                self.sent += 1;
                return Some((Ok(lines), self));
            }
            match progress.state {
                jobs::State::Done => return None,
                state if state.is_end() => {
                    self.is_over = true;
                    let line = text(&why(&progress)).unwrap_or_default() + "\n";
                    return Some((Ok(line.into()), self));
                }
                _ => self.progress.changed().await.ok()?,
            }
        }
    }
}

/// Why a job ended early.
fn why(progress: &Progress) -> Failure {
    progress.why.clone().unwrap_or_else(|| Failure::unavailable("the job was cancelled"))
}

/// `GET /v1/jobs/{id}/events`.
pub async fn events(State(app): State<Arc<App>>, id: Id) -> Result<Response, Failure> {
    let follower = Follower::new(&app, id)?;
    let events = Sse::new(unfold(follower, Follower::event));
    Ok(events.keep_alive(KeepAlive::new().interval(ALIVE)).into_response())
}

/// `GET /v1/jobs/{id}/result`.
pub async fn result(State(app): State<Arc<App>>, id: Id) -> Result<Response, Failure> {
    let follower = Follower::new(&app, id)?;
    let progress = follower.progress.borrow().clone();
    if progress.state.is_end() && progress.state != jobs::State::Done {
        return Err(why(&progress));
    }
    let mut response = Response::new(Body::from_stream(unfold(follower, Follower::lines)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}
