//! `rinalmo model`: what is in a file, in which form, and where published ones go.

use crate::common::{SMALL, Sandbox, fixture};

#[test]
fn the_bundled_model_can_be_shown_verified_and_listed() {
    let sandbox = Sandbox::new();
    let json: serde_json::Value =
        serde_json::from_str(&sandbox.run("model show nano --json --tensors").done().out).unwrap();
    let sha256 = json["sha256"].as_str().unwrap();
    assert_eq!(sha256.len(), 64);
    let text = sandbox.run("model show nano").done().out;
    let lines: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.split_once(' ')).map(|(k, v)| (k, v.trim())).collect();
    for pair in [("name", "nano"), ("task", "structure"), ("size", "nano"), ("sha256", sha256)] {
        assert!(lines.contains(&pair), "{pair:?}: {text}");
    }
    let tensors = json["tensors"].as_array().unwrap().len();
    let verified = sandbox.run(&format!("model verify nano --sha256 {sha256}")).done().out;
    assert_eq!(verified, format!("nano: {tensors} tensors, all present and finite\nsha256 {sha256}\n"));
    let wrong = sandbox.run("model verify nano --sha256 abc");
    assert_eq!((wrong.code, wrong.err), (2, format!("error: nano: sha256 is {sha256}, expected abc\n")));
    let list = sandbox.run("model list").done().out;
    assert!(list.starts_with("* nano "), "{list}");
    let models_in = |first: &str| {
        let text = sandbox.run(&format!("model show {first}")).done().out;
        let more = text.lines().find_map(|line| line.strip_prefix("more models "));
        1 + more.map_or(0, |names| names.split(',').count())
    };
    let bundled = list.lines().filter(|line| line.starts_with("* nano")).count();
    assert_eq!(bundled, models_in("nano") + models_in("nano-mlm"), "two encoders with their heads: {list}");
    assert!(list.lines().any(|line| line.starts_with("  giga-structure-bprna  ")), "{list}");
    let listed: serde_json::Value = serde_json::from_str(&sandbox.run("model list --json").done().out).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), list.lines().count() - 2);
}

#[test]
fn conversion_there_and_back_folds_the_same() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let Some(official) = fixture("official/tiny_ss_ft.pt") else { return };
    let fold = |model: &str| sandbox.run(&format!("-q fold a.fa -m {model} --heads 4")).done().out;
    let expected = fold(&official);
    let convert = |from: &str, to: &str| sandbox.run(&format!("-q model convert {from} {to}")).done();
    convert(&format!("{official} --heads 4"), "own.safetensors --name small --license MIT --provenance a,test");
    convert("own.safetensors", "folder --to own-folder");
    convert("folder", "back.safetensors --to official");
    assert_eq!(sandbox.names("folder"), ["config.json", "model.safetensors"]);
    for model in ["own.safetensors", "folder", "back.safetensors"] {
        assert_eq!(fold(model), expected, "{model}");
    }
    let shown = sandbox.run("model show folder").done().out;
    for text in [
        "name            small\n",
        "licence         MIT\n",
        "provenance      a,test\n",
        "threshold       0.17\n",
        "4 heads",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    convert("own.safetensors", "half.safetensors --dtype bf16");
    convert("half.safetensors", "again.safetensors --dtype f32");
    convert("again.safetensors", "half2.safetensors --dtype bf16");
    let bytes = |name: &str| std::fs::read(sandbox.path(name)).unwrap();
    assert!(bytes("half.safetensors").len() < bytes("own.safetensors").len() * 6 / 10);
    assert!(bytes("half.safetensors") == bytes("half2.safetensors"), "bf16 through f32 is itself");
    assert_eq!(fold("half.safetensors"), fold("again.safetensors"));
}

#[test]
fn conversion_replaces_nothing_unless_told() {
    let sandbox = Sandbox::new().with("there", "precious");
    insta::assert_snapshot!(sandbox.run("model convert nano there"), @r"
    exit 2
    [err]
    error: there: already exists
    hint: --force replaces it
    ");
    assert_eq!(sandbox.read("there"), "precious");
    let run = sandbox.run("model convert nano there --force");
    assert!(run.code == 0 && run.err.starts_with("there: ") && run.err.contains(" MiB, sha256 "), "{run}");
    assert_eq!(sandbox.names(""), ["there"]);
}

#[test]
fn multimolecule_folders_and_official_files_are_one_model() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let (Some(official), Some(folder)) = (fixture("official/tiny_pretrained.pt"), fixture("multimolecule")) else {
        return;
    };
    for (name, model) in [("a.npz", format!("{official} --heads 4")), ("b.npz", folder)] {
        sandbox.run(&format!("-q embed a.fa -o {name} -m {model}")).done();
    }
    let [a, b] = ["a.npz", "b.npz"].map(|name| crate::arrays::npz(&sandbox.path(name)));
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a.shape, b.shape);
        assert!(a.data.iter().zip(&b.data).all(|(x, y)| (x - y).abs() < 1e-4), "{}", a.name);
    }
}

