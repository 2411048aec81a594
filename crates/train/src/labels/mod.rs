//! Training on labels: a number, a binary label or a class, for a whole sequence or for each of its bases.
//!
//! Splice sites, ncRNA families and mean ribosome load are presets of it (RiNALMo, Methods). They differ in the head
//! that reads the representation, [`Readout`], and in the meaning of its outputs, [`Aim`]. Losses are means over
//! labels: binary cross-entropy, cross-entropy, or squared error in units of the training set's standard deviation.

mod measure;
mod validation;

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rinalmo_corpus::sample::Position;
use rinalmo_model::{CnnDropout, HeadConfig, LooksAt, Meaning, Model, ModelConfig, Packed, Pooling, memory};
use rinalmo_seq::tokenizer::tokenize;
use rinalmo_weights::{Document, Scaler};

use crate::order::Order;
use crate::task::Batches;
use crate::{Cache, Drawn, Error, Loading, Loss, Pass, Share, Task, Unaffordable, Validation};

/// A sequence and its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its name.
    pub id: String,
    /// Its letters.
    pub sequence: Vec<u8>,
    /// One label, or one for each base: a number, 0 or 1, or the index of a class. NaN for a missing label.
    pub targets: Vec<f32>,
}

/// What the head reads of the representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readout {
    /// What stands for the whole sequence.
    Whole(Pooling),
    /// Each of its bases.
    Bases,
    /// All tokens, padded to so many, as inference has to do again.
    Padded(usize),
    /// The window of a convolutional network.
    Window,
}

impl Readout {
    /// What a head of labels reads, padded to so many tokens if it looks at padding; nothing of a head that maps pairs.
    pub fn of(head: &HeadConfig, pad_to: usize) -> Option<Self> {
        match head.looks_at() {
            LooksAt::Pairs => None,
            LooksAt::Whole(pooling) => Some(Self::Whole(pooling)),
            LooksAt::Bases => Some(Self::Bases),
            LooksAt::Padded => Some(Self::Padded(pad_to)),
            LooksAt::Window => Some(Self::Window),
        }
    }
}

/// What a head's outputs mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Aim {
    /// A quantity, after this scaling.
    Number(Scaler),
    /// A binary label.
    YesNo,
    /// One of these classes.
    Classes(Vec<String>),
}

impl Aim {
    /// The kind of it.
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Number(_) => Meaning::Number,
            Self::YesNo => Meaning::YesNo,
            Self::Classes(_) => Meaning::Classes,
        }
    }
}

/// How labels are drawn and counted.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelOptions {
    /// Sequences in a batch.
    pub batch: usize,
    /// Weight of each class in the loss, in their order (no, yes); all 1 by default.
    pub weights: Option<Vec<f32>>,
    /// The figure by which the best model is chosen, higher is better; that of the aim where it is left out.
    pub chosen_by: Option<&'static str>,
    /// Share of the last layer's input that is dropped, for [`Readout::Padded`]; of every dense layer's result, for
    /// [`Readout::Window`].
    pub dropout: f32,
    /// Share of every convolution's result that is dropped, for [`Readout::Window`].
    pub map_dropout: f32,
}

/// Fine-tuning on labels.
#[derive(Debug, Clone)]
pub struct Labels {
    train: Vec<Example>,
    validation: Vec<Example>,
    readout: Readout,
    aim: Aim,
    weights: Option<Vec<f32>>,
    dropout: f32,
    map_dropout: f32,
    chosen_by: &'static str,
    order: Order,
    cache: Option<Arc<Cache>>,
}

impl Labels {
    /// Prepares the batches. `share` is this process's rank.
    ///
    /// # Errors
    /// If an option is invalid, or there is nothing to train with.
    pub fn new(
        train: Vec<Example>,
        validation: Vec<Example>,
        (readout, aim): (Readout, Aim),
        options: &LabelOptions,
        seed: u64,
        share: Share,
    ) -> Result<Self, Error> {
        for (key, rate) in [("dropout", options.dropout), ("map_dropout", options.map_dropout)] {
            if !(0.0..1.0).contains(&rate) {
                return Err(Error::Options(format!("data.{key} = {rate}, expected a rate from 0 to below 1")));
            }
        }
        let order = Order::new(train.len(), options.batch, seed, share)?;
        let LabelOptions { weights, dropout, map_dropout, .. } = options.clone();
        let chosen_by = options.chosen_by.unwrap_or(aim.meaning().figures()[0]);
        Ok(Self { train, validation, readout, aim, weights, dropout, map_dropout, chosen_by, order, cache: None })
    }

