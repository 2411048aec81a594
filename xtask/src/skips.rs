//! Tests that did not run for want of something: told after the tests, and judged by a list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rinalmo_skips::Skip;

/// What not everybody has.
const SHARED: &str = "checkpoints or data in `shared/` beside the project";
const MMSEQS: &str = "MMseqs2";
const SMALL_DISK: &str = "a small disk of its own: RINALMO_SMALL_DISK, or leave to mount one";

/// What may be skipped: a test, or all in a file or module, and what it needs. A test that is not here and skips fails
/// the check.
const MAY_SKIP: &[(&str, &str)] = &[
    ("rinalmo::devices::answers::every_device_gives_the_results_of_the_cpu", "devices beside the CPU, built in"),
    ("rinalmo::fixtures", SHARED),
    ("rinalmo::others::encoders_of_the_published_sizes_agree", "models of RINALMO_OTHER_MODELS, which a script makes"),
    ("rinalmo::test_sets", "minutes, asked for by RINALMO_TEST_SETS=1, and data in `shared/` beside the project"),
    ("rinalmo-cli::cli::completions", "bash"),
    ("rinalmo-cli::cli::corpus::mmseqs_is_run_where_it_is_and_missed_where_it_is_not", MMSEQS),
    ("rinalmo-cli::cli::model::conversion_there_and_back_folds_the_same", SHARED),
    ("rinalmo-cli::cli::model::multimolecule_folders_and_official_files_are_one_model", SHARED),
    ("rinalmo-cli::cli::model::damaged_and_malicious_copies_of_a_real_checkpoint_are_one_clear_error", SHARED),
    ("rinalmo-cli::cli::predict", SHARED),
    ("rinalmo-cli::mpi", "`mpirun`"),
    ("rinalmo-corpus::cluster::mmseqs_finds_planted_families_too", MMSEQS),
    ("rinalmo-corpus::full_disk", SMALL_DISK),
    ("rinalmo-decode::rinalmo_decode::golden", SHARED),
    ("rinalmo-draw::plane::nothing_crosses_in_archive_ii", SHARED),
    ("rinalmo-seq::real_files", SHARED),
    ("rinalmo-server::page", "Node with playwright-core, and Chromium"),
    ("rinalmo-train::train::checkpoints::a_full_disk_keeps_the_last_good_one_and_says_so", SMALL_DISK),
    ("rinalmo-train::train::golden_structure::gradients_with_the_official_fixtures_weights_are_pytorchs", SHARED),
    ("rinalmo-weights::checkpoints::fixtures", SHARED),
    ("rinalmo-weights::checkpoints::multimolecule::the_folder_is_laid_out_as_the_library_lays_out_its_own", SHARED),
];

/// What was skipped since it was made.
pub struct Skips {
    file: PathBuf,
}

impl Skips {
    /// Counts from here on, in this file.
    ///
    /// # Errors
    /// Where what an earlier run left there cannot be removed.
    pub fn begin(file: PathBuf) -> anyhow::Result<Self> {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", file.display()))
            }
            _ => Ok(Self { file }),
        }
    }

    /// Where tests write.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Prints how many tests were skipped and which.
    ///
    /// # Errors
    /// Where one was that is not on the list, or the file cannot be read.
    pub fn judge(&self) -> anyhow::Result<()> {
        let text = match std::fs::read_to_string(&self.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.with_context(|| format!("cannot read {}", self.file.display()))?,
        };
        let (told, unlisted) = sorted(&text, MAY_SKIP)?;
        eprint!("{told}");
        if !unlisted.is_empty() {
            let unlisted = unlisted.join("\n    ");
            bail!("skipped, but not on the list in xtask/src/skips.rs of what may be:\n    {unlisted}");
        }
        Ok(())
    }
}

