//! The spool: the records of an unfinished output. A killed run loses at most the record it was writing.
//!
//! For every format, finished records are appended to one file in any order, and read in input order when the output is
//! made. All integers are little-endian:
//!
//! ```text
//! file   = header, frame*                            (the header holds the settings of the run)
//! frame  = body length u64, body, crc32 u32          (the crc covers the length too)
//! body   = head length u32, head, payload*
//! head   = index u64, id length u32, id, ( kind u8, rank u8, size u64 * rank )*
//! ```
//!
//! A truncated frame, or one with a wrong checksum, is removed with all data after it when the run resumes.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Take, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crc32fast::Hasher;

use super::{
    ArrayRecord, Dtype, Error, Leftover,
    head::{Head, Stored, encode_head},
    settings,
};

/// Bytes of a frame before its head: the two lengths.
const LENGTHS: u64 = 12;
const CRC: u64 = 4;
/// Numbers converted to bytes at a time.
const CHUNK: usize = 1 << 16;
/// How often records are synced to the disk. A power failure may lose records since then; a killed process does not.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// An open, locked spool.
pub(super) struct Spool {
    file: File,
    path: PathBuf,
    dtype: Dtype,
    entries: BTreeMap<u64, Entry>,
    end: u64,
    synced: Instant,
    /// Was it created by this run? Without records, it can then be deleted.
    fresh: bool,
}

struct Entry {
    offset: u64,
    id: Box<str>,
}

