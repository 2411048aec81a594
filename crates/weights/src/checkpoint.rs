//! A checkpoint of any family, opened: its config, its description, and its tensors under our names, still in the file.
//!
//! Opening reads headers and shapes only; weights are read when a tensor is used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rinalmo_model::{ModelConfig, TensorSpec};
use rinalmo_seq::alphabet::VOCABULARY;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::archive::{Archive, Format, Span, shards};
use crate::dtype::Dtype;
use crate::error::{Error, Mismatch};
use crate::family::calibration::Calibration;
use crate::family::document::{Document, HEADER_KEY, Scaler, check_values, task};
use crate::family::{Family, Sorted};
use crate::infer;
use crate::members;
use crate::place::Place;
use crate::prefix;
use crate::sizes::{self, foreign};
use crate::tensor::Tensor;

/// How to open a checkpoint.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Attention heads, if neither the file nor its description gives them. Without them a model of a published size
    /// gets the published 20; any other is an error.
    pub heads: Option<usize>,
    /// Which of several models in one file; the first when not given. See [`Checkpoint::members`].
    pub member: Option<String>,
}

impl OpenOptions {
    /// Sets [`OpenOptions::heads`].
    #[must_use]
    pub fn heads(mut self, heads: impl Into<Option<usize>>) -> Self {
        self.heads = heads.into();
        self
    }

    /// Sets [`OpenOptions::member`].
    #[must_use]
    pub fn member(mut self, member: impl Into<Option<String>>) -> Self {
        self.member = member.into();
        self
    }
}

/// Everything about a model that is neither a size nor a weight.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Metadata {
    /// The model's name: from its description, else from its path.
    pub name: String,
    /// What it does: `mlm`, `encoder`, `structure`, `mrl`, `splice` or `family`.
    pub task: &'static str,
    /// The family of its tensor names.
    pub family: Family,
    /// The format of its file.
    pub format: Format,
    /// Type of most of its weights.
    pub dtype: Dtype,
    /// Probability above which positions pair, tuned on a validation set.
    pub threshold: Option<f32>,
    /// How pairs are chosen, if its description says so.
    pub decode: Option<String>,
    /// How probabilities of pairs are calibrated, if its description says so.
    pub calibration: Option<Calibration>,
    /// The inverse scaling of a ribosome load.
    pub scaler: Option<Scaler>,
    /// Tokens in the order of their ids.
    pub vocabulary: Vec<String>,
    /// Names of the classes.
    pub labels: Option<Vec<String>>,
    /// Where the weights come from, in words.
    pub provenance: Option<String>,
    /// Their licence.
    pub license: Option<String>,
}

/// A weight that is not finite: the file is damaged, or its training diverged.
#[derive(Debug, Clone, PartialEq)]
pub struct NotFinite {
    /// The tensor, as [`ModelConfig::manifest`] spells it.
    pub tensor: String,
    /// The index of the value, from 0.
    pub index: usize,
    /// NaN or an infinity.
    pub value: f32,
}

impl std::fmt::Display for NotFinite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { tensor, index, value } = self;
        write!(f, "tensor `{tensor}` holds {value} (value {index})")
    }
}

/// An opened checkpoint: complete, and of one model.
#[derive(Debug)]
pub struct Checkpoint {
    /// The model's sizes.
    pub config: ModelConfig,
    /// Everything else about it.
    pub meta: Metadata,
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
    members: Vec<String>,
    files: Vec<Span>,
    sha256: OnceLock<String>,
}

