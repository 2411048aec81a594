//! `cargo xtask check`: every check that a change must pass, the fast ones first.
//!
//! Lints and docs read the dependencies without generating code and reuse each other's results. The tests compile
//! everything and come last. All steps resolve features for the whole workspace including its tests, so that no step
//! builds the tensor framework a second time. Skipped tests are listed; a test that is skipped without being on the list
//! of those that may be fails the check.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::process::{command, root, succeeds};
use crate::skips::Skips;
use crate::{aarch64, help_pages, miri, packages, python, site};

/// One command.
struct Step {
    name: &'static str,
    line: &'static str,
    env: &'static [(&'static str, &'static str)],
    /// A command that must succeed first, such as asking a tool for its version; else the step is skipped.
    needs: Option<&'static str>,
}

const DENY_WARNINGS: &[(&str, &str)] = &[("RUSTDOCFLAGS", "-D warnings")];

const STEPS: &[Step] = &[
    step("format", "cargo fmt --all -- --check"),
    optional("spelling", "typos --version", "typos"),
    optional("dependencies", "cargo deny --version", "cargo deny --workspace check bans licenses sources"),
    // The advisories are fetched, which takes a network.
    optional("advisories", "cargo deny fetch db", "cargo deny --workspace check advisories"),
    // Only what folds: no C code, no TLS, no LMDB.
    step("library without features", "cargo check --package rinalmo --no-default-features"),
    step("lints", "cargo clippy --workspace --all-targets -- -D warnings"),
    step("lints without features", "cargo clippy --workspace --all-targets --no-default-features -- -D warnings"),
    // LibTorch's code, if its bindings can be had. LibTorch itself is not needed to look at it. Tests are left out: their
    // code is the same, and it would take minutes.
    optional(
        "lints of LibTorch",
        "cargo tree --workspace --features rinalmo-cli/tch,tch/doc-only",
        "cargo clippy --workspace --features rinalmo-cli/tch,tch/doc-only -- -D warnings",
    ),
    // The same for other GPUs: wgpu's shader compilers are Rust and come with the lock file.
    step("lints of wgpu", "cargo clippy --workspace --features rinalmo-cli/wgpu -- -D warnings"),
    Step { env: DENY_WARNINGS, ..step("docs", "cargo doc --workspace --no-deps") },
    step("fuzz targets", "cargo clippy --workspace --bins --features rinalmo-fuzz/libfuzzer -- -D warnings"),
    step("tests", "cargo test --workspace"),
    // Seven seconds for each of the nine targets.
    Step {
        env: &[("RINALMO_MUTATE_SECONDS", "7")],
        ..step("mutated inputs", "cargo test --workspace --test mutations mutated -- --nocapture")
    },
    optional(
        "lints of processes",
        "mpicc --version",
        "cargo clippy --workspace --all-targets --features rinalmo-cli/mpi -- -D warnings",
    ),
    optional("tests of processes", "mpicc --version", "cargo test --workspace --features rinalmo-cli/mpi --test mpi"),
];

/// A task of this program, by its name in the report.
type Chore = (&'static str, fn() -> anyhow::Result<ExitCode>);

/// What follows the commands.
const CHORES: &[Chore] = &[
    ("packages: cargo xtask packages", packages::run),
    ("help pages: cargo xtask help-pages --check", || help_pages::run(true)),
    ("site: cargo xtask site", site::run),
    ("Python package: cargo xtask python", python::run),
    ("64-bit ARM: cargo xtask aarch64", aarch64::run),
    ("Miri: cargo xtask miri", miri::run),
];

const fn step(name: &'static str, line: &'static str) -> Step {
    Step { name, line, env: &[], needs: None }
}

const fn optional(name: &'static str, needs: &'static str, line: &'static str) -> Step {
    Step { needs: Some(needs), ..step(name, line) }
}

/// Runs the steps until one fails; the exit code is that step's.
///
/// # Errors
/// If a command cannot be started.
pub fn run() -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let code = run_steps(STEPS)?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    for (name, chore) in CHORES {
        eprintln!("\n=== {name}");
        let code = chore()?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    eprintln!("\n=== all steps passed in {:.0} s", start.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

fn run_steps(steps: &[Step]) -> anyhow::Result<ExitCode> {
    for step in steps {
        let Step { name, line, .. } = step;
        if let Some(needs) = step.needs.filter(|needs| !succeeds(needs)) {
            eprintln!("\n=== {name}: skipped, `{needs}` does not succeed here");
            continue;
        }
        eprintln!("\n=== {name}: {line}");
        let start = Instant::now();
        let skips = step.runs_tests().then(|| Skips::begin(root().join("target/skips.txt"))).transpose()?;
        let code = step.run(skips.as_ref())?;
        let seconds = start.elapsed().as_secs_f64();
        if code != 0 {
            eprintln!("=== {name}: failed after {seconds:.1} s, exit code {code}");
            return Ok(ExitCode::from(code));
        }
        if let Some(Err(error)) = skips.map(|skips| skips.judge()) {
            eprintln!("=== {name}: failed after {seconds:.1} s, {error:#}");
            return Ok(ExitCode::FAILURE);
        }
        eprintln!("=== {name}: passed in {seconds:.1} s");
    }
    Ok(ExitCode::SUCCESS)
}

impl Step {
    fn runs_tests(&self) -> bool {
        self.line.starts_with("cargo test")
    }

    fn run(&self, skips: Option<&Skips>) -> anyhow::Result<u8> {
        let mut words = self.line.split_whitespace();
        let Some(program) = words.next() else { bail!("step `{}` has no command", self.name) };
        let mut command = command(program);
        command.args(words).envs(self.env.iter().copied());
        if let Some(skips) = skips {
            command.env(rinalmo_skips::FILE_VARIABLE, skips.file());
        }
        let status = command.status().with_context(|| format!("cannot run `{}`", self.line))?;
        // A command that a signal ended has no code, but it failed.
        Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failing_step_ends_the_run_with_its_code() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let touch: &'static str = format!("touch {}", mark.display()).leak();
        // `cargo` without such a subcommand ends with code 101.
        let steps = [step("good", "cargo --version"), step("bad", "cargo no-such-chore"), step("never", touch)];
        assert_eq!(run_steps(&steps).unwrap(), ExitCode::from(101));
        assert!(!mark.exists());
        assert_eq!(run_steps(&steps[..1]).unwrap(), ExitCode::SUCCESS);
    }

    #[test]
    fn a_step_whose_program_is_missing_is_skipped_if_it_may_be() {
        let steps = [optional("absent", "a-program-that-nobody-wrote --version", "a-program-that-nobody-wrote")];
        assert_eq!(run_steps(&steps).unwrap(), ExitCode::SUCCESS);
        assert!(run_steps(&[step("absent", "a-program-that-nobody-wrote")]).is_err());
    }

    #[test]
    fn the_readme_names_the_command_that_runs_the_tests() {
        let readme = std::fs::read_to_string(crate::process::root().join("README.md")).unwrap();
        let tests = STEPS.iter().find(|step| step.name == "tests").unwrap();
        assert!(readme.contains(tests.line), "README.md does not name `{}`", tests.line);
    }
}
