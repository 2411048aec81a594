//! Builds everything with the flags of the tests, so that it is already built after them.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::process::command;

/// What cargo says of a build.
pub struct Build(String);

impl Build {
    /// Builds the workspace's libraries, programs and tests.
    ///
    /// # Errors
    /// If cargo cannot be run, or something does not compile.
    pub fn new() -> anyhow::Result<Self> {
        let output = command("cargo")
            .args(["build", "--workspace", "--lib", "--bins", "--tests", "--message-format=json-render-diagnostics"])
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo")?;
        if !output.status.success() {
            bail!("cargo could not build the workspace");
        }
        Ok(Self(String::from_utf8(output.stdout).context("cargo's messages are not text")?))
    }

    /// The path of the program `rinalmo`.
    ///
    /// # Errors
    /// If there is none.
    pub fn program(&self) -> anyhow::Result<PathBuf> {
        self.0.lines().find_map(|message| made(message, "rinalmo", "bin")).context("cargo built no binary `rinalmo`")
    }

    /// The path of the Python package's extension module.
    ///
    /// # Errors
    /// If there is none.
    pub fn extension_module(&self) -> anyhow::Result<PathBuf> {
        let found = self.0.lines().find_map(|message| made(message, "_rinalmo", "cdylib"));
        found.context("cargo built no library `_rinalmo`")
    }
}

/// The path of a target of this name and kind, if this message of cargo contains it.
fn made(message: &str, name: &str, kind: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let is_it = target["name"] == name && target["kind"] == serde_json::json!([kind]);
    let is_test = message["profile"]["test"] == true;
    let path = if kind == "bin" { &message["executable"] } else { &message["filenames"][0] };
    if is_it && !is_test { path.as_str().map(PathBuf::from) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_built_is_found_among_cargos_messages() {
        let message = |kind: &str, test: bool| {
            format!(
                r#"{{"target":{{"name":"rinalmo","kind":["{kind}"]}},"profile":{{"test":{test}}},"executable":"/t/r","filenames":["/t/lib"]}}"#
            )
        };
        let made = |message: &str, kind| made(message, "rinalmo", kind);
        assert_eq!(made(&message("bin", false), "bin"), Some(PathBuf::from("/t/r")));
        assert_eq!(made(&message("cdylib", false), "cdylib"), Some(PathBuf::from("/t/lib")));
        assert_eq!(made(&message("bin", true), "bin"), None);
        assert_eq!(made(&message("lib", false), "bin"), None);
        assert_eq!(made("not json", "bin"), None);
    }
}
