//! Damaged, hostile and mistaken files: each gets one clear error.

use std::path::Path;

use rinalmo_model::ModelConfig;
use rinalmo_weights::{Checkpoint, Layout, OpenOptions, WriteOptions};

use crate::pt::{self, Entry};
use crate::round_trip::small;

fn open(folder: &Path, bytes: &[u8]) -> Result<Checkpoint, String> {
    let path = folder.join("file.pt");
    std::fs::write(&path, bytes).unwrap();
    Checkpoint::open(&path, &OpenOptions::default().heads(4)).map_err(|error| {
        let text = error.to_string();
        let (at, rest) = text.split_once(": ").unwrap();
        assert!(at.ends_with("file.pt"), "the error names the file: {text}");
        rest.to_owned()
    })
}

/// The error that opening these bytes gives, without the path.
fn complaint(bytes: &[u8]) -> String {
    open(tempfile::tempdir().unwrap().path(), bytes).unwrap_err()
}

#[test]
fn hostile_pickles_are_refused_by_name_in_every_container() {
    let pickle = b"\x80\x02cposix\nsystem\nX\x0d\0\0\0touch /tmp/pwn\x85R.";
    let refused = "which no checkpoint needs; nothing was executed";
    let text = complaint(&pt::zip(&[Entry::stored("m/data.pkl", pickle.to_vec())]));
    assert_eq!(text, format!("refused: byte 2 of data.pkl asks for `posix.system`, {refused}"));
    let text = complaint(pickle);
    assert_eq!(text, format!("refused: byte 2 of the file asks for `posix.system`, {refused}"));
    let stack_global = b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.";
    let text = complaint(&pt::zip(&[Entry::deflated("m/data.pkl", stack_global.to_vec())]));
    assert_eq!(text, format!("refused: byte 18 of data.pkl asks for `builtins.eval`, {refused}"));
    let mut legacy = pt::legacy(&[], &[])[..15].to_vec();
    legacy.extend(pickle);
    assert_eq!(
        complaint(&legacy),
        format!("refused: byte 2 of the protocol's pickle asks for `posix.system`, {refused}")
    );
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let tensors = pt::tensors_of(&small(), str::to_owned);
    for whole in [pt::modern(&tensors, &[], false), pt::modern(&tensors, &[], true), pt::legacy(&tensors, &[])] {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path(), &whole).unwrap();
        let near_end = whole.len() - 600..whole.len();
        for cut in (0..whole.len()).step_by(whole.len() / 150).chain(near_end.step_by(7)) {
            assert!(open(folder.path(), &whole[..cut]).is_err(), "cut at {cut} of {}", whole.len());
        }
    }
    let whole = pt::modern(&tensors, &[], false);
    let text = complaint(&whole[..whole.len() / 2]);
    assert!(text.starts_with("damaged PyTorch zip: ") && text.ends_with("is the file truncated?"), "{text}");
    let whole = pt::legacy(&tensors, &[]);
    assert!(complaint(&whole[..whole.len() - 1]).ends_with("is the file truncated?"));
}

#[test]
fn zip_bombs_are_refused() {
    let count = 8 << 20; // 32 MiB of zeros in 32 kB
    let tensors: Vec<pt::Named> = vec![("encoder.embedding".into(), vec![count], vec![0.0; count])];
    let text = complaint(&pt::modern(&tensors, &[], true));
    assert!(text.starts_with("refused: entry `tiny/data/0` would unpack to 33554432 bytes from a file of "), "{text}");
    assert!(text.ends_with("this looks like a zip bomb"), "{text}");
    // An entry that hides its size.
    let small: Vec<pt::Named> = vec![("encoder.embedding".into(), vec![2, 2], vec![0.0; 4])];
    let entries = [
        Entry::stored("m/data.pkl", pt::state(&small, &[])),
        Entry { claims: Some(16), ..Entry::deflated("m/data/0", vec![0; 1 << 20]) },
    ];
    assert!(complaint(&pt::zip(&entries)).contains("unpacks to more than 16 bytes"));
    let entries = [Entry::stored("m/data.pkl", pt::state(&small, &[])), Entry::deflated("m/data/0", vec![0; 1 << 20])];
    assert!(complaint(&pt::zip(&entries)).contains("entry `m/data/0` has 1048576 bytes, its tensors need 16"));
}

