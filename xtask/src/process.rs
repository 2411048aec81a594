//! Commands that run in the root of the repository, in an environment of their own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Variables in which `cargo run` describes the package that it runs. Build scripts of some crates depend on them, so
/// every cargo that inherits them would build those crates again.
const OF_THIS_PACKAGE: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or(here.clone(), Path::to_path_buf)
}

/// A command that runs in the root; `cargo` is the one that runs this program.
pub fn command(program: &str) -> Command {
    let mut command = match program {
        "cargo" => Command::new(env::var_os("CARGO").unwrap_or_else(|| program.into())),
        _ => Command::new(program),
    };
    command.current_dir(root()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        if OF_THIS_PACKAGE.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// What cargo knows of packages; `--no-deps` leaves it at the workspace's own.
///
/// # Errors
/// If cargo cannot be run, or its answer is not JSON.
pub fn metadata(words: &[&str]) -> anyhow::Result<Value> {
    let mut command = command("cargo");
    command.args(["metadata", "--format-version", "1"]).args(words);
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("cargo could not list the packages");
    }
    serde_json::from_slice(&output.stdout).context("cargo's answer is not JSON")
}

/// Does this command line end well? Nothing of its output is shown.
pub fn succeeds(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let Some(program) = words.next() else { return false };
    command(program)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_where_the_workspace_is() {
        assert!(root().join("xtask/Cargo.toml").is_file());
    }

    #[test]
    fn children_do_not_inherit_the_package_variables() {
        let command = command("cargo");
        let removed = command.get_envs().any(|(name, value)| name == "CARGO_MANIFEST_DIR" && value.is_none());
        assert!(removed, "cargo test sets CARGO_MANIFEST_DIR, the child should not see it");
    }

    #[test]
    fn a_missing_program_is_not_installed() {
        assert!(succeeds("cargo --version"));
        assert!(!succeeds("a-program-that-nobody-wrote --version") && !succeeds("cargo no-such-chore"));
    }
}
