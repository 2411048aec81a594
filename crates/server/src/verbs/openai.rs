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

use super::embed::{Pooling, find, normalize, vectors};
use crate::app::App;
use crate::body;
use crate::failure::{self, Failure};
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
struct One {
    object: &'static str,
    index: usize,
    embedding: Vector,
}

#[derive(Serialize)]
struct Reply {
    object: &'static str,
    data: Vec<One>,
    model: String,
    usage: Usage,
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
    let model = find(app, model.as_deref())?;
    let own = model.sizes.map_or(0, |(_, dimensions)| dimensions);
    if let Some(asked) = dimensions.filter(|asked| *asked != own) {
        return Err(Failure::invalid(format!("dimensions: model `{}` has {own}, found {asked}", model.name)));
    }
    let name = model.name.clone();
    // Two more than bases: each sequence has a first and a last token.
    let tokens = input.0.iter().map(|input| input.sequence.chars().count() + 2).sum();
    let arrays = vectors(app, model, input, Pooling::Mean).await?;
    let data = arrays.into_iter().enumerate().map(|(index, array)| One {
        object: "embedding",
        index,
        embedding: encoding_format.write(array),
    });
    let usage = Usage { prompt_tokens: tokens, total_tokens: tokens };
    let reply = Reply { object: "list", data: data.collect(), model: name, usage };
    Ok(failure::json(StatusCode::OK, &reply))
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
