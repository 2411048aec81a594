//! Checkpoints as users have them: prefixes of training programs, objects next to the tensors, several files, a
//! description next to a renamed file, or no description.

use std::path::Path;

use rinalmo_model::{EncoderConfig, HeadConfig, ModelConfig, Pooling, Preset};
use rinalmo_weights::{Checkpoint, Document, Family, OpenOptions};

use crate::pt::{self, Named};
use crate::round_trip::small;

fn four() -> OpenOptions {
    OpenOptions::default().heads(4)
}

fn open(folder: &Path, name: &str, bytes: &[u8]) -> Result<Checkpoint, String> {
    std::fs::write(folder.join(name), bytes).unwrap();
    Checkpoint::open(folder.join(name), &four()).map_err(|error| error.to_string())
}

fn assert_same(a: &Checkpoint, b: &Checkpoint) {
    assert_eq!(a.config, b.config);
    for (name, tensor) in a.tensors() {
        assert_eq!(b.tensor(name).unwrap().to_f32(), tensor.to_f32(), "{name}");
    }
}

fn prefixed(tensors: &[Named], prefix: &str) -> Vec<Named> {
    tensors.iter().map(|(name, shape, values)| (format!("{prefix}{name}"), shape.clone(), values.clone())).collect()
}

#[test]
fn prefixes_of_training_programs_come_off() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        small().with_head(HeadConfig::Structure { channels: 4, blocks: 1, kernel: 3, energy: false, ensemble: None });
    let own = pt::tensors_of(&config, str::to_owned);
    for tensors in [own.clone(), pt::tensors_of(&config, pt::official)] {
        let first = open(folder.path(), "first.pt", &pt::modern(&tensors, &[("threshold", 0.09)], false)).unwrap();
        for prefix in ["module.", "_orig_mod.", "model.", "net.", "module._orig_mod.", "model.net.module."] {
            let (tensors, number) = (prefixed(&tensors, prefix), format!("{prefix}threshold"));
            for bytes in [pt::modern(&tensors, &[(&number, 0.09)], false), pt::legacy(&tensors, &[(&number, 0.09)])] {
                let found = open(folder.path(), "found.pt", &bytes).unwrap();
                assert_same(&first, &found);
                assert_eq!((found.meta.family, found.meta.threshold), (first.meta.family, Some(0.09)), "{prefix}");
            }
        }
    }
    // A tensor that does not share the prefix is reported, not dropped.
    let mut mixed = prefixed(&own, "model.");
    mixed.push(("loss.weight".into(), vec![1], vec![1.0]));
    let text = open(folder.path(), "mixed.pt", &pt::modern(&mixed, &[], false)).unwrap_err();
    assert!(text.contains("0 tensors missing, 1 unused") && text.contains("unused: `loss.weight`"), "{text}");
}

#[test]
fn objects_of_a_programs_own_classes_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = pt::tensors_of(&small(), str::to_owned);
    let first = open(folder.path(), "first.pt", &pt::modern(&tensors, &[], false)).unwrap();
    let state = pt::state(&tensors, &[]);
    let state = &state[2..state.len() - 1]; // without protocol and stop
    let objects: [&[u8]; 6] = [
        b"cargparse\nNamespace\n)\x81}X\x02\0\0\0lrG\x3f\x50\x62\x4d\xd2\xf1\xa9\xfcsb",
        b"cpathlib\nPosixPath\n(X\x01\0\0\0/X\x03\0\0\0tmptR",
        b"c__builtin__\nset\n](K\x01K\x02e\x85R",
        b"cdatetime\ndatetime\nC\x0a\x07\xea\x01\x01\0\0\0\0\0\0\x85R",
        b"cmy_project.config\nCfg\n)\x81}X\x01\0\0\0xK\x01sb",
        b"cmy_project\nCallback\n)\x81N}X\x01\0\0\0xcmy_project\nMode\nK\x01\x85Rs\x86b",
    ];
    for object in objects {
        let mut pickle = b"\x80\x02}(X\x10\0\0\0hyper_parameters".to_vec();
        pickle.extend(object);
        pickle.extend(b"X\x0a\0\0\0state_dict");
        pickle.extend(state);
        pickle.extend(b"u.");
        let mut entries = vec![pt::Entry::stored("m/data.pkl", pickle)];
        let storages = tensors.iter().enumerate();
        entries.extend(storages.map(|(i, (_, _, v))| pt::Entry::stored(format!("m/data/{i}"), pt::bytes(v))));
        assert_same(&first, &open(folder.path(), "found.ckpt", &pt::zip(&entries)).unwrap());
    }
    let whole = pt::zip(&[pt::Entry::stored("m/data.pkl", b"\x80\x02cmy\nModel\n)\x81}b.".to_vec())]);
    let text = open(folder.path(), "whole.pt", &whole).unwrap_err();
    assert!(text.contains("holds an object of `my.Model`, expected a dictionary of tensors"), "{text}");
    assert!(text.contains("model.state_dict()"), "{text}");
}

