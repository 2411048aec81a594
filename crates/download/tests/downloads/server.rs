//! A small web server on 127.0.0.1 that misbehaves on demand and records its requests.

// Each test crate needs a part of it; other crates include it by its path.
#![allow(dead_code)]

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How one request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The file, or the requested part of it.
    File,
    /// The whole file for any request.
    Whole,
    /// Like `File`, but the connection ends after this many bytes of the body.
    Cut(usize),
    /// Like `Whole`, but the connection ends after this many bytes of the body.
    WholeCut(usize),
    /// Like `File`, but silence follows after this many bytes of the body.
    Stall(usize),
    /// The whole file under a `Content-Length` that is this much longer or shorter.
    Lie(i64),
    /// The requested range, ignoring `If-Range`.
    CarelessRange,
    /// The file in chunks, with no `Content-Length`.
    Chunked,
    /// The file in chunks, with a `Content-Length` as well.
    Twofold,
    /// The file with no length at all; it ends where the connection does.
    Bare,
    /// A body without length and without end.
    Endless,
    /// The file, this many bytes every 10 ms.
    Drip(usize),
    /// Something that is not HTTP.
    Noise,
    /// The requested range, without naming the version.
    SilentRange,
    /// A bare status, perhaps with one more header line.
    Status(u16, &'static str),
    /// A redirect to another path.
    Redirect(&'static str),
}

/// A request and the size of its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub range: Option<String>,
    pub if_range: Option<String>,
    /// Bytes of body that were sent.
    pub sent: usize,
}

#[derive(Debug)]
struct State {
    content: Vec<u8>,
    etag: Option<String>,
    extra: String,
    script: VecDeque<Reply>,
    usual: Reply,
    pages: HashMap<String, Result<String, u16>>,
    seen: Vec<Seen>,
}

/// A running server; it ends with the test process.
#[derive(Debug, Clone)]
pub struct Server {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Serves this content at every path.
    pub fn start(content: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State {
            content: content.to_vec(),
            etag: Some("\"v1\"".into()),
            extra: String::new(),
            script: VecDeque::new(),
            usual: Reply::File,
            pages: HashMap::new(),
            seen: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // Clients may hang up early.
                thread::spawn(move || drop(answer(&stream, &state)));
            }
        });
        Self { address, state }
    }

    /// Answers the next requests with these, one each, then as usual.
    pub fn then(self, replies: &[Reply]) -> Self {
        self.with(|state| state.script.extend(replies.iter().cloned()));
        self
    }

    /// Answers every other request with this.
    pub fn usually(self, reply: Reply) -> Self {
        self.with(|state| state.usual = reply);
        self
    }

    /// Adds header lines to every answer.
    pub fn adding(self, lines: &str) -> Self {
        self.with(|state| state.extra = lines.to_owned());
        self
    }

    /// Replaces the file by another version.
    pub fn publish(&self, content: &[u8], etag: Option<&str>) {
        self.with(|state| {
            state.content = content.to_vec();
            state.etag = etag.map(Into::into);
        });
    }

    /// Serves this text at one path.
    pub fn page(&self, path: &str, text: &str) {
        self.with(|state| state.pages.insert(path.to_owned(), Ok(text.to_owned())));
    }

    /// Answers one path with a bare status.
    pub fn refuse(&self, path: &str, status: u16) {
        self.with(|state| state.pages.insert(path.to_owned(), Err(status)));
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.address)
    }

    /// Requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.with(|state| state.seen.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().expect("no test has failed while holding it"))
    }
}

fn answer(mut stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut seen = read_request(stream)?;
    let (reply, content, etag, extra) = {
        let mut state = state.lock().expect("not poisoned");
        match state.pages.get(&seen.path).cloned() {
            Some(Ok(text)) => (Reply::Whole, text.into_bytes(), None, String::new()),
            Some(Err(status)) => (Reply::Status(status, ""), Vec::new(), None, String::new()),
            None => {
                let reply = state.script.pop_front().unwrap_or(state.usual.clone());
                (reply, state.content.clone(), state.etag.clone(), state.extra.clone())
            }
        }
    };
    if matches!(reply, Reply::Endless | Reply::Drip(_) | Reply::Noise) {
        state.lock().expect("not poisoned").seen.push(seen);
        return misbehave(stream, &reply, &content);
    }
    let (head, body, pause) = compose(&seen, &reply, &content, etag.as_deref(), &extra);
    seen.sent = if seen.method == "HEAD" { 0 } else { body.len() };
    let body = &body[..seen.sent];
    state.lock().expect("not poisoned").seen.push(seen);
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()?;
    thread::sleep(pause);
    Ok(())
}

