//! Pre-training from outside: what a run leaves, what it refuses, and that stopping it changes nothing.

use std::path::{Path, PathBuf};

use crate::common::{Run, Sandbox, random_fasta};

/// A model that trains in no time.
const TINY: &str = "\
[model]
dim = 16
blocks = 2
heads = 2

[data]
sequences = 6
max_tokens = 64

[train]
accumulate = 2
validate = { steps = 5 }
save = { steps = 4 }
schedule = { peak = 1e-3, warm_up = { from = 1e-7, steps = 3 }, then = { cosine = { to = 1e-4, steps = 100 } } }
until = { steps = 12 }

[checkpoints]
keep = 2
";

/// A config and a corpus of two files.
fn sandbox() -> Sandbox {
    let length = |i: usize| 20 + 7 * i % 60;
    let sandbox = Sandbox::new()
        .with("tiny.toml", TINY)
        .with("a.fa", random_fasta(60, length))
        .with("b.fa", random_fasta(40, |i| length(i) + 11).replace(">r", ">b"));
    sandbox.run("-q corpus build a.fa b.fa -o corpus.lmdb --hold-out 0.2").done_with_output();
    sandbox
}

impl Run {
    /// The run, if it ended with code 0.
    #[track_caller]
    fn done_with_output(self) -> Self {
        assert!(self.code == 0, "{self}");
        self
    }
}

fn bytes(sandbox: &Sandbox, name: &str) -> Vec<u8> {
    std::fs::read(sandbox.path(name)).unwrap()
}

fn configs() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../runs/configs"))
}

