//! What a file is, by its first bytes: for messages about files that were given by mistake.
//!
//! Readers know their own formats; this knows everybody else's, so that a message can say "an Excel workbook" where a
//! reader only sees that its own format is not there. The name of the file counts for nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a file's start that are looked at.
const START: usize = 4096;
/// Bytes of a header in a safetensors file: more is a length by chance.
const LONGEST_HEADER: u64 = 100_000_000;
/// Offset of the magic word in the first page of an LMDB environment, behind the page's own header.
const LMDB_OFFSET: usize = 16;
/// Offset of the word `ustar` in a tar archive's first header.
const TAR_OFFSET: usize = 257;
/// Offset of a zip archive's first entry's name.
const ZIP_NAME: usize = 30;

/// One row for each kind: what it is called in a sentence, what to do with it (no advice where nothing is wrong with it
/// in itself), and where which bytes stand in such a file.
macro_rules! contents {
    ($($(#[$doc:meta])* $kind:ident: $name:literal, $advice:literal, [$($magic:expr),*];)*) => {
        /// What the first bytes of a file say that it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Contents {
            $($(#[$doc])* $kind,)*
        }

        use Contents::{$($kind),*};

        /// The rows in the order of the kinds. Where bytes fit several, the first counts.
        const ROWS: &[Row] =
            &[$(Row { contents: $kind, name: $name, advice: $advice, magic: &[$($magic),*] }),*];
    };
}

/// What is known of a kind.
struct Row {
    contents: Contents,
    name: &'static str,
    advice: &'static str,
    magic: &'static [(usize, &'static [u8])],
}

impl Row {
    fn fits(&self, start: &[u8]) -> bool {
        self.magic.iter().any(|(at, magic)| start.get(*at..).is_some_and(|at| at.starts_with(magic)))
    }
}

contents! {
    /// Not one byte.
    Empty: "an empty file", "", [];
    /// Compressed by gzip or bgzip.
    Gzip: "a gzip-compressed file", "unpack it with `gunzip`", [(0, b"\x1f\x8b")];
    /// Compressed by zstd.
    Zstd: "a zstd-compressed file", "unpack it with `unzstd`", [(0, b"\x28\xb5\x2f\xfd")];
    /// Compressed by xz.
    Xz: "an xz-compressed file", "unpack it with `unxz`", [(0, b"\xfd7zXZ\0")];
    /// Compressed by bzip2.
    Bzip2: "a bzip2-compressed file", "unpack it with `bunzip2`", [(0, b"BZh")];
    /// Excel's `.xlsx` or LibreOffice's `.ods`.
    Workbook: "a spreadsheet (.xlsx or .ods)", "save it as CSV in the spreadsheet program", [];
    /// Word's `.docx`, PowerPoint's `.pptx`, LibreOffice's other files.
    Document: "an office document", "save it as plain text", [];
    /// Office files from before 2007: `.xls`, `.doc`.
    OldOffice: "an old office file (.xls or .doc)", "save it as CSV or plain text",
        [(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")];
    /// NumPy's `.npz`.
    Npz: "a NumPy archive (.npz)", "", [];
    /// NumPy's `.npy`.
    Npy: "a NumPy array (.npy)", "", [(0, b"\x93NUMPY")];
    /// PyTorch's `.pt` since 1.6.
    TorchZip: "a PyTorch checkpoint", "", [];
    /// Another zip archive.
    Zip: "a zip archive", "unpack it with `unzip`", [];
    /// 7-Zip.
    SevenZip: "a 7-Zip archive", "unpack it with `7z x`", [(0, b"7z\xbc\xaf\x27\x1c")];
    /// A tar archive.
    Tar: "a tar archive", "unpack it with `tar xf`", [(TAR_OFFSET, b"ustar")];
    /// A PDF.
    Pdf: "a PDF", "copy the text that you need into a plain text file", [(0, b"%PDF-")];
    /// A program or library: ELF, Mach-O, Windows.
    Program: "a program or a library of one", "look whether the path is right",
        [(0, b"\x7fELF"), (0, b"\xcf\xfa\xed\xfe"), (0, b"\xca\xfe\xba\xbe")];
    /// A picture: PNG, JPEG, GIF.
    Picture: "a picture", "look whether the path is right", [(0, b"\x89PNG\r\n"), (0, b"\xff\xd8\xff"), (0, b"GIF8")];
    /// HTML or other XML.
    WebPage: "a web page (HTML or XML)", "the download went wrong: fetch the file itself", [];
    /// What git keeps in place of a large file.
    LfsPointer: "a git-lfs pointer, not the file itself", "fetch the file with `git lfs pull`",
        [(0, b"version https://git-lfs")];
    /// Tensors of Hugging Face's format.
    Safetensors: "a safetensors file", "", [];
    /// A Python pickle, as PyTorch wrote checkpoints before 1.6.
    Pickle: "a Python pickle", "", [];
    /// HDF5, as Keras and AnnData write.
    Hdf5: "an HDF5 file", "", [(0, b"\x89HDF\r\n\x1a\n")];
    /// Parquet.
    Parquet: "a Parquet table", "save it as CSV or TSV", [(0, b"PAR1")];
    /// SQLite.
    Sqlite: "an SQLite database", "export the table as CSV", [(0, b"SQLite format 3\0")];
    /// The data file of an LMDB environment, as a corpus store has.
    Lmdb: "the data of a corpus store (LMDB)", "",
        [(LMDB_OFFSET, b"\xde\xc0\xef\xbe"), (LMDB_OFFSET, b"\xbe\xef\xc0\xde")];
    /// Text in UTF-16, as Windows programs write.
    Utf16: "a text in UTF-16", "save it as UTF-8", [(0, b"\xff\xfe"), (0, b"\xfe\xff")];
    /// FASTA.
    Fasta: "a FASTA file", "", [];
    /// Other text.
    Text: "a text file", "", [];
    /// Bytes that are neither text nor anything above.
    Binary: "a binary file of an unknown format", "look whether the path is right", [];
}

/// What the first entries of a zip archive are called, and what that makes the archive.
const ZIP_ENTRIES: &[(&[u8], Contents)] = &[
    (b"xl/", Workbook),
    (b"opendocument.spreadsheet", Workbook),
    (b"word/", Document),
    (b"ppt/", Document),
    (b"opendocument.", Document),
    (b"data.pkl", TorchZip),
    (b".npy", Npz),
];

/// How a web page or other XML begins, in lower case.
const PAGES: [&[u8]; 4] = [b"<!doctype", b"<html", b"<?xml", b"<head"];

impl Contents {
    /// Decides by the start of a file; a few kilobytes are enough.
    pub fn of(start: &[u8]) -> Self {
        if start.is_empty() {
            return Empty;
        }
        if is_safetensors(start) {
            return Safetensors;
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            return zip(start);
        }
        if let Some(row) = ROWS.iter().find(|row| row.fits(start)) {
            return row.contents;
        }
        without_magic(&start[..start.len().min(START)])
    }

    /// Looks at a file; nothing of a pipe is taken away, so that one is [`Contents::Text`].
    ///
    /// # Errors
    /// It cannot be opened or read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Ok(Text);
        }
        let mut start = Vec::with_capacity(START);
        file.take(START as u64).read_to_end(&mut start)?;
        Ok(Self::of(&start))
    }

    /// Its name with an article: `a PDF`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What to do with one that was given by mistake, where that is the same whatever it was given for.
    pub fn advice(self) -> Option<&'static str> {
        Some(self.row().advice).filter(|advice| !advice.is_empty())
    }

    /// Whether lines can be read from it: text in UTF-8 or UTF-16, or a compression that readers undo, as far as its
    /// start says.
    pub fn is_readable(self) -> bool {
        matches!(self, Empty | Text | Utf16 | Fasta | Gzip | Zstd | Xz | Bzip2)
    }

    /// `this is a PDF, expected a FASTA file`, with the advice as a hint in a line of its own where there is any.
    pub fn instead_of(self, expected: &str) -> String {
        let hint = self.advice().map_or_else(String::new, |advice| format!("\nhint: {advice}"));
        format!("this is {}, expected {expected}{hint}", self.name())
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}

/// A header's length, then the header: JSON.
fn is_safetensors(start: &[u8]) -> bool {
    let Some((length, header)) = start.split_first_chunk::<8>() else { return false };
    let length = u64::from_le_bytes(*length);
    (2..=LONGEST_HEADER).contains(&length) && header.first() == Some(&b'{')
}

fn zip(start: &[u8]) -> Contents {
    let names = start.get(ZIP_NAME..).unwrap_or_default();
    let holds = |name: &[u8]| names.windows(name.len()).any(|window| window == name);
    let office = names.starts_with(b"[Content_Types].xml") || names.starts_with(b"_rels/");
    let known = ZIP_ENTRIES.iter().find(|(name, _)| holds(name)).map(|&(_, contents)| contents);
    known.unwrap_or(if office { Document } else { Zip })
}

fn without_magic(start: &[u8]) -> Contents {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let lower = text[..text.len().min(16)].to_ascii_lowercase();
    match () {
        () if PAGES.iter().any(|page| lower.starts_with(page)) => WebPage,
        // Protocols 2 to 5; an older pickle is text.
        () if start.len() > 2 && start[0] == 0x80 && (2..=5).contains(&start[1]) => Pickle,
        () if is_utf16(start) => Utf16,
        () if start.starts_with(b"MZ") && start.contains(&0) => Program,
        () if is_binary(start) => Binary,
        () if text.starts_with(b">") => Fasta,
        () => Text,
    }
}

/// Letters of Latin scripts with a zero before or behind each.
fn is_utf16(start: &[u8]) -> bool {
    let pairs = start.as_chunks::<2>().0;
    let looks = |zero: usize| pairs.iter().all(|pair| pair[zero] == 0 && pair[1 - zero] != 0);
    pairs.len() > 1 && (looks(0) || looks(1))
}

/// Text has no zeros, and hardly a control character.
fn is_binary(start: &[u8]) -> bool {
    let control = |byte: &&u8| byte.is_ascii_control() && !matches!(byte, b'\t'..=b'\r' | 0x1a | 0x1b);
    start.contains(&0) || start.iter().filter(control).count() * 20 > start.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip_of(name: &str) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(ZIP_NAME, 0);
        bytes.extend(name.as_bytes());
        bytes
    }

    fn at(offset: usize, magic: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; offset];
        bytes.extend(magic);
        bytes.resize(bytes.len() + 600, 0);
        bytes
    }

    #[test]
    fn every_magic_number_is_found_and_every_kind_has_words() {
        for (number, row) in ROWS.iter().enumerate() {
            assert_eq!(row.contents as usize, number);
            assert!(!row.contents.name().is_empty());
            for &(offset, magic) in row.magic {
                assert_eq!(Contents::of(&at(offset, magic)), row.contents, "{magic:?}");
            }
        }
        for &(name, contents) in ZIP_ENTRIES {
            let name = format!("x/{}", String::from_utf8_lossy(name));
            assert_eq!(Contents::of(&zip_of(&name)), contents, "{name}");
        }
    }

    #[test]
    fn what_has_no_magic_number_is_found_by_what_it_looks_like() {
        let pickle = b"\x80\x02}q\0.";
        let utf16: Vec<u8> = ">a\nACGU\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let tensors = [&2_u64.to_le_bytes()[..], b"{}"].concat();
        let cases: [(&[u8], Contents); 14] = [
            (b"", Empty),
            (b">a\nACGU\n", Fasta),
            (b"\xef\xbb\xbf>a\nACGU\n", Fasta),
            (b"ACGU\n", Text),
            ("Ψ, ü and é\n".as_bytes(), Text),
            (b"caf\xe9, as Latin-1 has it\n", Text),
            (b"\n <!DOCTYPE html><html>", WebPage),
            (b"<HTML><body>", WebPage),
            (pickle, Pickle),
            (&utf16, Utf16),
            (&tensors, Safetensors),
            (b"\x01\x02\x03\x04\x05", Binary),
            (b"AC\0GU", Binary),
            (b"MZ\x90\0\x03\0\0\0", Program),
        ];
        for (bytes, contents) in cases {
            assert_eq!(Contents::of(bytes), contents, "{bytes:?}");
        }
        assert_eq!(Contents::of(&zip_of("data.csv")), Zip);
        assert_eq!(Contents::of(&zip_of("[Content_Types].xml")), Document);
    }

    #[test]
    fn messages_say_what_it_is_what_was_expected_and_what_to_do() {
        assert_eq!(
            Contents::Workbook.instead_of("a FASTA file"),
            "this is a spreadsheet (.xlsx or .ods), expected a FASTA file\nhint: save it as CSV in the spreadsheet program"
        );
        assert_eq!(Contents::Fasta.instead_of("a checkpoint"), "this is a FASTA file, expected a checkpoint");
    }

    #[test]
    fn no_start_of_a_file_is_too_short_or_too_odd() {
        for &(offset, magic) in ROWS.iter().flat_map(|row| row.magic) {
            let whole = at(offset, magic);
            (0..offset + magic.len()).for_each(|len| assert!(!Contents::of(&whole[..len]).name().is_empty()));
        }
    }
}
