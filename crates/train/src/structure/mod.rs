//! Secondary structure: which positions pair (RiNALMo, Methods, "Secondary structure prediction").
//!
//! The loss of a structure is the mean binary cross-entropy over the strict upper triangle of its map, in which every
//! pair of the reference is 1, also in pseudoknots and multiplets. The loss of a batch or a step is the mean over its
//! structures, whatever their lengths, so a step of several structures is the mean of the paper's steps of one. If the
//! head's map belongs to an ensemble of energies, the loss is another one ([`likelihood`]).
//!
//! If items have weights, structures count by weight. If items have clusters, an epoch draws one item per cluster, so a
//! thousand copies of an rRNA count as one structure. The head runs on one map at a time, because its instance norms
//! are over a whole map.
//!
//! A validation decodes at about thirty thresholds, 0.01 to 0.29 or 0.59, with the decoder of the config, and stores
//! the best one with the weights. The best has the highest mean relaxed F1, as in the released code, or the number of
//! predicted pairs nearest to that of the reference, as in the paper.

mod likelihood;
mod threshold;
mod validation;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rinalmo_corpus::random::Random;
use rinalmo_corpus::sample::Position;
use rinalmo_decode::Method;
use rinalmo_energy::BuiltIn;
use rinalmo_model::{HeadConfig, Model, ModelConfig, Packed, StructureHead, memory};
use rinalmo_seq::alphabet::Token;
use rinalmo_seq::labelled::structures::Item;
use rinalmo_seq::tokenizer::tokenize;
use rinalmo_weights::Document;
use serde::{Deserialize, Serialize};

pub use threshold::Tuning;

use crate::order::Order;
use crate::task::Batches;
use crate::{Cache, Drawn, Error, Loading, Loss, Pass, Share, Task, Unaffordable, Validation};

/// Key of the random stream that draws a cluster's member, different from other keys. An arbitrary number.
const MEMBER: u64 = 0x3e3b_e12f;

/// Most bases whose energies are computed for a window, because the time grows with the cube of their number.
const SURROUNDINGS: usize = 1500;

/// Options of batches for fine-tuning on structures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StructureConfig {
    /// Structures in a batch.
    pub batch: usize,
    /// Longer sequences are left out; by default none are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_len: Option<usize>,
    /// From longer sequences a window of this many bases is drawn each epoch, with the pairs inside it; by default the
    /// whole sequence is used. Validation always uses whole sequences. Energies are those of the whole sequence, or, if
    /// it has more than 1,500 nt, of that many bases around the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<usize>,
    /// Whether the head also gets the pair probabilities of an energy model, see [`rinalmo_model::pair_features`]; not
    /// by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<bool>,
    /// Energies whose ensemble the head's map belongs to. Then what it says of a pair is a bonus beside the energies of
    /// loops, and it learns from the likelihood of whole structures ([`rinalmo_energy::EnergyModel::likelihood`]). By
    /// default pairs are learned one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ensemble: Option<BuiltIn>,
    /// Channels of the head's map; the published number by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// Bottleneck blocks of the head; the published number by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<usize>,
    /// Whether to train on every structure that a file has for a sequence, suboptimal ones too; by default only on the
    /// first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all_structures: bool,
    /// How a validation chooses the threshold.
    pub tuning: Tuning,
    /// How validation and inference choose pairs: greedily, as published and by default, or by the best nested
    /// structure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decode: Option<Method>,
}

impl Default for StructureConfig {
    /// The paper's values.
    fn default() -> Self {
        Self {
            batch: 1,
            max_len: None,
            crop: None,
            energy: None,
            ensemble: None,
            channels: None,
            blocks: None,
            all_structures: false,
            tuning: Tuning::default(),
            decode: None,
        }
    }
}

impl StructureConfig {
    /// Whether a structure is used: its length is from 2 to `max_len` bases.
    pub fn fits(&self, item: &Item) -> bool {
        item.sequence.len() > 1 && self.max_len.is_none_or(|most| item.sequence.len() <= most)
    }

    /// How pairs are chosen.
    pub fn method(&self) -> Method {
        self.decode.unwrap_or_default()
    }

    /// The head to train.
    pub fn head(&self) -> HeadConfig {
        let mut head = HeadConfig::structure();
        if let HeadConfig::Structure { channels, blocks, energy, ensemble, .. } = &mut head {
            *channels = self.channels.unwrap_or(*channels);
            *blocks = self.blocks.unwrap_or(*blocks);
            *energy = self.energy.unwrap_or(false);
            *ensemble = self.ensemble;
        }
        head
    }
}

