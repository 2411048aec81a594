//! The HTTP part of a transfer: the client, which failures are temporary, and the meaning of headers.

use std::time::Duration;

use ureq::http::header::{HeaderName, RETRY_AFTER};
use ureq::http::{HeaderMap, StatusCode};
use ureq::{Agent, Timeout};

use super::digest::is_hex;
use super::{Error, Options};

const SILENT: &str = "the server fell silent";

/// Why an attempt ended before the file was complete.
#[derive(Debug)]
pub(super) enum Failure {
    Fatal(Error),
    /// No server was reached.
    Unreachable(String),
    /// The answer was not HTTP: worth another attempt only if earlier answers were.
    Garbled(String),
    /// Hardly anything arrives: worth another attempt, though not an endless number of them.
    Slow(String),
    /// Worth another attempt, after the pause that the server may ask for.
    Passing(String, Option<Duration>),
}

/// What a status other than success means for the next attempt.
pub(super) fn refusal(url: &str, status: StatusCode, headers: &HeaderMap) -> Failure {
    let lasting = [StatusCode::NOT_IMPLEMENTED, StatusCode::HTTP_VERSION_NOT_SUPPORTED];
    let passing = status.is_server_error() && !lasting.contains(&status)
        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if passing {
        let asked = text(headers, &RETRY_AFTER).and_then(|text| text.parse().ok()).map(Duration::from_secs);
        Failure::Passing(format!("the server answered {status}"), asked)
    } else {
        Failure::Fatal(Error::Status { url: url.to_owned(), status: status.as_u16() })
    }
}

/// Sorts failures to get an answer into temporary ones, permanent ones, and no network at all.
pub(super) fn network(error: ureq::Error, url: &str) -> Failure {
    use std::io::ErrorKind as Kind;
    use ureq::Error as E;
    match error {
        E::HostNotFound => Failure::Unreachable("the host name has no address".into()),
        E::Timeout(Timeout::Resolve | Timeout::Connect) => Failure::Unreachable("no connection in time".into()),
        E::ConnectionFailed | E::ConnectProxyFailed(_) => Failure::Unreachable(error.to_string()),
        E::Timeout(_) => Failure::Passing(SILENT.into(), None),
        E::Protocol(_) => Failure::Garbled(format!("the server does not speak HTTP as it should: {error}")),
        E::BodyStalled => Failure::Passing(error.to_string(), None),
        E::Io(cause) => match cause.kind() {
            Kind::UnexpectedEof if url.starts_with("https://") => {
                Failure::Garbled("the server hung up where a secure connection was to begin".into())
            }
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
                Failure::Passing(cause.to_string(), None)
            }
            // This is how TLS reports a certificate that it does not trust.
            Kind::InvalidData => Failure::Fatal(Error::Protocol { url: url.to_owned(), cause: cause.to_string() }),
            // Refused, unreachable, and names that cannot be looked up, whose kind has no name in stable Rust.
            _ => Failure::Unreachable(cause.to_string()),
        },
        _ => Failure::Fatal(Error::Protocol { url: url.to_owned(), cause: error.to_string() }),
    }
}

/// An answer that stopped early: for any reason, the rest can be requested.
pub(super) fn broken_off(error: std::io::Error) -> Failure {
    match ureq::Error::from(error) {
        ureq::Error::Timeout(_) => Failure::Passing(SILENT.into(), None),
        error => Failure::Passing(error.to_string(), None),
    }
}

/// The SHA-256 that Hugging Face states for a large file, in the answer that redirects to its store.
pub(super) fn declared_sha256(agent: &Agent, url: &str) -> Option<String> {
    let request = agent.head(url).config().max_redirects(0).max_redirects_will_error(false).build();
    let response = request.call().ok()?;
    let linked = text(response.headers(), &HeaderName::from_static("x-linked-etag"))?;
    let plain = linked.trim_matches('"');
    is_hex(plain, 64).then(|| plain.to_ascii_lowercase())
}

/// An MD5 inside an entity tag, as `"md5:…"`: the form in which Zenodo's software stores checksums.
pub(super) fn md5_in(etag: &str) -> Option<String> {
    let plain = etag.trim_matches('"').strip_prefix("md5:")?;
    is_hex(plain, 32).then(|| plain.to_ascii_lowercase())
}

/// First byte and total length in `bytes 5-9/10`, `bytes 5-9/*` or `bytes */10`.
pub(super) fn content_range(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let first = range.split_once('-').and_then(|(first, _)| first.parse().ok());
    Some((first, total.parse().ok()))
}

/// A header's value, if it is plain text.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(|text| text.trim().to_owned())
}

/// A client with our limits on waiting, and none on a slow transfer that keeps moving.
pub(super) fn agent(url: &str, options: &Options) -> Agent {
    let mut config = Agent::config_builder()
        .user_agent(concat!("rinalmo/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        // A secure address stays secure through every redirect.
        .https_only(url.starts_with("https://"))
        .timeout_resolve(Some(options.connect_timeout))
        .timeout_connect(Some(options.connect_timeout))
        .timeout_recv_response(Some(options.stall_timeout))
        .timeout_per_read(Some(options.stall_timeout));
    if is_local(url) {
        // A proxy cannot reach this machine's own servers.
        config = config.proxy(None);
    }
    config.build().into()
}

fn is_local(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_understood() {
        assert_eq!(content_range("bytes 5-9/10"), Some((Some(5), Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((Some(5), None)));
        assert_eq!(content_range("bytes */10"), Some((None, Some(10))));
        assert_eq!(content_range("lines 1-2/3"), None);
    }

    #[test]
    fn an_md5_in_a_tag_is_recognised_and_nothing_else() {
        let sum = "900150983cd24fb0d6963f7d28e17f72";
        assert_eq!(md5_in(&format!("\"md5:{sum}\"")).as_deref(), Some(sum));
        assert_eq!(md5_in(&format!("\"{sum}\"")), None);
        assert_eq!(md5_in("\"md5:xyz\""), None);
    }

    #[test]
    fn failures_are_sorted_by_what_mends_them() {
        let sort = |kind: std::io::ErrorKind| network(ureq::Error::Io(kind.into()), "http://h/a");
        assert!(matches!(sort(std::io::ErrorKind::ConnectionReset), Failure::Passing(..)));
        assert!(matches!(sort(std::io::ErrorKind::ConnectionRefused), Failure::Unreachable(_)));
        assert!(matches!(sort(std::io::ErrorKind::InvalidData), Failure::Fatal(Error::Protocol { .. })));
        assert!(matches!(broken_off(std::io::ErrorKind::InvalidData.into()), Failure::Passing(..)));
    }

    #[test]
    fn a_name_that_cannot_be_looked_up_means_no_network() {
        use std::net::ToSocketAddrs;
        // RFC 2606 reserves `.invalid`; some networks answer for it all the same.
        let Err(cause) = ("host.invalid", 80).to_socket_addrs() else {
            return eprintln!("skipped: this network resolves reserved names");
        };
        assert!(matches!(network(ureq::Error::Io(cause), "http://host.invalid/a"), Failure::Unreachable(_)));
    }

    #[test]
    fn only_this_machine_is_local() {
        assert!(is_local("http://127.0.0.1:80/a") && is_local("http://localhost/a") && is_local("http://[::1]:1/"));
        assert!(!is_local("http://127.0.0.1.example.org/a") && !is_local("https://zenodo.org/localhost"));
    }
}
