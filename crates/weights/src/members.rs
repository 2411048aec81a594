//! Several models in one file: heads on an encoder that they share.
//!
//! The file is in our own format, with the first of them as its model. Tensors that another one, a member, does not
//! share with it are under `member/<name>/…`, and its description is in the header's text [`MEMBERS_KEY`], by name.

use std::collections::BTreeMap;

use crate::archive::Archive;
use crate::checkpoint::Checkpoint;
use crate::family::document::Document;

/// Key of the members' descriptions in a safetensors header.
pub(crate) const MEMBERS_KEY: &str = "rinalmo.members";
const PREFIX: &str = "member/";

/// The name of a member's own tensor in the file.
pub(crate) fn key(member: &str, tensor: &str) -> String {
    format!("{PREFIX}{member}/{tensor}")
}

/// The members' descriptions, by name.
pub(crate) fn documents(archive: &Archive) -> Result<BTreeMap<String, Document>, String> {
    let Some(text) = archive.metadata.get(MEMBERS_KEY) else { return Ok(BTreeMap::new()) };
    let texts: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| format!("descriptions of members: {error}"))?;
    texts.into_iter().map(|(name, text)| Ok((name, Document::parse(&text.to_string())?))).collect()
}

/// Reduces an archive to the tensors of one model under their plain names: the first one, or a member, whose
/// description is returned.
pub(crate) fn choose(
    archive: &mut Archive,
    members: &BTreeMap<String, Document>,
    wanted: Option<&str>,
) -> Result<Option<Document>, String> {
    let Some(wanted) = wanted else {
        archive.tensors.retain(|name, _| members.is_empty() || !name.starts_with(PREFIX));
        return Ok(None);
    };
    let document = members.get(wanted).ok_or_else(|| {
        let names: Vec<String> = members.keys().map(|name| format!("`{name}`")).collect();
        let found = if names.is_empty() { "only one model".to_owned() } else { names.join(", ") };
        format!("no model `{wanted}` in this file; it holds {found}")
    })?;
    let mut all = std::mem::take(&mut archive.tensors);
    for spec in document.config.manifest() {
        if let Some(tensor) = all.remove(&key(wanted, &spec.name)).or_else(|| all.remove(&spec.name)) {
            archive.tensors.insert(spec.name, tensor);
        }
    }
    Ok(Some(document.clone()))
}

/// The tensors of a member that the first model lacks: other weights under the same name, or another name.
pub(crate) fn own<'c>(member: &'c Checkpoint, first: &Checkpoint) -> Vec<&'c str> {
    let differs = |name: &str| match (first.tensor(name), member.tensor(name)) {
        (Some(a), Some(b)) => a.shape != b.shape || a.to_f32() != b.to_f32(),
        _ => true,
    };
    member.tensors().map(|(name, _)| name).filter(|name| differs(name)).collect()
}
