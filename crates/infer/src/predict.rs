//! Predictions for sequences and bases, one for each task of the table of tasks.

pub use rinalmo_model::MRL_PADDING;
use rinalmo_model::{HeadConfig, LabelSpec, LooksAt, Meaning, Pooling, TaskSpec};
use rinalmo_seq::tokenizer::tokenize;

use crate::batches::{DEFAULT_BATCH_TOKENS, in_order};
use crate::checkpoint::Scaler;
use crate::device::Failed;
use crate::memory::{longest_that_fits, mebibytes};
use crate::model::Encoded;
use crate::{Error, Model};

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
    /// Its name, or `class_<n>` if the weights name none.
    pub label: String,
    /// Its probability.
    pub probability: f32,
    /// Logits of all families.
    pub logits: Vec<f32>,
}

/// What a fine-tuned head predicts for a sequence or a base; its training decides which of these.
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

/// What a model answers for a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// One for each base if the task is one of bases, else a single one.
    pub said: Vec<Said>,
    /// The head's outputs, base after base.
    pub outputs: Vec<f32>,
}

impl Model {
    /// Predicts the answer of a task for each sequence, in order. If the head looks at padding, each sequence is padded
    /// to `pad_to` tokens, or to the task's own length.
    ///
    /// # Errors
    /// [`Error::NoHead`]; of a single sequence [`Error::EmptySequence`], [`Error::LongerThanPadding`] or
    /// [`Error::TooLong`].
    pub fn predict<S: AsRef<[u8]>>(
        &self,
        task: &TaskSpec,
        sequences: &[S],
        pad_to: Option<usize>,
    ) -> Result<Vec<Result<Answer, Error>>, Error> {
        let head = self.config.head.as_ref().filter(|head| task.takes(head));
        let (Some(head), Some(labels)) = (head, &task.labels) else { return Err(self.lacks(task.name)) };
        let pad_to = pad_to.or(labels.pad_to).unwrap_or(MRL_PADDING);
        let most = if head.looks_at() == LooksAt::Padded { pad_to } else { usize::MAX };
        if most == pad_to {
            self.afford_padding(pad_to)?;
        }
        let outputs = self.outputs(head, sequences, pad_to, most);
        let answer = |outputs: Vec<f32>| {
            let each = outputs.chunks_exact(head.outputs().max(1));
            let said = each.map(|outputs| self.say(outputs, labels)).collect::<Result<_, _>>()?;
            Ok(Answer { said, outputs })
        };
        Ok(outputs.into_iter().map(|outputs| outputs.and_then(answer)).collect())
    }

    /// The head's outputs for each sequence.
    fn outputs<S: AsRef<[u8]>>(
        &self,
        head: &HeadConfig,
        sequences: &[S],
        pad_to: usize,
        most: usize,
    ) -> Vec<Result<Vec<f32>, Error>> {
        let count = head.outputs();
        self.of_each(sequences, most, |encoded| {
            let found = match head.looks_at() {
                LooksAt::Bases => {
                    let of = |bases: &&[f32]| Ok(Ok(self.ask(|network| network.classify(bases))?));
                    return encoded.bases().iter().map(of).collect();
                }
                LooksAt::Padded => self.ask(|network| network.mean_loads(&encoded.hidden, &encoded.packed, pad_to))?,
                LooksAt::Whole(Pooling::Mean) => {
                    let means: Vec<f32> = encoded.bases().iter().flat_map(|bases| self.mean(bases)).collect();
                    self.ask(|network| network.classify(&means))?
                }
                LooksAt::Whole(Pooling::Cls) | LooksAt::Pairs => {
                    self.ask(|network| network.classify(&encoded.cls()))?
                }
            };
            Ok(found.chunks_exact(count).map(|outputs| Ok(outputs.to_vec())).collect())
        })
    }

    /// Checks that padded sequences fit into memory.
    fn afford_padding(&self, pad_to: usize) -> Result<(), Error> {
        let (needed, budget) = (self.mrl_memory(pad_to), self.budget(None));
        if needed <= budget {
            return Ok(());
        }
        let (needed, budget) = (mebibytes(needed), budget >> 20);
        Err(Error::Options(format!("sequences padded to {pad_to} tokens need {needed} MiB, {budget} MiB are allowed")))
    }

