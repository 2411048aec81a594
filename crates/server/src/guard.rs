//! Who may ask: the checks before any route, and the headers of every response.
//!
//! A page of another site that a user visits must not be able to use the server. Such a page cannot read answers (there
//! are no CORS headers) and cannot send JSON. The name it was loaded from could point to this machine (DNS rebinding),
//! so a server that only this machine can reach also compares `Host` with this machine's own names.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::failure::{ErrorType, Failure};
use crate::options::Token;

/// What pages of this server may load: only files of this server. Images are also made on the page.
const CONTENT: &str = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; \
                       form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Checks a request and adds the headers of its response.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn check(app: &App, request: &Request) -> Result<(), Failure> {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if app.is_local && !is_own_name(host) {
        return Err(forbidden("Host: expected localhost or 127.0.0.1"));
    }
    if let Some(origin) = headers.get(header::ORIGIN)
        && !is_same_site(origin, host)
    {
        return Err(forbidden("Origin: pages of other sites may not use this server"));
    }
    match &app.token {
        Some(token) if !app.is_public(request.uri().path()) => check_token(token, headers),
        _ => Ok(()),
    }
}

fn forbidden(message: &str) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, ErrorType::Forbidden, message)
}

/// Is this a name of this machine for itself? Any port will do: it may be forwarded.
fn is_own_name(host: &str) -> bool {
    let (name, port) = match host.rfind(':') {
        Some(at) if !host.ends_with(']') => (&host[..at], Some(&host[at + 1..])),
        _ => (host, None),
    };
    let is_own = name.eq_ignore_ascii_case("localhost") || name == "[::1]" || is_loopback(name);
    is_own && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_loopback(name: &str) -> bool {
    name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Was the request sent by a page of this server? A proxy in front of it may add TLS.
fn is_same_site(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    own.is_some_and(|own| !own.is_empty() && own.eq_ignore_ascii_case(host))
}

fn check_token(token: &Token, headers: &HeaderMap) -> Result<(), Failure> {
    let given = headers.get(header::AUTHORIZATION).map_or(&b""[..], HeaderValue::as_bytes);
    let (scheme, given) = given.split_at_checked("Bearer ".len()).unwrap_or_default();
    if scheme.eq_ignore_ascii_case(b"Bearer ") && token.is(given.trim_ascii()) {
        return Ok(());
    }
    let message = "Authorization: expected `Bearer` and the server's token";
    Err(Failure::new(StatusCode::UNAUTHORIZED, ErrorType::Unauthorized, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:80", "127.1.2.3:9", "[::1]", "[::1]:8080"] {
            assert!(is_own_name(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "example.org:8080",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "0.0.0.0:8080",
            "localhost:",
            "localhost:x",
            "[::2]:8080",
            "::1",
            "127.1",
            "localhost.:8080",
        ] {
            assert!(!is_own_name(host), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_site_is_not_of_this_one() {
        let same = |origin: &'static str, host| is_same_site(&HeaderValue::from_static(origin), host);
        assert!(same("http://localhost:8080", "localhost:8080") && same("https://rna.example", "rna.example"));
        for (origin, host) in [
            ("http://localhost:9090", "localhost:8080"),
            ("http://example.org", "localhost:8080"),
            ("null", "localhost"),
            ("null", ""),
            ("http://", ""),
            ("", ""),
        ] {
            assert!(!same(origin, host), "{origin} {host}");
        }
    }
}