impl Checkpoint {
    /// Opens a file or a folder; the format is recognised by content, not by name.
    ///
    /// # Errors
    /// It cannot be read, is damaged or hostile, holds another model, or tensors are missing, unused or of another
    /// shape: then all of them are listed.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self, Error> {
        let place = Place::find(path.as_ref())?;
        let archive = if place.is_index() { shards::open(&place.file)? } else { Archive::open(&place.file)? };
        Self::assemble(archive, place, options)
    }

    /// Opens a file of only adapters and a head that were trained on `base`, as a complete model: `base`'s weights with
    /// these added. `None` if the file is a complete model on its own, or describes no adapters.
    ///
    /// # Errors
    /// It cannot be read, or does not fit a model of `base`'s sizes.
    pub fn open_beside(path: impl AsRef<Path>, base: &Self) -> Result<Option<Self>, Error> {
        let path = path.as_ref();
        if !path.is_file() {
            return Ok(None);
        }
        let archive = Archive::open(path)?;
        let Some(text) = archive.metadata.get(HEADER_KEY) else { return Ok(None) };
        let document = Document::parse(text).map_err(|reason| Error::config(path, reason))?;
        if document.config.encoder.lora.is_none() || archive.tensors.contains_key("encoder.embedding") {
            return Ok(None);
        }
        let (theirs, ours) = (&document.config.encoder, &base.config.encoder);
        if theirs.clone().with_lora(None) != ours.clone().with_lora(None) {
            return Err(Error::config(
                path,
                format!(
                    "its adapters are for an encoder of width {} and {} blocks, {} has width {} and {} blocks",
                    theirs.dim,
                    theirs.blocks,
                    base.path().display(),
                    ours.dim,
                    ours.blocks
                ),
            ));
        }
        let mut place = Place::bare(path.into(), document.name.clone());
        let mut sorted = Family::Own.sort(&archive, &place.side);
        for TensorSpec { name, .. } in document.config.manifest() {
            if let (None, Some(shared)) = (sorted.tensors.get(&name), base.tensors.get(&name)) {
                sorted.tensors.insert(name, shared.clone());
            }
        }
        let mismatch = infer::compare(&sorted, &document.config, &place.name);
        if !mismatch.is_empty() {
            return Err(Error::Mismatch { path: path.into(), mismatch: Box::new(mismatch) });
        }
        let config = document.config.clone();
        place.document = Some(document);
        let meta = metadata(path, &archive, place, Family::Own, &config, &sorted.tensors)?;
        let (tensors, members, files) = (sorted.tensors, Vec::new(), archive.files);
        Ok(Some(Self { config, meta, path: path.into(), tensors, members, files, sha256: OnceLock::new() }))
    }

    /// Opens a single-file checkpoint of our own form that is built into the program. Nothing is copied.
    ///
    /// # Errors
    /// Those of [`Checkpoint::open`].
    pub fn from_static(bytes: &'static [u8], member: Option<&str>) -> Result<Self, Error> {
        let file = PathBuf::from("(built-in model)");
        let archive =
            Archive::parse(Span::fixed(bytes)).map_err(|fault| Error::Archive { path: file.clone(), fault })?;
        let place = Place::bare(file, "built-in".into());
        Self::assemble(archive, place, &OpenOptions { member: member.map(str::to_owned), ..OpenOptions::default() })
    }

    fn assemble(mut archive: Archive, mut place: Place, options: &OpenOptions) -> Result<Self, Error> {
        let path = place.file.clone();
        let members = members::documents(&archive).map_err(|reason| Error::config(&path, reason))?;
        let chosen = members::choose(&mut archive, &members, options.member.as_deref());
        let chosen = chosen.map_err(|reason| Error::config(&path, reason))?;
        prefix::strip(&mut archive);
        let family = Family::detect(&archive).ok_or_else(|| foreign(&path, &archive))?;
        place.keep_what_describes(family);
        if let Some(text) = archive.metadata.get(HEADER_KEY) {
            place.document = Some(Document::parse(text).map_err(|reason| Error::config(&path, reason))?);
        }
        place.document = chosen.or(place.document);
        let sorted = family.sort(&archive, &place.side);
        let config = sizes::find(&archive, &place, family, &sorted, options)?;
        let mismatch = infer::compare(&sorted, &config, &place.name);
        if !mismatch.is_empty() {
            return Err(Error::Mismatch { path, mismatch: Box::new(mismatch) });
        }
        let meta = metadata(&path, &archive, place, family, &config, &sorted.tensors)?;
        let members = members.into_keys().collect();
        let (tensors, files) = (sorted.tensors, archive.files);
        Ok(Self { config, meta, path, tensors, members, files, sha256: OnceLock::new() })
    }

    /// The file or folder of the tensors.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the further models in the same file, see [`OpenOptions::member`].
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// Bytes of the file that holds them, or of all files.
    pub fn file_len(&self) -> usize {
        self.files.iter().map(Span::len).sum()
    }

    /// The tensor of this name, as [`ModelConfig::manifest`] spells it.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// Every tensor with its name, sorted by name.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// SHA-256 of the file that holds the tensors, in hexadecimal; of several files one after the other, in the order
    /// of their names. Computed on first use.
    pub fn sha256(&self) -> &str {
        const CHUNK: usize = 8 << 20; // bytes; the pages read are released after each, so memory stays small
        self.sha256.get_or_init(|| {
            let mut hash = Sha256::new();
            for file in &self.files {
                for start in (0..file.len()).step_by(CHUNK) {
                    if let Some(chunk) = file.slice(start..file.len().min(start + CHUNK)) {
                        hash.update(chunk.bytes());
                        chunk.release();
                    }
                }
            }
            hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
        })
    }

    /// The first of its weights that is not finite.
    pub fn first_not_finite(&self) -> Option<NotFinite> {
        self.tensors().find_map(|(name, tensor)| {
            let (index, value) = tensor.first_not_finite()?;
            Some(NotFinite { tensor: name.to_owned(), index, value })
        })
    }

    /// Checks that this is a checkpoint of a model of these sizes.
    ///
    /// # Errors
    /// [`Error::Mismatch`], listing every tensor that does not fit and the preset that would.
    pub fn require(&self, config: &ModelConfig) -> Result<(), Error> {
        let sorted = Sorted { tensors: self.tensors.clone(), ..Sorted::default() };
        let mismatch = infer::compare(&sorted, config, "");
        if mismatch.is_empty() { Ok(()) } else { Err(self.mismatch(mismatch)) }
    }

    pub(crate) fn mismatch(&self, mismatch: Mismatch) -> Error {
        Error::Mismatch { path: self.path.clone(), mismatch: Box::new(mismatch) }
    }

    /// The description that our own form stores.
    pub fn document(&self) -> Document {
        let meta = self.meta.clone();
        Document {
            threshold: meta.threshold,
            decode: meta.decode,
            calibration: meta.calibration,
            scaler: meta.scaler,
            labels: meta.labels,
            provenance: meta.provenance,
            license: meta.license,
            task: meta.task.to_owned(),
            ..Document::new(meta.name, self.config.clone())
        }
    }
}

