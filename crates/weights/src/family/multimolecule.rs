//! Names of the multimolecule library: a folder of `config.json` and `model.safetensors` or `pytorch_model.bin`.
//!
//! Its encoder is under `model.` (`rinalmo.` before 0.0.9, bare in the plain encoder class). Its vocabulary has its own
//! order and size; rows are picked by token. `intermediate.bias` is β, not a bias. `layer_norm_eps` is 1e-12 in old
//! configurations, though the model was trained with 1e-5 as newer ones say; both mean 1e-5. Blocks of the structure
//! head are under `convnet.` in its `convert_checkpoint.py` and under `convnet.layers.` in what version 0.2.2 writes.

use rinalmo_seq::alphabet::VOCABULARY;
use rinalmo_seq::tokenizer::{MULTIMOLECULE_26, MULTIMOLECULE_28, rows_from};
use serde::Deserialize;

use super::{Part, Rule, Sorted, Sorter, third, translate, vocabulary, whole};
use crate::archive::Archive;
use crate::error::Misfit;

const PREFIXES: [&str; 2] = ["model.", "rinalmo."];

const RULES: [Rule; 36] = [
    vocabulary("embeddings.word_embeddings.weight", "encoder.embedding"),
    whole("embeddings.position_embeddings.weight", "encoder.positions"),
    whole("encoder.layer.{}.attention.layer_norm.weight", "encoder.blocks.{}.attention_norm.weight"),
    whole("encoder.layer.{}.attention.layer_norm.bias", "encoder.blocks.{}.attention_norm.bias"),
    third("encoder.layer.{}.attention.self.query.weight", "encoder.blocks.{}.attention.qkv.weight", 0),
    third("encoder.layer.{}.attention.self.key.weight", "encoder.blocks.{}.attention.qkv.weight", 1),
    third("encoder.layer.{}.attention.self.value.weight", "encoder.blocks.{}.attention.qkv.weight", 2),
    whole("encoder.layer.{}.attention.output.dense.weight", "encoder.blocks.{}.attention.out.weight"),
    whole("encoder.layer.{}.layer_norm.weight", "encoder.blocks.{}.feed_forward_norm.weight"),
    whole("encoder.layer.{}.layer_norm.bias", "encoder.blocks.{}.feed_forward_norm.bias"),
    whole("encoder.layer.{}.intermediate.linear.weight", "encoder.blocks.{}.feed_forward.up.weight"),
    whole("encoder.layer.{}.intermediate.linear.bias", "encoder.blocks.{}.feed_forward.up.bias"),
    whole("encoder.layer.{}.intermediate.linear_gate.weight", "encoder.blocks.{}.feed_forward.gate.weight"),
    whole("encoder.layer.{}.intermediate.linear_gate.bias", "encoder.blocks.{}.feed_forward.gate.bias"),
    whole("encoder.layer.{}.intermediate.bias", "encoder.blocks.{}.feed_forward.beta"),
    whole("encoder.layer.{}.output.dense.weight", "encoder.blocks.{}.feed_forward.down.weight"),
    whole("encoder.layer.{}.output.dense.bias", "encoder.blocks.{}.feed_forward.down.bias"),
    whole("encoder.layer_norm.weight", "encoder.norm.weight"),
    whole("encoder.layer_norm.bias", "encoder.norm.bias"),
    whole("lm_head.transform.dense.weight", "mlm.dense.weight"),
    whole("lm_head.transform.dense.bias", "mlm.dense.bias"),
    whole("lm_head.transform.layer_norm.weight", "mlm.norm.weight"),
    whole("lm_head.transform.layer_norm.bias", "mlm.norm.bias"),
    vocabulary("lm_head.decoder.weight", "mlm.out.weight"),
    vocabulary("lm_head.bias", "mlm.out.bias"),
    vocabulary("lm_head.decoder.bias", "mlm.out.bias"),
    whole("ss_head.projection.weight", "structure.project.weight"),
    whole("ss_head.projection.bias", "structure.project.bias"),
    whole("ss_head.convnet.layers.{}.conv1.weight", "structure.blocks.{}.squeeze.weight"),
    whole("ss_head.convnet.layers.{}.conv2.weight", "structure.blocks.{}.spread.weight"),
    whole("ss_head.convnet.layers.{}.conv3.weight", "structure.blocks.{}.expand.weight"),
    whole("ss_head.convnet.{}.conv1.weight", "structure.blocks.{}.squeeze.weight"),
    whole("ss_head.convnet.{}.conv2.weight", "structure.blocks.{}.spread.weight"),
    whole("ss_head.convnet.{}.conv3.weight", "structure.blocks.{}.expand.weight"),
    whole("ss_head.prediction.weight", "structure.out.weight"),
    whole("ss_head.prediction.bias", "structure.out.bias"),
];

