//! Bodies of requests: bounded in size and time, read as JSON.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::Limits;
use crate::failure::{ErrorType, Failure};

/// Reads the JSON object of a request.
///
/// # Errors
/// As [`bytes`]; 400 if it is not JSON, 422 if it is other JSON than expected.
pub async fn read<T: DeserializeOwned>(request: Request, limits: &Limits) -> Result<T, Failure> {
    parse(&bytes(request, limits).await?)
}

/// The bytes that a body has at most: those that it announces, or those that are allowed.
pub fn most(headers: &HeaderMap, limits: &Limits) -> u64 {
    announced(headers).unwrap_or(u64::MAX).min(limits.body as u64)
}

/// Reads the body of a request.
///
/// # Errors
/// 415 if it is not declared as JSON: a page of another site can send that only if the server allows it. 413 if it is
/// too large, 408 if the client is too slow, 400 if it is incomplete.
pub async fn bytes(request: Request, limits: &Limits) -> Result<Bytes, Failure> {
    check_type(request.headers())?;
    let too_large = || Failure::too_large(format!("the body has more than {} bytes", limits.body));
    if announced(request.headers()).is_some_and(|bytes| bytes > limits.body as u64) {
        return Err(too_large());
    }
    let collected = Limited::new(request.into_body(), limits.body).collect();
    match tokio::time::timeout(limits.body_time, collected).await {
        Err(_) => {
            let message = format!("the body took longer than {} s", limits.body_time.as_secs());
            Err(Failure::new(StatusCode::REQUEST_TIMEOUT, ErrorType::Validation, message))
        }
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Failure::new(StatusCode::BAD_REQUEST, ErrorType::Validation, "the body is incomplete")),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
    }
}

/// Reads JSON.
///
/// # Errors
/// 400 if it is not JSON, 422 if it is other JSON than expected.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => Failure::invalid(format!("body: {error}")),
        _ => Failure::new(StatusCode::BAD_REQUEST, ErrorType::Validation, format!("body: not JSON: {error}")),
    })
}

fn check_type(headers: &HeaderMap) -> Result<(), Failure> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = "Content-Type: expected application/json";
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorType::Validation, message))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