/// A folder with a model in two files of these formats.
fn spread(folder: &Path, index: &str, parts: [(&str, Vec<u8>); 2], map: &[(String, &str)]) {
    let map: serde_json::Map<_, _> = map.iter().map(|(tensor, file)| (tensor.clone(), (*file).into())).collect();
    let text = serde_json::json!({ "metadata": { "total_size": 1 }, "weight_map": map }).to_string();
    std::fs::write(folder.join(index), format!("\u{feff}{text}")).unwrap();
    parts.iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
}

#[test]
fn several_files_are_one_model() {
    let tensors = pt::tensors_of(&small(), str::to_owned);
    let (first_half, second_half) = tensors.split_at(tensors.len() / 2);
    for (index, [a, b], write) in [
        (
            "model.safetensors.index.json",
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
            pt::plain_safetensors as fn(&[Named]) -> Vec<u8>,
        ),
        (
            "pytorch_model.bin.index.json",
            ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"],
            |tensors: &[Named]| pt::modern(tensors, &[], false),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let whole = open(folder.path(), "whole.pt", &pt::modern(&tensors, &[], false)).unwrap();
        let map: Vec<(String, &str)> = first_half
            .iter()
            .map(|(name, _, _)| (name.clone(), a))
            .chain(second_half.iter().map(|(name, _, _)| (name.clone(), b)))
            .collect();
        spread(folder.path(), index, [(a, write(first_half)), (b, write(second_half))], &map);
        for path in [folder.path().to_owned(), folder.path().join(index)] {
            let found = Checkpoint::open(&path, &four()).unwrap();
            assert_same(&whole, &found);
            let bytes = [a, b].map(|name| std::fs::metadata(folder.path().join(name)).unwrap().len());
            assert_eq!(found.file_len() as u64, bytes.iter().sum::<u64>());
            assert_eq!(found.sha256().len(), 64);
        }
        let complaint = || Checkpoint::open(folder.path(), &four()).unwrap_err().to_string();
        std::fs::write(folder.path().join(b), write(&second_half[1..])).unwrap();
        let lost = &second_half[0].0;
        assert!(complaint().contains(&format!("`{b}` lacks tensor `{lost}`")), "{}", complaint());
        std::fs::remove_file(folder.path().join(b)).unwrap();
        assert!(complaint().contains(&format!("{index}: names `{b}`, which is not there")), "{}", complaint());
        for elsewhere in ["../x.safetensors", "/etc/passwd", "..", ""] {
            let map: Vec<(String, &str)> = vec![("w".into(), elsewhere)];
            spread(folder.path(), index, [(a, Vec::new()), (b, Vec::new())], &map);
            assert!(complaint().contains("is not the name of a file next to it"), "{}", complaint());
        }
    }
}

#[test]
fn the_number_of_heads_is_read_or_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let complaint = |path: &Path| match Checkpoint::open(path, &OpenOptions::default()) {
        Ok(found) => panic!("opened with {} heads", found.config.encoder.heads),
        Err(error) => error.to_string(),
    };
    let official = folder.path().join("a.pt");
    std::fs::write(&official, pt::modern(&pt::tensors_of(&small(), pt::official), &[], false)).unwrap();
    let text = complaint(&official);
    assert!(text.contains("no tensor shows how many attention heads"), "{text}");
    // Neither does the width alone.
    let mut wide = ModelConfig::pretrained(EncoderConfig { hidden: 8, ..EncoderConfig::new(320, 6, 20) });
    wide.mlm = false;
    std::fs::write(&official, pt::modern(&pt::tensors_of(&wide, pt::official), &[], false)).unwrap();
    assert!(complaint(&official).contains("no tensor shows how many attention heads"));
    let nano = ModelConfig { mlm: false, ..ModelConfig::pretrained(Preset::find("nano").unwrap().encoder()) };
    std::fs::write(&official, pt::modern(&pt::tensors_of(&nano, pt::official), &[], false)).unwrap();
    assert_eq!(Checkpoint::open(&official, &OpenOptions::default()).unwrap().config.encoder.heads, 20);

    // multimolecule's names, with and without their description, under any file name.
    let theirs = pt::plain_safetensors(&pt::multimolecule(&small()));
    for name in ["model.safetensors", "renamed.safetensors"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, &theirs).unwrap();
        let text = complaint(&path);
        assert!(text.contains("`config.json`, which does, is not next to it"), "{text}");
        let config = r#"{"model_type":"rinalmo","num_attention_heads":4,"layer_norm_eps":1e-12}"#;
        std::fs::write(folder.path().join("config.json"), format!("\u{feff}{config}")).unwrap();
        let found = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
        assert_eq!((found.config.encoder.heads, found.meta.family), (4, Family::Multimolecule));
        let two = OpenOptions::default().heads(2);
        let text = Checkpoint::open(&path, &two).unwrap_err().to_string();
        assert!(text.ends_with("its description says 4 attention heads, 2 were asked for"), "{text}");
    }
}

