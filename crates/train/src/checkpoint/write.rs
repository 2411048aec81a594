//! Writes the files of a checkpoint.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use burn::module::Param;
use burn::tensor::Tensor;
use rinalmo_model::Model;
use rinalmo_weights::{Document, HEADER_KEY};
use safetensors::{Dtype, SafeTensorError, View};

use super::{CHECKSUMS, MODEL, OPTIMIZER, STATE, checksum, sync};
use crate::names::{self, Look};
use crate::optimizer::Values;
use crate::{Error, Optimizer, RunState};

/// What a checkpoint holds.
#[derive(Clone, Copy)]
pub struct Contents<'a> {
    /// The weights.
    pub model: &'a Model,
    /// The model's description.
    pub document: &'a Document,
    /// The optimiser.
    pub optimizer: &'a Optimizer,
    /// State of the run.
    pub state: &'a RunState,
    /// The run's config, to be read when the run is resumed.
    pub run: &'a serde_json::Value,
}

impl Contents<'_> {
    /// Writes all files into a new folder and syncs them to disk.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        fs::create_dir(folder).map_err(Error::file("be created", folder))?;
        self.write_model(&folder.join(MODEL))?;
        self.write_optimizer(&folder.join(OPTIMIZER))?;
        let state = serde_json::json!({ "state": self.state, "run": self.run });
        let path = folder.join(STATE);
        fs::write(&path, format!("{state:#}\n")).map_err(Error::file("be written", &path))?;
        let open = fs::metadata(&path).map_err(Error::file("be read", &path))?.permissions();
        let mut sums = String::new();
        for name in [MODEL, OPTIMIZER, STATE] {
            let file = folder.join(name);
            fs::set_permissions(&file, open.clone()).map_err(Error::file("be made readable for others", &file))?;
            sync(&file)?;
            let _ = writeln!(sums, "{}  {name}", checksum(&file)?); // writing to a string does not fail
        }
        let path = folder.join(CHECKSUMS);
        fs::write(&path, sums).map_err(Error::file("be written", &path))?;
        sync(&path)?;
        sync(folder)
    }

    fn write_model(&self, path: &Path) -> Result<(), Error> {
        write_model(self.model, self.document, path, |_| true)
    }

    fn write_optimizer(&self, path: &Path) -> Result<(), Error> {
        let moments = self.optimizer.moments();
        let steps: BTreeMap<&str, u32> = moments.iter().map(|(name, of)| (name.as_str(), of.steps)).collect();
        let steps = serde_json::json!(steps).to_string();
        let tensors = moments.iter().flat_map(|(name, of)| {
            [("first", &of.first), ("second", &of.second)]
                .map(|(kind, values)| (format!("{name}.{kind}"), Entry::of(values)))
        });
        write(path, HashMap::from([("steps".to_owned(), steps)]), tensors.collect())
    }
}

/// Writes the parameters that `keep` selects and the description of a model, in our own format.
///
/// # Errors
/// If the file cannot be written.
pub fn write_model(model: &Model, document: &Document, path: &Path, keep: impl Fn(&str) -> bool) -> Result<(), Error> {
    let document = serde_json::to_string(document);
    let document = document.map_err(|error| Error::damaged(path, format!("its description: {error}")))?;
    let mut tensors = Parameters(Vec::new());
    names::look(model, &mut tensors);
    tensors.0.retain(|(name, _)| keep(name));
    write(path, HashMap::from([(HEADER_KEY.to_owned(), document)]), tensors.0)
}

fn write(path: &Path, header: HashMap<String, String>, tensors: Vec<(String, Entry<'_>)>) -> Result<(), Error> {
    safetensors::serialize_to_file(tensors, Some(header), path).map_err(|error| match error {
        SafeTensorError::IoError(error) => Error::file("be written", path)(error),
        other => Error::damaged(path, format!("cannot be written: {other}")),
    })
}

/// Every parameter of a model, read only when it is written.
struct Parameters(Vec<(String, Entry<'static>)>);

impl Look for Parameters {
    fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>) {
        let tensor = param.val().inner();
        let shape = tensor.dims().to_vec();
        let flat = tensor.reshape([shape.iter().product::<usize>()]);
        self.0.push((name.to_owned(), Entry { shape, values: Cow::Owned(Values::Device(flat)) }));
    }
}

/// A tensor to be written, read only then, so that only one copy exists at a time.
struct Entry<'a> {
    shape: Vec<usize>,
    values: Cow<'a, Values>,
}

impl<'a> Entry<'a> {
    fn of(values: &'a Values) -> Self {
        Self { shape: vec![values.len()], values: Cow::Borrowed(values) }
    }
}

impl View for Entry<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.to_vec().into_iter().flat_map(f32::to_le_bytes).collect())
    }

    fn data_len(&self) -> usize {
        self.values.len() * size_of::<f32>()
    }
}
