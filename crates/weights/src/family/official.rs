//! Names of the authors' released code (github.com/lbcb-sci/RiNALMo), with or without flash attention.
//!
//! The language model has no prefix in a pre-trained file, `lm.` with a structure or ribosome-load head, and `rinalmo.`
//! with a splice-site or family head; heads are always `pred_head.`. The layers of a head show which one it is. The two
//! ablations were never released; their names here are what the released code's own style suggests.

use std::collections::BTreeSet;

use rinalmo_model::HeadConfig;

use super::{Rule, Sorted, Sorter, third, translate, whole};
use crate::archive::Archive;

const PREFIXES: [&str; 2] = ["lm.", "rinalmo."];

/// Values next to the weights, which belong to the description.
pub(crate) const NUMBERS: [&str; 3] = ["threshold", "scaler._mean", "scaler._std"];

const MODEL: [Rule; 31] = [
    whole("embedding.weight", "encoder.embedding"),
    whole("pos_embedding.weight", "encoder.positions"),
    whole("positional_embedding.weight", "encoder.positions"),
    whole("transformer.blocks.{}.attn_layer_norm.weight", "encoder.blocks.{}.attention_norm.weight"),
    whole("transformer.blocks.{}.attn_layer_norm.bias", "encoder.blocks.{}.attention_norm.bias"),
    whole("transformer.blocks.{}.mh_attn.Wqkv.weight", "encoder.blocks.{}.attention.qkv.weight"),
    third("transformer.blocks.{}.mh_attn.mh_attn.to_q.weight", "encoder.blocks.{}.attention.qkv.weight", 0),
    third("transformer.blocks.{}.mh_attn.mh_attn.to_k.weight", "encoder.blocks.{}.attention.qkv.weight", 1),
    third("transformer.blocks.{}.mh_attn.mh_attn.to_v.weight", "encoder.blocks.{}.attention.qkv.weight", 2),
    third("transformer.blocks.{}.mh_attn.to_q.weight", "encoder.blocks.{}.attention.qkv.weight", 0),
    third("transformer.blocks.{}.mh_attn.to_k.weight", "encoder.blocks.{}.attention.qkv.weight", 1),
    third("transformer.blocks.{}.mh_attn.to_v.weight", "encoder.blocks.{}.attention.qkv.weight", 2),
    whole("transformer.blocks.{}.mh_attn.out_proj.weight", "encoder.blocks.{}.attention.out.weight"),
    whole("transformer.blocks.{}.mh_attn.mh_attn.out_proj.weight", "encoder.blocks.{}.attention.out.weight"),
    whole("transformer.blocks.{}.out_layer_norm.weight", "encoder.blocks.{}.feed_forward_norm.weight"),
    whole("transformer.blocks.{}.out_layer_norm.bias", "encoder.blocks.{}.feed_forward_norm.bias"),
    whole("transformer.blocks.{}.transition.0.linear.weight", "encoder.blocks.{}.feed_forward.up.weight"),
    whole("transformer.blocks.{}.transition.0.linear.bias", "encoder.blocks.{}.feed_forward.up.bias"),
    whole("transformer.blocks.{}.transition.0.linear_gate.weight", "encoder.blocks.{}.feed_forward.gate.weight"),
    whole("transformer.blocks.{}.transition.0.linear_gate.bias", "encoder.blocks.{}.feed_forward.gate.bias"),
    whole("transformer.blocks.{}.transition.0.beta", "encoder.blocks.{}.feed_forward.beta"),
    whole("transformer.blocks.{}.transition.2.weight", "encoder.blocks.{}.feed_forward.down.weight"),
    whole("transformer.blocks.{}.transition.2.bias", "encoder.blocks.{}.feed_forward.down.bias"),
    whole("transformer.final_layer_norm.weight", "encoder.norm.weight"),
    whole("transformer.final_layer_norm.bias", "encoder.norm.bias"),
    whole("lm_mask_head.linear1.weight", "mlm.dense.weight"),
    whole("lm_mask_head.linear1.bias", "mlm.dense.bias"),
    whole("lm_mask_head.layer_norm.weight", "mlm.norm.weight"),
    whole("lm_mask_head.layer_norm.bias", "mlm.norm.bias"),
    whole("lm_mask_head.linear2.weight", "mlm.out.weight"),
    whole("lm_mask_head.linear2.bias", "mlm.out.bias"),
];

/// The GELU ablation: `Linear, GELU, Dropout, Linear` in place of the gated layer.
const GELU: [Rule; 4] = [
    whole("transformer.blocks.{}.transition.0.weight", "encoder.blocks.{}.feed_forward.up.weight"),
    whole("transformer.blocks.{}.transition.0.bias", "encoder.blocks.{}.feed_forward.up.bias"),
    whole("transformer.blocks.{}.transition.3.weight", "encoder.blocks.{}.feed_forward.down.weight"),
    whole("transformer.blocks.{}.transition.3.bias", "encoder.blocks.{}.feed_forward.down.bias"),
];

