//! `rinalmo serve`: a page and an API on this machine.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use rinalmo::LoadOptions;
use rinalmo_server::{Limits, Options, Server, Tls, Token};

use super::choose::{Dtype, MemoryArgs};
use crate::context::{Context, Outcome};
use crate::io::say;
use crate::stop::Patience;

/// The variable that may hold the token.
const TOKEN: &str = "RINALMO_TOKEN";

/// Serve a page and an API on this machine
///
/// The page folds and draws what you paste; open it in a browser, or with --open. The API folds, embeds, scores, predicts and draws over HTTP, as the other commands do: /v1/fold, /v1/embed, /v1/embeddings,
/// /v1/score, /v1/variants, /v1/predict, /v1/map, /v1/draw; /v1/jobs for long work; /health, /info and /metrics.
/// GET /openapi.json describes them.
///
/// Only this machine can reach the server, unless --host says otherwise; then clients must send the token of --token, and
/// --tls-cert and --tls-key encrypt what is sent.
/// The first Ctrl-C or SIGTERM lets requests at hand end, within five seconds, and the exit code is 0. Jobs are ended, and
/// their results are lost.
#[derive(Args)]
pub struct ServeArgs {
    /// Listen on ADDRESS. One that other machines can reach needs --token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = parse_host)]
    host: IpAddr,
    /// Listen on this port; 0 for any that is free
    #[arg(short, long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// Open the page in the browser
    #[arg(long)]
    open: bool,
    /// Require the token that FILE holds, as `Authorization: Bearer TOKEN`, 16 characters or more [default: the variable
    /// RINALMO_TOKEN, if it is set]
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
    /// Speak HTTPS with the certificate that FILE holds as PEM, with those between it and its authority, if any, after it
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, as PEM that is not encrypted
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Offer these models, and no others: names from `rinalmo model list`, paths, turner2004 or rinalmo2026; requests
    /// call them by their names, or by NAME. The first that can do what is asked is used if a request names none
    /// [default: the bundled ones, turner2004 and rinalmo2026]
    #[arg(short, long = "model", value_name = "[NAME=]MODEL", num_args = 1..)]
    models: Vec<String>,
    /// Compute products in this number format, as in `rinalmo fold`
    #[arg(long, value_enum, default_value = "auto", value_name = "TYPE")]
    dtype: Dtype,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// What the server takes on.
#[derive(Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Refuse sequences longer than N nt
    #[arg(long, value_name = "N", default_value_t = Limits::default().length)]
    max_length: usize,
    /// Refuse requests with more than N sequences
    #[arg(long, value_name = "N", default_value_t = Limits::default().sequences)]
    max_sequences: usize,
    /// Refuse requests whose body has more than SIZE bytes, with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "4M", value_parser = super::choose::parse_size)]
    max_body: u64,
    /// Let N requests wait to be computed, and refuse further ones
    #[arg(long, value_name = "N", default_value_t = Limits::default().queue)]
    max_queue: usize,
    /// End requests that take longer than TIME, such as 30s or 5m. A sequence that is being computed is computed to its end
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Keep N jobs, those that have ended included, and refuse further ones
    #[arg(long, value_name = "N", default_value_t = Limits::default().jobs)]
    max_jobs: usize,
    /// Keep up to SIZE bytes of sequences and results of jobs, with K, M or G; the body of a job may have an eighth of it
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = super::choose::parse_size)]
    job_memory: u64,
    /// Delete the results of a job when TIME has passed since its end, such as 30m or 12h
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    keep_jobs: Duration,
    /// Compute N calls at the same time, so that a long one does not hold up short ones; they share the threads and the
    /// memory
    #[arg(long, value_name = "N", default_value_t = Limits::default().workers)]
    workers: usize,
}

fn parse_host(text: &str) -> Result<IpAddr, String> {
    let text = if text == "localhost" { "127.0.0.1" } else { text };
    text.parse().map_err(|_| "expected an IP address, such as 127.0.0.1 or 0.0.0.0".to_owned())
}

/// Runs the command.
pub fn run(args: ServeArgs, context: &Context) -> Result<Outcome> {
    let open = args.open;
    let server = Server::bind(args.resolve(context)?)?;
    let models: Vec<&str> = server.models().collect();
    context.detail(|| format!("models {}", models.join(", ")));
    if server.is_readable() {
        say("warning: without TLS, others in the network can read the token and all sequences");
        say("hint: --tls-cert and --tls-key encrypt; so does an SSH tunnel to a server on 127.0.0.1");
    }
    context.note(format!("listening on {} (Ctrl-C stops)", server.url()));
    if open {
        open_page(&server, context);
    }
    let _patience = Patience::begin(); // the server limits the time itself
    server.run(&context.stop_flag())?;
    Ok(Outcome::Done)
}

/// Opens the page, which the browser loads as soon as the server answers.
fn open_page(server: &Server, context: &Context) {
    // A browser cannot go to 0.0.0.0.
    let page = server.url().replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
    if let Err(error) = open::that_detached(&page) {
        context.note(format!("--open: no browser: {error}; open {page} yourself"));
    }
}

impl ServeArgs {
    fn resolve(self, context: &Context) -> Result<Options> {
        let mut limits = Limits::default();
        limits.length = self.limits.max_length;
        limits.sequences = self.limits.max_sequences;
        limits.body = usize::try_from(self.limits.max_body).context("--max-body")?;
        limits.queue = self.limits.max_queue;
        limits.time = self.limits.timeout;
        limits.jobs = self.limits.max_jobs;
        limits.job_memory = self.limits.job_memory;
        limits.job_age = self.limits.keep_jobs;
        limits.workers = self.limits.workers;
        limits.memory = self.memory.max_memory;
        let mut options = Options::default();
        options.host = self.host;
        options.port = self.port;
        options.token = token(self.token.as_deref())?;
        options.tls = self.tls_cert.zip(self.tls_key).map(|(certificate, key)| tls(&certificate, &key)).transpose()?;
        options.models = self.models;
        options.device = context.device()?;
        options.load = LoadOptions::default().precision(Option::from(self.dtype));
        options.limits = limits;
        let quiet = context.quiet();
        options.log = Arc::new(move |line| {
            if !quiet || line.starts_with("error") {
                say(line);
            }
        });
        Ok(options)
    }
}

/// The certificate and key of these files.
fn tls(certificate: &Path, key: &Path) -> Result<Tls> {
    let read = |flag: &str, path: &Path| std::fs::read(path).with_context(|| format!("{flag}: {}", path.display()));
    let (certificates, private) = (read("--tls-cert", certificate)?, read("--tls-key", key)?);
    let place = || format!("--tls-cert {}, --tls-key {}", certificate.display(), key.display());
    Tls::new(&certificates, &private).with_context(place)
}

/// The token of a file, or of the environment.
fn token(file: Option<&Path>) -> Result<Option<Token>> {
    let Some(path) = file else {
        let Some(text) = std::env::var_os(TOKEN) else { return Ok(None) };
        let token = Token::new(&text.to_string_lossy()).with_context(|| format!("variable {TOKEN}"))?;
        return Ok(Some(token));
    };
    let place = || format!("--token: {}", path.display());
    let text = std::fs::read_to_string(path).with_context(place)?;
    Ok(Some(Token::new(&text).with_context(place)?))
}
