//! One process's work on a run, for the record.

use rinalmo_kernels::Level;
use rinalmo_train::{Ended, Share};
use serde::{Deserialize, Serialize};

use crate::Error;
use rinalmo_infer::Device;

/// The program that runs, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Name and version.
    pub name: String,
    /// The revision of its source, if known.
    pub revision: Option<String>,
}

impl Default for Program {
    /// This library.
    fn default() -> Self {
        Self { name: concat!("rinalmo ", env!("CARGO_PKG_VERSION")).into(), revision: None }
    }
}

/// One process's work on a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// When it started, UTC.
    pub started: String,
    /// The program and its version.
    pub program: String,
    /// The revision of its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The device.
    pub device: String,
    /// The level of the CPU's kernels.
    pub kernels: String,
    /// Threads.
    pub threads: usize,
    /// Processes.
    pub ranks: usize,
    /// The step after which it started.
    pub from_step: u64,
    /// Keys of the config that were changed for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The step it ended with. If the process was killed, this and `ended` are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_step: Option<u64>,
    /// How it ended: `finished`, `stopped`, `out of time`, or an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

impl Session {
    /// A session that starts now, after a step.
    pub(crate) fn begin(program: Program, device: &Device, share: Share, from_step: u64) -> Result<Self, Error> {
        Ok(Self {
            started: rinalmo_download::now(),
            program: program.name,
            revision: program.revision,
            device: device.name().to_string(),
            kernels: Level::current()?.to_string(),
            threads: rayon::current_num_threads(),
            ranks: share.ranks,
            from_step,
            changed: Vec::new(),
            to_step: None,
            ended: None,
        })
    }

    /// Notes how it ended.
    pub(crate) fn end(&mut self, step: u64, how: Result<Ended, &Error>) {
        let ended = match how {
            Ok(Ended::Finished) => "finished".to_owned(),
            Ok(Ended::Stopped) => "stopped".to_owned(),
            Ok(Ended::OutOfTime) => "out of time".to_owned(),
            Err(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        (self.to_step, self.ended) = (Some(step), Some(ended));
    }
}
