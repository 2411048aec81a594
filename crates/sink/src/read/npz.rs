//! Arrays of `.npz` files.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use super::{Found, parts, text};
use crate::Dtype;
use crate::array::count;
use crate::names::INDEX;

/// The first bytes of an `.npy` file.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads every array of the chosen kind.
pub(super) fn read(path: &Path, found: &mut Found) -> Result<(), String> {
    let file = File::open(path).map_err(text)?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(text)?;
    if let Ok(mut index) = archive.by_name(INDEX) {
        let mut table = String::new();
        index.read_to_string(&mut table).map_err(text)?;
        found.set_ids(&table);
    }
    let members = archive.file_names().map(|name| name.map(Cow::into_owned)).collect::<Result<Vec<String>, _>>();
    let members = members.map_err(text)?;
    let arrays = || members.iter().filter_map(|member| parts(member.strip_suffix(".npy")?));
    let kind = found.choose(arrays().map(|array| array.1))?;
    for place in 0..archive.len() {
        let member = archive.by_index(place).map_err(text)?;
        let name = member.name().map_err(text)?.into_owned();
        let Some((record, _)) = name.strip_suffix(".npy").and_then(parts).filter(|array| array.1 == kind) else {
            continue;
        };
        let (shape, values) = array(member).map_err(|message| format!("`{name}`: {message}"))?;
        found.add(record, &shape, &values)?;
    }
    Ok(())
}

/// The shape and the values of an `.npy` file (`numpy.lib.format`).
fn array(mut reader: impl Read) -> Result<(Vec<usize>, Vec<f32>), String> {
    let header = header(&mut reader)?;
    let damaged = || format!("its header is damaged: `{}`", header.trim_end());
    let between = |start: &str, end: char| header.split_once(start)?.1.split_once(end).map(|parts| parts.0);
    let descr = between("'descr': '", '\'').ok_or_else(damaged)?;
    let sizes = between("'shape': (", ')').ok_or_else(damaged)?.split(',').map(str::trim);
    let shape: Result<Vec<usize>, _> = sizes.filter(|size| !size.is_empty()).map(str::parse).collect();
    let shape = shape.map_err(|_| damaged())?;
    if between("'fortran_order': ", ',') != Some("False") && shape.len() > 1 {
        return Err("expected an array in C order, found Fortran order".into());
    }
    let width = match descr {
        "<f2" => 2,
        "<f4" => 4,
        "<f8" => 8,
        _ => return Err(format!("expected numbers `<f2`, `<f4` or `<f8`, found `{descr}`")),
    };
    let expected = count(&shape).and_then(|count| count.checked_mul(width)).ok_or_else(damaged)?;
    let mut bytes = Vec::new();
    reader.take(expected as u64).read_to_end(&mut bytes).map_err(text)?;
    if bytes.len() < expected {
        return Err(format!("holds {} bytes of numbers, expected {expected}", bytes.len()));
    }
    let values = match width {
        2 => Dtype::F16.decode(&bytes),
        4 => Dtype::F32.decode(&bytes),
        _ => bytes.as_chunks().0.iter().map(|number| f64::from_le_bytes(*number) as f32).collect(),
    };
    Ok((shape, values))
}

/// The header of an `.npy` file, a Python dictionary. Its length has two bytes in format 1.0 and four in later ones.
fn header(reader: &mut impl Read) -> Result<String, String> {
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(text)?;
    if !start.starts_with(MAGIC) {
        return Err("is no array of NumPy".into());
    }
    let mut length = [0; 4];
    reader.read_exact(&mut length[..if start[6] == 1 { 2 } else { 4 }]).map_err(text)?;
    let mut header = String::new();
    reader.take(u32::from_le_bytes(length).into()).read_to_string(&mut header).map_err(text)?;
    Ok(header)
}