#[test]
fn what_multimolecules_description_says_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = pt::plain_safetensors(&pt::multimolecule(&small()));
    std::fs::write(folder.path().join("model.safetensors"), theirs).unwrap();
    for (key, value) in [
        ("layer_norm_eps", "1e-6"),
        ("token_dropout", "false"),
        ("is_decoder", "true"),
        ("position_embedding_type", "\"absolute\""),
    ] {
        let config = format!(r#"{{"model_type":"rinalmo","num_attention_heads":4,"{key}":{value}}}"#);
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let text = Checkpoint::open(folder.path(), &OpenOptions::default()).unwrap_err().to_string();
        assert!(text.contains(&format!("`{key}` is ")) && text.contains("such models are not supported"), "{text}");
    }
    let config = r#"{"model_type":"rinalmo","num_attention_heads":4}"#;
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let tokens: Vec<&str> = rinalmo_seq::tokenizer::MULTIMOLECULE_28.to_vec();
    let lists = [
        (tokens[..27].join("\n"), "its vocabulary has 27 tokens"),
        (tokens.join("\n").replace("\nG\n", "\nX1\n"), "which lacks G"),
    ];
    for (list, words) in lists {
        std::fs::write(folder.path().join("vocab.txt"), list).unwrap();
        let text = Checkpoint::open(folder.path(), &OpenOptions::default()).unwrap_err().to_string();
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_description_beside_a_renamed_file_is_read_if_it_speaks_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renamed.pt");
    let config = small().with_head(HeadConfig::Sequence { hidden: 8, outputs: 2, pooling: Pooling::Mean });
    std::fs::write(&path, pt::modern(&pt::tensors_of(&config, str::to_owned), &[], false)).unwrap();
    let text = Checkpoint::open(&path, &four()).unwrap_err().to_string();
    assert!(text.contains("no description gives its pooling"), "{text}");
    let document = serde_json::to_string(&Document::new("mine", config.clone())).unwrap();
    std::fs::write(folder.path().join("config.json"), &document).unwrap();
    assert_eq!(Checkpoint::open(&path, &OpenOptions::default()).unwrap().config, config);
    // Another family's file has nothing to do with it, nor has a description of something else.
    let official = pt::modern(&pt::tensors_of(&small(), pt::official), &[], false);
    std::fs::write(&path, official).unwrap();
    assert_eq!(Checkpoint::open(&path, &four()).unwrap().config, small());
    std::fs::write(folder.path().join("config.json"), r#"{"model_type":"bert"}"#).unwrap();
    assert_eq!(Checkpoint::open(&path, &four()).unwrap().config, small());
}
