//! `cargo xtask dist`: what a release consists of, in `target/dist`: an archive with the program, its manual pages,
//! completions and licences; the Python package as a wheel; checksums.
//!
//! The same commit gives the same bytes: entries of archives have the commit's time, or that of `SOURCE_DATE_EPOCH`, and
//! paths of this machine are left out of programs. With `--glibc`, zig links against an older C library than this
//! machine's, so that the program runs on older systems too.

mod archive;
mod compile;
mod contents;
mod recipes;
mod sums;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use crate::process::{command, metadata, root};
use crate::supply;

use compile::Compiler;

/// The folder of releases, from the root.
const FOLDER: &str = "target/dist";

#[derive(Args)]
pub struct Options {
    /// Build for this platform [default: this machine's]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Link with zig, so that the result runs with glibc of this version and later, such as 2.28
    #[arg(long, value_name = "VERSION")]
    glibc: Option<String>,
    /// Also build the Python package as a wheel, with maturin
    #[arg(long)]
    wheel: bool,
    /// Pack this program instead of building it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["glibc", "wheel"])]
    program: Option<PathBuf>,
    /// Write manual pages and completions with this program, if the packed one is for another machine
    #[arg(long, value_name = "FILE")]
    manual_from: Option<PathBuf>,
    /// Write into DIR [default: target/dist]
    #[arg(short, long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// Build also if files differ from the commit that the program names
    #[arg(long)]
    allow_dirty: bool,
}

/// What is released.
struct Release {
    version: String,
    /// Its address; empty as long as `Cargo.toml` names none.
    repository: String,
    /// The platform, such as `x86_64-unknown-linux-gnu`.
    target: String,
    /// In seconds since 1970.
    time: u64,
}

impl Release {
    /// The name of the archive and of the folder in it.
    fn name(&self) -> String {
        format!("rinalmo-{}-{}", self.version, self.target)
    }

    /// The file name of the program.
    fn program(&self) -> &'static str {
        if self.target.contains("windows") { "rinalmo.exe" } else { "rinalmo" }
    }
}

/// Builds and packs.
///
/// # Errors
/// If a tool is missing or fails, or a file cannot be written.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if options.program.is_none() && !options.allow_dirty {
        ensure!(git(&["status", "--porcelain"])?.is_empty(), "files differ from the commit: commit them first");
    }
    let release = release(options.target.clone())?;
    ensure!(
        options.glibc.is_none() || release.target.ends_with("-gnu"),
        "--glibc is for platforms with glibc, and {} has none",
        release.target
    );
    let folder = options.out_dir.clone().unwrap_or_else(|| root().join(FOLDER));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let folder = fs::canonicalize(&folder)?;
    let compiler = Compiler { release: &release, glibc: options.glibc.as_deref() };
    let program = match &options.program {
        Some(program) => program.clone(),
        None => compiler.program()?,
    };
    let manual_from = options.manual_from.as_ref().unwrap_or(&program);
    contents::pack(&release, &program, manual_from, &folder)?;
    if options.wheel {
        compiler.wheel(&folder)?;
    }
    recipes::write(&release, &folder)?;
    let sums = sums::write(&folder)?;
    print!("{sums}");
    Ok(ExitCode::SUCCESS)
}

/// What is released for a platform, or for this machine's.
fn release(target: Option<String>) -> anyhow::Result<Release> {
    let metadata = metadata(&["--no-deps", "--offline"])?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let program = packages.into_iter().find(|package| package["name"] == supply::PROGRAM);
    let program = program.context("cargo does not name the program")?;
    let text = |key: &str| program[key].as_str().unwrap_or_default().to_owned();
    let target = target.map_or_else(compile::host, Ok)?;
    Ok(Release { version: text("version"), repository: text("repository"), target, time: time()? })
}

/// The time of all entries: `SOURCE_DATE_EPOCH`, or the commit's.
fn time() -> anyhow::Result<u64> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(time) => {
            time.parse().with_context(|| format!("SOURCE_DATE_EPOCH: expected seconds since 1970, found `{time}`"))
        }
        Err(_) => {
            let time = git(&["log", "-1", "--format=%ct"]).context("set SOURCE_DATE_EPOCH where there is no commit")?;
            String::from_utf8_lossy(&time).trim().parse().context("git's time of the commit is no number")
        }
    }
}

fn git(words: &[&str]) -> anyhow::Result<Vec<u8>> {
    let output = command("git").args(words).output().context("cannot run git")?;
    if !output.status.success() {
        bail!("`git {}` failed: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}
