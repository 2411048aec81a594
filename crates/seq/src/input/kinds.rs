//! Kinds of files, told by the endings of their names.

use std::io;
use std::path::{Path, PathBuf};

/// Endings of compressed files; what is below them tells the kind.
const COMPRESSED: [&str; 5] = ["gz", "zst", "xz", "bz2", "bgz"];

/// Which ending, in lower case, means which kind.
#[derive(Debug, Clone, Copy)]
pub struct Kinds<K: 'static>(pub &'static [(&'static str, K)]);

impl<K: Copy> Kinds<K> {
    /// The kind that a file's name tells, compressed or not.
    pub fn of(&self, path: &Path) -> Option<K> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        let mut endings = name.rsplit('.');
        let last = endings.next()?;
        let ending = if COMPRESSED.contains(&last) { endings.next()? } else { last };
        self.find(ending)
    }

    /// All files of a known kind in a folder and those within it, by name.
    ///
    /// # Errors
    /// The folder that cannot be read, and why.
    pub fn files(&self, folder: &Path) -> Result<Vec<(PathBuf, K)>, (PathBuf, io::Error)> {
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|source| (folder.to_owned(), source))?;
        let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
        paths.sort();
        let mut found = Vec::new();
        for path in paths {
            if path.is_dir() {
                found.extend(self.files(&path)?);
            } else if let Some(kind) = self.of(&path) {
                found.push((path, kind));
            }
        }
        Ok(found)
    }

    /// A file's name without the endings of known kinds and compressions.
    pub fn stem(&self, path: &Path) -> String {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut stem = name.as_str();
        while let Some((before, ending)) = stem.rsplit_once('.') {
            if before.is_empty() || !COMPRESSED.contains(&ending) && self.find(ending).is_none() {
                break;
            }
            stem = before;
        }
        stem.to_owned()
    }

    fn find(&self, ending: &str) -> Option<K> {
        self.0.iter().find(|(known, _)| *known == ending).map(|&(_, kind)| kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: Kinds<char> = Kinds(&[("fa", 'f'), ("ct", 'c')]);

    #[test]
    fn endings_tell_the_kind_below_a_compression() {
        let of = |name: &str| KINDS.of(Path::new(name));
        assert_eq!(["a.fa", "b/a.CT.gz", "a.b.fa.zst"].map(of), [Some('f'), Some('c'), Some('f')]);
        assert_eq!(["a.md", "gz", "a.gz", ""].map(of), [None; 4]);
    }

    #[test]
    fn a_stem_has_no_known_ending_and_is_never_empty() {
        let stem = |name: &str| KINDS.stem(Path::new(name));
        assert_eq!(["b/x_1.ct", "x.fa.gz", "x.1.ct", ".ct"].map(stem), ["x_1", "x", "x.1", ".ct"]);
    }

    #[test]
    fn folders_are_gone_through_by_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        ["b/z.ct", "c.fa", "a.fa.gz", "notes.md"]
            .iter()
            .for_each(|name| std::fs::write(folder.path().join(name), "").unwrap());
        let found = KINDS.files(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|(path, kind)| (KINDS.stem(path), *kind)).collect();
        assert_eq!(names, [("a".into(), 'f'), ("z".into(), 'c'), ("c".into(), 'f')]);
        let (missing, _) = KINDS.files(&folder.path().join("nowhere")).unwrap_err();
        assert!(missing.ends_with("nowhere"));
    }
}
