//! The `.safetensors` format: one tensor `<id>/<kind>` for each array. `__metadata__` has the settings of the run and a
//! table of the records whose names differ from their ids.
//!
//! The header comes first and has every offset, so it is built in one pass over the spool, and the numbers are written
//! in a second. Layout: <https://github.com/huggingface/safetensors>.

use std::io::{self, Write};

use super::{Dtype, head::Head, names::Names, spool::Spool};

/// Readers refuse longer headers: `MAX_HEADER_SIZE` of the reference implementation.
pub(super) const HEADER_LIMIT: usize = 100_000_000;

/// Writes all records of the spool.
pub(super) fn encode<W: Write>(spool: &Spool, names: &Names, settings: &str, mut out: W) -> io::Result<W> {
    let dtype = match spool.dtype() {
        Dtype::F32 => "F32",
        Dtype::F16 => "F16",
        Dtype::Bf16 => "BF16",
    };
    let mut header = String::new();
    let mut begin = 0;
    for head in spool.heads() {
        let head = head?;
        let name = names.of(head.index);
        for array in &head.arrays {
            let name = quoted(&format!("{name}/{}", array.kind));
            let (shape, end) = (&array.shape, begin + array.bytes);
            header += &format!(r#",{name}:{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#);
            begin = end;
        }
    }
    let settings = format!(r#"{{"__metadata__":{{"rinalmo":{}"#, quoted(settings));
    let table = names.table().map_or_else(String::new, |table| format!(r#","names":{}"#, quoted(&table)));
    let fits = settings.len() + table.len() + header.len() + 16 <= HEADER_LIMIT;
    let mut header = [settings.as_str(), if fits { table.as_str() } else { "" }, "}", &header, "}"].concat();
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));

    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for head in spool.heads() {
        for array in &head?.arrays {
            io::copy(&mut spool.payload(array)?, &mut out)?;
        }
    }
    Ok(out)
}

/// The most a record can add to the header.
pub(super) fn header_bytes(head: &Head) -> usize {
    // 50 of punctuation and keys, 11 for the kind, 2 × 14 digits of offsets up to 90 TB, 9 for a `_123…` of a repeated
    // id; 10 for each size with its comma and space.
    let fixed = 98 + quoted(&head.id).len();
    head.arrays.iter().map(|array| fixed + 10 * array.shape.len()).sum()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
