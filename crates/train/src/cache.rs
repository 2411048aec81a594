//! Representations of a frozen encoder, computed once and stored in a file.
//!
//! A head alone trains far faster if the encoder before it runs once for each sequence and not once per epoch. The
//! cached representations have no dropout, unlike those of other training steps. The file is only a cache: what cannot
//! be written or read back is computed again, so it never fails a run, and a resumed run starts with an empty one.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use burn::tensor::{DType, Tensor, TensorData};
use rinalmo_model::Packed;

use crate::optimizer::values::read;
use crate::{Error, Pass};

/// Representations by the index of their item.
#[derive(Debug)]
pub struct Cache(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    end: u64,
    places: HashMap<usize, Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    values: usize,
}

impl Cache {
    /// An empty cache in its own file.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path);
        let file = file.map_err(Error::file("be created", path))?;
        Ok(Self(Mutex::new(Inner { file, end: 0, places: HashMap::new() })))
    }

    /// The representations of a batch: from the file if it contains all of them, otherwise computed by the encoder.
    ///
    /// # Shapes
    /// - returns: `[rows, dim]`
    pub(crate) fn represent(&self, pass: &Pass<'_>, items: &[usize], packed: &Packed) -> Tensor<2> {
        let mut inner = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let values = inner.read(items).unwrap_or_else(|| {
            let values = read(pass.model.encoder.forward(packed, pass.device).inner());
            let dim = values.len() / packed.total().max(1);
            for (&item, span) in items.iter().zip(packed.spans()) {
                inner.write(item, &values[span.start * dim..span.end * dim]);
            }
            values
        });
        let dim = values.len() / packed.total().max(1);
        Tensor::from_data(TensorData::new(values, [packed.total(), dim]), (pass.device, DType::F32))
    }
}

impl Inner {
    /// All rows of some items, one item after the other; `None` if one is not in the file.
    fn read(&mut self, items: &[usize]) -> Option<Vec<f32>> {
        let places: Option<Vec<Place>> = items.iter().map(|item| self.places.get(item).copied()).collect();
        let mut values = Vec::new();
        for Place { start, values: count } in places? {
            let mut bytes = vec![0; count * size_of::<f32>()];
            self.file.seek(SeekFrom::Start(start)).ok()?;
            self.file.read_exact(&mut bytes).ok()?;
            values.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        }
        Some(values)
    }

    /// Adds an item; if it cannot be written, it stays missing.
    fn write(&mut self, item: usize, values: &[f32]) {
        if self.places.contains_key(&item) {
            return;
        }
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let written = self.file.seek(SeekFrom::Start(self.end)).and_then(|_| self.file.write_all(&bytes));
        if written.is_ok() {
            self.places.insert(item, Place { start: self.end, values: values.len() });
            self.end += bytes.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start;
    use burn::tensor::Device;
    use rinalmo_model::{EncoderConfig, ModelConfig};

    #[test]
    fn the_file_returns_what_the_encoder_computed() {
        let (folder, device) = (tempfile::tempdir().unwrap(), Device::flex().autodiff());
        let cache = Cache::create(&folder.path().join("cache")).unwrap();
        let config = ModelConfig::pretrained(EncoderConfig::new(16, 2, 2));
        let (model, other) = (start::fresh(&config, 1, &device), start::fresh(&config, 2, &device));
        let (long, short) = ([0, 5, 6, 7, 8, 2], [0, 7, 2]);
        let both = Packed::new([&long[..], &short]);
        let ask = |model, items: &[usize], packed: &Packed| {
            read(cache.represent(&Pass::whole(model, &device), items, packed).inner())
        };
        let first = ask(&model, &[4, 9], &both);
        // Another model would give other values: these are from the file, in another order.
        let again = ask(&other, &[9, 4], &Packed::new([&short[..], &long]));
        assert_eq!(again, [&first[6 * 16..], &first[..6 * 16]].concat());
        assert_ne!(ask(&other, &[5, 9], &both), first);
    }
}
