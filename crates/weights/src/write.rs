//! Writes a checkpoint: tensor by tensor, so that the largest model needs no second copy in memory, and to a temporary
//! file that takes the final name only when it is complete and on disk.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use rinalmo_model::{Activation, Design};

use crate::checkpoint::Checkpoint;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::family::document::HEADER_KEY;
use crate::family::official_name;
use crate::members::{self, MEMBERS_KEY};
use crate::multimolecule;
use crate::tensor::Tensor;

/// The layout of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Our own format in one safetensors file, the description in its header.
    #[default]
    Own,
    /// Our own format in a folder: `model.safetensors` and `config.json`.
    OwnFolder,
    /// The released code's names in one safetensors file, threshold and scaler as tensors.
    Official,
    /// A folder that the multimolecule library's `from_pretrained` opens; see [`crate::multimolecule`].
    Multimolecule,
}

/// How to write a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Names and files.
    pub layout: Layout,
    /// Type of the weights: f32, f16 or bf16; as they are when `None`. Vectors (norms, biases, β) are sensitive and
    /// tiny, so in half precision they are f32 nevertheless; matrices and convolutions are rounded to the nearest, ties
    /// to even.
    pub dtype: Option<Dtype>,
}

impl WriteOptions {
    /// Sets [`WriteOptions::layout`].
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Sets [`WriteOptions::dtype`].
    #[must_use]
    pub fn dtype(mut self, dtype: impl Into<Option<Dtype>>) -> Self {
        self.dtype = dtype.into();
        self
    }
}

/// A tensor to be written.
pub(crate) struct Entry<'a> {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) source: Source<'a>,
}

/// The source of its values.
pub(crate) enum Source<'a> {
    Tensor(&'a Tensor),
    Rows(&'a Tensor, Range<usize>),
    Values(Vec<f32>),
    Number(f32),
}

impl Checkpoint {
    /// Writes the checkpoint to `path`: a file, or for [`Layout::OwnFolder`] and [`Layout::Multimolecule`] a folder,
    /// which is created if it does not exist. An existing file is replaced when the new one is complete.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Overflow`] for weights that f16 cannot hold.
    pub fn write(&self, path: impl AsRef<Path>, options: &WriteOptions) -> Result<(), Error> {
        self.write_with(&[], path, options)
    }

    /// Writes further models into the same file of [`Layout::Own`]: of each, only the tensors that it does not share,
    /// by name and value, with this one. They have the names that their descriptions give them.
    ///
    /// # Errors
    /// Those of [`Checkpoint::write`], or two have the same name.
    pub fn write_with(
        &self,
        members: &[Checkpoint],
        path: impl AsRef<Path>,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let path = path.as_ref();
        if !members.is_empty() && options.layout != Layout::Own {
            return Err(Error::config(
                path,
                "several models in one file can be written only in our own format".to_owned(),
            ));
        }
        let mut documents = BTreeMap::new();
        for member in members {
            let name = member.meta.name.clone();
            if name == self.meta.name || documents.insert(name.clone(), member.document()).is_some() {
                return Err(Error::config(path, format!("two models are called `{name}`; give one another name")));
            }
        }
        if let Some(dtype) = options.dtype.filter(|dtype| !dtype.holds_weights()) {
            return Err(Error::config(path, format!("weights cannot be written as {dtype}; choose f32, f16 or bf16")));
        }
        if let (Layout::Official, Some(head)) = (options.layout, &self.config.head)
            && !head.is_published()
        {
            let reason = format!("the released code has no {} head to name; choose our own format", head.task());
            return Err(Error::config(path, reason));
        }
        if options.layout == Layout::Official && self.config.encoder.design != Design::Rinalmo {
            return Err(Error::config(path, "the released code has no encoder of this design; choose our own format"));
        }
        if options.layout == Layout::Multimolecule {
            return multimolecule::write(self, path, options);
        }
        let (mut entries, document) = (self.entries(options), self.document());
        for member in members {
            let own = members::own(member, self);
            let of_it = member.entries(options).into_iter().filter(|entry| own.contains(&entry.name.as_str()));
            entries.extend(of_it.map(|entry| Entry { name: members::key(&member.meta.name, &entry.name), ..entry }));
        }
        sort(&mut entries);
        match options.layout {
            Layout::Own | Layout::Official => {
                let text =
                    |text: serde_json::Result<String>| text.map_err(|error| Error::config(path, error.to_string()));
                let mut header = vec![(HEADER_KEY, text(serde_json::to_string(&document))?)];
                if !documents.is_empty() {
                    header.push((MEMBERS_KEY, text(serde_json::to_string(&documents))?));
                }
                write_safetensors(path, &header, entries)
            }
            // Multimolecule's folder is written above.
            Layout::OwnFolder | Layout::Multimolecule => {
                fs::create_dir_all(path).map_err(|cause| Error::io(path, cause))?;
                let config = path.join("config.json");
                let text = serde_json::to_string_pretty(&document)
                    .map_err(|error| Error::config(&config, error.to_string()))?;
                write_safetensors(&path.join("model.safetensors"), &[], entries)?;
                atomically(&config, |out| writeln!(out, "{text}").map_err(|cause| Error::io(&config, cause)))
            }
        }
    }

    /// The tensors to be written.
    fn entries(&self, options: &WriteOptions) -> Vec<Entry<'_>> {
        let gelu = self.config.encoder.activation == Activation::Gelu;
        let official = options.layout == Layout::Official;
        let mut entries: Vec<_> = self
            .tensors()
            .map(|(name, tensor)| Entry {
                name: official
                    .then(|| official_name(name, self.config.head.as_ref(), gelu))
                    .flatten()
                    .unwrap_or_else(|| name.to_owned()),
                dtype: dtype_of(tensor, options),
                shape: tensor.shape.clone(),
                source: Source::Tensor(tensor),
            })
            .collect();
        if official {
            let scaler = self.meta.scaler;
            let numbers = [
                ("threshold", self.meta.threshold),
                ("scaler._mean", scaler.map(|scaler| scaler.mean)),
                ("scaler._std", scaler.map(|scaler| scaler.std)),
            ];
            entries.extend(numbers.into_iter().filter_map(|(name, number)| {
                let source = Source::Number(number?);
                Some(Entry { name: name.into(), dtype: Dtype::F32, shape: vec![1], source })
            }));
        }
        entries
    }
}

