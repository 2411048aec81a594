//! What the user requests: `name[:part][@release]`.

use std::fmt;
use std::str::FromStr;

use super::{Error, Files, Source, find};

/// A source, or a part of it, at a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    source: &'static Source,
    part: Option<String>,
    release: Option<String>,
}

impl Request {
    /// The source.
    pub fn source(&self) -> &'static Source {
        self.source
    }

    /// The species or family; without one, all of them.
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }

    /// The release; without one, the newest.
    pub fn release(&self) -> Option<&str> {
        self.release.as_deref()
    }

    /// The same at this release, unless it names one or its source keeps only the newest.
    ///
    /// # Errors
    /// The text is not a release.
    pub fn or_release(mut self, release: &str) -> Result<Self, Error> {
        if self.release.is_none() && self.source.released.is_some() {
            self.release = Some(release_of(self.source, release)?);
        }
        Ok(self)
    }
}

impl FromStr for Request {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (rest, release) = match text.trim().split_once('@') {
            Some((rest, release)) => (rest, Some(release)),
            None => (text.trim(), None),
        };
        let (name, part) = match rest.split_once(':') {
            Some((name, part)) => (name, Some(part)),
            None => (rest, None),
        };
        let source = find(name).ok_or_else(|| Error::UnknownSource { name: name.to_owned() })?;
        let part = part.map(|part| part_of(source, part)).transpose()?;
        let release = release.map(|release| release_of(source, release)).transpose()?;
        Ok(Self { source, part, release })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.name)?;
        self.part.iter().try_for_each(|part| write!(f, ":{part}"))?;
        self.release.iter().try_for_each(|release| write!(f, "@{release}"))
    }
}

/// A species as Ensembl spells it, or a family; both become parts of addresses and paths.
fn part_of(source: &'static Source, text: &str) -> Result<String, Error> {
    let refuse = |expected| Error::Part { source_name: source.name, found: text.to_owned(), expected };
    match source.files {
        Files::One { .. } => Err(refuse("no part, it is one file")),
        Files::Families { .. } => {
            let family = text.trim().to_ascii_uppercase();
            let digits = family.strip_prefix("RF").filter(|rest| rest.len() == 5);
            let good = digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            if good { Ok(family) } else { Err(refuse("a family, such as RF00005")) }
        }
        Files::Species => {
            let species = text.trim().to_ascii_lowercase().replace(' ', "_");
            let word =
                |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            // Small genomes are gathered in folders: `fungi_ascomycota1_collection/<species>`.
            let good = species.split('/').all(word) && species.split('/').count() <= 2;
            if good { Ok(species) } else { Err(refuse("a species, such as homo_sapiens")) }
        }
    }
}

/// A release as its publisher writes it in addresses.
fn release_of(source: &'static Source, text: &str) -> Result<String, Error> {
    let refuse = |expected| Error::Release { source_name: source.name, found: text.to_owned(), expected };
    if source.released.is_none() {
        return Err(refuse("none, only the newest is kept"));
    }
    let release = text.trim();
    let good = release.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !good {
        return Err(refuse("a number, such as 113 or 15.0"));
    }
    // EBI's folders are called 24.0 and 15.0.
    let integer = !release.contains('.') && source.files != Files::Species;
    Ok(if integer { format!("{release}.0") } else { release.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> String {
        text.parse::<Request>().map_or_else(|error| error.to_string(), |request| request.to_string())
    }

    #[test]
    fn requests_are_read_as_people_write_them() {
        for (typed, meant) in [
            ("rnacentral", "rnacentral"),
            ("RNAcentral@24", "rnacentral@24.0"),
            (" rfam:rf00005@14.10 ", "rfam:RF00005@14.10"),
            ("ensembl:Homo sapiens@113", "ensembl:homo_sapiens@113"),
            ("ensembl@113", "ensembl@113"),
            ("ensembl-fungi:fungi_a_collection/x_y", "ensembl-fungi:fungi_a_collection/x_y"),
            ("nt", "nt"),
        ] {
            assert_eq!(spelled(typed), meant);
        }
    }

    #[test]
    fn what_is_no_request_is_refused_with_what_was_expected() {
        for (typed, words) in [
            ("rna-central", "no source is called `rna-central`"),
            ("", "no source is called ``"),
            ("nt:human", "no part"),
            ("nt@5", "only the newest"),
            ("rfam:5S", "RF00005"),
            ("ensembl:../../etc", "homo_sapiens"),
            ("ensembl:a/b/c", "homo_sapiens"),
            ("ensembl:homo_sapiens@", "a number"),
            ("rfam@current", "a number"),
        ] {
            let said = spelled(typed);
            assert!(said.contains(words), "{typed}: {said}");
        }
    }

    #[test]
    fn a_release_for_all_is_taken_where_there_is_room_for_one() {
        let with = |text: &str| text.parse::<Request>().and_then(|r| r.or_release("110")).map(|r| r.to_string()).ok();
        assert_eq!(with("ensembl:homo_sapiens").as_deref(), Some("ensembl:homo_sapiens@110"));
        assert_eq!(with("ensembl:homo_sapiens@113").as_deref(), Some("ensembl:homo_sapiens@113"));
        assert_eq!(with("nt").as_deref(), Some("nt"));
    }
}