#[test]
fn storages_that_are_missing_or_too_short_are_named() {
    let small: Vec<pt::Named> = vec![("w".into(), vec![2, 2], vec![0.0; 4])];
    let pickle = || Entry::stored("m/data.pkl", pt::state(&small, &[]));
    assert!(complaint(&pt::zip(&[pickle()])).contains("entry `m/data/0` is missing"));
    let text = complaint(&pt::zip(&[pickle(), Entry::stored("m/data/0", vec![0; 12])]));
    assert!(text.contains("entry `m/data/0` has 12 bytes, its tensors need 16"), "{text}");
    let text = complaint(&pt::zip(&[pickle(), Entry::stored("m/byteorder", b"big".to_vec())]));
    assert!(text.contains("big-endian"), "{text}");
    assert!(complaint(&pt::zip(&[Entry::stored("readme", vec![])])).contains("it has no `data.pkl`"));
}

#[test]
fn safetensors_headers_that_lie_are_caught() {
    let tensor = |offsets: &str, shape: &str| {
        pt::safetensors(&format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#), &[0; 16])
    };
    for (bytes, expected) in [
        (tensor("[0,400]", "[100]"), "incomplete metadata, file not fully covered"),
        (tensor("[4,20]", "[4]"), "invalid offset for tensor `w`"),
        (tensor("[0,16]", "[5]"), "invalid shape, data type, or offset for tensor"),
        (tensor("[0,16]", "[4294967296,4294967296,4294967296]"), "overflow"),
        (pt::safetensors("{\"w\":", &[]), "invalid JSON in header"),
    ] {
        let text = complaint(&bytes);
        assert!(text.starts_with("damaged safetensors file: ") && text.contains(expected), "{text}");
    }
    let mut huge = tensor("[0,16]", "[4]");
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let text = complaint(&huge);
    assert!(text.contains("header too large (a header of 18446744073709551615 bytes in a file of "), "{text}");
    huge[..8].copy_from_slice(&100_000u64.to_le_bytes());
    assert!(complaint(&huge).contains("invalid header length (a header of 100000 bytes in a file of "));
}

#[test]
fn everything_that_does_not_fit_is_listed_at_once() {
    let mut tensors = pt::tensors_of(&small(), str::to_owned);
    tensors.retain(|(name, _, _)| name != "encoder.norm.bias");
    let out = tensors.iter_mut().find(|(name, _, _)| name == "encoder.blocks.1.attention.out.weight").unwrap();
    (out.1, out.2) = (vec![8, 16], vec![0.0; 128]);
    tensors.push(("encoder.extra".into(), vec![1], vec![0.0]));
    let text = complaint(&pt::modern(&tensors, &[], false));
    assert_eq!(
        text,
        "does not fit model `file` (width 16, 2 blocks): 1 tensors missing, 1 unused, 1 of another shape or type\n  \
         missing: `encoder.norm.bias` [16]\n  unused: `encoder.extra`\n  \
         tensor `encoder.blocks.1.attention.out.weight` has shape [8, 16], model `file` (width 16, 2 blocks) expects [16, 16]"
    );
}

#[test]
fn a_checkpoint_of_another_size_names_the_preset_that_fits() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = rinalmo_model::Preset::find("nano").unwrap().encoder();
    let config = ModelConfig { mlm: false, ..ModelConfig::pretrained(encoder) };
    let path = folder.path().join("nano.pt");
    std::fs::write(&path, pt::modern(&pt::tensors_of(&config, str::to_owned), &[], false)).unwrap();
    let nano = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
    let mega = ModelConfig::pretrained(rinalmo_model::Preset::find("mega").unwrap().encoder());
    let text = nano.require(&mega).unwrap_err().to_string();
    assert!(text.contains("tensor `encoder.embedding` has shape [22, 320], model `mega` expects [22, 640]"), "{text}");
    assert!(text.contains("missing: `mlm.dense.bias` [640]"), "{text}");
    assert!(text.ends_with("hint: this file matches preset `nano`"), "{text}");
    nano.require(&config).unwrap();

    // The same in a folder whose description gives another size.
    let own = folder.path().join("own");
    nano.write(&own, &WriteOptions::default().layout(Layout::OwnFolder)).unwrap();
    let description = own.join("config.json");
    let changed = std::fs::read_to_string(&description).unwrap();
    let changed = changed.replace("\"dim\": 320", "\"dim\": 640").replace("\"hidden\": 853", "\"hidden\": 1706");
    std::fs::write(&description, changed).unwrap();
    let text = Checkpoint::open(&own, &OpenOptions::default()).unwrap_err().to_string();
    assert!(text.contains("has shape [22, 320]") && text.contains("expects [22, 640]"), "{text}");
    assert!(text.ends_with("hint: this file matches preset `nano`"), "{text}");
}

