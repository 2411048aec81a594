//! Complete outputs, through the public interface.

mod read_back;
mod refusals;
mod resume;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use super::*;

const ENDINGS: [&str; 5] = ["npz", "safetensors", "parquet", "tsv", "tsv.gz"];

/// A matrix or vector of numbers that need all their digits.
fn array(kind: ArrayKind, shape: &[usize], seed: u64) -> Array {
    let count = shape.iter().product::<usize>() as u64;
    let data = (0..count).map(|n| ((n + 1) * (seed + 3)) as f32 * 0.123_456_79 - 1.0).collect();
    Array { kind, shape: shape.to_vec(), data }
}

fn record(index: u64, id: &str, len: usize) -> ArrayRecord {
    let arrays = vec![array(ArrayKind::Tokens, &[len, 4], index), array(ArrayKind::Mean, &[4], index + 100)];
    ArrayRecord { index, id: id.into(), arrays }
}

/// A repeated id, an empty record, and ids that are not file names.
fn records() -> Vec<ArrayRecord> {
    let ids = [("x", 3), ("a/b", 1), ("x", 2), ("", 0), ("µ \"q\"", 2)];
    (0..).zip(ids).map(|(index, (id, len))| record(index, id, len)).collect()
}

fn options(leftover: Leftover) -> SinkOptions {
    SinkOptions { leftover, settings: "model=test".into(), ..Default::default() }
}

fn write_all(path: &Path, options: SinkOptions, records: &[ArrayRecord]) {
    let mut sink = Sink::open(path, options).unwrap();
    records.iter().for_each(|record| sink.write(record).unwrap());
    sink.finish().unwrap();
}

/// The files of a folder, to check that no others are left.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A stream whose bytes can be read.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
