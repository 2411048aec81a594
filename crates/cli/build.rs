//! Passes the program its version, and the commit it is built from if that is known: in a checkout if there is `git`, and
//! in a package of crates.io, which names it in a file.
//!
//! Only the repository of this workspace counts: a source archive may be unpacked inside another one.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How many digits of a commit are printed.
const SHOWN: usize = 7;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let workspace = package.join("../..");
    let commit = if workspace.join(".git").exists() { checked_out(&workspace) } else { packaged(&package) };
    let version = variable("CARGO_PKG_VERSION");
    let version = match &commit {
        Some(Commit { hash, date: Some(date) }) => format!("{version} ({} {date})", &hash[..SHOWN]),
        Some(Commit { hash, date: None }) => format!("{version} ({})", &hash[..SHOWN]),
        None => version,
    };
    println!("cargo::rustc-env=RINALMO_VERSION={version}");
    if let Some(Commit { hash, date }) = commit {
        println!("cargo::rustc-env=RINALMO_REVISION={hash}");
        if let Some(date) = date {
            println!("cargo::rustc-env=RINALMO_DATE={date}");
        }
    }
}

struct Commit {
    /// 40 digits.
    hash: String,
    /// As `2026-11-27`.
    date: Option<String>,
}

/// The commit that is checked out in this folder.
fn checked_out(folder: &Path) -> Option<Commit> {
    // The log of HEAD grows with every commit and checkout. Cargo would run this again each time if it watched a file
    // that does not exist.
    if let Some(log) = git(folder, &["rev-parse", "--git-path", "logs/HEAD"]).map(|log| folder.join(log))
        && log.exists()
    {
        println!("cargo::rerun-if-changed={}", log.display());
    }
    let line = git(folder, &["show", "--no-patch", "--format=%H %cs", "HEAD"])?;
    let (hash, date) = line.split_once(' ')?;
    checked(hash, Some(date.to_owned()))
}

/// The commit that cargo wrote into a package: `{"git": {"sha1": "…"}, …}`.
fn packaged(folder: &Path) -> Option<Commit> {
    let text = std::fs::read_to_string(folder.join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    checked(rest.split('"').nth(1)?, None)
}

fn checked(hash: &str, date: Option<String>) -> Option<Commit> {
    let is_hash = hash.len() >= SHOWN && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hash.then(|| Commit { hash: hash.to_owned(), date })
}

/// What git prints, if it succeeds.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// A variable that cargo sets for build scripts.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
