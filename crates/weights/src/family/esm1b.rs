//! Names of fair-esm's ESM-1b (github.com/facebookresearch/esm), in which RNA-FM's authors published their weights
//! (`RNA-FM_pretrained.pth`, github.com/ml4bio/RNA-FM), and of fairseq's sentence encoder, on which fair-esm built and in
//! which ERNIE-RNA's authors published theirs (github.com/Bruce-ywj/ERNIE-RNA).
//!
//! The encoder is under `encoder.` or `encoder.sentence_encoder.`, or bare. The vocabulary is RNA-FM's: four special
//! tokens, its letters, then as many unused rows as make a multiple of eight, then `<mask>`. Their loader sets the
//! embedding of `<mask>` to zero, and so the tied row of the output; so do we. Heads for contacts, of attention
//! weights, are ignored. ERNIE-RNA's vocabulary is that of its `dict.txt`, and its embedding of `<mask>` is kept; segments,
//! which its code adds nowhere, and the heads of its other losses are ignored.

use rinalmo_seq::alphabet::MASK;
use rinalmo_seq::tokenizer::rows_from;

use super::{Rule, Sorted, Sorter, from, third, vocabulary, whole};
use crate::archive::Archive;

/// Longer ones first.
const PREFIXES: [&str; 3] = ["encoder.sentence_encoder.", "sentence_encoder.", "encoder."];

/// Tokens in the order of their rows.
pub(crate) const VOCABULARY: [&str; 25] = [
    "<cls>", "<pad>", "<eos>", "<unk>", "A", "C", "G", "U", "R", "Y", "K", "M", "S", "W", "B", "D", "H", "V", "N", "-",
    "<null_1>", "<null_2>", "<null_3>", "<null_4>", "<mask>",
];
/// Those of ERNIE-RNA.
const ERNIE_RNA_VOCABULARY: [&str; 25] = [
    "<cls>", "<pad>", "<eos>", "<unk>", "G", "A", "U", "C", "N", "Y", "R", "S", "K", "W", "M", "D", "H", "V", "B", "X",
    "I", "<null_1>", "<null_2>", "<null_3>", "<mask>",
];
/// The row of letters that the vocabulary lacks.
const UNKNOWN: usize = 3;

const EMBEDDING: &str = "embed_tokens.weight";
const OUTPUT: &str = "lm_head.weight";

const RULES: [Rule; 39] = [
    vocabulary(EMBEDDING, "encoder.embedding"),
    from("embed_positions.weight", "encoder.positions", 2), // after those of padding
    whole("emb_layer_norm_before.weight", "encoder.embedding_norm.weight"),
    whole("emb_layer_norm_before.bias", "encoder.embedding_norm.bias"),
    whole("emb_layer_norm.weight", "encoder.embedding_norm.weight"),
    whole("emb_layer_norm.bias", "encoder.embedding_norm.bias"),
    whole("twod_proj.linear1.weight", "encoder.pair_bias.first.weight"),
    whole("twod_proj.linear1.bias", "encoder.pair_bias.first.bias"),
    whole("twod_proj.linear2.weight", "encoder.pair_bias.second.weight"),
    whole("twod_proj.linear2.bias", "encoder.pair_bias.second.bias"),
    whole("layers.{}.self_attn_layer_norm.weight", "encoder.blocks.{}.attention_norm.weight"),
    whole("layers.{}.self_attn_layer_norm.bias", "encoder.blocks.{}.attention_norm.bias"),
    third("layers.{}.self_attn.q_proj.weight", "encoder.blocks.{}.attention.qkv.weight", 0),
    third("layers.{}.self_attn.k_proj.weight", "encoder.blocks.{}.attention.qkv.weight", 1),
    third("layers.{}.self_attn.v_proj.weight", "encoder.blocks.{}.attention.qkv.weight", 2),
    third("layers.{}.self_attn.q_proj.bias", "encoder.blocks.{}.attention.qkv.bias", 0),
    third("layers.{}.self_attn.k_proj.bias", "encoder.blocks.{}.attention.qkv.bias", 1),
    third("layers.{}.self_attn.v_proj.bias", "encoder.blocks.{}.attention.qkv.bias", 2),
    whole("layers.{}.self_attn.out_proj.weight", "encoder.blocks.{}.attention.out.weight"),
    whole("layers.{}.self_attn.out_proj.bias", "encoder.blocks.{}.attention.out.bias"),
    whole("layers.{}.final_layer_norm.weight", "encoder.blocks.{}.feed_forward_norm.weight"),
    whole("layers.{}.final_layer_norm.bias", "encoder.blocks.{}.feed_forward_norm.bias"),
    whole("layers.{}.fc1.weight", "encoder.blocks.{}.feed_forward.up.weight"),
    whole("layers.{}.fc1.bias", "encoder.blocks.{}.feed_forward.up.bias"),
    whole("layers.{}.fc2.weight", "encoder.blocks.{}.feed_forward.down.weight"),
    whole("layers.{}.fc2.bias", "encoder.blocks.{}.feed_forward.down.bias"),
    whole("emb_layer_norm_after.weight", "encoder.norm.weight"),
    whole("emb_layer_norm_after.bias", "encoder.norm.bias"),
    whole("lm_head.dense.weight", "mlm.dense.weight"),
    whole("lm_head.dense.bias", "mlm.dense.bias"),
    whole("lm_head.layer_norm.weight", "mlm.norm.weight"),
    whole("lm_head.layer_norm.bias", "mlm.norm.bias"),
    whole("lm_head_transform_weight.weight", "mlm.dense.weight"),
    whole("lm_head_transform_weight.bias", "mlm.dense.bias"),
    whole("layer_norm.weight", "mlm.norm.weight"),
    whole("layer_norm.bias", "mlm.norm.bias"),
    vocabulary("lm_output_learned_bias", "mlm.out.bias"),
    vocabulary(OUTPUT, "mlm.out.weight"),
    vocabulary("lm_head.bias", "mlm.out.bias"),
];

