//! One writer at a time: operating-system locks on files, freed even when a process is killed.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::Error;
use super::safe::{self, Unopened};

/// The right to write, until dropped.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Opens a file to be locked, or creates it. It is never emptied, and somebody who can write to its folder cannot
    /// redirect it with a link.
    ///
    /// # Errors
    /// It cannot be opened, or is a link or not a file.
    pub fn open(path: &Path) -> io::Result<File> {
        safe::open_shared(path).map_err(|unopened| match unopened {
            Unopened::System(error) => error,
            Unopened::Refused(what) => {
                io::Error::other(format!("{what}\nhint: find out who put it there and remove it"))
            }
        })
    }

    /// Locks an open file, if no other process has.
    ///
    /// # Errors
    /// `WouldBlock` if another process has, and other errors of the system: some network file systems have no locks.
    pub fn take(file: File) -> Result<Self, TryLockError> {
        file.try_lock().map(|()| Self(file))
    }

    /// Creates the folder and waits for the lock on it; `waiting` is called once if another process holds it.
    pub(super) fn hold(folder: &Path, waiting: impl FnOnce()) -> Result<Self, Error> {
        safe::folder(folder)?;
        let path = folder.join(".lock");
        let file = safe::no_link(&path)?;
        let locked = match file.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock()
            }
            Err(TryLockError::Error(error)) => Err(error),
        };
        match locked {
            // Some network file systems have no locks; there, the user must run one process at a time.
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(Error::io("lock", &path)(error)),
            _ => Ok(Self(file)),
        }
    }
}

impl Drop for Lock {
    /// Closing the file would not do: a program that another thread is just starting has a copy of it, lock and all,
    /// until it begins to run.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lock_ends_with_its_holder_whoever_else_has_the_file_open() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || File::create(folder.path().join("lock")).expect("made");
        let file = open();
        let copy = file.try_clone().expect("copied"); // as a program that is being started has
        let held = Lock::take(file).expect("nobody holds it");
        assert!(matches!(Lock::take(open()), Err(TryLockError::WouldBlock)));
        drop(held);
        Lock::take(open()).expect("nobody holds it any more");
        drop(copy);
    }

    #[test]
    fn a_second_writer_waits_for_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model");
        let first = Lock::hold(&path, || panic!("nobody else is here")).expect("locks");
        let (sender, events) = mpsc::channel();
        let second = std::thread::spawn(move || {
            let lock = Lock::hold(&path, || sender.send("waits").expect("sends"));
            sender.send("holds").expect("sends");
            lock.map(drop)
        });
        assert_eq!(events.recv(), Ok("waits"));
        assert!(events.recv_timeout(Duration::from_millis(50)).is_err());
        drop(first);
        assert_eq!(events.recv(), Ok("holds"));
        second.join().expect("ends").expect("locks");
    }
}
