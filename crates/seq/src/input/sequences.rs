//! Several inputs as one stream of sequences, each letter judged on the way.

use std::{
    io::BufRead,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    InputOptions, SequenceRecord,
    decompress::{name_of, open},
};
use crate::{Error, Stranger, fasta, fastq, lines::Lines, raw};

type Stream = Box<dyn BufRead + Send>;

enum Format {
    Fasta(fasta::Reader<Stream>),
    Fastq(fastq::Reader<Stream>),
    Raw(raw::Reader<Stream>),
}

/// An iterator over the sequences of several inputs in order: FASTA, FASTQ or one sequence a line, each told by its
/// first line that is not blank.
///
/// One record is held at a time. After an error the iterator can be asked on: it gives the next record that can be
/// found, of the same input or the next one.
///
/// ```
/// use rinalmo_seq::{InputOptions, Sequences};
/// let text = &b">tar HIV-1\nGGCAGAUCUGAGC\nCUGGGAGCUCUCUGCC\n"[..];
/// let mut sequences = Sequences::from_reader("tar.fa", text, InputOptions::default());
/// let record = sequences.next().unwrap()?;
/// assert_eq!((record.id.as_str(), record.sequence.len()), ("tar", 29));
/// # Ok::<(), rinalmo_seq::Error>(())
/// ```
pub struct Sequences {
    inputs: std::vec::IntoIter<PathBuf>,
    waiting: Option<(Arc<str>, Stream)>,
    options: InputOptions,
    current: Option<(Arc<str>, Format)>,
    records: usize,
    raw_records: usize,
}

impl Sequences {
    /// Reads the given files in order, `-` being standard input; no path at all means standard input.
    ///
    /// A file is opened when its turn comes, and one that cannot be opened is an error then.
    pub fn open(paths: &[impl AsRef<Path>], options: InputOptions) -> Self {
        let mut inputs: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_path_buf()).collect();
        if inputs.is_empty() {
            inputs.push("-".into());
        }
        Self { inputs: inputs.into_iter(), waiting: None, options, current: None, records: 0, raw_records: 0 }
    }

    /// Reads one stream that messages call `name`.
    pub fn from_reader(name: &str, stream: impl BufRead + Send + 'static, options: InputOptions) -> Self {
        let waiting = Some((name.into(), Box::new(stream) as Stream));
        Self { inputs: Vec::new().into_iter(), waiting, options, current: None, records: 0, raw_records: 0 }
    }

    /// Opens the next input; false when there is none.
    fn open_next(&mut self) -> Result<bool, Error> {
        let (name, stream) = match (self.waiting.take(), self.inputs.next()) {
            (Some(waiting), _) => waiting,
            (None, Some(path)) => (name_of(&path), open(&path)?),
            (None, None) => return Ok(false),
        };
        let mut lines = Lines::new(stream);
        let format = Format::sniff(&mut lines)?;
        self.current = Some((name, format(lines)));
        Ok(true)
    }

    fn read(&mut self) -> Result<Option<SequenceRecord>, Error> {
        loop {
            if let Some((source, format)) = &mut self.current {
                let source = source.clone();
                match format.read(&mut self.raw_records).transpose() {
                    Ok(Some(found)) => return self.judge(found, source).map(Some),
                    Ok(None) => self.current = None,
                    Err(error) => return Err(error.named(&source)),
                }
            } else if !self.open_next()? {
                return Ok(None);
            }
        }
    }

    fn judge(&mut self, found: Found, source: Arc<str>) -> Result<SequenceRecord, Error> {
        let Found { header, sequence, line, stranger, strangers } = found;
        let id = header.split_whitespace().next().unwrap_or_default().to_string();
        let index = self.records;
        self.records += 1;
        SequenceRecord { id, header, sequence, unknown: strangers, source, line, index }
            .admit(stranger, self.options.on_invalid)
    }
}

impl Iterator for Sequences {
    type Item = Result<SequenceRecord, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// What the three formats have in common.
struct Found {
    header: String,
    sequence: Vec<u8>,
    line: usize,
    stranger: Option<Stranger>,
    strangers: usize,
}

impl Format {
    /// Tells the format by the first line that is not blank, which is left to be read again.
    fn sniff(lines: &mut Lines<Stream>) -> Result<fn(Lines<Stream>) -> Self, Error> {
        if !lines.advance_to_text()? {
            return Ok(Self::raw);
        }
        let format = match lines.text()[0] {
            b'>' | b';' => |lines| Self::Fasta(fasta::Reader::from_lines(lines)),
            b'@' => |lines| Self::Fastq(fastq::Reader::from_lines(lines)),
            _ => Self::raw,
        };
        lines.hold();
        Ok(format)
    }

