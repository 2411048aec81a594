//! What a sink wrote is read back from every format.

use std::path::Path;

use super::{holds_arrays, vectors};
use crate::{Array, ArrayKind, ArrayRecord, Dtype, Sink, SinkOptions};

const FILES: [&str; 5] = ["a.npz", "a.safetensors", "a.tsv", "a.tsv.gz", "a.parquet"];

fn files() -> impl Iterator<Item = &'static str> {
    FILES.into_iter().filter(|file| cfg!(feature = "parquet") || !file.ends_with("parquet"))
}

/// Two records of the same id and one more, the first of two bases.
fn write(path: &Path, dtype: Dtype, kinds: &[ArrayKind]) {
    let mut sink = Sink::open(path, SinkOptions::default().dtype(dtype)).unwrap();
    for (index, id) in ["x", "y/z", "x"].into_iter().enumerate() {
        let value = index as f32;
        let all = [
            Array::new(ArrayKind::Tokens, vec![2, 3], vec![value, 1.0, 2.0, value + 1.0, 3.0, 4.0]),
            Array::new(ArrayKind::Mean, vec![3], vec![value, 0.5, -2.0]),
            Array::new(ArrayKind::Logits, vec![1, 4], vec![9.0; 4]),
        ];
        let arrays = all.into_iter().filter(|array| kinds.contains(&array.kind)).collect();
        sink.write(&ArrayRecord::new(index as u64, id, arrays)).unwrap();
    }
    sink.finish().unwrap();
}

#[test]
fn every_format_gives_the_same_vectors_in_the_order_of_the_input() {
    let folder = tempfile::tempdir().unwrap();
    for file in files() {
        let path = folder.path().join(file);
        write(&path, Dtype::F32, &[ArrayKind::Tokens, ArrayKind::Mean, ArrayKind::Logits]);
        assert!(holds_arrays(&path).unwrap(), "{file}");
        let mean = vectors(&path, None).unwrap();
        assert_eq!((mean.kind, mean.dims), (ArrayKind::Mean, 3), "{file}");
        assert_eq!(mean.values, [0.0, 0.5, -2.0, 1.0, 0.5, -2.0, 2.0, 0.5, -2.0], "{file}");
        let names: Vec<&str> = mean.records.iter().map(|record| record.name.as_str()).collect();
        assert_eq!(names, ["x", "y/z", "x_2"], "{file}");
        let tokens = vectors(&path, Some(ArrayKind::Tokens)).unwrap();
        assert_eq!(tokens.values[..6], [0.5, 2.0, 3.0, 1.5, 2.0, 3.0], "means over bases in {file}");
        let missing = vectors(&path, Some(ArrayKind::Cls)).unwrap_err().to_string();
        assert!(missing.contains("holds no arrays `cls`\nhint: "), "{missing}");
    }
}

#[test]
fn names_that_differ_from_ids_are_read_with_them() {
    let folder = tempfile::tempdir().unwrap();
    for file in files().filter(|file| !file.contains("tsv")) {
        let path = folder.path().join(file);
        write(&path, Dtype::F32, &[ArrayKind::Tokens]);
        let found = vectors(&path, None).unwrap();
        assert_eq!(found.kind, ArrayKind::Tokens, "the only kind is read");
        assert_eq!((found.records[2].name.as_str(), found.records[2].id.as_str()), ("x_2", "x"), "{file}");
    }
}

#[cfg(feature = "h5ad")]
#[test]
fn a_file_of_anndata_has_a_row_for_each_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5ad");
    let mut sink = Sink::open(&path, SinkOptions::default()).unwrap();
    for (index, id) in ["x", "y", "x"].into_iter().enumerate() {
        let vector = |kind, value: f32| Array::new(kind, vec![2], vec![value, index as f32]);
        let arrays = vec![vector(ArrayKind::Cls, 7.0), vector(ArrayKind::Mean, 0.5)];
        sink.write(&ArrayRecord::new(index as u64, id, arrays)).unwrap();
    }
    sink.finish().unwrap();
    assert!(holds_arrays(&path).unwrap());
    let mean = vectors(&path, None).unwrap();
    assert_eq!((mean.kind, mean.dims), (ArrayKind::Mean, 2));
    assert_eq!(mean.values, [0.5, 0.0, 0.5, 1.0, 0.5, 2.0]);
    let third = &mean.records[2];
    assert_eq!((third.name.as_str(), third.id.as_str()), ("x_2", "x"));
    let cls = vectors(&path, Some(ArrayKind::Cls)).unwrap();
    assert_eq!(cls.values, [7.0, 0.0, 7.0, 1.0, 7.0, 2.0]);
    assert!(vectors(&path, Some(ArrayKind::Tokens)).is_err());
    std::fs::write(&path, b"\x89HDF\r\n\x1a\n and no more").unwrap();
    assert!(vectors(&path, None).is_err());
}

#[cfg(feature = "h5ad")]
#[test]
fn damaged_files_of_anndata_are_refused_or_read_and_never_end_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5ad");
    write(&path, Dtype::F32, &[ArrayKind::Mean]);
    let whole = std::fs::read(&path).unwrap();
    for cut in (0..whole.len()).step_by(4001) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(vectors(&path, None).is_err(), "the first {cut} of {} bytes", whole.len());
    }
    let mut refused = 0;
    for place in (0..whole.len()).step_by(997) {
        let mut changed = whole.clone();
        changed[place] ^= 0xff;
        std::fs::write(&path, changed).unwrap();
        refused += usize::from(vectors(&path, None).is_err());
    }
    assert!(refused > 0);
}

#[test]
fn numbers_of_16_bits_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for (file, dtype) in [("a.npz", Dtype::F16), ("b.safetensors", Dtype::F16), ("c.safetensors", Dtype::Bf16)] {
        let path = folder.path().join(file);
        write(&path, dtype, &[ArrayKind::Mean]);
        assert_eq!(vectors(&path, None).unwrap().values[..3], [0.0, 0.5, -2.0], "{file}");
    }
}

#[test]
fn truncated_and_changed_files_are_errors_that_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for file in files() {
        let path = folder.path().join(file);
        write(&path, Dtype::F32, &[ArrayKind::Mean]);
        let bytes = std::fs::read(&path).unwrap();
        for kept in [0, 4, 30, bytes.len() / 2, bytes.len() - 5] {
            std::fs::write(&path, &bytes[..kept]).unwrap();
            match vectors(&path, None) {
                Err(error) => assert!(error.to_string().contains(file), "{error}"),
                // A text table may end after any of its rows.
                Ok(found) => assert!(file.contains("tsv") && found.records.len() < 3, "{file} of {kept} bytes"),
            }
        }
        std::fs::write(&path, "GGGAAACCC\n").unwrap();
        assert!(vectors(&path, None).is_err(), "{file}");
    }
}
