//! `cargo xtask miri`: interprets unit tests with Miri, which finds undefined behaviour that a run does not show.
//!
//! An interpreter is some thousand times slower, and knows few of the processor's vector instructions. So only tests of
//! a few modules are interpreted: those with `unsafe` code beneath the vector instructions, and the formats. It takes a
//! nightly toolchain with Miri (`rustup component add miri rust-src --toolchain nightly`).

use std::process::{Command, ExitCode};

use anyhow::Context as _;

use crate::process::{command, succeeds};

/// Packages, and the modules whose unit tests are interpreted.
const MODULES: &[(&str, &[&str])] = &[
    ("rinalmo-kernels", &["aligned::", "grid::", "scratch::"]),
    ("rinalmo-seq", &["alphabet::", "base_pair::", "dot_bracket::"]),
];

/// rayon leaves its threads and their memory to the end of the process, and its queues are known to break the older of
/// the two models of aliasing. Tests read files beside them.
const FLAGS: &str = "-Zmiri-tree-borrows -Zmiri-ignore-leaks -Zmiri-disable-isolation";

/// Interprets; the exit code is that of the first package whose tests fail.
///
/// # Errors
/// If rustup cannot be started.
pub fn run() -> anyhow::Result<ExitCode> {
    if !succeeds("rustup run nightly cargo miri --version") {
        eprintln!("=== Miri: skipped, there is none: rustup component add miri rust-src --toolchain nightly");
        return Ok(ExitCode::SUCCESS);
    }
    for (package, modules) in MODULES {
        eprintln!("=== Miri: {package}: {}", modules.join(" "));
        let status = miri(package, modules).status().context("cannot run rustup")?;
        if !status.success() {
            eprintln!("=== Miri: {package} failed");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn miri(package: &str, modules: &[&str]) -> Command {
    let mut miri = command("rustup");
    miri.args(["run", "nightly", "cargo", "miri", "test", "--package", package, "--lib", "--"]).args(modules);
    miri.env("MIRIFLAGS", FLAGS);
    miri
}
