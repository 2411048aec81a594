//! Checks a downloaded file without a known checksum by its content, so that a login page, an error message or an empty
//! answer is not stored as a model.
//!
//! The ending of the name says how a file must begin; the content of safetensors and zip files also shows whether they
//! are complete.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::Error;

/// How many bytes at the beginning are examined.
pub(super) const START: usize = 512;
/// Bytes at the end of a zip file in which its directory must begin to end: a record of 22 bytes and a comment.
const ZIP_END: u64 = 22 + (1 << 16);
/// Bytes of the longest header of a safetensors file that its format allows.
const LONGEST_HEADER: u64 = 100_000_000;

/// How a kind of file begins.
struct Kind {
    name: &'static str,
    endings: &'static [&'static str],
    begins: fn(&[u8]) -> bool,
    /// Says what is missing from a file, given its size in bytes.
    missing: fn(&mut File, u64) -> std::io::Result<Option<&'static str>>,
}

const KINDS: [Kind; 8] = [
    Kind { name: "safetensors", endings: &[".safetensors"], begins: safetensors, missing: missing_from_safetensors },
    Kind { name: "PyTorch", endings: &[".pt", ".pth", ".ckpt"], begins: torch, missing: missing_from_zip },
    Kind { name: "zip", endings: &[".zip", ".npz"], begins: zip, missing: missing_from_zip },
    Kind { name: "gzip", endings: &[".gz", ".tgz", ".bgz"], begins: |b| packed(b, b"\x1f\x8b"), missing: unknown },
    Kind { name: "zstd", endings: &[".zst"], begins: |b| packed(b, b"\x28\xb5\x2f\xfd"), missing: unknown },
    Kind { name: "xz", endings: &[".xz"], begins: |b| packed(b, b"\xfd7zXZ\0"), missing: unknown },
    Kind { name: "bzip2", endings: &[".bz2"], begins: |b| packed(b, b"BZh"), missing: unknown },
    Kind { name: "JSON", endings: &[".json"], begins: |b| matches!(first(b), Some(b'{' | b'[')), missing: unknown },
];

/// How pages begin, in lower case.
const PAGES: [&[u8]; 6] = [b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<?xml"];

fn kind(file: &str) -> Option<&'static Kind> {
    let file = file.to_lowercase();
    KINDS.iter().find(|kind| kind.endings.iter().any(|ending| file.ends_with(ending)))
}

/// Rejects a file by its first bytes; `all` says whether these are all of it.
pub(super) fn check_start(file: &str, bytes: &[u8], all: bool, origin: &str) -> Result<(), Error> {
    let kind = kind(file);
    let page = is_page(bytes) && ![".html", ".htm", ".xml"].iter().any(|ending| file.ends_with(ending));
    let found = match (bytes.is_empty(), page) {
        (true, _) if all => "nothing",
        (_, true) => "a web page",
        _ if kind.is_some_and(|kind| (bytes.len() >= START || all) && !(kind.begins)(bytes)) => "something else",
        _ => return Ok(()),
    };
    Err(wrong(kind, found, origin))
}

/// Rejects a finished file that is not of its kind or not complete.
pub(super) fn check(file: &str, path: &Path, origin: &str) -> Result<(), Error> {
    let failed = || Error::io("read", path);
    let mut content = File::open(path).map_err(failed())?;
    let size = content.metadata().map_err(failed())?.len();
    let mut bytes = Vec::with_capacity(START);
    (&mut content).take(START as u64).read_to_end(&mut bytes).map_err(failed())?;
    check_start(file, &bytes, true, origin)?;
    let Some(kind) = kind(file) else { return Ok(()) };
    match (kind.missing)(&mut content, size).map_err(failed())? {
        Some(found) => Err(wrong(Some(kind), found, origin)),
        None => Ok(()),
    }
}

fn wrong(kind: Option<&Kind>, found: &'static str, origin: &str) -> Error {
    Error::Content { origin: origin.to_owned(), expected: kind.map_or("the file", |kind| kind.name), found }
}

fn is_page(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    PAGES.iter().any(|page| text.get(..page.len()).is_some_and(|start| start.eq_ignore_ascii_case(page)))
}

/// The first byte that is not white space.
fn first(bytes: &[u8]) -> Option<u8> {
    bytes.trim_ascii_start().first().copied()
}

fn zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// A compressed file, or the FASTA in it: some servers decompress on the fly, and readers look only at the content.
fn packed(bytes: &[u8], magic: &[u8]) -> bool {
    bytes.starts_with(magic) || bytes.starts_with(b">")
}

