//! The published RiNALMo models by short name: their addresses, tasks, and the sizes and checksums of their files.
//!
//! Two publishers are known. The authors' own files are record 15043668 on Zenodo (one `.pt` each); MultiMolecule
//! re-publishes the encoders, and one structure model, on Hugging Face as folders. A size or a checksum that could
//! not be confirmed is `None`, and then a download is checked against what the server itself declares.

mod table;

use rinalmo_download::Expected;
use rinalmo_model::TaskSpec;

/// The publisher of a model, with the number or name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A Zenodo record; its files never change.
    Zenodo {
        /// Number of the record.
        record: u64,
    },
    /// A Hugging Face repository.
    HuggingFace {
        /// `owner/name`.
        repo: &'static str,
        /// Branch, tag or commit.
        revision: &'static str,
    },
}

impl Source {
    /// Address of one of its files.
    pub fn url(&self, file: &str) -> String {
        match self {
            Source::Zenodo { record } => {
                format!("https://zenodo.org/records/{record}/files/{file}")
            }
            Source::HuggingFace { repo, revision } => {
                format!("https://huggingface.co/{repo}/resolve/{revision}/{file}")
            }
        }
    }

    /// The page for a browser.
    pub fn page(&self) -> String {
        match self {
            Source::Zenodo { record } => format!("https://zenodo.org/records/{record}"),
            Source::HuggingFace { repo, .. } => format!("https://huggingface.co/{repo}"),
        }
    }
}

/// One file of a model; `None` means that a fact could not be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Name, the same in the source and in the cache.
    pub name: &'static str,
    /// Size in bytes.
    pub size: Option<u64>,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: Option<&'static str>,
    /// MD5 in lower-case hexadecimal.
    pub md5: Option<&'static str>,
}

impl File {
    /// Its known size and checksums.
    pub(crate) fn expected(&self) -> Expected {
        Expected { size: self.size, sha256: self.sha256.map(Into::into), md5: self.md5.map(Into::into), sum: None }
    }
}

/// One published model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Short name, unique in the table; also the name of its cache folder.
    pub name: &'static str,
    /// Preset of the encoder: `giga`, `mega` or `micro`; the model's own name if it is another paper's.
    pub preset: &'static str,
    /// What it does.
    pub task: &'static TaskSpec,
    /// One line for a listing.
    pub description: &'static str,
    /// Its publisher.
    pub source: Source,
    /// Its files; the weights come first.
    pub files: &'static [File],
    /// Licence of the weights as their publisher states it (an SPDX identifier).
    pub license: &'static str,
    /// The ArchiveII family that this model did *not* see in training, so the one it may be tested on.
    pub held_out: Option<&'static str>,
    /// Something to know before use.
    pub note: Option<&'static str>,
}

impl Entry {
    /// The file that holds the weights.
    pub fn weights(&self) -> &'static File {
        &self.files[0]
    }

    /// Whether the model is a folder of several files rather than one file.
    pub fn is_folder(&self) -> bool {
        self.files.len() > 1
    }

    /// Address of one of its files.
    pub fn url(&self, file: &File) -> String {
        self.source.url(file.name)
    }

    /// Size of all its files in bytes, if each is known.
    pub fn size(&self) -> Option<u64> {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Every name of this entry: short name, published file name, repository.
    fn answers_to(&self, name: &str) -> bool {
        let published = match self.source {
            Source::Zenodo { .. } => self.weights().name,
            Source::HuggingFace { repo, .. } => repo,
        };
        name.eq_ignore_ascii_case(self.name) || name == published
    }
}

/// Every published model, pre-trained ones first.
pub fn all() -> &'static [Entry] {
    table::ENTRIES
}

/// The model of this short name (upper or lower case), published file name or Hugging Face repository.
pub fn find(name: &str) -> Option<&'static Entry> {
    let name = name.trim();
    all().iter().find(|entry| entry.answers_to(name))
}

