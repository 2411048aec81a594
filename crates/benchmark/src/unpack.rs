//! Unpacks published archives into a plan's data folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::Error;
use rinalmo_runs::FileError;

/// The file that marks a completely unpacked archive.
const DONE: &str = ".unpacked";

/// How an archive is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Zip,
    Tar,
}

impl Packing {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if ends(&[".zip"]) {
            Some(Self::Zip)
        } else if ends(&[".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst"]) {
            Some(Self::Tar)
        } else {
            None
        }
    }
}

/// The path of a file or folder; an archive is unpacked once, to `folder/NAME.d`, and that path is returned. Entries
/// with paths outside this folder are errors.
pub(super) fn unpacked(path: &Path, folder: &Path) -> Result<PathBuf, Error> {
    let Some(packing) = Packing::of(path).filter(|_| path.is_file()) else { return Ok(path.to_owned()) };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let to = folder.join(format!("{name}.d"));
    if to.join(DONE).exists() {
        return Ok(to);
    }
    fs::create_dir_all(&to).map_err(FileError::of("made", &to))?;
    let broken = |error: &dyn std::fmt::Display| {
        Error::Options(format!("{}: cannot be unpacked into {}: {error}", path.display(), to.display()))
    };
    match packing {
        Packing::Zip => {
            let file = File::open(path).map_err(FileError::of("read", path))?;
            let mut archive = zip::ZipArchive::new(file).map_err(|error| broken(&error))?;
            archive.extract(&to).map_err(|error| broken(&error))?;
        }
        Packing::Tar => {
            let mut archive = tar::Archive::new(rinalmo_seq::input::open_bytes(path)?);
            archive.unpack(&to).map_err(|error| broken(&error))?;
        }
    }
    let done = to.join(DONE);
    fs::write(&done, "").map_err(FileError::of("written", &done))?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn archives_are_unpacked_once_and_other_files_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut zip = zip::ZipWriter::new(File::create(at("a.zip")).unwrap());
        zip.start_file("x/TR0/one.ct", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"1 G").unwrap();
        zip.finish().unwrap();
        let mut tar =
            tar::Builder::new(flate2::write::GzEncoder::new(File::create(at("b.tar.gz")).unwrap(), Default::default()));
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        header.set_cksum();
        tar.append_data(&mut header, "ct/fam-fold/5s/train/a.ct", &b"1 A"[..]).unwrap();
        tar.into_inner().unwrap().finish().unwrap();

        let zipped = unpacked(&at("a.zip"), &at("data")).unwrap();
        assert_eq!(fs::read_to_string(zipped.join("x/TR0/one.ct")).unwrap(), "1 G");
        let tarred = unpacked(&at("b.tar.gz"), &at("data")).unwrap();
        assert_eq!(fs::read_to_string(tarred.join("ct/fam-fold/5s/train/a.ct")).unwrap(), "1 A");
        fs::write(tarred.join("mark"), "").unwrap();
        assert!(unpacked(&at("b.tar.gz"), &at("data")).unwrap().join("mark").exists());
        assert_eq!(unpacked(&at("c.csv"), &at("data")).unwrap(), at("c.csv"));
    }

    #[test]
    fn what_is_no_archive_or_leads_outside_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.zip"), "no zip").unwrap();
        let said = unpacked(&at("a.zip"), &at("data")).unwrap_err().to_string();
        assert!(said.contains("a.zip: cannot be unpacked into "), "{said}");
        let mut zip = zip::ZipWriter::new(File::create(at("b.zip")).unwrap());
        zip.start_file("../../outside", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"x").unwrap();
        zip.finish().unwrap();
        assert!(unpacked(&at("b.zip"), &at("data")).is_err());
        assert!(!at("outside").exists());
    }
}
