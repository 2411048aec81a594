//! Recipes of other package managers, which build the program from the archive of its sources.
//!
//! They name the address of the release, so that they are written only if `Cargo.toml` names the repository.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::{Release, archive, git, sums};
use crate::process::root;

/// Recipes with gaps, from the root.
const RECIPES: [&str; 2] = ["packaging/homebrew/rinalmo.rb", "packaging/conda/recipe.yaml"];

/// Packs the sources of the commit, and writes the recipes that build them.
///
/// # Errors
/// If there is no git, or a file cannot be read or written.
pub fn write(release: &Release, folder: &Path) -> anyhow::Result<()> {
    let name = format!("rinalmo-{}", release.version);
    let sources = folder.join(format!("{name}-source.tar.gz"));
    let prefix = format!("--prefix={name}/");
    archive::compress(&git(&["archive", "--format=tar", &prefix, "HEAD"])?, &sources)?;
    if release.repository.is_empty() {
        eprintln!("Cargo.toml names no `repository`: no recipes for Homebrew and conda, which need its address");
        return Ok(());
    }
    let sum = sums::sha256(&sources)?;
    for recipe in RECIPES {
        let text = fs::read_to_string(root().join(recipe)).with_context(|| recipe.to_owned())?;
        let file = folder.join(Path::new(recipe).file_name().unwrap_or_default());
        fs::write(&file, fill(&text, release, &sum)).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// A recipe without gaps.
fn fill(recipe: &str, release: &Release, sum: &str) -> String {
    // The first line says what happens to the gaps.
    let text = recipe.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect::<String>();
    text.replace("@REPOSITORY@", &release.repository).replace("@VERSION@", &release.version).replace("@SHA256@", sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_have_no_gaps_once_the_repository_is_known() {
        let release = Release {
            version: "1.2.3".into(),
            repository: "https://example.org/rinalmo".into(),
            target: String::new(),
            time: 0,
        };
        for recipe in RECIPES {
            let text = fs::read_to_string(root().join(recipe)).unwrap();
            let filled = fill(&text, &release, "0123abcd");
            let url = "\"https://example.org/rinalmo/releases/download/v1.2.3/rinalmo-1.2.3-source.tar.gz\"";
            assert!(filled.contains(url) && filled.contains("\"0123abcd\"") && !filled.contains('@'), "{filled}");
        }
    }

    #[test]
    fn binstall_looks_for_the_archives_that_are_made() {
        let manifest = fs::read_to_string(root().join("crates/cli/Cargo.toml")).unwrap();
        let release = Release {
            version: "{ version }".into(),
            repository: "{ repo }".into(),
            target: "{ target }".into(),
            time: 0,
        };
        let (name, repository) = (release.name(), &release.repository);
        let lines = [
            format!("pkg-url = \"{repository}/releases/download/v{}/{name}.tar.gz\"", release.version),
            format!("bin-dir = \"{name}/{{ bin }}{{ binary-ext }}\""),
        ];
        assert!(lines.iter().all(|line| manifest.contains(line)), "crates/cli/Cargo.toml lacks one of {lines:#?}");
    }
}