/// What is to be told of the lines in `text`, and the tests that are not on `list`.
fn sorted(text: &str, list: &[(&str, &str)]) -> anyhow::Result<(String, Vec<String>)> {
    let skips: Option<BTreeSet<Skip>> = text.lines().map(Skip::parse).collect();
    let Some(skips) = skips else { bail!("this names no skipped test: {text}") };
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Skip { test, reason } in &skips {
        reasons.entry(test).or_default().push(reason);
    }
    let mut told = format!("=== skipped, wholly or in part: {} tests\n", reasons.len());
    for (test, reasons) in &reasons {
        let needs = needs(test, list).map_or(String::new(), |needs| format!(" (needs {needs})"));
        told += &format!("    {test}: {}{needs}\n", reasons.join("; "));
    }
    let unlisted = reasons.keys().filter(|test| needs(test, list).is_none());
    Ok((told, unlisted.map(ToString::to_string).collect()))
}

/// What a test on the list needs.
fn needs<'a>(test: &str, list: &[(&str, &'a str)]) -> Option<&'a str> {
    let covers = |entry: &str| test.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    list.iter().find(|(entry, _)| covers(entry)).map(|(_, needs)| *needs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[(&str, &str)] = &[("a::files", "files"), ("b::all::one", "a GPU"), ("c::never", "what is here")];

    #[test]
    fn a_listed_file_covers_its_tests_and_a_listed_test_itself() {
        assert_eq!(needs("a::files", LIST), Some("files"));
        assert_eq!(needs("a::files::read", LIST), Some("files"));
        assert_eq!(needs("a::files_too::read", LIST), None);
        assert_eq!(needs("b::all::one", LIST), Some("a GPU"));
        assert_eq!(needs("b::all::two", LIST), None);
        assert_eq!(needs("b::all", LIST), None);
    }

    #[test]
    fn each_test_is_told_once_and_the_unlisted_are_found() {
        let lines = "skipped: b::all::one: no cuda\nskipped: a::files::x: no f\nskipped: b::all::one: no wgpu\n\
                     skipped: a::files::x: no f\nskipped: b::all::two: tired\n";
        let (told, unlisted) = sorted(lines, LIST).unwrap();
        let expected = "=== skipped, wholly or in part: 3 tests\n    a::files::x: no f (needs files)\n    \
                        b::all::one: no cuda; no wgpu (needs a GPU)\n    b::all::two: tired\n";
        assert_eq!(told, expected);
        assert_eq!(unlisted, ["b::all::two"]);
    }

    #[test]
    fn what_is_listed_and_runs_does_not_matter() {
        assert_eq!(sorted("", LIST).unwrap(), ("=== skipped, wholly or in part: 0 tests\n".into(), Vec::new()));
        assert!(sorted("skipped: nobody", LIST).is_err());
    }

    #[test]
    fn skips_are_judged_by_the_real_list_and_forgotten_by_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let skips = Skips::begin(folder.path().join("skips")).unwrap();
        skips.judge().unwrap();
        std::fs::write(skips.file(), "skipped: rinalmo::fixtures::some: no folder\n").unwrap();
        skips.judge().unwrap();
        std::fs::write(skips.file(), "skipped: rinalmo::golden::some: no folder\n").unwrap();
        assert!(skips.judge().unwrap_err().to_string().ends_with("    rinalmo::golden::some"));
        Skips::begin(skips.file().to_owned()).unwrap().judge().unwrap();
    }

    /// Each entry begins with a package and a file of tests that are there.
    #[test]
    fn the_list_names_files_that_exist() {
        for (entry, _) in MAY_SKIP {
            let mut parts = entry.split("::");
            let (package, file) = (parts.next().unwrap(), parts.next().unwrap());
            let folder = crate::process::root().join("crates").join(package.trim_start_matches("rinalmo-"));
            let tests = [format!("tests/{file}.rs"), format!("tests/{file}/main.rs")];
            let own = file == package.replace('-', "_") && folder.join("src/lib.rs").is_file();
            assert!(own || tests.iter().any(|path| folder.join(path).is_file()), "{entry}");
        }
    }
}
