//! Structures as JSON lines, as `rinalmo fold -f json` writes them: an object for each record with `id`, `sequence`, and
//! `pairs` (a list `[[1, 9, 0.98], …]` from 1, the third number a probability) or `structure` (brackets). Where every
//! structure is asked for, those of `alternatives` take its place, as they do in the other formats of `fold`.

use std::io::BufRead;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::entry::{Entry, only_letters, parted};
use super::{Error, Found, ReadOptions};
use crate::Structure;
use crate::structure::different;

/// Whether a file that begins like this is one of objects.
pub(super) fn is_start(start: &[u8]) -> bool {
    start.trim_ascii_start().starts_with(b"{")
}

/// Adds every line of a stream to `found`; records may be two strands if that is asked for.
///
/// # Errors
/// The stream fails.
pub(super) fn read(
    stream: impl BufRead,
    file: &Arc<str>,
    options: &ReadOptions,
    found: &mut Found,
) -> Result<(), Error> {
    for (number, line) in (1..).zip(stream.lines()) {
        let line = line.map_err(crate::Error::from)?;
        if line.trim().is_empty() {
            continue;
        }
        match entries(&line, options) {
            Ok(entries) => {
                let place = |entry: &Entry| format!("{file}:{number}: `{}`", entry.id);
                found.entries.extend(entries.into_iter().map(|entry| Entry { place: place(&entry), ..entry }));
            }
            Err(message) => found.wrong.push(Error::Row { file: file.clone(), line: number, message }),
        }
    }
    Ok(())
}

/// The record of a line, or each of its alternatives if every structure is asked for.
fn entries(line: &str, options: &ReadOptions) -> Result<Vec<Entry>, String> {
    let object: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("expected one JSON object in each line ({error})"))?;
    let own = entry(&object, options.strands)?;
    let alternatives = object.get("alternatives").and_then(Value::as_array).filter(|_| options.all_structures);
    let Some(alternatives) = alternatives.filter(|all| !all.is_empty()) else { return Ok(vec![own]) };
    let alternative = |one: &Value| {
        let brackets = one.get("structure").and_then(Value::as_str);
        let brackets = brackets.ok_or("`alternatives`: expected objects with a `structure`")?;
        let (brackets, nick) = parted(brackets, options.strands);
        if nick != own.structure.nick() {
            return Err(different(own.structure.nick(), nick));
        }
        let structure = bracketed(&brackets, own.structure.len()).map_err(|what| format!("`alternatives`: {what}"))?;
        Ok(Entry { structure: structure.with_nick(nick), probabilities: Vec::new(), ..own.clone() })
    };
    alternatives.iter().map(alternative).collect()
}

fn entry(object: &Map<String, Value>, strands: bool) -> Result<Entry, String> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let sequence = text("sequence").ok_or("no `sequence`, expected the letters as a text")?;
    let (sequence, nick) = parted(sequence, strands);
    let letters = only_letters(&sequence).map_err(|message| format!("`sequence`: {message}"))?;
    let (structure, probabilities) = match (object.get("pairs"), text("structure")) {
        (Some(pairs), _) => paired(pairs, sequence.len()).map_err(|message| format!("`pairs`: {message}"))?,
        (None, Some(brackets)) => (bracketed(&parted(brackets, strands).0, sequence.len())?, Vec::new()),
        (None, None) => return Err("neither `pairs` nor `structure`".into()),
    };
    if let Some(other) = text("structure").map(|brackets| parted(brackets, strands).1).filter(|other| *other != nick) {
        return Err(different(nick, other));
    }
    let id = text("id").unwrap_or_default();
    let entry = Entry::new(text("header").unwrap_or(id), letters, structure.with_nick(nick));
    Ok(Entry { id: id.to_owned(), probabilities, ..entry })
}

fn bracketed(brackets: &str, len: usize) -> Result<Structure, String> {
    let structure = Structure::parse_dot_bracket(brackets).map_err(|error| format!("`structure`: {error}"))?;
    if structure.len() == len {
        return Ok(structure);
    }
    Err(format!("`structure`: {} characters for a sequence of {len} bases", structure.len()))
}

/// Pairs, and the probabilities of those that have one; from 0.
type Paired = (Structure, Vec<(usize, usize, f64)>);

