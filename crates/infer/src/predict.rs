//! Predictions for sequences and bases, one for each task of the table of tasks.

pub use rinalmo_model::MRL_PADDING;
use rinalmo_model::{HeadConfig, Hidden, LabelSpec, LooksAt, Meaning, Network, Packed, Pooling, TaskSpec};
use rinalmo_seq::alphabet::Token;
use rinalmo_seq::tokenizer::tokenize;

use crate::batches::DEFAULT_BATCH_TOKENS;
use crate::checkpoint::Scaler;
use crate::driver::{Driver, Limits, Verb, View};
use crate::memory::{longest_that_fits, mebibytes};
use crate::setters::limits;
use crate::{Error, Model};

/// Is there a splice site in the middle of the window?
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpliceSite {
    /// Probability of a site.
    pub probability: f32,
    /// The same before the sigmoid.
    pub logit: f32,
}

/// A sequence's family.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Answer {
    /// One for each base if the task is one of bases, else a single one.
    pub said: Vec<Said>,
    /// The head's outputs, base after base.
    pub outputs: Vec<f32>,
}

/// How to predict.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PredictOptions {
    /// Tokens that each sequence is padded to if the head looks at padding; the task's own length by default
    /// ([`MRL_PADDING`] for ribosome loads). A convolutional network has a window of its own instead.
    pub pad_to: Option<usize>,
    /// Bytes that work on sequences may take; by default the limit of [`LoadOptions`](crate::LoadOptions), or most of
    /// the free memory.
    pub max_memory: Option<u64>,
    /// Tokens encoded at a time.
    pub batch_tokens: usize,
}

impl Default for PredictOptions {
    fn default() -> Self {
        Self { pad_to: None, max_memory: None, batch_tokens: DEFAULT_BATCH_TOKENS }
    }
}

limits!(PredictOptions);

impl PredictOptions {
    /// Sets [`PredictOptions::pad_to`], in tokens.
    #[must_use]
    pub fn pad_to(mut self, pad_to: impl Into<Option<usize>>) -> Self {
        self.pad_to = pad_to.into();
        self
    }
}

/// The answers of a head to a task, for sequences that are given as their tokens.
struct Predict<'m> {
    model: &'m Model,
    head: &'m HeadConfig,
    labels: LabelSpec,
    pad_to: usize,
}

impl Verb for Predict<'_> {
    type Item = Vec<Token>;
    /// The head's outputs for each sequence.
    type Seen = Vec<Vec<f32>>;
    type Part = Vec<f32>;
    type Output = Answer;

    fn tokens(&self, tokens: &Vec<Token>) -> usize {
        tokens.len()
    }

    fn piece(&self, tokens: &Vec<Token>, _number: usize) -> Vec<Token> {
        tokens.clone()
    }

    fn look(&self, network: &dyn Network, batch: &Packed) -> (Hidden<'static>, Vec<Vec<f32>>) {
        let hidden = network.encode(batch);
        let width = self.head.outputs();
        let each = |outputs: Vec<f32>| outputs.chunks_exact(width).map(<[f32]>::to_vec).collect();
        let found = match self.head.looks_at() {
            LooksAt::Bases => {
                let outputs = network.classify(&hidden); // also of `<cls>` and `<eos>`: one call for all sequences
                batch.bases().map(|bases| outputs[bases.start * width..bases.end * width].to_vec()).collect()
            }
            LooksAt::Padded => each(network.mean_loads(&hidden, batch, self.pad_to)),
            LooksAt::Whole(pooling) => each(network.classify(&hidden.pool(batch, pooling))),
            LooksAt::Window => each(network.convolve(&hidden, batch)),
            LooksAt::Pairs => each(network.classify(&hidden.pool(batch, Pooling::Cls))),
        };
        (hidden, found)
    }

    fn part(&self, _tokens: &Vec<Token>, _number: usize, view: &View<'_, Vec<Vec<f32>>>) -> Result<Vec<f32>, Error> {
        Ok(view.seen[view.index].clone())
    }

    fn finish(&self, _tokens: &Vec<Token>, mut parts: Vec<Vec<f32>>) -> Result<Answer, Error> {
        let outputs = parts.remove(0);
        let each = outputs.chunks_exact(self.head.outputs().max(1));
        let said = each.map(|outputs| self.model.say(outputs, &self.labels)).collect::<Result<_, _>>()?;
        Ok(Answer { said, outputs })
    }
}