#[test]
fn a_run_leaves_config_record_metrics_curves_checkpoints_and_models() {
    let sandbox = sandbox();
    let run = sandbox.run("pretrain tiny.toml --corpus corpus.lmdb --out runs/tiny").done_with_output();
    let parts: Vec<&str> = run.out.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(parts[..4], ["part", "all", "source a.fa", "source b.fa"], "{run}");
    assert!(run.err.contains("done after 12 steps") && run.err.contains("`--model runs/tiny` opens it"), "{run}");

    let names = sandbox.names("runs/tiny");
    let (events, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.contains("tfevents"));
    assert_eq!(events.len(), 1);
    let expected = [
        ".lock",
        "checkpoints",
        "config.toml",
        "metrics.jsonl",
        "model-official.safetensors",
        "model.safetensors",
        "perplexity.svg",
        "run.json",
    ];
    assert_eq!(names, expected);
    assert!(sandbox.names("runs/tiny/checkpoints").ends_with(&["step-0000012".to_owned()]));
    let lines: Vec<serde_json::Value> =
        sandbox.read("runs/tiny/metrics.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let steps = |kind: &str| {
        let of_kind = lines.iter().filter(|line| line["kind"] == kind);
        of_kind.map(|line| line["step"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(steps("step"), (1..=12).collect::<Vec<_>>());
    assert_eq!(steps("validation"), [5, 10, 12]);
    let record: serde_json::Value = serde_json::from_str(&sandbox.read("runs/tiny/run.json")).unwrap();
    assert_eq!((&record["name"], &record["sessions"][0]["ended"]), (&"tiny".into(), &"finished".into()));
    assert_eq!(record["sessions"][0]["device"], "cpu");
    assert!(sandbox.read("runs/tiny/config.toml").contains("hidden = 42"));
}

#[test]
fn a_run_is_opened_as_a_model_in_both_forms() {
    let sandbox = sandbox().with("one.fa", ">one\nGGGGAAAACCCC\n");
    sandbox.run("-q pretrain tiny.toml --corpus corpus.lmdb --out runs/tiny").done_with_output();
    let scores =
        |model: &str| sandbox.run(&format!("-q score one.fa --model {model} --dtype f32")).done_with_output().out;
    let scored = scores("runs/tiny");
    assert!(scored.contains("one"), "{scored}");
    assert_eq!(scores("runs/tiny/model-official.safetensors --heads 2"), scored);
    let shown = sandbox.run("model show runs/tiny/model.safetensors").done_with_output().out;
    assert!(shown.contains("masked language modelling"), "{shown}");
}

/// Makes of a store what an earlier version wrote: no table of checksums, and a header that speaks of none.
fn without_checksums(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let magic = b"rinalmo pagesums";
    let footer = bytes.windows(magic.len()).rposition(|window| window == magic).unwrap();
    let pages = u64::from_le_bytes(bytes[footer + 24..footer + 32].try_into().unwrap()) as usize;
    bytes.truncate(footer - 8 * pages);
    let told = b",\"page_checksums\":true";
    let at = bytes.windows(told.len()).position(|window| window == told).unwrap();
    bytes[at..at + told.len()].fill(b' ');
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn stores_of_an_earlier_version_are_told_by_whatever_opens_one() {
    let sandbox = sandbox();
    let note = "note: corpus.lmdb was built by an earlier version, without checksums of its pages";
    let commands = [
        "corpus stats corpus.lmdb",
        "pretrain tiny.toml --corpus corpus.lmdb --dry-run",
        "pretrain tiny.toml --corpus corpus.lmdb --out runs/tiny --set data.max_tokens=1024",
        "evaluate mlm --corpus corpus.lmdb -m runs/tiny",
    ];
    for command in commands {
        let run = sandbox.run(&command.replace("runs/tiny", "runs/new")).done_with_output();
        assert!(!run.err.contains("earlier version"), "{run}");
    }
    without_checksums(&sandbox.path("corpus.lmdb"));
    for command in commands {
        let run = sandbox.run(command).done_with_output();
        assert_eq!(run.err.matches(note).count(), 1, "{run}");
    }
}

#[test]
fn models_are_compared_at_guessing_hidden_letters() {
    let sandbox = sandbox();
    sandbox
        .run("-q pretrain tiny.toml --corpus corpus.lmdb --out runs/tiny --set data.max_tokens=1024")
        .done_with_output();
    let checkpoint = "runs/tiny/checkpoints/step-0000012";
    let words = format!("evaluate mlm --corpus corpus.lmdb -m runs/tiny {checkpoint} --baselines --json out.json");
    let run = sandbox.run(&words).done_with_output();
    assert!(run.out.starts_with(&format!("part\tletters\truns/tiny\t{checkpoint}\nall\t")), "{run}");
    assert!(run.out.contains("\n# 1-gram\t") && run.out.contains("\n# 5-gram\t"), "{run}");
    let told: serde_json::Value = serde_json::from_str(&sandbox.read("out.json")).unwrap();
    let found = told["models"]["runs/tiny"]["all"]["perplexity"].as_f64().unwrap();
    let validated: serde_json::Value = {
        let text = sandbox.read("runs/tiny/metrics.jsonl");
        let mut lines = text.lines().rev().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.find(|line| line["kind"] == "validation" && line["best"] == true).unwrap()
    };
    let same = validated["perplexity"].as_f64().unwrap();
    assert!((found / same - 1.0).abs() < 1e-5, "{found} and {same}: the masks are those of the run");
    let none = sandbox.run("evaluate mlm --corpus nowhere.lmdb -m runs/tiny");
    assert!(none.code == 2 && none.err.contains("nowhere.lmdb"), "{none}");
    let second = sandbox.run("-v evaluate mlm --corpus corpus.lmdb -m runs/tiny no-such-model");
    assert!(second.code == 2 && second.err.contains("no-such-model"), "{second}");
    assert!(!second.err.contains("model runs/tiny"), "no work is done before all are opened: {second}");
}

#[test]
fn a_resumed_run_ends_with_the_bits_of_one_that_never_stopped() {
    let sandbox = sandbox();
    let whole = sandbox.run("-q pretrain tiny.toml --corpus corpus.lmdb --out whole").done_with_output();
    sandbox.run("-q pretrain tiny.toml --corpus corpus.lmdb --out cut --steps 7 -j 1").done_with_output();
    let again = sandbox.run("pretrain --resume --out cut --steps 12").done_with_output();
    assert!(
        again.err.contains("continues after step 7") && again.err.contains("changed: train.until.steps=12"),
        "{again}"
    );
    assert_eq!(again.out, whole.out);
    for name in ["model.safetensors", "model-official.safetensors"] {
        assert!(bytes(&sandbox, &format!("cut/{name}")) == bytes(&sandbox, &format!("whole/{name}")), "{name}");
    }
    for name in ["model.safetensors", "optimizer.safetensors"] {
        let name = format!("checkpoints/step-0000012/{name}");
        assert!(bytes(&sandbox, &format!("cut/{name}")) == bytes(&sandbox, &format!("whole/{name}")), "{name}");
    }
    let losses = |folder: &str| {
        let text = sandbox.read(&format!("{folder}/metrics.jsonl"));
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines
            .filter(|line| line["kind"] == "step")
            .map(|line| (line["step"].clone(), line["loss"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(losses("cut"), losses("whole"));
}

#[test]
fn a_dry_run_reports_sizes_without_a_corpus() {
    let run = Sandbox::new().with("tiny.toml", TINY).run("pretrain tiny.toml --dry-run");
    insta::assert_snapshot!(run, @r"
    exit 0
    [out]
    model       width 16, 2 blocks, 2 heads, SwiGLU of 42, rotary positions
    parameters  7,472
    step        2 batches of 6 sequences in rows of up to 64 tokens
    corpus      none given: tokens, epochs and time are unknown without one
    run         12 steps
    memory      at most 1 MiB: weights 30 KiB, gradients 59 KiB, moments 59 KiB, activations at most 882 KiB
    ");
}

#[test]
fn a_dry_run_with_a_corpus_times_steps_and_leaves_nothing() {
    let sandbox = sandbox();
    let before = sandbox.names("");
    let run =
        sandbox.run("pretrain tiny.toml --corpus corpus.lmdb --out runs/tiny --dry-run --epochs 3").done_with_output();
    assert_eq!(sandbox.names(""), before);
    for text in ["sequences in", "run         3 epochs: ", "tokens a second", "time        an epoch ", ", the run "] {
        assert!(run.out.contains(text), "{text}: {run}");
    }
}

#[test]
fn every_config_is_complete_and_passes_a_dry_run() {
    let parameters = [
        ("ablation-absolute-positions", "7,836,504"),
        ("ablation-gelu", "7,508,182"),
        ("giga", "650,901,793"),
        ("mega", "148,056,972"),
        ("micro", "33,491,074"),
        ("nano", "7,508,824"),
        ("nano-evening", "7,508,824"),
    ];
    let listed = |name: &str| parameters.iter().any(|(known, _)| name == format!("{known}.toml"));
    for entry in std::fs::read_dir(configs()).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name().into_string().unwrap())).unwrap();
        let of_pretraining = std::fs::read_to_string(path).unwrap().contains("rinalmo pretrain ");
        assert_eq!(of_pretraining, listed(&name), "{name}");
    }
    let sandbox = Sandbox::new();
    for (name, parameters) in parameters {
        let path = configs().join(format!("{name}.toml"));
        let run = sandbox.run(&format!("pretrain {} --dry-run", path.display())).done();
        assert!(run.out.contains(&format!("parameters  {parameters}\n")), "{name}: {run}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("Penić, Vlašić, Huber, Wan, Šikić (2024)"), "{name}");
        for key in ["max_tokens", "seed", "accumulate", "clip", "peak", "warm_up", "weight_decay", "attention", "keep"]
        {
            assert!(text.contains(&format!("\n{key} = ")), "{name}: {key}");
        }
    }
}

#[test]
fn what_is_unknown_is_named_with_the_nearest_known_one() {
    let sandbox = Sandbox::new().with("typo.toml", TINY.replace("accumulate", "acumulate")).with("tiny.toml", TINY);
    insta::assert_snapshot!(sandbox.run("pretrain typo.toml --dry-run"), @r"
    exit 2
    [err]
    error: typo.toml:11: unknown key `acumulate`
    hint: did you mean `accumulate`?
    ");
    insta::assert_snapshot!(sandbox.run("pretrain tiny.toml --dry-run --set data.sequence=4"), @r"
    exit 2
    [err]
    error: --set data.sequence=4: unknown key `sequence`
    hint: did you mean `sequences`?
    ");
    insta::assert_snapshot!(sandbox.run("pretrain tiny.toml --dry-run --set train.clip=-1"), @r"
    exit 2
    [err]
    error: clip = -1, expected a norm above 0
    ");
}

#[test]
fn a_folder_with_a_run_is_not_used_again_and_a_run_keeps_its_settings() {
    let sandbox = sandbox();
    sandbox.run("-q pretrain tiny.toml --corpus corpus.lmdb --out run --steps 2").done_with_output();
    insta::assert_snapshot!(sandbox.run("pretrain tiny.toml --corpus corpus.lmdb --out run"), @r"
    exit 2
    [err]
    error: run: holds a run already (`config.toml`)
    hint: --resume continues it, another --out starts a new run
    ");
    insta::assert_snapshot!(sandbox.run("pretrain --resume --out run --seed 5"), @r"
    exit 2
    [err]
    error: run: the run began with train.seed = 0, now it is 5
    hint: a run keeps its settings; another --out starts a new run
    ");
    insta::assert_snapshot!(sandbox.run("pretrain --resume --out nowhere"), @r"
    exit 2
    [err]
    error: nowhere: holds no run to resume (no `config.toml`)
    hint: without --resume a run starts there
    ");
    let other = sandbox.run("pretrain --resume --out run --from nano");
    assert!(other.code == 2 && other.err.contains("the run began with fresh weights"), "{other}");
    sandbox.run("-q corpus build a.fa -o small.lmdb --hold-out 0.2").done_with_output();
    let other = sandbox.run("pretrain --resume --out run --corpus small.lmdb");
    assert!(other.code == 2 && other.err.contains("holds something else"), "{other}");
    let config = sandbox.with("other.toml", TINY.replace("blocks = 2", "blocks = 3"));
    let other = config.run("pretrain other.toml --resume --out run");
    assert!(other.code == 2 && other.err.contains("began with model.blocks = 2, now it is 3"), "{other}");
}

#[test]
fn a_lower_rate_may_be_set_when_a_run_is_resumed() {
    let sandbox = sandbox();
    sandbox.run("-q pretrain tiny.toml --corpus corpus.lmdb --out run --steps 2").done_with_output();
    let run = sandbox.run("pretrain --resume --out run --steps 4 --set train.schedule.peak=1e-4").done_with_output();
    assert!(run.err.contains("changed: train.schedule.peak=0.0001, train.until.steps=4"), "{run}");
    assert!(sandbox.read("run/config.toml").contains("peak = 0.0001"));
}

#[test]
fn a_loss_that_explodes_ends_the_run_and_names_the_batch() {
    let sandbox = sandbox();
    let wild = "--set train.schedule.peak=1e30 --set train.schedule.warm_up=";
    let run = sandbox.run(&format!("-q pretrain tiny.toml --corpus corpus.lmdb --out run {wild}"));
    assert!(run.code == 2 && run.err.contains("this step was not taken\n  epoch 0, batch "), "{run}");
    assert!(
        run.err.contains(" of clusters ") && run.err.contains("hint: resume from a checkpoint with a lower rate"),
        "{run}"
    );
    assert!(sandbox.read("run/run.json").contains("this step was not taken"));
    let calm = sandbox.run("-q pretrain --resume --out run --set train.schedule.peak=1e-4").done_with_output();
    assert!(calm.out.contains("all\t"), "{calm}");
}

#[test]
fn training_goes_on_from_a_checkpoint_of_its_own_size() {
    let sandbox = sandbox();
    sandbox.run("-q pretrain tiny.toml --corpus corpus.lmdb --out first").done_with_output();
    let from = "--corpus corpus.lmdb --from first/model-official.safetensors";
    let wrong = sandbox.run(&format!("pretrain tiny.toml {from} --out second --set model.blocks=3"));
    assert!(wrong.code == 2 && wrong.err.contains("[model] is width 16, 3 blocks"), "{wrong}");
    let words = format!(
        "-q pretrain tiny.toml {} --out second --steps 1 --set train.schedule.peak=1e-12",
        from.replace("model-official", "model")
    );
    let run = sandbox.run(&words).done_with_output();
    let last = |run: &str| {
        run.lines().find(|line| line.starts_with("all\t")).unwrap().rsplit('\t').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(last(&run.out) < 22.0, "{run}");
    let record: serde_json::Value = serde_json::from_str(&sandbox.read("second/run.json")).unwrap();
    let from = Path::new(record["from"].as_str().unwrap());
    assert!(from.is_absolute() && from.ends_with("first/model.safetensors"), "{}", from.display());
}

#[cfg(unix)]
mod interrupted {
    use super::*;
    use std::io::Read;
    use std::process::{Child, Command};
    use std::time::{Duration, Instant};

    const LONG: &str =
        "-q pretrain tiny.toml --corpus corpus.lmdb --set train.save.steps=10 --set train.validate=never";

    fn wait_for(sandbox: &Sandbox, name: &str) {
        let start = Instant::now();
        while !sandbox.path(name).exists() {
            assert!(start.elapsed() < Duration::from_secs(120), "{name} does not come");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn signal(mut child: Child, name: &str) -> (Option<i32>, String) {
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (child.wait().unwrap().code(), err)
    }

    #[test]
    fn a_killed_run_is_resumed_and_ends_with_the_bits_of_one_that_was_not() {
        let sandbox = sandbox();
        sandbox.run(&format!("{LONG} --steps 150 --out whole")).done_with_output();
        let child = sandbox.spawn(&format!("{LONG} --steps 150 --out cut"));
        wait_for(&sandbox, "cut/checkpoints/step-0000020");
        assert_eq!(signal(child, "-KILL").0, None, "it was killed before its end");
        let run = sandbox.run(&format!("{LONG} --steps 150 --out cut --resume")).done_with_output();
        assert!(!run.out.is_empty());
        for name in ["model.safetensors", "checkpoints/step-0000150/optimizer.safetensors"] {
            assert!(bytes(&sandbox, &format!("cut/{name}")) == bytes(&sandbox, &format!("whole/{name}")), "{name}");
        }
    }

    #[test]
    fn a_run_that_is_told_to_end_writes_a_checkpoint_and_says_how_to_go_on() {
        let sandbox = sandbox();
        let child = sandbox.spawn(&format!("{LONG} --steps 1000000 --out run"));
        wait_for(&sandbox, "run/checkpoints/step-0000010");
        let second = sandbox.run("pretrain --resume --out run");
        assert!(second.code == 2 && second.err.contains("another process is working on this run"), "{second}");
        let (code, err) = signal(child, "-TERM");
        assert_eq!(code, Some(143), "{err}");
        let end = err.lines().last().unwrap();
        assert!(end.starts_with("stopped after "), "{err}");
        assert!(end.ends_with("`rinalmo pretrain --resume --out run` continues"), "{err}");
        let newest = sandbox.names("run/checkpoints").pop().unwrap();
        let step: u64 = newest["step-".len()..].parse().unwrap();
        sandbox.run(&format!("-q pretrain --resume --out run --steps {}", step + 2)).done_with_output();
        assert!(sandbox.path(&format!("run/checkpoints/step-{:07}", step + 2)).exists());
        let record = sandbox.read("run/run.json");
        assert!(record.contains("\"ended\": \"stopped\"") && record.contains("\"ended\": \"finished\""), "{record}");
    }
}

/// Losses and norms of the gradients of a run's steps.
#[cfg(feature = "tch")]
fn losses(sandbox: &Sandbox, run: &str) -> Vec<[f64; 2]> {
    let metrics = sandbox.read(&format!("{run}/metrics.jsonl"));
    let lines = metrics.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let steps = lines.filter(|line| line["kind"] == "step");
    steps.map(|step| ["loss", "norm"].map(|name| step[name].as_f64().unwrap())).collect()
}

/// Needs LibTorch to build and to start, so it is not part of the default tests; `docs/devices.md` says how it is run.
#[cfg(feature = "tch")]
#[test]
fn libtorch_trains_as_the_cpu_does() {
    let sandbox = sandbox();
    for (run, device, precision) in [("cpu", "cpu", "f32"), ("torch", "tch:cpu", "f32"), ("bf16", "tch:cpu", "bf16")] {
        // Each device has its own generator, so dropout would differ.
        let set = format!("--set train.precision={precision} --set train.dropout={{attention=0,residual=0}}");
        let line = format!("-q pretrain tiny.toml --corpus corpus.lmdb --out {run} --device {device} {set}");
        sandbox.run(&line).done_with_output();
    }
    let expected = losses(&sandbox, "cpu");
    assert_eq!(expected.len(), 12);
    for (run, tolerance) in [("torch", 1e-4), ("bf16", 2e-2)] {
        for (step, (found, expected)) in losses(&sandbox, run).iter().zip(&expected).enumerate() {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found / expected - 1.0).abs() < tolerance, "{run}, step {step}: {found} for {expected}");
            }
        }
    }
}
