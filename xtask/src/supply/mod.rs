//! What the program is built from: `cargo xtask notice` and `cargo xtask sbom`, both from cargo's resolved
//! dependencies.

mod notice;
mod sbom;
mod texts;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};

use crate::process::{command, root};

pub use notice::{render as notice_text, run as notice};
pub use sbom::{render as sbom_text, run as sbom};

/// The package of the program.
pub const PROGRAM: &str = "rinalmo-cli";
/// The package of the Python package's extension module.
pub const PYTHON: &str = "rinalmo-python";
/// The platform of the lists in the repository; other platforms differ by a few packages.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// A package whose code is in the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// Its licence as an SPDX expression.
    license: String,
    repository: String,
    /// Whether it is in this workspace.
    is_ours: bool,
}

impl Package {
    /// Its name and version.
    fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// All packages in one of ours on a platform, by name and version; those of tests, build scripts and macros are left out.
fn packages(of: &str, platform: &str) -> anyhow::Result<Vec<Package>> {
    let tree = cargo(&["tree", "--locked", "-p", of, "-e", "normal,no-proc-macro", "--target", platform])?;
    let mut packages: Vec<Package> = tree.lines().filter_map(parse).collect();
    packages.sort();
    packages.dedup();
    Ok(packages)
}

/// Runs cargo and returns its output, one line per package.
fn cargo(words: &[&str]) -> anyhow::Result<String> {
    let output = command("cargo")
        .args(words)
        .args(["--prefix", "none", "--format", "{p}\t{l}\t{r}"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("cargo could not list the packages");
    }
    String::from_utf8(output.stdout).context("cargo's list is not text")
}

/// Parses name, version, licence and address, separated by tabs. The name may have a path or, if it was listed before,
/// a star.
fn parse(line: &str) -> Option<Package> {
    let mut cells = line.trim_end_matches(" (*)").split('\t');
    let (package, license) = (cells.next()?, cells.next()?);
    let repository = cells.next().unwrap_or_default().to_owned();
    let mut words = package.split(' ');
    let (name, version) = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
    // Before 2018, SPDX expressions had `/` for OR.
    let license = license.replace(" / ", "/").replace('/', " OR ");
    Some(Package { name, version, license, repository, is_ours: package.contains(" (/") })
}

/// SHA-256 of every package in the lock file, by name and version.
fn checksums() -> anyhow::Result<BTreeMap<(String, String), String>> {
    let path = root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'));
        line.map(str::to_owned)
    };
    let blocks = lock
        .split("[[package]]")
        .filter_map(|block| Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?)));
    Ok(blocks.collect())
}

/// Writes a file; with `check`, returns whether it already has this text.
fn write_or_check(path: &Path, text: &str, check: bool) -> anyhow::Result<bool> {
    if check {
        return Ok(fs::read_to_string(path).is_ok_and(|found| found == text));
    }
    fs::write(path, text).with_context(|| path.display().to_string())?;
    Ok(true)
}

/// The path that a chore writes to, relative to the current folder if it was given.
fn output(given: Option<PathBuf>, usual: &str) -> PathBuf {
    given.unwrap_or_else(|| root().join(usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_cargo_are_packages() {
        let package = parse("csv v1.4.0\tUnlicense/MIT\thttps://github.com/BurntSushi/rust-csv (*)").unwrap();
        let expected = ["csv", "1.4.0", "Unlicense OR MIT", "https://github.com/BurntSushi/rust-csv"];
        assert_eq!([package.name, package.version, package.license, package.repository], expected);
        assert!(parse("rinalmo-cli v0.1.0 (/here/crates/cli)\tMIT OR Apache-2.0\t").unwrap().is_ours);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn the_program_is_made_of_packages_that_all_say_their_licence() {
        let packages = packages(PROGRAM, PLATFORM).unwrap();
        assert!(packages.iter().any(|package| package.name == PROGRAM && package.is_ours));
        assert!(packages.iter().any(|package| package.name == "serde" && !package.is_ours));
        let silent: Vec<&Package> = packages.iter().filter(|package| package.license.is_empty()).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }

    #[test]
    fn every_foreign_package_has_a_checksum() {
        let checksums = checksums().unwrap();
        for package in packages(PYTHON, PLATFORM).unwrap().into_iter().filter(|package| !package.is_ours) {
            let sum = &checksums[&(package.name.clone(), package.version.clone())];
            assert!(sum.len() == 64, "{package:?}: {sum}");
        }
    }
}
