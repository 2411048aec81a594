//! Named raw tensors in a file: read-only, mapped into memory, and knowing nothing of models or of tensors that
//! compute.
//!
//! Three formats are distinguished by their content, never by their names: safetensors, PyTorch's zip of a pickle, and
//! the stream PyTorch wrote before it. Pickles are read by our own machine, which can only build containers and
//! tensors, so opening a file from an unknown source executes nothing.

mod pickle;
mod raw;
mod safetensors;
pub(crate) mod shards;
mod storage;
mod torch;
mod torch_legacy;
mod torch_zip;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rinalmo_seq::input::Contents;
use serde::Serialize;

pub use raw::RawTensor;
pub use storage::Span;

use crate::error::{Error, Fault};

/// How a file holds its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A JSON header and bytes.
    Safetensors,
    /// PyTorch since 1.6: a zip with one pickle and one entry a storage.
    TorchZip,
    /// PyTorch before 1.6: pickles and storages one after the other.
    TorchLegacy,
}

impl Format {
    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::TorchZip => "PyTorch zip",
            Self::TorchLegacy => "PyTorch legacy stream",
        }
    }
}

/// A file's tensors by name, with the numbers and texts saved with them.
#[derive(Debug)]
pub struct Archive {
    /// The format of the file.
    pub format: Format,
    /// The tensors; nested dictionaries are joined by dots.
    pub tensors: BTreeMap<String, RawTensor>,
    /// Plain numbers.
    pub numbers: BTreeMap<String, f64>,
    /// Text of a safetensors header.
    pub metadata: HashMap<String, String>,
    /// The whole file, or all files that its tensors are spread over.
    pub files: Vec<Span>,
}

impl Archive {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Archive`], naming the file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let span = Span::map(path).map_err(|cause| Error::io(path, cause))?;
        Self::parse(span).map_err(|fault| Error::Archive { path: path.into(), fault })
    }

    /// Reads bytes that are already in memory.
    ///
    /// # Errors
    /// They are of no known format, damaged, or ask for something that no checkpoint needs.
    pub fn parse(file: Span) -> Result<Self, Fault> {
        let bytes = file.bytes();
        if bytes.is_empty() {
            return Err(Fault::Unsupported("the file is empty".into()));
        }
        if safetensors::is(bytes) {
            return safetensors::parse(file);
        }
        if bytes.starts_with(b"PK") {
            return torch_zip::parse(file);
        }
        if bytes.first() == Some(&pickle::PROTO) {
            return torch_legacy::parse(file);
        }
        let contents = Contents::of(&bytes[..bytes.len().min(4096)]);
        if contents == Contents::Tar {
            let advice = "as PyTorch wrote them before 0.1.10; save it again with a newer PyTorch, or unpack it";
            return Err(Fault::Unsupported(format!("this is a tar archive, {advice}")));
        }
        if safetensors::might_be(bytes) {
            return safetensors::parse(file);
        }
        Err(Fault::Unsupported(contents.instead_of("a checkpoint: safetensors or a PyTorch `.pt`")))
    }

    /// A number that was saved plain or as a tensor of one element.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied().or_else(|| self.tensors.get(name)?.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(bytes: &[u8]) -> String {
        Archive::parse(Span::owned(bytes.to_vec())).unwrap_err().to_string()
    }

    #[test]
    fn a_header_length_that_looks_like_another_format_does_not_mislead() {
        for length in [0x80, 0x3e, 0x4b50, 0x8b1f] {
            let mut bytes = u64::to_le_bytes(length).to_vec();
            bytes.extend(b"{}");
            bytes.resize(8 + length as usize, b' ');
            assert!(Archive::parse(Span::owned(bytes)).unwrap().tensors.is_empty());
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_called_by_its_name() {
        assert_eq!(complaint(b""), "the file is empty");
        let expected = "expected a checkpoint: safetensors or a PyTorch `.pt`";
        assert_eq!(complaint(b">seq\nACGU\n"), format!("this is a FASTA file, {expected}"));
        assert!(complaint(b"version https://git-lfs.github.com/spec/v1\n").contains("git lfs pull"));
        assert_eq!(complaint(b"hello, world, how are you"), format!("this is a text file, {expected}"));
        let mut tar = vec![0; 512];
        tar[..8].copy_from_slice(b"sys_info");
        tar[257..262].copy_from_slice(b"ustar");
        assert!(complaint(&tar).contains("before 0.1.10"));
    }
}
