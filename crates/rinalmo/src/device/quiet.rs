//! Runs code that reports its failures by panicking, on this thread or on one of its own.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The panic hook belongs to the whole process: two that swap it at once could each put back
/// what the other had set.
static HOOK: Mutex<()> = Mutex::new(());

/// Runs `body` and gives its panic's message as the error. Meanwhile no thread's panic is
/// printed: GPU drivers are driven from threads of their own, whose panic comes first and says
/// more than the one it causes here.
pub fn quietly<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    let _turn = lock(&HOOK);
    let first = Arc::new(Mutex::new(None));
    let seen = first.clone();
    let before = take_hook();
    set_hook(Box::new(move |panic| {
        lock(&seen).get_or_insert_with(|| message(panic.payload()));
    }));
    let result = catch_unwind(AssertUnwindSafe(body));
    set_hook(before);
    result.map_err(|payload| lock(&first).take().unwrap_or_else(|| message(payload.as_ref())))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic's message is about: its last cause, where it tells them, or its first line.
/// Errors of C++ libraries arrive as quoted text, their line ends written out.
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

    #[test]
    fn the_panic_of_another_thread_is_the_reason() {
        let body = || {
            let worker = std::thread::spawn(|| panic!("the cause"));
            worker.join().expect("the effect");
        };
        assert_eq!(quietly(body), Err("the cause".to_owned()));
    }
}
