//! A model's sizes, read from the shapes of its tensors, and the list of tensors that do not fit.

use std::collections::BTreeMap;

use rinalmo_model::config::HEADS;
use rinalmo_model::{
    Activation, Design, EncoderConfig, HeadConfig, ModelConfig, Pooling, Positions, TASKS, TensorSpec,
};

use crate::error::{Misfit, Mismatch};
use crate::family::Sorted;
use crate::tensor::Tensor;

/// Tokens that ERNIE-RNA's sines and cosines reach, unless a description has another number; no tensor shows it.
const SINUSOIDS: usize = 1024;

type Tensors = BTreeMap<String, Tensor>;

/// The sizes of `tensors`, except the number of attention heads, which no shape shows but that of biases for pairs. `None`
/// if they have no width.
/// The sizes are not checked yet.
pub(crate) fn config(tensors: &Tensors, heads: usize) -> Option<ModelConfig> {
    let size = |name: &str, axis: usize| tensors.get(name).and_then(|tensor| tensor.shape.get(axis)).copied();
    let has = |prefix: &str| tensors.keys().any(|name| name.starts_with(prefix));
    let widths = [("encoder.embedding", 1), ("encoder.norm.weight", 0), ("encoder.embedding_norm.weight", 0)];
    let dim = widths.into_iter().find_map(|(name, axis)| size(name, axis))?;
    let mut encoder = EncoderConfig::new(dim, count(tensors, "encoder.blocks."), heads);
    if let Some(max_len) = size("encoder.positions", 0) {
        encoder.positions = Positions::Learned { max_len };
    }
    let gated = tensors.keys().any(|name| name.contains(".feed_forward.gate.") || name.ends_with(".feed_forward.beta"));
    if has("encoder.blocks.") && !gated {
        encoder.activation = Activation::Gelu;
    }
    encoder.design = design(tensors);
    if encoder.design.has_pair_bias() {
        encoder.heads = size("encoder.pair_bias.second.bias", 0).unwrap_or(heads);
    }
    if encoder.design == Design::ErnieRna {
        encoder.positions = encoder.design.positions(SINUSOIDS);
    }
    if let Some(hidden) = size("encoder.blocks.0.feed_forward.up.weight", 0) {
        encoder.hidden = hidden;
    }
    Some(ModelConfig { encoder, mlm: has("mlm."), head: head(tensors) })
}

/// How the blocks are put together: RiNALMo's attention has no biases, BERT and ERNIE-RNA have no norm after the last block,
/// and ESM-2 has none after the embedding.
pub(crate) fn design(tensors: &Tensors) -> Design {
    let has = |part: &str| tensors.keys().any(|name| name.contains(part));
    if has("encoder.pair_bias.") {
        return Design::ErnieRna;
    }
    match (has(".attention.qkv.bias"), has("encoder.norm."), has("encoder.embedding_norm.")) {
        (false, _, _) => Design::Rinalmo,
        (true, true, true) => Design::Esm1b,
        (true, true, false) => Design::Esm2,
        (true, false, _) => Design::Bert,
    }
}

/// No shape shows the pooling of a head for whole sequences, or the window and pooling of a convolutional network; their
/// descriptions do.
pub(crate) fn check_described(config: &ModelConfig, tensors: &Tensors) -> Result<(), String> {
    let unknown = if matches!(config.head, Some(HeadConfig::Sequence { .. })) {
        "a head for whole sequences, and no description gives its pooling"
    } else if tensors.keys().any(|name| name.starts_with("cnn.")) {
        "a convolutional network, and no description gives its window and pooling"
    } else {
        return Ok(());
    };
    let hint = "open the file that fine-tuning wrote, or keep its `config.json` next to the tensors";
    Err(format!("it has {unknown}; {hint}"))
}

fn head(tensors: &Tensors) -> Option<HeadConfig> {
    let size = |name: &str, axis: usize| tensors.get(name).and_then(|tensor| tensor.shape.get(axis)).copied();
    let has = |head: &&HeadConfig| tensors.keys().any(|name| name.split('.').next() == Some(head.prefix()));
    let published = TASKS.iter().filter_map(|task| task.head.as_ref()).find(has)?;
    let prefix = published.prefix();
    let own = |name: &str, axis: usize| size(&format!("{prefix}.{name}"), axis);
    let blocks = || count(tensors, &format!("{prefix}.blocks."));
    Some(match *published {
        HeadConfig::Structure { channels, kernel, .. } => HeadConfig::Structure {
            channels: own("project.weight", 0).unwrap_or(channels),
            blocks: blocks(),
            kernel: own("out.weight", 2).unwrap_or(kernel),
            energy: tensors.contains_key("structure.features.weight"),
            ensemble: None, // no tensor tells
        },
        HeadConfig::Mrl { channels, kernel, .. } => HeadConfig::Mrl {
            channels: own("project.weight", 0).unwrap_or(channels),
            blocks: blocks(),
            kernel: own("blocks.0.first.weight", 2).unwrap_or(kernel),
        },
        _ => {
            let outputs = own("out.weight", 0).unwrap_or(published.outputs());
            published.resized(own("dense.weight", 0), outputs, Some(Pooling::Cls)) // refused by `check_described`
        }
    })
}

/// One more than the largest number after `prefix`.
fn count(tensors: &Tensors, prefix: &str) -> usize {
    let numbers = tensors.keys().filter_map(|name| name.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok());
    numbers.max().map_or(0, |last| last.min(tensors.len()) + 1) // never more than could be complete
}

/// Compares sorted tensors with a config: lists everything missing, unused, or of another shape, at once.
pub(crate) fn compare(sorted: &Sorted, config: &ModelConfig, model: &str) -> Mismatch {
    let mut mismatch = Mismatch {
        model: describe(config, model),
        unused: sorted.unused.clone(),
        misfits: sorted.misfits.clone(),
        ..Mismatch::default()
    };
    let manifest: BTreeMap<String, Vec<usize>> =
        config.manifest().into_iter().map(|TensorSpec { name, shape }| (name, shape)).collect();
    for (name, tensor) in &sorted.tensors {
        match manifest.get(name) {
            None => mismatch.unused.push(tensor.key().to_owned()),
            Some(expected) if *expected != tensor.shape => mismatch.misfits.push(Misfit {
                name: tensor.key().to_owned(),
                reason: format!("has shape {:?}, {} expects {expected:?}", tensor.shape, mismatch.model),
            }),
            Some(_) => {}
        }
    }
    // Parts that do not fit together are listed above under their own names; the model's tensor is also listed here.
    let missing = manifest.into_iter().filter(|(name, _)| !sorted.tensors.contains_key(name));
    mismatch.missing = missing.map(|(name, shape)| TensorSpec { name, shape }).collect();
    if !mismatch.is_empty() {
        mismatch.fits = fits(&sorted.tensors).filter(|preset| Some(*preset) != config.preset().map(|p| p.name));
    }
    mismatch
}

/// The published size that the tensors have.
fn fits(tensors: &Tensors) -> Option<&'static str> {
    config(tensors, HEADS)?.preset().map(|preset| preset.name)
}

fn describe(config: &ModelConfig, name: &str) -> String {
    let EncoderConfig { dim, blocks, .. } = config.encoder;
    match config.preset() {
        Some(preset) => format!("model `{}`", preset.name),
        None if name.is_empty() => format!("a model of width {dim} and {blocks} blocks"),
        None => format!("model `{name}` (width {dim}, {blocks} blocks)"),
    }
}
