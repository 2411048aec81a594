//! `rinalmo serve`: starts, answers as the other commands do, refuses to be open to others, ends when asked to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command};

use serde_json::{Value, json};

use crate::common::{SMALL, Sandbox};

const CERTIFICATE: &str = include_str!("../../../server/tests/tls/cert.pem");
const KEY: &str = include_str!("../../../server/tests/tls/key.pem");

/// A server that is killed if the test does not stop it.
struct Server {
    child: Child,
    address: String,
    _messages: BufReader<ChildStderr>,
}

impl Server {
    fn start(sandbox: &Sandbox, words: &str) -> Self {
        let (server, lines) = Self::begin(sandbox, words);
        assert!(lines.starts_with("listening on http://127.0.0.1:"), "{lines}");
        server
    }

    /// Also returns what the server prints up to its address.
    fn begin(sandbox: &Sandbox, words: &str) -> (Self, String) {
        let mut child = sandbox.spawn(&format!("serve --port 0 {words}"));
        let mut messages = BufReader::new(child.stderr.take().unwrap());
        let mut lines = String::new();
        while !lines.contains("listening on") {
            assert!(messages.read_line(&mut lines).unwrap() > 0, "{lines}");
        }
        let address = lines.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
        (Self { child, address, _messages: messages }, lines)
    }

    /// The code and the body of the answer.
    fn send(&self, head: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let len = body.len();
        write!(stream, "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n{body}")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split_whitespace().nth(1).unwrap().to_owned(), body.to_owned())
    }

    fn ask(&self, path: &str, request: &Value) -> Value {
        let head = format!("POST {path} HTTP/1.1\r\nContent-Type: application/json");
        let (code, body) = self.send(&head, &request.to_string());
        assert_eq!(code, "200", "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Without the model's name and sum, which rows of tables have in JSON.
fn without_model(mut row: Value) -> Value {
    row.as_object_mut().unwrap().remove("model");
    row
}

#[test]
fn answers_are_the_lines_of_the_other_commands() {
    let sandbox = Sandbox::new().with("small.fa", SMALL);
    let server = Server::start(&sandbox, "--dtype f32");
    let results = |path: &str, request: Value| server.ask(path, &request)["results"].as_array().unwrap().clone();
    let folded = sandbox.run("fold small.fa -f json --dtype f32 --decode mea --gamma 2").well();
    assert_eq!(results("/v1/fold", json!({ "text": SMALL, "decode": "mea", "gamma": 2 })), lines(&folded.out));
    let folded = sandbox.run("fold small.fa -f json -m turner2004 -T 50").well();
    let asked = json!({ "text": SMALL, "model": "turner2004", "temperature": 50 });
    assert_eq!(results("/v1/fold", asked), lines(&folded.out));
    let scored = sandbox.run("score small.fa -f json --dtype f32").well();
    let expected: Vec<Value> = lines(&scored.out).into_iter().map(without_model).collect();
    assert_eq!(results("/v1/score", json!({ "text": SMALL })), expected);
    let five = "GGGGAAAACCCC\nGGGGCAAACCCC\nACGUACGUACGU\nUUUUUUUUCCCC\nGGGAGAAACUCC\n";
    let mapped = sandbox.pipe("map --method tsne --dtype f32", five).well();
    let places = results("/v1/map", json!({ "text": five, "method": "tsne" }));
    for (place, row) in places.iter().zip(mapped.out.lines().skip(1)) {
        let place = ["x", "y"].map(|axis| place[axis].as_f64().unwrap() as f32);
        let row: Vec<f32> = row.split('\t').skip(1).map(|text| text.parse().unwrap()).collect();
        assert_eq!(row, place, "{}", mapped.out);
    }
    let drawn = sandbox.pipe("draw --layout arcs --title x", ">a\nGGGAAACCC\n(((...)))\n").well();
    let asked = json!({ "sequence": "GGGAAACCC", "structure": "(((...)))", "layout": "arcs", "title": "x" });
    let head = "POST /v1/draw HTTP/1.1\r\nContent-Type: application/json";
    assert_eq!(server.send(head, &asked.to_string()), ("200".into(), drawn.out));
}

#[test]
fn other_machines_are_only_served_with_a_token() {
    let sandbox = Sandbox::new().with("short", "secret\n").with("token", "0123456789abcdef\n");
    let refused = sandbox.run("serve --host 0.0.0.0 --port 0").refused();
    assert_eq!(
        refused,
        "error: host 0.0.0.0: other machines can reach this address, so a token is required\n\
         hint: --token FILE, or the variable RINALMO_TOKEN, gives one\n"
    );
    let refused = sandbox.run("serve --token short --port 0").refused();
    assert!(refused.contains("expected at least 16 characters") && !refused.contains("secret"), "{refused}");
    let server = Server::start(&sandbox, "--token token");
    assert_eq!(server.send("GET /info HTTP/1.1", "").0, "401");
    assert_eq!(server.send("GET /info HTTP/1.1\r\nAuthorization: Bearer 0123456789abcdef", "").0, "200");
}

#[test]
fn a_server_that_others_reach_warns_without_tls_and_not_with_it() {
    let sandbox = Sandbox::new().with("token", "0123456789abcdef\n").with("cert.pem", CERTIFICATE).with("key.pem", KEY);
    let (_server, lines) = Server::begin(&sandbox, "--host 0.0.0.0 --token token");
    assert!(lines.starts_with("warning: without TLS, others in the network can read the token"), "{lines}");
    assert!(lines.contains("\nlistening on http://0.0.0.0:"), "{lines}");
    let (_server, lines) =
        Server::begin(&sandbox, "--host 0.0.0.0 --token token --tls-cert cert.pem --tls-key key.pem");
    assert!(lines.starts_with("listening on https://0.0.0.0:"), "{lines}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused() {
    let sandbox = Sandbox::new().with("cert.pem", CERTIFICATE).with("key.pem", KEY);
    for (words, message) in [
        ("--tls-cert cert.pem", "--tls-key <FILE>"),
        ("--tls-cert none.pem --tls-key key.pem", "error: --tls-cert: none.pem: "),
        (
            "--tls-cert key.pem --tls-key cert.pem",
            "error: --tls-cert key.pem, --tls-key cert.pem: certificate: expected PEM with",
        ),
    ] {
        let refused = sandbox.run(&format!("serve --port 0 {words}")).refused();
        assert!(refused.contains(message), "{refused}");
    }
}

#[test]
fn models_are_offered_by_names() {
    let sandbox = Sandbox::new();
    let server = Server::start(&sandbox, "--model small=nano turner2004");
    let (_, info) = server.send("GET /v1/models HTTP/1.1", "");
    let info: Value = serde_json::from_str(&info).unwrap();
    let names: Vec<&Value> = info["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(names, ["small", "turner2004"]);
    let refused = sandbox.run("serve --port 0 --model nano nano").refused();
    assert!(refused.contains("two models are called `nano`\nhint: `--model NAME=MODEL`"), "{refused}");
    let refused = sandbox.run("serve --port 0 --model nani").refused();
    assert!(refused.contains("did you mean `nano`?"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_with_code_0() {
    let sandbox = Sandbox::new();
    for signal in ["-INT", "-TERM"] {
        let mut server = Server::start(&sandbox, "");
        assert_eq!(server.send("GET /health HTTP/1.1", "").0, "200");
        let id = server.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
    }
}
