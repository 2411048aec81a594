//! Sequences as Python gives them, judged letter by letter as those of files are.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList};
use rinalmo::seq::input::{FileRemarks, Remarks};
use rinalmo::seq::{Gaps, InputOptions, OnInvalid, SequenceRecord};
use rinalmo::{Error, default_budget};

use crate::error;
use crate::work::{self, Stop};

/// How messages name sequences that are not in a file.
const SOURCE: &str = "sequences";

/// Bytes of a probability.
const F32: u64 = 4;

/// What Python gives: an id and letters of each sequence.
pub type Given = Vec<(String, PyBackedBytes)>;

/// What is to be done about letters and gaps.
///
/// # Errors
/// A name is none of those that `rinalmo --on-invalid` and `--gaps` know.
pub fn input_options(py: Python<'_>, on_invalid: &str, gaps: &str) -> PyResult<InputOptions> {
    let on_invalid = match on_invalid {
        "replace" => OnInvalid::Replace,
        "error" => OnInvalid::Error,
        "skip" => OnInvalid::Skip,
        "unk" => OnInvalid::Unk,
        other => {
            let message =
                format!("on_invalid: expected \"replace\", \"error\", \"skip\" or \"unk\", found \"{other}\"");
            return Err(error::input(py, message));
        }
    };
    let gaps = match gaps {
        "drop" => Gaps::Drop,
        "keep" => Gaps::Keep,
        "error" => Gaps::Error,
        other => {
            let message = format!("gaps: expected \"drop\", \"keep\" or \"error\", found \"{other}\"");
            return Err(error::input(py, message));
        }
    };
    Ok(InputOptions { on_invalid, gaps, strands: false })
}

/// The letters of one text, a byte each, as folding reads them, with gaps as positions; of two strands, joined by `&`,
/// the first base of the second one; and what was changed, in sentences. With `as_written`, letters without a code stay as
/// they are.
///
/// # Errors
/// As of a record: a character is neither a letter nor a gap, or there are more than two strands.
#[pyfunction]
pub fn letters<'py>(
    py: Python<'py>,
    text: PyBackedBytes,
    as_written: bool,
) -> PyResult<(Bound<'py, PyBytes>, Option<usize>, Vec<String>)> {
    let usual = InputOptions { gaps: Gaps::Keep, strands: true, ..InputOptions::default() };
    let options = if as_written { InputOptions { on_invalid: OnInvalid::Unk, ..usual } } else { usual };
    let record = record("seq1".to_owned(), &text, 0);
    let of_file = |error| error::of_file(py, &error);
    record.clone().judged(usual).map_err(of_file)?; // also if they stay, what is no letter is an error
    let record = record.judged(options).map_err(of_file)?;
    let mut remarks = FileRemarks::new(SOURCE.into(), options);
    remarks.add(&record);
    Ok((PyBytes::new(py, &record.sequence), record.nick, remarks.lines()))
}

/// The letters that Python gives, as a record that is still to be judged.
fn record(id: String, letters: &[u8], index: usize) -> SequenceRecord {
    SequenceRecord {
        header: id.clone(),
        id,
        sequence: letters.to_vec(),
        nick: None,
        unknown: 0,
        remarks: Remarks::default(),
        source: SOURCE.into(),
        line: index + 1,
        index,
    }
}

/// What is done about a sequence without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Its exception is raised, before any work if the letters are at fault.
    Raise,
    /// Its exception follows the results before it.
    Stop,
    /// Its exception takes the place of its result.
    Give,
}

impl OnError {
    /// The one of this name; the package's own code gives it.
    pub fn of(py: Python<'_>, name: &str) -> PyResult<Self> {
        match name {
            "raise" => Ok(Self::Raise),
            "stop" => Ok(Self::Stop),
            "give" => Ok(Self::Give),
            other => Err(error::failure(py, format!("no way to treat errors is called {other}"))),
        }
    }
}

/// The sequences of one call, in order.
pub struct Asked {
    /// Each sequence, or why it cannot be used.
    records: Vec<PyResult<SequenceRecord>>,
    on_error: OnError,
    /// What was changed in the sequences, in sentences.
    remarks: Vec<String>,
}

