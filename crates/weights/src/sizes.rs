//! A checkpoint's sizes: from its description, else from the shapes of its tensors and the number of attention heads
//! that the user gives. An unknown size is an error that asks for it; it is never assumed.

use std::path::Path;

use rinalmo_model::config::HEADS;
use rinalmo_model::{ModelConfig, Positions};

use crate::archive::Archive;
use crate::checkpoint::OpenOptions;
use crate::error::Error;
use crate::family::{Family, Sorted, esm1b};
use crate::infer;
use crate::place::Place;

/// The sizes, checked to be those of a valid model.
pub(crate) fn find(
    archive: &Archive,
    place: &Place,
    family: Family,
    sorted: &Sorted,
    options: &OpenOptions,
) -> Result<ModelConfig, Error> {
    let (path, theirs) = (&place.file, &place.side.config);
    theirs
        .check(infer::design(&sorted.tensors))
        .map_err(|reason| Error::config(path, format!("`config.json` next to it: {reason}")))?;
    let described = place.document.as_ref().map(|document| document.config.encoder.heads);
    let described = described.or(theirs.num_attention_heads);
    if let (Some(described), Some(asked)) = (described, options.heads)
        && described != asked
    {
        let reason = format!("its description says {described} attention heads, {asked} were asked for");
        return Err(Error::config(path, reason));
    }
    if let Some(document) = &place.document {
        return Ok(document.config.clone()); // checked when it was read
    }
    let config = inferred(archive, place, sorted)?;
    let shown = config.encoder.design.has_pair_bias().then_some(config.encoder.heads);
    let heads = match described.or(options.heads).or(shown).or_else(|| published(&config, family)) {
        Some(heads) => heads,
        None => return Err(Error::Heads { path: path.clone(), reason: unknown(family) }),
    };
    checked(path, with_heads(config, heads))
}

/// The sizes from the shapes, with one head: they are checked before the number of heads is needed.
fn inferred(archive: &Archive, place: &Place, sorted: &Sorted) -> Result<ModelConfig, Error> {
    let theirs = &place.side.config;
    let mut config = infer::config(&sorted.tensors, 1).ok_or_else(|| foreign(&place.file, archive))?;
    // If a description contradicts the shapes, the tensors are compared with it: the list of misfits says more.
    config.encoder.dim = theirs.hidden_size.unwrap_or(config.encoder.dim);
    config.encoder.blocks = theirs.num_hidden_layers.unwrap_or(config.encoder.blocks);
    if let (Positions::Sinusoidal { max_len }, Some(described)) = (&mut config.encoder.positions, theirs.sinusoids()) {
        *max_len = described;
    }
    let config = checked(&place.file, config)?;
    infer::check_described(&config, &sorted.tensors).map_err(|reason| Error::config(&place.file, reason))?;
    Ok(config)
}

fn with_heads(mut config: ModelConfig, heads: usize) -> ModelConfig {
    config.encoder.heads = heads;
    config
}

/// The released code's checkpoints come without a description; those of a published size have the published heads.
/// So does RNA-FM as its authors published it. multimolecule's always have a description.
fn published(config: &ModelConfig, family: Family) -> Option<usize> {
    match family {
        Family::Multimolecule => None,
        Family::Esm1b => esm1b::published_heads(config.encoder.dim, config.encoder.blocks),
        Family::Official | Family::Own => with_heads(config.clone(), HEADS).preset().map(|_| HEADS),
    }
}

fn unknown(family: Family) -> String {
    let what = "no tensor shows how many attention heads the model has, and its size is not a published one";
    match family {
        Family::Multimolecule => {
            "no tensor shows how many attention heads the model has, and multimolecule's `config.json`, which does, \
             is not next to it"
                .into()
        }
        Family::Official | Family::Own | Family::Esm1b => what.into(),
    }
}

fn checked(path: &Path, config: ModelConfig) -> Result<ModelConfig, Error> {
    match config.check() {
        Ok(()) => Ok(config),
        Err(bad) if bad.heads => Err(Error::Heads { path: path.into(), reason: bad.message }),
        Err(bad) => Err(Error::Sizes { path: path.into(), reason: bad.message }),
    }
}

/// The error for a file without a RiNALMo model.
pub(crate) fn foreign(path: &Path, archive: &Archive) -> Error {
    let some: Vec<_> = archive.tensors.keys().take(3).map(|name| format!("`{name}`")).collect();
    let found = match archive.tensors.len() {
        0 => "it holds no tensors".to_owned(),
        count => format!("it holds {count} tensors such as {}", some.join(", ")),
    };
    let reason = format!(
        "{found}; expected names such as `transformer.blocks.0.…` (released code), `encoder.layer.0.…` \
         (multimolecule), `encoder.layers.0.…` (RNA-FM's authors) or `encoder.blocks.0.…` (our own)"
    );
    Error::Foreign { path: path.into(), reason }
}
