//! TensorBoard's event files: records of length, checksums and a protobuf `Event` each.
//!
//! The messages are those of TensorFlow's `event.proto` and `summary.proto`, as far as scalars need them. Framing is
//! TFRecord: length, its masked CRC-32C, data, its masked CRC-32C. No maintained crate
//! writes these files, so the three messages are encoded here; the tests read them with a protobuf library.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The content of an event, next to its time and step.
enum Content<'a> {
    /// The version of the format, which a file begins with.
    Version(&'a str),
    /// Numbers by name.
    Scalars(&'a [(&'a str, f64)]),
    /// A session starts: readers drop this step and later ones of older files.
    Start,
}

/// The format's version, as readers look for it.
const VERSION: &str = "brain.Event:2";

// Ways to write a field of a protobuf message.
const VARINT: u8 = 0;
const EIGHT_BYTES: u8 = 1;
const BYTES: u8 = 2;
const FOUR_BYTES: u8 = 5;

/// An event file that is being written.
pub(super) struct Events {
    file: File,
}

impl Events {
    /// Creates a new file in `folder`, for steps from `first` on.
    pub(super) fn create(folder: &Path, first: u64) -> Result<(Self, PathBuf), (PathBuf, io::Error)> {
        let name = format!("events.out.tfevents.{}.rinalmo.{}", now().floor(), std::process::id());
        let names = std::iter::once(name.clone()).chain((1..).map(|number| format!("{name}.{number}")));
        let path = names.map(|name| folder.join(name)).find(|path| !path.exists()).expect("names do not end");
        let open = || {
            let mut events = Self { file: File::create(&path)? };
            events.write(0, Content::Version(VERSION))?;
            events.write(first, Content::Start)?;
            Ok(events)
        };
        match open() {
            Ok(events) => Ok((events, path)),
            Err(error) => Err((path, error)),
        }
    }

    /// Writes numbers of a step.
    pub(super) fn scalars(&mut self, step: u64, scalars: &[(&str, f64)]) -> io::Result<()> {
        self.write(step, Content::Scalars(scalars))
    }

    fn write(&mut self, step: u64, content: Content<'_>) -> io::Result<()> {
        self.file.write_all(&frame(&event(now(), step, content)))
    }
}

/// An `Event`, whose fields are 1 the time, 2 the step, 3 the version, 5 a `Summary`, 7 a `SessionLog`.
fn event(seconds: f64, step: u64, content: Content<'_>) -> Vec<u8> {
    let mut event = vec![key(1, EIGHT_BYTES)];
    event.extend(seconds.to_le_bytes());
    event.push(key(2, VARINT));
    varint(&mut event, step);
    match content {
        Content::Version(version) => field(&mut event, 3, version.as_bytes()),
        Content::Scalars(scalars) => {
            let mut summary = Vec::new();
            for &(tag, number) in scalars {
                // A `Summary.Value`: 1 the tag, 2 the number.
                let mut value = Vec::new();
                field(&mut value, 1, tag.as_bytes());
                value.push(key(2, FOUR_BYTES));
                value.extend((number as f32).to_le_bytes());
                field(&mut summary, 1, &value);
            }
            field(&mut event, 5, &summary);
        }
        // `status = START`, which is 1.
        Content::Start => field(&mut event, 7, &[key(1, VARINT), 1]),
    }
    event
}

/// A field of bytes, text or another message.
fn field(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(key(number, BYTES));
    varint(message, bytes.len() as u64);
    message.extend(bytes);
}

/// What a field begins with: its number and how it is written.
const fn key(number: u8, wire: u8) -> u8 {
    number << 3 | wire
}

/// A number in groups of seven bits, the lowest first; all but the last have the high bit set.
fn varint(message: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// A TFRecord.
fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

/// A checksum, rotated and shifted as TFRecord asks, so that data which holds checksums can be checked too.
fn masked(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    struct Event {
        #[prost(double, tag = "1")]
        wall_time: f64,
        #[prost(int64, tag = "2")]
        step: i64,
        #[prost(string, optional, tag = "3")]
        file_version: Option<String>,
        #[prost(message, optional, tag = "5")]
        summary: Option<Summary>,
        #[prost(message, optional, tag = "7")]
        session_log: Option<SessionLog>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Summary {
        #[prost(message, repeated, tag = "1")]
        value: Vec<Value>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Value {
        #[prost(string, tag = "1")]
        tag: String,
        #[prost(float, optional, tag = "2")]
        simple_value: Option<f32>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct SessionLog {
        #[prost(int32, tag = "1")]
        status: i32,
    }

    #[test]
    fn a_protobuf_library_reads_what_is_written() {
        let long = "x".repeat(300);
        let scalars = [("loss", 2.5), (long.as_str(), f64::NAN)];
        let read = |content| Event::decode(&event(1.5e9, 1 << 40, content)[..]).unwrap();
        let found = read(Content::Scalars(&scalars));
        assert_eq!((found.wall_time, found.step), (1.5e9, 1 << 40));
        let values = found.summary.unwrap().value;
        assert_eq!((values[0].tag.as_str(), values[0].simple_value), ("loss", Some(2.5)));
        assert!(values[1].tag == long && values[1].simple_value.unwrap().is_nan());
        assert_eq!(read(Content::Start).session_log, Some(SessionLog { status: 1 }));
        assert_eq!(read(Content::Version(VERSION)).file_version.as_deref(), Some(VERSION));
    }

    #[test]
    fn records_are_framed_as_tensorflow_frames_them() {
        // Checksums as tensorboard 2.21's `masked_crc32c` gives them.
        let expected =
            [&[3_u8, 0, 0, 0, 0, 0, 0, 0][..], &[176, 153, 73, 14], &b"foo"[..], &[97, 138, 190, 254]].concat();
        assert_eq!(frame(b"foo"), expected);
    }

    #[test]
    fn scalars_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let (mut events, path) = Events::create(folder.path(), 4).unwrap();
        events.scalars(5, &[("loss", 2.5), ("rate", 1e-4)]).unwrap();
        let mut bytes = &std::fs::read(path).unwrap()[..];
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            assert_eq!(bytes[8..12], masked(&bytes[..8]));
            assert_eq!(bytes[12 + length..16 + length], masked(&bytes[12..12 + length]));
            found.push(Event::decode(&bytes[12..12 + length]).unwrap());
            bytes = &bytes[16 + length..];
        }
        assert_eq!(found[0].file_version.as_deref(), Some("brain.Event:2"));
        assert_eq!((found[1].step, found[1].session_log.clone().unwrap().status), (4, 1));
        let values = &found[2].summary.as_ref().unwrap().value;
        assert_eq!((found[2].step, values[0].tag.as_str(), values[0].simple_value), (5, "loss", Some(2.5)));
        assert_eq!(values[1].simple_value, Some(1e-4));
    }
}
