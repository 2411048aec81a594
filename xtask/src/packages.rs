//! `cargo xtask packages`: packages every crate that can be published, as `cargo publish` would, without building it.
//!
//! Whatever a package includes must be in it. Cargo finds out only by building each package, which takes minutes; here
//! the sources are searched for the files that they include.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::process::{command, metadata};

/// Bytes; the largest package that crates.io takes.
const LARGEST: u64 = 10 << 20;

const INCLUDES: [&str; 3] = ["include_str!(", "include_bytes!(", "include!("];

/// A crate that can be published.
struct Package {
    name: String,
    folder: PathBuf,
    archive: PathBuf,
}

/// Packages all of them, and prints their sizes.
///
/// # Errors
/// If cargo cannot be run, or a file cannot be read.
pub fn run() -> anyhow::Result<ExitCode> {
    let packages = packages(&metadata(&["--no-deps"])?)?;
    let mut words = vec!["package", "--no-verify", "--offline", "--allow-dirty", "--quiet"];
    words.extend(packages.iter().flat_map(|package| ["--package", &package.name]));
    if !command("cargo").args(words).status().context("cannot run cargo")?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let mut complaints = Vec::new();
    for package in &packages {
        let bytes = fs::metadata(&package.archive).with_context(|| package.archive.display().to_string())?.len();
        println!("{:>9} bytes  {}", bytes, package.name);
        if bytes > LARGEST {
            complaints.push(format!("{}: {bytes} bytes, crates.io takes up to {LARGEST}", package.name));
        }
        complaints.extend(package.missing()?);
    }
    complaints.iter().for_each(|complaint| eprintln!("{complaint}"));
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The workspace's packages without those that say `publish = false`.
fn packages(metadata: &Value) -> anyhow::Result<Vec<Package>> {
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned).with_context(|| format!("no {key}"));
    let target = PathBuf::from(text(metadata, "target_directory")?);
    let published =
        metadata["packages"].as_array().into_iter().flatten().filter(|package| package["publish"].is_null());
    published
        .map(|package| {
            let (name, version) = (text(package, "name")?, text(package, "version")?);
            let archive = target.join("package").join(format!("{name}-{version}.crate"));
            let mut folder = PathBuf::from(text(package, "manifest_path")?);
            folder.pop();
            Ok(Package { name, folder, archive })
        })
        .collect()
}

impl Package {
    /// Complaints about files that the package includes and does not have.
    fn missing(&self) -> anyhow::Result<Vec<String>> {
        let files = self.files()?;
        let mut complaints = Vec::new();
        for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "rs")) {
            let path = self.folder.join(file);
            let source = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let missing = included(&source).into_iter().filter(|name| {
                let included = beside(file, name);
                !files.iter().any(|file| file.starts_with(&included))
            });
            complaints.extend(missing.map(|name| format!("{}: {name} is not in the package", path.display())));
        }
        Ok(complaints)
    }

    /// The files in the package, relative to its folder.
    fn files(&self) -> anyhow::Result<BTreeSet<PathBuf>> {
        let words = ["package", "--list", "--offline", "--allow-dirty", "--quiet", "--package", &self.name];
        let output = command("cargo").args(words).output().context("cannot run cargo")?;
        if !output.status.success() {
            bail!("cargo could not list the files of {}", self.name);
        }
        Ok(String::from_utf8(output.stdout)?.lines().map(PathBuf::from).collect())
    }
}

/// The names of the files that a source includes; of a name that a macro puts together, the folder that it begins with.
fn included(source: &str) -> Vec<&str> {
    let after = INCLUDES.iter().flat_map(|macro_| source.split(macro_).skip(1));
    after.filter_map(|rest| rest.trim_start_matches("concat!(").strip_prefix('"')?.split('"').next()).collect()
}

/// The path of a name that a file includes.
fn beside(file: &Path, name: &str) -> PathBuf {
    let mut path = file.parent().map(Path::to_path_buf).unwrap_or_default();
    for part in Path::new(name).components() {
        match part {
            // Outside the package the parts that go up stay, so that no file is found.
            Component::ParentDir if path.file_name().is_some() => _ = path.pop(),
            part => path.push(part),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    #[test]
    fn included_files_are_found_in_the_package_only() {
        let source = "const A: &str = include_str!(\"../a.txt\"); static B: &[u8] = include_bytes!(\"b/c\");";
        assert_eq!(included(source), ["../a.txt", "b/c"]);
        let from = |name| beside(Path::new("src/x/mod.rs"), name);
        assert_eq!(from("../a.txt"), Path::new("src/a.txt"));
        assert_eq!(from("../../../../a.txt"), Path::new("../../a.txt"));
    }

    #[test]
    fn the_workspaces_readme_has_the_example_that_the_library_tests() {
        let example = |path: &str| {
            let page = fs::read_to_string(root().join(path)).unwrap();
            page.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).map(str::to_owned)
        };
        let tested = example("crates/rinalmo/README.md");
        assert!(tested.is_some() && tested == example("README.md"));
    }

    #[test]
    fn crates_for_tests_and_chores_are_not_published() {
        let names: Vec<String> =
            packages(&metadata(&["--no-deps"]).unwrap()).unwrap().into_iter().map(|one| one.name).collect();
        assert!(names.contains(&"rinalmo-cli".to_owned()) && !names.contains(&"xtask".to_owned()), "{names:?}");
        assert!(!names.iter().any(|name| name == "rinalmo-skips" || name == "rinalmo-fuzz"), "{names:?}");
    }
}
