//! Names of the multimolecule library, for its RiNALMo, RNA-FM, SpliceBERT, RNABERT, ERNIE-RNA and UTR-LM, and of
//! transformers' BERT: a folder of `config.json` and `model.safetensors` or `pytorch_model.bin`.
//!
//! Its encoder is under `model.` (`rinalmo.` before 0.0.9, bare in the plain encoder class). Its vocabulary has its own
//! order and size; rows are picked by token. `intermediate.bias` is β, not a bias. `layer_norm_eps` is 1e-12 in old
//! configurations of RiNALMo and RNA-FM, which were trained with 1e-5 as newer ones say; both mean 1e-5. Blocks of the structure
//! head are under `convnet.` in its `convert_checkpoint.py` and under `convnet.layers.` in what version 0.2.2 writes.

use rinalmo_model::Design;
use rinalmo_seq::alphabet::VOCABULARY;
use rinalmo_seq::tokenizer::{MULTIMOLECULE_26, MULTIMOLECULE_28, rows_from};
use serde::Deserialize;

use super::{Part, Rule, Sorted, Sorter, first, from, third, translate, vocabulary, whole};
use crate::archive::Archive;
use crate::error::Misfit;

const PREFIXES: [&str; 8] = ["model.", "rinalmo.", "rnafm.", "splicebert.", "rnabert.", "ernierna.", "utrlm.", "bert."];

/// Positions of RNA-FM begin at 2, as in ESM-1b, where padding has position 1.
const LATER_POSITIONS: Rule = from("embeddings.position_embeddings.weight", "encoder.positions", 2);

const RULES: [Rule; 55] = [
    vocabulary("embeddings.word_embeddings.weight", "encoder.embedding"),
    whole("embeddings.position_embeddings.weight", "encoder.positions"),
    first("embeddings.token_type_embeddings.weight", "encoder.segment"),
    whole("pairwise_bias_proj.dense1.weight", "encoder.pair_bias.first.weight"),
    whole("pairwise_bias_proj.dense1.bias", "encoder.pair_bias.first.bias"),
    whole("pairwise_bias_proj.dense2.weight", "encoder.pair_bias.second.weight"),
    whole("pairwise_bias_proj.dense2.bias", "encoder.pair_bias.second.bias"),
    whole("embeddings.layer_norm.weight", "encoder.embedding_norm.weight"),
    whole("embeddings.layer_norm.bias", "encoder.embedding_norm.bias"),
    whole("encoder.layer.{}.attention.layer_norm.weight", "encoder.blocks.{}.attention_norm.weight"),
    whole("encoder.layer.{}.attention.layer_norm.bias", "encoder.blocks.{}.attention_norm.bias"),
    third("encoder.layer.{}.attention.self.query.weight", "encoder.blocks.{}.attention.qkv.weight", 0),
    third("encoder.layer.{}.attention.self.key.weight", "encoder.blocks.{}.attention.qkv.weight", 1),
    third("encoder.layer.{}.attention.self.value.weight", "encoder.blocks.{}.attention.qkv.weight", 2),
    third("encoder.layer.{}.attention.self.query.bias", "encoder.blocks.{}.attention.qkv.bias", 0),
    third("encoder.layer.{}.attention.self.key.bias", "encoder.blocks.{}.attention.qkv.bias", 1),
    third("encoder.layer.{}.attention.self.value.bias", "encoder.blocks.{}.attention.qkv.bias", 2),
    whole("encoder.layer.{}.attention.output.dense.weight", "encoder.blocks.{}.attention.out.weight"),
    whole("encoder.layer.{}.attention.output.dense.bias", "encoder.blocks.{}.attention.out.bias"),
    whole("encoder.layer.{}.layer_norm.weight", "encoder.blocks.{}.feed_forward_norm.weight"),
    whole("encoder.layer.{}.layer_norm.bias", "encoder.blocks.{}.feed_forward_norm.bias"),
    whole("encoder.layer.{}.intermediate.linear.weight", "encoder.blocks.{}.feed_forward.up.weight"),
    whole("encoder.layer.{}.intermediate.linear.bias", "encoder.blocks.{}.feed_forward.up.bias"),
    whole("encoder.layer.{}.intermediate.linear_gate.weight", "encoder.blocks.{}.feed_forward.gate.weight"),
    whole("encoder.layer.{}.intermediate.linear_gate.bias", "encoder.blocks.{}.feed_forward.gate.bias"),
    whole("encoder.layer.{}.intermediate.bias", "encoder.blocks.{}.feed_forward.beta"),
    whole("encoder.layer.{}.output.dense.weight", "encoder.blocks.{}.feed_forward.down.weight"),
    whole("encoder.layer.{}.output.dense.bias", "encoder.blocks.{}.feed_forward.down.bias"),
    whole("encoder.layer.{}.attention.output.layer_norm.weight", "encoder.blocks.{}.attention_norm.weight"),
    whole("encoder.layer.{}.attention.output.layer_norm.bias", "encoder.blocks.{}.attention_norm.bias"),
    whole("encoder.layer.{}.output.layer_norm.weight", "encoder.blocks.{}.feed_forward_norm.weight"),
    whole("encoder.layer.{}.output.layer_norm.bias", "encoder.blocks.{}.feed_forward_norm.bias"),
    whole("encoder.layer.{}.intermediate.dense.weight", "encoder.blocks.{}.feed_forward.up.weight"),
    whole("encoder.layer.{}.intermediate.dense.bias", "encoder.blocks.{}.feed_forward.up.bias"),
    whole("encoder.layer_norm.weight", "encoder.norm.weight"),
    whole("encoder.layer_norm.bias", "encoder.norm.bias"),
    whole("encoder.emb_layer_norm_after.weight", "encoder.norm.weight"),
    whole("encoder.emb_layer_norm_after.bias", "encoder.norm.bias"),
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
    pub(crate) tie_word_embeddings: Option<bool>,
    model_type: Option<String>,
    layer_norm_eps: Option<f64>,
    token_dropout: Option<bool>,
    is_decoder: Option<bool>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
    max_position_embeddings: Option<usize>,
    pairwise_alpha: Option<f64>,
}

