//! Compares our outputs with another implementation's, for golden.rs and fixtures.rs.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};

use rinalmo::checkpoint::{Checkpoint, Layout, OpenOptions, WriteOptions};
use rinalmo::{Device, FoldOptions, Model, Precision};
use rinalmo_kernels::Level;
use rinalmo_model::cpu::CpuModel;
use rinalmo_model::{HeadConfig, Network, OnDevice, Packed, Pooling};
use rinalmo_seq::alphabet::{PAD, Token};
use rinalmo_seq::tokenizer::tokenize;
use rinalmo_weights::Scaler;
use safetensors::SafeTensors;
use serde::Deserialize;

/// The largest error of f32, relative to the largest value of an output. Sums in another order stay below it: we
/// measured at most 3.0e-6 against f64 (structure logits; 1.6e-6 without them).
pub const F32: f32 = 1e-5;
/// The largest error of bf16, for stored weights and for products: it has 8 bits, and random weights spread its
/// rounding. We measured at most 3.1e-2.
pub const BF16: f32 = 5e-2;

/// The device to test.
pub fn device() -> Device {
    let name = std::env::var("RINALMO_TEST_DEVICE").unwrap_or("cpu".to_owned());
    Device::open(name.parse().unwrap()).unwrap()
}

/// What computes a model.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Its tensors, on the device.
    Tensors,
    /// The CPU's kernels.
    Kernels(Precision),
}

impl Way {
    pub const F32: [Self; 2] = [Self::Tensors, Self::Kernels(Precision::F32)];

    pub fn network(self, checkpoint: &Checkpoint) -> Box<dyn Network> {
        let load = |device: &Device| rinalmo_weights::load(checkpoint, device.burn()).unwrap();
        match self {
            Self::Tensors => Box::new(OnDevice::new(load(&device()), device().burn().clone())),
            Self::Kernels(precision) => {
                Box::new(CpuModel::new(load(&Device::cpu()), precision, Level::current().unwrap()))
            }
        }
    }
}

/// Asserts that no error is larger than `bound`, relative to the largest expected value, and prints the largest error.
#[track_caller]
pub fn close(what: &str, found: &[f32], expected: &[f32], bound: f32) -> f32 {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    let scale = expected.iter().fold(f32::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / scale).enumerate();
    let (at, largest) =
        differences.fold((0, 0.0), |worst, (i, d)| if d > worst.1 || d.is_nan() { (i, d) } else { worst });
    println!("{what}: off by {largest:.1e} of the largest value, {scale:.2}");
    assert!(
        largest <= bound,
        "{what}: off by {largest:.1e} of the largest value at {at}: {} and {}",
        found[at],
        expected[at]
    );
    largest
}

/// The other implementation's outputs by name.
pub struct Expected(Vec<u8>);

impl Expected {
    pub fn read(path: &Path) -> Self {
        Self(std::fs::read(path).unwrap())
    }

    fn bytes(&self, name: &str) -> (Vec<usize>, Vec<u8>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap();
        (tensor.shape().to_vec(), tensor.data().to_vec())
    }

    pub fn floats(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let (shape, bytes) = self.bytes(name);
        (shape, bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect())
    }

    fn integers(&self, name: &str) -> (Vec<usize>, Vec<i64>) {
        let (shape, bytes) = self.bytes(name);
        (shape, bytes.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect())
    }

    /// A padded batch of tokens, without its padding.
    fn tokens(&self, name: &str) -> Vec<Vec<Token>> {
        let (shape, values) = self.integers(name);
        let row = |row: &[i64]| row.iter().map(|&t| t as Token).filter(|&t| t != PAD).collect();
        values.chunks_exact(shape[1]).map(row).collect()
    }

    /// Rows of a padded batch, `[items, len, width]`, without its padding, end to end.
    fn rows(&self, name: &str, batch: &Packed) -> Vec<f32> {
        let (shape, values) = self.floats(name);
        let item = shape[1] * shape[2];
        let lengths = batch.lengths().iter().enumerate();
        lengths.flat_map(|(i, len)| values[i * item..i * item + len * shape[2]].to_vec()).collect()
    }

    /// The pairs of a structure, sorted.
    fn pairs(&self, name: &str) -> Vec<(usize, usize)> {
        let values = self.integers(name).1;
        let mut pairs: Vec<_> = values.chunks_exact(2).map(|pair| (pair[0] as usize, pair[1] as usize)).collect();
        pairs.sort_unstable();
        pairs
    }
}

