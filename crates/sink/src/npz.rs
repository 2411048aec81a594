//! The `.npz` format: a zip of stored (not compressed) `.npy` files named `<id>/<kind>.npy`, or `<id>.npy` for pairs.
//! If names of records differ from their ids, a last member `names.tsv` lists them.
//!
//! The header of a `.npy` file is the format 1.0 of the NumPy documentation (`numpy.lib.format`).

use std::io::{self, Seek, Write};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    ArrayKind, Dtype,
    names::{INDEX, Names},
    spool::Spool,
};

/// Writes all records of the spool.
pub(super) fn encode<W: Write + Seek>(spool: &Spool, names: &Names, out: W) -> io::Result<W> {
    let mut zip = ZipWriter::new(out);
    for head in spool.heads() {
        let head = head?;
        let name = names.of(head.index);
        for array in &head.arrays {
            let entry = match array.kind {
                ArrayKind::Pairs => format!("{name}.npy"),
                kind => format!("{name}/{kind}.npy"),
            };
            let header = header(&array.shape, spool.dtype())?;
            let large = header.len() as u64 + array.bytes > u64::from(u32::MAX);
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(large);
            zip.start_file(entry, options)?;
            zip.write_all(&header)?;
            io::copy(&mut spool.payload(array)?, &mut zip)?;
        }
    }
    if let Some(table) = names.table() {
        zip.start_file(INDEX, SimpleFileOptions::default().compression_method(CompressionMethod::Stored))?;
        zip.write_all(table.as_bytes())?;
    }
    Ok(zip.finish()?)
}

/// The header of an array in C order: magic, version, length, and a Python dictionary padded to 64 bytes.
fn header(shape: &[usize], dtype: Dtype) -> io::Result<Vec<u8>> {
    let descr = match dtype {
        Dtype::F32 => "<f4",
        Dtype::F16 => "<f2",
        Dtype::Bf16 => return Err(io::Error::other("numpy has no bf16")),
    };
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let padding = 63 - (10 + dict.len()) % 64;
    dict.extend(std::iter::repeat_n(' ', padding));
    dict.push('\n');
    let length = u16::try_from(dict.len()).map_err(io::Error::other)?;
    Ok([b"\x93NUMPY\x01\x00", &length.to_le_bytes()[..], dict.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_tuples_padded_to_64_bytes() {
        for (shape, tuple) in [(&[5][..], "(5,)"), (&[2, 3], "(2, 3)"), (&[1, 2, 3, 4], "(1, 2, 3, 4)"), (&[0], "(0,)")]
        {
            let header = header(shape, Dtype::F32).unwrap();
            assert_eq!(header.len() % 64, 0);
            assert_eq!(header.last(), Some(&b'\n'));
            let text = String::from_utf8_lossy(&header[10..]).into_owned();
            assert!(text.contains(&format!("'shape': {tuple}, ")), "{text}");
            assert_eq!(npyz::NpyFile::new(&header[..]).unwrap().shape().len(), shape.len());
        }
    }
}
