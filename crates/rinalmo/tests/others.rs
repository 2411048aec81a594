//! Compares encoders of other papers with their own libraries' outputs, for random weights: RNA-FM, SpliceBERT and
//! ERNIE-RNA as multimolecule saves them, SpliceBERT as its authors saved it, by transformers' BERT, and RNA-FM as its authors did.
//!
//! [`make_others.py`] made the checkpoints and what is expected of them; [`make_rna_fm.py`] the last.
//!
//! [`make_others.py`]: golden/make_others.py
//! [`make_rna_fm.py`]: golden/make_rna_fm.py

mod common;

use std::path::{Path, PathBuf};

use common::{Expected, F32, Way, close};
use rinalmo::checkpoint::{Checkpoint, Layout, OpenOptions, WriteOptions};
use rinalmo_model::{Design, Packed, Positions, VOCABULARY};
use rinalmo_seq::alphabet::{A, C, G, MASK, N, T, Token};
use rinalmo_seq::tokenizer::{rows_from, tokenize};

/// As in the script; `M` is masked.
const SEQUENCES: [&[u8]; 4] = [b"G", b"GGGGAAAACCCC", b"ACGUNACGUUAGCAUCGGAUCGAUUACGGCAUUCGA", b"AGCMUCGA"];
/// Each folder, its design, and how many tokens its positions reach, if they have a limit.
const MODELS: [(&str, Design, usize); 6] = [
    ("rna_fm", Design::Esm1b, 64),
    ("splice_bert", Design::Bert, 66),
    ("bert", Design::Bert, 66),
    ("ernie_rna", Design::ErnieRna, 64),
    ("rnabert", Design::Bert, 66),
    ("utr_lm", Design::Esm2, 0),
];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/others").join(name)
}

fn tokens(sequence: &[u8]) -> Vec<Token> {
    let masked = |(token, letter): (Token, Option<&u8>)| if letter == Some(&b'M') { MASK } else { token };
    let letters = std::iter::once(None).chain(sequence.iter().map(Some)).chain([None]);
    tokenize(sequence).into_iter().zip(letters).map(masked).collect()
}

fn compare(name: &str, checkpoint: &Checkpoint) {
    compare_with(&folder(name), checkpoint, F32);
}

/// Where A, C, G, U and N are among the expected logits. Without a vocabulary, there are no others.
fn columns(folder: &Path) -> [usize; 5] {
    let Ok(vocabulary) = std::fs::read_to_string(folder.join("vocab.txt")) else { return [0, 1, 2, 3, 4] };
    let rows = rows_from(&vocabulary.lines().collect::<Vec<_>>());
    [A, C, G, T, N].map(|base| rows[usize::from(base)].unwrap())
}

/// Compares representations and logits of the bases.
fn compare_with(folder: &Path, checkpoint: &Checkpoint, bound: f32) {
    let expected = Expected::read(&folder.join("expected.safetensors"));
    let columns = columns(folder);
    for way in Way::F32 {
        let network = way.network(checkpoint);
        for (number, sequence) in SEQUENCES.iter().enumerate() {
            let hidden = network.encode(&Packed::new([tokens(sequence)]));
            let what = format!("{} {way:?} {number}", folder.display());
            close(&what, &hidden.values(), &expected.floats(&format!("representation.{number}")).1, bound);
            let (shape, logits) = expected.floats(&format!("logits.{number}"));
            let bases = [A, C, G, T, N].map(usize::from);
            let theirs = |row: &[f32]| columns.map(|column| row[column]);
            let expected: Vec<f32> = logits.chunks_exact(shape[1]).flat_map(theirs).collect();
            let found = network.token_logits(&hidden);
            let found: Vec<f32> = found.chunks_exact(VOCABULARY).flat_map(|row| bases.map(|base| row[base])).collect();
            close(&format!("{what}, logits"), &found, &expected, bound);
        }
    }
}

#[test]
fn encoders_of_other_papers_agree_with_their_own_libraries() {
    for (name, design, max_len) in MODELS {
        let checkpoint = Checkpoint::open(folder(name), &OpenOptions::default()).unwrap();
        assert_eq!(checkpoint.config.encoder.design, design, "{name}");
        let expected = design.positions(max_len);
        assert_eq!(checkpoint.config.encoder.positions, expected, "{name}");
        compare(name, &checkpoint);
    }
}

/// The file of RNA-FM's authors.
fn authors_file() -> PathBuf {
    folder("rna_fm_authors").join("RNA-FM_pretrained.pth")
}

#[test]
fn rna_fm_agrees_with_its_authors_code_on_their_own_file() {
    let checkpoint = Checkpoint::open(authors_file(), &OpenOptions::default().heads(3)).unwrap();
    assert_eq!(checkpoint.config.encoder.design, Design::Esm1b);
    assert_eq!(checkpoint.config.encoder.positions, Positions::Learned { max_len: 64 });
    compare("rna_fm_authors", &checkpoint);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("own.safetensors");
    checkpoint.write(&file, &WriteOptions::default()).unwrap();
    compare("rna_fm_authors", &Checkpoint::open(&file, &OpenOptions::default()).unwrap());
}

