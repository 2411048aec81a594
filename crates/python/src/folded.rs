//! A folded sequence as Python gets it: a dictionary of the fields of `rinalmo.Fold`.

use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rinalmo::seq::SequenceRecord;

use crate::error;
use crate::folding::Constrained;
use crate::structures::pair_array;

/// The fields. The map of probabilities becomes an array without a copy.
///
/// # Errors
/// The structure does not obey its constraint.
pub fn fields<'py>(py: Python<'py>, record: SequenceRecord, folded: Constrained) -> PyResult<Bound<'py, PyAny>> {
    let (fold, constraint) = folded;
    if let Some(Err(unmet)) = constraint.map(|constraint| constraint.check_met(fold.structure.pairs())) {
        return Err(error::input(py, format!("record `{}`: {unmet}", record.name())));
    }
    let fields = PyDict::new(py);
    fields.set_item("structure", fold.dot_bracket())?;
    fields.set_item("left_out", fold.left_out())?;
    fields.set_item("remark", fold.remark())?;
    fields.set_item("sequence", record.text())?;
    let pairs: Vec<(usize, usize)> = fold.pairs.iter().map(|&(i, j, _)| (i, j)).collect();
    fields.set_item("pairs", pair_array(py, &pairs))?;
    let probabilities = fold.pairs.iter().map(|&(.., p)| p);
    fields.set_item("pair_probabilities", PyArray1::from_iter(py, probabilities))?;
    fields.set_item("score", fold.score)?;
    fields.set_item("expected_f1", fold.expected_f1)?;
    fields.set_item("threshold", fold.threshold)?;
    fields.set_item("crossing_left_out", fold.crossing_left_out)?;
    if let Some(map) = fold.probabilities {
        let map = Array2::from_shape_vec((map.len, map.len), map.values).expect("a map is a square");
        fields.set_item("bpp", map.into_pyarray(py))?;
    }
    if let Some(others) = fold.alternatives {
        let others: Vec<_> = others.into_iter().map(|one| (one.dot_bracket, one.energy, one.share)).collect();
        fields.set_item("alternatives", others)?;
    }
    if let Some(energies) = fold.energies {
        fields.set_item("energy", energies.structure)?;
        fields.set_item("mfe", energies.mfe)?;
        fields.set_item("ensemble_energy", energies.ensemble)?;
        fields.set_item("diversity", energies.diversity)?;
        fields.set_item("binding", energies.binding)?;
    }
    Ok(fields.into_any())
}