const STRUCTURE: [Rule; 7] = [
    whole("pred_head.linear_in.weight", "structure.project.weight"),
    whole("pred_head.linear_in.bias", "structure.project.bias"),
    whole("pred_head.resnet.blocks.{}.conv_net.0.weight", "structure.blocks.{}.squeeze.weight"),
    whole("pred_head.resnet.blocks.{}.conv_net.3.weight", "structure.blocks.{}.spread.weight"),
    whole("pred_head.resnet.blocks.{}.conv_net.6.weight", "structure.blocks.{}.expand.weight"),
    whole("pred_head.conv_out.weight", "structure.out.weight"),
    whole("pred_head.conv_out.bias", "structure.out.bias"),
];

const MRL: [Rule; 6] = [
    whole("pred_head.linear_in.weight", "ribosome.project.weight"),
    whole("pred_head.linear_in.bias", "ribosome.project.bias"),
    whole("pred_head.resnet.blocks.{}.conv_net.0.weight", "ribosome.blocks.{}.first.weight"),
    whole("pred_head.resnet.blocks.{}.conv_net.3.weight", "ribosome.blocks.{}.second.weight"),
    whole("pred_head.linear_out.weight", "ribosome.out.weight"),
    whole("pred_head.linear_out.bias", "ribosome.out.bias"),
];

const SPLICE: [Rule; 4] = [
    whole("pred_head.classifier.0.weight", "splice.dense.weight"),
    whole("pred_head.classifier.0.bias", "splice.dense.bias"),
    whole("pred_head.classifier.2.weight", "splice.out.weight"),
    whole("pred_head.classifier.2.bias", "splice.out.bias"),
];

const FAMILY: [Rule; 4] = [
    whole("pred_head.classifier.0.weight", "family.dense.weight"),
    whole("pred_head.classifier.0.bias", "family.dense.bias"),
    whole("pred_head.classifier.2.weight", "family.out.weight"),
    whole("pred_head.classifier.2.bias", "family.out.bias"),
];

/// Buffers that are computed, not learned.
fn is_buffer(name: &str) -> bool {
    name.ends_with("inv_freq") || name.ends_with("num_batches_tracked")
}

/// Sorts the released code's tensors into ours.
pub(super) fn sort(archive: &Archive) -> Sorted {
    let head = head(archive);
    let mut sorter = Sorter::new(&[], 0);
    for (key, raw) in &archive.tensors {
        if is_buffer(key) || NUMBERS.contains(&key.as_str()) {
            continue;
        }
        let bare = PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix)).unwrap_or(key);
        sorter.add(MODEL.iter().chain(&GELU).chain(head), key, bare, raw);
    }
    sorter.finish()
}

/// The table of the head in `archive`, recognised by the layers that only it has.
fn head(archive: &Archive) -> &'static [Rule] {
    let layers: BTreeSet<&str> =
        archive.tensors.keys().filter_map(|key| key.strip_prefix("pred_head.")?.split('.').next()).collect();
    if layers.contains("classifier") {
        let classes = archive.tensors.get("pred_head.classifier.2.weight").map_or(1, |raw| raw.rows());
        return if classes > 1 { &FAMILY } else { &SPLICE };
    }
    let square = archive.tensors.iter().any(|(key, raw)| key.starts_with("pred_head.") && raw.shape.len() == 4);
    match (layers.is_empty(), square || layers.contains("conv_out")) {
        (true, _) => &[],
        (false, true) => &STRUCTURE,
        (false, false) => &MRL,
    }
}

/// The released code's name for our tensor `name`, in a file with this head.
pub(crate) fn name_of(name: &str, head: Option<&HeadConfig>, gelu: bool) -> Option<String> {
    let (prefix, rules): (&str, &[Rule]) = match head {
        None => ("", &[]),
        Some(HeadConfig::Structure { .. }) => ("lm.", &STRUCTURE),
        Some(HeadConfig::Mrl { .. }) => ("lm.", &MRL),
        Some(HeadConfig::Splice { .. }) => ("rinalmo.", &SPLICE),
        Some(HeadConfig::Family { .. }) => ("rinalmo.", &FAMILY),
        // The released code has no such heads: these keep our names, and are never written that way.
        Some(HeadConfig::Sequence { .. } | HeadConfig::Token { .. } | HeadConfig::Cnn { .. }) => ("rinalmo.", &[]),
    };
    let find = |rules: &[Rule]| rules.iter().find_map(|rule| translate(rule.ours, rule.theirs, name));
    let special = if gelu { find(&GELU) } else { None };
    match special.or_else(|| find(&MODEL)) {
        Some(found) => Some(format!("{prefix}{found}")),
        None => find(rules),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_model::{EncoderConfig, ModelConfig};

    #[test]
    fn every_tensor_of_ours_has_a_released_name_of_its_own() {
        let plain = || ModelConfig::pretrained(EncoderConfig::new(80, 3, 4));
        let gelu = ModelConfig::pretrained(EncoderConfig::new(80, 3, 4).with_gelu().with_learned_positions(64));
        let configs = [
            plain(),
            plain().with_head(HeadConfig::structure()),
            plain().with_head(HeadConfig::mrl()),
            plain().with_head(HeadConfig::splice()),
            plain().with_head(HeadConfig::family()),
            gelu,
        ];
        for config in configs {
            let gelu = config.encoder.activation == rinalmo_model::Activation::Gelu;
            let manifest = config.manifest();
            let names: BTreeSet<_> = manifest
                .iter()
                .map(|spec| name_of(&spec.name, config.head.as_ref(), gelu).expect(&spec.name))
                .collect();
            assert_eq!(names.len(), manifest.len());
        }
    }
}
