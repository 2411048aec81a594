//! Outputs are read back by other libraries.

use std::{fs::File, io::Read};

use ::parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::{ListAccessor, RowAccessor},
};
use half::f16;

use super::*;

/// Name, shape and numbers of every array of an `.npz`.
fn read_npz(path: &Path) -> Vec<(String, Vec<u64>, Vec<f32>)> {
    let mut zip = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut arrays = Vec::new();
    for place in 0..zip.len() {
        let mut entry = zip.by_index(place).unwrap();
        let Some(name) = entry.name().unwrap().strip_suffix(".npy").map(str::to_owned) else { continue };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let file = npyz::NpyFile::new(&bytes[..]).unwrap();
        let shape = file.shape().to_vec();
        let data = match file.dtype().descr().as_str() {
            "'<f4'" => file.into_vec::<f32>().unwrap(),
            "'<f2'" => file.into_vec::<f16>().unwrap().into_iter().map(f16::to_f32).collect(),
            other => panic!("{other}"),
        };
        arrays.push((name, shape, data));
    }
    arrays
}

const NAMES: [&str; 5] = ["x", "a/b", "x_2", "record_4", "µ \"q\""];

fn expected() -> Vec<(String, Vec<u64>, Vec<f32>)> {
    let mut all = Vec::new();
    for (record, name) in records().into_iter().zip(NAMES) {
        for array in record.arrays {
            let shape = array.shape.iter().map(|&size| size as u64).collect();
            all.push((format!("{name}/{}", array.kind), shape, array.data));
        }
    }
    all
}

#[test]
fn npz_holds_every_array_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npz");
    write_all(&path, options(Leftover::Refuse), &records());
    assert_eq!(read_npz(&path), expected());
    assert_eq!(names_in(folder.path()), ["out.npz"]);

    let half = SinkOptions { dtype: Dtype::F16, ..options(Leftover::Refuse) };
    write_all(&path, half, &records());
    let rounded = expected().into_iter().map(|(name, shape, data)| {
        (name, shape, data.into_iter().map(|value| f16::from_f32(value).to_f32()).collect())
    });
    assert_eq!(read_npz(&path), rounded.collect::<Vec<_>>());
}

#[test]
fn changed_names_are_listed_in_the_file_and_returned() {
    let table = "name\tid\trecord\nx_2\tx\t3\nrecord_4\t\t4\n";
    let folder = tempfile::tempdir().unwrap();
    let write = |ending: &str, records: &[ArrayRecord]| {
        let path = folder.path().join(format!("out.{ending}"));
        let mut sink = Sink::open(&path, options(Leftover::Refuse)).unwrap();
        records.iter().for_each(|record| sink.write(record).unwrap());
        let renamed = sink.finish().unwrap();
        (path, renamed.into_iter().map(|renamed| (renamed.id, renamed.name)).collect::<Vec<_>>())
    };
    let changed = [("x".to_owned(), "x_2".to_owned()), (String::new(), "record_4".to_owned())];
    let (npz, renamed) = write("npz", &records());
    assert_eq!(renamed, changed);
    let mut text = String::new();
    let mut zip = zip::ZipArchive::new(File::open(&npz).unwrap()).unwrap();
    zip.by_name("names.tsv").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, table);
    let (safetensors, renamed) = write("safetensors", &records());
    assert_eq!(renamed, changed);
    let (_, header) = ::safetensors::SafeTensors::read_metadata(&fs::read(&safetensors).unwrap()).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["names"], table);
    assert_eq!(write("tsv", &records()).1, changed);
    assert_eq!(write("parquet", &records()).1, changed);

    // If all names are ids there is no list; a slash in an id does not change the name.
    let (npz, renamed) = write("npz", &[record(0, "AB12.1/1-24", 1), record(1, "AB12.1_1-24", 2)]);
    assert_eq!(renamed, []);
    let names: Vec<String> = read_npz(&npz).into_iter().map(|array| array.0).collect();
    assert_eq!(names, ["AB12.1/1-24/tokens", "AB12.1/1-24/mean", "AB12.1_1-24/tokens", "AB12.1_1-24/mean"]);
    assert_eq!(zip::ZipArchive::new(File::open(&npz).unwrap()).unwrap().len(), 4);
}

#[test]
fn safetensors_holds_every_array_in_every_type() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.safetensors");
    for dtype in [Dtype::F32, Dtype::F16, Dtype::Bf16] {
        write_all(&path, SinkOptions { dtype, ..options(Leftover::Refuse) }, &records());
        let bytes = fs::read(&path).unwrap();
        let tensors = ::safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.len(), expected().len());
        for (name, shape, data) in expected() {
            let tensor = tensors.tensor(&name).unwrap();
            let sizes: Vec<u64> = tensor.shape().iter().map(|&size| size as u64).collect();
            let mut numbers = Vec::new();
            dtype.encode(&data, &mut numbers);
            assert_eq!((sizes, tensor.data()), (shape, &numbers[..]), "{name}");
            assert_eq!(format!("{:?}", tensor.dtype()), dtype.name().to_uppercase());
        }
        let (_, header) = ::safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["rinalmo"], "model=test");
    }
}

