//! Reads what `embed` and `--bpp` wrote, with other people's readers.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

/// An array with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub name: String,
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// The arrays of an `.npz` of f32, in the order of the file; a list of changed names is passed over.
pub fn npz(path: &Path) -> Vec<Array> {
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    (0..archive.len())
        .filter_map(|i| {
            let mut file = archive.by_index(i).unwrap();
            let name = file.name().unwrap().strip_suffix(".npy")?.to_owned();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            let array = npyz::NpyFile::new(&bytes[..]).unwrap();
            let shape = array.shape().iter().map(|&n| n as usize).collect();
            Some(Array { name, shape, data: array.into_vec().unwrap() })
        })
        .collect()
}

/// The arrays of a `.safetensors` with the type they are stored in, f32 values read where they are.
pub fn safetensors(path: &Path) -> Vec<(Array, safetensors::Dtype)> {
    let bytes = std::fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(name, view)| {
            let data = match view.dtype() {
                safetensors::Dtype::F32 => {
                    view.data().chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
                }
                _ => Vec::new(),
            };
            (Array { name: name.to_owned(), shape: view.shape().to_vec(), data }, view.dtype())
        })
        .collect()
}

/// A row of a table of vectors: id, kind, position, values.
pub type Row = (String, String, Option<usize>, Vec<f32>);

/// The rows of a `.tsv` as `embed` writes it.
pub fn tsv(text: &str) -> Vec<Row> {
    assert!(text.starts_with("id\tkind\tposition\tv0\tv1\t"), "{}", text.lines().next().unwrap_or_default());
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let values = cells[3..].iter().filter(|cell| !cell.is_empty()).map(|cell| cell.parse().unwrap()).collect();
        (cells[0].to_owned(), cells[1].to_owned(), cells[2].parse().ok(), values)
    };
    text.lines().skip(1).map(row).collect()
}

/// The rows of a `.parquet` as `embed` writes it.
pub fn parquet(path: &Path) -> Vec<Row> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            let row = row.unwrap();
            let values = row.get_list(3).unwrap().elements().iter().map(|value| match value {
                parquet::record::Field::Float(value) => *value,
                other => panic!("{other:?} is no float"),
            });
            let position = row.get_int(2).ok().map(|position| position as usize);
            (row.get_string(0).unwrap().clone(), row.get_string(1).unwrap().clone(), position, values.collect())
        })
        .collect()
}
