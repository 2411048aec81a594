//! The three sequence-level predictions of the paper: splice sites, ribosome load, family.

use rinalmo_model::{HeadConfig, Pooling};
use rinalmo_seq::tokenizer::tokenize;

use crate::batches::{DEFAULT_BATCH_TOKENS, in_order};
use crate::checkpoint::Scaler;
use crate::device::Failed;
use crate::memory::{longest_that_fits, mebibytes};
use crate::model::Encoded;
use crate::{Error, Model};

/// Tokens that the published ribosome-load weights pad every sequence to: 100 nt and two
/// special tokens (Methods, "Mean ribosome load").
pub const MRL_PADDING: usize = 102;

/// Is there a splice site in the middle of the window?
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpliceSite {
    /// Probability of a site.
    pub probability: f32,
    /// The same before the sigmoid.
    pub logit: f32,
}

/// A sequence's family.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Index of the most probable family.
    pub class: usize,
    /// Its name, or `class_<n>` where the weights name none.
    pub label: String,
    /// Its probability.
    pub probability: f32,
    /// Logits of all families.
    pub logits: Vec<f32>,
}

/// What a head of one's own says of a sequence or a base, after how it was trained.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A quantity, in the units of the training set.
    Number(f32),
    /// The probability of yes.
    Yes(f32),
    /// The most probable class and its probability.
    Class {
        /// Its name.
        label: String,
        /// Its probability.
        probability: f32,
    },
}

impl Model {
    /// Says of whole sequences what the model was fine-tuned for, in order.
    ///
    /// # Errors
    /// [`Error::NoHead`]; of a single sequence [`Error::EmptySequence`] and the like.
    pub fn predict_sequence<S: AsRef<[u8]>>(&self, sequences: &[S]) -> Result<Vec<Result<Said, Error>>, Error> {
        let Some(HeadConfig::Sequence { outputs, pooling, .. }) = self.config.head else {
            return Err(self.lacks("sequence"));
        };
        Ok(self.predict(sequences, usize::MAX, |encoded| {
            let pooled = match pooling {
                Pooling::Cls => encoded.cls(),
                Pooling::Mean => encoded.bases().iter().flat_map(|bases| self.mean(bases)).collect(),
            };
            let found = self.ask(|network| network.sequence_outputs(&pooled))?;
            Ok(found.chunks_exact(outputs).map(|outputs| self.say(outputs)).collect())
        }))
    }

    /// Says of every base what the model was fine-tuned for, in order.
    ///
    /// # Errors
    /// As [`Model::predict_sequence`].
    pub fn predict_token<S: AsRef<[u8]>>(&self, sequences: &[S]) -> Result<Vec<Result<Vec<Said>, Error>>, Error> {
        let Some(HeadConfig::Token { outputs, .. }) = self.config.head else { return Err(self.lacks("token")) };
        Ok(self.predict(sequences, usize::MAX, |encoded| {
            let each = |found: Vec<f32>| found.chunks_exact(outputs).map(|outputs| self.say(outputs)).collect();
            let of = |bases: &&[f32]| Ok(each(self.ask(|network| network.base_outputs(bases))?));
            encoded.bases().iter().map(of).collect()
        }))
    }

    /// The mean of rows.
    fn mean(&self, rows: &[f32]) -> Vec<f32> {
        let dim = self.config.encoder.dim;
        let count = (rows.len() / dim) as f32;
        (0..dim).map(|column| rows.iter().skip(column).step_by(dim).sum::<f32>() / count).collect()
    }

    /// What outputs mean: a model that knows a scaler says quantities, one that knows labels classes.
    fn say(&self, outputs: &[f32]) -> Result<Said, Error> {
        self.finite(outputs)?;
        Ok(match (self.meta.scaler, outputs) {
            (Some(scaler), [value, ..]) => Said::Number(self.scaled(*value, scaler)?),
            (None, [logit]) => Said::Yes(sigmoid(*logit)),
            _ => {
                let Family { label, probability, .. } = self.family(outputs)?;
                Said::Class { label, probability }
            }
        })
    }

    /// An output in the units of the training set.
    fn scaled(&self, value: f32, Scaler { mean, std }: Scaler) -> Result<f32, Error> {
        let scaled = value * std + mean;
        self.finite(&[scaled]).map(|()| scaled)
    }

