//! What waits: computed together without influence, refused beyond a length, forgotten if nobody waits.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Running, TRNA, connect, posting, receive};

/// How long a call waits for others, in tests that send others meanwhile.
const LONG: Duration = Duration::from_millis(1500);
/// A while in which a request reaches the queue.
const WHILE: Duration = Duration::from_millis(400);

fn fold(server: &Running, sequence: &str) -> Value {
    server.ask("/v1/fold", json!({ "inputs": sequence, "probabilities": true, "cutoff": 0.0 }))
}

#[test]
fn batch_mates_change_nothing() {
    let sequences: Vec<String> = (1..12).map(|n| format!("{}{}", &TRNA[n..], &TRNA[..3 * n])).collect();
    let alone = Running::limited(|limits| limits.gather = Duration::ZERO);
    let expected: Vec<Value> = sequences.iter().map(|sequence| fold(&alone, sequence)).collect();
    let together = Running::limited(|limits| {
        limits.gather = LONG;
        limits.workers = 1;
    });
    fold(&together, "ACGU"); // loads the model
    let before = together.count("rinalmo_batches_total");
    let found: Vec<Value> = thread::scope(|scope| {
        let asked: Vec<_> = sequences.iter().map(|sequence| scope.spawn(|| fold(&together, sequence))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    assert_eq!(found, expected);
    let batches = together.count("rinalmo_batches_total") - before;
    assert!(batches < sequences.len() as u64 / 2, "{batches} calls for {} requests", sequences.len());
}

/// A server whose only worker waits for others to join the first request.
fn slow() -> Running {
    Running::limited(|limits| {
        limits.gather = LONG;
        limits.workers = 1;
        limits.queue = 1;
    })
}

/// Requests that are not computed together.
const ASKED: [&str; 3] = [
    r#"{"inputs": "GGGGAAAACCCC"}"#,
    r#"{"inputs": "ACGU", "decode": "mea", "gamma": 2}"#,
    r#"{"inputs": "ACGU", "decode": "mea", "gamma": 3}"#,
];

#[test]
fn a_full_queue_refuses() {
    let server = slow();
    thread::scope(|scope| {
        let first = scope.spawn(|| server.post("/v1/fold", ASKED[0]).status);
        thread::sleep(WHILE);
        let second = scope.spawn(|| server.post("/v1/fold", ASKED[1]).status);
        thread::sleep(WHILE);
        let third = server.post("/v1/fold", ASKED[2]);
        assert_eq!(third.failed(429), "1 requests are waiting; try again later");
        assert!(third.head.to_lowercase().contains("retry-after: 1"));
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (200, 200));
    });
}

#[test]
fn a_request_whose_client_is_gone_is_not_computed() {
    let server = slow();
    thread::scope(|scope| {
        let first = scope.spawn(|| server.post("/v1/fold", ASKED[0]).status);
        thread::sleep(WHILE);
        let mut gone = connect(server.address);
        gone.write_all(posting("/v1/fold", ASKED[1]).as_bytes()).unwrap();
        thread::sleep(WHILE);
        drop(gone);
        assert_eq!(first.join().unwrap(), 200);
    });
    let until = Instant::now() + Duration::from_secs(20);
    while server.count("rinalmo_dropped_requests_total") == 0 && Instant::now() < until {
        thread::sleep(Duration::from_millis(50));
    }
    let counts = ["rinalmo_dropped_requests_total", "rinalmo_batches_total"].map(|name| server.count(name));
    assert_eq!(counts, [1, 1], "requests dropped, and calls");
}

#[test]
fn a_request_that_takes_too_long_is_ended() {
    let server = Running::limited(|limits| {
        limits.gather = LONG;
        limits.time = Duration::from_millis(200);
    });
    let message = server.post("/v1/fold", ASKED[0]).failed(503);
    assert_eq!(message, "no result within 0.2 s; send less at a time, or post a job");
}

#[test]
fn a_server_that_stops_answers_what_it_computes_and_refuses_what_waits() {
    let mut server = slow();
    let sent = |body: &str| {
        let mut stream = connect(server.address);
        stream.write_all(posting("/v1/fold", body).as_bytes()).unwrap();
        thread::sleep(WHILE);
        stream
    };
    let (first, second) = (sent(ASKED[0]), sent(ASKED[1]));
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(receive(first).status, 200);
    assert_eq!(receive(second).failed(503), "the server stops");
}

#[test]
fn counts_are_kept() {
    let server = Running::start();
    fold(&server, TRNA);
    server.post("/v1/fold", "{");
    assert_eq!(server.count("rinalmo_bases_total"), TRNA.len() as u64);
    assert_eq!(server.count("rinalmo_requests_total{path=\"/v1/fold\",status=\"200\"}"), 1);
    assert_eq!(server.count("rinalmo_requests_total{path=\"/v1/fold\",status=\"400\"}"), 1);
    assert_eq!(server.count("rinalmo_loaded_models"), 1);
}
