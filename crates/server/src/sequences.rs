//! The sequences of a request: a list, or the text of a file.

use std::fmt;
use std::io::Cursor;

use rinalmo::Constraint;
use rinalmo::seq::input::{FileRemarks, Remarks};
use rinalmo::seq::{Gaps, InputOptions, OnInvalid, SequenceRecord, Sequences};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::Limits;
use crate::failure::{ErrorType, Failure};

/// Letters that are no base are an error: for answers that have no place for a note.
pub const EXACT: InputOptions = InputOptions { on_invalid: OnInvalid::Error, gaps: Gaps::Error, strands: false };

/// Most sequences of a list, whatever the limits are: an element of two bytes takes about 100 bytes of memory.
const MOST: usize = 500_000;

/// A sequence as a request has it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name.
    #[serde(default)]
    pub id: Option<String>,
    /// Its letters.
    pub sequence: String,
    /// What its structure must obey, in RNAfold's notation.
    #[serde(default)]
    pub constraint: Option<String>,
    /// How strongly each base reacted with a probe; `null` for those that were not measured.
    #[serde(default)]
    pub reactivities: Option<Vec<Option<f32>>>,
}

/// One sequence or several; each is text, or an object of [`Input`].
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs(pub Vec<Input>);

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(List)
    }
}

struct List;

impl<'de> Visitor<'de> for List {
    type Value = Inputs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence, or a list of sequences or of objects with `sequence`")
    }

    fn visit_str<E>(self, text: &str) -> Result<Inputs, E> {
        Ok(Inputs(vec![Input { sequence: text.to_owned(), ..Input::default() }]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Inputs, A::Error> {
        let mut inputs = Vec::new();
        while let Some(One(input)) = list.next_element()? {
            if inputs.len() == MOST {
                return Err(serde::de::Error::custom(format_args!("more than {MOST} sequences; send `text`")));
            }
            inputs.push(input);
        }
        Ok(Inputs(inputs))
    }
}

/// An element of the list.
struct One(Input);

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Element)
    }
}

struct Element;

impl<'de> Visitor<'de> for Element {
    type Value = One;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence, or an object with `sequence`")
    }

    fn visit_str<E>(self, text: &str) -> Result<One, E> {
        Ok(One(Input { sequence: text.to_owned(), ..Input::default() }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<One, A::Error> {
        Input::deserialize(MapAccessDeserializer::new(map)).map(One)
    }
}

/// A sequence that was read.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its name and letters.
    pub record: SequenceRecord,
    /// What its structure must obey.
    pub constraint: Option<Constraint>,
    /// As in [`Input`].
    pub reactivities: Option<Vec<Option<f32>>>,
}

/// The sequences of a request, and what was changed in reading them.
#[derive(Debug, Default)]
pub struct Found {
    /// In the order of the request; a sequence that cannot be read is a failure of its own.
    pub records: Vec<Result<Record, Failure>>,
    /// Remarks on all of them.
    pub notes: Vec<String>,
}

impl Found {
    /// Refuses constraints and reactivities, for verbs that have no use for them.
    #[must_use]
    pub fn without_constraints(mut self) -> Self {
        for record in &mut self.records {
            let Ok(read) = record else { continue };
            if read.constraint.is_some() {
                *record = Err(Failure::invalid("constraint: only a fold has one"));
            } else if read.reactivities.is_some() {
                *record = Err(Failure::invalid("reactivities: only a fold has some"));
            }
        }
        self
    }
}

/// Reads the sequences of a request, of either field.
///
/// # Errors
/// There are none, too many, or both fields; or the text is no file of sequences.
pub fn read(
    inputs: Option<Inputs>,
    text: Option<String>,
    options: InputOptions,
    limits: &Limits,
) -> Result<Found, Failure> {
    let found = match (inputs, text) {
        (Some(Inputs(inputs)), None) => of_list(inputs, options, limits)?,
        (None, Some(text)) => of_text(text, options, limits)?,
        (Some(_), Some(_)) => return Err(Failure::invalid("expected either `inputs` or `text`, found both")),
        (None, None) => return Err(Failure::invalid("expected `inputs` or `text`, found neither")),
    };
    if found.records.is_empty() {
        return Err(Failure::empty("there are no sequences"));
    }
    Ok(found)
}

fn of_list(inputs: Vec<Input>, options: InputOptions, limits: &Limits) -> Result<Found, Failure> {
    check_count(inputs.len(), limits)?;
    let mut remarks = FileRemarks::new("inputs".into(), options);
    let read = inputs.into_iter().enumerate().map(|(index, input)| {
        let record = judged(index, input.id, input.sequence, options)?;
        remarks.add(&record);
        let constraint = input.constraint.map(|text| text.parse::<Constraint>()).transpose();
        let constraint = constraint.map_err(|error| Failure::invalid(format!("`{}`: {error}", record.name())))?;
        checked(Record { record, constraint, reactivities: input.reactivities }, limits)
    });
    let records = read.collect();
    Ok(Found { records, notes: remarks.lines() })
}

/// A sequence of a list as a record, named like one of a file without names.
fn judged(
    index: usize,
    id: Option<String>,
    sequence: String,
    options: InputOptions,
) -> Result<SequenceRecord, Failure> {
    let header = id.unwrap_or_else(|| format!("seq{}", index + 1));
    let record = SequenceRecord {
        id: header.split_whitespace().next().unwrap_or_default().to_owned(),
        header,
        sequence: sequence.into_bytes(),
        nick: None,
        unknown: 0,
        remarks: Remarks::default(),
        source: "inputs".into(),
        line: index + 1,
        index,
    };
    Ok(record.judged(options)?)
}

/// Reads text of any format that the command line reads, but uncompressed.
fn of_text(text: String, options: InputOptions, limits: &Limits) -> Result<Found, Failure> {
    if text.starts_with("BZh") {
        let message = "text: expected sequences, found compressed data";
        return Err(Failure::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, ErrorType::Tokenizer, message));
    }
    let mut remarks = FileRemarks::new("text".into(), options);
    let mut records = Vec::new();
    for read in Sequences::from_reader("text", Cursor::new(text.into_bytes()), options) {
        let record = match read {
            Ok(record) => {
                remarks.add(&record);
                checked(Record { record, constraint: None, reactivities: None }, limits)
            }
            Err(error) if error.is_of_one_record() => Err(error.into()),
            Err(error) => return Err(error.into()),
        };
        records.push(record);
        check_count(records.len(), limits)?;
    }
    Ok(Found { records, notes: remarks.lines() })
}

