//! Where text results go.

use std::fmt::Display;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use clap::Args;

use super::OutputFailure;
use super::aside::Aside;
use crate::stop::{self, Unfinished};

/// Bytes that are held back before they are passed on.
const HELD: usize = 1 << 16;

/// `-o`.
#[derive(Args, Clone, Debug)]
pub struct OutputArgs {
    /// Write to FILE instead of standard output; a file that is there is replaced once the new one is whole
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl OutputArgs {
    /// Opens it.
    pub fn open(&self) -> Result<Out> {
        match &self.output {
            Some(path) if path != Path::new("-") => Out::create(path),
            _ => Ok(Out::standard()),
        }
    }
}

/// An open output: standard output, or a file that takes its name when it is [finished](Out::finish).
///
/// What is written between two calls of `flush` stays together: a run that is stopped leaves whole batches.
pub struct Out {
    held: Vec<u8>,
    target: Arc<Mutex<Target>>,
}

enum Target {
    Standard,
    File(Aside),
    /// It has its name, or failed.
    Closed,
}

impl Out {
    /// Standard output.
    pub fn standard() -> Self {
        Self { held: Vec::new(), target: Arc::new(Mutex::new(Target::Standard)) }
    }

    /// A file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let target = Arc::new(Mutex::new(Target::File(Aside::create(path)?)));
        stop::finish_when_stopped(target.clone());
        Ok(Self { held: Vec::new(), target })
    }

    /// Brings everything to its reader, and gives a file its name.
    ///
    /// # Errors
    /// The system refuses; what was at a file's name is still there.
    pub fn finish(&mut self) -> Result<()> {
        self.flush().context(OutputFailure)?;
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *target, Target::Closed) {
            Target::File(file) => file.sync().and_then(|()| file.put()).context(OutputFailure),
            Target::Standard | Target::Closed => Ok(()),
        }
    }

    /// Passes on what is held back.
    fn pass_on(&mut self, whole: bool) -> io::Result<()> {
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match &mut *target {
            Target::Standard => {
                let mut out = stdout().lock();
                out.write_all(&self.held).and_then(|()| if whole { out.flush() } else { Ok(()) })
            }
            Target::File(file) => file.write_all(&self.held).map(|()| {
                if whole {
                    file.mark()
                }
            }),
            Target::Closed if self.held.is_empty() => Ok(()),
            Target::Closed => Err(io::ErrorKind::BrokenPipe.into()),
        };
        self.held.clear();
        written.map_err(|error| match std::mem::replace(&mut *target, Target::Closed) {
            Target::File(file) => file.keep_whole(error),
            Target::Standard | Target::Closed => error,
        })
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.held.len() + bytes.len() > HELD {
            self.pass_on(false)?;
        }
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on(true)
    }
}

impl Unfinished for Target {
    fn finish_now(&mut self) -> Option<String> {
        match std::mem::replace(self, Self::Closed) {
            Self::File(file) => file.put_whole().err().map(|error| format!("error: {OutputFailure}: {error}")),
            Self::Standard | Self::Closed => None,
        }
    }
}

/// Writes a whole file.
///
/// # Errors
/// It cannot be written; what was there stays.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = Aside::create(path)?;
    let written = file.write_all(bytes).and_then(|()| file.put());
    written.with_context(|| format!("{}: cannot be written", path.display()))
}

/// Writes a text to standard output, all of it.
///
/// # Errors
/// It cannot be written.
pub fn print(text: impl Display) -> Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.to_string().as_bytes()).and_then(|()| out.flush()).context(OutputFailure)
}
