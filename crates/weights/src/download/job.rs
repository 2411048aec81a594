//! From a model or an address to the list of files to fetch, each with its address, its path, and what is known about
//! it.

use std::path::PathBuf;

use rinalmo_download::{Job, Plan, parse_sha256, sha256_of};

use super::{Error, FetchOptions};
use crate::registry::{Entry, File, Source};

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

/// The files of a request.
pub(super) fn plan(what: What<'_>, options: &FetchOptions) -> Result<Plan, Error> {
    let given = options.sha256.as_deref().map(parse_sha256).transpose()?;
    let mut plan = match what {
        What::Entry(entry) => of_entry(entry, options)?,
        What::Url(url) => of_url(url, options)?,
    };
    if given.is_some() {
        plan.jobs[0].expected.sha256 = given;
    }
    Ok(plan)
}

/// The files of a published model.
pub(super) fn of_entry(entry: &Entry, options: &FetchOptions) -> Result<Plan, Error> {
    let folder = options.models()?.join(entry.name);
    let mirror = options.mirror.as_deref().map(|mirror| mirror.trim_end_matches('/'));
    let job = |file: &File| Job {
        file: file.name.to_owned(),
        url: match mirror {
            Some(mirror) => format!("{mirror}/{}/{}", entry.name, file.name),
            None => entry.url(file),
        },
        path: folder.join(file.name),
        expected: file.expected(),
        license: Some(entry.license),
        declares: file.sha256.is_none() && matches!(entry.source, Source::HuggingFace { .. }),
        sums: None,
    };
    Ok(Plan { jobs: entry.files.iter().map(job).collect(), folder })
}

/// The folder name has a part of the address's hash, so that two files of one name do not collide.
fn of_url(url: &str, options: &FetchOptions) -> Result<Plan, Error> {
    let folder = options.models()?.join(format!("url-{}", &sha256_of(url.trim())[..12]));
    Ok(Plan { jobs: vec![Job::new(url, &folder)?], folder })
}

/// The path for a loader: the file, or the folder of several.
pub(super) fn path(plan: &Plan) -> PathBuf {
    if plan.jobs.len() > 1 { plan.folder.clone() } else { plan.jobs[0].path.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry;

    fn options() -> FetchOptions {
        FetchOptions { home: Some("/home".into()), ..FetchOptions::new() }
    }

    #[test]
    fn one_file_is_loaded_by_its_path_and_several_by_their_folder() {
        let path = |name| {
            let entry = registry::find(name).expect("in the table");
            plan(What::Entry(entry), &options()).map(|plan| super::path(&plan)).ok()
        };
        assert_eq!(path("micro"), Some("/home/models/micro/rinalmo_micro_pretrained.pt".into()));
        assert_eq!(path("hf-micro"), Some("/home/models/hf-micro".into()));
    }

    #[test]
    fn a_mirror_replaces_the_publisher() {
        let options = FetchOptions { mirror: Some("http://mirror.lab:8000/m/".into()), ..options() };
        let plan = of_entry(registry::find("micro").expect("in the table"), &options).expect("plans");
        assert_eq!(plan.jobs[0].url, "http://mirror.lab:8000/m/micro/rinalmo_micro_pretrained.pt");
    }

    #[test]
    fn a_given_checksum_is_for_the_weights_and_must_be_well_formed() {
        let sha256 = Some("AB".repeat(32));
        let entry = registry::find("hf-micro").expect("in the table");
        let plan = super::plan(entry.into(), &FetchOptions { sha256, ..options() }).expect("plans");
        assert_eq!(plan.jobs[0].expected.sha256, Some("ab".repeat(32)));
        assert_eq!(plan.jobs[1].expected.sha256, None);
        let wrong = FetchOptions { sha256: Some("abc".into()), ..options() };
        assert!(matches!(
            super::plan(entry.into(), &wrong),
            Err(Error::Transfer(rinalmo_download::Error::BadChecksum { .. }))
        ));
    }

    #[test]
    fn files_of_one_name_from_two_addresses_are_kept_apart() {
        let path = |url| plan(What::Url(url), &options()).map(|plan| super::path(&plan)).ok();
        assert_ne!(path("http://a/m.pt"), path("http://b/m.pt"));
        assert!(path("http://a/m.pt").is_some_and(|path| path.ends_with("m.pt")));
    }
}