    /// A task without training data, to evaluate a model on these examples.
    pub fn trial(examples: Vec<Example>, (readout, aim): (Readout, Aim)) -> Self {
        let order = Order::new(1, 1, 0, Share::default()).expect("one item is a batch for one process");
        let (train, validation, chosen_by) = (Vec::new(), examples, aim.meaning().figures()[0]);
        Self {
            train,
            validation,
            readout,
            aim,
            weights: None,
            dropout: 0.0,
            map_dropout: 0.0,
            chosen_by,
            order,
            cache: None,
        }
    }

    /// Uses a cache for the encoder's representations; for encoders that do not train.
    #[must_use]
    pub fn cached(self, cache: Cache) -> Self {
        Self { cache: Some(Arc::new(cache)), ..self }
    }

    /// The training examples.
    pub fn train(&self) -> &[Example] {
        &self.train
    }

    /// The meaning of the outputs.
    pub fn aim(&self) -> &Aim {
        &self.aim
    }

    /// Batches of this process per epoch.
    pub fn batches_an_epoch(&self) -> usize {
        self.order.batches()
    }

    /// Writes the names of classes and the scaling into a model's description.
    pub fn describe(&self, document: &mut Document) {
        match &self.aim {
            Aim::Number(scaler) => document.scaler = Some(*scaler),
            Aim::Classes(names) => document.labels = Some(names.clone()),
            Aim::YesNo => {}
        }
    }
}

impl Task for Labels {
    type Batch = Vec<usize>;

