//! `cargo xtask notice`: writes `NOTICE`, which lists whose work is in the program and under which licence, and has the
//! licences' texts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{PLATFORM, PROGRAM, PYTHON, Package, output, packages, texts, write_or_check};

const HEAD: &str = "\
rinalmo is licensed under MIT or Apache-2.0, at your choice (LICENSE-MIT, LICENSE-APACHE).

The program `rinalmo` and the Python package of this name hold work of others, which this file names with its licences;
their texts follow. It is written by `cargo xtask notice`, and a test compares it with what both are built of.
";

/// What the program contains besides packages, and what its licences require.
const OTHERS: &str = "\
Data in the program:
- DejaVu Sans, a subset of the font, for drawings: crates/draw/font/LICENSE (Bitstream Vera and Arev licences)
- the nearest-neighbour parameters of Turner 2004 (Mathews et al. 2004), as published: crates/energy/src/parameters/mod.rs
- the bundled model: models/nano/README.md names what it was trained with
";

const TEXTS: &str = "
Texts of the licences. Each is here once, with the packages that have it and their lines of copyright. A package whose
licence leaves a choice has several texts; one that has no file with a text has its authors' names instead.
";

/// Licences that require more than their text and the authors' names, and how the requirement is met.
const DUTIES: &[(&str, &str)] = &[
    ("MPL-2.0", "used unchanged; the source of each version is at its address and on crates.io"),
    ("CDLA-Permissive-2.0", "data (Mozilla's root certificates), passed on unchanged with this notice"),
    ("bzip2-1.0.6", "used unchanged; the authors of bzip2 do not endorse this program"),
    ("BSL-1.0", "used unchanged; the Boost licence asks for its text in source copies only"),
    ("Unicode-3.0", "tables made from Unicode's data files, © Unicode, Inc."),
];

/// Writes the file, or with `check` compares it.
///
/// # Errors
/// If cargo cannot be run, or the file cannot be written.
pub fn run(file: Option<PathBuf>, check: bool) -> anyhow::Result<ExitCode> {
    let path = output(file, "NOTICE");
    if write_or_check(&path, &render(PLATFORM)?, check)? {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{}: out of date\nhint: run `cargo xtask notice`", path.display());
    Ok(ExitCode::FAILURE)
}

/// The text of the file for a platform.
///
/// # Errors
/// If cargo cannot be run, or no text is known for a package's licence.
pub fn render(platform: &str) -> anyhow::Result<String> {
    let in_program = packages(PROGRAM, platform)?;
    let mut packages = [in_program.clone(), packages(PYTHON, platform)?].concat();
    packages.sort();
    packages.dedup();
    let mut by_license: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in packages.iter().filter(|package| !package.is_ours) {
        by_license.entry(&package.license).or_default().push(package);
    }
    let mut text = format!("{HEAD}\n{OTHERS}\nPackages in them for {platform}, by licence:\n");
    for (license, packages) in by_license {
        let duty = DUTIES.iter().find(|(asked, _)| is_needed(license, asked));
        let duty = duty.map_or_else(String::new, |(_, how)| format!(" ({how})"));
        let _ = write!(text, "\n{license}{duty}\n");
        for package in packages {
            let Package { name, version, repository, .. } = package;
            let address =
                if repository.is_empty() { format!("https://crates.io/crates/{name}") } else { repository.clone() };
            let only = if in_program.contains(package) { "" } else { " (only in the Python package)" };
            let _ = writeln!(text, "- {name} {version}: {address}{only}");
        }
    }
    text += TEXTS;
    text += &texts::render(&packages, platform)?;
    Ok(text)
}

/// Whether an SPDX expression requires this licence without an alternative.
fn is_needed(expression: &str, license: &str) -> bool {
    expression.split(" AND ").any(|part| part.trim_matches(['(', ')']) == license)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    #[test]
    fn the_notice_is_up_to_date() {
        let found = std::fs::read_to_string(root().join("NOTICE")).unwrap();
        assert!(found == render(PLATFORM).unwrap(), "NOTICE is out of date: run `cargo xtask notice`");
    }

    #[test]
    fn the_notice_covers_what_only_the_python_package_contains() {
        let notice = std::fs::read_to_string(root().join("NOTICE")).unwrap();
        for name in ["pyo3", "numpy", "ndarray"] {
            let line = notice.lines().find(|line| line.starts_with(&format!("- {name} ")) && line.contains("https://"));
            assert!(line.is_some_and(|line| line.ends_with(" (only in the Python package)")), "{name}: {line:?}");
            let has_text = notice.lines().filter(|line| line.starts_with(&format!("- {name} "))).count() > 1;
            assert!(has_text, "no text of a licence names {name}");
        }
    }

    #[test]
    fn a_licence_is_needed_if_there_is_no_alternative() {
        assert!(is_needed("MPL-2.0", "MPL-2.0") && is_needed("(MIT OR Apache-2.0) AND Unicode-3.0", "Unicode-3.0"));
        assert!(!is_needed("Apache-2.0 OR BSL-1.0", "BSL-1.0"));
    }

    #[test]
    fn the_data_that_are_named_are_there() {
        for place in [
            "crates/draw/font/LICENSE",
            "crates/energy/src/parameters/mod.rs",
            "models/nano/README.md",
            "LICENSE-MIT",
            "LICENSE-APACHE",
        ] {
            assert!(root().join(place).is_file() && (OTHERS.contains(place) || HEAD.contains(place)), "{place}");
        }
    }
}
