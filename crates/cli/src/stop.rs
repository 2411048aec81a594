//! Ctrl-C, SIGTERM and SIGHUP: every command ends within two seconds.
//!
//! The first signal sets a flag. Loops that check it end on their own and write what is finished. A command that has
//! not checked it when the time is up (it reads from a terminal, or computes one long sequence) is ended from here,
//! after all [`Unfinished`] outputs are finished. A second signal does that at once.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::io::say;

/// How long a loop may take to notice the flag.
const GRACE: Duration = Duration::from_millis(1500);
/// How long to wait for an output that is being written.
const WRITING: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(20);

/// The signal of Ctrl-C.
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
const SIGHUP: i32 = 1;

static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// The command has seen the flag and ends on its own.
static ENDING: AtomicBool = AtomicBool::new(false);
/// Count of pieces of work that may take longer to stop.
static PATIENT: AtomicUsize = AtomicUsize::new(0);
static OPEN: Mutex<Vec<Weak<Mutex<dyn Unfinished>>>> = Mutex::new(Vec::new());

/// An output that is not complete yet.
pub trait Unfinished: Send {
    /// Keeps complete records and removes the rest. Returns a message for the user, if there is one.
    fn finish_now(&mut self) -> Option<String>;
}

/// Registers an output to be finished if the program is stopped while the output is alive.
pub fn finish_when_stopped(output: Arc<Mutex<dyn Unfinished>>) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|output| output.strong_count() > 0);
    open.push(Arc::downgrade(&output));
}

/// Intermediate files: removed if the program is stopped while this is alive.
pub struct Leftovers {
    folder: PathBuf,
    /// The prefix of their names.
    prefix: String,
}

impl Leftovers {
    /// Files in the folder of `path` whose names begin with `prefix`.
    pub fn next_to(path: &Path, prefix: impl Into<String>) -> Arc<Mutex<Self>> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let leftovers = Arc::new(Mutex::new(Self { folder: folder.to_owned(), prefix: prefix.into() }));
        finish_when_stopped(leftovers.clone());
        leftovers
    }
}

impl Unfinished for Leftovers {
    fn finish_now(&mut self) -> Option<String> {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&self.prefix) {
                let _ = std::fs::remove_file(entry.path()); // nothing depends on it
            }
        }
        None
    }
}

/// The flag that a signal sets.
pub fn flag() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    FLAG.get_or_init(Default::default).clone()
}

/// Was the command asked to stop? A caller that may still compute before it ends asks this: the time limit stays.
pub fn is_asked_for() -> bool {
    flag().load(Ordering::SeqCst)
}

/// Is the command to stop? A caller that gets `true` has to end soon.
pub fn is_asked() -> bool {
    let asked = flag().load(Ordering::SeqCst);
    if asked {
        ENDING.store(true, Ordering::SeqCst);
    }
    asked
}

/// The exit code of a stopped command: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP, as shells count them.
pub fn exit_code() -> u8 {
    match SIGNAL.load(Ordering::SeqCst) {
        SIGTERM => 143,
        SIGHUP => 129,
        _ => 130,
    }
}

/// While this is alive, a stopped command may take the time it needs: training ends its step and writes a checkpoint.
pub struct Patience(());

impl Patience {
    /// Starts such work.
    pub fn begin() -> Self {
        PATIENT.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        PATIENT.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Handles a signal: the first sets the flag and starts a time limit, the second ends the program.
fn on(signal: i32, silent: &AtomicBool) {
    let first = !flag().swap(true, Ordering::SeqCst);
    SIGNAL.store(signal, Ordering::SeqCst);
    let grace = if first { GRACE } else { Duration::ZERO };
    if first && !silent.load(Ordering::SeqCst) {
        say("\nstopping; a second signal stops at once");
    }
    thread::spawn(move || end_after(grace));
}

/// Ends the program when the time is up, unless it ends on its own.
fn end_after(grace: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < grace {
        thread::sleep(TICK);
        if ENDING.load(Ordering::SeqCst) || PATIENT.load(Ordering::SeqCst) > 0 {
            return;
        }
    }
    end();
}

/// Ends the program now, after finishing every output.
fn end() -> ! {
    let open = std::mem::take(&mut *OPEN.lock().unwrap_or_else(PoisonError::into_inner));
    for output in open.iter().filter_map(Weak::upgrade) {
        if let Some(said) = with_lock(&output, |output| output.finish_now()).flatten() {
            say(said);
        }
    }
    // Other threads still run, so nothing that they use may be destroyed first.
    #[cfg(unix)]
    signal_hook::low_level::exit(i32::from(exit_code()));
    #[cfg(not(unix))]
    std::process::exit(i32::from(exit_code()));
}

/// Runs `work` on an output, unless another thread writes to it for too long. The lock is kept, so that nothing is
/// written afterwards.
fn with_lock<T>(output: &Mutex<dyn Unfinished>, work: impl FnOnce(&mut dyn Unfinished) -> T) -> Option<T> {
    let begun = Instant::now();
    loop {
        match output.try_lock() {
            Ok(mut output) => {
                let done = work(&mut *output);
                std::mem::forget(output);
                return Some(done);
            }
            Err(TryLockError::Poisoned(_)) => return None,
            Err(TryLockError::WouldBlock) if begun.elapsed() > WRITING => return None,
            Err(TryLockError::WouldBlock) => thread::sleep(TICK),
        }
    }
}

/// Listens for signals from now on. `mpirun` sends SIGUSR1 to all processes of a run before it ends them; that also
/// sets the flag.
#[cfg(unix)]
pub fn listen(silent: Arc<AtomicBool>) -> Result<()> {
    use signal_hook::consts::SIGUSR1;
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1]).context("cannot listen for Ctrl-C")?;
    thread::spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGUSR1 => flag().store(true, Ordering::SeqCst),
                signal => on(signal, &silent),
            }
        }
    });
    Ok(())
}

/// Listens for Ctrl-C from now on.
#[cfg(not(unix))]
pub fn listen(silent: Arc<AtomicBool>) -> Result<()> {
    ctrlc::set_handler(move || on(SIGINT, &silent)).context("cannot listen for Ctrl-C")
}
