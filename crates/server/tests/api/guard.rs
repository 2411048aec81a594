//! Who may ask.

use rinalmo_server::{Error, Options, Server, Token};

use crate::client::{Running, posting, send};

const FOLD: &str = r#"{"inputs": "GGGGAAAACCCC"}"#;

#[test]
fn a_name_that_points_to_this_machine_is_not_enough() {
    let server = Running::start();
    for (host, status) in [("localhost:9999", 200), ("127.0.0.1", 200), ("rebound.example", 403), ("", 403)] {
        let request = posting("/v1/fold", FOLD).replace("Host: localhost", &format!("Host: {host}"));
        assert_eq!(send(server.address, &request).status, status, "{host}");
    }
    let without = "GET /health HTTP/1.0\r\n\r\n";
    assert_eq!(send(server.address, without).status, 403);
}

#[test]
fn pages_of_other_sites_may_not_ask() {
    let server = Running::start();
    let from = |origin: &str| {
        let request = posting("/v1/fold", FOLD).replacen("\r\n", &format!("\r\nOrigin: {origin}\r\n"), 1);
        send(server.address, &request)
    };
    assert_eq!(from("http://localhost").status, 200);
    assert_eq!(from("https://example.org").status, 403);
    assert_eq!(from("null").status, 403);
    // What a form of another site can send without asking first is no JSON.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let request = posting("/v1/fold", FOLD).replace("application/json", kind);
        assert_eq!(send(server.address, &request).status, 415, "{kind}");
    }
    let asking = "OPTIONS /v1/fold HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nConnection: close\r\n\
                  Access-Control-Request-Method: POST\r\n\r\n";
    let answer = send(server.address, asking);
    assert!(!answer.head.to_lowercase().contains("access-control-allow"), "{answer:?}");
}

#[test]
fn a_token_is_required_for_everything_that_computes_or_reports() {
    let token = "0123456789abcdef";
    let server = Running::with(|options| options.token = Some(Token::new(token).unwrap()));
    let with = |header: &str| {
        let request = posting("/v1/fold", FOLD).replacen("\r\n", &format!("\r\n{header}\r\n"), 1);
        send(server.address, &request).status
    };
    assert_eq!(with(&format!("Authorization: Bearer {token}")), 200);
    assert_eq!(with(&format!("authorization: bearer {token}")), 200);
    for header in ["X-None: x", "Authorization: Bearer 0123456789abcdeX", "Authorization: Bearer", "Authorization: é"]
    {
        assert_eq!(with(header), 401, "{header}");
    }
    assert_eq!((server.get("/info").status, server.get("/metrics").status), (401, 401));
    assert_eq!(server.get("/health").status, 200);
    assert!(server.get("/info").head.to_lowercase().contains("www-authenticate: bearer"));
}

#[test]
fn other_machines_need_a_token() {
    let mut options = Options::default();
    options.host = "0.0.0.0".parse().unwrap();
    options.port = 0;
    assert!(matches!(Server::bind(options).err(), Some(Error::TokenRequired { .. })));
}

#[test]
fn every_answer_forbids_what_a_page_does_not_need() {
    let server = Running::start();
    for answer in [server.get("/health"), server.get("/nothing"), server.post("/v1/fold", "{")] {
        let head = answer.head.to_lowercase();
        for header in ["content-security-policy: default-src 'self'", "x-content-type-options: nosniff", "no-store"] {
            assert!(head.contains(header), "{header}: {head}");
        }
    }
}