    /// Scores windows for a splice site in their middle, in order; 400 nt with the published
    /// weights.
    ///
    /// # Errors
    /// [`Error::NoHead`]; of a single sequence [`Error::EmptySequence`] and the like.
    pub fn predict_splice<S: AsRef<[u8]>>(&self, sequences: &[S]) -> Result<Vec<Result<SpliceSite, Error>>, Error> {
        let Some(HeadConfig::Splice { .. }) = self.config.head else { return Err(self.lacks("splice")) };
        Ok(self.predict(sequences, usize::MAX, |encoded| {
            let logits = self.ask(|network| network.splice_logits(&encoded.cls()))?;
            let site = |logit| SpliceSite { probability: sigmoid(logit), logit };
            Ok(logits.into_iter().map(|logit| self.finite(&[logit]).map(|()| site(logit))).collect())
        }))
    }

    /// Predicts the mean ribosome load of 5' UTRs, in order, each padded to `pad_to` tokens
    /// ([`MRL_PADDING`] for the published weights). Loads are in the units of the training
    /// set and never negative.
    ///
    /// # Errors
    /// [`Error::NoHead`]; of a single sequence [`Error::LongerThanPadding`] and the like.
    pub fn predict_mrl<S: AsRef<[u8]>>(
        &self,
        sequences: &[S],
        pad_to: usize,
    ) -> Result<Vec<Result<f32, Error>>, Error> {
        let Some(HeadConfig::Mrl { .. }) = self.config.head else { return Err(self.lacks("mrl")) };
        let (needed, budget) = (self.mrl_memory(pad_to), self.budget(None));
        if needed > budget {
            let (needed, budget) = (mebibytes(needed), budget >> 20);
            return Err(Error::Options(format!(
                "sequences padded to {pad_to} tokens need {needed} MiB, {budget} MiB are allowed"
            )));
        }
        let scaler = self.meta.scaler.unwrap_or(Scaler { mean: 0.0, std: 1.0 });
        Ok(self.predict(sequences, pad_to, |encoded| {
            let loads = self.ask(|network| network.mean_loads(&encoded.hidden, &encoded.packed, pad_to))?;
            Ok(loads.into_iter().map(|load| Ok(self.scaled(load, scaler)?.max(0.0))).collect())
        }))
    }

    /// Tells the non-coding RNA family of sequences, in order.
    ///
    /// # Errors
    /// [`Error::NoHead`]; of a single sequence [`Error::EmptySequence`] and the like.
    pub fn predict_family<S: AsRef<[u8]>>(&self, sequences: &[S]) -> Result<Vec<Result<Family, Error>>, Error> {
        let Some(HeadConfig::Family { classes, .. }) = self.config.head else { return Err(self.lacks("family")) };
        Ok(self.predict(sequences, usize::MAX, |encoded| {
            let logits = self.ask(|network| network.family_logits(&encoded.cls()))?;
            Ok(logits.chunks_exact(classes).map(|logits| self.family(logits)).collect())
        }))
    }

    fn family(&self, logits: &[f32]) -> Result<Family, Error> {
        self.finite(logits)?;
        let class = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap_or(0);
        let total: f32 = logits.iter().map(|logit| (logit - logits[class]).exp()).sum();
        let label = self.meta.labels.as_ref().and_then(|labels| labels.get(class).cloned());
        Ok(Family {
            class,
            label: label.unwrap_or_else(|| format!("class_{class}")),
            probability: 1.0 / total,
            logits: logits.to_vec(),
        })
    }

    /// Encodes sequences in batches and gives each batch's representation to `run`, which
    /// returns one result a sequence of it, or that the device failed.
    fn predict<S: AsRef<[u8]>, R>(
        &self,
        sequences: &[S],
        max_tokens: usize,
        run: impl Fn(&Encoded) -> Result<Vec<Result<R, Error>>, Failed>,
    ) -> Vec<Result<R, Error>> {
        let sequences: Vec<&[u8]> = sequences.iter().map(AsRef::as_ref).collect();
        let budget = self.budget(None);
        let check = |sequence: &[u8]| {
            self.check_len(sequence.len())?;
            self.afford(sequence.len(), "its vectors", budget, |len| self.predict_memory(len))?;
            if sequence.len() + 2 > max_tokens {
                return Err(Error::LongerThanPadding { len: sequence.len(), pad_to: max_tokens });
            }
            Ok(())
        };
        in_order(
            &sequences,
            DEFAULT_BATCH_TOKENS.min(longest_that_fits(budget, |len| self.predict_memory(len))).max(1),
            |sequence| sequence.len() + 2,
            |batch| {
                let (encoded, admitted) =
                    self.encode(batch.iter().map(|sequence| check(sequence).map(|()| tokenize(sequence))));
                let count = encoded.packed.lengths().len();
                let results = if count > 0 { run(&encoded) } else { Ok(Vec::new()) };
                let results = results.unwrap_or_else(|failed| {
                    std::iter::repeat_with(|| Err(failed.clone().into())).take(count).collect()
                });
                admitted.results(results).into_iter().map(Result::flatten).collect()
            },
        )
    }
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
