//! PyTorch since 1.6: a zip of `data.pkl` and one entry a storage, `data/0`, `data/1`, …, uncompressed and aligned.
//!
//! Such entries are used in place. If the file was packed again with compression, an entry is unpacked, up to the size
//! that its tensors need and never beyond a fixed multiple of the file.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::pickle::{self, StorageRef};
use super::{Archive, Format, Span, torch};
use crate::error::Fault;

const FORMAT: &str = "PyTorch zip";
/// Weights hardly compress, so a file that unpacks to more than this many times its size is not a checkpoint …
const MAX_RATIO: u64 = 64;
/// … unless it is small, like a test file of zeros.
const SMALL: u64 = 16 << 20; // bytes

#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    packed: usize,
    size: u64,
    method: CompressionMethod,
}

/// Reads the directory and the pickle, and views the storages.
pub(super) fn parse(file: Span) -> Result<Archive, Fault> {
    let entries = directory(&file)?;
    let pickles = entries.keys().filter(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
    let mut pickles: Vec<&String> = pickles.collect();
    pickles.sort_by_key(|name| (name.len(), (*name).clone()));
    let Some(name) = pickles.first() else {
        return Err(Fault::Unsupported("this is a zip, but not one of PyTorch's: it has no `data.pkl`".into()));
    };
    let folder = name.trim_end_matches("data.pkl");
    let mut unpacker = Unpacker { file: &file, entries: &entries, left: budget(&file) };
    if let Some(order) = entries.get(&format!("{folder}byteorder"))
        && unpacker.unpack("byteorder", *order, order.size)?.bytes() != b"little"
    {
        return Err(Fault::Unsupported("the file was written by a big-endian machine; save it on another".into()));
    }
    let program = entries[*name];
    if program.size > pickle::MAX_BYTES as u64 {
        return Err(Fault::Bomb { what: (*name).clone(), size: program.size, file: file.len() as u64 });
    }
    let program = unpacker.unpack(name, program, program.size)?;
    let pickle = pickle::parse(program.bytes(), "data.pkl")?;
    torch::collect(&pickle, Format::TorchZip, file.clone(), |storage| unpacker.storage(folder, storage))
}

fn budget(file: &Span) -> u64 {
    (file.len() as u64).saturating_mul(MAX_RATIO).max(SMALL)
}

fn directory(file: &Span) -> Result<HashMap<String, Entry>, Fault> {
    let broken = |error: zip::result::ZipError| Fault::damaged(FORMAT, format!("{error}; is the file truncated?"));
    let mut zip = ZipArchive::new(Cursor::new(file.bytes())).map_err(broken)?;
    if zip.has_duplicate_names() {
        return Err(Fault::damaged(FORMAT, "two entries have one name, and either could be meant"));
    }
    if zip.has_overlapping_files().map_err(broken)? {
        return Err(Fault::damaged(FORMAT, "two entries share bytes of the file"));
    }
    let mut entries = HashMap::with_capacity(zip.len());
    for index in 0..zip.len() {
        let (name, entry) = {
            let found = zip.by_index_raw(index).map_err(broken)?;
            let name = String::from_utf8_lossy(found.name_raw()).into_owned();
            let (Some(start), false) = (found.data_start(), found.encrypted()) else {
                return Err(Fault::damaged(FORMAT, format!("entry `{name}` is encrypted or has no place")));
            };
            let beyond = || Fault::damaged(FORMAT, format!("entry `{name}` reaches beyond the end of the file"));
            let start = usize::try_from(start).map_err(|_| beyond())?;
            let packed = usize::try_from(found.compressed_size()).map_err(|_| beyond())?;
            if start.checked_add(packed).is_none_or(|end| end > file.len()) {
                return Err(beyond());
            }
            let entry = Entry { start, packed, size: found.size(), method: found.compression() };
            (name, entry)
        };
        if entries.insert(name.clone(), entry).is_some() {
            // Names that differ only in bytes that are not UTF-8.
            return Err(Fault::damaged(FORMAT, format!("entry `{name}` occurs twice")));
        }
    }
    Ok(entries)
}

struct Unpacker<'a> {
    file: &'a Span,
    entries: &'a HashMap<String, Entry>,
    left: u64, // bytes that may still be unpacked
}

impl Unpacker<'_> {
    fn storage(&mut self, folder: &str, storage: &StorageRef) -> Result<Span, Fault> {
        let name = format!("{folder}data/{}", storage.key);
        let Some(entry) = self.entries.get(&name) else {
            return Err(Fault::damaged(FORMAT, format!("entry `{name}` is missing")));
        };
        self.unpack(&name, *entry, torch::storage_len(storage)? as u64)
    }

    /// The bytes of an entry that must come to `expected`.
    fn unpack(&mut self, name: &str, entry: Entry, expected: u64) -> Result<Span, Fault> {
        let Entry { start, packed, size, method } = entry;
        if size != expected {
            let reason = format!("entry `{name}` has {size} bytes, its tensors need {expected}");
            return Err(Fault::damaged(FORMAT, reason));
        }
        let span = self.file.slice(start..start + packed);
        let span = span.ok_or_else(|| Fault::damaged(FORMAT, format!("entry `{name}` reaches beyond the end")))?;
        match method {
            CompressionMethod::Stored if packed as u64 == size => Ok(span),
            CompressionMethod::Stored => {
                Err(Fault::damaged(FORMAT, format!("entry `{name}` is stored in {packed} bytes but claims {size}")))
            }
            CompressionMethod::Deflated => {
                self.left = self.left.checked_sub(size).ok_or_else(|| Fault::Bomb {
                    what: format!("entry `{name}`"),
                    size,
                    file: self.file.len() as u64,
                })?;
                inflate(name, span.bytes(), size).map(Span::owned)
            }
            other => {
                Err(Fault::Unsupported(format!("entry `{name}` is packed by {other}; pack it without compression")))
            }
        }
    }
}

fn inflate(name: &str, packed: &[u8], size: u64) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    let read = DeflateDecoder::new(packed).take(size + 1).read_to_end(&mut out);
    match read {
        Ok(found) if found as u64 == size => Ok(out),
        Ok(found) if found as u64 > size => {
            Err(Fault::damaged(FORMAT, format!("entry `{name}` unpacks to more than {size} bytes, as it claims")))
        }
        Ok(found) => Err(Fault::damaged(FORMAT, format!("entry `{name}` unpacks to {found} bytes, it claims {size}"))),
        Err(error) => Err(Fault::damaged(FORMAT, format!("entry `{name}`: {error}"))),
    }
}
