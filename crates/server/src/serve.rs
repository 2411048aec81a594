//! The listening socket and its connections.
//!
//! Connections are served by hyper itself, because axum's own loop has no time limit for the head of a request, and none
//! for idle connections.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::app::{App, router};
use crate::stall::Impatient;
use crate::{Error, Limits, Options, Tls, jobs};

/// Threads that read requests and write answers.
const THREADS: usize = 2;
/// Bytes of a request's head, and of what is read ahead of a body.
const HEAD: usize = 64 << 10;
/// Headers of a request.
const MOST_HEADERS: usize = 64;
/// When half of the connections are taken, further ones have so much less time for the head of a request, and may be idle
/// so much shorter: clients that send slowly on purpose must not keep others out for long.
const HURRY: u32 = 8;
/// How often the flag to stop is looked at.
const TICK: Duration = Duration::from_millis(50);
/// How long requests that are being computed may take after the server was asked to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait after the system had no socket for a new connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    app: Arc<App>,
}

impl Server {
    /// Checks the options, opens the checkpoints and the port. Models are loaded when they are first asked for.
    ///
    /// # Errors
    /// The options contradict each other, a model does not exist, or the port is taken.
    pub fn bind(options: Options) -> Result<Self, Error> {
        options.check()?;
        let address = SocketAddr::new(options.host, options.port);
        let tls = options.tls.clone();
        let app = App::new(options)?;
        let bind = |source| Error::Bind { address, source };
        let listener = TcpListener::bind(address).map_err(bind)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, tls, app: Arc::new(app) })
    }

    /// Where a browser finds it: `http` or `https`, and the address.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/", self.address)
    }

    /// Can others in the network read what is sent, and the token with it?
    pub fn is_readable(&self) -> bool {
        self.tls.is_none() && !self.address.ip().is_loopback()
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names of the models it offers.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.app.models.names()
    }

    /// Serves until `stop` is set. Then requests that wait are refused, and those that are being computed have five
    /// seconds to end. Jobs are ended, and their results are lost.
    ///
    /// # Errors
    /// The system has no threads, or the socket fails.
    pub fn run(self, stop: &AtomicBool) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
        let Self { listener, tls, app, .. } = self;
        let done = runtime.block_on(accept(listener, tls, app.clone(), stop));
        app.queue.close();
        runtime.shutdown_background();
        Ok(done?)
    }
}

/// Accepts connections until `stop` is set, then waits for open ones.
async fn accept(listener: TcpListener, tls: Option<Tls>, app: Arc<App>, stop: &AtomicBool) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let permits = Arc::new(Semaphore::new(app.limits.connections));
    let graceful = GracefulShutdown::new();
    let router = router(app.clone());
    tokio::spawn(jobs::run(app.clone()));
    loop {
        let next = async {
            let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((listener.accept().await?.0, permit))
        };
        tokio::select! {
            () = stopped(stop) => break,
            accepted = next => match accepted {
                Ok((stream, permit)) => {
                    let mut limits = app.limits.clone();
                    if permits.available_permits() < limits.connections / 2 {
                        limits.head_time /= HURRY;
                    }
                    let talk = Talk { router: router.clone(), limits, graceful: graceful.watcher() };
                    let tls = tls.as_ref().map(Tls::acceptor);
                    tokio::spawn(async move {
                        talk.serve(stream, tls).await;
                        drop(permit);
                    });
                }
                Err(_) => tokio::time::sleep(EXHAUSTED).await,
            },
        }
    }
    drop(listener);
    let unfinished = app.jobs.close();
    if unfinished > 0 {
        (app.log)(&format!("{unfinished} jobs were not finished"));
    }
    app.queue.close();
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await; // what takes longer is cut off
    Ok(())
}

async fn stopped(stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        tokio::time::sleep(TICK).await;
    }
}

/// What a connection needs.
struct Talk {
    router: Router,
    limits: Limits,
    graceful: Watcher,
}

impl Talk {
    /// Serves the requests of a connection, encrypted if there is a certificate.
    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let _ = stream.set_nodelay(true); // only faster
        let stream = Impatient::new(stream, self.limits.write_time);
        let Some(tls) = tls else { return self.answer(stream).await };
        if let Ok(Ok(stream)) = tokio::time::timeout(self.limits.head_time, tls.accept(stream)).await {
            self.answer(stream).await;
        }
    }

    /// Answers requests, one after the other.
    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_time)
            .max_buf_size(HEAD)
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router));
        let _ = self.graceful.watch(connection).await; // the client went away, or was too slow
    }
}