fn read_request(stream: &TcpStream) -> std::io::Result<Seen> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut words = first.split(' ').map(str::to_owned);
    let mut seen =
        Seen { method: words.next().unwrap_or_default(), path: words.next().unwrap_or_default(), ..Seen::default() };
    for line in lines {
        let line = line?;
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("range") => seen.range = Some(value.to_owned()),
            Some((name, value)) if name.eq_ignore_ascii_case("if-range") => seen.if_range = Some(value.to_owned()),
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    Ok(seen)
}

/// Answers that are more than a head and a body.
fn misbehave(mut stream: &TcpStream, reply: &Reply, content: &[u8]) -> std::io::Result<()> {
    match reply {
        Reply::Noise => stream.write_all(b"220 mail.example.org ESMTP\r\n"),
        Reply::Drip(bytes) => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", content.len())?;
            content.chunks(*bytes).try_for_each(|piece| {
                thread::sleep(Duration::from_millis(10));
                stream.write_all(piece).and_then(|()| stream.flush())
            })
        }
        _ => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(content)?;
            }
        }
    }
}

/// Head, body and the pause before the connection closes.
fn compose(seen: &Seen, reply: &Reply, content: &[u8], etag: Option<&str>, extra: &str) -> (String, Vec<u8>, Duration) {
    let tag = etag.map(|etag| format!("ETag: {etag}\r\n")).unwrap_or_default();
    let head = |status: &str, length: i64, more: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{tag}{extra}{more}\r\n")
    };
    match reply {
        Reply::Status(code, more) => {
            return (head(&format!("{code} Told so"), 0, more), Vec::new(), Duration::ZERO);
        }
        Reply::Redirect(to) => {
            return (head("302 Found", 0, &format!("Location: {to}\r\n")), Vec::new(), Duration::ZERO);
        }
        Reply::Lie(by) => {
            return (head("200 OK", content.len() as i64 + by, ""), content.to_vec(), Duration::ZERO);
        }
        Reply::Bare => {
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{tag}{extra}\r\n");
            return (head, content.to_vec(), Duration::ZERO);
        }
        Reply::Chunked | Reply::Twofold => {
            let length = format!("Content-Length: {}\r\n", content.len());
            let length = if *reply == Reply::Twofold { length.as_str() } else { "" };
            let head =
                format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n{tag}{length}\r\n");
            let mut body = format!("{:x}\r\n", content.len()).into_bytes();
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n0\r\n\r\n");
            return (head, body, Duration::ZERO);
        }
        _ => {}
    }
    let ranges = !matches!(reply, Reply::Whole | Reply::WholeCut(_));
    let dated = |date: &str| extra.contains(&format!("Last-Modified: {date}\r\n"));
    let same = matches!(reply, Reply::CarelessRange | Reply::SilentRange)
        || seen.if_range.as_deref().is_none_or(|asked| Some(asked) == etag || dated(asked));
    let start = seen.range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let (head, body) = match start.filter(|_| ranges && same) {
        Some(start) if start >= content.len() => {
            let more = format!("Content-Range: bytes */{}\r\n", content.len());
            (head("416 Range Not Satisfiable", 0, &more), &[][..])
        }
        Some(start) if *reply == Reply::SilentRange => {
            let (length, last) = (content.len() - start, content.len() - 1);
            let range = format!("Content-Range: bytes {start}-{last}/{}", content.len());
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Length: {length}\r\nConnection: close\r\n{range}\r\n\r\n"
            );
            (head, &content[start..])
        }
        Some(start) => {
            let more = format!("Content-Range: bytes {start}-{}/{}\r\n", content.len() - 1, content.len());
            (head("206 Partial Content", (content.len() - start) as i64, &more), &content[start..])
        }
        None => (head("200 OK", content.len() as i64, ""), content),
    };
    let (kept, pause) = match *reply {
        Reply::Cut(count) | Reply::WholeCut(count) => (count.min(body.len()), Duration::ZERO),
        Reply::Stall(count) => (count.min(body.len()), Duration::from_secs(5)),
        _ => (body.len(), Duration::ZERO),
    };
    (head, body[..kept].to_vec(), pause)
}
