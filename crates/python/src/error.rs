//! Errors as Python's exceptions, in the library's own words.

use std::error::Error as StdError;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use rinalmo::evaluate::Error as EvaluationError;
use rinalmo::pretrain::{Error as RunError, TrainError};
use rinalmo::{Error, corpus, seq};

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

/// The exception of an error of a training run.
pub fn of_run(py: Python<'_>, error: &RunError) -> PyErr {
    let hint = hint_of_run(error).map_or_else(String::new, |hint| format!("\nhint: {hint}"));
    let message = format!("{}{hint}", chain(error));
    match error {
        RunError::Infer(error) => of(py, error),
        RunError::Sequences(error) => of_file(py, error),
        RunError::Corpus(error) | RunError::Train(TrainError::Corpus(error)) => of_corpus(py, error),
        RunError::Train(TrainError::Options(_)) => input(py, message),
        RunError::File(file) => std::io::Error::new(file.source.kind(), message).into(),
        RunError::Train(_) | RunError::Weights(_) | RunError::Kernels(_) | RunError::Folder { .. } => {
            failure(py, message)
        }
        _ => missing(error, &message).unwrap_or_else(|| input(py, message)),
    }
}

/// The exception of an error of an evaluation.
pub fn of_evaluation(py: Python<'_>, error: &EvaluationError) -> PyErr {
    let message = chain(error);
    match error {
        EvaluationError::Infer(error) => of(py, error),
        EvaluationError::Sequences(error) => of_file(py, error),
        EvaluationError::Corpus(error) => of_corpus(py, error),
        EvaluationError::Options(_) => input(py, message),
        EvaluationError::Data(_) => missing(error, &message).unwrap_or_else(|| input(py, message)),
        _ => missing(error, &message).unwrap_or_else(|| failure(py, message)),
    }
}

/// The exception of an error of a corpus.
pub fn of_corpus(py: Python<'_>, error: &corpus::Error) -> PyErr {
    let message = chain(error);
    match error {
        corpus::Error::Input(error) => of_file(py, error),
        corpus::Error::Options(_)
        | corpus::Error::Nothing(_)
        | corpus::Error::Table { .. }
        | corpus::Error::Cluster(corpus::cluster::Error::Options { .. }) => input(py, message),
        _ => missing(error, &message).unwrap_or_else(|| failure(py, message)),
    }
}

/// Python's own exception, if the system's error is among the causes.
fn missing(error: &(dyn StdError + 'static), message: &str) -> Option<PyErr> {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let mut systems = causes.filter_map(|error| error.downcast_ref::<std::io::Error>());
    systems.next().map(|system| std::io::Error::new(system.kind(), message.to_owned()).into())
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

/// What a Python user can do about an error of a training run.
fn hint_of_run(error: &RunError) -> Option<String> {
    let hint = match error {
        RunError::HoldsRun { .. } => "rinalmo.resume continues it; another `out` starts a new run",
        RunError::NoRun { .. } => "rinalmo.pretrain and rinalmo.finetune start one",
        RunError::Changed { .. } => "a run keeps its settings; another `out` starts a new run",
        RunError::UnknownConfig { nearest: Some(nearest), .. } => return Some(format!("did you mean `{nearest}`?")),
        RunError::UnknownConfig { .. } => "`rinalmo config list` names those that are built in",
        RunError::OtherTask { .. } => "`rinalmo config list` names the built-in configs of each task",
        RunError::NoEnd => "steps=, epochs= or seconds=; or train.until in the config",
        RunError::NoModel => "start_from=\"nano-mlm\", for example; or `model` in the config for a new encoder",
        RunError::SizesDiffer { .. } => "give only one of `model` in the config and start_from=",
        RunError::OtherHead { .. } => "fresh_head=True starts with a new head",
        RunError::NothingToHoldOut { by_item: false, .. } => {
            "give more training data, or validation=; or changes={\"hold_out.share\": 0} for no validation"
        }
        RunError::NothingToHoldOut { .. } => {
            "validation=; or changes={\"hold_out.by\": \"item\"} holds single sequences out, even if they have near \
             copies; or changes={\"hold_out.share\": 0} for no validation"
        }
        RunError::Unfit { given: true, .. } => {
            "other validation data; without any, a share of the training data is held out"
        }
        RunError::Unfit { .. } => "validation=, or a larger hold_out.share",
        RunError::Unaffordable { part: "validation", what } => {
            return Some(format!("changes={{\"data.max_len\": {}}} leaves longer ones out", what.fits));
        }
        RunError::Unaffordable { .. } => "leave longer ones out of the test data, or give the run more memory",
        _ => return None,
    };
    Some(hint.to_owned())
}
