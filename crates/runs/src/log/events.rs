//! TensorBoard's event files: records of length, checksums and a protobuf `Event` each.
//!
//! The messages are those of TensorFlow's `event.proto` and `summary.proto`, as far as scalars need them. Framing is
//! TFRecord: length, its masked CRC-32C, data, its masked CRC-32C. (No crate that writes them is kept up.)

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
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
    /// 1 says that a session starts: what older files say of this step and later ones no longer counts.
    #[prost(int32, tag = "1")]
    status: i32,
}

const START: i32 = 1;

/// An event file that is being written.
pub(super) struct Events {
    file: File,
}

impl Events {
    /// Begins a file of its own in `folder`, for steps from `first` on.
    pub(super) fn create(folder: &Path, first: u64) -> Result<(Self, PathBuf), (PathBuf, io::Error)> {
        let name = format!("events.out.tfevents.{}.rinalmo.{}", now().floor(), std::process::id());
        let path = folder.join(name);
        let open = || {
            let mut events = Self { file: File::create(&path)? };
            events.write(0, |event| event.file_version = Some("brain.Event:2".into()))?;
            events.write(first, |event| event.session_log = Some(SessionLog { status: START }))?;
            Ok(events)
        };
        match open() {
            Ok(events) => Ok((events, path)),
            Err(error) => Err((path, error)),
        }
    }

    /// Writes numbers of a step.
    pub(super) fn scalars(&mut self, step: u64, scalars: &[(&str, f64)]) -> io::Result<()> {
        let value = |&(tag, value): &(&str, f64)| Value { tag: tag.into(), simple_value: Some(value as f32) };
        let summary = Summary { value: scalars.iter().map(value).collect() };
        self.write(step, |event| event.summary = Some(summary))
    }

    fn write(&mut self, step: u64, fill: impl FnOnce(&mut Event)) -> io::Result<()> {
        let mut event = Event { wall_time: now(), step: step.cast_signed(), ..Event::default() };
        fill(&mut event);
        self.file.write_all(&frame(&event.encode_to_vec()))
    }
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

/// A checksum, turned and shifted so that checksums of checksums stay good.
fn masked(data: &[u8]) -> [u8; 4] {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!((found[1].step, found[1].session_log.clone().unwrap().status), (4, START));
        let values = &found[2].summary.as_ref().unwrap().value;
        assert_eq!((found[2].step, values[0].tag.as_str(), values[0].simple_value), (5, "loss", Some(2.5)));
        assert_eq!(values[1].simple_value, Some(1e-4));
    }
}