fn metadata(
    path: &Path,
    archive: &Archive,
    place: Place,
    family: Family,
    config: &ModelConfig,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<Metadata, Error> {
    let number = |name| archive.number(name).map(|number| number as f32);
    let dtype = tensors.values().max_by_key(|tensor| tensor.count()).map_or(Dtype::F32, |tensor| tensor.dtype);
    let mut meta = Metadata {
        name: place.name,
        task: task(config),
        family,
        format: archive.format,
        dtype,
        threshold: number("threshold"),
        decode: None,
        calibration: None,
        scaler: number("scaler._mean").zip(number("scaler._std")).map(|(mean, std)| Scaler { mean, std }),
        vocabulary: VOCABULARY.map(String::from).to_vec(),
        labels: None,
        provenance: None,
        license: None,
    };
    check_values(meta.threshold, meta.scaler).map_err(|reason| Error::config(path, reason))?;
    if let Some(document) = place.document {
        meta.task = document.does().unwrap_or(meta.task);
        meta.name = document.name;
        meta.threshold = document.threshold.or(meta.threshold);
        meta.scaler = document.scaler.or(meta.scaler);
        (meta.decode, meta.calibration) = (document.decode, document.calibration);
        (meta.labels, meta.provenance, meta.license) = (document.labels, document.provenance, document.license);
    }
    Ok(meta)
}