/// Fine-tuning on structures.
#[derive(Debug, Clone)]
pub struct Structures {
    train: Vec<Item>,
    /// Items by cluster; an epoch draws one of each.
    clusters: Vec<Vec<usize>>,
    validation: Vec<Item>,
    config: StructureConfig,
    order: Order,
    seed: u64,
    left_out: usize,
    cache: Option<Arc<Cache>>,
}

/// A structure in a batch, or a window of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The index of the structure.
    pub item: usize,
    /// The window's first base.
    pub start: usize,
    /// Its number of bases.
    pub len: usize,
}

impl Structures {
    /// Prepares the batches. `share` is this process's rank.
    ///
    /// # Errors
    /// If an option is invalid, or no structure is left to train with.
    pub fn new(
        train: Vec<Item>,
        validation: Vec<Item>,
        config: &StructureConfig,
        seed: u64,
        share: Share,
    ) -> Result<Self, Error> {
        if config.crop.is_some_and(|crop| crop < 2) {
            return Err(Error::Options("data.crop: expected a window of at least 2 bases".into()));
        }
        if config.crop.is_some() && config.ensemble.is_some() {
            let message = "data.crop: expected none with data.ensemble, whose structures are of whole sequences";
            return Err(Error::Options(message.into()));
        }
        let before = train.len() + validation.len();
        let fitting = |items: Vec<Item>| items.into_iter().filter(|item| config.fits(item)).collect::<Vec<_>>();
        let [train, validation] = [train, validation].map(fitting);
        let clusters = clusters(&train);
        let order = Order::new(clusters.len(), config.batch, seed, share)?;
        let left_out = before - train.len() - validation.len();
        Ok(Self { train, clusters, validation, config: config.clone(), order, seed, left_out, cache: None })
    }

    /// A task without training data, to evaluate a model on `items` of any length.
    pub fn trial(items: Vec<Item>) -> Self {
        let config = StructureConfig::default();
        let order = Order::new(1, 1, 0, Share::default()).expect("one item is a batch for one process");
        let (train, clusters) = (Vec::new(), Vec::new());
        Self { train, clusters, validation: items, config, order, seed: 0, left_out: 0, cache: None }
    }

    /// Uses a cache for the encoder's representations; for encoders that do not train.
    ///
    /// # Errors
    /// If windows are drawn, since there are too many different ones to store.
    pub fn cached(self, cache: Cache) -> Result<Self, Error> {
        match self.config.crop {
            None => Ok(Self { cache: Some(Arc::new(cache)), ..self }),
            Some(_) => {
                Err(Error::Options("data.crop draws new windows each epoch, which frozen.cache cannot store".into()))
            }
        }
    }

    /// Sets the threshold and the decoder of the validation.
    pub fn decoded(mut self, threshold: Option<f32>, decode: Method) -> Self {
        self.config.tuning = threshold.map_or(self.config.tuning, Tuning::Fixed);
        self.config.decode = Some(decode);
        self
    }

    /// The structures to train on.
    pub fn train(&self) -> &[Item] {
        &self.train
    }

    /// The structures to validate on.
    pub fn validation(&self) -> &[Item] {
        &self.validation
    }

    /// Number of structures that were left out: longer than `max_len`, or of a single base.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Batches of this process per epoch.
    pub fn batches_an_epoch(&self) -> usize {
        self.order.batches()
    }

    /// Number of structures per epoch: one of each cluster.
    pub fn drawn_an_epoch(&self) -> usize {
        self.clusters.len()
    }

    /// The item of a cluster that an epoch draws.
    fn member(&self, cluster: usize, epoch: u64) -> usize {
        match &self.clusters[cluster][..] {
            [only] => *only,
            several => several[Random::keyed([self.seed, MEMBER, epoch, cluster as u64]).below(several.len())],
        }
    }

    /// The window of an item in an epoch.
    fn window(&self, item: usize, epoch: u64) -> Window {
        let whole = self.train[item].sequence.len();
        match self.config.crop {
            Some(len) if len < whole => {
                let start = Random::keyed([self.seed, epoch, item as u64]).below(whole - len + 1);
                Window { item, start, len }
            }
            _ => Window { item, start: 0, len: whole },
        }
    }

    /// Whether a window starts at the start of its sequence, and whether it ends at its end.
    fn ends(&self, window: &Window) -> [bool; 2] {
        [window.start == 0, window.start + window.len == self.train[window.item].sequence.len()]
    }

