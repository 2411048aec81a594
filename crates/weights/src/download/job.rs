//! From a model or an address to the list of files to bring, each with where from, where to, and what it should be.

use std::path::PathBuf;

use super::digest::{Expected, parse_sha256, sha256_of};
use super::{Error, Options, Wanted};
use crate::registry::{Entry, Source};

/// What to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'a> {
    /// A published model.
    Entry(&'a Entry),
    /// A file at an `http://` or `https://` address.
    Url(&'a str),
}

impl<'a> From<&'a Entry> for What<'a> {
    fn from(entry: &'a Entry) -> Self {
        What::Entry(entry)
    }
}

impl<'a> From<&'a str> for What<'a> {
    fn from(url: &'a str) -> Self {
        What::Url(url)
    }
}

/// One file to bring.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// Bare name.
    pub file: String,
    /// Where from.
    pub url: String,
    /// Where to.
    pub path: PathBuf,
    pub expected: Expected,
    pub license: Option<&'static str>,
    /// Whether the server may declare a SHA-256 when asked, as Hugging Face does.
    pub declares: bool,
}

/// The files of one model and the folder they share; there is at least one.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub folder: PathBuf,
    pub jobs: Vec<Job>,
}

impl Plan {
    pub fn new(what: What<'_>, options: &Options) -> Result<Self, Error> {
        let given = options.sha256.as_deref().map(parse_sha256).transpose()?;
        let mut plan = match what {
            What::Entry(entry) => Self::of_entry(entry, options)?,
            What::Url(url) => Self::of_url(url, options)?,
        };
        if given.is_some() {
            plan.jobs[0].expected.sha256 = given;
        }
        Ok(plan)
    }

    pub fn of_entry(entry: &Entry, options: &Options) -> Result<Self, Error> {
        let folder = options.models()?.join(entry.name);
        let mirror = options.mirror.as_deref().map(|mirror| mirror.trim_end_matches('/'));
        let job = |file: &crate::registry::File| Job {
            file: file.name.to_owned(),
            url: match mirror {
                Some(mirror) => format!("{mirror}/{}/{}", entry.name, file.name),
                None => entry.url(file),
            },
            path: folder.join(file.name),
            expected: Expected { size: file.size, sha256: file.sha256.map(Into::into), md5: file.md5.map(Into::into) },
            license: Some(entry.license),
            declares: file.sha256.is_none() && matches!(entry.source, Source::HuggingFace { .. }),
        };
        Ok(Self { jobs: entry.files.iter().map(job).collect(), folder })
    }

    /// The folder carries a piece of the address's hash, so that two files of one name do not meet.
    fn of_url(url: &str, options: &Options) -> Result<Self, Error> {
        let url = url.trim();
        let file = file_name(url).ok_or_else(|| Error::BadUrl { url: url.to_owned() })?;
        let folder = options.models()?.join(format!("url-{}", &sha256_of(url)[..12]));
        let path = folder.join(&file);
        let (url, expected) = (url.to_owned(), Expected::default());
        Ok(Self { jobs: vec![Job { file, url, path, expected, license: None, declares: false }], folder })
    }

    /// The name to show for the whole: that of its weights.
    pub fn name(&self) -> &str {
        &self.jobs[0].file
    }

    /// The files that are not in place, or that `bad` says are no good.
    pub fn wanted(&self, bad: impl Fn(&Job) -> bool) -> Vec<Wanted> {
        let missing = self.jobs.iter().filter(|job| !job.path.is_file() || bad(job));
        missing.map(|job| Wanted { url: job.url.clone(), path: job.path.clone() }).collect()
    }

    /// What a loader takes: the file, or the folder of several.
    pub fn path(&self) -> PathBuf {
        if self.jobs.len() > 1 { self.folder.clone() } else { self.jobs[0].path.clone() }
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
    use crate::registry;

    fn options() -> Options {
        Options { home: Some("/home".into()), ..Options::new() }
    }

    #[test]
    fn one_file_is_loaded_by_its_path_and_several_by_their_folder() {
        let path = |name| {
            let entry = registry::find(name).expect("in the table");
            Plan::new(What::Entry(entry), &options()).map(|plan| plan.path()).ok()
        };
        assert_eq!(path("micro"), Some("/home/models/micro/rinalmo_micro_pretrained.pt".into()));
        assert_eq!(path("hf-micro"), Some("/home/models/hf-micro".into()));
    }

    #[test]
    fn a_mirror_replaces_the_publisher() {
        let options = Options { mirror: Some("http://mirror.lab:8000/m/".into()), ..options() };
        let plan = Plan::of_entry(registry::find("micro").expect("in the table"), &options).expect("plans");
        assert_eq!(plan.jobs[0].url, "http://mirror.lab:8000/m/micro/rinalmo_micro_pretrained.pt");
    }

    #[test]
    fn a_given_checksum_is_for_the_weights_and_must_be_well_formed() {
        let sha256 = Some("AB".repeat(32));
        let entry = registry::find("hf-micro").expect("in the table");
        let plan = Plan::new(entry.into(), &Options { sha256, ..options() }).expect("plans");
        assert_eq!(plan.jobs[0].expected.sha256, Some("ab".repeat(32)));
        assert_eq!(plan.jobs[1].expected.sha256, None);
        let wrong = Options { sha256: Some("abc".into()), ..options() };
        assert!(matches!(Plan::new(entry.into(), &wrong), Err(Error::BadChecksum { .. })));
    }

    #[test]
    fn file_names_come_from_addresses_safely() {
        assert_eq!(file_name("https://h/a/b.pt?download=1").as_deref(), Some("b.pt"));
        assert_eq!(file_name("http://h:80/b%2F..c d.pt#x").as_deref(), Some("b_2F..c_d.pt"));
        for wrong in ["ftp://h/a", "https://h", "https://h/", "https:///a", "https://h/..", "a.pt"] {
            assert_eq!(file_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn files_of_one_name_from_two_addresses_are_kept_apart() {
        let path = |url| Plan::new(What::Url(url), &options()).map(|plan| plan.path()).ok();
        assert_ne!(path("http://a/m.pt"), path("http://b/m.pt"));
        assert!(path("http://a/m.pt").is_some_and(|path| path.ends_with("m.pt")));
    }
}
