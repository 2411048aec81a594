//! TensorBoard's event files: records of length, checksums and a protobuf `Event` each.
//!
//! The messages are those of TensorFlow's `event.proto` and `summary.proto`, and of the `plugin_data.proto` of
//! TensorBoard's hparams, as far as scalars and settings need them. Framing is TFRecord: length, its masked CRC-32C,
//! data, its masked CRC-32C. No maintained crate writes these files, so the messages are encoded here; the tests read
//! them with a protobuf library.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::run::Settings;

/// The content of an event, next to its time and step.
enum Content<'a> {
    /// The version of the format, which a file begins with.
    Version(&'a str),
    /// Numbers by name.
    Scalars(&'a [(&'a str, f64)]),
    /// A session starts: readers drop this step and later ones of older files.
    Start,
    /// For the hparams page: a tag, and a field of its `HParamsPluginData`.
    Hparams(&'static str, u8, &'a [u8]),
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

    /// Writes the run's settings, which the hparams page shows beside its numbers.
    pub(super) fn settings(&mut self, settings: &Settings) -> io::Result<()> {
        let begun = begun(now(), settings);
        self.write(0, Content::Hparams("_hparams_/session_start_info", 3, &begun))
    }

    /// Writes that the run is done. It can be written once: readers keep the first that they see.
    pub(super) fn done(&mut self) -> io::Result<()> {
        // A `SessionEndInfo`: 1 the status, of which 1 is success; 2 the time.
        let mut done = vec![key(1, VARINT), 1];
        double(&mut done, 2, now());
        self.write(0, Content::Hparams("_hparams_/session_end_info", 4, &done))
    }

    fn write(&mut self, step: u64, content: Content<'_>) -> io::Result<()> {
        self.file.write_all(&frame(&event(now(), step, content)))
    }
}

/// An `Event`, whose fields are 1 the time, 2 the step, 3 the version, 5 a `Summary`, 7 a `SessionLog`.
fn event(at: f64, step: u64, content: Content<'_>) -> Vec<u8> {
    let mut event = Vec::new();
    double(&mut event, 1, at);
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
        Content::Hparams(tag, number, info) => field(&mut event, 5, &hparams(tag, number, info)),
    }
    event
}

/// A `Summary` with one value that belongs to the hparams page.
fn hparams(tag: &str, number: u8, info: &[u8]) -> Vec<u8> {
    // An `HParamsPluginData`: 1 its version, which is 0 and so left out; `info` as the field `number`.
    let mut content = Vec::new();
    field(&mut content, number, info);
    // A `PluginData`: 1 the page's name, 2 what is for it. It is field 1 of a `SummaryMetadata`.
    let mut plugin = Vec::new();
    field(&mut plugin, 1, b"hparams");
    field(&mut plugin, 2, &content);
    let mut metadata = Vec::new();
    field(&mut metadata, 1, &plugin);
    // A `Summary.Value`: 1 the tag, 8 a tensor, 9 the metadata. Some readers drop values without a tensor: 1 its type,
    // f32; 2 its shape, of no dimension; 5 its number, 0.
    let mut value = Vec::new();
    field(&mut value, 1, tag.as_bytes());
    field(&mut value, 8, &[key(1, VARINT), 1, key(2, BYTES), 0, key(5, BYTES), 4, 0, 0, 0, 0]);
    field(&mut value, 9, &metadata);
    let mut summary = Vec::new();
    field(&mut summary, 1, &value);
    summary
}

/// A `SessionStartInfo`: 1 the settings, 5 the time. Without a name of a group, each run is a row of its own.
fn begun(at: f64, settings: &Settings) -> Vec<u8> {
    let mut begun = Vec::new();
    for (path, setting) in settings {
        // A `google.protobuf.Value`: 2 a number, 3 text, 4 true or false.
        let mut value = Vec::new();
        match setting {
            toml::Value::Integer(number) => double(&mut value, 2, *number as f64),
            toml::Value::Float(number) => double(&mut value, 2, *number),
            toml::Value::Boolean(yes) => value.extend([key(4, VARINT), u8::from(*yes)]),
            toml::Value::String(text) => field(&mut value, 3, text.as_bytes()),
            other => field(&mut value, 3, other.to_string().as_bytes()),
        }
        // An entry of a map: 1 its key, 2 its value.
        let mut entry = Vec::new();
        field(&mut entry, 1, path.as_bytes());
        field(&mut entry, 2, &value);
        field(&mut begun, 1, &entry);
    }
    double(&mut begun, 5, at);
    begun
}

