//! Reports records that have another name than their id in an output, and where the complete list is.

use std::path::Path;

use rinalmo::sink::Renamed;

use crate::context::Context;
use crate::io::many;

/// Where an output of each ending lists its changed names.
const LISTS: [(&str, &str); 4] = [
    (".npz", "; the member names.tsv lists them"),
    (".safetensors", "; `names` in its metadata lists them"),
    (".parquet", "; `names` in its metadata lists them"),
    (".h5ad", "; its column `id` has the ids"),
];

/// Reports records that have another name in an array file.
pub fn report_renamed(output: &Path, renamed: &[Renamed], context: &Context) {
    let name = output.to_string_lossy();
    let list = LISTS.iter().find(|(ending, _)| name.to_lowercase().ends_with(ending)).map_or("", |(_, list)| list);
    let first = renamed.first().map(|first| (first.id.as_str(), first.name.as_str()));
    report(&name, first, renamed.len(), list, context);
}

/// Reports how many records have other names than their ids; the first is `(id, name)`.
pub fn report(output: &str, first: Option<(&str, &str)>, count: usize, list: &str, context: &Context) {
    let Some((id, name)) = first else { return };
    let verb = if count == 1 { "has another name than its id" } else { "have other names than their ids" };
    let records = many(count, "record");
    let id = if id.is_empty() { "one without an id".to_owned() } else { format!("`{id}`") };
    context.note(format!("{output}: {records} {verb}: {id} is `{name}`{list}"));
}
