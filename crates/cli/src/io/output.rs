//! Destinations of text results.

use std::fmt::Display;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use super::OutputFailure;
use super::part_file::{PartFile, kept};
use super::say::say;
use crate::stop::{self, Unfinished};

/// Size of the buffer in bytes.
const HELD: usize = 1 << 16;

/// `-o`.
#[derive(Args, Clone, Debug)]
pub struct OutputArgs {
    /// Write to FILE instead of standard output; an existing file is replaced once the new one is complete
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl OutputArgs {
    /// Opens it.
    pub fn open(&self) -> Result<Out> {
        self.output.as_deref().map_or_else(|| Ok(Out::standard()), Out::create)
    }
}

/// An open output: standard output, or a file that gets its name when it is [finished](Out::finish).
///
/// What is written between two calls of `flush` stays together: a run that is stopped leaves complete batches.
pub struct Out {
    held: Vec<u8>,
    target: Arc<Mutex<Target>>,
}

enum Target {
    Standard,
    File(PartFile),
    /// The file has its name, or writing it failed.
    Closed,
}

impl Out {
    /// Standard output.
    pub fn standard() -> Self {
        Self { held: Vec::new(), target: Arc::new(Mutex::new(Target::Standard)) }
    }

    /// A file; `-` is standard output.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        if is_standard(path) {
            return Ok(Self::standard());
        }
        let target = Arc::new(Mutex::new(Target::File(PartFile::create(path)?)));
        stop::finish_when_stopped(target.clone());
        Ok(Self { held: Vec::new(), target })
    }

    /// Flushes everything, and gives a file its name. If the program is being stopped, a file that had this name is kept.
    ///
    /// # Errors
    /// Writing fails; a file that had this name is kept.
    pub fn finish(&mut self) -> Result<()> {
        self.flush().context(OutputFailure)?;
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *target, Target::Closed) {
            Target::File(file) => file.sync().and_then(|()| put(file)).context(OutputFailure),
            Target::Standard | Target::Closed => Ok(()),
        }
    }

    /// Writes out the buffer; `complete` says that a batch ends here.
    fn write_out(&mut self, complete: bool) -> io::Result<()> {
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match &mut *target {
            Target::Standard => {
                let mut out = stdout().lock();
                out.write_all(&self.held).and_then(|()| if complete { out.flush() } else { Ok(()) })
            }
            Target::File(file) => file.write_all(&self.held).map(|()| {
                if complete {
                    file.mark()
                }
            }),
            Target::Closed if self.held.is_empty() => Ok(()),
            Target::Closed => Err(io::ErrorKind::BrokenPipe.into()),
        };
        self.held.clear();
        written.map_err(|error| match std::mem::replace(&mut *target, Target::Closed) {
            Target::File(file) => file.keep_complete(error),
            Target::Standard | Target::Closed => error,
        })
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.held.len() + bytes.len() > HELD {
            self.write_out(false)?;
        }
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out(true)
    }
}

impl Unfinished for Target {
    fn finish_now(&mut self) -> Option<String> {
        match std::mem::replace(self, Self::Closed) {
            Self::File(file) => match file.put_complete() {
                Ok(part) => part.map(|part| kept(&part)),
                Err(error) => Some(format!("error: {OutputFailure}: {error}")),
            },
            Self::Standard | Self::Closed => None,
        }
    }
}

/// Gives a file its name, or only its complete batches if the program is being stopped.
fn put(file: PartFile) -> io::Result<()> {
    if !stop::is_asked_for() {
        return file.put();
    }
    if let Some(part) = file.put_complete()? {
        say(kept(&part));
    }
    Ok(())
}

/// Whether a path stands for standard output.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Checks that at most one file is `-`. Each comes with its flag, and is `None` where the flag is not given.
///
/// # Errors
/// Two files are `-`.
pub fn one_for_standard_output(files: &[(&str, Option<&Path>)]) -> Result<()> {
    let taken = files.iter().filter(|(_, path)| path.is_some_and(is_standard));
    let flags: Vec<&str> = taken.map(|(flag, _)| *flag).collect();
    match flags[..] {
        [first, second, ..] => bail!("{second} -: standard output is taken by {first}; write one of them to a file"),
        _ => Ok(()),
    }
}

/// Prints a table, unless one of the files takes its place on standard output.
///
/// # Errors
/// It cannot be written.
pub fn print_table<const N: usize>(text: impl std::fmt::Display, files: [Option<&Path>; N]) -> Result<()> {
    if files.into_iter().flatten().any(is_standard) { Ok(()) } else { print(text) }
}

/// Writes a text to a file in one go, if one was asked for; `-` is standard output.
///
/// # Errors
/// It cannot be written; an existing file is kept.
pub fn write_text(path: Option<&Path>, text: impl FnOnce() -> String) -> Result<()> {
    match path {
        None => Ok(()),
        Some(path) if is_standard(path) => print(text()),
        Some(path) => write_file(path, text().as_bytes()),
    }
}

/// Writes a file in one go.
///
/// # Errors
/// It cannot be written; an existing file is kept.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = PartFile::create(path)?;
    let written = file.write_all(bytes).and_then(|()| file.put());
    written.with_context(|| format!("{}: cannot be written", path.display()))
}

/// Writes a text to standard output and flushes it.
///
/// # Errors
/// It cannot be written.
pub fn print(text: impl Display) -> Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.to_string().as_bytes()).and_then(|()| out.flush()).context(OutputFailure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_output_is_taken_once() {
        let (file, standard) = (Some(Path::new("a")), Some(Path::new("-")));
        assert!(one_for_standard_output(&[("--json", standard), ("--csv", file), ("--markdown", None)]).is_ok());
        let error = one_for_standard_output(&[("--json", standard), ("--csv", file), ("--markdown", standard)]);
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("--markdown -: standard output is taken by --json"), "{error}");
    }
}