    fn batches(&self, from: Position, _: Loading) -> Result<Batches<'_, Vec<usize>>, Error> {
        Ok(Box::new(self.order.from(from).map(|(at, batch)| Ok(Drawn { at, batch }))))
    }

    fn check(&self, config: &ModelConfig) -> Result<(), String> {
        let pad_to = if let Readout::Padded(pad_to) = self.readout { pad_to } else { 0 };
        let head = config.head.as_ref().filter(|head| Readout::of(head, pad_to) == Some(self.readout));
        let Some(head) = head else { return Err("the model has another head than the task needs".into()) };
        let outputs = head.outputs();
        let wanted = if let Aim::Classes(names) = &self.aim { names.len() } else { 1 };
        if outputs != wanted {
            return Err(format!("the model's head has {outputs} outputs, the data have {wanted} classes"));
        }
        let mut examples = self.train.iter().chain(&self.validation);
        if let Some(network) = head.cnn()
            && let Some(Example { id, sequence, .. }) =
                examples.find(|example| !network.accepts(example.sequence.len()))
        {
            let hint = if sequence.len() > network.window {
                "data.max_len leaves longer ones out"
            } else {
                "data.cnn.padding = \"left\" pads shorter ones"
            };
            return Err(format!(
                "`{id}` of {} nt: the network takes {}\nhint: {hint}, data.cnn.window sets another window",
                sequence.len(),
                network.lengths()
            ));
        }
        let longest = self.train.iter().chain(&self.validation).max_by_key(|example| example.sequence.len());
        let Some(Example { id, sequence, .. }) = longest else { return Ok(()) };
        match (self.readout, config.encoder.max_len()) {
            (Readout::Padded(pad_to), _) if sequence.len() + 2 > pad_to => Err(format!(
                "`{id}` of {} nt does not fit into {pad_to} tokens\nhint: data.max_len leaves it out, data.pad_to makes room for it",
                sequence.len()
            )),
            (_, Some(most)) if sequence.len() + 2 > most => Err(format!(
                "`{id}` of {} nt is longer than the {} nt this model has positions for\nhint: leave it out with data.max_len",
                sequence.len(),
                most.saturating_sub(2)
            )),
            _ => Ok(()),
        }
    }

    fn afford(&self, config: &ModelConfig, on_cpu: bool, budget: u64) -> Result<(), Unaffordable> {
        let items = self.validation.iter().map(|example| (example.id.as_str(), example.sequence.len()));
        Unaffordable::check(items, budget, "its vectors", |len| memory::predict(config, len, on_cpu))
    }

    fn loss(&self, pass: &mut Pass<'_>, batch: &Vec<usize>) -> Loss {
        let examples = || batch.iter().map(|&item| &self.train[item]);
        let packed = Packed::new(examples().map(|example| tokenize(&example.sequence)));
        let hidden = match &self.cache {
            Some(cache) => cache.represent(pass, batch, &packed),
            None => pass.encode(&packed),
        };
        let outputs = self.outputs(pass, hidden, &packed);
        let targets: Vec<f32> = examples().flat_map(|example| example.targets.iter().copied()).collect();
        self.loss_of(outputs, &targets)
    }

    fn tokens(&self, batch: &Vec<usize>) -> usize {
        batch.iter().map(|&item| self.train[item].sequence.len() + 2).sum()
    }

    fn describe_batch(&self, batch: &Vec<usize>) -> String {
        batch.iter().map(|&item| self.train[item].id.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn validate(&self, model: &Model, device: &Device, share: Share) -> Result<Validation, Error> {
        self.measure(model, device, share)
    }

    fn conclude(&self, validation: &mut Validation) {
        measure::conclude(validation, &self.aim);
    }

    fn score(&self, validation: &Validation) -> Option<f64> {
        Some(-validation.part(self.chosen_by)?.mean()?)
    }
}

impl Labels {
    /// The head's outputs for a batch.
    ///
    /// # Shapes
    /// - hidden: `[rows, dim]`
    /// - returns: `[labels, outputs]`
    fn outputs(&self, pass: &Pass<'_>, hidden: Tensor<2>, packed: &Packed) -> Tensor<2> {
        let head = "a trainer checks that the model has the task's head";
        let (model, items) = (pass.model, packed.lengths().len());
        let rows = match self.readout {
            Readout::Padded(pad_to) => {
                let head = model.ribosome.as_ref().expect(head);
                let loads = head.forward_dropped(hidden, packed, pad_to, self.dropout, pass.dropout.seed);
                return loads.reshape([items, 1]);
            }
            Readout::Window => {
                let dropout = CnnDropout { maps: self.map_dropout, dense: self.dropout, seed: pass.dropout.seed };
                return model.cnn.as_ref().expect(head).forward_dropped(&hidden, packed, dropout);
            }
            Readout::Whole(Pooling::Cls) => cls(hidden, packed),
            Readout::Whole(Pooling::Mean) => means(&hidden, packed),
            Readout::Bases => bases(hidden, packed),
        };
        model.classifier().expect(head).forward(rows)
    }

    /// # Shapes
    /// - outputs: `[labels, outputs]`
    fn loss_of(&self, outputs: Tensor<2>, targets: &[f32]) -> Loss {
        let device = outputs.device();
        let weight = |&target: &f32| match (target.is_nan(), &self.weights, &self.aim) {
            (true, ..) => 0.0,
            (false, Some(weights), Aim::YesNo | Aim::Classes(_)) => {
                weights.get(target as usize).copied().unwrap_or(1.0)
            }
            (false, ..) => 1.0,
        };
        let weights: Vec<f32> = targets.iter().map(weight).collect();
        let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
        let column = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [targets.len(), 1]), &device);
        let known = |target: &f32| if target.is_nan() { 0.0 } else { *target };
        let each = match &self.aim {
            Aim::Number(scaler) => {
                let scaled = targets.iter().map(|target| (known(target) - scaler.mean) / scaler.std);
                let apart = outputs - column(scaled.collect());
                apart.clone() * apart
            }
            Aim::YesNo => {
                let yes = column(targets.iter().map(known).collect());
                relu(outputs.clone()) + outputs.clone().abs().neg().exp().log1p() - outputs * yes
            }
            Aim::Classes(_) => {
                let classes: Vec<i64> = targets.iter().map(|target| known(target) as i64).collect();
                let classes = Tensor::<2, Int>::from_data(TensorData::new(classes, [targets.len(), 1]), &device);
                -log_softmax(outputs, 1).gather(1, classes)
            }
        }; // [labels, 1]
        let count = targets.iter().filter(|target| !target.is_nan()).count() as f64;
        Loss { sum: (each * column(weights)).sum(), weight: total, count }
    }
}

/// The representations of `<cls>`.
///
/// # Shapes
/// - returns: `[sequences, dim]`
fn cls(hidden: Tensor<2>, packed: &Packed) -> Tensor<2> {
    let rows: Vec<i64> = packed.spans().map(|span| span.start as i64).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows.clone(), [rows.len()]), &hidden.device());
    hidden.select(0, rows)
}

