//! What every command shares: device, threads, how much it prints, and the flag to stop.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, bail};
use rinalmo::pretrain::{Exchange, Processes};
use rinalmo::{Device, DeviceName};

use crate::io::Totals;
use crate::io::say;
use crate::{Common, stop};

/// An upper bound on threads: more than any machine has cores, and each takes memory.
const MOST_THREADS: usize = 1024;

/// How a command that could run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Some records failed or were skipped.
    Partial,
    /// A signal stopped it.
    Interrupted,
}

impl Outcome {
    /// The exit code that reports it.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Partial => 1,
            Self::Interrupted => stop::exit_code(),
        }
    }
}

/// The options of every command, resolved.
pub struct Context {
    /// The words that name the command, such as `energy bind`.
    command: String,
    device: String,
    /// The number of this process on this machine, if the command runs as several.
    number: OnceLock<usize>,
    threads: Option<usize>,
    quiet: bool,
    verbose: bool,
    /// Another process prints for this one.
    silent: Arc<AtomicBool>,
    /// The total amount of work, if it can be counted.
    totals: OnceLock<Totals>,
}

impl Context {
    /// Sets up threads for a command that these words name.
    pub fn new(common: &Common, command: String) -> anyhow::Result<Self> {
        common.device.parse::<DeviceName>().context("--device")?;
        if let Some(threads) = common.threads {
            if !(1..=MOST_THREADS).contains(&threads) {
                bail!("--threads: expected 1 to {MOST_THREADS}, found {threads}");
            }
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("--threads")?;
        }
        let Common { device, threads, quiet, verbose } = common.clone();
        Ok(Self {
            command,
            device,
            number: OnceLock::new(),
            threads,
            quiet,
            verbose,
            silent: Arc::default(),
            totals: OnceLock::new(),
        })
    }

    /// The words that name the command, such as `energy bind`.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Sets up this process as one of several of a run: its device and threads; only the first prints.
    pub fn join(&self, processes: &Processes) -> anyhow::Result<()> {
        if processes.share().ranks > 1 {
            self.number.get_or_init(|| processes.here().rank);
            self.silent.store(!processes.leads(), Ordering::SeqCst);
        }
        match processes.threads() {
            Some(threads) if self.threads.is_none() && std::env::var_os("RAYON_NUM_THREADS").is_none() => {
                rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("threads of a process")
            }
            _ => Ok(()),
        }
    }

    /// Handles signals: the first asks the command to stop.
    pub fn listen_for_signals(&self) -> anyhow::Result<()> {
        stop::listen(self.silent.clone())
    }

    /// Opens the device.
    pub fn device(&self) -> anyhow::Result<Device> {
        let device = match self.number.get() {
            Some(&number) => Device::open_nth(&self.device, number)?,
            None => Device::open(self.device.parse()?)?,
        };
        self.detail(|| format!("device {}", device.name()));
        Ok(device)
    }

    /// The flag that is set when the command is to stop.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        stop::flag()
    }

    /// Was the command asked to stop? The caller may still compute, and is ended if that takes too long.
    pub fn is_stop_asked(&self) -> bool {
        stop::is_asked_for()
    }

    /// Is the command to stop? The caller then has to end soon.
    pub fn stopped(&self) -> bool {
        stop::is_asked()
    }

    /// Gives progress its total, which may be counted in the background.
    pub fn expect(&self, totals: Totals) {
        self.totals.get_or_init(|| totals);
    }

    /// The total amount of work, once it is counted.
    pub fn totals(&self) -> Totals {
        self.totals.get().cloned().unwrap_or_default()
    }

    /// Are only errors printed on standard error?
    pub fn quiet(&self) -> bool {
        self.quiet || self.silent.load(Ordering::SeqCst)
    }

    /// Prints a remark on standard error, unless `-q` is given.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.quiet() {
            say(text.as_ref());
        }
    }

    /// Prints a remark if standard error is a terminal: it is not for programs that read standard error.
    pub fn banner(&self, text: impl AsRef<str>) {
        if std::io::stderr().is_terminal() {
            self.note(text);
        }
    }

    /// Prints a detail on standard error if `-v` is given.
    pub fn detail(&self, text: impl FnOnce() -> String) {
        if self.verbose && !self.quiet() {
            say(text());
        }
    }
}
