//! `SHA256SUMS`: the checksums of all files in a folder, as `sha256sum --check` reads them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

const NAME: &str = "SHA256SUMS";

/// Writes the file and returns its text.
///
/// # Errors
/// If a file cannot be read or written.
pub fn write(folder: &Path) -> anyhow::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && name != NAME {
            names.push(name);
        }
    }
    names.sort();
    let mut text = String::new();
    for name in names {
        let _ = writeln!(text, "{}  {name}", sha256(&folder.join(&name))?);
    }
    fs::write(folder.join(NAME), &text).context(NAME)?;
    Ok(text)
}

/// A file's checksum, in hexadecimal digits.
///
/// # Errors
/// If the file cannot be read.
pub fn sha256(file: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_but_the_list_have_a_checksum() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "abc").unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        // FIPS 180-2, and the checksum of nothing.
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n\
                        ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n";
        assert_eq!(write(folder.path()).unwrap(), expected);
        assert_eq!(write(folder.path()).unwrap(), expected, "the list itself is left out");
    }
}