impl Model {
    /// Predicts the answer of a task for each sequence, in order.
    ///
    /// # Errors
    /// The first that any sequence meets; see [`Model::predictions`] to continue with the others.
    pub fn predict<I>(&self, task: &TaskSpec, sequences: I, options: &PredictOptions) -> Result<Vec<Answer>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.drive_predictions(task, sequences, options)?.all()
    }

    /// Predicts the answer of a task for sequences as they come, in batches of [`PredictOptions::batch_tokens`] tokens:
    /// each has its own result, in their order. Only one batch is in memory, and at most one sequence is read ahead of
    /// it. The lower bound of the iterator's `size_hint` is the number of results that are already computed.
    ///
    /// # Errors
    /// [`Error::NoHead`]; of a single sequence [`Error::EmptySequence`], [`Error::LongerThanPadding`],
    /// [`Error::OtherWindow`] or [`Error::TooLong`].
    pub fn predictions<'m, I>(
        &'m self,
        task: &TaskSpec,
        sequences: I,
        options: &PredictOptions,
    ) -> Result<impl Iterator<Item = Result<Answer, Error>> + use<'m, I>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.drive_predictions(task, sequences, options)
    }

    fn drive_predictions<'m, I>(
        &'m self,
        task: &TaskSpec,
        sequences: I,
        options: &PredictOptions,
    ) -> Result<Driver<'m, Predict<'m>, impl Iterator<Item = Result<Vec<Token>, Error>> + use<'m, I>>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let head = self.config.head.as_ref().filter(|head| task.takes(head));
        let (Some(head), Some(labels)) = (head, task.labels) else { return Err(self.lacks(task.name)) };
        let budget = self.budget(options.max_memory);
        let pad_to = options.pad_to.or(labels.pad_to).unwrap_or(MRL_PADDING);
        let padded = head.looks_at() == LooksAt::Padded;
        if padded {
            self.afford_padding(pad_to, budget)?;
        }
        let checked = move |sequence: I::Item| {
            let len = sequence.as_ref().len();
            self.check_len(len)?;
            if let Some(network) = head.cnn().filter(|network| !network.accepts(len)) {
                return Err(Error::OtherWindow { len, expected: network.lengths() });
            }
            self.afford(len, "its vectors", budget, |len| self.predict_memory(len))?;
            if padded && len + 2 > pad_to {
                return Err(Error::LongerThanPadding { len, pad_to });
            }
            Ok(tokenize(sequence.as_ref()))
        };
        let fits = longest_that_fits(budget, |len| self.predict_memory(len));
        let limits = Limits::new(options.batch_tokens, fits, budget);
        let verb = Predict { model: self, head, labels, pad_to };
        Ok(Driver::new(self, verb, limits, sequences.into_iter().map(checked)))
    }

    /// Checks that padded sequences fit into memory.
    fn afford_padding(&self, pad_to: usize, budget: u64) -> Result<(), Error> {
        let needed = self.mrl_memory(pad_to);
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
    /// As [`Model::predict`].
    pub fn predict_sequence<I>(&self, sequences: I) -> Result<Vec<Said>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let single = |answer: Answer| answer.said.into_iter().next().unwrap_or(Said::Number(f32::NAN));
        self.predict_as("sequence", sequences, None, single)
    }

    /// Predicts for every base what the model was fine-tuned for, in order.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict_token<I>(&self, sequences: I) -> Result<Vec<Vec<Said>>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.predict_as("token", sequences, None, |answer| answer.said)
    }

    /// Scores windows for a splice site in their middle, in order; 400 nt with the published
    /// weights.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict_splice<I>(&self, sequences: I) -> Result<Vec<SpliceSite>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let site = |answer: Answer| SpliceSite { probability: sigmoid(answer.outputs[0]), logit: answer.outputs[0] };
        self.predict_as("splice", sequences, None, site)
    }

    /// Predicts the mean ribosome load of 5' UTRs, in order, each padded to `pad_to` tokens
    /// ([`MRL_PADDING`] for the published weights). Loads are in the units of the training
    /// set and never negative.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict_mrl<I>(&self, sequences: I, pad_to: usize) -> Result<Vec<f32>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let load = |answer: Answer| match answer.said[..] {
            [Said::Number(load), ..] => load,
            _ => f32::NAN,
        };
        self.predict_as("mrl", sequences, Some(pad_to), load)
    }

    /// Predicts the non-coding RNA family of sequences, in order.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict_family<I>(&self, sequences: I) -> Result<Vec<Family>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let outputs = self.predict_as("family", sequences, None, |answer| answer.outputs)?;
        outputs.into_iter().map(|logits| self.family(&logits)).collect()
    }

    /// Predicts the answers of a task and converts each by `of`.
    fn predict_as<I, R>(
        &self,
        task: &str,
        sequences: I,
        pad_to: Option<usize>,
        of: impl Fn(Answer) -> R,
    ) -> Result<Vec<R>, Error>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let found = self.predict(TaskSpec::named(task), sequences, &PredictOptions::default().pad_to(pad_to))?;
        Ok(found.into_iter().map(of).collect())
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
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