/// PyTorch writes zip files, and wrote bare pickles before version 1.6.
fn torch(bytes: &[u8]) -> bool {
    zip(bytes) || matches!(bytes, [0x80, 0..=5, ..])
}

/// The length of a header, then JSON.
fn safetensors(bytes: &[u8]) -> bool {
    header_length(bytes).is_some_and(|length| (2..=LONGEST_HEADER).contains(&length)) && bytes.get(8) == Some(&b'{')
}

fn header_length(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.first_chunk::<8>()?))
}

fn unknown(_: &mut File, _: u64) -> std::io::Result<Option<&'static str>> {
    Ok(None)
}

/// The directory of a zip file is at its end.
fn missing_from_zip(file: &mut File, size: u64) -> std::io::Result<Option<&'static str>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    Read::by_ref(file).take(4).read_to_end(&mut bytes)?;
    if !zip(&bytes) {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(size.saturating_sub(ZIP_END)))?;
    bytes.clear();
    Read::by_ref(file).take(ZIP_END).read_to_end(&mut bytes)?;
    let ends = bytes.windows(4).any(|window| window == b"PK\x05\x06");
    Ok((!ends).then_some("only its beginning: the directory at its end is missing"))
}

/// The header says where the last tensor ends.
fn missing_from_safetensors(file: &mut File, size: u64) -> std::io::Result<Option<&'static str>> {
    file.rewind()?;
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    let mut header = Vec::new();
    Read::by_ref(file).take(length.min(LONGEST_HEADER)).read_to_end(&mut header)?;
    let Ok(serde_json::Value::Object(tensors)) = serde_json::from_slice(&header) else {
        return Ok(Some("a header that is not complete JSON"));
    };
    let end = |tensor: &serde_json::Value| tensor.get("data_offsets")?.get(1)?.as_u64();
    let last = tensors.values().filter_map(end).max().unwrap_or(0);
    let expected = 8u64.saturating_add(length).saturating_add(last);
    Ok((expected != size).then_some("another number of bytes than its header says"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(name: &str, content: &[u8]) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("writes");
        let first = check_start(name, &content[..content.len().min(START)], content.len() <= START, "http://h/x");
        let finished = check(name, &path, "http://h/x");
        if first.is_err() {
            assert!(finished.is_err(), "what is refused at first is refused in the end");
        }
        finished.map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    fn safetensors(data: usize) -> Vec<u8> {
        let header = br#"{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#;
        [&(header.len() as u64).to_le_bytes()[..], header, &vec![7; data]].concat()
    }

    #[test]
    fn what_is_of_its_kind_passes() {
        let zip = [&b"PK\x03\x04"[..], &[0; 600], b"PK\x05\x06", &[0; 18]].concat();
        for (name, content) in [
            ("m.safetensors", safetensors(4)),
            ("m.pt", zip.clone()),
            ("m.PTH", b"\x80\x02}q\x00.".to_vec()),
            ("a.fa.gz", b"\x1f\x8b\x08".to_vec()),
            ("b.fa.gz", b">a\nACGU\n".to_vec()),
            ("config.json", b" {}".to_vec()),
            ("a.fa", b">a\nACGU\n".to_vec()),
            ("page.html", b"<html>".to_vec()),
            ("unknown", b"anything".to_vec()),
        ] {
            assert_eq!(verdict(name, &content), Ok(()), "{name}");
        }
    }

    #[test]
    fn pages_messages_emptiness_and_halves_are_refused() {
        let zip = [&b"PK\x03\x04"[..], &[0; 90_000]].concat();
        for (name, content, found) in [
            ("m.safetensors", b"\n <!DOCTYPE html><title>Log in".to_vec(), "a web page"),
            ("a.fa", b"\xef\xbb\xbf<HTML>".to_vec(), "a web page"),
            ("m.pt", b"{\"error\": \"rate limit\"}".to_vec(), "something else"),
            ("m.safetensors", b"\x1f\x8b\x08\0\0\0\0\0\0\0".to_vec(), "something else"),
            ("a.fa.gz", b"rate limit reached".to_vec(), "something else"),
            ("m.safetensors", Vec::new(), "nothing"),
            ("unknown", Vec::new(), "nothing"),
            ("m.safetensors", safetensors(3), "another number of bytes"),
            ("m.safetensors", safetensors(5), "another number of bytes"),
            ("m.safetensors", safetensors(4)[..20].to_vec(), "a header that is not complete JSON"),
            ("m.ckpt", zip, "only its beginning"),
        ] {
            let message = verdict(name, &content).expect_err(name);
            assert!(message.contains(&format!("found {found}")), "{name}: {message}");
        }
    }
}
