//! Opens a file or standard input and undoes its compression, told by its first bytes and never by its name.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
    sync::Arc,
};

use super::{gzip_members::Members, text::decoded, zstd_frames::Frames};
use crate::Error;

/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;
/// The longest of the magic numbers below.
const LONGEST_MAGIC: usize = 6;
/// KiB an xz block may ask for; `xz -9` asks for 64 MiB.
const XZ_MEMORY: u32 = 1 << 20;

type Stream = Box<dyn Read + Send>;
type Decoder = fn(Buffered) -> Stream;
type Buffered = BufReader<io::Chain<Cursor<Vec<u8>>, Stream>>;

/// Name, first bytes, decoder. Files made of several compressed parts (bgzip, pigz, pzstd, `cat`) are read to the end.
const COMPRESSIONS: [(&str, &[u8], Decoder); 5] = [
    ("gzip", b"\x1f\x8b", |inner| Box::new(Members::new(inner))),
    ("zstd", b"\x28\xb5\x2f\xfd", |inner| Box::new(Frames::new(inner))),
    ("xz", b"\xfd7zXZ\0", |inner| Box::new(lzma_rust2::XzReader::new_mem_limit(inner, true, XZ_MEMORY))),
    ("bzip2", b"BZh", |inner| Box::new(bzip2::bufread::MultiBzDecoder::new(inner))),
    ("text", b"", |inner| Box::new(inner)),
];

/// Opens a text file, or standard input for `-`: gzip, bgzip, zstd, xz and bzip2 are decompressed as they are read,
/// UTF-16 is decoded, a byte order mark dropped, and `\r\n` and `\r` become `\n`.
///
/// A failure while reading, such as a truncated archive, is an [`io::Error`] whose message names the file.
///
/// # Errors
/// [`Error::Open`] if there is no such file or it may not be read, or if it is a folder; [`Error::Io`] if its first
/// bytes cannot be read.
pub fn open(path: impl AsRef<Path>) -> Result<Box<dyn BufRead + Send>, Error> {
    Ok(decoded(open_bytes(path)?)?)
}

/// As [`open`], for a file that is no text: its bytes as they are once decompressed.
///
/// # Errors
/// As those of [`open`].
pub fn open_bytes(path: impl AsRef<Path>) -> Result<Box<dyn BufRead + Send>, Error> {
    let path = path.as_ref();
    let name = name_of(path);
    let stream = raw_stream(path).and_then(|stream| decompressed(stream, &name));
    stream.map_err(|source| Error::Open { name, source })
}

/// How messages name an input: the path as it was given, `<stdin>` for `-`.
pub fn name_of(path: &Path) -> Arc<str> {
    if path == Path::new("-") { "<stdin>".into() } else { path.to_string_lossy().into() }
}

fn raw_stream(path: &Path) -> io::Result<Stream> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    Ok(Box::new(file))
}

fn decompressed(mut stream: Stream, name: &Arc<str>) -> io::Result<Box<dyn BufRead + Send>> {
    let mut start = Vec::with_capacity(LONGEST_MAGIC);
    (&mut stream).take(LONGEST_MAGIC as u64).read_to_end(&mut start)?;
    let &(kind, _, decoder) = COMPRESSIONS
        .iter()
        .find(|(_, magic, _)| start.starts_with(magic))
        .expect("the last row has no magic number and fits everything");
    let whole = BufReader::with_capacity(BUFFER, Cursor::new(start).chain(stream));
    let named = Named { inner: decoder(whole), name: name.clone(), kind };
    Ok(Box::new(BufReader::with_capacity(BUFFER, named)))
}

/// A stream whose failures tell which file failed.
struct Named {
    inner: Stream,
    name: Arc<str>,
    kind: &'static str,
}

impl Read for Named {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|source| match source.kind() {
            io::ErrorKind::Interrupted => source,
            kind => io::Error::new(kind, Unreadable { name: self.name.clone(), kind: self.kind, source }),
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{name}: cannot be read to its end as {kind}, it may be truncated or damaged")]
struct Unreadable {
    name: Arc<str>,
    kind: &'static str,
    source: io::Error,
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        decompressed(Box::new(Cursor::new(bytes)), &"x.fa".into())?.read_to_end(&mut text)?;
        Ok(text)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn bzip2(text: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn every_compression_is_undone_part_after_part() {
        for compress in [gzip, bzip2, zstd] {
            let parts = [compress(b">a\nACGU\n"), compress(b""), compress(b">b\nGG\n")].concat();
            assert_eq!(read(parts).unwrap(), b">a\nACGU\n>b\nGG\n");
        }
    }

    #[test]
    fn short_and_plain_input_passes_unchanged() {
        for text in [&b""[..], b"A", b"\x1f", b">a\nACGU"] {
            assert_eq!(read(text.to_vec()).unwrap(), text);
        }
    }

    #[test]
    fn a_truncated_archive_is_told_with_its_name() {
        let text: Vec<u8> = (0..5000u32).flat_map(|n| n.wrapping_mul(2654435761).to_le_bytes()).collect();
        for compress in [gzip, bzip2, zstd] {
            let mut archive = compress(&text);
            archive.truncate(archive.len() - archive.len() / 3);
            let message = read(archive).unwrap_err().to_string();
            assert!(message.starts_with("x.fa: cannot be read to its end as "), "{message}");
        }
    }

    #[test]
    fn folders_and_missing_files_cannot_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(open(folder.path()), Err(Error::Open { .. })));
        assert!(matches!(open(folder.path().join("none.fa")), Err(Error::Open { .. })));
    }
}
