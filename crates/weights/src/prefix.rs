//! Prefixes that training programs put before tensor names: `module.` of data parallelism, `_orig_mod.` of
//! `torch.compile`, `model.` or `net.` of a Lightning module, one within the other.
//!
//! A family's layout is recognised by one of its names. A prefix of that name in a file that belongs to no layout is
//! removed from every name that begins with it. Other names stay as they are; a comparison with a model lists them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::archive::Archive;

/// Levels that wrappers add wherever a module was wrapped; no layout has one of these names.
const WRAPPERS: [&str; 4] = ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// How each layout is recognised: a part of a name, and the prefixes it may have.
const LAYOUTS: [(&str, &[&str]); 5] = [
    ("encoder.blocks.", &[""]),
    ("encoder.embedding", &[""]),
    ("transformer.blocks.", &["", "lm.", "rinalmo."]),
    ("encoder.layer.", &["", "model.", "rinalmo."]),
    ("layers.0.self_attn.q_proj.", &["", "encoder.", "sentence_encoder.", "encoder.sentence_encoder."]),
];

/// Removes the prefixes from an archive's names, including those of plain numbers.
pub(crate) fn strip(archive: &mut Archive) {
    rename(&mut archive.tensors, unwrapped);
    rename(&mut archive.numbers, unwrapped);
    let Some(outer) = outer(archive.tensors.keys()) else { return };
    let bare = |name: &str| name.strip_prefix(&outer).unwrap_or(name).to_owned();
    rename(&mut archive.tensors, bare);
    rename(&mut archive.numbers, bare);
}

/// A name without wrappers' levels.
fn unwrapped(name: &str) -> String {
    name.split('.').filter(|level| !WRAPPERS.contains(level)).collect::<Vec<_>>().join(".")
}

/// The prefix of a known layout; empty if the layout has its usual names.
fn outer<'a>(names: impl Iterator<Item = &'a String> + Clone) -> Option<String> {
    let mut shortest = None::<String>;
    for (part, inner) in LAYOUTS {
        for name in names.clone() {
            let Some(before) = before(name, part) else { continue };
            let inner = inner.iter().filter(|inner| ends_with(before, inner)).max_by_key(|inner| inner.len());
            let outer = &before[..before.len() - inner.map_or(0, |inner| inner.len())];
            if shortest.as_ref().is_none_or(|found| outer.len() < found.len()) {
                shortest = Some(outer.to_owned());
            }
        }
    }
    shortest.filter(|outer| !outer.is_empty())
}

/// The text before `part`, which begins a level of the name.
fn before<'a>(name: &'a str, part: &str) -> Option<&'a str> {
    let at = name.match_indices(part).map(|(at, _)| at).find(|at| *at == 0 || name[..*at].ends_with('.'))?;
    Some(&name[..at])
}

/// Whether `before` ends with these complete levels.
fn ends_with(before: &str, inner: &str) -> bool {
    before.strip_suffix(inner).is_some_and(|rest| inner.is_empty() || rest.is_empty() || rest.ends_with('.'))
}

/// Renames all entries except those whose new name is taken, which keep theirs.
fn rename<T>(entries: &mut BTreeMap<String, T>, new: impl Fn(&str) -> String) {
    if entries.keys().all(|name| new(name) == *name) {
        return;
    }
    let mut kept = Vec::new();
    let mut renamed = BTreeMap::new();
    for (name, value) in std::mem::take(entries) {
        match renamed.entry(new(&name)) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(_) => kept.push((name, value)),
        }
    }
    for (name, value) in kept {
        renamed.entry(name).or_insert(value);
    }
    *entries = renamed;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| unwrapped(name)).collect();
        let outer = outer(names.iter()).unwrap_or_default();
        names.iter().map(|name| name.strip_prefix(&outer).unwrap_or(name).to_owned()).collect()
    }

    #[test]
    fn every_nesting_of_wrappers_comes_off_every_layout() {
        let layouts: [[&str; 2]; 8] = [
            ["encoder.blocks.0.attention.qkv.weight", "structure.out.bias"],
            ["transformer.blocks.0.mh_attn.Wqkv.weight", "lm_mask_head.linear1.weight"],
            ["lm.transformer.blocks.0.mh_attn.Wqkv.weight", "pred_head.linear_in.weight"],
            ["rinalmo.transformer.blocks.0.mh_attn.Wqkv.weight", "pred_head.classifier.0.weight"],
            ["encoder.layer.0.attention.self.key.weight", "embeddings.word_embeddings.weight"],
            ["model.encoder.layer.0.attention.self.key.weight", "lm_head.bias"],
            ["encoder.layers.0.self_attn.q_proj.weight", "encoder.lm_head.bias"],
            ["encoder.sentence_encoder.layers.0.self_attn.q_proj.weight", "encoder.lm_head.bias"],
        ];
        let wrappers = ["", "module.", "_orig_mod.", "net.", "module._orig_mod.", "net.module.", "a.b._orig_mod.c."];
        for layout in layouts {
            for wrapper in wrappers {
                let wrapped = layout.map(|name| format!("{wrapper}{name}"));
                assert_eq!(stripped(&wrapped.each_ref().map(String::as_str)), layout, "{wrapper}");
            }
        }
        let compiled = ["lm._orig_mod.transformer.blocks.0.x", "pred_head.module.linear_in.bias"];
        assert_eq!(stripped(&compiled), ["lm.transformer.blocks.0.x", "pred_head.linear_in.bias"]);
    }

    #[test]
    fn model_is_taken_off_where_the_layout_has_none() {
        assert_eq!(stripped(&["model.transformer.blocks.0.x", "model.embedding.weight"])[1], "embedding.weight");
        assert_eq!(stripped(&["model.model.encoder.layer.0.x", "model.lm_head.bias"])[1], "lm_head.bias");
    }

    #[test]
    fn what_does_not_share_the_prefix_keeps_its_name() {
        let names = ["model.transformer.blocks.0.x", "loss.weight", "modelling.y"];
        assert_eq!(stripped(&names), ["transformer.blocks.0.x", "loss.weight", "modelling.y"]);
        assert_eq!(stripped(&["bert.pooler.weight", "mytransformer.blocks.0.x"])[1], "mytransformer.blocks.0.x");
    }

    #[test]
    fn two_tensors_never_become_one() {
        let mut entries: BTreeMap<String, u8> = [("module.a".to_owned(), 1), ("a".to_owned(), 2)].into();
        rename(&mut entries, unwrapped);
        assert_eq!(entries.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 2), ("module.a".to_owned(), 1)]);
    }
}