/// Positions before that of `<cls>` in encoders with sines and cosines, as in fairseq.
const EARLIER_POSITIONS: usize = 2;
/// The score of a pair of G and U in ERNIE-RNA.
const GU_SCORE: f64 = 0.8;

impl Config {
    /// How many tokens the positions reach, where no tensor shows it.
    pub(crate) fn sinusoids(&self) -> Option<usize> {
        self.max_position_embeddings?.checked_sub(EARLIER_POSITIONS)
    }

    /// Checks that it describes what we compute. No tensor would show another epsilon, scale, mask or order of
    /// positions.
    pub(crate) fn check(&self, design: Design) -> Result<(), String> {
        let ours = design == Design::Rinalmo;
        let positions = match design {
            Design::Rinalmo | Design::Esm2 => "rotary",
            Design::ErnieRna => "sinusoidal",
            Design::Esm1b | Design::Bert => "absolute",
        };
        let other = |key: &str, found: &dyn std::fmt::Display, expected: &str| {
            Err(format!("`{key}` is {found}, expected {expected}: such models are not supported"))
        };
        let epsilon = design.epsilon();
        if let Some(eps) = self.layer_norm_eps.filter(|eps| ![epsilon, 1e-12].contains(eps)) {
            return other("layer_norm_eps", &eps, &format!("{epsilon:e}"));
        }
        if let Some(dropout) = self.token_dropout.filter(|dropout| *dropout != design.has_token_dropout()) {
            return other("token_dropout", &dropout, &(!dropout).to_string());
        }
        if self.is_decoder == Some(true) {
            return other("is_decoder", &true, "false");
        }
        if let Some(found) = self.hidden_act.as_deref().filter(|found| !ours && *found != "gelu") {
            return other("hidden_act", &found, "gelu");
        }
        if let Some(alpha) = self.pairwise_alpha.filter(|alpha| *alpha != GU_SCORE) {
            return other("pairwise_alpha", &alpha, &GU_SCORE.to_string());
        }
        match self.position_embedding_type.as_deref() {
            Some(found) if found != positions => other("position_embedding_type", &found, positions),
            _ => Ok(()),
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

impl Side {
    /// The complaint about a BERT of any vocabulary that does not come with it.
    fn lacks_vocabulary(&self) -> Option<String> {
        let unknown = self.config.model_type.as_deref() == Some("bert") && self.vocabulary.is_none();
        unknown.then(|| "has rows for tokens of a `vocab.txt` that is not next to it".to_owned())
    }
}

/// Their name without what the library puts around it, as multimolecule spells it. SpliceBERT's authors saved it by
/// transformers' BERT.
fn bare(key: &str) -> String {
    let bare = PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix)).unwrap_or(key);
    bare.replace("LayerNorm", "layer_norm").replace("cls.predictions.", "lm_head.")
}

/// A token of `vocab.txt` as we spell it.
fn ours_of(token: &str) -> &str {
    match token {
        "[PAD]" => "<pad>",
        "[UNK]" => "<unk>",
        "[CLS]" => "<cls>",
        "[SEP]" => "<eos>",
        "[MASK]" => "<mask>",
        other => other,
    }
}

/// Sorts multimolecule's tensors into ours.
///
/// Neither known vocabulary lacks a token of ours; one that `vocab.txt` lacks is named.
pub(super) fn sort(archive: &Archive, side: &Side) -> Sorted {
    let embedding = archive.tensors.iter().find(|(key, _)| bare(key) == "embeddings.word_embeddings.weight");
    let tokens = embedding.map_or(MULTIMOLECULE_28.len(), |(_, raw)| raw.rows());
    let theirs: Vec<&str> = match &side.vocabulary {
        Some(listed) => listed.iter().map(|token| ours_of(token)).collect(),
        None if tokens == MULTIMOLECULE_26.len() => MULTIMOLECULE_26.to_vec(),
        None => MULTIMOLECULE_28.to_vec(),
    };
    let unknown = theirs.iter().position(|token| *token == "<unk>").unwrap_or(0);
    let found = rows_from(&theirs);
    // SpliceBERT knows no letter but the four bases and N, which stands for every other.
    let has = |part: &str| archive.tensors.keys().any(|key| bare(key) == part);
    let ernie = has("pairwise_bias_proj.dense1.weight");
    let utr_lm = has("encoder.emb_layer_norm_after.weight");
    let few = has("embeddings.token_type_embeddings.weight") && !ernie;
    let needed = |ours: &str| !few || ours.len() > 1 || "ACGT".contains(ours);
    let missing = VOCABULARY.iter().zip(&found).filter(|(ours, row)| row.is_none() && needed(ours));
    let lacking: Vec<&str> = missing.map(|(ours, _)| *ours).collect();
    let any = theirs.iter().position(|token| *token == "N").filter(|_| few).unwrap_or(unknown);
    let rows = found.map(|row| row.unwrap_or(any));
    let mut sorter = Sorter::new(&rows, theirs.len());
    // Only RNA-FM has biases in attention and a norm after the last block.
    let rna_fm = has("encoder.layer.0.attention.self.query.bias") && has("encoder.layer_norm.weight");
    let rules: Vec<&Rule> = rna_fm.then_some(&LATER_POSITIONS).into_iter().chain(&RULES).collect();
    for (key, raw) in &archive.tensors {
        let name = bare(key);
        let twin = name == "lm_head.decoder.bias" && has("lm_head.bias"); // saved twice
        // Of attention weights, which no model of ours has.
        let contacts = (rna_fm || ernie || utr_lm) && name.starts_with("ss_head.");
        let segments = ernie && name == "embeddings.token_type_embeddings.weight"; // which ERNIE-RNA does not add
        if !twin && !contacts && !segments && !is_buffer(&name) {
            sorter.add(rules.iter().copied(), key, &name, raw);
        }
    }
    if let Some((key, raw)) = embedding
        && side.config.tie_word_embeddings.unwrap_or(few || rna_fm || ernie || utr_lm) // their default, which is not written
        && has("lm_head.transform.dense.weight")
        && !has("lm_head.decoder.weight")
    {
        sorter.add(&RULES, key, "lm_head.decoder.weight", raw); // saved once for both
    }
    let mut sorted = sorter.finish();
    if let Some(reason) = wordy(&theirs).or_else(|| side.lacks_vocabulary()) {
        sorted.misfits.push(Misfit { name: "embeddings.word_embeddings.weight".into(), reason });
    }
    if !lacking.is_empty() {
        let reason = format!("has rows for the tokens of `vocab.txt`, which lacks {}", lacking.join(" "));
        sorted.misfits.push(Misfit { name: "embeddings.word_embeddings.weight".into(), reason });
    }
    sorted
}

/// The complaint about a vocabulary of words: each token is a letter of ours.
fn wordy(vocabulary: &[&str]) -> Option<String> {
    let special = |token: &str| token.starts_with(['<', '[']);
    let word = vocabulary.iter().find(|token| token.len() > 1 && !special(token))?;
    Some(format!("has rows for tokens of several letters, such as `{word}`: such models are not supported"))
}

/// Buffers, and a pooler that the library adds to every encoder and RiNALMo never had.
fn is_buffer(name: &str) -> bool {
    name.ends_with("inv_freq") || name.ends_with("position_ids") || name.starts_with("pooler.")
}
