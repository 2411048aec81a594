//! What every command that trains takes: when to end, and who runs for the record.

use std::time::Duration;

use clap::Args;
use rinalmo::pretrain::{Limits, Program};

/// When the run is done, or is to be interrupted.
#[derive(Args)]
#[command(next_help_heading = "Limits, instead of the config's (the first to be reached counts)")]
pub struct LimitArgs {
    /// Steps, counted from the run's very beginning
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Epochs, counted likewise
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// Time of this session such as 1h30m; --resume goes on then
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub time: Option<Duration>,
}

impl LimitArgs {
    /// As the library takes them.
    pub fn resolve(&self) -> Limits {
        Limits { steps: self.steps, epochs: self.epochs, seconds: self.time.map(|time| time.as_secs_f64()) }
    }
}

/// This program, for the record.
pub fn program() -> Program {
    let name = concat!("rinalmo ", env!("CARGO_PKG_VERSION")).to_owned();
    Program { name, revision: option_env!("RINALMO_REVISION").map(str::to_owned) }
}
