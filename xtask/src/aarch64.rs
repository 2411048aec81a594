//! `cargo xtask aarch64`: checks the program for 64-bit ARM under Linux, and runs the tests of the kernels there, under
//! emulation.
//!
//! It takes the target's standard library (`rustup target add aarch64-unknown-linux-gnu`), a linker
//! (`aarch64-linux-gnu-gcc`) and QEMU's emulator of programs. What is missing skips the step, by name.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context as _;

use crate::process::{command, succeeds};

const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
/// Where Debian's cross compiler keeps the C library.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";
const EMULATORS: [&str; 2] = ["qemu-aarch64-static", "qemu-aarch64"];

/// Checks and tests; the exit code is that of the first command that fails.
///
/// # Errors
/// If cargo cannot be started.
pub fn run() -> anyhow::Result<ExitCode> {
    let tools = match Tools::find() {
        Ok(tools) => tools,
        Err(missing) => {
            eprintln!("=== 64-bit ARM: skipped, {missing}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let check = ["check", "--package", "rinalmo-cli"];
    let test = ["test", "--package", "rinalmo-kernels", "--lib", "--tests"];
    for words in [&check[..], &test[..]] {
        let line = format!("cargo {} --target {TARGET}", words.join(" "));
        eprintln!("=== 64-bit ARM: {line}");
        let status = tools.cargo(words).status().with_context(|| format!("cannot run `{line}`"))?;
        if !status.success() {
            eprintln!("=== 64-bit ARM: `{line}` failed");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is needed beside cargo.
struct Tools {
    emulator: &'static str,
}

impl Tools {
    /// Finds them, or says what is missing.
    fn find() -> Result<Self, String> {
        if cfg!(target_arch = "aarch64") {
            return Err("this is such a machine, and its tests have run".to_owned());
        }
        if !has_target() {
            return Err(format!("the compiler lacks the target: rustup target add {TARGET}"));
        }
        if !succeeds(&format!("{LINKER} --version")) {
            return Err(format!("there is no `{LINKER}` here"));
        }
        let emulator = EMULATORS.into_iter().find(|emulator| succeeds(&format!("{emulator} --version")));
        Ok(Self { emulator: emulator.ok_or_else(|| format!("there is no `{}` here", EMULATORS[1]))? })
    }

    /// cargo for the target, with its tools.
    fn cargo(&self, words: &[&str]) -> Command {
        let variable = TARGET.to_uppercase().replace('-', "_");
        let mut cargo = command("cargo");
        cargo
            .args(words)
            .args(["--target", TARGET])
            .env(format!("CARGO_TARGET_{variable}_LINKER"), LINKER)
            .env(format!("CARGO_TARGET_{variable}_RUNNER"), format!("{} -L {LIBRARIES}", self.emulator))
            .env(format!("CC_{}", TARGET.replace('-', "_")), LINKER);
        cargo
    }
}

/// Has the compiler the standard library of the target?
fn has_target() -> bool {
    let output = command("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let Ok(output) = output else { return false };
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    output.status.success() && holds_the_standard_library(&folder)
}

fn holds_the_standard_library(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.file_name()).any(|name| name.to_string_lossy().starts_with("libstd-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_standard_library_is_not_a_target() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!holds_the_standard_library(folder.path()));
        assert!(!holds_the_standard_library(&folder.path().join("missing")));
        std::fs::write(folder.path().join("libstd-0.rlib"), "").unwrap();
        assert!(holds_the_standard_library(folder.path()));
    }

    #[test]
    fn cargo_links_and_runs_with_the_tools_of_the_target() {
        let tools = Tools { emulator: "qemu-aarch64" };
        let cargo = tools.cargo(&["check"]);
        let value = |name: &str| cargo.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value);
        assert_eq!(value("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER").unwrap(), LINKER);
        assert_eq!(value("CC_aarch64_unknown_linux_gnu").unwrap(), LINKER);
        assert!(cargo.get_args().any(|word| word == TARGET));
    }
}
