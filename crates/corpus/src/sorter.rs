//! Sorts more keys than fit into memory: full chunks go to disk as sorted runs, which are merged when read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use rayon::slice::ParallelSliceMut;

use crate::{Error, bank::Output};

/// Bytes read at a time from each run.
const BUFFER: usize = 256 << 10;

/// Collects keys of `N` numbers and returns them in order.
#[derive(Debug)]
pub(crate) struct Sorter<const N: usize> {
    folder: PathBuf,
    name: &'static str,
    keys: Vec<[u64; N]>,
    capacity: usize,
    runs: Vec<PathBuf>,
}

impl<const N: usize> Sorter<N> {
    /// Keeps at most `budget` bytes of keys in memory; the rest goes to files called `name` in `folder`.
    pub(crate) fn new(folder: &Path, name: &'static str, budget: usize) -> Self {
        let capacity = (budget / size_of::<[u64; N]>()).max(1);
        Self { folder: folder.to_owned(), name, keys: Vec::new(), capacity, runs: Vec::new() }
    }

    pub(crate) fn push(&mut self, key: [u64; N]) -> Result<(), Error> {
        if self.keys.len() == self.capacity {
            self.spill()?;
        }
        self.keys.push(key);
        Ok(())
    }

    fn spill(&mut self) -> Result<(), Error> {
        self.keys.par_sort_unstable();
        let path = self.folder.join(format!("{}-{}.run", self.name, self.runs.len()));
        let mut output = Output::create(path.clone())?;
        self.runs.push(path);
        for number in self.keys.iter().flatten() {
            output.write(&number.to_le_bytes())?;
        }
        output.close()?;
        self.keys.clear();
        Ok(())
    }

    /// The keys in order; equal keys are all returned.
    pub(crate) fn sorted(mut self) -> Result<Sorted<N>, Error> {
        self.keys.par_sort_unstable();
        let mut runs: Vec<Run<N>> = Vec::new();
        for path in std::mem::take(&mut self.runs) {
            runs.push(Run::File(RunFile::open(path)?));
        }
        runs.push(Run::Memory(std::mem::take(&mut self.keys).into_iter()));
        let mut heap = BinaryHeap::with_capacity(runs.len());
        for (n, run) in runs.iter_mut().enumerate() {
            heap.extend(run.next()?.map(|key| Reverse((key, n))));
        }
        Ok(Sorted { runs, heap })
    }
}

/// Keys in order.
pub(crate) struct Sorted<const N: usize> {
    runs: Vec<Run<N>>,
    heap: BinaryHeap<Reverse<([u64; N], usize)>>,
}

impl<const N: usize> Sorted<N> {
    /// The next key without taking it.
    pub(crate) fn peek(&self) -> Option<[u64; N]> {
        self.heap.peek().map(|Reverse((key, _))| *key)
    }

    /// Takes the next key.
    pub(crate) fn next(&mut self) -> Result<Option<[u64; N]>, Error> {
        let Some(Reverse((key, run))) = self.heap.pop() else { return Ok(None) };
        self.heap.extend(self.runs[run].next()?.map(|key| Reverse((key, run))));
        Ok(Some(key))
    }
}

enum Run<const N: usize> {
    Memory(std::vec::IntoIter<[u64; N]>),
    File(RunFile),
}

impl<const N: usize> Run<N> {
    fn next(&mut self) -> Result<Option<[u64; N]>, Error> {
        match self {
            Self::Memory(keys) => Ok(keys.next()),
            Self::File(file) => file.next(),
        }
    }
}

/// A run on disk, which is removed once it is no longer read.
struct RunFile {
    path: PathBuf,
    left: u64, // numbers
    file: BufReader<File>,
}

impl RunFile {
    fn open(path: PathBuf) -> Result<Self, Error> {
        let file = File::open(&path).map_err(Error::file("be opened", &path))?;
        let left = file.metadata().map_err(Error::file("be opened", &path))?.len() / 8;
        Ok(Self { path, left, file: BufReader::with_capacity(BUFFER, file) })
    }

    fn next<const N: usize>(&mut self) -> Result<Option<[u64; N]>, Error> {
        if self.left < N as u64 {
            return Ok(None);
        }
        self.left -= N as u64;
        let mut key = [0; N];
        for number in &mut key {
            let mut bytes = [0; 8];
            self.file.read_exact(&mut bytes).map_err(Error::file("be read", &self.path))?;
            *number = u64::from_le_bytes(bytes);
        }
        Ok(Some(key))
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        // A run that cannot be removed only takes space until the working folder is removed.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_depend_on_how_much_memory_there_is() {
        let keys: Vec<[u64; 2]> = (0..1000u64).map(|n| [n.wrapping_mul(0x9E37_79B9) % 97, n]).collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        for budget in [0, 100, 5000, 1 << 20] {
            let folder = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::new(folder.path(), "test", budget);
            keys.iter().for_each(|&key| sorter.push(key).unwrap());
            let mut sorted = sorter.sorted().unwrap();
            let mut found = Vec::new();
            while let Some(key) = sorted.peek() {
                assert_eq!(sorted.next().unwrap(), Some(key));
                found.push(key);
            }
            assert_eq!(found, expected, "budget {budget}");
            drop(sorted);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "runs are removed");
        }
    }
}
