//! The golden ladder: every output of two independent reference implementations (the authors'
//! released code and multimolecule 0.2.2) on random-weight checkpoints of width 80.
//!
//! Needs `../shared/fixtures` beside the project and skips without it. With `--nocapture` the
//! largest difference of each output is printed. `RINALMO_TEST_DEVICE` names another device than
//! the CPU.

use std::path::{Path, PathBuf};

use rinalmo::checkpoint::{Checkpoint, Layout, OpenOptions, WriteOptions};
use rinalmo::sink::Kind;
use rinalmo::{Device, EmbedOptions, FoldOptions, Model, Precision};
use rinalmo_kernels::Level;
use rinalmo_model::cpu::CpuModel;
use rinalmo_model::{Network, OnDevice, Packed};
use rinalmo_seq::alphabet::{PAD, Token};
use rinalmo_seq::tokenizer::{MULTIMOLECULE_28, rows_from, tokenize};
use safetensors::SafeTensors;

/// Both references agree with each other to 1.5e-6; f32 sums in another order stay far below.
const F32_OUTPUT: f32 = 1e-4;

fn fixtures() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    if !path.is_dir() {
        println!("skipped: {} is missing", path.display());
        return None;
    }
    Some(path)
}

/// The device to look at.
fn device() -> Device {
    let name = std::env::var("RINALMO_TEST_DEVICE").unwrap_or("cpu".to_owned());
    Device::open(name.parse().unwrap()).unwrap()
}

/// Reference outputs by name.
struct Expected(Vec<u8>);

impl Expected {
    fn read(path: &Path) -> Self {
        Self(std::fs::read(path).unwrap())
    }

    fn bytes(&self, name: &str) -> (Vec<usize>, Vec<u8>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap();
        (tensor.shape().to_vec(), tensor.data().to_vec())
    }

