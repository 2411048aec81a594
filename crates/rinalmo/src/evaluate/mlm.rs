//! How well a model guesses hidden letters: perplexity on the clusters that a corpus holds out, with the masks that
//! validation of a run has.

use std::path::Path;

use rinalmo_corpus::Store;
use rinalmo_train::{Mlm, MlmConfig, Share, Task, Validation};
use rinalmo_weights::OpenOptions;

use crate::finite::not_finite;
use crate::{Device, Error, Precision};

/// Validates a model, by name or path, on a store made by [`crate::corpus`]: the whole first, then every source and band
/// of lengths. Sums are of losses in nats, weights of hidden letters; [`crate::pretrain::perplexity`] of a part's mean is
/// its perplexity. `config` says which letters are hidden and how many batches are looked at.
///
/// # Errors
/// The model cannot be opened or has no masked-language head, or the store cannot be read.
pub fn mlm(model: &str, corpus: &Path, config: &MlmConfig, device: &Device) -> Result<Validation, Error> {
    let checkpoint = crate::checkpoint::open(model, &OpenOptions::default())?;
    let task = Mlm::new(Store::open(corpus)?, config, 0, Share::default())?;
    task.check(&checkpoint.config).map_err(|what| Error::Options(format!("{model}: {what}")))?;
    let network = rinalmo_weights::load(&checkpoint, device.burn())?;
    let found = device.guard(|| task.validate(&network, device.burn(), Share::default()))??;
    match found.parts.iter().all(|part| part.sum.is_finite()) {
        true => Ok(found),
        false => {
            let broken = checkpoint.first_not_finite();
            Err(not_finite(&checkpoint.meta.name, "this corpus", broken.as_ref(), Precision::F32))
        }
    }
}
