//! HTTPS.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rinalmo_server::{Error, Tls, Token};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{Running, connect, posting, send};

const CERTIFICATE: &[u8] = include_bytes!("../tls/cert.pem");
const KEY: &[u8] = include_bytes!("../tls/key.pem");
const OTHER_KEY: &[u8] = include_bytes!("../tls/other-key.pem");
const FOLD: &str = r#"{"inputs": "GGGGAAAACCCC"}"#;

fn encrypted() -> Running {
    Running::with(|options| {
        options.tls = Some(Tls::new(CERTIFICATE, KEY).unwrap());
        options.limits.head_time = Duration::from_millis(500);
    })
}

/// A client that trusts these certificates.
fn client(server: &Running, trusted: &[u8]) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(trusted).map(Result::unwrap));
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), connect(server.address))
}

#[test]
fn requests_are_answered_over_tls_as_without() {
    let server = encrypted();
    let mut stream = client(&server, CERTIFICATE);
    stream.write_all(posting("/v1/fold", FOLD).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap(); // fails unless the server says that this is all
    let plain = Running::start().post("/v1/fold", FOLD);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(&plain.body), "{answer}");
    let version = stream.conn.protocol_version().map(|version| format!("{version:?}"));
    assert_eq!(version.as_deref(), Some("TLSv1_3"));
}

#[test]
fn a_client_that_does_not_trust_the_certificate_ends() {
    let server = encrypted();
    let mut stream = client(&server, b"");
    let error = stream.write_all(posting("/v1/fold", FOLD).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[test]
fn nothing_is_answered_without_encryption() {
    let server = encrypted();
    let answer = send(server.address, &posting("/v1/fold", FOLD));
    assert!(answer.status == 0 && !answer.head.contains("HTTP"), "{answer:?}");
    // One that does not even begin is cut off.
    let (begun, mut silent) = (Instant::now(), connect(server.address));
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
    assert!(begun.elapsed() < Duration::from_secs(20));
    let mut stream = client(&server, CERTIFICATE);
    stream.write_all(posting("/v1/fold", FOLD).as_bytes()).unwrap();
}

#[test]
fn a_page_of_an_encrypted_server_may_use_it() {
    let server = Running::with(|options| {
        options.tls = Some(Tls::new(CERTIFICATE, KEY).unwrap());
        options.token = Some(Token::new("0123456789abcdef").unwrap());
    });
    let mut stream = client(&server, CERTIFICATE);
    let headers = "\r\nOrigin: https://localhost\r\nAuthorization: Bearer 0123456789abcdef\r\n";
    stream.write_all(posting("/v1/fold", FOLD).replacen("\r\n", headers, 1).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_an_error_at_the_start() {
    let ended = [&KEY[..KEY.len() / 2], b"\n"].concat();
    for (certificate, key, message) in [
        (&b""[..], KEY, "certificate: expected PEM with `-----BEGIN CERTIFICATE-----`, found none"),
        (KEY, KEY, "certificate: expected PEM with `-----BEGIN CERTIFICATE-----`, found none"),
        (CERTIFICATE, CERTIFICATE, "key: expected PEM with a private key that is not encrypted, found none"),
        (CERTIFICATE, &ended, "key: expected PEM with a private key that is not encrypted: "),
        (CERTIFICATE, OTHER_KEY, "certificate and key: "),
    ] {
        let error = Tls::new(certificate, key).unwrap_err();
        assert!(matches!(error, Error::Tls(_)) && error.to_string().starts_with(message), "{error}");
    }
}