impl Spool {
    /// Creates the spool, or opens what an earlier run left, as `leftover` says.
    ///
    /// # Errors
    /// If another run holds it, if it is something else, if its settings differ, or if it has records and `leftover`
    /// refuses them.
    pub fn open(path: &Path, settings: &str, dtype: Dtype, leftover: Leftover) -> Result<Self, Error> {
        let reading = || Error::io("cannot open", path);
        let options = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(reading())?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(Error::Busy { spool: path.to_owned() }); // a file system without locks is not an error
        }
        let found = settings::read(&mut file, path)?;
        let (path_here, entries, synced) = (path.to_owned(), BTreeMap::new(), Instant::now());
        let mut spool = Self { file, path: path_here, dtype, entries, end: 0, synced, fresh: false };
        let Some(found) = found.filter(|_| leftover != Leftover::Discard) else {
            spool.begin(settings).map_err(Error::io("cannot write", path))?;
            return Ok(spool);
        };
        spool.end = settings::header(&found).len() as u64;
        spool.scan().map_err(reading())?;
        if spool.entries.is_empty() {
            spool.begin(settings).map_err(Error::io("cannot write", path))?;
        } else if leftover == Leftover::Refuse {
            return Err(Error::Unfinished { spool: path.to_owned(), records: spool.entries.len() });
        } else if found != settings {
            return Err(Error::Settings { spool: path.to_owned(), found, expected: settings.to_owned() });
        } else {
            spool.file.set_len(spool.end).map_err(Error::io("cannot shorten", path))?;
        }
        Ok(spool)
    }

    fn begin(&mut self, settings: &str) -> io::Result<()> {
        let header = settings::header(settings);
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&header)?;
        self.file.sync_data()?;
        self.end = header.len() as u64;
        self.fresh = true;
        Ok(())
    }

    /// Finds all complete frames from `end` on, and leaves `end` after the last.
    fn scan(&mut self) -> io::Result<()> {
        let size = self.file.metadata()?.len();
        let mut bytes = vec![0; CHUNK];
        while let Some(body) = self.frame_at(self.end, size)? {
            let mut reader = self.read_at(self.end, 8 + body)?;
            let mut crc = Hasher::new();
            loop {
                let got = reader.read(&mut bytes)?;
                if got == 0 {
                    break;
                }
                crc.update(&bytes[..got]);
            }
            let mut stored = [0; CRC as usize];
            self.read_at(self.end + 8 + body, CRC)?.read_exact(&mut stored)?;
            if crc.finalize() != u32::from_le_bytes(stored) {
                break;
            }
            let head = self.head(self.end)?;
            self.entries.insert(head.index, Entry { offset: self.end, id: head.id.into() });
            self.end += 8 + body + CRC;
        }
        Ok(())
    }

    /// The length of the body of the frame at `offset`, if the file is long enough to hold all of it.
    fn frame_at(&self, offset: u64, size: u64) -> io::Result<Option<u64>> {
        let left = size.saturating_sub(offset);
        if left < LENGTHS + CRC {
            return Ok(None);
        }
        let mut length = [0; 8];
        self.read_at(offset, 8)?.read_exact(&mut length)?;
        let body = u64::from_le_bytes(length);
        Ok((4..=left - 8 - CRC).contains(&body).then_some(body))
    }

    /// Appends a record; after an error the spool is as before.
    pub fn append(&mut self, record: &ArrayRecord) -> Result<(), Error> {
        if self.entries.contains_key(&record.index) {
            return Err(Error::RecordTwice { index: record.index, id: record.id.clone() });
        }
        let end = self.write_frame(record).map_err(|source| {
            let _ = self.file.set_len(self.end); // best effort: an incomplete frame is removed on resuming anyway
            Error::io("cannot write", &self.path)(source)
        })?;
        self.entries.insert(record.index, Entry { offset: self.end, id: record.id.as_str().into() });
        self.end = end;
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    fn write_frame(&self, record: &ArrayRecord) -> io::Result<u64> {
        let head = encode_head(record);
        let head_length = u32::try_from(head.len()).map_err(|_| io::Error::other("the id of a record is too long"))?;
        let values: u64 = record.arrays.iter().map(|array| array.data.len() as u64).sum();
        let body = 4 + head.len() as u64 + values * self.dtype.bytes() as u64;

        (&self.file).seek(SeekFrom::Start(self.end))?;
        let mut out = Summed { inner: BufWriter::with_capacity(1 << 20, &self.file), crc: Hasher::new() };
        out.write_all(&body.to_le_bytes())?;
        out.write_all(&head_length.to_le_bytes())?;
        out.write_all(&head)?;
        let mut bytes = Vec::with_capacity(CHUNK * self.dtype.bytes());
        for chunk in record.arrays.iter().flat_map(|array| array.data.chunks(CHUNK)) {
            bytes.clear();
            self.dtype.encode(chunk, &mut bytes);
            out.write_all(&bytes)?;
        }
        let Summed { mut inner, crc } = out;
        inner.write_all(&crc.finalize().to_le_bytes())?;
        inner.flush()?;
        Ok(self.end + 8 + body + CRC)
    }

    /// Syncs written records to the disk.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.file.sync_data().map_err(Error::io("cannot write", &self.path))?;
        self.synced = Instant::now();
        Ok(())
    }

    /// The id of the record at this index of the input, if it is in the spool.
    pub fn id(&self, index: u64) -> Option<&str> {
        self.entries.get(&index).map(|entry| &*entry.id)
    }

    /// Indices and ids of its records, in input order.
    pub fn finished(&self) -> impl ExactSizeIterator<Item = (u64, &str)> + Clone {
        self.entries.iter().map(|(index, entry)| (*index, &*entry.id))
    }

    /// The heads of all records, in input order, read one at a time.
    pub fn heads(&self) -> impl Iterator<Item = io::Result<Head>> {
        self.entries.values().map(|entry| self.head(entry.offset))
    }

    fn head(&self, offset: u64) -> io::Result<Head> {
        let mut lengths = [0; LENGTHS as usize];
        self.read_at(offset, LENGTHS)?.read_exact(&mut lengths)?;
        let [body @ .., a, b, c, d] = lengths;
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        let payload = u64::from_le_bytes(body).checked_sub(4 + length);
        let mut bytes = Vec::new();
        self.read_at(offset + LENGTHS, length)?.read_to_end(&mut bytes)?;
        payload.and_then(|payload| Head::decode(&bytes, offset + LENGTHS + length, payload, self.dtype)).ok_or_else(
            || {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("`{}` is damaged at byte {offset}", self.path.display()),
                )
            },
        )
    }

    /// The bytes of one stored array, in the storage type.
    pub fn payload(&self, array: &Stored) -> io::Result<impl Read> {
        self.read_at(array.offset, array.bytes)
    }

    fn read_at(&self, offset: u64, bytes: u64) -> io::Result<Take<BufReader<&File>>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        Ok(BufReader::with_capacity(bytes.min(1 << 16) as usize, file).take(bytes))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The type its numbers are stored in.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Deletes it: its records are in the output.
    pub fn remove(self) -> Result<(), Error> {
        fs::remove_file(&self.path).map_err(Error::io("cannot delete", &self.path))
    }
}

impl Drop for Spool {
    /// Deletes a new spool without records. The lock ends here, even if a child process has a copy of the file
    /// ([`rinalmo_download::Lock`]).
    fn drop(&mut self) {
        if self.fresh && self.entries.is_empty() {
            let _ = fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

/// A writer that computes a checksum.
struct Summed<W> {
    inner: W,
    crc: Hasher,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.crc.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