    /// A window's tokens: `<cls>` is before a sequence's first base and `<eos>` after its last, never inside.
    fn tokens_of(&self, window: &Window) -> Vec<Token> {
        let (whole, [first, last]) = (tokenize(self.letters(window)), self.ends(window));
        whole[usize::from(!first)..whole.len() - usize::from(!last)].to_vec()
    }

    /// The part of the sequence from which a window's energies are computed: all of it, or [`SURROUNDINGS`] bases
    /// around the window.
    fn surroundings(&self, window: &Window) -> Range<usize> {
        let whole = self.train[window.item].sequence.len();
        let len = window.len.max(SURROUNDINGS.min(whole));
        let start = window.start.saturating_sub((len - window.len) / 2).min(whole - len);
        start..start + len
    }

    fn letters(&self, window: &Window) -> &[u8] {
        &self.train[window.item].sequence[window.start..][..window.len]
    }

    /// Cells of a window's map that are pairs, row by row.
    fn cells(&self, window: &Window) -> Vec<i64> {
        let Window { item, start, len } = *window;
        let pairs = self.train[item].structure.pairs().iter();
        let inside = pairs.filter(|(i, j)| *i >= start && *j < start + len);
        inside.map(|(i, j)| ((i - start) * len + j - start) as i64).collect()
    }
}

impl Task for Structures {
    type Batch = Vec<Window>;

    fn batches(&self, from: Position, _: Loading) -> Result<Batches<'_, Vec<Window>>, Error> {
        Ok(Box::new(self.order.from(from).map(|(at, items)| {
            let batch =
                items.into_iter().map(|cluster| self.window(self.member(cluster, at.epoch), at.epoch)).collect();
            Ok(Drawn { at, batch })
        })))
    }

    fn check(&self, config: &ModelConfig) -> Result<(), String> {
        if !matches!(config.head, Some(HeadConfig::Structure { .. })) {
            return Err("fine-tuning on structures needs a model with a structure head".into());
        }
        let drawn = |item: &Item| self.config.crop.map_or(item.sequence.len(), |crop| crop.min(item.sequence.len()));
        let longest = self.train.iter().map(drawn).chain(self.validation.iter().map(|item| item.sequence.len())).max();
        match (config.encoder.max_len(), longest) {
            (Some(most), Some(longest)) if longest + 2 > most => Err(format!(
                "a sequence of {longest} nt is longer than the {} nt this model has positions for\nhint: data.max_len",
                most.saturating_sub(2)
            )),
            _ => Ok(()),
        }
    }

    fn afford(&self, config: &ModelConfig, on_cpu: bool, budget: u64) -> Result<(), Unaffordable> {
        let items = self.validation.iter().map(|item| (item.id.as_str(), item.sequence.len()));
        Unaffordable::check(items, budget, "its map of pairs", |len| memory::pairs(config, len, on_cpu))
    }

    fn loss(&self, pass: &mut Pass<'_>, batch: &Vec<Window>) -> Loss {
        let packed = Packed::new(batch.iter().map(|window| self.tokens_of(window)));
        let hidden = match &self.cache {
            Some(cache) => {
                let items: Vec<usize> = batch.iter().map(|window| window.item).collect();
                cache.represent(pass, &items, &packed)
            }
            None => pass.encode(&packed),
        };
        let dim = hidden.dims()[1];
        let losses = packed.spans().zip(batch).map(|(span, window)| {
            let [first, last] = self.ends(window).map(usize::from);
            let bases = hidden.clone().slice([span.start + first..span.end - last, 0..dim]); // without <cls> and <eos>
            let Item { weight, sequence, .. } = &self.train[window.item];
            let around = self.surroundings(window);
            let start = window.start - around.start;
            let head = head(pass.model);
            let map = head.forward_within(bases, &sequence[around], start);
            let loss = match head.ensemble {
                Some(energies) => likelihood::loss(map, energies, &self.train[window.item]),
                None => pair_loss(map, &self.cells(window)),
            };
            loss * *weight
        });
        let weight = batch.iter().map(|window| self.train[window.item].weight).sum();
        Loss { sum: Tensor::cat(losses.collect(), 0).sum(), weight, count: batch.len() as f64 }
    }

    fn tokens(&self, batch: &Vec<Window>) -> usize {
        batch.iter().map(|window| self.tokens_of(window).len()).sum()
    }

    fn describe_batch(&self, batch: &Vec<Window>) -> String {
        let describe = |window: &Window| {
            let Item { id, sequence, .. } = &self.train[window.item];
            if window.len == sequence.len() {
                format!("{id} of {} nt", sequence.len())
            } else {
                format!("{id}, bases {} to {}", window.start + 1, window.start + window.len)
            }
        };
        batch.iter().map(describe).collect::<Vec<_>>().join("; ")
    }

    fn validate(&self, model: &Model, device: &Device, share: Share) -> Result<Validation, Error> {
        validation::validate(&self.validation, self.config.method(), model, device, share)
    }

    fn conclude(&self, validation: &mut Validation) {
        threshold::conclude(validation, self.config.tuning, self.config.method());
    }

    fn score(&self, validation: &Validation) -> Option<f64> {
        Some(-validation.part(threshold::F1)?.mean()?)
    }

    fn note(&self, validation: &Validation, document: &mut Document) {
        let chosen = validation.part(threshold::THRESHOLD).and_then(crate::Part::mean);
        document.threshold = chosen.map(|chosen| chosen as f32).or(document.threshold);
        let decode = self.config.method();
        document.decode = (decode != Method::Greedy).then(|| decode.name().to_owned());
    }
}