/// A field of a double.
fn double(message: &mut Vec<u8>, number: u8, value: f64) {
    message.push(key(number, EIGHT_BYTES));
    message.extend(value.to_le_bytes());
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
    use std::collections::BTreeMap;

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
        #[prost(message, optional, tag = "8")]
        tensor: Option<Tensor>,
        #[prost(message, optional, tag = "9")]
        metadata: Option<Metadata>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Tensor {
        #[prost(int32, tag = "1")]
        dtype: i32,
        #[prost(message, optional, tag = "2")]
        shape: Option<()>,
        #[prost(float, repeated, tag = "5")]
        floats: Vec<f32>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Metadata {
        #[prost(message, optional, tag = "1")]
        plugin: Option<Plugin>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Plugin {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(message, optional, tag = "2")]
        content: Option<Hparams>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Hparams {
        #[prost(message, optional, tag = "3")]
        begun: Option<SessionBegun>,
        #[prost(message, optional, tag = "4")]
        done: Option<SessionDone>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct SessionBegun {
        #[prost(btree_map = "string, message", tag = "1")]
        settings: BTreeMap<String, Setting>,
        #[prost(double, tag = "5")]
        at: f64,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Setting {
        #[prost(double, optional, tag = "2")]
        number: Option<f64>,
        #[prost(string, optional, tag = "3")]
        text: Option<String>,
        #[prost(bool, optional, tag = "4")]
        yes: Option<bool>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct SessionDone {
        #[prost(int32, tag = "1")]
        status: i32,
        #[prost(double, tag = "2")]
        at: f64,
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

    /// The events in a file, whose checksums must be right.
    fn read(path: &Path) -> Vec<Event> {
        let mut bytes = &std::fs::read(path).unwrap()[..];
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            assert_eq!(bytes[8..12], masked(&bytes[..8]));
            assert_eq!(bytes[12 + length..16 + length], masked(&bytes[12..12 + length]));
            found.push(Event::decode(&bytes[12..12 + length]).unwrap());
            bytes = &bytes[16 + length..];
        }
        found
    }

    #[test]
    fn settings_are_what_the_hparams_page_reads() {
        let folder = tempfile::tempdir().unwrap();
        let (mut events, path) = Events::create(folder.path(), 1).unwrap();
        let settings: toml::Table = toml::from_str("a = 3\nb = 1e-4\nc = true\nd = \"adamw\"\ne = [1, 2]\n").unwrap();
        events.settings(&settings.into_iter().collect()).unwrap();
        events.done().unwrap();
        let found: Vec<Value> =
            read(&path)[2..].iter().map(|event| event.summary.as_ref().unwrap().value[0].clone()).collect();
        for value in &found {
            let tensor = value.tensor.as_ref().unwrap();
            assert_eq!((tensor.dtype, tensor.shape, &tensor.floats[..]), (1, Some(()), &[0.0][..]));
            assert_eq!(value.metadata.as_ref().unwrap().plugin.as_ref().unwrap().name, "hparams");
        }
        let content = |value: &Value| value.metadata.clone().unwrap().plugin.unwrap().content.unwrap();
        let (begun, done) = (content(&found[0]).begun.unwrap(), content(&found[1]).done.unwrap());
        assert_eq!(found[0].tag, "_hparams_/session_start_info");
        assert_eq!(found[1].tag, "_hparams_/session_end_info");
        let setting = |name: &str| begun.settings[name].clone();
        assert_eq!((setting("a").number, setting("b").number), (Some(3.0), Some(1e-4)));
        assert_eq!((setting("c").yes, setting("d").text.as_deref()), (Some(true), Some("adamw")));
        assert_eq!(setting("e").text.as_deref(), Some("[1, 2]"));
        assert_eq!(done.status, 1);
        assert!(begun.at > 1.7e9 && done.at >= begun.at);
    }

    #[test]
    fn scalars_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let (mut events, path) = Events::create(folder.path(), 4).unwrap();
        events.scalars(5, &[("loss", 2.5), ("rate", 1e-4)]).unwrap();
        let found = read(&path);
        assert_eq!(found[0].file_version.as_deref(), Some("brain.Event:2"));
        assert_eq!((found[1].step, found[1].session_log.clone().unwrap().status), (4, 1));
        let values = &found[2].summary.as_ref().unwrap().value;
        assert_eq!((found[2].step, values[0].tag.as_str(), values[0].simple_value), (5, "loss", Some(2.5)));
        assert_eq!(values[1].simple_value, Some(1e-4));
    }
}
