//! Fine-tuning from outside: what a run leaves, what it refuses, and that stopping it changes nothing.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::common::{Run, Sandbox, TINY, hairpins};

fn sandbox() -> Sandbox {
    Sandbox::new().with("tiny.toml", TINY).with("train.tsv", hairpins(8)).with("valid.tsv", hairpins(4))
}

const BEGIN: &str = "finetune structure --config tiny.toml --data train.tsv --validation valid.tsv";

fn bytes(sandbox: &Sandbox, name: &str) -> Vec<u8> {
    std::fs::read(sandbox.path(name)).unwrap()
}

#[test]
fn a_run_leaves_a_folder_that_folds() {
    let sandbox = sandbox().with("one.fa", ">one\nGGGGAAAACCCC\n");
    let run = sandbox.run(&format!("{BEGIN} --test valid.tsv --out runs/tiny")).well();
    let figures: Vec<&str> =
        run.out.lines().map(|line| line.rsplit_once('\t').unwrap().0.rsplit_once('\t').unwrap().0).collect();
    let of = |data: &str| {
        let names = [
            "loss",
            "relaxed F1",
            "relaxed precision",
            "relaxed recall",
            "strict F1",
            "pairs to reference",
            "threshold",
        ];
        names.map(|name| format!("{data}\t{name}"))
    };
    assert_eq!(figures, [&["data\tfigure".to_owned()], &of("validation")[..], &of("test")].concat(), "{run}");
    // What the best model says of the validation data says it of the same data as a test.
    let values = |data: &str| {
        run.out
            .lines()
            .filter(|line| line.starts_with(data))
            .map(|line| line.split_once('\t').unwrap().1.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(values("validation"), values("test"), "{run}");
    let said = [
        "training: 8 structures of up to 17 nt",
        "an epoch is 8 items",
        "done after 12 steps",
        "`--model runs/tiny` opens it",
    ];
    said.iter().for_each(|said| assert!(run.err.contains(said), "{said}: {run}"));

    let (events, names): (Vec<_>, Vec<_>) =
        sandbox.names("runs/tiny").into_iter().partition(|name| name.contains("tfevents"));
    assert_eq!(events.len(), 1);
    let expected = [
        ".lock",
        "checkpoints",
        "config.toml",
        "loss.svg",
        "metrics.jsonl",
        "model-official.safetensors",
        "model.safetensors",
        "run.json",
    ];
    assert_eq!(names, expected);
    let record: serde_json::Value = serde_json::from_str(&sandbox.read("runs/tiny/run.json")).unwrap();
    assert_eq!((&record["task"], &record["sessions"][0]["ended"]), (&"structure".into(), &"finished".into()));
    assert_eq!(record["test"]["parts"][0]["name"], "loss");
    assert!(sandbox.read("runs/tiny/config.toml").contains("epoch = 2"), "the unfreezing is spelt out");

    let folded = sandbox.run("-q fold one.fa --model runs/tiny --dtype f32").well().out;
    assert!(folded.starts_with(">one\nGGGGAAAACCCC\n"), "{folded}");
    let official =
        sandbox.run("-q fold one.fa --model runs/tiny/model-official.safetensors --heads 2 --dtype f32").well();
    assert_eq!(official.out, folded);
    let threshold = run.out.lines().find_map(|line| line.strip_prefix("validation\tthreshold\t")).unwrap();
    let shown = sandbox.run("model show runs/tiny/model.safetensors").well().out;
    let shown_as = threshold.split('\t').next().unwrap().trim_end_matches('0');
    assert!(shown.contains(shown_as), "{shown_as}: {shown}");
}

/// The released code has no names for its tensors, so there is no second file.
#[test]
fn an_encoder_of_another_paper_is_fine_tuned() {
    let others = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rinalmo/tests/golden/others");
    for name in ["rna_fm", "ernie_rna", "utr_lm"] {
        let (_, sizeless) = TINY.split_once("\n\n").unwrap(); // the model's sizes are those of `--from`
        let sandbox = sandbox().with("tiny.toml", sizeless).with("one.fa", ">one\nGGGGAAAACCCC\n");
        let from = others.join(name);
        sandbox.run(&format!("-q {BEGIN} --from {} --out run", from.display())).well();
        sandbox.run("-q finetune structure --resume --out run").well(); // it is done already
        let models: Vec<String> = sandbox.names("run").into_iter().filter(|name| name.starts_with("model")).collect();
        assert_eq!(models, ["model.safetensors"], "{name}");
        let folded = sandbox.run("-q fold one.fa --model run --dtype f32").well().out;
        assert!(folded.starts_with(">one\nGGGGAAAACCCC\n"), "{name}: {folded}");
    }
}

#[test]
fn a_resumed_run_ends_with_the_bits_of_one_that_never_stopped() {
    let sandbox = sandbox();
    sandbox.run(&format!("-q {BEGIN} --out whole")).well();
    sandbox.run(&format!("-q {BEGIN} --out cut --steps 5 -j 1")).well();
    let again = sandbox.run("finetune structure --resume --out cut --steps 12").well();
    assert!(
        again.err.contains("continues after step 5") && again.err.contains("changed: train.until.steps=12"),
        "{again}"
    );
    for name in ["model.safetensors", "model-official.safetensors"] {
        assert!(bytes(&sandbox, &format!("cut/{name}")) == bytes(&sandbox, &format!("whole/{name}")), "{name}");
    }
    let other = sandbox.with("train.tsv", hairpins(9));
    let refused = other.run("finetune structure --resume --out cut --steps 13").refused();
    assert!(refused.contains("changed since the run began"), "{refused}");
}

#[test]
fn a_run_is_resumed_from_any_folder() {
    let sandbox = sandbox();
    sandbox.run(&format!("-q {BEGIN} --out nano2")).well(); // begins like the name of a bundled model
    let begin = format!("-q {BEGIN} --from nano2 --out second --steps 2 --set model.dim= --set model.blocks=");
    sandbox.run(&format!("{begin} --set model.heads=")).well();
    let mut elsewhere = sandbox.command("-q finetune structure --resume --out ../second --steps 4");
    std::fs::create_dir(sandbox.path("elsewhere")).unwrap();
    elsewhere.current_dir(sandbox.path("elsewhere"));
    sandbox.finish(assert_cmd::Command::from_std(elsewhere)).well();
    let record: serde_json::Value = serde_json::from_str(&sandbox.read("second/run.json")).unwrap();
    let paths = record["files"]["train"].as_array().unwrap().iter().chain([&record["from"]]);
    for path in paths {
        let path = Path::new(path.as_str().unwrap());
        assert!(path.is_absolute() && path.exists(), "{record}");
    }
}

#[test]
fn a_run_may_begin_with_another_runs_model() {
    let sandbox = sandbox();
    sandbox.run(&format!("-q {BEGIN} --out first")).well();
    let second = sandbox.run(&format!(
        "{BEGIN} --from first --out second --epochs 1 --set model.dim= --set model.blocks= --set model.heads="
    ));
    let second = second.well();
    assert!(second.err.contains("done after 4 steps"), "{second}");
    let record: serde_json::Value = serde_json::from_str(&sandbox.read("second/run.json")).unwrap();
    assert!(Path::new(record["from"].as_str().unwrap()).is_absolute(), "{record}");
    let wrong = sandbox.run(&format!("{BEGIN} --from first --out third --set model.dim=32")).refused();
    assert!(wrong.contains("[model] and --from"), "{wrong}");
}

#[test]
fn folds_are_shared_out_and_repeats_summed_up() {
    let mut splits = "fold,partition,id\n".to_owned();
    for (number, partition) in ["train", "train", "train", "train", "valid", "valid", "test", "test"].iter().enumerate()
    {
        let _ = writeln!(splits, "a,{partition},h{number}");
    }
    let sandbox = sandbox().with("splits.csv", splits);
    let words = "finetune structure --config tiny.toml --data train.tsv --splits splits.csv --fold a --epochs 1 --repeats 2 --out two";
    let run = sandbox.run(words).well();
    for said in ["training: 4 structures", "validation: 2 structures", "test: 2 structures", "seed 1, in two/seed-1"] {
        assert!(run.err.contains(said), "{said}: {run}");
    }
    assert_eq!(sandbox.names("two"), ["seed-0", "seed-1"]);
    assert!(run.out.starts_with("data\tfigure\tmean\tsd\truns\nvalidation\tloss\t"), "{run}");
    assert!(run.out.lines().all(|line| line.ends_with("\truns") || line.ends_with("\t2")), "{run}");
    let unknown = sandbox.run(&words.replace("--fold a", "--fold b").replace("--out two", "--out three")).refused();
    assert!(unknown.contains("splits.csv: no fold `b`, there are a"), "{unknown}");
}

#[test]
fn what_cannot_be_trained_on_is_named() {
    let sandbox = sandbox()
        .with("short.tsv", "name\tseq\tstruct\na\tGGGAAACCC\t(((...)))\nb\tGGGAAACCC\t(((..)))\n")
        .with("column.csv", "name,sequence,bracket\na,GGGAAACCC,(((...)))\n");
    let refused =
        |words: &str| sandbox.run(&format!("finetune structure --config tiny.toml --out x {words}")).refused();
    let short = refused("--data short.tsv");
    assert!(short.contains("short.tsv:3: record `b`, structure: 8 characters for a sequence of 9 bases"), "{short}");
    let column = refused("--data column.csv");
    assert!(column.contains("column.csv:1: no column `structure`, `struct`, `base_pairs`\nhint: its columns are `name`, `sequence`, `bracket`"), "{column}");
    assert!(refused("--data none.tsv").contains("none.tsv"));
    let key = refused("--data train.tsv --set data.batches=2");
    assert!(key.contains("unknown key `batches`\nhint: did you mean `batch`?"), "{key}");
    assert!(
        refused("--data train.tsv --set model.dim= --set model.blocks= --set model.heads=")
            .contains("no model to start with")
    );
    assert!(!sandbox.path("x").exists());
}

#[test]
fn the_published_recipes_tell_what_trains_when() {
    let sandbox = sandbox();
    let configs = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../runs/configs"));
    let dry = |name: &str| {
        let path = configs.join(name);
        sandbox.run(&format!("finetune structure --config {} --from giga --dry-run", path.display())).done().out
    };
    let paper = dry("structure.toml");
    let stages = [
        "epochs 0 to 2   the head: 254593 parameters",
        "epochs 3 to 5   and blocks 30 to 32, the final norm: 59275394 parameters",
        "epochs 6 to 8   and blocks 27 to 29: 118293635 parameters",
        "epochs 9 to 11  and blocks 24 to 26: 177311876 parameters",
        "epochs 12 to 14 and blocks 21 to 23: 236330117 parameters",
    ];
    let plain = paper.replace(',', "").replace("32 the final", "32, the final");
    stages.iter().for_each(|stage| assert!(plain.contains(stage), "{stage}: {paper}"));
    assert!(paper.contains("1.00e-4 in step 0, 1.00e-5 in step 10,000"), "{paper}");
    let released = dry("structure-released.toml");
    assert!(released.contains("blocks 30 to 32 at 0.1 of the rate, the final norm at 0.1 of the rate"), "{released}");
    let data = sandbox
        .run("finetune structure --config tiny.toml --data train.tsv --validation valid.tsv --dry-run")
        .done()
        .out;
    assert!(data.contains("training: 8 structures") && data.contains("epoch       4 steps"), "{data}");
}

/// The tiny model's config without the structure's own keys.
fn labels_config(section: &str) -> String {
    TINY.replace("[data]\nbatch = 2\n", &format!("[data]\nbatch = 4\n{section}")).replace("epochs = 3", "epochs = 2")
}

/// Sequences of mostly G and of mostly A, and what can be said of them.
fn labelled(count: usize) -> String {
    let mut text = "id,seq,label,load,each,kind\n".to_owned();
    for number in 0..count {
        let (letter, label, load) = if number % 2 == 0 { ("G", "rich", 3.5) } else { ("A", "poor", -1.0) };
        let sequence = [letter.repeat(8 + number % 5), "CU".into()].concat();
        let each = [if number % 2 == 0 { "E" } else { "I" }.repeat(sequence.len() - 1), "-".into()].concat();
        let load = load + number as f64 / 100.0;
        let _ = writeln!(text, "s{number},{sequence},{label},{load},{each},k{}", number % 3);
    }
    text
}

#[test]
fn every_kind_of_label_is_learned_and_said_again() {
    let cases = [
        ("splice", "positive = [\"rich\"]\n", "predict splice", "probability", "F1"),
        ("family", "balance = true\n", "predict family", "family", "weighted F1"),
        ("mrl", "label = \"load\"\npad_to = 20\n", "predict mrl --pad-to 20", "mrl", "R²"),
        ("sequence", "label = \"load\"\naim = \"number\"\npooling = \"mean\"\n", "predict sequence", "value", "R²"),
        ("sequence", "aim = \"classes\"\nonly = { kind = \"k1\" }\n", "predict sequence", "class", "macro F1"),
        ("token", "label = \"each\"\naim = \"classes\"\n", "predict token", "classes", "accuracy"),
    ];
    for (number, (task, section, predict, column, figure)) in cases.into_iter().enumerate() {
        let sandbox = Sandbox::new()
            .with("tiny.toml", labels_config(section))
            .with("data.csv", labelled(24))
            .with("one.fa", ">one\nGGGGGGGGCU\n");
        let words = format!(
            "finetune {task} --config tiny.toml --data data.csv --validation data.csv --test data.csv --out run{number}"
        );
        let run = sandbox.run(&words).well();
        assert!(
            run.out.contains(&format!("validation\t{figure}\t")) && run.out.contains(&format!("test\t{figure}\t")),
            "{run}"
        );
        let said = sandbox.run(&format!("-q {predict} one.fa --model run{number} --dtype f32")).well().out;
        let header = said.lines().next().unwrap();
        assert!(header.starts_with("id\t") && header.split('\t').any(|name| name == column), "{task}: {said}");
        let official = sandbox.names(&format!("run{number}")).contains(&"model-official.safetensors".to_owned());
        assert_eq!(official, !["sequence", "token"].contains(&task), "{task}");
    }
}

#[test]
fn labels_that_cannot_be_learned_from_are_named() {
    let sandbox = Sandbox::new()
        .with("number.toml", labels_config("aim = \"number\"\n"))
        .with("class.toml", labels_config("aim = \"classes\"\n"))
        .with("nan.csv", "id,seq,label\na,ACGU,1.0\nb,ACGU,NaN\n")
        .with("short.csv", "id,seq,label\na,ACGU,EEII\nb,ACGU,EEI\n")
        .with("train.csv", "id,seq,label\na,ACGU,x\nb,ACGU,y\n")
        .with("test.csv", "id,seq,label\nc,ACGU,z\n");
    let refused = |words: &str| sandbox.run(&format!("finetune {words} --out x")).refused();
    let nan = refused("sequence --config number.toml --data nan.csv");
    assert!(nan.contains("nan.csv:3: column `label`: record `b`: `NaN`, expected a finite number"), "{nan}");
    let short = refused("token --config class.toml --data short.csv");
    assert!(short.contains("short.csv:3: column `label`: record `b`: 3 labels for a sequence of 4 bases"), "{short}");
    let unseen = refused("sequence --config class.toml --data train.csv --test test.csv --set hold_out.share=0");
    assert!(unseen.contains("test.csv:2: column `label`: record `c`: class `z` occurs in the test data, but not in the training data (x, y)"), "{unseen}");
    let column = refused("sequence --config class.toml --data train.csv --set data.label=name");
    assert!(column.contains("train.csv:1: no column `name`\nhint: its columns are `id`, `seq`, `label`"), "{column}");
    let key = refused("family --config class.toml --data train.csv --set data.pad_to=20");
    assert!(key.contains("data.pad_to is for `mrl`, not for `family`"), "{key}");
}

#[test]
fn a_model_folds_as_it_was_tuned() {
    let sandbox = sandbox().with("one.fa", ">one\nGGGGAAAACCCC\n");
    let run = sandbox.run(&format!("{BEGIN} --set data.decode=nested --test valid.tsv --out nested")).well();
    let figures = |data: &str| {
        let lines = run.out.lines().filter(|line| line.starts_with(data));
        lines.map(|line| line.split_once('\t').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(figures("validation"), figures("test"), "{run}");
    assert!(sandbox.run("model show nested").done().out.contains("nested"), "it says so");
    let fold = |more: &str| sandbox.run(&format!("-q fold --model nested one.fa {more}")).well().out;
    assert_eq!(fold(""), fold("--decode nested"));
    // It belongs to no ensemble.
    for (flag, why) in [
        ("--samples 3", "--samples: this network has probabilities of pairs"),
        ("--band 1", "hint: `--model rinalmo2026`"),
        ("--no-lonely-pairs", "--no-lonely-pairs: this network has probabilities of pairs"),
        ("--max-span 9", "hint: `--model rinalmo2026`"),
    ] {
        let refused = sandbox.run(&format!("fold --model nested one.fa {flag}")).refused();
        assert!(refused.contains(why), "{flag}: {refused}");
    }
    let json = |more: &str| {
        let words = format!("-q evaluate structure -r valid.tsv --model nested --dtype f32 --json e.json {more}");
        sandbox.run(&words).well();
        serde_json::from_str::<serde_json::Value>(&sandbox.read("e.json")).unwrap()["mean"]["relaxed"]["f1"].clone()
    };
    let told = figures("test").iter().find_map(|line| line.strip_prefix("relaxed F1\t").map(str::to_owned)).unwrap();
    let told: f64 = told.split('\t').next().unwrap().parse().unwrap();
    assert!((json("").as_f64().unwrap() - told).abs() < 1e-4, "{told}");
}

#[test]
fn every_recipe_can_be_read() {
    let sandbox = sandbox();
    let configs = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../runs/configs"));
    let recipes = [
        "structure",
        "structure-released",
        "structure-nano",
        "splice",
        "splice-nano",
        "family-nano",
        "mrl-nano",
        "family",
        "mrl",
        "mrl-released",
        "sequence",
        "token",
    ];
    for recipe in recipes {
        let (path, task) = (configs.join(format!("{recipe}.toml")), recipe.split('-').next().unwrap());
        let told =
            sandbox.run(&format!("finetune {task} --config {} --from nano --dry-run", path.display())).done().out;
        assert!(told.contains(&format!("task        {task}")) && told.contains("trains"), "{told}");
    }
    for (recipe, head) in [
        ("mrl-optimus", "convolutions 120×8, 120×8, 120×8 on letters of up to 100 nt, dense 40"),
        ("splice-spliceator", "convolutions 16×7/2, 32×5/2, 64×3/2 on letters of exactly 400 nt, dense 100"),
    ] {
        let task = recipe.split('-').next().unwrap();
        let told = sandbox.run(&format!("finetune {task} --config {recipe} --dry-run")).done().out;
        assert!(told.contains(&format!("a new one ({head})")), "{told}");
        let refused = sandbox.run(&format!("finetune {task} --config {recipe} --from nano --dry-run")).refused();
        assert!(refused.contains("nano"), "{refused}");
    }
    let told = sandbox.run("finetune mrl --config mrl --from giga --dry-run").done().out;
    assert!(told.contains("epochs 5 to 49  and blocks 6 to 32, the final norm"), "{told}");
    for config in ["ribosome", "configs/ribosome.toml", "mrl"] {
        let earlier = sandbox.run(&format!("finetune ribosome --config {config} --from giga --dry-run")).done().out;
        assert_eq!(earlier, told, "{config}");
    }
}

#[test]
fn adapters_are_saved_alone_and_merged_into_the_model_they_were_trained_beside() {
    let sandbox = sandbox().with("one.fa", ">one\nGGGGAAAACCCC\n");
    sandbox.run(&format!("-q {BEGIN} --out base")).well();
    let config = TINY.replace(
        "[unfreeze]\nafter = 1\nblocks = 1\nevery = 1\n",
        "[lora]\nrank = 2\nalpha = 4\ntargets = [\"qkv\", \"up\", \"down\"]\n",
    );
    let config = config.replace("[model]\ndim = 16\nblocks = 2\nheads = 2\n", "");
    let sandbox = sandbox.with("lora.toml", config);
    let words =
        "finetune structure --config lora.toml --data train.tsv --validation valid.tsv --from base --out adapted";
    let told = sandbox.run(&format!("{words} --dry-run")).done().out;
    // Twice (a rank of) 2 · (16 + 48 + 16 + 42 + 42 + 16) in two blocks, and a head of 92,801.
    assert!(told.contains("epochs 0 to 2   the head, adapters: 93,521 parameters"), "{told}");
    sandbox.run(&format!("-q {words} --steps 7")).well();
    sandbox.run("-q finetune structure --resume --out adapted --steps 12").well();
    let size = |name: &str| std::fs::metadata(sandbox.path(name)).unwrap().len();
    assert!(size("adapted/adapter.safetensors") < size("adapted/model.safetensors"));
    sandbox.run("-q model convert base merged.safetensors --adapter adapted/adapter.safetensors").well();
    let fold = |model: &str| sandbox.run(&format!("-q fold one.fa --model {model} --dtype f32")).well().out;
    assert_eq!(fold("merged.safetensors"), fold("adapted"));
    let wrong = sandbox.run("model convert base x.safetensors --adapter base/model.safetensors").refused();
    assert!(wrong.contains("holds no adapters"), "{wrong}");
    let wrong = sandbox.run("model convert nano x.safetensors --adapter adapted/adapter.safetensors").refused();
    assert!(wrong.contains("for an encoder of width 16 and 2 blocks"), "{wrong}");

    // Or both in one file, the encoder once.
    let words = "-q model convert base/model.safetensors both.safetensors --license MIT";
    sandbox.run(&format!("{words} --with mine=adapted/adapter.safetensors")).well();
    let shown = sandbox.run("model show both.safetensors#mine").done().out;
    assert!(shown.contains("MIT"), "{shown}");
    assert_eq!(fold("both.safetensors#mine"), fold("adapted"));
    assert_eq!(fold("both.safetensors"), fold("base"));
    assert!(size("both.safetensors") < size("base/model.safetensors") + size("adapted/adapter.safetensors") + 8192);
    assert!(sandbox.run("model show both.safetensors").well().out.contains("more models     mine\n"));
    let unnamed = sandbox.run("model convert base both --with adapted").refused();
    assert!(unnamed.contains("--with adapted: expected NAME=MODEL"), "{unnamed}");
}

#[test]
fn validation_and_test_data_that_fit_into_no_memory_are_refused_before_training() {
    // 300,000 nt have a map of 90 billion pairs.
    let long = |file: &str| {
        let (sequence, brackets) = ("A".repeat(300_000), ".".repeat(300_000));
        format!("{}long\t{sequence}\t{brackets}\n", hairpins(4)).replace("long", file)
    };
    let sandbox = sandbox().with("long.tsv", long("giant"));
    let refused = |more: &str| {
        let said = sandbox.run(&format!("finetune structure --config tiny.toml --data train.tsv {more}")).refused();
        assert!(said.contains("`giant` of 300000 nt needs ") && said.contains(" MiB for its map of pairs, "), "{said}");
        assert!(!sandbox.path("x").exists(), "nothing was begun");
        said
    };
    let said = refused("--validation long.tsv --out x");
    assert!(said.contains("the validation data do not fit into memory: "), "{said}");
    assert!(said.contains("1 of the sequences are longer\nhint: `--set data.max_len="), "{said}");
    refused("--validation long.tsv --dry-run");
    let said = refused("--validation valid.tsv --test long.tsv --out x");
    assert!(
        said.contains("the test data do not fit into memory: ") && said.contains("hint: leave longer ones out"),
        "{said}"
    );
    let words = "--validation long.tsv --set data.max_len=1000 --epochs 1 --out x";
    let run = sandbox.run(&format!("finetune structure --config tiny.toml --data train.tsv {words}")).well();
    assert!(run.err.contains("1 structures are left out, longer than 1000 nt"), "{run}");
}

#[test]
fn a_calibrated_model_expects_an_f1_of_each_structure() {
    let sandbox = sandbox();
    sandbox.run(&format!("-q {BEGIN} --out base")).well();
    let run = sandbox.run("model calibrate base set.safetensors --data valid.tsv").well();
    let structures = |run: &Run| -> usize {
        run.err.lines().find_map(|line| line.split_once(" structures: ")?.0.parse().ok()).unwrap()
    };
    let one = structures(&run);
    assert!(run.err.contains("structures: ") && run.err.contains("expected calibration error"), "{run}");
    let error = |name: &str| -> f64 {
        let after = run.err.split(name).next().unwrap();
        after.rsplit(' ').find_map(|word| word.trim_end_matches(',').parse().ok()).unwrap()
    };
    assert!(error(" before,") >= 0.0, "{run}");
    assert!(run.err.contains("cross-fitted, each of ") || run.err.contains("all structures are similar"), "{run}");
    let shown = sandbox.run("model show set.safetensors").well().out;
    assert!(shown.contains("calibration     probability = sigmoid("), "{shown}");
    assert_eq!(sandbox.run("model show base").well().out.matches("calibration").count(), 0);
    let fold = |model: &str| sandbox.run(&format!("-q fold valid.fa --model {model} -f json")).well().out;
    std::fs::write(sandbox.path("valid.fa"), ">x\nGGGGAAAACCCC\n").unwrap();
    assert!(fold("set.safetensors").contains("\"expected_f1\":") && !fold("base").contains("expected_f1"));
    let run = sandbox.run("evaluate structure -r valid.tsv --model set.safetensors --csv out.csv").well();
    assert!(run.out.contains(": expected relaxed F1 "), "{run}");
    assert!(sandbox.read("out.csv").lines().next().unwrap().ends_with(",expected_f1"));
    // Several files, after one flag as after several.
    for words in ["--data valid.tsv train.tsv", "--data valid.tsv --data train.tsv"] {
        let both = sandbox.run(&format!("model calibrate base both.safetensors --force {words}")).well();
        assert!(structures(&both) > one, "{both}");
    }
    let there = sandbox.run("model calibrate base set.safetensors --data valid.tsv").refused();
    assert!(there.contains("already exists\nhint: --force"), "{there}");
    let certain = sandbox.run("model calibrate base x.safetensors --data valid.tsv --threshold 1").refused();
    assert!(certain.contains("threshold: expected a probability from 0 to below 1, found 1\n"), "{certain}");
}

#[test]
fn no_epochs_are_no_steps() {
    let sandbox = sandbox();
    for (limit, out) in [("--epochs 0", "epochs"), ("--steps 0", "steps")] {
        sandbox.run(&format!("{BEGIN} {limit} --out {out}")).well();
        let record: serde_json::Value = serde_json::from_str(&sandbox.read(&format!("{out}/run.json"))).unwrap();
        assert_eq!(record["sessions"][0]["to_step"], 0, "{limit}");
    }
    let most = sandbox.run(&format!("{BEGIN} --steps 9223372036854775808 --out x")).refused();
    assert!(most.contains("train.until.steps = 9223372036854775808, expected less than 2^63"), "{most}");
}

#[test]
fn a_frozen_encoder_is_asked_once_and_does_not_move() {
    let unfreeze = "[unfreeze]\nafter = 1\nblocks = 1\nevery = 1\n";
    let sandbox = sandbox()
        .with("cached.toml", TINY.replace(unfreeze, "[frozen]\ncache = true\n"))
        .with("plain.toml", TINY.replace(unfreeze, "[frozen]\n[train.dropout]\nattention = 0\nresidual = 0\n"));
    let run = |config: &str| {
        let words = format!("-q {BEGIN} --out {config}").replace("tiny.toml", &format!("{config}.toml"));
        let run = sandbox.run(&words).well();
        assert!(sandbox.names(config).iter().all(|name| !name.contains("representations")));
        run.out
    };
    assert_eq!(run("cached"), run("plain"));
    let crop = sandbox.run(&format!("{BEGIN} --out x --set data.crop=8").replace("tiny.toml", "cached.toml")).refused();
    assert!(crop.contains("data.crop draws new windows each epoch"), "{crop}");
}

/// Mean ribosome load was called `ribosome` in commands, configs, runs and checkpoints.
#[test]
fn a_task_is_found_by_its_earlier_name_everywhere() {
    let config = labels_config("label = \"load\"\npad_to = 20\n");
    let sandbox = Sandbox::new()
        .with("tiny.toml", format!("task = \"ribosome\"\n{config}"))
        .with("data.csv", labelled(24))
        .with("one.fa", ">one\nGGGGGGGGCU\n");
    sandbox.run("finetune ribosome --config tiny.toml --data data.csv --validation data.csv --out run").well();
    let record: serde_json::Value = serde_json::from_str(&sandbox.read("run/run.json")).unwrap();
    assert_eq!(record["task"], "mrl");
    for name in ["run/run.json", "run/config.toml"] {
        let text = sandbox.read(name);
        let earlier = text.replace("\"mrl\"", "\"ribosome\"");
        assert_ne!(earlier, text, "{name}");
        std::fs::write(sandbox.path(name), earlier).unwrap();
    }
    sandbox.run("finetune mrl --resume --out run --epochs 3").well();
    let said = |task: &str| sandbox.run(&format!("-q predict {task} --pad-to 20 one.fa --model run")).well().out;
    assert_eq!(said("ribosome"), said("mrl"));
    assert!(sandbox.run("model show run").done().out.contains("mrl"));
    assert!(sandbox.run("config show ribosome-nano").done().out.contains("task = \"mrl\""));
}

#[test]
fn runs_are_compared_by_what_differs() {
    let sandbox = sandbox();
    sandbox.run(&format!("{BEGIN} --test valid.tsv --out runs/a --steps 4")).well();
    sandbox.run(&format!("{BEGIN} --out runs/b --steps 2 --seed 7")).well();
    let tsv = sandbox.run("runs compare runs/a runs/b").done().out;
    let rows: Vec<Vec<&str>> = tsv.lines().map(|line| line.split('\t').collect()).collect();
    let column =
        |name: &str| rows[0].iter().position(|column| *column == name).unwrap_or_else(|| panic!("{name}: {tsv}"));
    let cells = |name: &str| [rows[1][column(name)], rows[2][column(name)]];
    assert_eq!(rows[0][..4], ["run", "task", "ended", "steps"]);
    assert_eq!((cells("run"), cells("task")), (["runs/a", "runs/b"], ["structure"; 2]));
    assert_eq!((cells("ended"), cells("steps")), (["finished"; 2], ["4", "2"]));
    assert_eq!((cells("train.seed")[1], cells("train.until.steps")), ("7", ["4", "2"]));
    assert!(!rows[0].contains(&"data.batch") && !rows[0].contains(&"data"), "both have the same: {tsv}");
    assert!(cells("validation relaxed F1").iter().all(|cell| cell.parse::<f64>().is_ok()), "{tsv}");
    assert!(cells("test loss")[0].parse::<f64>().is_ok() && cells("test loss")[1].is_empty(), "{tsv}");

    let all = sandbox.run("runs compare runs/a --all-settings -f markdown").done().out;
    let lines: Vec<&str> = all.lines().collect();
    assert!(
        lines[0].starts_with("| run | task |") && lines[0].contains("| data.batch |") && lines[1].starts_with("|---|")
    );
    assert_eq!(lines.len(), 3);
    let json = sandbox.run("runs compare runs/b -f json").done().out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["steps"], &json["run"]), (&2.into(), &"runs/b".into()));
    let said = sandbox.run("runs compare runs/a nothing").refused();
    assert_eq!(said, "error: nothing: holds no run (no `config.toml`)\n");
    let said = sandbox.run("runs compare runs/a/config.toml").refused();
    let expected = "is a file, expected the folder of a run\nhint: `rinalmo runs compare runs/a`\n";
    assert_eq!(said, format!("error: runs/a/config.toml: {expected}"));
}