/// The indices of the items of each cluster, in the order of their first items. Items of weight 0 are left out.
fn clusters(items: &[Item]) -> Vec<Vec<usize>> {
    let (mut clusters, mut known) = (Vec::<Vec<usize>>::new(), HashMap::new());
    for (number, item) in items.iter().enumerate().filter(|(_, item)| item.weight > 0.0) {
        let new = clusters.len();
        match item.cluster.map_or(new, |cluster| *known.entry(cluster).or_insert(new)) {
            place if place == new => clusters.push(vec![number]),
            place => clusters[place].push(number),
        }
    }
    clusters
}

fn head(model: &Model) -> &StructureHead {
    model.structure.as_ref().expect("a trainer checks that the model has the task's head")
}

/// The mean binary cross-entropy over the strict upper triangle.
///
/// # Shapes
/// - logits: `[len, len]`
/// - pairs: cells `i · len + j` that are 1, each `i < j`
/// - returns: `[1]`
fn pair_loss(logits: Tensor<2>, pairs: &[i64]) -> Tensor<1> {
    let [len, _] = logits.dims();
    let cells = (len * (len - 1) / 2) as f64;
    // −log(1 − σ(x)) = max(x, 0) + log(1 + exp(−|x|)) for every cell, minus x for those that are pairs
    let all = (relu(logits.clone()) + logits.clone().abs().neg().exp().log1p()).triu(1).sum();
    if pairs.is_empty() {
        return all / cells;
    }
    let places = Tensor::<1, Int>::from_data(TensorData::new(pairs.to_vec(), [pairs.len()]), &logits.device());
    (all - logits.reshape([len * len]).select(0, places).sum()) / cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_seq::Structure;

    fn item(id: &str, sequence: &str, brackets: &str) -> Item {
        let structure = Structure::parse_dot_bracket(brackets).unwrap();
        Item::new(id.into(), sequence.into(), structure)
    }

    fn items() -> Vec<Item> {
        vec![item("a", "GGGAAACCC", "(((...)))"), item("b", "GGAGAAACCAC", "((.[...)).]"), item("c", "GAAAC", ".....")]
    }

    #[test]
    fn validation_data_that_do_not_fit_are_named_before_training() {
        let task = Structures::trial(items());
        let config = ModelConfig {
            head: Some(HeadConfig::structure()),
            ..ModelConfig::pretrained(rinalmo_model::EncoderConfig::new(1, 1, 1))
        };
        let needed = |len| memory::pairs(&config, len, true);
        assert_eq!(task.afford(&config, true, needed(11)), Ok(()));
        let found = task.afford(&config, true, needed(11) - 1).unwrap_err();
        assert_eq!((found.id.as_str(), found.len, found.fits, found.count), ("b", 11, 10, 1));
        assert_eq!((found.needed, found.budget), (needed(11), needed(11) - 1));
        let two = task.afford(&config, true, needed(5)).unwrap_err();
        assert_eq!((two.fits, two.count), (5, 2));
        let said = two.to_string();
        assert!(
            said.starts_with("`b` of 11 nt needs ") && said.ends_with("up to 5 nt fit, 2 of the sequences are longer"),
            "{said}"
        );
        assert_eq!(Structures::trial(Vec::new()).afford(&config, true, 0), Ok(()));
    }

    #[test]
    fn the_loss_is_the_mean_over_the_upper_triangle() {
        let device = Device::flex();
        let logits: Vec<f32> = (0..25).map(|i| ((i * 7) % 11) as f32 - 5.0).collect();
        let cells = [3, 8, 14]; // (0, 3), (1, 3), (2, 4): base 3 pairs twice
        let tensor = Tensor::<2>::from_data(TensorData::new(logits.clone(), [5, 5]), &device);
        let found = f64::from(pair_loss(tensor, &cells).into_scalar::<f32>());
        let upper = (0..5).flat_map(|i| (i + 1..5).map(move |j| 5 * i + j));
        let expected: f64 = upper
            .map(|cell| {
                let p = 1.0 / (1.0 + (-f64::from(logits[cell])).exp());
                -(if cells.contains(&(cell as i64)) { p } else { 1.0 - p }).ln()
            })
            .sum();
        assert!((found - expected / 10.0).abs() < 1e-6, "{found}, expected {}", expected / 10.0);
    }

    #[test]
    fn a_window_holds_the_pairs_within_it_and_moves_with_the_epoch() {
        let config = StructureConfig { crop: Some(8), ..StructureConfig::default() };
        let task = Structures::new(items(), Vec::new(), &config, 3, Share::default()).unwrap();
        let starts: Vec<usize> = (0..32).map(|epoch| task.window(1, epoch).start).collect();
        assert_eq!((0..4).map(|start| starts.contains(&start)).collect::<Vec<_>>(), [true; 4]);
        assert_eq!(task.window(1, 7), task.window(1, 7));
        assert_eq!(task.window(2, 0), Window { item: 2, start: 0, len: 5 });
        let window = Window { item: 1, start: 1, len: 8 };
        assert_eq!((task.letters(&window), task.cells(&window)), (&b"GAGAAACC"[..], vec![6])); // of (0, 8), (1, 7), (3, 10)
    }

    #[test]
    fn special_tokens_are_only_at_ends_of_sequences() {
        let task = Structures::new(items(), Vec::new(), &StructureConfig::default(), 0, Share::default()).unwrap();
        let tokens = |start, len| task.tokens_of(&Window { item: 1, start, len });
        let whole = tokenize(b"GGAGAAACCAC");
        assert_eq!(tokens(0, 11), whole);
        assert_eq!(tokens(0, 8), whole[..9]);
        assert_eq!(tokens(3, 8), whole[4..]);
        assert_eq!(tokens(2, 6), whole[3..9]);
    }

    #[test]
    fn energies_are_those_of_the_whole_sequence_or_of_a_long_part_around_the_window() {
        let sequence = "A".repeat(4000).into_bytes();
        let long = Item::new("long".into(), sequence, Structure::unpaired(4000));
        let task = Structures::new(vec![long], Vec::new(), &StructureConfig::default(), 0, Share::default()).unwrap();
        let around = |start, len| task.surroundings(&Window { item: 0, start, len });
        assert_eq!(around(2000, 300), 1400..2900);
        assert_eq!((around(0, 300), around(3700, 300)), (0..1500, 2500..4000));
        assert_eq!(around(1000, 2000), 1000..3000);
        let short = Structures::new(items(), Vec::new(), &StructureConfig::default(), 0, Share::default()).unwrap();
        assert_eq!(short.surroundings(&Window { item: 1, start: 2, len: 6 }), 0..11);
    }

    #[test]
    fn an_epoch_draws_one_of_each_cluster_and_each_of_them_some_time() {
        let cluster = |item: Item, cluster| Item { cluster, ..item };
        let [a, b, c] = <[Item; 3]>::try_from(items()).unwrap();
        let alike = vec![cluster(a, Some(5)), cluster(b, None), cluster(c, Some(5))];
        let task = Structures::new(alike, Vec::new(), &StructureConfig::default(), 1, Share::default()).unwrap();
        assert_eq!((task.drawn_an_epoch(), task.batches_an_epoch()), (2, 2));
        let drawn: Vec<usize> = (0..16).map(|epoch| task.member(0, epoch)).collect();
        assert!(drawn.contains(&0) && drawn.contains(&2) && !drawn.contains(&1), "{drawn:?}");
        assert_eq!(task.member(1, 3), 1);
    }

    #[test]
    fn long_sequences_are_left_out_and_counted() {
        let config = StructureConfig { max_len: Some(9), ..StructureConfig::default() };
        let task = Structures::new(items(), items(), &config, 0, Share::default()).unwrap();
        assert_eq!((task.train().len(), task.validation().len(), task.left_out()), (2, 2, 2));
        let none = StructureConfig { max_len: Some(4), ..StructureConfig::default() };
        assert!(Structures::new(items(), Vec::new(), &none, 0, Share::default()).is_err());
    }
}