fn paired(value: &Value, len: usize) -> Result<Paired, String> {
    let expected = || "expected a list such as [[1, 9, 0.98], [2, 8, 0.97]]".to_owned();
    let (mut pairs, mut probabilities) = (Vec::new(), Vec::new());
    for row in value.as_array().ok_or_else(expected)? {
        let row = row.as_array().ok_or_else(expected)?;
        let position = |place: usize| {
            let number = row.get(place).and_then(Value::as_u64).filter(|number| *number > 0).ok_or_else(expected)?;
            usize::try_from(number - 1).map_err(|_| expected())
        };
        let (i, j) = (position(0)?, position(1)?);
        pairs.push((i, j));
        match row.get(2).map(Value::as_f64) {
            None => {}
            Some(Some(p)) if (0.0..=1.0).contains(&p) => probabilities.push((i.min(j), i.max(j), p)),
            Some(_) => return Err(format!("pair ({}, {}): expected a probability from 0 to 1", i + 1, j + 1)),
        }
    }
    Ok((Structure::new(len, pairs).map_err(|error| error.to_string())?, probabilities))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (Vec<Entry>, Vec<String>) {
        let mut found = Found::default();
        read(text.as_bytes(), &"a.json".into(), &ReadOptions::default(), &mut found).unwrap();
        (found.entries, found.wrong.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_fold_writes_is_read_with_its_probabilities() {
        let text = r#"{"id":"x","header":"x of  two","sequence":"GAAAC","structure":"(...)","pairs":[[1,5,0.75]],"score":0.75}

{"id":"y","sequence":"GAAAC","structure":"....."}
"#;
        assert!(is_start(text.as_bytes()) && !is_start(b">x"));
        let (entries, wrong) = read_all(text);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!((&*entries[0].id, &*entries[0].header, &*entries[0].place), ("x", "x of two", "a.json:1: `x`"));
        assert_eq!((entries[0].structure.pairs(), &*entries[0].probabilities), (&[(0, 4)][..], &[(0, 4, 0.75)][..]));
        assert_eq!((entries[1].structure.len(), entries[1].structure.pairs().len()), (5, 0));
    }

    #[test]
    fn alternatives_are_read_where_every_structure_is_asked_for() {
        let text = r#"{"id":"x","sequence":"GAAAC","structure":"(...)","pairs":[[1,5,0.75]],
            "alternatives":[{"structure":".....","energy":0.0,"share":0.5},{"structure":"(...)"}]}"#;
        let text = text.replace('\n', "");
        let pairs = |all_structures| {
            let mut found = Found::default();
            let options = ReadOptions { all_structures, ..ReadOptions::default() };
            read(text.as_bytes(), &"a.json".into(), &options, &mut found).unwrap();
            assert!(found.wrong.is_empty(), "{:?}", found.wrong);
            found.entries.iter().map(|entry| entry.structure.pairs().len()).collect::<Vec<_>>()
        };
        assert_eq!((pairs(false), pairs(true)), (vec![1], vec![0, 1]));
        let mut found = Found::default();
        let options = ReadOptions { all_structures: true, ..ReadOptions::default() };
        read(text.replace(".....", "....").as_bytes(), &"a.json".into(), &options, &mut found).unwrap();
        assert!(found.wrong[0].to_string().contains("`alternatives`: `structure`: 4 characters"), "{:?}", found.wrong);
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let wrong = |line: &str| {
            let (entries, wrong) = read_all(&format!("{line}\n{{\"id\":\"z\",\"sequence\":\"GAC\",\"pairs\":[]}}\n"));
            assert_eq!((entries.len(), wrong.len()), (1, 1));
            wrong[0].clone()
        };
        assert!(wrong("[1]").starts_with("a.json:1: expected one JSON object in each line"));
        assert!(wrong(r#"{"id":"x"}"#).ends_with("no `sequence`, expected the letters as a text"));
        assert!(wrong(r#"{"sequence":"GAC"}"#).ends_with("neither `pairs` nor `structure`"));
        assert!(wrong(r#"{"sequence":"G@C","pairs":[]}"#).contains("expected letters"));
        assert!(wrong(r#"{"sequence":"GAC","structure":".."}"#).contains("2 characters for a sequence of 3 bases"));
        assert!(wrong(r#"{"sequence":"GAC","pairs":[[0,2]]}"#).contains("expected a list such as"));
        assert!(wrong(r#"{"sequence":"GAC","pairs":[[1,9]]}"#).contains("pair (1, 9) is outside a sequence"));
        assert!(wrong(r#"{"sequence":"GAC","pairs":[[1,3,7]]}"#).contains("expected a probability from 0 to 1"));
    }
}
