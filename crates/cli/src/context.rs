//! What every command shares: device, threads, how much to say, and the wish to stop.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, bail};
use rinalmo::pretrain::{Exchange, Processes};
use rinalmo::{Device, DeviceName};

use crate::io::Totals;
use crate::{Common, stop};

/// More threads than any machine has use for; each takes memory.
const MOST_THREADS: usize = 1024;

/// How a command ended, when it could run at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Some records failed or were skipped.
    Partial,
    /// A signal stopped it.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Partial => Self::from(1),
            Outcome::Interrupted => Self::from(stop::exit_code()),
        }
    }
}

/// The options of every command, resolved.
pub struct Context {
    device: String,
    /// Which process of this machine this is, where a command has several.
    number: OnceLock<usize>,
    threads: Option<usize>,
    quiet: bool,
    verbose: bool,
    /// Another process speaks for this one.
    silent: Arc<AtomicBool>,
    /// All that the command will do, where it can be counted.
    totals: OnceLock<Totals>,
}

impl Context {
    /// Sets up threads.
    pub fn new(common: &Common) -> anyhow::Result<Self> {
        common.device.parse::<DeviceName>().context("--device")?;
        if let Some(threads) = common.threads {
            if !(1..=MOST_THREADS).contains(&threads) {
                bail!("--threads: expected 1 to {MOST_THREADS}, found {threads}");
            }
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("--threads")?;
        }
        let Common { device, threads, quiet, verbose } = common.clone();
        Ok(Self {
            device,
            number: OnceLock::new(),
            threads,
            quiet,
            verbose,
            silent: Arc::default(),
            totals: OnceLock::new(),
        })
    }

    /// Takes this process's place among those of a run: its device and threads, and silence unless it leads.
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

    /// Has signals ask for an end before they are one.
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

    /// The flag that is raised when it is to stop.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        stop::flag()
    }

    /// Was it asked to stop? Then it must end soon.
    pub fn stopped(&self) -> bool {
        stop::is_asked()
    }

    /// Has progress know the total, which may still be counted.
    pub fn expect(&self, totals: Totals) {
        self.totals.get_or_init(|| totals);
    }

    /// The total of all that the command does, once it is counted.
    pub fn totals(&self) -> Totals {
        self.totals.get().cloned().unwrap_or_default()
    }

    /// Only errors on standard error?
    pub fn quiet(&self) -> bool {
        self.quiet || self.silent.load(Ordering::SeqCst)
    }

    /// A remark for people, left out by `-q`.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.quiet() {
            eprintln!("{}", text.as_ref());
        }
    }

    /// A remark for whoever sits before a terminal: programs that read standard error need not hear it.
    pub fn banner(&self, text: impl AsRef<str>) {
        if std::io::stderr().is_terminal() {
            self.note(text);
        }
    }

    /// A remark for the curious, shown by `-v`.
    pub fn detail(&self, text: impl FnOnce() -> String) {
        if self.verbose && !self.quiet() {
            eprintln!("{}", text());
        }
    }
}
