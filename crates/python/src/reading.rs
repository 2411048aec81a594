//! Files of sequences and of structures, of every format that the program reads.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use rinalmo::seq::input::FileRemarks;
use rinalmo::seq::labelled::structures::{self, Entry, ReadOptions};
use rinalmo::seq::{InputOptions, Sequences};

use crate::asked::input_options;
use crate::error;
use crate::structures::pair_array;

/// The id, header and letters of a sequence.
type Record = (String, String, String);

/// The sequences of a file, one after the other.
#[pyclass(frozen, module = "rinalmo._rinalmo")]
pub struct Reader(Mutex<Open>);

struct Open {
    sequences: Sequences,
    options: InputOptions,
    remarks: Option<FileRemarks>,
    /// Whether the last error, if any, was of one record only.
    goes_on: bool,
}

#[pymethods]
impl Reader {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, on_invalid: &str, gaps: &str) -> PyResult<Self> {
        let options = input_options(py, on_invalid, gaps)?;
        Ok(Self(Mutex::new(Open {
            sequences: Sequences::open(&[path], options),
            options,
            remarks: None,
            goes_on: true,
        })))
    }

    /// The next sequence; `None` after the last. Records that are to be skipped are.
    fn next(&self, py: Python<'_>) -> PyResult<Option<Record>> {
        let next = py.detach(|| {
            let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            open.next()
        });
        next.transpose().map_err(|error| error::of_file(py, &error))
    }

    /// Can the next record be read after an error?
    fn goes_on(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).goes_on
    }

    /// What was unusual in the file so far, in sentences.
    fn remarks(&self) -> Vec<String> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.remarks.as_ref().map(FileRemarks::lines).unwrap_or_default()
    }
}

impl Open {
    fn next(&mut self) -> Option<Result<Record, rinalmo::seq::Error>> {
        loop {
            match self.sequences.next()? {
                Ok(record) => {
                    let new = || FileRemarks::new(record.source.clone(), self.options);
                    self.remarks.get_or_insert_with(new).add(&record);
                    let letters = String::from_utf8_lossy(&record.sequence).into_owned();
                    return Some(Ok((record.id, record.header, letters)));
                }
                Err(error) if error.is_skipped() => {}
                Err(error) => {
                    self.goes_on = error.is_of_one_record();
                    return Some(Err(error));
                }
            }
        }
    }
}

/// The structures of a file or folder; for each record that cannot be read an exception; and notes.
#[pyfunction]
pub fn read_structures<'py>(
    py: Python<'py>,
    path: PathBuf,
    all: bool,
) -> PyResult<(Bound<'py, PyList>, Vec<PyErr>, Vec<String>)> {
    let options = ReadOptions { all_structures: all, ..ReadOptions::default() };
    std::fs::metadata(&path)
        .map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let found = py.detach(|| structures::read(&path, &options));
    let found = found.map_err(|error| error::input(py, error::chain(&error)))?;
    let records = PyList::empty(py);
    for entry in &found.entries {
        records.append(fields(py, entry)?)?;
    }
    let wrong = found.wrong.iter().map(|error| error::input(py, error::chain(error))).collect();
    Ok((records, wrong, found.notes))
}

fn fields<'py>(py: Python<'py>, entry: &Entry) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item("id", &entry.id)?;
    fields.set_item("header", &entry.header)?;
    fields.set_item("sequence", entry.sequence.as_deref().map(String::from_utf8_lossy))?;
    fields.set_item("length", entry.structure.len())?;
    fields.set_item("pairs", pair_array(py, entry.structure.pairs()))?;
    fields.set_item("family", entry.family.as_deref())?;
    Ok(fields)
}
