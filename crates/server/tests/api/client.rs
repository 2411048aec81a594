//! A server that runs in this process, and a small client.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rinalmo_server::{Error, Limits, Options, Server};
use serde_json::Value;

/// The longest that a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

pub const TRNA: &str = "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA";

/// A server, stopped when it is dropped.
pub struct Running {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
    /// Was the connection closed only after the end of the answer?
    pub is_complete: bool,
}

impl Running {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// A server with other limits.
    pub fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        Self::with(|options| change(&mut options.limits))
    }

    pub fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        options.port = 0;
        change(&mut options);
        let server = Server::bind(options).unwrap();
        let (address, stop) = (server.address(), Arc::new(AtomicBool::new(false)));
        let flag = stop.clone();
        let thread = Some(std::thread::spawn(move || server.run(&flag)));
        Self { address, stop, thread }
    }

    /// Asks the server to stop, and waits until it has.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        send(self.address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    pub fn post(&self, path: &str, json: &str) -> Answer {
        send(self.address, &posting(path, json))
    }

    /// The JSON of an answer with code 200.
    #[track_caller]
    pub fn ask(&self, path: &str, json: Value) -> Value {
        let answer = self.post(path, &json.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// A line of /metrics.
    pub fn count(&self, name: &str) -> u64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        line.trim().parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The message of a failure with this code.
    #[track_caller]
    pub fn failed(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        assert!(json["error_type"].is_string(), "{self:?}");
        json["error"].as_str().unwrap().to_owned()
    }
}

/// A whole request.
pub fn posting(path: &str, json: &str) -> String {
    let len = json.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {len}\r\n\r\n{json}"
    )
}

/// Sends bytes and reads the answer to its end.
pub fn send(address: SocketAddr, request: &str) -> Answer {
    let mut stream = connect(address);
    // A server that refuses a request answers before it has read all of it.
    let _ = stream.write_all(request.as_bytes());
    receive(stream)
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub fn receive(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes); // a connection that is reset has been answered before
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let (body, is_complete) = if is_chunked { unchunked(body) } else { (body.to_owned(), true) };
    Answer { status, head: head.to_owned(), body, is_complete }
}

/// The text of all chunks, and whether the last one, which is empty, was there.
fn unchunked(mut body: &str) -> (String, bool) {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (text, true);
        }
        text.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    (text, false)
}
