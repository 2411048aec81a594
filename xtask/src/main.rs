//! Chores of this repository, run as `cargo xtask <chore>`.
//!
//! `check` is what CI runs and what a push should have passed; `help-pages` writes down what the
//! program says about itself.

mod check;
mod help_pages;
mod process;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Chores of this repository")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Format, lints, docs, tests, help pages, fuzz targets: stops at the first that fails
    Check,
    /// Write `docs/help/<command>.txt` from `rinalmo <command> --help`
    HelpPages {
        /// Write nothing; fail if a page differs
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().chore {
        Chore::Check => check::run(),
        Chore::HelpPages { check } => help_pages::run(check),
    }
}