/// Whether names are of this family.
pub(super) fn is(archive: &Archive) -> bool {
    let has = |part: &str| archive.tensors.keys().any(|key| bare(key).starts_with(part));
    has("layers.0.self_attn.q_proj.") && has(EMBEDDING)
}

/// The published size, and its number of attention heads, which no tensor shows.
pub(crate) fn published_heads(width: usize, blocks: usize) -> Option<usize> {
    ((width, blocks) == (640, 12)).then_some(20)
}

fn bare(key: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix)).unwrap_or(key)
}

/// Whether no tensor of ours is made of this one.
fn is_left_out(name: &str) -> bool {
    const PARTS: [&str; 5] = [
        "contact_head.",
        "segment_embeddings.",
        "masked_lm_pooler.",
        "sentence_projection_layer.",
        "embed_positions._",
    ];
    PARTS.iter().any(|part| name.starts_with(part)) || name == "version"
}

/// Sorts the tensors of either into ours.
pub(super) fn sort(archive: &Archive) -> Sorted {
    let is_ernie_rna = archive.tensors.keys().any(|key| bare(key).starts_with("twod_proj."));
    let vocabulary = if is_ernie_rna { ERNIE_RNA_VOCABULARY } else { VOCABULARY };
    let rows = rows_from(&vocabulary).map(|row| row.unwrap_or(UNKNOWN));
    let mut sorter = Sorter::new(&rows, vocabulary.len());
    let (mut embedding, mut tied) = (None, true);
    for (key, raw) in &archive.tensors {
        let name = bare(key);
        if name == EMBEDDING {
            embedding = Some((key, raw));
        }
        tied &= name != OUTPUT;
        if !is_left_out(name) {
            sorter.add(&RULES, key, name, raw);
        }
    }
    let is_dense = |name: &str| ["lm_head.dense.weight", "lm_head_transform_weight.weight"].contains(&name);
    let has_head = archive.tensors.keys().any(|key| is_dense(bare(key)));
    if let Some((key, raw)) = embedding.filter(|_| tied && has_head) {
        sorter.add(&RULES, key, OUTPUT, raw); // saved once for both
    }
    let mut sorted = sorter.finish();
    if is_ernie_rna {
        return sorted;
    }
    for name in ["encoder.embedding", "mlm.out.weight"] {
        if let Some(tensor) = sorted.tensors.get_mut(name) {
            tensor.clear(usize::from(MASK));
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rinalmo_model::{Design, EncoderConfig, ModelConfig};

    use super::super::{Part, translate};
    use super::*;

    #[test]
    fn every_tensor_of_ours_has_names_of_its_own() {
        let mut names = BTreeMap::new();
        for design in [Design::Esm1b, Design::ErnieRna] {
            let config = ModelConfig::pretrained(EncoderConfig::new(24, 2, 3).with_design(design, 64));
            for spec in config.manifest() {
                let names_of = |rule: &Rule| translate(rule.ours, rule.theirs, &spec.name);
                let found: Vec<_> = RULES.iter().filter_map(names_of).collect();
                let each = if spec.name.contains(".qkv.") { 3 } else { 1 };
                assert!(!found.is_empty() && found.len() % each == 0, "{design:?} {}", spec.name);
                for name in found {
                    let ours = names.entry(name).or_insert_with(|| spec.name.clone());
                    assert_eq!(*ours, spec.name, "one name for two tensors");
                }
            }
        }
        let (blocks, of_both) = (2 * 16, 2); // of both are the embedding and the output's weight
        let of_esm1b = 1 + 2 + 2 + 5; // positions, two norms, and the rest of the head
        let of_ernie_rna = 2 + 4 + 5; // a norm, the biases of pairs, and the rest of the head
        assert_eq!(names.len(), blocks + of_both + of_esm1b + of_ernie_rna);
        let thirds = RULES.iter().filter(|rule| matches!(rule.part, Part::Third(_))).count();
        assert_eq!(thirds, 6);
    }

    #[test]
    fn prefixes_come_off() {
        for prefix in ["", "encoder.", "sentence_encoder.", "encoder.sentence_encoder."] {
            assert_eq!(bare(&format!("{prefix}{EMBEDDING}")), EMBEDDING);
        }
    }

    #[test]
    fn only_the_published_size_has_known_heads() {
        assert_eq!([published_heads(640, 12), published_heads(640, 6)], [Some(20), None]);
    }
}
