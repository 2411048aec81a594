//! Writes a checkpoint as the multimolecule library's `from_pretrained` reads it: a folder of `config.json`,
//! `model.safetensors`, `vocab.txt` and `tokenizer_config.json`.
//!
//! The layout is that of files written by version 0.2.2. Its vocabulary has six tokens that ours lacks. Their
//! embeddings are those of `<unk>`. Their logits from the masked-language head are so low that their probability is 0,
//! so the other probabilities stay the same.

use std::fs;
use std::ops::Range;
use std::path::Path;

use rinalmo_model::{Activation, Design, EncoderConfig, HeadConfig, ModelConfig, Positions};
use rinalmo_seq::alphabet::{UNK, VOCABULARY};
use rinalmo_seq::tokenizer::{MULTIMOLECULE_28, rows_from};
use serde_json::{Value, json};

use crate::checkpoint::Checkpoint;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::family::{Part, multimolecule::names_of};
use crate::tensor::Tensor;
use crate::write::{Entry, Source, WriteOptions, atomically, dtype_of, sort, write_safetensors};

/// How many of their tokens are special: they come first.
const SPECIAL: usize = 6;
/// Logit of a token that the model does not know: its share is 0 in every number type.
const NEVER: f32 = -1e4;
/// The prefix of their encoder's names.
const PREFIX: &str = "model.";

/// Whether the library has such a head, so that [`Layout::Multimolecule`](crate::Layout) writes it; for other heads
/// only the encoder is written.
pub fn takes_head(head: &HeadConfig) -> bool {
    *head == HeadConfig::structure()
}

/// Writes the folder.
pub(crate) fn write(checkpoint: &Checkpoint, folder: &Path, options: &WriteOptions) -> Result<(), Error> {
    let config = &checkpoint.config;
    check(config).map_err(|reason| Error::config(folder, reason))?;
    fs::create_dir_all(folder).map_err(|cause| Error::io(folder, cause))?;
    let mut entries = entries(checkpoint, options);
    sort(&mut entries);
    let dtype = options.dtype.unwrap_or(checkpoint.meta.dtype);
    write_safetensors(&folder.join("model.safetensors"), &[], entries)?;
    write_text(&folder.join("vocab.txt"), &MULTIMOLECULE_28.join("\n"))?;
    write_text(&folder.join("tokenizer_config.json"), &format!("{:#}\n", tokenizer()))?;
    write_text(&folder.join("config.json"), &format!("{:#}\n", description(config, dtype)))
}

/// Fails for models that the library cannot represent.
fn check(config: &ModelConfig) -> Result<(), String> {
    let encoder = &config.encoder;
    let lacks = [
        (encoder.design != Design::Rinalmo, "the blocks of another model"),
        (encoder.activation != Activation::SwiGlu, "GELU in place of SwiGLU"),
        (encoder.positions != Positions::Rotary, "positions that are not rotary"),
        (encoder.lora.is_some(), "adapters that are not merged into its weights"),
        (intermediate(encoder).is_none(), "a feed-forward layer of this width"),
    ];
    match lacks.iter().find(|(lacks, _)| *lacks) {
        Some((_, what)) => Err(format!("multimolecule has no RiNALMo with {what}; choose our own format")),
        None => Ok(()),
    }
}

/// Their `intermediate_size`, two thirds of which, rounded down, are the width of the layer: four times the model's
/// width as published, if that gives the width.
fn intermediate(encoder: &EncoderConfig) -> Option<usize> {
    let sizes = [4 * encoder.dim, (3 * encoder.hidden).div_ceil(2)];
    sizes.into_iter().find(|size| size * 2 / 3 == encoder.hidden)
}

fn entries<'a>(checkpoint: &'a Checkpoint, options: &WriteOptions) -> Vec<Entry<'a>> {
    let head =
        checkpoint.config.head.as_ref().filter(|head| !takes_head(head)).map(|head| format!("{}.", head.prefix()));
    let kept = checkpoint.tensors().filter(|(name, _)| head.as_ref().is_none_or(|head| !name.starts_with(head)));
    let of_one = |(name, tensor): (&'a str, &'a Tensor)| {
        let dtype = dtype_of(tensor, options);
        names_of(name).into_iter().map(move |(theirs, part)| entry(theirs, part, name, tensor, dtype))
    };
    kept.flat_map(of_one).collect()
}

fn entry<'a>(theirs: String, part: Part, ours: &str, tensor: &'a Tensor, dtype: Dtype) -> Entry<'a> {
    let name = if theirs.contains("_head.") { theirs } else { format!("{PREFIX}{theirs}") };
    let (source, rows) = match part {
        Part::Whole => (Source::Tensor(tensor), tensor.shape[0]),
        Part::Third(which) => {
            let rows = tensor.shape[0] / 3;
            (Source::Rows(tensor, third(which, rows)), rows)
        }
        Part::First | Part::From(_) => {
            unreachable!("only models of other designs have such parts, and `check` refuses them")
        }
        Part::Vocabulary => (Source::Values(vocabulary(tensor, ours)), MULTIMOLECULE_28.len()),
    };
    let shape = std::iter::once(rows).chain(tensor.shape[1..].iter().copied()).collect();
    Entry { name, dtype, shape, source }
}

