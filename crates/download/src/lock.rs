//! One writer for a model's folder: an operating-system lock on `<folder>/.lock`, freed even when a process is killed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use super::Error;

/// The right to write in a folder, until dropped.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock, which ends when the file is closed")] File);

impl Lock {
    /// Makes the folder and waits for the right to write there; `waiting` is called once if another holds it.
    pub fn hold(folder: &Path, waiting: impl FnOnce()) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let path = folder.join(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io("create", &path))?;
        let locked = match file.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock()
            }
            Err(TryLockError::Error(error)) => Err(error),
        };
        match locked {
            // Some network file systems have no locks; there, one process at a time is the user's care.
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(Error::io("lock", &path)(error)),
            _ => Ok(Self(file)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

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
