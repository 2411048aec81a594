//! `cargo xtask python`: packs the Python package, installs it into an environment of its own and runs its tests.
//!
//! The extension module is the one that the workspace's build makes, so nothing is compiled a second time. maturin, which
//! makes the wheels of releases, writes the metadata, and `wheel` packs it all. Without a Python of at least 3.9, or
//! without a network for the tools, the step is skipped and says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::build::Build;
use crate::process::{command, root, succeeds};

const PACKAGE: &str = "crates/python";
/// What the tests and the packing need.
const TOOLS: [&str; 7] = ["maturin>=1.9.4,<2", "wheel", "numpy", "pytest", "mypy", "pandas", "biopython"];
/// What the notebooks need besides. Without them, the notebooks are skipped.
const NOTEBOOK_TOOLS: [&str; 4] = ["nbclient", "ipykernel", "matplotlib", "viennarna"];
const OLD: &str = "import sys; sys.exit(sys.version_info < (3, 9))";

/// Packs, installs and tests; the exit code is that of the first command that fails.
///
/// # Errors
/// If the workspace does not build, or the files of the package cannot be written.
pub fn run() -> anyhow::Result<ExitCode> {
    let folder = root().join("target/python");
    let environment = match Environment::make(&folder.join("venv")) {
        Ok(environment) => environment,
        Err(reason) => {
            eprintln!("=== Python package: skipped, {reason}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let wheel = pack(&environment, &folder, &Build::new()?.extension_module()?)?;
    let wheel = wheel.to_string_lossy();
    let settings = format!("{PACKAGE}/pyproject.toml");
    let steps: [&[&str]; 5] = [
        &["pip", "install", "--quiet", "--force-reinstall", "--no-deps", &wheel],
        &["mypy", "--config-file", &settings, "crates/python/python", "examples/fold_and_draw.py"],
        &["mypy.stubtest", "--ignore-disjoint-bases", "rinalmo._rinalmo"],
        &["pytest", "-q", "-rs", "-c", &settings, "-p", "no:cacheprovider", "crates/python/tests"],
        &["pytest", "-q", "-c", &settings, "-p", "no:cacheprovider", "--doctest-modules", "--pyargs", "rinalmo"],
    ];
    for words in steps {
        let status =
            environment.module(words).status().with_context(|| format!("cannot run python -m {}", words[0]))?;
        if !status.success() {
            eprintln!("=== Python package: `python -m {}` failed", words.join(" "));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An environment with the tools.
struct Environment {
    python: PathBuf,
}

impl Environment {
    /// Makes it, or takes the one that is there. Says what cannot be had.
    fn make(folder: &Path) -> Result<Self, String> {
        if !command("python3").args(["-c", OLD]).status().is_ok_and(|status| status.success()) {
            return Err("there is no python3 of at least 3.9 here".to_owned());
        }
        let environment = Self { python: folder.join("bin/python") };
        if !environment.python.exists() && !succeeds(&format!("python3 -m venv {}", folder.display())) {
            return Err("`python3 -m venv` does not succeed here".to_owned());
        }
        if !environment.install(&TOOLS) {
            return Err(format!("pip cannot install {}", TOOLS.join(" ")));
        }
        for tool in NOTEBOOK_TOOLS.iter().filter(|tool| !environment.install(&[tool])) {
            eprintln!("=== Python package: pip cannot install {tool}; notebooks that need it are skipped");
        }
        Ok(environment)
    }

    /// Installs these, and returns whether that succeeded.
    fn install(&self, tools: &[&str]) -> bool {
        let mut install = self.module(&["pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.args(tools).status().is_ok_and(|status| status.success())
    }

    /// `python -m MODULE ...`.
    fn module(&self, words: &[&str]) -> std::process::Command {
        let mut command = command(&self.python.to_string_lossy());
        command.arg("-m").args(words);
        command
    }
}

/// Packs the package with this extension module, and returns the path of the wheel.
fn pack(environment: &Environment, folder: &Path, module: &Path) -> anyhow::Result<PathBuf> {
    let (content, packed) = (folder.join("wheel"), folder.join("dist"));
    for folder in [&content, &packed] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    copy(&root().join(PACKAGE).join("python/rinalmo"), &content.join("rinalmo"))?;
    fs::copy(module, content.join("rinalmo/_rinalmo.abi3.so")).with_context(|| module.display().to_string())?;
    let manifest = format!("{PACKAGE}/Cargo.toml");
    let (from, to) = (content.to_string_lossy(), packed.to_string_lossy());
    let maturin = ["maturin", "pep517", "write-dist-info", "--manifest-path", &manifest, "--metadata-directory", &from];
    for words in [&maturin[..], &["wheel", "pack", &from, "--dest-dir", &to]] {
        let output = environment.module(words).output().context("cannot run python")?;
        if !output.status.success() {
            bail!("`python -m {}` failed: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        }
    }
    let wheel = fs::read_dir(&packed)?.flatten().map(|entry| entry.path()).next();
    wheel.with_context(|| format!("no wheel in {}", packed.display()))
}

/// Copies the files of a package, without what Python compiled of them.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            fs::copy(&path, to.join(name)).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_package_are_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("__pycache__")).unwrap();
        fs::write(from.join("__init__.py"), "x = 1\n").unwrap();
        fs::write(from.join("__pycache__/x.pyc"), "").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("__init__.py")).unwrap(), "x = 1\n");
        assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
    }

    #[test]
    fn an_environment_that_cannot_be_made_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let reason = Environment::make(&file.join("venv")).err().unwrap();
        assert!(reason.contains("python3"), "{reason}");
    }
}