fn check_count(count: usize, limits: &Limits) -> Result<(), Failure> {
    if count > limits.sequences {
        return Err(Failure::too_large(format!("a request may have {} sequences", limits.sequences)));
    }
    Ok(())
}

fn checked(record: Record, limits: &Limits) -> Result<Record, Failure> {
    let len = record.record.sequence.len();
    if len > limits.length {
        let name = record.record.name();
        let message = format!("`{name}` has {len} nt; this server takes sequences of up to {} nt", limits.length);
        return Err(Failure::too_large(message));
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(json: &str) -> Result<Vec<String>, String> {
        let inputs: Inputs = serde_json::from_str(json).map_err(|error| error.to_string())?;
        Ok(inputs.0.into_iter().map(|input| input.sequence).collect())
    }

    #[test]
    fn inputs_are_one_or_several() {
        assert_eq!(list(r#""GG""#).unwrap(), ["GG"]);
        assert_eq!(list(r#"["GG", {"sequence": "CC", "id": "a"}]"#).unwrap(), ["GG", "CC"]);
        assert_eq!(list("[]").unwrap(), [""; 0]);
        for (json, expected) in [
            ("7", "expected a sequence, or a list of sequences"),
            ("[7]", "expected a sequence, or an object with `sequence`"),
            (r#"[{"id": "a"}]"#, "missing field `sequence`"),
            (
                r#"[{"sequence": "A", "name": "b"}]"#,
                "unknown field `name`, expected one of `id`, `sequence`, `constraint`, `reactivities`",
            ),
        ] {
            let message = list(json).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_list_and_a_text_are_read_in_the_same_way() {
        let limits = Limits::default();
        let inputs: Inputs = serde_json::from_str(r#"["ggXaacc", "G-C"]"#).unwrap();
        let one = read(Some(inputs), None, InputOptions::default(), &limits).unwrap();
        let other = read(None, Some("ggXaacc\nG-C\n".into()), InputOptions::default(), &limits).unwrap();
        let letters = |found: &Found| -> Vec<(String, Vec<u8>)> {
            let records = found.records.iter().map(|record| &record.as_ref().unwrap().record);
            records.map(|record| (record.id.clone(), record.sequence.clone())).collect()
        };
        assert_eq!(letters(&one), letters(&other));
        assert_eq!(letters(&one)[0], ("seq1".into(), b"ggNaacc".to_vec()));
        assert_eq!((one.notes.len(), other.notes.len()), (2, 2), "{one:?}");
    }

    #[test]
    fn a_sequence_that_cannot_be_read_is_a_failure_of_its_own() {
        let found = read(None, Some(">a\nGG@\n>b\nCC\n".into()), InputOptions::default(), &Limits::default()).unwrap();
        let failure = found.records[0].as_ref().unwrap_err();
        assert_eq!(failure.message, "text:2: record `a`: character `@` is not an RNA base");
        assert!(found.records[1].is_ok());
    }

    #[test]
    fn what_is_beyond_a_limit_is_refused() {
        let limits = Limits { sequences: 2, length: 3, ..Limits::default() };
        let read = |text: &str| read(None, Some(text.into()), InputOptions::default(), &limits);
        assert_eq!(read("A\nC\nG\n").unwrap_err().status, 413);
        assert_eq!(read("ACGU\n").unwrap().records[0].as_ref().unwrap_err().status, 413);
        assert_eq!(read("").unwrap_err().status, 422);
        assert_eq!(read("BZh91AY&SY").unwrap_err().kind, ErrorType::Tokenizer);
    }
}
