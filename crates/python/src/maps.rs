//! Vectors as points in two dimensions.

use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rinalmo::map::{Choice, Error, Method, Points, Watch, trust};

use crate::{error, work};

/// Places vectors `[n, dims]`: `places`, `axes`, `trust` and `neighbours`, the fields of `Placed`.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of a function in Python")]
pub fn place<'py>(
    py: Python<'py>,
    vectors: PyReadonlyArray2<'py, f32>,
    method: &str,
    perplexity: Option<f64>,
    neighbours: Option<usize>,
    min_dist: Option<f64>,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let Some(method) = Method::find(method) else {
        let known = Method::ALL.map(|method| format!("\"{}\"", method.name())).join(", ");
        return Err(error::input(py, format!("method: expected one of {known}; found \"{method}\"")));
    };
    let dims = vectors.as_array().ncols();
    let points = Points::new(vectors.as_array().iter().copied().collect(), dims);
    let points = points.map_err(|wrong| error::input(py, wrong.to_string()))?;
    let choice = Choice { method, perplexity, neighbours, min_dist, seed };
    let work = move |stop: &work::Stop| {
        let placed = choice.place(&points, &mut Stopped(stop))?;
        let trusted = trust(&points, &placed.map)?;
        Ok((placed, trusted))
    };
    let (placed, trusted) =
        work::run(py, threads, work)?.map_err(|wrong: Error| error::input(py, wrong.to_string()))?;
    let places = placed.map.concat();
    let places = Array2::from_shape_vec((placed.map.len(), 2), places).expect("every point has two coordinates");
    let fields = PyDict::new(py);
    fields.set_item("places", places.into_pyarray(py))?;
    fields.set_item("axes", placed.axes.to_vec())?;
    fields.set_item("trust", trusted.map(|(_, trust)| trust))?;
    fields.set_item("neighbours", trusted.map_or(0, |(count, _)| count))?;
    Ok(fields)
}

/// Stops when Ctrl-C was pressed.
struct Stopped<'s>(&'s work::Stop);

impl Watch for Stopped<'_> {
    fn is_stopped(&self) -> bool {
        self.0.is_asked()
    }
}
