//! Calibrating structure models.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use rinalmo::calibrate::{CalibrateOptions, DECODERS, Figures, calibrate as fit};
use rinalmo::checkpoint::{OpenOptions, WriteOptions, open};
use rinalmo::evaluate::Error;
use rinalmo::structures::{Known, known};
use rinalmo::{Device, LoadOptions, Method, Model};

use crate::{error, work};

/// How to calibrate.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct CalibrateSettings {
    model: String,
    out: PathBuf,
    data: Vec<PathBuf>,
    max_length: usize,
    energy_share: Option<f32>,
    decode: Option<String>,
    threshold: Option<f32>,
    device: String,
    threads: Option<usize>,
    max_memory: Option<u64>,
}

/// Fits probabilities, decoder and expected F1 to known structures, and writes the model with them. Returns the figures,
/// what was left out, and notes on the data.
#[pyfunction]
pub fn calibrate(py: Python<'_>, settings: CalibrateSettings) -> PyResult<(Bound<'_, PyDict>, Vec<String>)> {
    let threads = settings.threads;
    let method = settings.decode.as_deref().map(|name| method(py, name)).transpose()?;
    let work = move |stop: &work::Stop| {
        let mut checkpoint = open(&settings.model, &OpenOptions::default())?;
        let Known { mut items, mut notes } = known(&settings.data)?;
        items.retain(|item| item.sequence.len() <= settings.max_length);
        let options = LoadOptions::default().max_memory(settings.max_memory);
        let model = Model::load_with(&settings.model, &options, &Device::open(settings.device.parse()?)?)?;
        let share = settings.energy_share.unwrap_or(model.energy_share());
        let options = CalibrateOptions::default().energy_share(share).method(method).threshold(settings.threshold);
        let found = fit(&model, &items, &options)?;
        found.note_in(&mut checkpoint.meta);
        if stop.is_asked() {
            return Err(Error::Options("stopped".to_owned())); // nobody hears it, but nothing is written after Ctrl-C
        }
        checkpoint.write(&settings.out, &WriteOptions::default())?;
        notes.extend(found.left_out.iter().map(|what| format!("left out: {what}")));
        Ok((found, notes))
    };
    let (found, notes) = work::run(py, threads, work)?.map_err(|wrong: Error| error::of_evaluation(py, &wrong))?;
    let fields = PyDict::new(py);
    fields.set_item("structures", found.structures)?;
    fields.set_item("decode", found.method.name())?;
    let threshold = found.threshold.to_string(); // the shortest number that is this one as f32
    fields.set_item("threshold", threshold.parse::<f64>().unwrap_or(f64::from(found.threshold)))?;
    fields.set_item("cross_fitted", found.cross_fit.is_some())?;
    let Figures { f1, error_before, error_after, f1_error, f1_pearson_squared } = found.figures;
    fields.set_item("relaxed_f1", f1)?;
    fields.set_item("calibration_error_before", error_before)?;
    fields.set_item("calibration_error", error_after)?;
    fields.set_item("expected_f1_error", f1_error)?;
    fields.set_item("expected_f1_r2", f1_pearson_squared)?;
    Ok((fields, notes))
}

/// The decoders that have a threshold.
fn method(py: Python<'_>, name: &str) -> PyResult<Method> {
    let found = DECODERS.into_iter().find(|method| method.name() == name);
    let unknown = || {
        let known = DECODERS.map(|method| format!("\"{}\"", method.name())).join(", ");
        error::input(py, format!("decode: expected {known}, found \"{name}\""))
    };
    found.ok_or_else(unknown)
}
