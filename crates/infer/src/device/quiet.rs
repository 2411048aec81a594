//! Turns the panics of code that reports failures by panicking, on this or on its own threads, into errors.
//!
//! A panic's message is printed by the process's panic hook, which belongs to the program and not to a library. A
//! program that wants to report failing devices itself sets a hook that calls [`expected`] first.

use std::any::Any;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bodies that are running, and the first panic since the first of them started.
static EXPECTING: Mutex<Expecting> = Mutex::new(Expecting { bodies: 0, first: None });

struct Expecting {
    bodies: usize,
    first: Option<String>,
}

/// For a program's panic hook: is this panic the failure of a device? Then it is returned as an error, with this
/// message if it is the first, and need not be printed. GPU drivers run on their own threads. A panic there comes
/// first, and says more than the panic that it causes elsewhere.
pub fn expected(panic: &PanicHookInfo<'_>) -> bool {
    let mut expecting = lock(&EXPECTING);
    if expecting.bodies > 0 {
        expecting.first.get_or_insert_with(|| message(panic.payload()));
    }
    expecting.bodies > 0
}

/// Runs `body` and returns its panic's message as the error.
pub(super) fn quietly<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    lock(&EXPECTING).bodies += 1;
    let result = catch_unwind(AssertUnwindSafe(body));
    let mut expecting = lock(&EXPECTING);
    expecting.bodies -= 1;
    let first = if expecting.bodies == 0 { expecting.first.take() } else { expecting.first.clone() };
    result.map_err(|payload| first.unwrap_or_else(|| message(payload.as_ref())))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The reason in a panic's message: its last cause, if it lists causes, or its first line.
/// Errors of C++ libraries arrive as quoted text with escaped line ends.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
    let cause = text.rsplit("Caused by:").next().unwrap_or(text).trim_start();
    let line = cause.lines().next().unwrap_or_default();
    line.split("\\n").next().unwrap_or_default().trim_end_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_first_line() {
        assert_eq!(quietly(|| 1), Ok(1));
        assert_eq!(quietly(|| panic!("no driver\nbacktrace")), Err::<(), _>("no driver".to_owned()));
        let quoted = || panic!("{:?}", "no driver\nraised from here");
        assert_eq!(quietly(quoted), Err::<(), _>("\"no driver".to_owned()));
    }

    #[test]
    fn the_last_cause_is_the_reason() {
        let chain = "reading back failed\nCaused by:\n  skipped\nCaused by:\n  no memory\nNo backtrace";
        assert_eq!(quietly(|| panic!("{chain}")), Err::<(), _>("no memory".to_owned()));
    }
}
