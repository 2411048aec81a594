//! What every command shares: device, threads, how much to say, and the wish to stop.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};
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
    device: DeviceName,
    quiet: bool,
    verbose: bool,
    stop: Arc<AtomicBool>,
}

impl Context {
    /// Sets up threads.
    pub fn new(common: &Common) -> anyhow::Result<Self> {
        let device = common.device.parse().context("--device")?;
        if let Some(threads) = common.threads {
            if threads == 0 {
                bail!("--threads: expected at least 1");
            }
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("--threads")?;
        }
        let stop = Arc::new(AtomicBool::new(false));
        Ok(Self { device, quiet: common.quiet, verbose: common.verbose, stop })
    }

    /// Lets Ctrl-C ask for an end instead of being one; for commands that look at [`Self::stopped`].
    pub fn catch_ctrl_c(&self) -> anyhow::Result<()> {
        let flag = self.stop.clone();
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(130); // the second time without waiting
            }
            eprintln!("\nstopping after the batch at hand; once more to stop at once");
        })
        .context("cannot listen for Ctrl-C")
    }

    /// Opens the device.
    pub fn device(&self) -> anyhow::Result<Device> {
        let device = Device::open(self.device)?;
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
        self.quiet
    }

    /// A remark for people, left out by `-q`.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            eprintln!("{}", text.as_ref());
        }
    }

    /// A remark for the curious, shown by `-v`.
    pub fn detail(&self, text: impl FnOnce() -> String) {
        if self.verbose {
            eprintln!("{}", text());
        }
    }
}
