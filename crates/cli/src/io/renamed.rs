//! Records that go by another name than their id in an output: reported, with where the whole list is.

use std::path::Path;

use rinalmo::sink::Renamed;

use crate::context::Context;
use crate::io::many;

/// Where an output of each ending lists its changed names.
const LISTS: [(&str, &str); 3] = [
    (".npz", "; the member names.tsv lists them"),
    (".safetensors", "; `names` in its metadata lists them"),
    (".parquet", "; `names` in its metadata lists them"),
];

/// Reports records that an array file calls otherwise.
pub fn report_renamed(output: &Path, renamed: &[Renamed], context: &Context) {
    let name = output.to_string_lossy();
    let list = LISTS.iter().find(|(ending, _)| name.to_lowercase().ends_with(ending)).map_or("", |(_, list)| list);
    let first = renamed.first().map(|first| (first.id.as_str(), first.name.as_str()));
    report(&name, first, renamed.len(), list, context);
}

/// Reports how many records are called otherwise than their ids; the first is `(id, name)`.
pub fn report(output: &str, first: Option<(&str, &str)>, count: usize, list: &str, context: &Context) {
    let Some((id, name)) = first else { return };
    let verb = if count == 1 { "goes by another name than its id" } else { "go by other names than their ids" };
    let records = many(count, "record");
    let id = if id.is_empty() { "a nameless one".to_owned() } else { format!("`{id}`") };
    context.note(format!("{output}: {records} {verb}, {id} by `{name}`{list}"));
}
