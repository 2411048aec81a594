//! `cargo xtask sbom`: writes what the program is built from as CycloneDX 1.5, for releases and for vulnerability
//! scanners.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{PLATFORM, PROGRAM, Package, checksums, output, packages};

/// Writes the file.
///
/// # Errors
/// If cargo cannot be run, or the file cannot be written.
pub fn run(file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let path = output(file, "target/rinalmo.cdx.json");
    fs::write(&path, render(PROGRAM, PLATFORM)?).with_context(|| path.display().to_string())?;
    eprintln!("{}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// The text of the file for one of our packages on a platform.
///
/// # Errors
/// If cargo cannot be run.
pub fn render(of: &str, platform: &str) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&document(of, platform)?)? + "\n")
}

/// The whole document. It contains no time and no random number: the same lock file gives the same bytes.
fn document(of: &str, platform: &str) -> anyhow::Result<Value> {
    let (packages, checksums) = (packages(of, platform)?, checksums()?);
    let sum = |package: &Package| checksums.get(&(package.name.clone(), package.version.clone())).cloned();
    let whole = packages.iter().find(|package| package.name == of).context("the package is missing in its own list")?;
    let others = packages.iter().filter(|package| *package != whole);
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(whole, None, "application") },
        "components": others.map(|package| component(package, sum(package), "library")).collect::<Vec<_>>(),
    }))
}

fn component(package: &Package, sha256: Option<String>, kind: &str) -> Value {
    let Package { name, version, license, repository, is_ours } = package;
    let address = format!("pkg:cargo/{name}@{version}");
    let mut component = json!({
        "type": kind,
        "bom-ref": address,
        "name": name,
        "version": version,
        "licenses": [{ "expression": license }],
    });
    if !is_ours {
        component["purl"] = address.into();
    }
    if let Some(sum) = sha256 {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    if !repository.is_empty() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::super::PYTHON;
    use super::*;

    #[test]
    fn the_document_names_every_package_once_with_licence_and_checksum() {
        for of in [PROGRAM, PYTHON] {
            let document = document(of, PLATFORM).unwrap();
            assert_eq!(document["metadata"]["component"]["name"], of);
            let components = document["components"].as_array().unwrap();
            assert_eq!(components.len() + 1, packages(of, PLATFORM).unwrap().len());
            let mut names: Vec<&str> = components.iter().map(|part| part["bom-ref"].as_str().unwrap()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), components.len());
            for part in components.iter().filter(|part| part.get("purl").is_some()) {
                assert!(part["hashes"][0]["content"].as_str().is_some_and(|sum| sum.len() == 64), "{part}");
                assert!(part["licenses"][0]["expression"].is_string(), "{part}");
            }
        }
    }
}
