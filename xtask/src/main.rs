//! Chores of this repository, run as `cargo xtask <chore>`.
//!
//! `check` is what CI runs and what every push should pass. `help-pages` writes the program's help into files; `crates`
//! draws the workspace; `gpu-kit` packs what a GPU is tried with; `packages` packs it for crates.io; `python` packs and
//! tests the Python package; `site` makes a site of the documentation; `dist` makes a release; `notice` and `sbom`
//! list what the program is built from.

mod aarch64;
mod build;
mod check;
mod crates;
mod dist;
mod gpu_kit;
mod help_pages;
mod links;
mod miri;
mod packages;
mod process;
mod python;
mod site;
mod skips;
mod supply;

use std::path::PathBuf;
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
    /// Check the program for 64-bit ARM, and test its kernels there under emulation; skipped without the tools
    Aarch64,
    /// Interpret the unit tests of the crates that are plain Rust, to find undefined behaviour; skipped without Miri
    Miri,
    /// Write `docs/help/<command>.txt` from `rinalmo <command> --help`
    HelpPages {
        /// Write nothing; fail if a page differs
        #[arg(long)]
        check: bool,
    },
    /// Draw the workspace's crates into `docs/crates.svg`, and check their order in ARCHITECTURE.md
    #[command(alias = "rooms")]
    Crates {
        /// Write nothing; fail if the drawing differs
        #[arg(long)]
        check: bool,
    },
    /// Build the program against LibTorch and pack it with a corpus into `target/gpu-kit.tar.xz`
    GpuKit {
        /// The store to train on
        #[arg(long, value_name = "STORE")]
        corpus: PathBuf,
    },
    /// Package every crate that can be published, without building it, and print the sizes
    Packages,
    /// Pack the Python package, install it into `target/python` and run its tests; skipped if there is no Python
    Python,
    /// Make a release in `target/dist`: program, manual, licences and sources in archives; wheel; checksums
    Dist(dist::Options),
    /// Build the documentation as a site in `target/site/book`; skipped if there is no mdBook
    Site,
    /// Write `NOTICE`: whose work is in the program, under which licence
    Notice {
        /// Where to write it [default: NOTICE in the root]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Write nothing; fail if it differs
        #[arg(long)]
        check: bool,
    },
    /// Write what the program is built of as CycloneDX JSON, for a release
    Sbom {
        /// Where to write it [default: target/rinalmo.cdx.json]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().chore {
        Chore::Check => check::run(),
        Chore::Aarch64 => aarch64::run(),
        Chore::Miri => miri::run(),
        Chore::HelpPages { check } => help_pages::run(check),
        Chore::Crates { check } => crates::run(check),
        Chore::GpuKit { corpus } => gpu_kit::run(&corpus),
        Chore::Packages => packages::run(),
        Chore::Python => python::run(),
        Chore::Dist(options) => dist::run(&options),
        Chore::Site => site::run(),
        Chore::Notice { output, check } => supply::notice(output, check),
        Chore::Sbom { output } => supply::sbom(output),
    }
}