fn third(which: usize, rows: usize) -> Range<usize> {
    which * rows..(which + 1) * rows
}

/// The rows of a tensor in their order.
fn vocabulary(tensor: &Tensor, ours: &str) -> Vec<f32> {
    let (values, width) = (tensor.to_f32(), tensor.count() / VOCABULARY.len());
    let row = |token: usize| &values[token * width..(token + 1) * width];
    let unknown = match ours {
        "mlm.out.weight" => vec![0.0; width],
        "mlm.out.bias" => vec![NEVER; width],
        _ => row(usize::from(UNK)).to_vec(),
    };
    let places = rows_from(&MULTIMOLECULE_28);
    let token_of = |theirs: usize| places.iter().position(|place| *place == Some(theirs));
    let rows = (0..MULTIMOLECULE_28.len()).map(|theirs| token_of(theirs).map_or(&unknown[..], row));
    rows.flatten().copied().collect()
}

/// `config.json`.
fn description(config: &ModelConfig, dtype: Dtype) -> Value {
    let encoder = &config.encoder;
    let class = match (&config.head, config.mlm) {
        (Some(head), _) if takes_head(head) => "RiNALMoForSecondaryStructurePrediction",
        (_, true) => "RiNALMoForPreTraining",
        _ => "RiNALMoModel",
    };
    let norm = 1e-5;
    json!({
        "architectures": [class],
        "model_type": "rinalmo",
        "dtype": match dtype { Dtype::F16 => "float16", Dtype::Bf16 => "bfloat16", _ => "float32" },
        "vocab_size": MULTIMOLECULE_28.len(),
        "hidden_size": encoder.dim,
        "num_hidden_layers": encoder.blocks,
        "num_attention_heads": encoder.heads,
        "intermediate_size": intermediate(encoder),
        "hidden_act": "gelu",
        "hidden_dropout": 0.1,
        "attention_dropout": 0.1,
        "initializer_range": 0.02,
        "layer_norm_eps": norm,
        "learnable_beta": true,
        "token_dropout": true,
        "max_position_embeddings": 1024,
        "position_embedding_type": "rotary",
        "tie_word_embeddings": false,
        "is_decoder": false,
        "add_cross_attention": false,
        "use_cache": true,
        "head": null,
        "num_labels": 1,
        "lm_head": {
            "act": null, "bias": true, "dropout": 0.0, "hidden_size": null, "layer_norm_eps": norm, "loss_weight": null,
            "num_labels": MULTIMOLECULE_28.len(), "output_name": null, "transform": "nonlinear", "transform_act": "gelu",
        },
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "unk_token_id": 3, "mask_token_id": 4, "null_token_id": 5,
    })
}

/// `tokenizer_config.json`.
fn tokenizer() -> Value {
    let special = |(id, token): (usize, &&str)| {
        let about = json!({
            "content": token, "lstrip": false, "normalized": false, "rstrip": false, "single_word": false, "special": true,
        });
        (id.to_string(), about)
    };
    let added: serde_json::Map<_, _> = MULTIMOLECULE_28.iter().take(SPECIAL).enumerate().map(special).collect();
    json!({
        "added_tokens_decoder": added,
        "bos_token": "<cls>",
        "cls_token": "<cls>",
        "eos_token": "<eos>",
        "sep_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
        "extra_special_tokens": ["<null>"],
        "codon": false,
        "nmers": 1,
        "replace_T_with_U": true,
        "tokenizer_class": "RnaTokenizer",
    })
}

fn write_text(path: &Path, text: &str) -> Result<(), Error> {
    atomically(path, |out| out.write_all(text.as_bytes()).map_err(|cause| Error::io(path, cause)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_of_every_preset_has_an_intermediate_size_of_four_times_the_models() {
        for preset in rinalmo_model::PRESETS {
            let encoder = preset.encoder();
            assert_eq!(intermediate(&encoder), Some(4 * encoder.dim), "{}", preset.name);
        }
    }

    #[test]
    fn every_tensor_has_a_name_of_its_own_there() {
        let config = ModelConfig::pretrained(EncoderConfig::new(80, 3, 4)).with_head(HeadConfig::structure());
        let config = ModelConfig { mlm: true, ..config };
        let names: Vec<String> = config.manifest().iter().flat_map(|spec| names_of(&spec.name)).map(|n| n.0).collect();
        let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(names.len(), config.manifest().len() + 2 * 3, "three projections for one of ours in every block");
    }
}
