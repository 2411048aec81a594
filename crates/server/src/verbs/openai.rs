//! `POST /v1/embeddings`: vectors, with the requests and answers that OpenAI's clients know.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rinalmo::sink::Array;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::embed::{self, Pooling, normalize};
use super::plan::{list, text};
use crate::app::App;
use crate::body;
use crate::failure::{self, Failure, json_text};
use crate::sequences::Inputs;

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingsRequest {
    input: Inputs,
    model: Option<String>,
    #[serde(default)]
    encoding_format: Encoding,
    dimensions: Option<usize>,
    /// Who asks; not used.
    #[serde(rename = "user")]
    _user: Option<String>,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    /// As a list.
    #[default]
    Float,
    /// As their bytes, f32 little-endian, in base64.
    Base64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Vector {
    Numbers(Vec<f32>),
    Text(String),
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// `POST /v1/embeddings`. Errors have OpenAI's shape too.
pub async fn embeddings(State(app): State<Arc<App>>, request: Request) -> Response {
    answer(&app, request).await.unwrap_or_else(|failure| {
        let error = json!({ "message": failure.message, "type": failure.kind, "param": null, "code": null });
        failure::json(failure.status, &json!({ "error": error }))
    })
}

async fn answer(app: &App, request: Request) -> Result<Response, Failure> {
    let EmbeddingsRequest { input, model, encoding_format, dimensions, .. } = body::read(request, &app.limits).await?;
    // Two more than bases: each sequence has a first and a last token.
    let tokens = input.0.iter().map(|input| input.sequence.chars().count() + 2).sum();
    let write = move |array| text(&encoding_format.write(array));
    let (plan, found) = embed::plan(app, &app.limits, model.as_deref(), input, Pooling::Mean, write)?;
    let (own, name) = (plan.model.network.map_or(0, |network| network.dimensions), plan.model.name.clone());
    if let Some(asked) = dimensions.filter(|asked| *asked != own) {
        return Err(Failure::invalid(format!("dimensions: model `{name}` has {own}, found {asked}")));
    }
    let vectors = embed::all(app, &plan, found).await?;
    let one = |(index, vector)| format!(r#"{{"object":"embedding","index":{index},"embedding":{vector}}}"#);
    let data: Vec<String> = vectors.iter().enumerate().map(one).collect();
    let (data, model) = (list(data.iter()), text(&name)?);
    let usage = text(&Usage { prompt_tokens: tokens, total_tokens: tokens })?;
    let reply = format!(r#"{{"object":"list","data":{data},"model":{model},"usage":{usage}}}"#);
    Ok(json_text(StatusCode::OK, reply))
}

impl Encoding {
    /// A vector of length 1, as OpenAI's are.
    fn write(self, mut array: Array) -> Vector {
        normalize(&mut array);
        match self {
            Self::Float => Vector::Numbers(array.data),
            Self::Base64 => {
                let bytes: Vec<u8> = array.data.iter().flat_map(|x| x.to_le_bytes()).collect();
                Vector::Text(STANDARD.encode(bytes))
            }
        }
    }
}