/// The short name nearest to a mistyped one, if any is near enough to be meant.
pub fn nearest(name: &str) -> Option<&'static str> {
    rinalmo_seq::words::nearest(name, all().iter().map(|entry| entry.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_has_three_pretrained_and_fifteen_fine_tuned_files() {
        let zenodo: Vec<_> =
            all().iter().filter(|e| matches!(e.source, Source::Zenodo { record: 15_043_668 })).collect();
        assert_eq!(zenodo.iter().filter(|e| e.task.name == "mlm").count(), 3);
        assert_eq!(zenodo.iter().filter(|e| e.task.name != "mlm").count(), 15);
        assert!(zenodo.iter().all(|e| e.files.len() == 1 && e.weights().name.starts_with("rinalmo_")));
    }

    #[test]
    fn names_and_files_are_unique() {
        let mut names: Vec<_> = all().iter().map(|e| e.name).collect();
        let mut urls: Vec<_> = all().iter().flat_map(|e| e.files.iter().map(|f| e.url(f))).collect();
        let (count_names, count_urls) = (names.len(), urls.len());
        names.sort_unstable();
        names.dedup();
        urls.sort_unstable();
        urls.dedup();
        assert_eq!((names.len(), urls.len()), (count_names, count_urls));
    }

    #[test]
    fn every_model_has_weights_first() {
        let weights = |name: &str| name.ends_with(".pt") || name.ends_with(".safetensors");
        assert!(all().iter().all(|e| e.files.first().is_some_and(|file| weights(file.name))));
    }

    #[test]
    fn names_are_safe_as_folder_names() {
        let safe = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(all().iter().all(|e| safe(e.name)));
    }

    #[test]
    fn checksums_are_well_formed() {
        let hex =
            |text: &str, digits| text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        for file in all().iter().flat_map(|e| e.files) {
            assert!(file.sha256.is_none_or(|sum| hex(sum, 64)), "{}", file.name);
            assert!(file.md5.is_none_or(|sum| hex(sum, 32)), "{}", file.name);
        }
    }

    #[test]
    fn only_archive2_models_hold_a_family_out() {
        for entry in all() {
            assert_eq!(entry.held_out.is_some(), entry.weights().name.contains("archiveII"), "{}", entry.name);
            assert!(
                entry.held_out.is_none_or(|family| { entry.weights().name.contains(&format!("archiveII-{family}_")) })
            );
        }
    }

    #[test]
    fn a_model_is_found_by_any_of_its_names() {
        assert_eq!(find("giga").map(|e| e.weights().name), Some("rinalmo_giga_pretrained.pt"));
        assert_eq!(find(" GIGA-MRL ").map(|e| e.name), Some("giga-mrl"));
        assert_eq!(find("rinalmo_giga_ss_archiveII-tmRNA_ft.pt").and_then(|e| e.held_out), Some("tmRNA"));
        assert_eq!(find("multimolecule/rinalmo-mega").map(|e| e.name), Some("hf-mega"));
        assert_eq!(find("tera"), None);
    }

    #[test]
    fn a_typo_finds_its_model_and_nonsense_finds_none() {
        assert_eq!(nearest("gigga"), Some("giga"));
        assert_eq!(nearest("giga_structure_bprn"), Some("giga-structure-bprna"));
        assert_eq!(nearest("mikro"), Some("micro"));
        assert_eq!(nearest("zzzzzz"), None);
    }

    #[test]
    fn addresses_are_those_of_the_publishers() {
        let url = |name: &str| find(name).map(|e| e.url(e.weights())).unwrap_or_default();
        assert_eq!(url("giga"), "https://zenodo.org/records/15043668/files/rinalmo_giga_pretrained.pt");
        assert_eq!(url("hf-giga"), "https://huggingface.co/multimolecule/rinalmo-giga/resolve/main/model.safetensors");
    }
}
