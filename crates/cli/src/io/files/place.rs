//! Which file a path stands for: through links, `..`, and before the file exists.

use std::fs::{DirEntry, Metadata};
use std::path::{Component, Path, PathBuf};

/// How many links are followed in a row, as in Linux.
const LINKS: usize = 40;

/// A regular file, or the place where one would be created.
#[derive(Clone, Debug)]
pub struct Place {
    id: Option<(u64, u64)>,
    path: PathBuf,
}

impl Place {
    /// The place of a path; `None` for folders and for anything that is no regular file, such as `/dev/null` or a pipe,
    /// as those are not overwritten.
    pub fn of(path: &Path) -> Option<Self> {
        match std::fs::metadata(path) {
            Ok(about) if !about.is_file() => None,
            Ok(about) => Some(Self { id: id(&about), path: path.canonicalize().unwrap_or_else(|_| absolute(path)) }),
            Err(_) => Some(Self { id: None, path: absolute(&target(path)) }),
        }
    }

    /// The place of an open stream without a path, if it is a regular file.
    pub fn of_open(about: &Metadata) -> Option<Self> {
        let id = id(about).filter(|_| about.is_file())?;
        Some(Self { id: Some(id), path: PathBuf::new() })
    }

    /// Are both the same file?
    pub fn is(&self, other: &Self) -> bool {
        let one_path = self.path == other.path && !self.path.as_os_str().is_empty();
        one_path || (self.id.is_some() && self.id == other.id)
    }

    /// Does the file exist?
    pub fn exists(&self) -> bool {
        self.id.is_some() || self.path.exists()
    }

    /// Does its name have this ending, in upper or lower case?
    pub fn ends_in(&self, ending: &str) -> bool {
        self.path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending))
    }

    /// Could this entry of a folder be the file, as far as its metadata say?
    #[cfg(unix)]
    pub fn may_be(&self, entry: &DirEntry) -> bool {
        use std::os::unix::fs::DirEntryExt;
        self.id.is_some_and(|(_, number)| number == entry.ino())
    }

    /// Could this entry of a folder be the file, as far as its metadata say?
    #[cfg(not(unix))]
    pub fn may_be(&self, _: &DirEntry) -> bool {
        false
    }

    /// Is it in this folder itself?
    pub fn is_directly_in(&self, folder: &Path) -> bool {
        let folder = folder.canonicalize().unwrap_or_else(|_| absolute(folder));
        self.path.parent() == Some(&folder)
    }

    /// Is it in this folder or one of its subfolders?
    pub fn is_within(&self, folder: &Path) -> bool {
        folder.canonicalize().is_ok_and(|folder| self.path.starts_with(folder))
    }
}

#[cfg(unix)]
fn id(about: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// The target of a link to a file that does not exist yet: writing to the link creates that file.
fn target(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Ok(next) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    path
}

/// The path of a file that may not exist: its folder without links, or at least without `.` and `..`.
fn absolute(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let (Ok(folder), Some(name)) = (folder.canonicalize(), path.file_name()) {
        return folder.join(name);
    }
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_file_is_one_place_under_all_its_names() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("a"), "a").unwrap();
        std::fs::write(at("other"), "a").unwrap();
        std::fs::hard_link(at("a"), at("hard")).unwrap();
        symlink("a", at("soft")).unwrap();
        symlink("../soft", at("sub/far")).unwrap();
        symlink(".", at("here")).unwrap();
        let is = |one: &str, other: &str| Place::of(&at(one)).unwrap().is(&Place::of(&at(other)).unwrap());
        for name in ["a", "./a", "sub/../a", "hard", "soft", "sub/far", "here/a", "here/here/hard"] {
            assert!(is("a", name), "{name}");
        }
        assert!(!is("a", "other") && !is("a", "new"));

        symlink("new", at("dangling")).unwrap();
        for name in ["new", "sub/../new", "here/new", "dangling"] {
            assert!(is("new", name), "{name}");
        }
        assert!(is("no/folder/x", "no/./other/../folder/x") && !is("no/x", "no/y"));
        assert!(Place::of(&at("sub")).is_none() && Place::of(Path::new("/dev/null")).is_none());
        assert!(Place::of(&at("sub/../soft")).unwrap().is_within(&at("here")));
        assert!(!Place::of(&at("a")).unwrap().is_within(&at("sub")));
    }
}
