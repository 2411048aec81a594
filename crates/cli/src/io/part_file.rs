//! A text file that gets its name once it is complete.
//!
//! It is written under another name next to the old one and renamed at the end, so a full disk or a crash leaves the
//! old file as it was. A run that is stopped gives its complete batches the name only if there is no old file: a part
//! does not replace a whole. A path that is no regular file (`/dev/stdout`, a pipe) is written directly.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// How many names are tried for the unfinished file.
const NAMES: usize = 100;

/// An open file. If it is dropped without [`PartFile::put`], it is removed.
#[derive(Debug)]
pub struct PartFile {
    file: File,
    /// The final name, and the name until then; `None` for a path that is written directly.
    names: Option<(PathBuf, PathBuf)>,
    /// Whether an older file has the final name.
    replaces: bool,
    /// Bytes up to the last complete batch.
    complete: u64,
    written: u64,
}

impl PartFile {
    /// Creates a file that will be called `path`.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn create(path: &Path) -> Result<Self> {
        let about = std::fs::metadata(path).ok();
        let opened = match &about {
            Some(about) if !about.is_file() => OpenOptions::new().write(true).open(path).map(|file| (file, None)),
            _ => create_next_to(path, about.as_ref()).map(|(file, names)| (file, Some(names))),
        };
        let (file, names) = opened.with_context(|| format!("{}: cannot be written", path.display()))?;
        Ok(Self { file, names, replaces: about.is_some(), complete: 0, written: 0 })
    }

    /// Marks everything written so far as complete: a run that is stopped here keeps it.
    pub fn mark(&mut self) {
        self.complete = self.written;
    }

    /// Syncs the file to the disk, so that delayed errors show.
    ///
    /// # Errors
    /// Writing fails.
    pub fn sync(&self) -> io::Result<()> {
        if self.names.is_some() { self.file.sync_all() } else { Ok(()) }
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// Renaming fails; the old file is kept.
    pub fn put(mut self) -> io::Result<()> {
        let Some((path, part)) = self.names.take() else { return Ok(()) };
        let named = std::fs::rename(&part, &path);
        named.inspect_err(|_| drop(std::fs::remove_file(&part)))
    }

    /// The same with only the complete batches of a run that was stopped; without any, the file is removed. They do not
    /// replace an older file: then they keep the other name, which is returned.
    ///
    /// # Errors
    /// As [`PartFile::put`].
    pub fn put_complete(mut self) -> io::Result<Option<PathBuf>> {
        if self.names.is_none() || self.complete == 0 {
            return Ok(None);
        }
        self.file.set_len(self.complete)?;
        match self.names.take_if(|_| self.replaces) {
            Some((_, part)) => Ok(Some(part)),
            None => self.put().map(|()| None),
        }
    }
}

impl PartFile {
    /// Gives up after an error: complete batches are kept under the other name, and the error says so.
    pub fn keep_complete(mut self, error: io::Error) -> io::Error {
        match self.names.take_if(|_| self.complete > 0 && self.file.set_len(self.complete).is_ok()) {
            None => error,
            Some((_, part)) => {
                let text = format!("{error}; {}", kept(&part));
                io::Error::new(error.kind(), text)
            }
        }
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if let Some((_, part)) = &self.names {
            let _ = std::fs::remove_file(part); // the error that matters was reported
        }
    }
}

/// Where finished records are.
pub fn kept(part: &Path) -> String {
    format!("finished records are kept in {}", part.display())
}

/// A new file next to `path`, with its final name and the name until then.
fn create_next_to(path: &Path, about: Option<&std::fs::Metadata>) -> io::Result<(File, (PathBuf, PathBuf))> {
    // A link stays a link: its target is replaced.
    let path = path.canonicalize().or_else(|_| std::path::absolute(path))?;
    if about.is_some_and(|about| about.permissions().readonly()) {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let mut error = ErrorKind::AlreadyExists.into();
    for number in 1..=NAMES {
        let part = part_name(&path, number);
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Ok(file) => {
                if let Some(about) = about {
                    let _ = file.set_permissions(about.permissions()); // as they were, if the system allows it
                }
                return Ok((file, (path, part)));
            }
            Err(found) if found.kind() == ErrorKind::AlreadyExists => error = found,
            Err(found) => return Err(found),
        }
    }
    Err(error)
}

/// The name of a file that is not complete yet.
fn part_name(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(if number == 1 { ".part".into() } else { format!(".{number}.part") });
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_completely_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "old").unwrap();
        let begin = || {
            let mut file = PartFile::create(&path).unwrap();
            file.write_all(b"new").unwrap();
            file
        };
        drop(begin());
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), names(folder.path()).len()), ("old", 1));
        assert_eq!(begin().put_complete().unwrap(), None);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old", "nothing was marked as complete");
        let mut file = begin();
        file.mark();
        file.write_all(b" and half").unwrap();
        assert_eq!(names(folder.path()), ["a", "a.part"]);
        let part = file.put_complete().unwrap().unwrap();
        assert_eq!(
            (part.file_name(), std::fs::read(&part).unwrap().as_slice()),
            (Some("a.part".as_ref()), &b"new"[..])
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old", "a part does not replace a whole");
        std::fs::remove_file(part).unwrap();
        begin().put().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["a"]);
        std::fs::remove_file(&path).unwrap();
        let mut file = begin();
        file.mark();
        assert_eq!(file.put_complete().unwrap(), None);
        assert_eq!(names(folder.path()), ["a"], "nothing was there before");
    }

    #[test]
    fn a_file_of_another_run_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.part"), "records").unwrap();
        PartFile::create(&folder.path().join("a")).unwrap().put().unwrap();
        assert_eq!(names(folder.path()), ["a", "a.part"]);
        assert_eq!(std::fs::read_to_string(folder.path().join("a.part")).unwrap(), "records");
    }

    #[test]
    #[cfg(unix)]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "old").unwrap();
        std::fs::set_permissions(at("file"), PermissionsExt::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        let mut file = PartFile::create(&at("link")).unwrap();
        file.write_all(b"new").unwrap();
        file.put().unwrap();
        assert_eq!(std::fs::read_to_string(at("file")).unwrap(), "new");
        assert!(at("link").is_symlink());
        assert_eq!(std::fs::metadata(at("file")).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