/// Their code was not run: the file has its names and the order of its vocabulary, and multimolecule's values.
#[test]
fn ernie_rna_is_read_as_its_authors_named_it() {
    let file = folder("ernie_rna_authors").join("ERNIE-RNA_pretrain.pt");
    let checkpoint = Checkpoint::open(file, &OpenOptions::default()).unwrap();
    assert_eq!(checkpoint.config.encoder.positions, Positions::Sinusoidal { max_len: 1024 });
    compare("ernie_rna", &checkpoint);
}

#[test]
fn heads_that_no_tensor_of_rna_fm_shows_are_asked_for() {
    let refusal = Checkpoint::open(authors_file(), &OpenOptions::default()).unwrap_err().to_string();
    assert!(refusal.contains("no tensor shows how many attention heads"), "{refusal}");
}

/// Twelve blocks of 640 numbers add up more rounding than two of 24.
#[test]
fn encoders_of_the_published_sizes_agree() {
    let Ok(models) = std::env::var("RINALMO_OTHER_MODELS") else {
        rinalmo_skips::skip!("no models of the published sizes; golden/make_others.py makes them");
        return;
    };
    for (name, design, _) in MODELS {
        let folder = Path::new(&models).join(name);
        let checkpoint = Checkpoint::open(&folder, &OpenOptions::default()).unwrap();
        assert_eq!(checkpoint.config.encoder.design, design, "{name}");
        compare_with(&folder, &checkpoint, 1e-4);
    }
}

#[test]
fn our_own_form_keeps_them_and_others_are_refused() {
    let place = tempfile::tempdir().unwrap();
    for (name, design, _) in MODELS {
        let checkpoint = Checkpoint::open(folder(name), &OpenOptions::default()).unwrap();
        let file = place.path().join(format!("{name}.safetensors"));
        checkpoint.write(&file, &WriteOptions::default()).unwrap();
        let again = Checkpoint::open(&file, &OpenOptions::default()).unwrap();
        assert_eq!(again.config.encoder.design, design);
        compare(name, &again);
        for layout in [Layout::Official, Layout::Multimolecule] {
            let options = WriteOptions::default().layout(layout);
            assert!(checkpoint.write(place.path().join("other"), &options).is_err(), "{name} {layout:?}");
        }
    }
}

/// A copy of RNA-FM's or BERT's folder with another description or vocabulary.
fn changed(name: &str, change: impl FnOnce(&mut serde_json::Value, &mut String)) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let text = |file: &str| std::fs::read_to_string(folder(name).join(file)).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&text("config.json")).unwrap();
    let mut vocabulary = text("vocab.txt");
    change(&mut config, &mut vocabulary);
    std::fs::copy(folder(name).join("model.safetensors"), place.path().join("model.safetensors")).unwrap();
    std::fs::write(place.path().join("config.json"), config.to_string()).unwrap();
    if !vocabulary.is_empty() {
        std::fs::write(place.path().join("vocab.txt"), vocabulary).unwrap();
    }
    place
}

fn refusal(place: &tempfile::TempDir) -> String {
    Checkpoint::open(place.path(), &OpenOptions::default()).unwrap_err().to_string()
}

#[test]
fn a_description_of_an_earlier_version_is_read_as_today_s() {
    let old = changed("rna_fm", |config, _| {
        config["layer_norm_eps"] = serde_json::json!(1e-12);
        config.as_object_mut().unwrap().remove("tie_word_embeddings");
    });
    compare("rna_fm", &Checkpoint::open(old.path(), &OpenOptions::default()).unwrap());
}

#[test]
fn only_a_vocabulary_of_letters_is_taken() {
    let words = changed("bert", |_, vocabulary| *vocabulary = vocabulary.replace("\nT\n", "\nTACG\n"));
    assert!(refusal(&words).contains("tokens of several letters, such as `TACG`"), "{}", refusal(&words));
    let none = changed("bert", |_, vocabulary| vocabulary.clear());
    assert!(refusal(&none).contains("`vocab.txt` that is not next to it"), "{}", refusal(&none));
}

#[test]
fn a_setting_that_no_tensor_shows_is_not_taken_for_another() {
    for (key, value) in [
        ("layer_norm_eps", serde_json::json!(1e-6)),
        ("hidden_act", serde_json::json!("relu")),
        ("token_dropout", serde_json::json!(true)),
        ("position_embedding_type", serde_json::json!("rotary")),
        ("is_decoder", serde_json::json!(true)),
    ] {
        let error = refusal(&changed("rna_fm", |config, _| config[key] = value));
        assert!(error.contains(key), "{error}");
    }
    let error = refusal(&changed("ernie_rna", |config, _| config["pairwise_alpha"] = serde_json::json!(1.0)));
    assert!(error.contains("`pairwise_alpha` is 1, expected 0.8"), "{error}");
}
