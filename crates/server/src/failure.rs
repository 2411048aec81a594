//! What goes wrong with a request: a status code and a JSON object with the library's own words.
//!
//! Codes and shape are those of text-embeddings-inference: `error`, the message, and `error_type`. No message contains
//! a path of the server's files.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rinalmo::Error;
use serde::Serialize;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// The request is malformed or beyond a limit.
    Validation,
    /// A sequence cannot be read.
    Tokenizer,
    /// There is nothing to compute.
    Empty,
    /// The model failed.
    Backend,
    /// The server has enough to do.
    Overloaded,
    /// It took too long, or the server stops.
    Unavailable,
    /// No such model or path.
    NotFound,
    /// The token is missing or wrong.
    Unauthorized,
    /// The request comes from another site.
    Forbidden,
}

/// Why a request, or one of its sequences, has no result. As JSON, an object with `error` and `error_type`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// The status code of the response.
    #[serde(skip)]
    pub status: StatusCode,
    /// The message.
    #[serde(rename = "error")]
    pub message: String,
    /// The kind.
    #[serde(rename = "error_type")]
    pub kind: ErrorType,
}

impl Failure {
    /// A failure with a status code of its own.
    pub fn new(status: StatusCode, kind: ErrorType, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    /// Something in the request is not what was expected: 422.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorType::Validation, message)
    }

    /// The request is too large: 413.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorType::Validation, message)
    }

    /// Nothing to compute: 422.
    pub fn empty(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorType::Empty, message)
    }

    /// The computation failed: 424, as in text-embeddings-inference.
    pub fn backend(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FAILED_DEPENDENCY, ErrorType::Backend, message)
    }

    /// The server has enough to do: 429.
    pub fn overloaded(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorType::Overloaded, message)
    }

    /// It took too long, or the server stops: 503.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorType::Unavailable, message)
    }

    /// No such model or path: 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorType::NotFound, message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::EmptySequence => Self::empty(message),
            Error::TooLong { fits, .. } => Self::too_large(format!("{message}; up to {fits} nt fit")),
            Error::TooLongForPositions { .. } | Error::LongerThanPadding { .. } => Self::too_large(message),
            Error::NoHead { .. }
            | Error::OtherWindow { .. }
            | Error::Range { .. }
            | Error::Options(_)
            | Error::Decode(_)
            | Error::Variant { .. }
            | Error::TooManyStructures { .. } => Self::invalid(message),
            Error::NotFinite { .. } | Error::DeviceFailed { .. } => Self::backend(message),
            // The words of others may name files of this machine.
            _ => Self::backend("the model cannot be used; the server's log says why"),
        }
    }
}

impl From<rinalmo::seq::Error> for Failure {
    fn from(error: rinalmo::seq::Error) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorType::Tokenizer, error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self);
        let headers = response.headers_mut();
        match self.kind {
            ErrorType::Overloaded => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))),
            ErrorType::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

/// A JSON response.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => json_text(status, text),
        Err(_) => {
            let text = r#"{"error":"no JSON","error_type":"backend"}"#;
            json_text(StatusCode::INTERNAL_SERVER_ERROR, text.to_owned())
        }
    }
}

/// A response of text that is JSON already.
pub fn json_text(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_library_keep_their_words_and_have_a_code() {
        let long = Error::TooLong { len: 9, what: "its map of pairs", needed: 2, budget: 1, fits: 5 };
        let failure = Failure::from(long);
        assert_eq!(failure.status, 413);
        assert!(failure.message.starts_with("a sequence of 9 nt needs 2 MiB"), "{}", failure.message);
        assert!(failure.message.ends_with("up to 5 nt fit"));
        assert_eq!(Failure::from(Error::EmptySequence).kind, ErrorType::Empty);
    }

    #[test]
    fn errors_that_may_name_files_are_not_repeated() {
        let error = Error::UnknownModel { name: "/home/me/secret.pt".into(), nearest: None };
        let failure = Failure::from(error);
        assert_eq!(failure.status, 424);
        assert!(!failure.message.contains("secret"));
    }

    #[test]
    fn an_object_has_a_message_and_a_type() {
        let text = serde_json::to_string(&Failure::overloaded("3 requests are waiting")).unwrap();
        assert_eq!(text, r#"{"error":"3 requests are waiting","error_type":"overloaded"}"#);
    }
}
