//! What to fetch: files of one folder, each with its address, its path, and what is known about it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::record::with_suffix;
use super::{Error, Expected, Wanted};

/// One file to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Bare name, for messages.
    pub file: String,
    /// Its address.
    pub url: String,
    /// Its path in the folder of the plan.
    pub path: PathBuf,
    /// What is known of it in advance.
    pub expected: Expected,
    /// Licence, to be kept in the record.
    pub license: Option<&'static str>,
    /// Whether the server may declare a SHA-256 in its answer, as Hugging Face does.
    pub declares: bool,
    /// Address of a list of checksums that may name the file; requested only when the file itself is fetched.
    pub sums: Option<String>,
}

impl Job {
    /// A file of which only the address is known, to be kept in a folder under its own name.
    ///
    /// # Errors
    /// The text is not the `http://` or `https://` address of a file.
    pub fn new(url: &str, folder: &Path) -> Result<Self, Error> {
        let url = url.trim().to_owned();
        let file = file_name(&url).ok_or_else(|| Error::BadUrl { url: url.clone() })?;
        let (path, expected) = (folder.join(&file), Expected::default());
        Ok(Self { file, url, path, expected, license: None, declares: false, sums: None })
    }

    /// The address and path of the file, for messages.
    pub fn wanted(&self) -> Wanted {
        Wanted { url: self.url.clone(), path: self.path.clone() }
    }
}

/// Files and the folder they share, which one process at a time writes; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The folder, which is created if it is missing.
    pub folder: PathBuf,
    /// The files.
    pub jobs: Vec<Job>,
}

impl Plan {
    /// The name to show for the plan: that of its first file.
    pub fn name(&self) -> &str {
        self.jobs.first().map_or("nothing", |job| &job.file)
    }

    /// Rejects files that would overwrite each other, or each other's records and parts.
    pub(super) fn check(&self) -> Result<(), Error> {
        let names = |job: &Job| ["", ".json", ".part", ".part.json"].map(|ending| with_suffix(&job.path, ending));
        let mut seen = HashSet::from([self.folder.join(".lock")]);
        match self.jobs.iter().flat_map(names).find(|path| !seen.insert(path.clone())) {
            Some(path) => Err(Error::SameName { path }),
            None => Ok(()),
        }
    }

    /// The files that are not in place, or that `bad` says are unusable.
    pub fn wanted(&self, bad: impl Fn(&Job) -> bool) -> Vec<Wanted> {
        self.jobs.iter().filter(|job| !job.path.is_file() || bad(job)).map(Job::wanted).collect()
    }
}

/// How many letters of a file name are kept, from its end.
const LONGEST_NAME: usize = 200;

/// The last piece of an address, made safe as a file name.
fn file_name(url: &str) -> Option<String> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme))?;
    let (host, path) = rest.split(['?', '#']).next()?.split_once('/')?;
    let last = path.rsplit('/').next()?;
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }
    };
    let name: String = last.chars().map(safe).collect();
    let plain = name.trim_start_matches('.');
    if host.is_empty() || plain.is_empty() {
        return None;
    }
    // A leading dot would hide the file, or make it the lock; a long name has no space left for our endings.
    let plain = &plain[plain.len().saturating_sub(LONGEST_NAME)..];
    Some(if plain.len() < name.len() { format!("_{plain}") } else { plain.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_come_from_addresses_safely() {
        assert_eq!(file_name("https://h/a/b.pt?download=1").as_deref(), Some("b.pt"));
        assert_eq!(file_name("http://h:80/b%2F..c d.pt#x").as_deref(), Some("b_2F..c_d.pt"));
        assert_eq!(file_name("http://h/.lock").as_deref(), Some("_lock"));
        assert_eq!(file_name("http://h/a/...hidden").as_deref(), Some("_hidden"));
        let long = file_name(&format!("http://h/{}.pt", "x".repeat(4000))).expect("a name");
        assert!(long.len() == 201 && long.ends_with("x.pt"));
        for wrong in ["ftp://h/a", "https://h", "https://h/", "https:///a", "https://h/..", "a.pt"] {
            assert_eq!(file_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn files_that_would_meet_are_refused() {
        let plan = |names: &[&str]| {
            let job = |name: &&str| Job::new(&format!("http://h/{name}"), Path::new("/data")).expect("an address");
            Plan { folder: "/data".into(), jobs: names.iter().map(job).collect() }
        };
        assert!(plan(&["a.pt", "config.json", "b.pt"]).check().is_ok());
        for names in [["a", "a"], ["a", "a.json"], ["a.part", "a"], ["a.part.json", "a"]] {
            assert!(matches!(plan(&names).check(), Err(Error::SameName { .. })), "{names:?}");
        }
    }

    #[test]
    fn a_job_is_made_of_an_address_and_a_folder() {
        let job = Job::new(" https://h/a/b.fa.gz ", Path::new("/data")).expect("an address");
        assert_eq!((job.url.as_str(), job.path.as_path()), ("https://h/a/b.fa.gz", Path::new("/data/b.fa.gz")));
        assert!(matches!(Job::new("b.fa.gz", Path::new("/data")), Err(Error::BadUrl { .. })));
    }
}