    fn raw(lines: Lines<Stream>) -> Self {
        Self::Raw(raw::Reader::from_lines(lines))
    }

    fn read(&mut self, raw_records: &mut usize) -> Option<Result<Found, Error>> {
        match self {
            Self::Fasta(reader) => {
                let record = reader.next()?;
                let (line, stranger, strangers) = (reader.line(), reader.stranger(), reader.strangers());
                Some(record.map(|r| Found { header: r.header, sequence: r.sequence, line, stranger, strangers }))
            }
            Self::Fastq(reader) => {
                let record = reader.next()?;
                let (line, stranger, strangers) = (reader.line(), reader.stranger(), reader.strangers());
                Some(record.map(|r| Found { header: r.header, sequence: r.sequence, line, stranger, strangers }))
            }
            Self::Raw(reader) => {
                let record = reader.next()?;
                *raw_records += 1;
                let header = format!("seq{raw_records}");
                let (line, stranger, strangers) = (reader.line(), reader.stranger(), reader.strangers());
                Some(record.map(|r| Found { header, sequence: r.sequence, line, stranger, strangers }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OnInvalid;

    fn read(text: &'static str, on_invalid: OnInvalid) -> Vec<Result<SequenceRecord, Error>> {
        Sequences::from_reader("x", text.as_bytes(), InputOptions { on_invalid }).collect()
    }

    #[test]
    fn the_format_is_told_by_the_first_line() {
        for text in ["\n >a b\nAC\nGU\n", "; note\n>a b\nACGU", "@a b\nACGU\n+\nIIII\n"] {
            let records = read(text, OnInvalid::Error);
            let record = records[0].as_ref().unwrap();
            assert_eq!((&*record.id, &*record.header, &record.sequence[..]), ("a", "a b", &b"ACGU"[..]));
        }
        assert_eq!(read("\r\n  \n", OnInvalid::Error).len(), 0);
    }

    #[test]
    fn a_wrong_letter_stops_is_skipped_or_kept_as_asked() {
        let text = ">a\nAC\nG@U\n>b\nGG\n";
        let stopped = read(text, OnInvalid::Error);
        assert_eq!(stopped[0].as_ref().unwrap_err().to_string(), "x:3: record `a`: character `@` is not an RNA base");
        assert!(!stopped[0].as_ref().unwrap_err().is_skipped());
        let skipped = read(text, OnInvalid::Skip);
        assert!(skipped[0].as_ref().unwrap_err().is_skipped());
        assert_eq!(skipped[1].as_ref().unwrap().index, 1);
        let kept = read(text, OnInvalid::Unk);
        assert_eq!(kept[0].as_ref().unwrap().sequence, b"ACG@U");
        assert_eq!(kept.iter().map(|r| r.as_ref().unwrap().unknown).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn a_stream_that_fails_is_an_error_and_then_the_end() {
        struct Failing;
        impl std::io::Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the disk is gone"))
            }
        }
        for start in [&b""[..], b">a\nACGU"] {
            let stream = std::io::BufReader::new(std::io::Read::chain(start, Failing));
            let mut sequences = Sequences::from_reader("x", stream, InputOptions::default());
            assert_eq!(sequences.next().unwrap().unwrap_err().to_string(), "the disk is gone");
            assert!(sequences.next().is_none());
        }
    }

    #[test]
    fn several_inputs_are_one_stream() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.txt", "missing", "b.fa", "c.txt"].map(|name| folder.path().join(name));
        std::fs::write(&paths[0], "AC\n\nGU\n").unwrap();
        std::fs::write(&paths[2], ">x\nA\n>x\n").unwrap();
        std::fs::write(&paths[3], "G\n").unwrap();
        let mut sequences = Sequences::open(&paths, InputOptions::default());
        let mut seen = Vec::new();
        let mut failures = 0;
        for record in &mut sequences {
            match record {
                Ok(record) => seen.push((record.index, record.id, record.line)),
                Err(error) => {
                    assert!(matches!(error, Error::Open { .. }), "{error}");
                    failures += 1;
                }
            }
        }
        let expected = [(0, "seq1", 1), (1, "seq2", 3), (2, "x", 1), (3, "x", 3), (4, "seq3", 1)];
        assert_eq!(seen, expected.map(|(index, id, line)| (index, id.to_string(), line)));
        assert_eq!(failures, 1);
    }
}
