//! An output of arrays, shared with the code that ends the program when it is stopped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use rinalmo::sink::{ArrayRecord, Error, Renamed, Sink};

use crate::io::OutputFailure;
use crate::stop::{self, Leftovers, Unfinished};

/// What happens to the records so far when the program is stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum WhenStopped {
    /// They become the output.
    Finish,
    /// They are kept for a run that resumes.
    Keep,
}

/// An open output of arrays.
pub struct Arrays(Arc<Mutex<Open>>);

struct Open {
    /// None once it is finished.
    sink: Option<Sink>,
    path: PathBuf,
    when_stopped: WhenStopped,
}

impl Arrays {
    /// Wraps a sink that is open at `path`.
    pub fn new(sink: Sink, path: &Path, when_stopped: WhenStopped) -> Self {
        let open = Arc::new(Mutex::new(Open { sink: Some(sink), path: path.to_owned(), when_stopped }));
        stop::finish_when_stopped(open.clone());
        Self(open)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many records are done, including those of the run that is resumed.
    pub fn finished(&self) -> usize {
        self.lock().sink.as_ref().map_or(0, |sink| sink.finished().len())
    }

    /// Was this record done by the run that is resumed?
    ///
    /// # Errors
    /// The record at this index was another one.
    pub fn is_finished(&self, index: u64, id: &str) -> Result<bool, Error> {
        self.lock().sink.as_ref().map_or(Ok(true), |sink| sink.is_finished(index, id))
    }

    /// Writes a record.
    ///
    /// # Errors
    /// As [`Sink::write`].
    pub fn write(&self, record: &ArrayRecord) -> Result<(), Error> {
        self.lock().sink.as_mut().map_or(Ok(()), |sink| sink.write(record))
    }

    /// Writes the output; returns the records with other names than their ids.
    ///
    /// # Errors
    /// As [`Sink::finish`].
    pub fn finish(&self) -> Result<Vec<Renamed>> {
        let (sink, path) = {
            let mut open = self.lock();
            (open.sink.take(), open.path.clone())
        };
        // If stopped here, the records stay in the `.part`; the unfinished output is removed.
        let prefix = path.file_name().map_or_else(String::new, |name| format!("{}.part.tmp", name.to_string_lossy()));
        let _leftovers = Leftovers::next_to(&path, prefix);
        sink.map_or(Ok(Vec::new()), Sink::finish).context(OutputFailure)
    }

    /// Stops without an output; returns the file in which the records so far are kept.
    ///
    /// # Errors
    /// As [`Sink::suspend`].
    pub fn suspend(&self) -> Result<Option<PathBuf>, Error> {
        let sink = self.lock().sink.take();
        sink.map_or(Ok(None), Sink::suspend)
    }
}

/// The message about records that are kept for a run that resumes.
pub fn kept(path: &Path) -> String {
    format!("finished records are kept in {}; --resume continues from there", path.display())
}

impl Unfinished for Open {
    fn finish_now(&mut self) -> Option<String> {
        let sink = self.sink.take()?;
        let done = match self.when_stopped {
            WhenStopped::Finish => sink.finish().map(|_| None),
            WhenStopped::Keep => sink.suspend().map(|path| path.map(|path| kept(&path))),
        };
        done.unwrap_or_else(|error| Some(format!("error: {}", crate::io::chain(&error.into()))))
    }
}
