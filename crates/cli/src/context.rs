//! What every command shares: device, threads, how much to say, and the wish to stop.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, bail};
use rinalmo::pretrain::{Exchange, Processes};
use rinalmo::{Device, DeviceName};

use crate::Common;

/// How a command ended, when it could run at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Some records failed or were skipped.
    Partial,
    /// Ctrl-C.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Partial => Self::from(1),
            Outcome::Interrupted => Self::from(130),
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
    stop: Arc<AtomicBool>,
    /// Another process speaks for this one.
    silent: Arc<AtomicBool>,
}

impl Context {
    /// Sets up threads.
    pub fn new(common: &Common) -> anyhow::Result<Self> {
        common.device.parse::<DeviceName>().context("--device")?;
        if let Some(threads) = common.threads {
            if threads == 0 {
                bail!("--threads: expected at least 1");
            }
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("--threads")?;
        }
        let flag = || Arc::new(AtomicBool::new(false));
        let Common { device, threads, quiet, verbose } = common.clone();
        Ok(Self { device, number: OnceLock::new(), threads, quiet, verbose, stop: flag(), silent: flag() })
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

    /// Lets Ctrl-C ask for an end instead of being one; for commands that look at [`Self::stopped`]. SIGUSR1 does too:
    /// `mpirun` hands it on, while others make it kill what has not ended a second later.
    pub fn catch_ctrl_c(&self) -> anyhow::Result<()> {
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::SIGUSR1, self.stop.clone())
            .context("cannot listen for SIGUSR1")?;
        let (flag, silent) = (self.stop.clone(), self.silent.clone());
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(130); // the second time without waiting
            }
            if !silent.load(Ordering::SeqCst) {
                eprintln!("\nstopping after the batch at hand; once more to stop at once");
            }
        })
        .context("cannot listen for Ctrl-C")
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

    /// Was Ctrl-C pressed?
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// The flag that Ctrl-C raises.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        self.stop.clone()
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
