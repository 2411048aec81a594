//! Errors as Python's exceptions, in the library's own words.

use std::error::Error as StdError;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use rinalmo::{Error, seq};

const MODULE: &str = "rinalmo._errors";

/// The exception `rinalmo.InputError`: what was given cannot be used.
pub fn input(py: Python<'_>, message: impl Into<String>) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    of_class(py, &CLASS, "InputError", message.into())
}

/// The exception `rinalmo.Error`: the input is not at fault.
pub fn failure(py: Python<'_>, message: impl Into<String>) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    of_class(py, &CLASS, "Error", message.into())
}

fn of_class(py: Python<'_>, class: &'static PyOnceLock<Py<PyType>>, name: &str, message: String) -> PyErr {
    match class.import(py, MODULE, name) {
        Ok(class) => PyErr::from_type(class.clone(), message),
        Err(_) => PyValueError::new_err(message), // the module is used without its package
    }
}

/// The exception of one of the library's errors.
pub fn of(py: Python<'_>, error: &Error) -> PyErr {
    of_record(py, error, None)
}

/// The same for an error of one record, which the message names.
pub fn of_record(py: Python<'_>, error: &Error, record: Option<&str>) -> PyErr {
    let place = record.map_or_else(String::new, |record| format!("record `{record}`: "));
    let hint = hint(error).map_or_else(String::new, |hint| format!("\nhint: {hint}"));
    let message = format!("{place}{}{hint}", chain(error));
    match error {
        Error::Sequences(error) => of_file(py, error),
        Error::EmptySequence
        | Error::TooLong { .. }
        | Error::TooLongForPositions { .. }
        | Error::LongerThanPadding { .. }
        | Error::OtherWindow { .. }
        | Error::Range { .. }
        | Error::Options(_)
        | Error::Decode(_)
        | Error::Variant { .. }
        | Error::UnknownModel { .. }
        | Error::UnknownDevice { .. }
        | Error::DeviceNotBuilt { .. }
        | Error::NoHead { .. } => input(py, message),
        _ => failure(py, message),
    }
}

/// The exception of an error in a file of sequences; a file that cannot be opened is an `OSError` as Python's own.
pub fn of_file(py: Python<'_>, error: &seq::Error) -> PyErr {
    match error {
        seq::Error::Io(source) | seq::Error::Open { source, .. } => {
            std::io::Error::new(source.kind(), chain(error)).into()
        }
        _ => input(py, chain(error)),
    }
}

/// An error and its causes, each once.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let part = cause.to_string();
        if !text.ends_with(&part) {
            text = format!("{text}: {part}");
        }
        next = cause.source();
    }
    text
}

/// What a Python user can do about an error.
fn hint(error: &Error) -> Option<String> {
    Some(match error {
        Error::UnknownModel { name, .. } if rinalmo::energy::BuiltIn::find(name).is_some() => {
            format!("`{name}` is an energy model: rinalmo.energy.fold(sequences, parameters=\"{name}\")")
        }
        Error::UnknownModel { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
        Error::UnknownModel { .. } => "rinalmo.models() names the bundled ones".to_owned(),
        Error::TooLong { fits, .. } => format!("up to {fits} nt fit; raise max_memory if the machine has more"),
        Error::TooLongForPositions { .. } => "use window=".to_owned(),
        Error::LongerThanPadding { .. } => "raise pad_to, or trim to the 3' end".to_owned(),
        Error::NoHead { .. } => "rinalmo.models() names the bundled models, `rinalmo model list` all".to_owned(),
        _ => return None,
    })
}
