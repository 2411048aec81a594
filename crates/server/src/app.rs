//! What all requests share, and the routes.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use tokio::sync::Semaphore;

use crate::failure::{ErrorType, Failure};
use crate::guard::guard;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::models::Models;
use crate::options::{Log, Token};
use crate::queue::Queue;
use crate::{Error, Limits, Options, info, page, verbs};

/// What all requests share.
pub struct App {
    pub models: Arc<Models>,
    pub queue: Queue,
    pub jobs: Jobs,
    /// Places for connections that follow jobs.
    pub followers: Arc<Semaphore>,
    pub metrics: Arc<Metrics>,
    pub limits: Limits,
    pub token: Option<Token>,
    /// Whether only this machine can reach the server.
    pub is_local: bool,
    pub log: Log,
}

impl App {
    /// Opens the checkpoints and starts the workers.
    pub fn new(options: Options) -> Result<Self, Error> {
        let Options { host, token, models, device, load, limits, log, .. } = options;
        let memory = limits.memory_of_a_call();
        let models = Arc::new(Models::open(&models, device, load.max_memory(memory), log.clone())?);
        let metrics = Arc::new(Metrics::default());
        let queue = Queue::start(&limits, metrics.clone(), log.clone())?;
        let jobs = Jobs::new(&limits);
        // The other half is left for requests.
        let followers = Arc::new(Semaphore::new(limits.connections.div_ceil(2)));
        Ok(Self { models, queue, jobs, followers, metrics, limits, token, is_local: host.is_loopback(), log })
    }

    /// May this path be asked for without the token? These have nothing that is not in the program itself.
    pub fn is_public(&self, path: &str) -> bool {
        path == "/health" || path == "/openapi.json" || page::is_file(path)
    }
}

type Routes = Vec<(&'static str, MethodRouter<Arc<App>>)>;

/// Every route of the API.
fn routes() -> Routes {
    vec![
        ("/health", get(info::health)),
        ("/info", get(info::info)),
        ("/metrics", get(info::metrics)),
        ("/openapi.json", get(info::openapi)),
        ("/v1/models", get(info::models)),
        ("/v1/fold", post(verbs::fold::fold)),
        ("/v1/embed", post(verbs::embed::embed)),
        ("/v1/embeddings", post(verbs::openai::embeddings)),
        ("/v1/score", post(verbs::score::score)),
        ("/v1/variants", post(verbs::variants::variants)),
        ("/v1/predict", post(verbs::predict::predict)),
        ("/v1/map", post(verbs::map::map)),
        ("/v1/draw", post(verbs::draw::draw)),
        ("/v1/format", post(verbs::format::format)),
        ("/v1/jobs", get(verbs::jobs::list).post(verbs::jobs::post)),
        ("/v1/jobs/{id}", get(verbs::jobs::status).delete(verbs::jobs::delete)),
        ("/v1/jobs/{id}/result", get(verbs::jobs::result)),
        ("/v1/jobs/{id}/events", get(verbs::jobs::events)),
    ]
}

/// The paths of the API.
pub fn paths() -> Vec<&'static str> {
    routes().into_iter().map(|(path, _)| path).collect()
}

/// The API and the page.
pub fn router(app: Arc<App>) -> Router {
    let all = routes().into_iter().chain(page::routes());
    all.fold(Router::new(), |router, (path, route)| router.route(path, route))
        .fallback(unknown)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(app.clone(), guard))
        .layer(from_fn_with_state(app.clone(), measure))
        .with_state(app)
}

async fn unknown(uri: Uri) -> Failure {
    let path: String = uri.path().chars().take(100).collect();
    Failure::not_found(format!("nothing at `{path}`; /openapi.json lists what there is"))
}

async fn other_method() -> Failure {
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, ErrorType::Validation, "this path takes another method")
}

/// Counts requests and their time.
async fn measure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let path = path.as_ref().map_or("other", MatchedPath::as_str);
    app.metrics.request(path, response.status().as_u16(), begun.elapsed());
    response
}