#[test]
fn the_space_reserved_in_a_safetensors_header_suffices() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.safetensors");
    write_all(&path, options(Leftover::Refuse), &records());
    let bytes = fs::read(&path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let reserved: usize = records().iter().map(|record| super::safetensors::header_bytes(&Head::of(record))).sum();
    assert!(header <= reserved + 64 && header * 2 > reserved, "{header} of {reserved}");
}

#[test]
fn parquet_has_one_row_per_vector() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.parquet");
    write_all(&path, options(Leftover::Refuse), &records());
    let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    let mut found = Vec::new();
    for row in reader.get_row_iter(None).unwrap().map(Result::unwrap) {
        let list = row.get_list(3).unwrap();
        let values: Vec<f32> = (0..list.len()).map(|place| list.get_float(place).unwrap()).collect();
        let position = row.get_int(2).ok(); // an error means null
        found.push((row.get_string(0).unwrap().clone(), row.get_string(1).unwrap().clone(), position, values));
    }
    let mut rows = Vec::new();
    for (record, name) in records().into_iter().zip(["x", "a/b", "x_2", "record_4", "µ \"q\""]) {
        let [tokens, mean] = &record.arrays[..] else { unreachable!("two arrays a record") };
        for (row, values) in (1..).zip(tokens.data.chunks(4)) {
            rows.push((name.to_owned(), "tokens".to_owned(), Some(row), values.to_vec()));
        }
        rows.push((name.to_owned(), "mean".to_owned(), None, mean.data.clone()));
    }
    assert_eq!(found, rows);
}

#[test]
fn tsv_text_reads_back_to_the_same_numbers_and_pipes_get_the_same_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = records();
    records[0].arrays.push(Array { kind: ArrayKind::Cls, shape: vec![2], data: vec![1e-30, f32::NAN] });
    let path = folder.path().join("out.tsv");
    write_all(&path, options(Leftover::Refuse), &records);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("id\tkind\tposition\tv0\tv1\tv2\tv3"));
    let first: Vec<&str> = lines.next().unwrap().split('\t').collect();
    assert_eq!(first[..3], ["x", "tokens", "1"]);
    let values: Vec<f32> = first[3..].iter().map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(values, records[0].arrays[0].data[..4]);
    assert!(lines.any(|line| line == "x\tcls\t\t1e-30\tNaN\t\t"), "{text}");

    let shared = Shared::default();
    let mut sink = Sink::to_writer(Box::new(shared.clone()), options(Leftover::Refuse)).unwrap();
    records.iter().for_each(|record| sink.write(record).unwrap());
    assert_eq!(shared.text(), text, "passed on before the end");
    sink.finish().unwrap();
    assert_eq!(shared.text(), text);

    let zipped = folder.path().join("out.tsv.gz");
    write_all(&zipped, options(Leftover::Refuse), &records);
    let mut unzipped = String::new();
    flate2::read::GzDecoder::new(File::open(zipped).unwrap()).read_to_string(&mut unzipped).unwrap();
    assert_eq!(unzipped, text);
}

#[test]
fn pairs_are_listed_in_tsv_and_whole_in_npz() {
    let folder = tempfile::tempdir().unwrap();
    let data = vec![0.0, 0.25, 0.75, 0.25, 0.0, 0.5, 0.75, 0.5, 0.0];
    let pairs = |index, id: &str, data: &[f32], len| ArrayRecord {
        index,
        id: id.into(),
        arrays: vec![Array { kind: ArrayKind::Pairs, shape: vec![len, len], data: data.to_vec() }],
    };
    let records = [pairs(0, "r", &data, 3), pairs(1, "none", &[], 0), pairs(2, "r", &data[..1], 1)];
    let options = SinkOptions { layout: Layout::Pairs { cutoff: 0.25 }, ..options(Leftover::Refuse) };
    let (tsv, npz) = (folder.path().join("bpp.tsv"), folder.path().join("bpp.npz"));
    write_all(&tsv, options.clone(), &records);
    assert_eq!(fs::read_to_string(&tsv).unwrap(), "id\ti\tj\tp\nr\t1\t3\t0.75\nr\t2\t3\t0.5\n");
    let shared = Shared::default();
    let mut sink = Sink::to_writer(Box::new(shared.clone()), options.clone()).unwrap();
    records.iter().for_each(|record| sink.write(record).unwrap());
    sink.finish().unwrap();
    assert_eq!(shared.text(), fs::read_to_string(&tsv).unwrap());
    write_all(&npz, options, &records);
    let found = read_npz(&npz);
    assert_eq!(found.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), ["r", "none", "r_2"]);
    assert_eq!((&found[0].1, &found[0].2, &found[1].1), (&vec![3, 3], &data, &vec![0, 0]));
}

#[test]
fn an_output_without_records_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ENDINGS {
        write_all(&folder.path().join(format!("out.{ending}")), options(Leftover::Refuse), &[]);
    }
    let path = |ending: &str| folder.path().join(format!("out.{ending}"));
    assert!(read_npz(&path("npz")).is_empty());
    assert!(::safetensors::SafeTensors::deserialize(&fs::read(path("safetensors")).unwrap()).unwrap().is_empty());
    let reader = SerializedFileReader::new(File::open(path("parquet")).unwrap()).unwrap();
    assert_eq!(reader.get_row_iter(None).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(path("tsv")).unwrap(), "id\tkind\tposition\n");
    assert_eq!(names_in(folder.path()).len(), ENDINGS.len());
}