#[test]
fn files_that_are_no_checkpoint_say_what_they_are() {
    let sandbox = Sandbox::new()
        .with("a.fa", SMALL)
        .with("empty.pt", "")
        .with("x.pt", "what")
        .with("cut.safetensors", b"\xff\xff\0\0\0\0\0\0{");
    // What `pickle.dumps` makes of an object whose __reduce__ is (os.system, ("touch pwned",)), protocol 2.
    let sandbox =
        sandbox.with("evil.pt", b"\x80\x02cposix\nsystem\nq\x00X\x0b\x00\x00\x00touch pwnedq\x01\x85q\x02Rq\x03.");
    for (file, words) in [
        ("a.fa", "this is a FASTA file, expected a checkpoint: safetensors or a PyTorch `.pt`"),
        ("empty.pt", ""),
        ("x.pt", "this is a text file, expected a checkpoint: safetensors or a PyTorch `.pt`"),
        ("cut.safetensors", ""),
        ("evil.pt", ""),
        (".", "the folder holds no `model.safetensors` or `pytorch_model.bin`"),
    ] {
        let run = sandbox.run(&format!("fold a.fa -m ./{file}"));
        assert!(run.code == 2 && run.out.is_empty(), "{run}");
        assert!(run.err.starts_with(&format!("error: ./{file}: {words}")), "{run}");
        assert!(run.err.lines().count() <= 2, "{run}");
    }
    assert!(!sandbox.path("pwned").exists());
}

#[test]
fn damaged_and_malicious_copies_of_a_real_checkpoint_are_one_clear_error() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let Some(official) = fixture("official/tiny_ss_ft.pt") else { return };
    let bytes = std::fs::read(official).unwrap();
    let mut evil = bytes.clone();
    let at = evil
        .windows(24)
        .position(|w| w == b"ctorch._utils\n_rebuild_te")
        .or_else(|| evil.windows(13).position(|w| w == b"ctorch._utils"));
    let at = at.expect("every checkpoint rebuilds tensors");
    evil[at..at + 13].copy_from_slice(b"cposix\nsystem");
    let sandbox = sandbox.with("cut.pt", &bytes[..bytes.len() / 2]).with("evil.pt", evil);
    for file in ["cut.pt", "evil.pt"] {
        let run = sandbox.run(&format!("fold a.fa --heads 4 -m {file}"));
        assert!(
            run.code == 2 && run.err.starts_with(&format!("error: {file}: ")) && run.err.lines().count() <= 2,
            "{run}"
        );
    }
    let evil = sandbox.run("model show evil.pt --heads 4").err;
    assert!(evil.contains("asks for `posix.system`"), "what is refused is named: {evil}");
}

#[test]
fn downloads_know_their_names_and_say_what_to_do_offline() {
    let sandbox = Sandbox::new().with("a.pt", "not it");
    let say = |words: &str| {
        let mut command = sandbox.command(words);
        command.env("RINALMO_MIRROR", "http://127.0.0.1:1");
        sandbox.finish(assert_cmd::Command::from_std(command)).to_string()
    };
    insta::assert_snapshot!(say("model download giga-structure-bprn"), @r"
    exit 2
    [err]
    error: giga-structure-bprn: no published model of this name, and no URL
    hint: did you mean `giga-structure-bprna`?
    ");
    insta::assert_snapshot!(say("model download micro --from a.pt").lines().take(3).map(|line| line.split(" found ").next().unwrap()).collect::<Vec<_>>().join("\n"), @r"
    exit 2
    [err]
    error: a.pt: expected sha256 910c73aa722061e8904a9b0d58e1e664c075fa78683fa364fcf099ae3f81ddf9,
    ");
    let offline = say("-q model download micro");
    for text in [
        "exit 2\n",
        "error: cannot reach http://127.0.0.1:1/micro/rinalmo_micro_pretrained.pt: Connection refused",
        "hint: ",
        "to [folder]/home/models/micro/rinalmo_micro_pretrained.pt\n",
    ] {
        assert!(offline.contains(text), "{text}: {offline}");
    }
    assert!(sandbox.run("model list").out.contains("\n  micro "), "and it is not here");
}

#[test]
fn what_is_converted_for_multimolecule_gives_the_same_numbers() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let said = sandbox.run("model convert nano-mlm theirs --to multimolecule --dtype f32");
    assert_eq!((said.code, said.err.contains("note: ")), (0, false), "{said}");
    assert_eq!(sandbox.names("theirs"), ["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"]);
    for (name, model) in [("a.npz", "nano-mlm"), ("b.npz", "theirs")] {
        sandbox.run(&format!("-q embed a.fa --include tokens,logits -o {name} -m {model} --dtype f32")).done();
    }
    let [a, b] = ["a.npz", "b.npz"].map(|name| crate::arrays::npz(&sandbox.path(name)));
    assert_eq!(a, b);
    let said = sandbox.run("model convert nano other --to multimolecule");
    assert!(said.code == 0 && said.err.contains("multimolecule has no such structure head"), "{said}");
}
