//! Archives of files that have the same bytes whoever packs them, where and when.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

/// Packs a folder as `.tar.gz`, in the order of names. All entries have this time, in seconds since 1970, no owner, and
/// the rights of a program or of a file.
///
/// # Errors
/// If a file cannot be read, or the archive cannot be written.
pub fn pack(folder: &Path, time: u64, archive: &Path) -> anyhow::Result<()> {
    let mut tar = tar::Builder::new(compressed(archive)?);
    let top = PathBuf::from(folder.file_name().context("the folder to pack has no name")?);
    add(&mut tar, folder, &top, time)?;
    let packed = tar.into_inner().with_context(|| archive.display().to_string())?;
    packed.finish().with_context(|| archive.display().to_string())?;
    Ok(())
}

/// Compresses an archive that is in memory.
///
/// # Errors
/// If the file cannot be written.
pub fn compress(tar: &[u8], archive: &Path) -> anyhow::Result<()> {
    let mut packed = compressed(archive)?;
    packed.write_all(tar).with_context(|| archive.display().to_string())?;
    packed.finish().with_context(|| archive.display().to_string())?;
    Ok(())
}

/// A file of gzip, whose header has no time and says that the system is unknown.
fn compressed(file: &Path) -> anyhow::Result<GzEncoder<fs::File>> {
    let to = fs::File::create(file).with_context(|| file.display().to_string())?;
    Ok(GzBuilder::new().mtime(0).operating_system(255).write(to, Compression::best()))
}

fn add<W: Write>(tar: &mut tar::Builder<W>, path: &Path, name: &Path, time: u64) -> anyhow::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    if path.is_dir() {
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o755);
        header.set_size(0);
        tar.append_data(&mut header, name, std::io::empty())?;
        let mut names = Vec::new();
        for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
            names.push(entry?.file_name());
        }
        names.sort();
        return names.iter().try_for_each(|entry| add(tar, &path.join(entry), &name.join(entry), time));
    }
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    header.set_mode(if is_program(path) { 0o755 } else { 0o644 });
    header.set_size(bytes.len() as u64);
    tar.append_data(&mut header, name, &bytes[..]).with_context(|| name.display().to_string())
}

/// Whether a file may be run.
#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "exe")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, SystemTime};

    use super::*;

    /// Packs two files that were made in this order, with these rights, and changed this many seconds ago.
    fn packed(names: [&str; 2], mode: u32, ago: u64) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("top");
        fs::create_dir_all(top.join("sub")).unwrap();
        for name in names {
            fs::write(top.join(name), name).unwrap();
            fs::set_permissions(top.join(name), fs::Permissions::from_mode(mode)).unwrap();
            let file = fs::File::options().append(true).open(top.join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(ago)).unwrap();
        }
        let archive = folder.path().join("top.tar.gz");
        pack(&top, 1_700_000_000, &archive).unwrap();
        fs::read(archive).unwrap()
    }

    #[test]
    fn the_same_files_have_the_same_bytes_whenever_they_were_made() {
        let first = packed(["a", "sub/b"], 0o640, 0);
        assert!(first == packed(["sub/b", "a"], 0o604, 1_000_000));
        assert!(first != packed(["a", "sub/b"], 0o700, 0), "rights to run a file are kept");
    }

    #[test]
    fn entries_have_the_time_that_was_asked_for_and_no_owner() {
        let bytes = packed(["a", "sub/b"], 0o700, 0);
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
        let mut names = Vec::new();
        for entry in tar.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(
                (header.mtime().unwrap(), header.uid().unwrap(), header.mode().unwrap()),
                (1_700_000_000, 0, 0o755)
            );
            names.push(entry.path().unwrap().display().to_string());
        }
        assert_eq!(names, ["top", "top/a", "top/sub", "top/sub/b"]);
    }
}
