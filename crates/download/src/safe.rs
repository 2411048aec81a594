//! Opens files in a folder that others may be able to write to: never through a link, never another user's file.
//!
//! Names of unfinished files are predictable, so somebody who can write to the folder could put a link there that leads
//! to one of our files elsewhere.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use super::Error;

/// Creates the folder if it is missing, and rejects one in which everybody can replace our files.
pub(super) fn folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o775); // never for everybody, whatever the umask
    builder.create(path).map_err(Error::io("create", path))?;
    #[cfg(unix)]
    {
        let data = fs::metadata(path).map_err(Error::io("read", path))?;
        let [user, mode] =
            [std::os::unix::fs::MetadataExt::uid, std::os::unix::fs::MetadataExt::mode].map(|of| of(&data));
        if mode & 0o002 != 0 && !ours(user) {
            return Err(refused(path, "the folder is another user's, and everybody may write to it"));
        }
    }
    Ok(())
}

/// Opens a file to append to it, or creates it. The target of a link, or another user's file, is not touched.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    let file = no_link(path)?;
    if is_ours(&file).map_err(Error::io("read", path))? { Ok(file) } else { create(path) }
}

/// Like [`open_shared`], with the path in the error.
pub(super) fn no_link(path: &Path) -> Result<File, Error> {
    open_shared(path).map_err(|unopened| match unopened {
        Unopened::System(error) => Error::io("create", path)(error),
        Unopened::Refused(what) => refused(path, what),
    })
}

/// Why a file was not opened.
pub(super) enum Unopened {
    /// What the system said.
    System(io::Error),
    /// What is wrong with the existing file.
    Refused(&'static str),
}

/// Opens a file that several users may share, such as a lock, or creates it; it is never emptied.
pub(super) fn open_shared(path: &Path) -> Result<File, Unopened> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // Opening a pipe would wait for a reader.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.cast_signed());
    }
    #[cfg(not(unix))]
    if fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink()) {
        return Err(Unopened::Refused(LINK));
    }
    let file = options.open(path).map_err(opening)?;
    if file.metadata().map_err(Unopened::System)?.is_file() {
        Ok(file)
    } else {
        Err(Unopened::Refused("it is not an ordinary file"))
    }
}

/// Creates a new file; an existing one is removed, and a link is not followed.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("replace", path)(error)),
        _ => {}
    }
    OpenOptions::new().create_new(true).write(true).open(path).map_err(Error::io("create", path))
}

const LINK: &str = "it is a link, and links are not followed here";

#[cfg(unix)]
fn opening(error: io::Error) -> Unopened {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        Unopened::Refused(LINK)
    } else {
        Unopened::System(error)
    }
}

#[cfg(not(unix))]
fn opening(error: io::Error) -> Unopened {
    Unopened::System(error)
}

/// Whether a file belongs to this user and has no second name (hard link).
#[cfg(unix)]
fn is_ours(file: &File) -> io::Result<bool> {
    let data = file.metadata()?;
    Ok(std::os::unix::fs::MetadataExt::nlink(&data) == 1 && ours(std::os::unix::fs::MetadataExt::uid(&data)))
}

#[cfg(not(unix))]
fn is_ours(_: &File) -> io::Result<bool> {
    Ok(true)
}

#[cfg(unix)]
fn ours(user: u32) -> bool {
    user == rustix::process::geteuid().as_raw()
}

/// Bytes that may still be written to the disk of a folder, if the system reports them.
#[cfg(unix)]
pub(super) fn free(folder: &Path) -> Option<u64> {
    let data = rustix::fs::statvfs(folder).ok()?;
    data.f_bavail.checked_mul(data.f_frsize)
}

/// Bytes that may still be written to the disk of a folder, if the system reports them.
#[cfg(not(unix))]
pub(super) fn free(_: &Path) -> Option<u64> {
    None
}

fn refused(path: &Path, what: &'static str) -> Error {
    Error::Unsafe { path: path.to_path_buf(), what }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_pipes_and_second_names_are_never_written_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("precious"), "mine").expect("writes");
        for (name, target) in [("link", "precious"), ("dangling", "nowhere")] {
            symlink(path(target), path(name)).expect("links");
            for open in [open, no_link] {
                let error = open(&path(name)).expect_err("is a link");
                assert!(matches!(error, Error::Unsafe { .. }), "{error}");
            }
            create(&path(name)).expect("a new file in the link's place").write_all(b"new").expect("writes");
        }
        fs::hard_link(path("precious"), path("second")).expect("links");
        open(&path("second")).expect("a new file").write_all(b"new").expect("writes");
        assert_eq!(fs::read(path("precious")).expect("reads"), b"mine");
        assert!(!path("nowhere").exists());
        assert!(open(folder.path()).is_err());
    }

    #[test]
    fn a_file_of_ours_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        fs::write(&path, "abc").expect("writes");
        assert_eq!(open(&path).expect("opens").metadata().expect("reads").len(), 3);
        assert_eq!(create(&path).expect("opens").metadata().expect("reads").len(), 0);
    }

    #[test]
    fn a_folder_is_made_for_us_and_not_for_everybody() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("a/b");
        folder(&path).expect("makes it");
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o002, 0);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("is ours");
        folder(&path).expect("is ours all the same");
        assert!(free(&path).is_some_and(|bytes| bytes > 0));
    }
}
