//! Clients that mean harm, or are broken.

use std::io::{Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Running, connect, posting, receive, send};

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let server = Running::start();
    let head = posting("/v1/fold", "").replace("Content-Length: 0", "Content-Length: 10737418240");
    let answer = send(server.address, &head);
    assert_eq!(answer.failed(413), "the body has more than 4194304 bytes");
}

#[test]
fn a_body_without_a_length_is_refused_when_it_is_too_large() {
    let server = Running::limited(|limits| limits.body = 1000);
    let head = posting("/v1/fold", "").replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let request = format!("{head}{}", format!("64\r\n{}\r\n", "A".repeat(100)).repeat(20));
    assert_eq!(send(server.address, &request).failed(413), "the body has more than 1000 bytes");
}

#[test]
fn a_sequence_of_a_million_letters_is_refused() {
    let server = Running::start();
    let message = server.post("/v1/fold", &json!({ "inputs": "ACGU".repeat(250_000) }).to_string()).failed(413);
    assert!(message.starts_with("`seq1` has 1000000 nt"), "{message}");
    let message = server.post("/v1/draw", &json!({ "structure": ".".repeat(1_000_000) }).to_string()).failed(413);
    assert!(message.starts_with("structure: this server takes up to 5000 bases"), "{message}");
}

#[test]
fn slow_clients_are_cut_off() {
    let server = Running::limited(|limits| {
        limits.head_time = Duration::from_millis(300);
        limits.body_time = Duration::from_millis(300);
    });
    let begun = Instant::now();
    let mut slow = connect(server.address);
    slow.write_all(b"GET /health HTTP/1.1\r\nHost: loc").unwrap();
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest); // closed, with an answer or without
    let mut slow = connect(server.address);
    slow.write_all(posting("/v1/fold", "").replace("Content-Length: 0", "Content-Length: 9").as_bytes()).unwrap();
    assert_eq!(receive(slow).failed(408), "the body took longer than 0 s");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn slow_clients_that_take_all_connections_keep_others_out_only_for_a_moment() {
    let server = Running::limited(|limits| {
        limits.connections = 8;
        limits.head_time = Duration::from_secs(8);
    });
    let slow: Vec<_> = (0..40)
        .map(|_| {
            let mut stream = connect(server.address);
            stream.write_all(b"GET /health HTTP/1.1\r\nHost: loc").unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    assert_eq!(server.get("/health").status, 200);
    // The first four have 8 s; 36 more share the other four places, 1 s each.
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    drop(slow);
}

#[test]
fn damaged_requests_are_answered_and_the_server_continues() {
    let server = Running::start();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [&deep, "\u{0}", "{\"inputs\": \"\\ud800\"}", "1e999", "{\"inputs\": 1e999}", "\"", "nul"] {
        let answer = server.post("/v1/fold", body);
        assert!(matches!(answer.status, 400 | 422), "{answer:?}");
    }
    for request in ["\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n"] {
        let answer = send(server.address, request);
        assert!(matches!(answer.status, 0 | 400 | 505), "{answer:?}");
    }
    for path in ["/../etc/passwd", "/v1/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/v1/fold/.."] {
        let answer = server.get(path);
        assert!(matches!(answer.status, 404 | 405), "{path}: {answer:?}");
        assert!(!answer.body.contains("root:"));
    }
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn letters_of_every_kind_do_no_harm() {
    let server = Running::start();
    for text in ["é", "\u{202e}ACGU", "A\u{0}C", "<script>", "\"};--", ">\u{1f600}\nACGU", ">a\n>b\n>c", "@x\nAC\n+\n!"]
    {
        for path in ["/v1/fold", "/v1/score"] {
            for field in ["inputs", "text"] {
                let answer = server.post(path, &json!({ (field): text }).to_string());
                assert!(matches!(answer.status, 200 | 413 | 422), "{path} {field} {text}: {answer:?}");
            }
        }
    }
    let answer = server.post("/v1/draw", &json!({ "structure": "..", "title": "</svg><script>" }).to_string());
    assert!(answer.status == 200 && !answer.body.contains("<script>"));
}

#[test]
fn many_clients_at_once_are_all_answered() {
    let server = Running::limited(|limits| limits.queue = 20);
    server.post("/v1/fold", r#"{"inputs": "ACGU"}"#); // loads the model
    let statuses: Vec<u16> = thread::scope(|scope| {
        let one = |n: usize| {
            let body = json!({ "inputs": "ACGU".repeat(1 + n % 7), "decode": "mea", "gamma": 1 + n % 5 }).to_string();
            (0..10).map(|_| server.post("/v1/fold", &body).status).collect::<Vec<_>>()
        };
        let clients: Vec<_> = (0..40).map(|n| scope.spawn(move || one(n))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(statuses.len(), 400);
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
    assert!(statuses.contains(&200));
}