    /// Turns outputs into an answer. The task says what they mean; else a model with a scaler predicts quantities, and
    /// one with several outputs predicts classes.
    fn say(&self, outputs: &[f32], labels: &LabelSpec) -> Result<Said, Error> {
        self.finite(outputs)?;
        let meaning = labels.meaning.unwrap_or(match (self.meta.scaler, outputs) {
            (Some(_), _) => Meaning::Number,
            (None, [_]) => Meaning::YesNo,
            _ => Meaning::Classes,
        });
        let scaler = self.meta.scaler.unwrap_or(Scaler { mean: 0.0, std: 1.0 });
        Ok(match (meaning, outputs) {
            (Meaning::Number, [value, ..]) => {
                let scaled = self.scaled(*value, scaler)?;
                Said::Number(labels.least.map_or(scaled, |least| scaled.max(least)))
            }
            (Meaning::YesNo, [logit, ..]) => Said::Yes(sigmoid(*logit)),
            _ => {
                let Family { label, probability, .. } = self.family(outputs)?;
                Said::Class { label, probability }
            }
        })
    }

    /// Predicts for sequences what the model was fine-tuned for, in order.
    ///
    /// # Errors
    /// [`Error::NoHead`]; of a single sequence [`Error::EmptySequence`] or [`Error::TooLong`].
    pub fn predict_sequence<S: AsRef<[u8]>>(&self, sequences: &[S]) -> Result<Vec<Result<Said, Error>>, Error> {
        let single = |answer: Answer| answer.said.into_iter().next().unwrap_or(Said::Number(f32::NAN));
        self.predict_as("sequence", sequences, None, single)
    }

    /// Predicts for every base what the model was fine-tuned for, in order.
    ///
    /// # Errors
    /// As [`Model::predict_sequence`].
    pub fn predict_token<S: AsRef<[u8]>>(&self, sequences: &[S]) -> Result<Vec<Result<Vec<Said>, Error>>, Error> {
        self.predict_as("token", sequences, None, |answer| answer.said)
    }

    /// Scores windows for a splice site in their middle, in order; 400 nt with the published
    /// weights.
    ///
    /// # Errors
    /// As [`Model::predict_sequence`].
    pub fn predict_splice<S: AsRef<[u8]>>(&self, sequences: &[S]) -> Result<Vec<Result<SpliceSite, Error>>, Error> {
        let site = |answer: Answer| SpliceSite { probability: sigmoid(answer.outputs[0]), logit: answer.outputs[0] };
        self.predict_as("splice", sequences, None, site)
    }

    /// Predicts the mean ribosome load of 5' UTRs, in order, each padded to `pad_to` tokens
    /// ([`MRL_PADDING`] for the published weights). Loads are in the units of the training
    /// set and never negative.
    ///
    /// # Errors
    /// [`Error::NoHead`]; of a single sequence [`Error::LongerThanPadding`] or [`Error::TooLong`].
    pub fn predict_mrl<S: AsRef<[u8]>>(
        &self,
        sequences: &[S],
        pad_to: usize,
    ) -> Result<Vec<Result<f32, Error>>, Error> {
        let load = |answer: Answer| match answer.said[..] {
            [Said::Number(load), ..] => load,
            _ => f32::NAN,
        };
        self.predict_as("mrl", sequences, Some(pad_to), load)
    }

    /// Predicts the non-coding RNA family of sequences, in order.
    ///
    /// # Errors
    /// As [`Model::predict_sequence`].
    pub fn predict_family<S: AsRef<[u8]>>(&self, sequences: &[S]) -> Result<Vec<Result<Family, Error>>, Error> {
        let found = self.predict_as("family", sequences, None, |answer| answer.outputs)?;
        Ok(found.into_iter().map(|logits| self.family(&logits?)).collect())
    }

    /// Predicts the answers of a task and converts each by `of`.
    fn predict_as<S: AsRef<[u8]>, R>(
        &self,
        task: &str,
        sequences: &[S],
        pad_to: Option<usize>,
        of: impl Fn(Answer) -> R,
    ) -> Result<Vec<Result<R, Error>>, Error> {
        let found = self.predict(TaskSpec::named(task), sequences, pad_to)?;
        Ok(found.into_iter().map(|answer| answer.map(&of)).collect())
    }

    /// The mean of rows.
    fn mean(&self, rows: &[f32]) -> Vec<f32> {
        let dim = self.config.encoder.dim;
        let count = (rows.len() / dim) as f32;
        (0..dim).map(|column| rows.iter().skip(column).step_by(dim).sum::<f32>() / count).collect()
    }

    /// An output in the units of the training set.
    fn scaled(&self, value: f32, Scaler { mean, std }: Scaler) -> Result<f32, Error> {
        let scaled = value * std + mean;
        self.finite(&[scaled]).map(|()| scaled)
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

    /// Encodes sequences in batches and passes each batch's representation to `run`, which
    /// returns one result a sequence, or that the device failed.
    fn of_each<S: AsRef<[u8]>, R>(
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
