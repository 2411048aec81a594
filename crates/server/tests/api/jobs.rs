//! Jobs: computed as requests are, followed, ended, limited.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Answer, Running, TRNA, connect, posting, receive};

/// The longest that a test waits for a job.
const PATIENCE: Duration = Duration::from_secs(120);

/// Posts a job and returns its id.
#[track_caller]
fn post(server: &Running, verb: &str, request: &Value) -> String {
    let answer = server.post("/v1/jobs", &json!({ "verb": verb, "request": request }).to_string());
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert!(answer.head.contains(&format!("location: /v1/jobs/{id}")), "{answer:?}");
    id
}

fn status(server: &Running, id: &str) -> Value {
    server.get(&format!("/v1/jobs/{id}")).json()
}

/// Waits until the job has ended.
#[track_caller]
fn ended(server: &Running, id: &str) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let status = status(server, id);
        if !matches!(status["state"].as_str(), Some("waiting" | "running")) {
            return status;
        }
        assert!(Instant::now() < until, "{status}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert!(answer.status == 200 && answer.is_complete, "{answer:?}");
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn delete(server: &Running, id: &str) -> Answer {
    let request = format!("DELETE /v1/jobs/{id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    crate::client::send(server.address, &request)
}

/// A job that takes minutes: each base of long sequences is masked in turn.
fn long() -> Value {
    json!({ "inputs": vec![TRNA.repeat(13); 200] })
}

/// Waits until a job is being computed.
fn running(server: &Running, id: &str) {
    let until = Instant::now() + PATIENCE;
    while status(server, id)["state"] != "running" || server.count("rinalmo_batches_total") == 0 {
        assert!(Instant::now() < until, "{}", status(server, id));
        thread::sleep(Duration::from_millis(20));
    }
}

/// Asks for a path, and returns the connection while the answer is still coming.
fn follow(server: &Running, path: &str) -> BufReader<TcpStream> {
    let mut stream = connect(server.address);
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    BufReader::new(stream)
}

#[test]
fn the_results_of_a_job_are_those_of_the_request() {
    let server = Running::start();
    let many: Vec<String> = (0..60).map(|n| format!("{}{}", &TRNA[n..], &TRNA[..2 * n % 70])).collect();
    let text = format!(">odd\nGG@\n{}", many.iter().map(|one| format!(">x\n{one}\n")).collect::<String>());
    for (verb, request) in [
        ("fold", json!({ "text": text, "probabilities": true, "cutoff": 0.2 })),
        ("fold", json!({ "inputs": many, "model": "turner2004", "temperature": 50.0 })),
        ("score", json!({ "inputs": ["GGGGAAAACCCC", "ACGU"], "per_base": true })),
        ("predict", json!({ "inputs": many[..5], "task": "family" })),
    ] {
        let expected = server.ask(&format!("/v1/{verb}"), request.clone());
        let id = post(&server, verb, &request);
        let found = lines(&server.get(&format!("/v1/jobs/{id}/result")));
        assert_eq!(Value::Array(found), expected["results"], "{verb}");
        let status = ended(&server, &id);
        let total = expected["results"].as_array().unwrap().len();
        let failed = usize::from(request["text"].is_string());
        assert_eq!((&status["state"], &status["verb"]), (&json!("done"), &json!(verb)));
        assert_eq!(
            (&status["total"], &status["done"], &status["failed"]),
            (&json!(total), &json!(total), &json!(failed))
        );
    }
    for request in [json!({ "inputs": many[..3] }), json!({ "inputs": "ACGU", "pooling": "none", "normalize": false })]
    {
        let expected = server.ask("/v1/embed", request.clone());
        let id = post(&server, "embed", &request);
        assert_eq!(Value::Array(lines(&server.get(&format!("/v1/jobs/{id}/result")))), expected);
    }
}

#[test]
fn a_sequence_that_fails_does_not_end_the_job() {
    let server = Running::start();
    let id = post(&server, "embed", &json!({ "inputs": ["ACGU", "AXGU", "ACGU"] }));
    let found = lines(&server.get(&format!("/v1/jobs/{id}/result")));
    assert_eq!(found[1]["error"], "inputs:2: record `seq2`: character `X` is not an RNA base");
    assert!(found[0].is_array() && found[0] == found[2]);
    assert_eq!(ended(&server, &id)["failed"], 1);
}

#[test]
fn an_invalid_job_is_refused_at_once() {
    let server = Running::limited(|limits| limits.job_memory = 1 << 20);
    for (body, status, message) in [
        ("{", 400, "body: not JSON"),
        (r#"{"verb": "draw", "request": {}}"#, 422, "body: unknown variant `draw`, expected one of `fold`, `embed`"),
        (r#"{"verb": "fold"}"#, 422, "body: missing field `request`"),
        (r#"{"request": {"inputs": "A", "gamma": 0}, "verb": "fold"}"#, 422, "gamma: expected a number above 0"),
        (r#"{"verb": "fold", "request": {"inputs": "A", "beam": 0}}"#, 422, "a beam keeps at least one span"),
        (r#"{"verb": "fold", "request": {"inputs": "A", "beam": 9}}"#, 422, "a beam: only an energy model"),
        (r#"{"verb": "fold", "request": {"inputs": "A", "temperature": 9}}"#, 422, "temperature and dangles: `nano`"),
        (
            r#"{"verb": "fold", "request": {"inputs": "A", "temperature": 900, "model": "turner2004"}}"#,
            422,
            "temperature: expected -100 to 200",
        ),
        (r#"{"verb": "fold", "request": {"input": "A"}}"#, 422, "body: unknown field `input`"),
        (r#"{"verb": "fold", "request": {"inputs": "A", "model": "/etc/passwd"}}"#, 404, "model: expected one of"),
    ] {
        let found = server.post("/v1/jobs", body).failed(status);
        assert!(found.starts_with(message), "{body}: {found}");
    }
    let large = json!({ "verb": "fold", "request": { "text": "ACGU\n".repeat(30_000) } });
    assert_eq!(server.post("/v1/jobs", &large.to_string()).failed(413), "the body has more than 131072 bytes");
    let many = json!({ "verb": "fold", "request": { "text": "A\n".repeat(2000) } });
    assert_eq!(server.post("/v1/jobs", &many.to_string()).failed(413), "a request may have 1024 sequences");
    for path in ["/v1/jobs/none", "/v1/jobs/none/result", "/v1/jobs/none/events", "/v1/jobs/%ff"] {
        assert!(server.get(path).failed(404).starts_with("no job has this id"), "{path}");
    }
    assert!(delete(&server, "none").failed(404).starts_with("no job has this id"));
    assert_eq!(server.get("/v1/jobs").json(), json!({ "jobs": [] }));
    assert_eq!(server.count("rinalmo_job_bytes"), 0, "what was refused takes no memory");
}

#[test]
fn events_report_progress_up_to_the_end() {
    let server = Running::start();
    let id = post(&server, "fold", &json!({ "inputs": vec![TRNA; 120] }));
    let answer = server.get(&format!("/v1/jobs/{id}/events"));
    assert!(answer.head.to_lowercase().contains("content-type: text/event-stream"), "{answer:?}");
    let events: Vec<(&str, Value)> = answer
        .body
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("event: ")?.split_once("\ndata: "))
        .map(|(name, data)| (name, serde_json::from_str(data).unwrap()))
        .collect();
    let (last, before) = events.split_last().unwrap();
    assert_eq!((last.0, &last.1["done"], &last.1["total"]), ("done", &json!(120), &json!(120)));
    assert!(before.iter().all(|(name, _)| *name == "progress"), "{events:?}");
    let counts: Vec<u64> = events.iter().map(|(_, data)| data["done"].as_u64().unwrap()).collect();
    assert!(counts.is_sorted(), "{counts:?}");
}

#[test]
fn results_arrive_as_they_are_computed_and_short_requests_are_answered_meanwhile() {
    let server = Running::start();
    // The first piece is short ones only.
    let inputs = [vec!["ACGU".to_owned(); 256], vec![TRNA.repeat(13); 200]].concat();
    let request = json!({ "inputs": inputs });
    let id = post(&server, "score", &request);
    let mut result = follow(&server, &format!("/v1/jobs/{id}/result"));
    let mut line = String::new();
    while !line.contains("perplexity") {
        line.clear();
        assert!(result.read_line(&mut line).unwrap() > 0, "no results");
    }
    assert_eq!(status(&server, &id)["state"], "running");
    assert_eq!(server.post("/v1/fold", r#"{"inputs": "GGGGAAAACCCC"}"#).status, 200);
    assert_eq!(status(&server, &id)["state"], "running");
    delete(&server, &id);
}

#[test]
fn a_job_that_is_deleted_is_not_computed_further() {
    let server = Running::start();
    let (id, other) = (post(&server, "score", &long()), post(&server, "score", &json!({ "inputs": "ACGU" })));
    running(&server, &id);
    let result = follow(&server, &format!("/v1/jobs/{id}/result"));
    assert_eq!(status(&server, &other)["state"], "waiting", "one after the other");
    let status = delete(&server, &id).json();
    assert_eq!((&status["state"], &status["total"]), (&json!("cancelled"), &json!(200)));
    assert_eq!(server.get(&format!("/v1/jobs/{id}")).status, 404);
    assert_eq!(ended(&server, &other)["state"], "done");
    let computed = server.count("rinalmo_bases_total");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(server.count("rinalmo_bases_total"), computed, "computing goes on");
    let answer = receive(result.into_inner());
    assert!(answer.body.contains("the job was cancelled") && !answer.is_complete, "{answer:?}");
}

#[test]
fn ten_thousand_jobs_are_refused_in_good_order() {
    let server = Running::limited(|limits| limits.jobs = 20);
    let body = json!({ "verb": "fold", "request": { "inputs": "GGGGAAAACCCC" } }).to_string();
    let request = posting("/v1/jobs", &body).replace("Connection: close\r\n", "");
    let mut stream = BufReader::new(connect(server.address));
    let mut statuses = Vec::new();
    for _ in 0..10_000 {
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        statuses.push(one(&mut stream));
    }
    assert!(statuses[..20].iter().all(|status| *status == 202), "{:?}", &statuses[..20]);
    assert!(statuses[20..].iter().all(|status| *status == 429));
    let jobs = server.get("/v1/jobs").json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 20);
    let first = jobs["jobs"][0]["id"].as_str().unwrap();
    assert_eq!(delete(&server, first).status, 200);
    assert_eq!(server.post("/v1/jobs", &body).status, 202, "there is a place again");
    assert_eq!(server.post("/v1/jobs", &body).failed(429), "20 jobs are kept; delete one, or try again later");
}

/// Reads an answer of a connection that stays open; its code.
fn one(stream: &mut BufReader<TcpStream>) -> u16 {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        assert!(stream.read_line(&mut head).unwrap() > 0, "the connection was closed: {head}");
        if let Some(value) = head[from..].strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length]).unwrap();
    head.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn jobs_take_no_more_memory_than_they_may() {
    let server = Running::limited(|limits| limits.job_memory = 1 << 20);
    // Their vectors are about 900 kB of text each.
    let request = json!({ "inputs": [TRNA.repeat(3)], "pooling": "none" });
    let (first, second) = (post(&server, "embed", &request), post(&server, "embed", &request));
    assert_eq!(ended(&server, &first)["state"], "done");
    let status = ended(&server, &second);
    assert_eq!((&status["state"], &status["error_type"]), (&json!("failed"), &json!("validation")));
    let message = server.get(&format!("/v1/jobs/{second}/result")).failed(413);
    assert!(message.starts_with("the results of all jobs are larger than this server keeps"), "{message}");
    assert!(server.count("rinalmo_job_bytes") <= 1 << 20);
    let body = json!({ "verb": "fold", "request": { "text": "A".repeat(120_000) } }).to_string();
    delete(&server, &first);
    assert_eq!(server.count("rinalmo_job_bytes"), 0);
    assert_eq!(server.post("/v1/jobs", &body).status, 202);
}

#[test]
fn a_job_that_ended_a_while_ago_is_forgotten() {
    let server = Running::limited(|limits| limits.job_age = Duration::from_millis(300));
    let id = post(&server, "fold", &json!({ "inputs": "GGGGAAAACCCC" }));
    assert_eq!(lines(&server.get(&format!("/v1/jobs/{id}/result"))).len(), 1);
    thread::sleep(Duration::from_millis(400));
    assert!(server.get(&format!("/v1/jobs/{id}")).failed(404).contains("ended long ago"));
    assert_eq!(server.count("rinalmo_job_bytes"), 0);
}

#[test]
fn a_server_that_stops_says_so_to_those_who_follow_its_jobs() {
    let mut server = Running::start();
    let id = post(&server, "score", &long());
    running(&server, &id);
    let events = follow(&server, &format!("/v1/jobs/{id}/events"));
    let result = follow(&server, &format!("/v1/jobs/{id}/result"));
    thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let answer = receive(events.into_inner());
    assert!(answer.body.contains("event: failed\n") && answer.body.contains("the server stops"), "{answer:?}");
    let answer = receive(result.into_inner());
    assert!(answer.body.contains("the server stops") && !answer.is_complete, "{answer:?}");
}

#[test]
fn followers_leave_half_of_the_connections_to_requests() {
    let server = Running::limited(|limits| limits.connections = 6);
    let id = post(&server, "score", &long());
    let path = format!("/v1/jobs/{id}/events");
    let following: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = follow(&server, &path);
            stream.read_line(&mut String::new()).unwrap();
            stream
        })
        .collect();
    assert!(server.get(&path).failed(429).starts_with("too many connections follow jobs"));
    assert_eq!(server.get("/health").status, 200);
    drop(following);
    delete(&server, &id);
}
