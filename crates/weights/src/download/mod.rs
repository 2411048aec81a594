//! Fetches published models into a cache, and finds them there.
//!
//! Crate `rinalmo-download` fetches a file once, complete and checked; this module knows which files a model has and
//! where they belong. Without a network the same folders work: put the file there, or [`adopt`] it.
//!
//! ```no_run
//! use rinalmo_weights::{download, registry};
//!
//! let entry = registry::find("micro").expect("it is in the table");
//! let fetched = download::fetch(entry, &download::FetchOptions::default(), &mut |_| ())?;
//! println!("{}", fetched.path.display());
//! # Ok::<(), download::Error>(())
//! ```

mod cache;
mod error;
mod job;
mod options;

use std::path::PathBuf;

pub use cache::{Verified, adopt, cached, locate, verify};
pub use error::Error;
pub use job::What;
pub use options::FetchOptions;
pub use rinalmo_download::{Digests, Error as TransferError, FetchedFile, Progress, Record, Wanted};

/// A model that is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What to load: the file, or the folder of a model that has several.
    pub path: PathBuf,
    /// Its files, the weights first.
    pub files: Vec<FetchedFile>,
}

/// Fetches a published model, or the file at an address, into the cache; existing files that verify are kept.
///
/// # Errors
/// The address or checksum is malformed, the server cannot be reached or refuses, the connection keeps failing, size or
/// checksum are wrong, or the disk cannot be written. The final name then has the previous file, or
/// none.
pub fn fetch<'a>(
    what: impl Into<What<'a>>,
    options: &FetchOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Fetched, Error> {
    let plan = job::plan(what.into(), options)?;
    let files = rinalmo_download::fetch(&plan, &options.transfer(), progress)?;
    Ok(Fetched { path: job::path(&plan), files })
}