    fn floats(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
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
}

/// The sequences and thresholds of the official fixture.
fn meta(folder: &Path) -> (Vec<String>, Vec<f32>) {
    let text = std::fs::read_to_string(folder.join("meta.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let sequences = json["sequences"].as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect();
    let thresholds = json["ss_thresholds"].as_array().unwrap().iter().map(|t| t.as_f64().unwrap() as f32).collect();
    (sequences, thresholds)
}

fn open(path: &Path) -> Model {
    let checkpoint = Checkpoint::open(path, &OpenOptions { heads: Some(4), ..OpenOptions::default() }).unwrap();
    Model::from_checkpoint(checkpoint, Some(Precision::F32), &device()).unwrap()
}

/// Everything that can compute the model: its tensors on the device, and the CPU's kernels.
fn networks(path: &Path) -> [(&'static str, Box<dyn Network>); 2] {
    let checkpoint = Checkpoint::open(path, &OpenOptions { heads: Some(4), ..OpenOptions::default() }).unwrap();
    let load = |device: &Device| rinalmo_weights::load(&checkpoint, device.burn()).unwrap();
    let tensors = OnDevice::new(load(&device()), device().burn().clone());
    let kernels = CpuModel::new(load(&Device::cpu()), Precision::F32, Level::current().unwrap());
    [("tensors", Box::new(tensors)), ("kernels", Box::new(kernels))]
}

/// Compares and prints the largest difference.
#[track_caller]
fn close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).enumerate();
    let (at, largest) =
        differences.fold((0, 0.0), |worst, (i, d)| if d > worst.1 || d.is_nan() { (i, d) } else { worst });
    println!("{what}: largest difference {largest:.2e}");
    assert!(largest < F32_OUTPUT, "{what}: differs by {largest:.2e} at {at}: {} and {}", found[at], expected[at]);
}

/// A padded reference `[items, len, width]` without its padding, end to end.
fn unpadded(expected: &(Vec<usize>, Vec<f32>), batch: &Packed) -> Vec<f32> {
    let (shape, values) = expected;
    let item = shape[1] * shape[2];
    let lengths = batch.lengths().iter().enumerate();
    lengths.flat_map(|(i, len)| values[i * item..i * item + len * shape[2]].to_vec()).collect()
}

#[track_caller]
fn check_encoder(path: &Path, expected: &Expected, label: &str) {
    for (by, network) in networks(path) {
        for prefix in ["", "masked_"] {
            let batch = Packed::new(expected.tokens(&format!("{prefix}tokens")));
            let hidden = network.encode(&batch);
            let reference = expected.floats(&format!("{prefix}representation"));
            close(&format!("{label}, {by}: {prefix}representation"), &hidden, &unpadded(&reference, &batch));
            let logits = network.token_logits(&hidden);
            let reference = expected.floats(&format!("{prefix}logits"));
            close(&format!("{label}, {by}: {prefix}logits"), &logits, &unpadded(&reference, &batch));
        }
    }
}

#[test]
fn representation_logits_and_attentions_match_the_official_code() {
    let Some(folder) = fixtures().map(|path| path.join("official")) else { return };
    let expected = Expected::read(&folder.join("expected.safetensors"));
    let path = folder.join("tiny_pretrained.pt");
    check_encoder(&path, &expected, "official");

    let batch = Packed::new(expected.tokens("tokens"));
    let (shape, values) = expected.floats("attentions"); // [items, blocks, heads, len, len]
    let at = |i: usize, block: usize, head: usize, q: usize, k: usize| {
        values[(((i * shape[1] + block) * shape[2] + head) * shape[3] + q) * shape[4] + k]
    };
    for (by, network) in networks(&path) {
        let (_, maps) = network.encode_with_attentions(&batch);
        for (block, sequences) in maps.into_iter().enumerate() {
            for (i, found) in sequences.into_iter().enumerate() {
                let (heads, len) = (shape[2], batch.lengths()[i]);
                let reference = (0..heads).flat_map(|h| (0..len).flat_map(move |q| (0..len).map(move |k| (h, q, k))));
                let reference: Vec<f32> = reference.map(|(h, q, k)| at(i, block, h, q, k)).collect();
                close(&format!("official, {by}: attentions of sequence {i}, block {block}"), &found, &reference);
            }
        }
    }
}

#[test]
fn structures_match_the_official_code() {
    let Some(folder) = fixtures().map(|path| path.join("official")) else { return };
    let expected = Expected::read(&folder.join("expected.safetensors"));
    let (sequences, thresholds) = meta(&folder);
    let path = folder.join("tiny_ss_ft.pt");
    let model = open(&path);
    assert!((model.threshold() - 0.17).abs() < 1e-6);
    for (by, network) in networks(&path) {
        for (i, sequence) in sequences.iter().enumerate() {
            let batch = Packed::new([tokenize(sequence.as_bytes())]);
            let hidden = network.encode(&batch);
            let dim = hidden.len() / batch.total();
            let logits = network.pair_logits(&hidden[dim..hidden.len() - dim], sequence.as_bytes());
            let reference = expected.floats(&format!("ss_logits_{i}")).1;
            close(&format!("official, {by}: structure logits {i}"), &logits, &reference);
        }
    }
    for (i, (sequence, &threshold)) in sequences.iter().zip(&thresholds).enumerate() {
        let logits = model.pair_logits(sequence.as_bytes()).unwrap();
        close(&format!("official: structure logits {i}"), &logits, &expected.floats(&format!("ss_logits_{i}")).1);

        let options = FoldOptions { threshold: Some(threshold), ..FoldOptions::default() };
        let fold = &model.fold(&[sequence], &options).unwrap()[0];
        let found: Vec<i64> = fold.pairs.iter().flat_map(|&(i, j, _)| [i as i64, j as i64]).collect();
        let mut reference: Vec<_> =
            expected.integers(&format!("ss_pairs_{i}")).1.chunks(2).map(<[_]>::to_vec).collect();
        reference.sort();
        assert_eq!(found, reference.concat(), "pairs of sequence {i}");
        println!("official: structure {i}: {} pairs, equal", fold.pairs.len());
    }
}

#[test]
fn ribosome_load_matches_the_official_code() {
    let Some(folder) = fixtures().map(|path| path.join("official")) else { return };
    let expected = Expected::read(&folder.join("expected.safetensors"));
    let (sequences, _) = meta(&folder);
    let model = open(&folder.join("tiny_mrl_ft.pt"));
    let scaler = model.metadata().scaler.unwrap();
    assert!((scaler.mean - 6.1).abs() < 1e-6 && (scaler.std - 1.7).abs() < 1e-6);
    let loads: Result<Vec<f32>, _> = model.predict_ribosome_load(&sequences, 103).unwrap().into_iter().collect();
    close("official: ribosome load", &loads.unwrap(), &expected.floats("mrl").1);

    for (by, network) in networks(&folder.join("tiny_mrl_ft.pt")) {
        let batch = Packed::new(expected.tokens("tokens"));
        let scaled = network.ribosome_loads(&network.encode(&batch), &batch, 103);
        close(&format!("official, {by}: ribosome load before the scaler"), &scaled, &expected.floats("mrl_scaled").1);
    }
}

#[test]
fn splice_sites_and_families_match_the_official_code() {
    let Some(folder) = fixtures().map(|path| path.join("official")) else { return };
    let expected = Expected::read(&folder.join("expected.safetensors"));
    let (sequences, _) = meta(&folder);
    let sites = open(&folder.join("tiny_splice_ft.pt")).predict_splice(&sequences).unwrap();
    let logits: Vec<f32> = sites.into_iter().map(|site| site.unwrap().logit).collect();
    close("official: splice logits", &logits, &expected.floats("splice_logits").1);

    let families = open(&folder.join("tiny_ncrna_ft.pt")).predict_family(&sequences).unwrap();
    let logits: Vec<f32> = families.into_iter().flat_map(|family| family.unwrap().logits).collect();
    close("official: family logits", &logits, &expected.floats("ncrna_logits").1);
}

#[test]
fn outputs_match_multimolecule() {
    let Some(folder) = fixtures() else { return };
    let (sequences, _) = meta(&folder.join("official"));
    let expected = Expected::read(&folder.join("multimolecule/expected.safetensors"));
    let model = open(&folder.join("multimolecule"));
    let options = EmbedOptions { include: vec![Kind::Tokens, Kind::Cls, Kind::Logits], ..EmbedOptions::default() };
    let embeddings = model.embed(&sequences, &options).unwrap();
    let (hidden_shape, hidden) = expected.floats("last_hidden_state");
    let (logits_shape, logits) = expected.floats("logits");
    let theirs = rows_from(&MULTIMOLECULE_28);
    for (i, (sequence, embedding)) in sequences.iter().zip(&embeddings).enumerate() {
        let row = |shape: &[usize], values: &[f32], token: usize| {
            let start = (i * shape[1] + token) * shape[2];
            values[start..start + shape[2]].to_vec()
        };
        let cls = row(&hidden_shape, &hidden, 0);
        close(&format!("multimolecule: <cls> of {i}"), &embedding.get(Kind::Cls).unwrap().data, &cls);
        let tokens: Vec<f32> = (1..=sequence.len()).flat_map(|t| row(&hidden_shape, &hidden, t)).collect();
        close(&format!("multimolecule: tokens of {i}"), &embedding.get(Kind::Tokens).unwrap().data, &tokens);
        // Their vocabulary has every token of ours.
        let picked = |t: usize| theirs.map(|column| row(&logits_shape, &logits, t)[column.unwrap()]);
        let logits: Vec<f32> = (1..=sequence.len()).flat_map(picked).collect();
        close(&format!("multimolecule: logits of {i}"), &embedding.get(Kind::Logits).unwrap().data, &logits);
    }
}

#[test]
fn conversion_there_and_back_keeps_every_output() {
    let Some(folder) = fixtures() else { return };
    let expected = Expected::read(&folder.join("official/expected.safetensors"));
    let temporary = tempfile::tempdir().unwrap();
    let convert = |from: &Path, to: &str, layout| {
        let to = temporary.path().join(to);
        let checkpoint = Checkpoint::open(from, &OpenOptions { heads: Some(4), ..OpenOptions::default() }).unwrap();
        checkpoint.write(&to, &WriteOptions { layout, ..WriteOptions::default() }).unwrap();
        to
    };
    let ours = convert(&folder.join("official/tiny_pretrained.pt"), "ours.safetensors", Layout::Own);
    let theirs = convert(&ours, "official.safetensors", Layout::Official);
    let again = convert(&theirs, "again", Layout::OwnFolder);
    for (path, label) in [(&ours, "ours"), (&theirs, "ours → official"), (&again, "→ ours again")] {
        check_encoder(path, &expected, label);
    }
    let ours = convert(&folder.join("official/tiny_ss_ft.pt"), "ss.safetensors", Layout::Own);
    let theirs = convert(&ours, "ss-official.safetensors", Layout::Official);
    for path in [&ours, &theirs] {
        let model = open(path);
        assert!((model.threshold() - 0.17).abs() < 1e-6, "the threshold travels along");
        let logits = model.pair_logits(meta(&folder.join("official")).0[3].as_bytes()).unwrap();
        close("structure logits after conversion", &logits, &expected.floats("ss_logits_3").1);
    }
    let from_multimolecule = convert(&folder.join("multimolecule"), "mm.safetensors", Layout::Own);
    check_encoder(&from_multimolecule, &expected, "multimolecule → ours");
}

#[test]
fn batch_mates_change_nothing() {
    let Some(folder) = fixtures().map(|path| path.join("official")) else { return };
    let (sequences, _) = meta(&folder);
    let model = open(&folder.join("tiny_ss_ft.pt"));
    let options = EmbedOptions { include: vec![Kind::Tokens, Kind::Mean, Kind::Logits], ..EmbedOptions::default() };
    let together = model.embed(&sequences, &options).unwrap();
    for (sequence, together) in sequences.iter().zip(&together) {
        let alone = &model.embed(&[sequence], &options).unwrap()[0];
        for (a, b) in alone.arrays.iter().zip(&together.arrays) {
            close(&format!("{} alone and together", a.kind), &a.data, &b.data);
        }
    }
}
