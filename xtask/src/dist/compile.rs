//! Release builds: the program by cargo, the wheel by maturin, both with zig where an older C library is asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use super::Release;
use crate::process::{command, root, succeeds};
use crate::supply;

/// Where releases are built, from the root: their flags differ from those of other builds.
const BUILD: &str = "target/dist-build";
const PYTHON: &str = "crates/python/Cargo.toml";
/// The profile of releases, in the workspace's `Cargo.toml`.
const PROFILE: &str = "dist";

/// The oldest musl, as wheels name it: that of Alpine since 2021.
const MUSL: &str = "musllinux_1_2";

/// How a release is built.
pub struct Compiler<'r> {
    pub release: &'r Release,
    /// The oldest version of glibc that the result runs with; without one, this machine's.
    pub glibc: Option<&'r str>,
}

impl Compiler<'_> {
    /// Builds the program and returns its path.
    ///
    /// # Errors
    /// If a tool is missing, or the program does not build.
    pub fn program(&self) -> anyhow::Result<PathBuf> {
        let target = &self.release.target;
        let mut cargo = command("cargo");
        if self.zig() {
            needs("cargo zigbuild --help", "pip install cargo-zigbuild ziglang")?;
        }
        let target_argument = self.glibc.map_or_else(|| target.clone(), |version| format!("{target}.{version}"));
        cargo.args([
            if self.zig() { "zigbuild" } else { "build" },
            "--profile",
            PROFILE,
            "--locked",
            "--package",
            "rinalmo-cli",
            "--bin",
            "rinalmo",
        ]);
        cargo.args(["--target", &target_argument]);
        run(self.prepared(&mut cargo))?;
        Ok(root().join(BUILD).join(target).join(PROFILE).join(self.release.program()))
    }

    /// Builds the wheel into a folder.
    ///
    /// # Errors
    /// If a tool is missing, or the package does not build.
    pub fn wheel(&self, folder: &Path) -> anyhow::Result<()> {
        needs("maturin --version", "pip install maturin ziglang")?;
        // maturin's own list names the folder of the sources.
        let parts = root().join(BUILD).join("rinalmo-python.cdx.json");
        fs::create_dir_all(root().join(BUILD)).context(BUILD)?;
        fs::write(&parts, supply::sbom_text(supply::PYTHON, &self.release.target)?).context(BUILD)?;
        let mut maturin = command("maturin");
        maturin.args(["build", "--profile", PROFILE, "--locked", "--manifest-path", PYTHON]);
        maturin.args(["--target", &self.release.target]);
        maturin.arg("--out").arg(folder).arg("--sbom-include").arg(&parts);
        if self.zig() {
            let system = match self.glibc {
                Some(version) => format!("manylinux_{}", version.replace('.', "_")),
                None => MUSL.to_owned(),
            };
            maturin.args(["--zig", "--compatibility", &system]);
        }
        run(self.prepared(&mut maturin))
    }

    /// Whether zig links: against another C library than this machine's.
    fn zig(&self) -> bool {
        self.glibc.is_some() || self.release.target.contains("musl")
    }

    /// The environment of a build whose result does not depend on where and when it is built.
    fn prepared<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let folders = [(root(), "/rinalmo"), (cargo_home(), "/cargo")];
        let renamed = |flag: &str| {
            folders.iter().map(|(folder, name)| format!("{flag}={}={name}", folder.display())).collect::<Vec<_>>()
        };
        command
            .env("SOURCE_DATE_EPOCH", self.release.time.to_string())
            .env("CARGO_TARGET_DIR", root().join(BUILD))
            .env("CARGO_INCREMENTAL", "0")
            // Separated by this character, so that paths may have blanks.
            .env("CARGO_ENCODED_RUSTFLAGS", renamed("--remap-path-prefix").join("\x1f"))
            .env("CFLAGS", renamed("-ffile-prefix-map").join(" "))
    }
}

/// The folder of cargo's sources.
fn cargo_home() -> PathBuf {
    let home = || std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).unwrap_or_default();
    std::env::var_os("CARGO_HOME").map_or_else(|| PathBuf::from(home()).join(".cargo"), PathBuf::from)
}

/// The platform of this machine.
///
/// # Errors
/// If the compiler cannot be asked.
pub fn host() -> anyhow::Result<String> {
    let output = command("rustc").arg("-vV").stderr(Stdio::inherit()).output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not name its platform")
}

fn needs(line: &str, install: &str) -> anyhow::Result<()> {
    if succeeds(line) {
        return Ok(());
    }
    bail!("`{line}` does not succeed here\nhint: {install}")
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("the build failed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_of_this_machine_is_in_the_flags_result() {
        let release = Release { version: "1.2.3".into(), repository: String::new(), target: host().unwrap(), time: 7 };
        let compiler = Compiler { release: &release, glibc: None };
        let mut command = command("cargo");
        compiler.prepared(&mut command);
        let value = |name: &str| {
            let value = command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value).unwrap();
            value.to_string_lossy().into_owned()
        };
        assert_eq!(value("SOURCE_DATE_EPOCH"), "7");
        let here = root().display().to_string();
        assert!(value("CARGO_ENCODED_RUSTFLAGS").contains(&format!("--remap-path-prefix={here}=/rinalmo\x1f")));
        assert!(value("CFLAGS").contains(&format!("-ffile-prefix-map={here}=/rinalmo ")));
    }

    #[test]
    fn a_missing_tool_is_named_with_how_to_install_it() {
        let error = needs("a-program-that-nobody-wrote --version", "pip install x").unwrap_err().to_string();
        assert_eq!(error, "`a-program-that-nobody-wrote --version` does not succeed here\nhint: pip install x");
    }
}