/// A list with a result or an exception for each sequence, and what was changed in the sequences.
pub type Results<'py> = (Bound<'py, PyList>, Vec<String>);

impl Asked {
    /// Judges the letters. The first sequence is number `first`, from 0, of all that the caller has.
    pub fn new(py: Python<'_>, given: &Given, first: usize, on_error: &str) -> PyResult<Self> {
        Self::with(py, given, first, on_error, InputOptions::default())
    }

    /// As [`Asked::new`], but letters are judged by these options.
    pub fn with(py: Python<'_>, given: &Given, first: usize, on_error: &str, options: InputOptions) -> PyResult<Self> {
        let mut remarks = FileRemarks::new(SOURCE.into(), options);
        let judged = |(number, (id, letters)): (usize, &(String, PyBackedBytes))| {
            let judged =
                record(id.clone(), letters, number).judged(options).map_err(|error| error::of_file(py, &error));
            judged.inspect(|record| remarks.add(record))
        };
        let records = (first..).zip(given).map(judged).collect();
        Ok(Self { records, on_error: OnError::of(py, on_error)?, remarks: remarks.lines() })
    }

    /// Checks that the maps of pairs of all sequences fit into memory together, if they are all returned together. A
    /// stream gives them away before it computes the next.
    ///
    /// # Errors
    /// They do not.
    pub fn check_kept(&self, py: Python<'_>, max_memory: Option<u64>) -> PyResult<()> {
        let lengths = self.records.iter().flatten().map(|record| record.sequence.len() as u64);
        let needed: u64 = lengths.map(|len| F32 * len.pow(2)).sum();
        let budget = max_memory.unwrap_or_else(default_budget);
        if self.on_error != OnError::Raise || needed <= budget {
            return Ok(());
        }
        let (needed, budget) = (needed.div_ceil(1 << 20), budget >> 20);
        let message = format!(
            "the probabilities of all pairs need {needed} MiB, {budget} MiB are allowed\n\
             hint: bpp=False leaves them out; fold_iter gives one result after the other"
        );
        Err(error::input(py, message))
    }

    /// Computes a result for each usable sequence: `ask` makes an item of it, `work` results of all items, and `give`
    /// what Python gets of a result.
    ///
    /// # Errors
    /// Of all sequences together, a signal, or as [`OnError`] says.
    pub fn each<'py, I: Send + 'static, R: Send + 'static>(
        self,
        py: Python<'py>,
        threads: Option<usize>,
        mut ask: impl FnMut(&SequenceRecord) -> PyResult<I>,
        work: impl FnOnce(Vec<I>, bool, &Stop) -> Result<Vec<Result<R, Error>>, Error> + Send + 'static,
        give: impl Fn(SequenceRecord, R) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Results<'py>> {
        let Self { records, on_error, remarks } = self;
        let (mut items, mut asked) = (Vec::new(), Vec::new());
        for record in records {
            match record.and_then(|record| Ok((ask(&record)?, record))) {
                Ok((item, record)) => {
                    items.push(item);
                    asked.push(Ok(record));
                }
                Err(error) if on_error == OnError::Raise => return Err(error),
                Err(error) => asked.push(Err(error)),
            }
            if on_error == OnError::Stop && asked.last().is_some_and(Result::is_err) {
                break;
            }
        }
        let all = on_error == OnError::Give;
        let results = work::run(py, threads, move |stop| work(items, all, stop))?;
        let mut results = results.map_err(|error| error::of(py, &error))?.into_iter();
        let given = PyList::empty(py);
        for record in asked {
            let found = record.and_then(|record| match results.next() {
                Some(Ok(result)) => give(record, result),
                Some(Err(error)) => Err(error::of_record(py, &error, Some(&record.name()))),
                None => Err(error::failure(py, "a result is missing")),
            });
            match found {
                Ok(found) => given.append(found)?,
                Err(error) if on_error == OnError::Raise => return Err(error),
                Err(error) => {
                    given.append(error.into_value(py))?;
                    if on_error == OnError::Stop {
                        break;
                    }
                }
            }
        }
        Ok((given, remarks))
    }
}