/// The metadata of the outputs.
#[derive(Deserialize)]
pub struct Meta {
    num_heads: usize,
    pub sequences: Vec<String>,
    /// The threshold in the file of the structure model.
    ss_threshold: f32,
    /// The thresholds that the structures were decoded with.
    ss_thresholds: Vec<f32>,
    /// Tokens that sequences were padded to for ribosome loads.
    mrl_padding: usize,
    mrl_mean: f32,
    mrl_std: f32,
    /// The sequences with attention weights.
    attention_sequences: Vec<usize>,
}

/// A folder of checkpoints in the released layout, and of another implementation's outputs.
pub struct References {
    pub folder: PathBuf,
    pub expected: Expected,
    pub meta: Meta,
}

impl References {
    /// Keys that are missing in `meta.json` are taken from `unsaid`.
    pub fn open(folder: PathBuf, unsaid: serde_json::Value) -> Self {
        let text = std::fs::read_to_string(folder.join("meta.json")).unwrap();
        let mut meta: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap();
        meta.extend(unsaid.as_object().unwrap().clone());
        let meta = serde_json::from_value(meta.into()).unwrap();
        Self { expected: Expected::read(&folder.join("expected.safetensors")), folder, meta }
    }

    pub fn checkpoint(&self, path: &Path) -> Checkpoint {
        let options = OpenOptions::default().heads(self.meta.num_heads);
        Checkpoint::open(path, &options).unwrap()
    }

    pub fn model(&self, path: &Path) -> Model {
        Model::from_checkpoint(self.checkpoint(path), Some(Precision::F32), &device()).unwrap()
    }

    /// Writes the checkpoint at `from` once more, as `to`.
    pub fn convert(&self, from: &Path, to: PathBuf, options: &WriteOptions) -> PathBuf {
        self.checkpoint(from).write(&to, options).unwrap();
        to
    }

