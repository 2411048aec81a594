//! What to bring: files of one folder, each with where from, where to, and what it should be.

use std::path::{Path, PathBuf};

use super::{Error, Expected, Wanted};

/// One file to bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Bare name, for messages.
    pub file: String,
    /// Where from.
    pub url: String,
    /// Where to; a path in the folder of the plan.
    pub path: PathBuf,
    /// What is known of it beforehand.
    pub expected: Expected,
    /// Licence, to be kept in the record.
    pub license: Option<&'static str>,
    /// Whether the server may declare a SHA-256 when asked, as Hugging Face does.
    pub declares: bool,
    /// Address of a list of checksums that may name the file; asked only when the file itself is fetched.
    pub sums: Option<String>,
}

impl Job {
    /// A file of which nothing is known but where it is, to be kept in a folder under its own name.
    ///
    /// # Errors
    /// The text is not the `http://` or `https://` address of a file.
    pub fn new(url: &str, folder: &Path) -> Result<Self, Error> {
        let url = url.trim().to_owned();
        let file = file_name(&url).ok_or_else(|| Error::BadUrl { url: url.clone() })?;
        let (path, expected) = (folder.join(&file), Expected::default());
        Ok(Self { file, url, path, expected, license: None, declares: false, sums: None })
    }

    /// Where the file is to be had and where it belongs, for a person.
    pub fn wanted(&self) -> Wanted {
        Wanted { url: self.url.clone(), path: self.path.clone() }
    }
}

/// Files and the folder they share, which one process at a time writes; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The folder, made where it is missing.
    pub folder: PathBuf,
    /// The files.
    pub jobs: Vec<Job>,
}

impl Plan {
    /// The name to show for the whole: that of its first file.
    pub fn name(&self) -> &str {
        self.jobs.first().map_or("nothing", |job| &job.file)
    }

    /// The files that are not in place, or that `bad` says are no good.
    pub fn wanted(&self, bad: impl Fn(&Job) -> bool) -> Vec<Wanted> {
        self.jobs.iter().filter(|job| !job.path.is_file() || bad(job)).map(Job::wanted).collect()
    }
}

/// The last piece of an address, made safe as a file name.
fn file_name(url: &str) -> Option<String> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme))?;
    let (host, path) = rest.split(['?', '#']).next()?.split_once('/')?;
    let last = path.rsplit('/').next()?;
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }
    };
    let name: String = last.chars().map(safe).collect();
    (!host.is_empty() && !name.trim_start_matches('.').is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_come_from_addresses_safely() {
        assert_eq!(file_name("https://h/a/b.pt?download=1").as_deref(), Some("b.pt"));
        assert_eq!(file_name("http://h:80/b%2F..c d.pt#x").as_deref(), Some("b_2F..c_d.pt"));
        for wrong in ["ftp://h/a", "https://h", "https://h/", "https:///a", "https://h/..", "a.pt"] {
            assert_eq!(file_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_job_is_made_of_an_address_and_a_folder() {
        let job = Job::new(" https://h/a/b.fa.gz ", Path::new("/data")).expect("an address");
        assert_eq!((job.url.as_str(), job.path.as_path()), ("https://h/a/b.fa.gz", Path::new("/data/b.fa.gz")));
        assert!(matches!(Job::new("b.fa.gz", Path::new("/data")), Err(Error::BadUrl { .. })));
    }
}
