//! What can go wrong between a request and its files.

use std::fmt::Write as _;

/// Failure to understand a request or to fetch its files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No source has this name.
    #[error("no source is called `{name}`\nhint: known sources are {}", names())]
    UnknownSource {
        /// The name as given.
        name: String,
    },

    /// The source has no such part.
    #[error("{source_name}: `{found}`: expected {expected}")]
    Part {
        /// Short name of the source.
        source_name: &'static str,
        /// The part as given.
        found: String,
        /// The form of parts.
        expected: &'static str,
    },

    /// The source has no such release.
    #[error("{source_name}: release `{found}`: expected {expected}")]
    Release {
        /// Short name of the source.
        source_name: &'static str,
        /// The release as given.
        found: String,
        /// The form of releases.
        expected: &'static str,
    },

    /// The publisher has no file of this species.
    #[error(
        "{url}: holds no `.ncrna.fa.gz` of `{species}`\nhint: check species and release; those there are listed at {list}"
    )]
    NoSpecies {
        /// Address of the folder that was searched.
        url: String,
        /// The species as it was looked for.
        species: String,
        /// Address of the list of species.
        list: String,
    },

    /// The file is so large that it must be requested explicitly, with [`Options::large`](super::Options::large).
    #[error(
        "{name}: {} at {url}; a file this large is fetched only on request",
        size.map_or("a file of unknown, large size".to_owned(), gigabytes)
    )]
    Large {
        /// Short name of the source.
        name: &'static str,
        /// Its address.
        url: String,
        /// Bytes, as the server says.
        size: Option<u64>,
    },

    /// A file could not be fetched or is not what it should be.
    #[error(transparent)]
    Transfer(#[from] rinalmo_download::Error),
}

fn names() -> String {
    super::all().iter().enumerate().fold(String::new(), |mut text, (i, source)| {
        let comma = if i == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{}", source.usage());
        text
    })
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