/// Means over the bases of each sequence.
///
/// # Shapes
/// - returns: `[sequences, dim]`
fn means(hidden: &Tensor<2>, packed: &Packed) -> Tensor<2> {
    let dim = hidden.dims()[1];
    let mean = |span: Range<usize>| hidden.clone().slice([span.start + 1..span.end - 1, 0..dim]).mean_dim(0);
    Tensor::cat(packed.spans().map(mean).collect(), 0)
}

/// The representations of all bases.
///
/// # Shapes
/// - returns: `[bases, dim]`
fn bases(hidden: Tensor<2>, packed: &Packed) -> Tensor<2> {
    let rows: Vec<i64> = packed.spans().flat_map(|span| span.start as i64 + 1..span.end as i64 - 1).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows.clone(), [rows.len()]), &hidden.device());
    hidden.select(0, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(aim: Aim, weights: Option<Vec<f32>>) -> Labels {
        let example = Example { id: "x".into(), sequence: b"ACGU".to_vec(), targets: vec![0.0] };
        let options = LabelOptions { batch: 1, weights, dropout: 0.0, map_dropout: 0.0, chosen_by: None };
        Labels::new(vec![example], Vec::new(), (Readout::Whole(Pooling::Cls), aim), &options, 0, Share::default())
            .unwrap()
    }

    fn loss(task: &Labels, outputs: &[f32], targets: &[f32]) -> f64 {
        let shape = [targets.len(), outputs.len() / targets.len()];
        let outputs = Tensor::<2>::from_data(TensorData::new(outputs.to_vec(), shape), &Device::flex());
        let Loss { sum, weight, .. } = task.loss_of(outputs, targets);
        f64::from(sum.into_scalar::<f32>()) / weight
    }

    #[test]
    fn losses_are_as_worked_by_hand() {
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
        let scaler = Scaler { mean: 2.0, std: 4.0 };
        // Targets 2 and 6 are 0 and 1 after scaling.
        close(loss(&task(Aim::Number(scaler), None), &[0.5, 3.0], &[2.0, 6.0]), (0.25 + 4.0) / 2.0);
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let yes_no = -(sigmoid(2.0).ln() + (1.0 - sigmoid(-1.0)).ln()) / 2.0;
        close(loss(&task(Aim::YesNo, None), &[2.0, -1.0], &[1.0, 0.0]), yes_no);
        let names = vec!["a".to_owned(), "b".into()];
        // log(1 + e) − 1 for a row of (0, 1) and class 1, log 2 for one of (3, 3).
        let classes = [1f64.exp().ln_1p() - 1.0, 2f64.ln()];
        close(
            loss(&task(Aim::Classes(names.clone()), None), &[0.0, 1.0, 3.0, 3.0], &[1.0, 0.0]),
            (classes[0] + classes[1]) / 2.0,
        );
        let weighted = task(Aim::Classes(names), Some(vec![3.0, 1.0]));
        close(loss(&weighted, &[0.0, 1.0, 3.0, 3.0], &[1.0, 0.0]), (classes[0] + 3.0 * classes[1]) / 4.0);
    }

    #[test]
    fn validation_data_that_do_not_fit_are_named_before_training() {
        let example = |id: &str, len| Example { id: id.into(), sequence: vec![b'A'; len], targets: vec![0.0] };
        let aim = Aim::Classes(vec!["a".into(), "b".into()]);
        let task = Labels::trial(vec![example("x", 5), example("y", 9)], (Readout::Whole(Pooling::Cls), aim));
        let head = Some(HeadConfig::Family { hidden: 8, classes: 2 });
        let config = ModelConfig { head, ..ModelConfig::pretrained(rinalmo_model::EncoderConfig::new(4, 1, 1)) };
        let needed = |len| memory::predict(&config, len, true);
        assert_eq!(task.afford(&config, true, needed(9)), Ok(()));
        let found = task.afford(&config, true, needed(9) - 1).unwrap_err();
        assert_eq!((found.id.as_str(), found.needed, found.fits, found.count), ("y", needed(9), 8, 1));
        assert!(found.to_string().starts_with("`y` of 9 nt needs 1 MiB for its vectors, 0 MiB are allowed"), "{found}");
    }

    #[test]
    fn items_without_a_label_do_not_count() {
        let task = task(Aim::Number(Scaler { mean: 0.0, std: 1.0 }), None);
        assert_eq!(loss(&task, &[1.0, 100.0], &[0.0, f32::NAN]), 1.0);
    }
}