#[test]
fn sizes_of_no_model_are_refused_before_they_are_used() {
    let tensors = |dim: usize| {
        let header = r#"{"encoder.norm.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
            "encoder.embedding":{"dtype":"F32","shape":[0,DIM],"data_offsets":[4,4]}}"#;
        pt::safetensors(&header.replace("DIM", &dim.to_string()), &[0; 4])
    };
    assert_eq!(
        complaint(&tensors(1 << 62)),
        "not a sound model: the encoder's width is 4611686018427387904, expected 1 to 1048576"
    );
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    let first = open(folder.path(), &pt::modern(&pt::tensors_of(&small(), str::to_owned), &[], false)).unwrap();
    first.write(&own, &WriteOptions::default().layout(Layout::OwnFolder)).unwrap();
    let description = std::fs::read_to_string(own.join("config.json")).unwrap();
    for (from, to) in
        [("\"blocks\": 2", "\"blocks\": 4000000000000"), ("\"hidden\": 42", "\"hidden\": 9000000000000000000")]
    {
        assert!(description.contains(from), "{description}");
        std::fs::write(own.join("config.json"), description.replace(from, to)).unwrap();
        let text = Checkpoint::open(&own, &OpenOptions::default()).unwrap_err().to_string();
        assert!(text.contains("description: not a sound model: the ") && text.contains("000, expected "), "{text}");
    }
}

#[test]
fn heads_that_cannot_be_right_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pt");
    std::fs::write(&path, pt::modern(&pt::tensors_of(&small(), str::to_owned), &[], false)).unwrap();
    let three = OpenOptions::default().heads(3);
    let text = Checkpoint::open(&path, &three).unwrap_err().to_string();
    assert!(text.ends_with("3 heads do not divide a width of 16"), "{text}");
    let own = folder.path().join("own");
    let four = OpenOptions::default().heads(4);
    Checkpoint::open(&path, &four).unwrap().write(&own, &WriteOptions::default()).unwrap();
    let text = Checkpoint::open(&own, &OpenOptions::default().heads(2)).unwrap_err().to_string();
    assert!(text.ends_with("its description says 4 attention heads, 2 were asked for"), "{text}");
}

#[test]
fn foreign_models_are_told_apart() {
    let tensors: Vec<pt::Named> = vec![("bert.pooler.weight".into(), vec![2], vec![0.0; 2])];
    let text = complaint(&pt::modern(&tensors, &[], false));
    assert!(text.starts_with("not a RiNALMo checkpoint: it holds 1 tensors such as `bert.pooler.weight`"), "{text}");
    assert!(complaint(&pt::modern(&[], &[], false)).contains("it holds no tensors"));
}

#[test]
fn folders_without_a_checkpoint_say_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let complaint = || Checkpoint::open(folder.path(), &OpenOptions::default()).unwrap_err().to_string();
    assert!(complaint().contains("the folder holds no `model.safetensors` or `pytorch_model.bin` or "));
    std::fs::write(folder.path().join("model.safetensors.index.json"), "{}").unwrap();
    assert!(complaint().ends_with("model.safetensors.index.json: missing field `weight_map`"));
    std::fs::write(folder.path().join("model.safetensors"), "").unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"model_type":"gpt2"}"#).unwrap();
    assert!(complaint().ends_with(
        "config.json: model type `gpt2`, expected one of rinalmo, rnafm, splicebert, rnabert, ernierna, utrlm, bert"
    ));
}