    /// Compares everything that the checkpoint computes, in all these ways. Returns the names of the outputs.
    #[track_caller]
    pub fn compare(&self, path: &Path, ways: &[Way], bound: f32) -> Vec<&'static str> {
        let checkpoint = self.checkpoint(path);
        let label = path.file_name().unwrap().to_string_lossy();
        let mut compared = Vec::new();
        for way in ways {
            let (network, label) = (way.network(&checkpoint), format!("{label}, {way:?}"));
            compared = vec!["representation"];
            self.compare_rows(&*network, checkpoint.config.mlm, &label, bound);
            if checkpoint.config.mlm {
                compared.push("logits");
            }
            if let Some(head) = &checkpoint.config.head {
                compared.push(head.task());
                self.compare_head(&*network, head, &label, bound);
            }
        }
        compared
    }

    #[track_caller]
    fn compare_rows(&self, network: &dyn Network, mlm: bool, label: &str, bound: f32) {
        for prefix in ["", "masked_"] {
            let batch = Packed::new(self.expected.tokens(&format!("{prefix}tokens")));
            let hidden = network.encode(&batch);
            let name = format!("{prefix}representation");
            close(&format!("{label}: {name}"), &hidden.values(), &self.expected.rows(&name, &batch), bound);
            if mlm {
                let name = format!("{prefix}logits");
                let logits = network.token_logits(&hidden);
                close(&format!("{label}: {name}"), &logits, &self.expected.rows(&name, &batch), bound);
            }
        }
    }

    #[track_caller]
    fn compare_head(&self, network: &dyn Network, head: &HeadConfig, label: &str, bound: f32) {
        let batch = Packed::new(self.expected.tokens("tokens"));
        let hidden = network.encode(&batch);
        let cls = || hidden.pool(&batch, Pooling::Cls);
        let compare = |name: &str, found: &[f32]| {
            close(&format!("{label}: {name}"), found, &self.expected.floats(name).1, bound);
        };
        match head {
            HeadConfig::Structure { .. } => {
                for (i, (sequence, bases)) in self.meta.sequences.iter().zip(batch.bases()).enumerate() {
                    let logits = network.pair_logits(&hidden.rows(bases), sequence.as_bytes());
                    compare(&format!("ss_logits_{i}"), &logits);
                }
            }
            HeadConfig::Mrl { .. } => {
                compare("mrl_scaled", &network.mean_loads(&hidden, &batch, self.meta.mrl_padding));
            }
            HeadConfig::Splice { .. } => compare("splice_logits", &network.classify(&cls())),
            HeadConfig::Family { .. } => compare("ncrna_logits", &network.classify(&cls())),
            other => panic!("no published model has a {} head", other.task()),
        }
    }

    /// Compares the library's results in f32: structures, probabilities, loads.
    #[track_caller]
    pub fn compare_answers(&self, path: &Path) {
        let model = self.model(path);
        let Meta { sequences, ss_thresholds, mrl_padding, mrl_mean, mrl_std, .. } = &self.meta;
        let compare = |name: &str, found: &[f32]| {
            close(&format!("{}, answers: {name}", model.metadata().name), found, &self.expected.floats(name).1, F32);
        };
        let head = model.config().head.clone();
        match head.as_ref().map(HeadConfig::task) {
            Some("structure") => {
                for (i, (sequence, &threshold)) in sequences.iter().zip(ss_thresholds).enumerate() {
                    compare(&format!("ss_logits_{i}"), &model.pair_logits(sequence.as_bytes()).unwrap());
                    self.compare_fold(&model, i, sequence, threshold);
                }
            }
            Some("mrl") => {
                let Scaler { mean, std } = model.metadata().scaler.unwrap();
                assert!((mean - mrl_mean).abs() < 1e-6 && (std - mrl_std).abs() < 1e-6);
                let loads = model.predict_mrl(sequences, *mrl_padding).unwrap();
                compare("mrl", &loads);
            }
            Some("splice") => {
                let sites = model.predict_splice(sequences).unwrap();
                compare("splice_logits", &sites.into_iter().map(|site| site.logit).collect::<Vec<_>>());
            }
            Some("family") => {
                let families = model.predict_family(sequences).unwrap();
                let logits = families.into_iter().flat_map(|family| family.logits);
                compare("ncrna_logits", &logits.collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    /// The structure, equal; probabilities.
    #[track_caller]
    fn compare_fold(&self, model: &Model, i: usize, sequence: &str, threshold: f32) {
        let options = FoldOptions::default().threshold(threshold).probabilities(true);
        let fold = &model.fold(&[sequence], &options).unwrap()[0];
        let pairs: Vec<_> = fold.pairs.iter().map(|&(i, j, _)| (i, j)).collect();
        assert_eq!(pairs, self.expected.pairs(&format!("ss_pairs_{i}")), "pairs of sequence {i}");
        let mut expected: Vec<f32> = self.expected.floats(&format!("ss_logits_{i}")).1;
        expected.iter_mut().for_each(|logit| *logit = 1.0 / (1.0 + (-*logit).exp()));
        expected.iter_mut().step_by(sequence.len() + 1).for_each(|diagonal| *diagonal = 0.0);
        close(&format!("probabilities of {i}"), &fold.probabilities.as_ref().unwrap().values, &expected, F32);
    }

    /// The threshold that the structure model's file holds.
    #[track_caller]
    pub fn compare_threshold(&self, path: &Path) {
        let found = self.checkpoint(path).meta.threshold.unwrap();
        assert!((found - self.meta.ss_threshold).abs() < 1e-6, "{found}");
    }

    /// Compares attention weights of the masked-language model, in every block and head.
    #[track_caller]
    pub fn compare_attentions(&self, path: &Path) {
        let (shape, values) = self.expected.floats("attentions"); // [items, blocks, heads, len, len]
        let at = |i: usize, block: usize, head: usize, q: usize, k: usize| {
            values[(((i * shape[1] + block) * shape[2] + head) * shape[3] + q) * shape[4] + k]
        };
        let sequences = self.meta.attention_sequences.iter().map(|&i| tokenize(self.meta.sequences[i].as_bytes()));
        let batch = Packed::new(sequences);
        for way in Way::F32 {
            let (_, maps) = way.network(&self.checkpoint(path)).encode_with_attentions(&batch);
            assert_eq!(maps.len(), shape[1], "blocks");
            for (block, sequences) in maps.into_iter().enumerate() {
                for (i, found) in sequences.into_iter().enumerate() {
                    let (heads, len) = (shape[2], batch.lengths()[i]);
                    let places = (0..heads).flat_map(|h| (0..len).flat_map(move |q| (0..len).map(move |k| (h, q, k))));
                    let expected: Vec<f32> = places.map(|(h, q, k)| at(i, block, h, q, k)).collect();
                    close(&format!("{way:?}: attentions of sequence {i}, block {block}"), &found, &expected, F32);
                }
            }
        }
    }

    /// Converts a checkpoint to our format, to the released one and to a folder of ours, and compares each.
    #[track_caller]
    pub fn compare_conversions(&self, path: &Path, outputs: &[&str]) {
        let temporary = tempfile::tempdir().unwrap();
        let mut last = path.to_owned();
        for (name, layout) in
            [("own.safetensors", Layout::Own), ("official.safetensors", Layout::Official), ("own", Layout::OwnFolder)]
        {
            let options = WriteOptions::default().layout(layout);
            last = self.convert(&last, temporary.path().join(name), &options);
            assert_eq!(self.compare(&last, &Way::F32, F32), outputs, "{name}");
            self.compare_answers(&last);
        }
    }
}
