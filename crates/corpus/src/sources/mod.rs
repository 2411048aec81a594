//! The public sources of sequences that the paper names, fetched into a folder: once, complete, checked, resumable.
//!
//! A [`Request`] names a source, one of its parts if it has any, and a release: `rnacentral`, `rfam:RF00005@15.0`,
//! `ensembl:homo_sapiens@113`. Its files go to `<folder>/<source>/<release>/`, each with a record of where it came from
//! (`<file>.json`). Existing files are kept, even if the publisher has newer ones, until a new download is forced;
//! with all files in place no network is needed.
//!
//! ```no_run
//! use rinalmo_corpus::sources::{self, Options, Request};
//!
//! let request: Request = "ensembl:homo_sapiens@113".parse()?;
//! for file in sources::fetch(&request, &Options::new("data"), &mut |_| ())? {
//!     println!("{}", file.path.display());
//! }
//! # Ok::<(), rinalmo_corpus::sources::Error>(())
//! ```

mod ensembl;
mod error;
mod request;
mod table;

use std::path::PathBuf;

pub use error::Error;
pub use request::Request;
pub use rinalmo_download::{Error as TransferError, FetchedFile, Options as Transfer, Progress, Record};

use rinalmo_download::{Job, Plan};

/// A publisher's collection of sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Short name, unique in the table; also the name of its folder.
    pub name: &'static str,
    /// What it is, in a line.
    pub description: &'static str,
    /// Licence or terms, as the publisher states them.
    pub license: &'static str,
    /// Approximate size in bytes from an earlier download; a file is checked against the size that the server
    /// announces.
    pub size: Option<u64>,
    /// Whether it is so large that [`Options::large`] must be set.
    pub large: bool,
    /// Something to know before use.
    pub note: Option<&'static str>,
    /// Scheme and host.
    pub host: &'static str,
    /// Folder of the newest release on the host.
    pub current: &'static str,
    /// Folder of a release, written `{release}` in it; `None` if only the newest is kept.
    pub released: Option<&'static str>,
    /// Which files.
    pub files: Files,
}

/// The files of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// One file of this name; a second one with its checksum may be next to it, whose name has this ending.
    One {
        /// Its name.
        name: &'static str,
        /// The ending, `.md5`.
        sums: Option<&'static str>,
    },
    /// One of this name with everything, and one of each Rfam family.
    Families {
        /// The name of the first.
        all: &'static str,
    },
    /// One of each species, in a folder `<species>/ncrna`; its name contains the assembly.
    Species,
}

impl Source {
    /// The form of a request for it.
    pub fn usage(&self) -> String {
        let part = match self.files {
            Files::One { .. } => "",
            Files::Families { .. } => "[:RF00001]",
            Files::Species => "[:species]",
        };
        let release = if self.released.is_some() { "[@release]" } else { "" };
        format!("{}{part}{release}", self.name)
    }

    /// Address of the folder of a release, or of the newest one.
    pub fn url(&self, release: Option<&str>) -> String {
        format!("{}/{}", self.host, self.path(release))
    }

    fn path(&self, release: Option<&str>) -> String {
        match release.zip(self.released) {
            Some((release, folder)) => folder.replace("{release}", release),
            None => self.current.to_owned(),
        }
    }
}

/// Every source.
pub fn all() -> &'static [Source] {
    table::SOURCES
}

/// The source of this name.
pub fn find(name: &str) -> Option<&'static Source> {
    all().iter().find(|source| source.name.eq_ignore_ascii_case(name))
}

/// Where to keep files, and how to fetch them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The folder that has a folder for each source.
    pub folder: PathBuf,
    /// Replaces `https://<host>`: a server with a copy of the publisher's folders.
    pub mirror: Option<String>,
    /// Fetch what is [large](Source::large) too.
    pub large: bool,
    /// Options of the transfer, such as retries and whether to fetch existing files again.
    pub transfer: Transfer,
}

impl Options {
    /// Fetches from the publishers into this folder, without large files.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), mirror: None, large: false, transfer: Transfer::default() }
    }
}

/// Fetches the files of a request into their folder, unless they are there.
///
/// # Errors
/// There is no such species or release, the file is large and that was not allowed, a server cannot be reached (the
/// message says which file to put where by hand) or keeps failing, a size or checksum is wrong, or the disk cannot be
/// written. Files that were finished before stay, and the same call continues from there.
pub fn fetch(
    request: &Request,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<FetchedFile>, Error> {
    let place = Place::of(request, options);
    match (request.source().files, request.part()) {
        (Files::One { name, sums }, _) => place.fetch(name, sums, progress),
        (Files::Families { all }, None) => place.fetch(all, None, progress),
        (Files::Families { .. }, Some(family)) => place.fetch(&format!("{family}.fa.gz"), None, progress),
        (Files::Species, Some(species)) => ensembl::fetch(&place, species, progress),
        (Files::Species, None) => ensembl::fetch_all(&place, progress),
    }
}

/// A release of a source: where its files are and where they go.
struct Place<'a> {
    source: &'static Source,
    options: &'a Options,
    /// Without a slash at the end.
    url: String,
    folder: PathBuf,
}

impl<'a> Place<'a> {
    fn of(request: &Request, options: &'a Options) -> Self {
        let (source, release) = (request.source(), request.release());
        let host = options.mirror.as_deref().unwrap_or(source.host).trim_end_matches('/');
        let folder = options.folder.join(source.name).join(release.unwrap_or("current"));
        Self { source, options, url: format!("{host}/{}", source.path(release)), folder }
    }

    fn job(&self, url: &str) -> Result<Job, Error> {
        Ok(Job { license: Some(self.source.license), ..Job::new(url, &self.folder)? })
    }

    /// Fetches one file by its name.
    fn fetch(
        &self,
        name: &str,
        sums: Option<&str>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<FetchedFile>, Error> {
        let url = format!("{}/{name}", self.url);
        let sums = sums.map(|ending| format!("{url}{ending}"));
        let job = Job { sums, ..self.job(&url)? };
        let here = job.path.is_file() && !self.options.transfer.force;
        if self.source.large && !self.options.large && !here {
            let size = rinalmo_download::size(&url, &[job.wanted()], &self.options.transfer)?;
            return Err(Error::Large { name: self.source.name, url, size });
        }
        self.fetch_job(job, progress)
    }

    fn fetch_job(&self, job: Job, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Vec<FetchedFile>, Error> {
        let plan = Plan { folder: self.folder.clone(), jobs: vec![job] };
        Ok(rinalmo_download::fetch(&plan, &self.options.transfer, progress)?)
    }
}
