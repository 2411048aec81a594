//! Perplexity of masked tokens on the held-out clusters of a corpus, with the same masks as in the validation of a run.

use rinalmo_corpus::Store;
use rinalmo_train::{Mlm, MlmConfig, Share, Task, Validation};
use rinalmo_weights::{Checkpoint, OpenOptions};

use crate::Error;
use rinalmo_infer::finite::not_finite;
use rinalmo_infer::{Device, Precision};

/// Models to compare on a store made by [`rinalmo_corpus`], all of them opened.
#[derive(Debug)]
pub struct Perplexities {
    task: Mlm,
    models: Vec<Checkpoint>,
}

impl Perplexities {
    /// Opens every model, by name or path. `config` sets which tokens are masked and how many batches are
    /// used.
    ///
    /// # Errors
    /// A model cannot be opened or has no masked-language head, or the corpus has no held-out clusters.
    pub fn open<S: AsRef<str>>(models: &[S], corpus: Store, config: &MlmConfig) -> Result<Self, Error> {
        let task = Mlm::new(corpus, config, 0, Share::default())?;
        let open = |name: &S| {
            let checkpoint = rinalmo_infer::checkpoint::open(name.as_ref(), &OpenOptions::default())?;
            let fits = task.check(&checkpoint.config);
            fits.map_err(|what| Error::Options(format!("{}: {what}", name.as_ref())))?;
            Ok(checkpoint)
        };
        let models = models.iter().map(open).collect::<Result<_, Error>>()?;
        Ok(Self { task, models })
    }

    /// Validates each model in the order given. The first part is the whole corpus; then come all sources and bands of
    /// lengths. Sums are of losses in nats, weights count masked tokens; [`perplexity`](rinalmo_metrics::perplexity::perplexity) of a
    /// part's mean is its perplexity.
    ///
    /// # Errors
    /// Of each model: weights or the store cannot be read, or a loss is not finite.
    pub fn validate(&self, device: &Device) -> impl Iterator<Item = Result<Validation, Error>> {
        self.models.iter().map(|checkpoint| {
            let network = rinalmo_weights::load(checkpoint, device.burn())?;
            let found = device.guarded(|| self.task.validate(&network, device.burn(), Share::default()))??;
            if found.parts.iter().all(|part| part.sum.is_finite()) {
                return Ok(found);
            }
            let broken = checkpoint.first_not_finite();
            Err(not_finite(&checkpoint.meta.name, "this corpus", broken.as_ref(), Precision::F32).into())
        })
    }
}