/// The type that a tensor is written in.
pub(crate) fn dtype_of(tensor: &Tensor, options: &WriteOptions) -> Dtype {
    match options.dtype.unwrap_or(tensor.dtype) {
        Dtype::F16 | Dtype::Bf16 if options.dtype.is_some() && tensor.shape.len() == 1 => Dtype::F32,
        dtype => dtype,
    }
}

/// Sorts by type, the widest first, so that every tensor is aligned.
pub(crate) fn sort(entries: &mut [Entry<'_>]) {
    entries.sort_by(|a, b| b.dtype.size().cmp(&a.dtype.size()).then_with(|| a.name.cmp(&b.name)));
}

pub(crate) fn write_safetensors(path: &Path, texts: &[(&str, String)], entries: Vec<Entry<'_>>) -> Result<(), Error> {
    let header = header(texts, &entries);
    atomically(path, |out| {
        let failed = |cause| Error::io(path, cause);
        out.write_all(&(header.len() as u64).to_le_bytes()).map_err(failed)?;
        out.write_all(&header).map_err(failed)?;
        entries.iter().try_for_each(|entry| entry.write(out, path))
    })
}

/// The JSON header, padded with spaces to a multiple of eight bytes.
fn header(texts: &[(&str, String)], entries: &[Entry<'_>]) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut metadata = serde_json::json!({ "format": "pt" }); // what the Python libraries look for
    for (key, text) in texts {
        metadata[*key] = text.as_str().into();
    }
    header.insert("__metadata__".into(), metadata);
    let mut at = 0;
    for entry in entries {
        let end = at + entry.shape.iter().product::<usize>() * entry.dtype.size();
        let about = serde_json::json!({
            "dtype": entry.dtype.name().to_uppercase(), "shape": entry.shape, "data_offsets": [at, end],
        });
        header.insert(entry.name.clone(), about);
        at = end;
    }
    let mut text = serde_json::Value::from(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    text
}

impl Entry<'_> {
    fn write(&self, out: &mut dyn Write, path: &Path) -> Result<(), Error> {
        let failed = |cause| Error::io(path, cause);
        match &self.source {
            Source::Number(number) => out.write_all(&number.to_le_bytes()).map_err(failed),
            Source::Values(values) => out.write_all(&self.encode(values)?).map_err(failed),
            Source::Rows(tensor, rows) => {
                let (values, width) = (tensor.to_f32(), tensor.count() / tensor.shape[0].max(1));
                let part = &values[rows.start * width..rows.end * width];
                out.write_all(&self.encode(part)?).map_err(failed)
            }
            Source::Tensor(tensor) => {
                match tensor.bytes().filter(|_| tensor.dtype == self.dtype) {
                    Some(bytes) => out.write_all(&bytes).map_err(failed)?,
                    None => out.write_all(&self.encode(&tensor.to_f32())?).map_err(failed)?,
                }
                tensor.release();
                Ok(())
            }
        }
    }

    /// Values as they are written.
    fn encode(&self, values: &[f32]) -> Result<Vec<u8>, Error> {
        let too_large = |v: &&f32| v.is_finite() && half::f16::from_f32(**v).is_infinite();
        match values.iter().find(|value| self.dtype == Dtype::F16 && too_large(value)) {
            Some(&value) => Err(Error::Overflow { tensor: self.name.clone(), value }),
            None => Ok(self.dtype.encode(values)),
        }
    }
}

/// The prefix of unfinished files of this process, which may be removed after it has ended.
pub fn unfinished() -> String {
    format!(".rinalmo-{}-", std::process::id())
}

/// Fills a temporary file next to `path`, syncs it to disk, and renames it.
pub(crate) fn atomically(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<(), Error>) -> Result<(), Error> {
    let failed = |cause| Error::io(path, cause);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    let prefix = unfinished();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // the umask takes away what it must
    let file = builder.tempfile_in(folder).map_err(failed)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    fill(&mut out)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?; // the name, too, is on disk
    }
    Ok(())
}