/// Their names for our tensor `name`, and which part of it each is: three for stacked projections. If they have had
/// several names for one, the newest, which is first in the table.
pub(crate) fn names_of(name: &str) -> Vec<(String, Part)> {
    let mut found: Vec<(String, Part)> = Vec::new();
    for rule in &RULES {
        if let Some(theirs) = translate(rule.ours, rule.theirs, name)
            && !found.iter().any(|(_, part)| *part == rule.part)
        {
            found.push((theirs, rule.part));
        }
    }
    found
}

/// What `config.json` says and tensors do not show.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Config {
    pub(crate) hidden_size: Option<usize>,
    pub(crate) num_hidden_layers: Option<usize>,
    pub(crate) num_attention_heads: Option<usize>,
    #[serde(default)]
    pub(crate) tie_word_embeddings: bool,
    layer_norm_eps: Option<f64>,
    token_dropout: Option<bool>,
    is_decoder: Option<bool>,
    position_embedding_type: Option<String>,
}

impl Config {
    /// Checks that it describes what we compute. No tensor would show another epsilon, scale, mask or order of
    /// positions.
    pub(crate) fn check(&self) -> Result<(), String> {
        let other = |key: &str, found: &dyn std::fmt::Display, expected: &str| {
            Err(format!("`{key}` is {found}, expected {expected}: such models are not supported"))
        };
        if let Some(eps) = self.layer_norm_eps.filter(|eps| ![1e-5, 1e-12].contains(eps)) {
            return other("layer_norm_eps", &eps, "1e-5");
        }
        if self.token_dropout == Some(false) {
            return other("token_dropout", &false, "true");
        }
        if self.is_decoder == Some(true) {
            return other("is_decoder", &true, "false");
        }
        match self.position_embedding_type.as_deref() {
            None | Some("rotary") => Ok(()),
            Some(found) => other("position_embedding_type", &found, "rotary"),
        }
    }
}

/// The files next to the tensors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    /// `config.json`.
    pub(crate) config: Config,
    /// `vocab.txt`, one token a line.
    pub(crate) vocabulary: Option<Vec<String>>,
}

/// Sorts multimolecule's tensors into ours.
///
/// Neither known vocabulary lacks a token of ours; one that `vocab.txt` lacks is named.
pub(super) fn sort(archive: &Archive, side: &Side) -> Sorted {
    let bare = |key: &'_ str| PREFIXES.iter().find_map(|p| key.strip_prefix(p)).unwrap_or(key).to_owned();
    let embedding = archive.tensors.iter().find(|(key, _)| bare(key) == "embeddings.word_embeddings.weight");
    let tokens = embedding.map_or(MULTIMOLECULE_28.len(), |(_, raw)| raw.rows());
    let theirs: Vec<&str> = match &side.vocabulary {
        Some(listed) => listed.iter().map(String::as_str).collect(),
        None if tokens == MULTIMOLECULE_26.len() => MULTIMOLECULE_26.to_vec(),
        None => MULTIMOLECULE_28.to_vec(),
    };
    let unknown = theirs.iter().position(|token| *token == "<unk>").unwrap_or(0);
    let found = rows_from(&theirs);
    let lacking: Vec<&str> =
        VOCABULARY.iter().zip(&found).filter_map(|(ours, row)| row.is_none().then_some(*ours)).collect();
    let rows = found.map(|row| row.unwrap_or(unknown));
    let mut sorter = Sorter::new(&rows, theirs.len());
    for (key, raw) in &archive.tensors {
        let name = bare(key);
        let twin = name == "lm_head.decoder.bias" && archive.tensors.contains_key("lm_head.bias"); // saved twice
        if !twin && !is_buffer(&name) {
            sorter.add(&RULES, key, &name, raw);
        }
    }
    if let Some((key, raw)) = embedding
        && side.config.tie_word_embeddings
        && archive.tensors.contains_key("lm_head.transform.dense.weight")
        && !archive.tensors.contains_key("lm_head.decoder.weight")
    {
        sorter.add(&RULES, key, "lm_head.decoder.weight", raw); // saved once for both
    }
    let mut sorted = sorter.finish();
    if !lacking.is_empty() {
        let reason = format!("has rows for the tokens of `vocab.txt`, which lacks {}", lacking.join(" "));
        sorted.misfits.push(Misfit { name: "embeddings.word_embeddings.weight".into(), reason });
    }
    sorted
}

/// Buffers, and a pooler that the library adds to every encoder and RiNALMo never had.
fn is_buffer(name: &str) -> bool {
    name.ends_with("inv_freq") || name.ends_with("position_ids") || name.starts_with("pooler.")
}
