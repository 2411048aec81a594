//! What is in a release's archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use super::{Release, archive};
use crate::process::root;
use crate::supply;

/// Files of the repository that are packed as they are.
const FILES: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];
/// Shells, and the names under which they look for completions.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "rinalmo.bash"),
    ("zsh", "_rinalmo"),
    ("fish", "rinalmo.fish"),
    ("elvish", "rinalmo.elv"),
    ("powershell", "_rinalmo.ps1"),
];

/// Packs the program and what belongs to it as `FOLDER/NAME.tar.gz`, and returns that path. `manual_from` is the program,
/// or one of the same version that runs on this machine.
///
/// # Errors
/// If `manual_from` cannot be run or is of another version, or a file cannot be written.
pub fn pack(release: &Release, program: &Path, manual_from: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let documents = [
        ("NOTICE", supply::notice_text(&release.target)?),
        ("rinalmo.cdx.json", supply::sbom_text(supply::PROGRAM, &release.target)?),
    ];
    pack_with(&documents, release, program, manual_from, folder)
}

fn pack_with(
    documents: &[(&str, String)],
    release: &Release,
    program: &Path,
    manual_from: &Path,
    folder: &Path,
) -> anyhow::Result<PathBuf> {
    check_version(release, manual_from)?;
    let content = folder.join(release.name());
    if content.exists() {
        fs::remove_dir_all(&content).with_context(|| content.display().to_string())?;
    }
    for inner in ["completions", "man"] {
        fs::create_dir_all(content.join(inner)).with_context(|| content.display().to_string())?;
    }
    fs::copy(program, content.join(release.program())).with_context(|| program.display().to_string())?;
    output(manual_from, &["man", "--out-dir", &content.join("man").to_string_lossy()])?;
    for (shell, name) in COMPLETIONS {
        fs::write(content.join("completions").join(name), output(manual_from, &["completions", shell])?)?;
    }
    for file in FILES {
        fs::copy(root().join(file), content.join(file)).with_context(|| file.to_owned())?;
    }
    for (name, text) in documents {
        fs::write(content.join(name), text)?;
    }
    let path = folder.join(format!("{}.tar.gz", release.name()));
    archive::pack(&content, release.time, &path)?;
    fs::remove_dir_all(&content).with_context(|| content.display().to_string())?;
    Ok(path)
}

/// A program that was built before, from other sources, must not be packed under this version.
fn check_version(release: &Release, program: &Path) -> anyhow::Result<()> {
    let found = output(program, &["-V"])?;
    let found = String::from_utf8_lossy(&found);
    let is_it = found.split_whitespace().nth(1) == Some(&release.version);
    ensure!(is_it, "{}: expected version {}, found `{}`", program.display(), release.version, found.trim());
    Ok(())
}

/// Runs the program and returns what it prints.
fn output(program: &Path, words: &[&str]) -> anyhow::Result<Vec<u8>> {
    let run = Command::new(program).args(words).output();
    let output = run.with_context(|| {
        format!("cannot run {}\nhint: name a program for this machine with --manual-from", program.display())
    })?;
    if !output.status.success() {
        bail!("`{} {}` failed: {}", program.display(), words.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A script in the place of the program: it has a version, writes a manual page and prints completions.
    const STAND_IN: &str = "#!/bin/sh\n\
        case $1 in\n\
        -V) echo 'rinalmo 1.2.3 (abcdefg 2026-01-01)' ;;\n\
        man) echo page >\"$3/rinalmo.1\" ;;\n\
        completions) echo \"for $2\" ;;\n\
        esac\n";

    fn stand_in(folder: &Path) -> PathBuf {
        let program = folder.join("stand-in");
        fs::write(&program, STAND_IN).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        program
    }

    fn pack(version: &str, program: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
        pack_with(&[("NOTICE", "theirs\n".to_owned())], &release(version), program, program, folder)
    }

    fn release(version: &str) -> Release {
        Release {
            version: version.into(),
            repository: String::new(),
            target: "x86_64-unknown-linux-gnu".into(),
            time: 1_700_000_000,
        }
    }

    #[test]
    fn an_archive_has_the_program_and_all_that_belongs_to_it_and_the_same_bytes_twice() {
        let folder = tempfile::tempdir().unwrap();
        let program = stand_in(folder.path());
        let packed = |name: &str| {
            let folder = folder.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::read(pack("1.2.3", &program, &folder).unwrap()).unwrap()
        };
        let bytes = packed("one");
        assert!(bytes == packed("two"));
        let mut files = BTreeMap::new();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let (name, mode) = (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap());
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            files.insert(name, (mode, content));
        }
        let file = |name: &str| &files[&format!("rinalmo-1.2.3-x86_64-unknown-linux-gnu/{name}")];
        assert_eq!(file("rinalmo"), &(0o755, STAND_IN.to_owned()));
        assert_eq!(file("man/rinalmo.1").1, "page\n");
        assert_eq!(file("completions/_rinalmo").1, "for zsh\n");
        assert_eq!(file("NOTICE").1, "theirs\n");
        for name in FILES {
            assert_eq!(file(name).1, fs::read_to_string(root().join(name)).unwrap(), "{name}");
        }
    }

    #[test]
    fn a_program_of_another_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let program = stand_in(folder.path());
        let error = pack("1.2.4", &program, folder.path()).unwrap_err().to_string();
        assert!(error.contains("expected version 1.2.4, found `rinalmo 1.2.3"), "{error}");
    }

    #[test]
    fn a_program_that_does_not_run_here_has_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("other-machine");
        fs::write(&program, "\x7fELF").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let error = pack("1.2.3", &program, folder.path()).unwrap_err().to_string();
        assert!(error.contains("--manual-from"), "{error}");
    }
}
