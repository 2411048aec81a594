//! Structures: brackets and pairs, formats, and how well two agree.

use numpy::PyArray2;
use numpy::ndarray::Array2;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;
use rinalmo::evaluate::metrics::pairs::PairCounts;
use rinalmo::seq::{Structure, bpseq, ct, dot_bracket};

use crate::error;

/// Pairs as an array `[pairs, 2]`.
pub fn pair_array<'py>(py: Python<'py>, pairs: &[(usize, usize)]) -> Bound<'py, PyArray2<i64>> {
    let position = |position: usize| i64::try_from(position).expect("positions are below the limit of memory");
    let flat = pairs.iter().flat_map(|&(i, j)| [position(i), position(j)]).collect();
    let array = Array2::from_shape_vec((pairs.len(), 2), flat).expect("two positions for each pair");
    PyArray2::from_owned_array(py, array)
}

/// The pairs of a structure in dot-bracket notation, `[pairs, 2]`, and its length.
#[pyfunction]
pub fn pairs_of<'py>(py: Python<'py>, brackets: &str) -> PyResult<(Bound<'py, PyArray2<i64>>, usize)> {
    let structure = Structure::parse_dot_bracket(brackets).map_err(|error| error::of_file(py, &error))?;
    Ok((pair_array(py, structure.pairs()), structure.len()))
}

/// A structure of so many bases in dot-bracket notation.
#[pyfunction]
pub fn brackets(py: Python<'_>, pairs: Vec<(usize, usize)>, len: usize) -> PyResult<String> {
    let structure = Structure::new(len, pairs).map_err(|error| error::of_file(py, &error))?;
    structure.to_dot_bracket().map_err(|error| error::of_file(py, &error))
}

/// One record in a format, as `rinalmo fold` writes it. With a `nick`, that base is the first one of a second strand.
#[pyfunction]
pub fn write(
    py: Python<'_>,
    format: &str,
    header: String,
    sequence: PyBackedBytes,
    pairs: Vec<(usize, usize)>,
    nick: Option<usize>,
    remark: Option<String>,
) -> PyResult<String> {
    let sequence = sequence.to_vec();
    let of_file = |error| error::of_file(py, &error);
    let structure = Structure::new(sequence.len(), pairs).map_err(of_file)?.with_nick(nick);
    let mut text = Vec::new();
    match format {
        "dbn" => {
            let record = dot_bracket::Record { header, sequence, structure, score: remark };
            dot_bracket::Writer::new(&mut text).write(&record)
        }
        "ct" => ct::Writer::new(&mut text).write(&ct::Record { header, sequence, structure }),
        "bpseq" => bpseq::Writer::new(&mut text).write(&bpseq::Record { header, sequence, structure }),
        other => return Err(error::input(py, format!("format: expected dbn, ct or bpseq, found {other}"))),
    }
    .map_err(of_file)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Precision, recall, F1 and MCC of predicted pairs, exact and with a tolerance of one position.
#[pyfunction]
pub fn compare<'py>(
    py: Python<'py>,
    predicted: Vec<(usize, usize)>,
    reference: Vec<(usize, usize)>,
    len: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let structure = |pairs| Structure::new(len, pairs).map_err(|error| error::of_file(py, &error));
    let (predicted, reference) = (structure(predicted)?, structure(reference)?);
    let scores = PyDict::new(py);
    let strict = PairCounts::strict(predicted.pairs(), reference.pairs());
    let relaxed = PairCounts::relaxed(predicted.pairs(), reference.pairs());
    for (name, counts) in [("", strict), ("relaxed_", relaxed)] {
        let score = counts.score();
        scores.set_item(format!("{name}precision"), score.precision)?;
        scores.set_item(format!("{name}recall"), score.recall)?;
        scores.set_item(format!("{name}f1"), score.f1)?;
        scores.set_item(format!("{name}mcc"), counts.mcc(len))?;
    }
    scores.set_item("predicted_pairs", strict.predicted)?;
    scores.set_item("reference_pairs", strict.reference)?;
    Ok(scores)
}
