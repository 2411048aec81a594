//! The paper's experiments from outside: every fold trained and tried, one table, and nothing done twice.

use crate::common::{Sandbox, TINY, hairpins};

/// Hairpins of two families that keep each other out.
fn families() -> Sandbox {
    let table = hairpins(8);
    let mut splits = "fold,partition,id\n".to_owned();
    for (fold, train, test) in [("5s", 0..4, 4..8), ("tRNA", 4..8, 0..4)] {
        train.for_each(|number| splits += &format!("{fold},train,h{number}\n"));
        test.for_each(|number| splits += &format!("{fold},test,h{number}\n"));
    }
    Sandbox::new().with("tiny.toml", TINY).with("all.tsv", table).with("splits.csv", splits)
}

const BEGIN: &str =
    "benchmark archiveii --config tiny.toml --set hold_out.share=0.25 --data all.tsv splits.csv --out b";

#[test]
fn folds_are_trained_tried_and_put_beside_what_was_published() {
    let sandbox = families();
    let listed = sandbox.run(&format!("{BEGIN} --list")).well().out;
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').take(2).collect()).collect();
    assert_eq!(rows, [["fold", "standing"], ["5s", "new"], ["tRNA", "new"]]);

    let run = sandbox.run(&format!("{BEGIN} --folds tRNA --name mine")).well();
    assert!(run.err.contains("fold tRNA (1 of 1)") && !run.err.contains("fold 5s"), "{run}");
    assert!(sandbox.run(&format!("{BEGIN} --list")).well().out.contains("tRNA\tdone"));

    // What is done is not done again.
    let before = std::fs::metadata(sandbox.path("b/tRNA/model.safetensors")).unwrap().modified().unwrap();
    let run = sandbox.run(&format!("{BEGIN} --name mine")).well();
    assert!(run.err.contains("fold 5s (1 of 2)") && !run.err.contains("fold tRNA"), "{run}");
    assert_eq!(std::fs::metadata(sandbox.path("b/tRNA/model.safetensors")).unwrap().modified().unwrap(), before);

    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].starts_with("relaxed F1") && lines[0].contains("mine") && lines[0].contains("[RNAstructure]"));
    let figures: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!(figures[0], "5s", "{run}");
    assert!(figures[1].parse::<f64>().unwrap() <= 1.0 && figures.contains(&"0.630"), "{run}");
    assert!(run.out.contains("strict F1") && run.out.contains("trained here: 2 folds"), "{run}");
    assert!(run.out.contains(" records of 5s ") && run.out.contains("guard: "), "what the guard found: {run}");
    assert!(sandbox.read("b/table.md").contains("| 5s "));
    let results: serde_json::Value = serde_json::from_str(&sandbox.read("b/results.json")).unwrap();
    assert_eq!(results["folds"][1]["scores"][0]["records"], 4);
    let evaluation: serde_json::Value = serde_json::from_str(&sandbox.read("b/5s/evaluation.5s.json")).unwrap();
    let same = |what: &serde_json::Value| what.as_f64().unwrap();
    let own = &results["folds"][0]["scores"][0]["figures"]["strict F1"];
    assert!((same(own) - same(&evaluation["mean"]["strict"]["f1"])).abs() < 1e-12);

    // Another run of the same stands beside it.
    let other = sandbox.run(&format!("{BEGIN}2 --name other --steps 2 --beside b")).well();
    assert!(other.out.lines().next().unwrap().contains("other") && other.out.contains("mine"), "{other}");
    assert!(sandbox.read("b2/5s/config.toml").contains("steps = 2"));
}

#[test]
fn an_encoder_of_no_blocks_knows_the_letters() {
    let sandbox = families();
    let words = format!("{BEGIN} --folds 5s --set model.blocks=0 --set unfreeze= --name one-hot");
    let run = sandbox.run(&words).well();
    assert!(run.out.lines().next().unwrap().contains("one-hot"), "{run}");
    let table: toml::Table = sandbox.read("b/5s/config.toml").parse().unwrap();
    assert_eq!(table["model"]["blocks"].as_integer(), Some(0));
    assert!(!table.contains_key("unfreeze"));
}

#[test]
fn splice_sites_are_learned_for_each_species_kept_out() {
    let mut table = "species\tkind\tlabel\tseq\n".to_owned();
    for (number, species) in ["fly", "worm"].iter().cycle().take(16).enumerate() {
        let (site, label) = if number % 4 < 2 { ("GT", 1) } else { ("CC", 0) };
        table += &format!("{species}\tdonor\t{label}\tAAAA{site}A{}A\n", ["A", "C", "G", "T"][number % 4]);
    }
    let config = TINY.replace("\n[unfreeze]\nafter = 1\nblocks = 1\nevery = 1\n", "");
    let sandbox = Sandbox::new().with("tiny.toml", config).with("w.tsv", table);
    let words = "benchmark splice --config tiny.toml --set hold_out.share=0.25 --set hold_out.by=item --data w.tsv --out s --name tiny";
    let run = sandbox.run(words).well();
    assert!(run.out.contains("donor fly") && run.out.contains("donor worm") && run.out.contains("[RNA-FM]"), "{run}");
    let folded = sandbox.run(&format!("{words} --run RNAfold")).refused();
    assert!(folded.contains("--run: folding programs"), "{folded}");
    // The model of a fold says the same to `evaluate`.
    let asked = "evaluate splice --model s/donor-fly --dtype f32 -r s/data/donor-fly/test.csv --json e.json";
    sandbox.run(asked).well();
    let json = |name: &str| serde_json::from_str::<serde_json::Value>(&sandbox.read(name)).unwrap();
    let (asked, own) = (json("e.json"), json("s/results.json"));
    assert_eq!(asked["all"]["f1"], own["folds"][0]["scores"][0]["figures"]["f1"], "{asked}");
}

#[test]
fn what_does_not_fit_is_told_before_anything_is_trained() {
    let sandbox = families().with("other.tsv", hairpins(9));
    let refused = |words: &str| sandbox.run(words).refused();
    let unknown = refused(&format!("{BEGIN} --folds srp"));
    assert!(unknown.contains("no fold `srp`\nhint: there are 5s, tRNA"), "{unknown}");
    let nothing = refused("benchmark archiveii --config tiny.toml --data all.tsv --out c");
    assert!(nothing.contains("all.tsv: no folds\nhint: ct-splits.tar.gz"), "{nothing}");
    let gone = refused("benchmark bprna --config tiny.toml --data nowhere --out c");
    assert!(gone.contains("nowhere: cannot be read"), "{gone}");
    sandbox.run(&format!("-q {BEGIN} --folds 5s --steps 1")).well();
    let other = refused(&format!("{BEGIN} --folds 5s --steps 2"));
    assert!(other.contains("b/5s: the fold was started with train.until.steps = 1, now it is 2\nhint: "), "{other}");
    let stranger = refused("benchmark bprna --config tiny.toml --data b --out c");
    assert!(stranger.contains("b: no TR0"), "{stranger}");
    assert!(refused(&format!("{BEGIN}3 --beside b/data")).contains("holds no `results.json`"));
}

#[test]
fn a_network_on_letters_is_a_row_as_any_model_is() {
    // No two sequences are similar.
    let mut state = 1u64;
    let mut letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ["A", "C", "G", "T"][(state >> 62) as usize]
    };
    let mut sequence = |number: usize| -> String { (0..25 + number % 6).map(&mut letter).collect() };
    let mut table = "utr,rl,set\n".to_owned();
    for number in 0..60 {
        let (utr, set) = (sequence(number), ["train", "train", "random"][number % 3]);
        let load = utr.matches('G').count() as f64 / 3.0;
        table += &format!("{utr},{load:.2},{set}\n");
    }
    let sandbox = Sandbox::new().with("loads.csv", table).with("utrs.fa", ">a\nGGGGGGGGAAAA\n>b\nAAAAAAAAAAAACCCC\n");
    let words = "benchmark mrl --config mrl-optimus --set data.cnn.window=30 --set data.batch=8 --epochs 8 --data loads.csv --out m";
    let sizes = "--set data.cnn.layers=[{filters=8,kernel=4,pool=2},{filters=8,kernel=3}]";
    let run = sandbox.run(&format!("{words} {sizes}")).well();
    assert!(run.out.lines().next().unwrap().contains("mrl-optimus"), "{run}");
    let config: toml::Table = sandbox.read("m/mrl/config.toml").parse().unwrap();
    assert_eq!(config["data"]["cnn"]["layers"][0]["pool"].as_integer(), Some(2));

    // The folder of the run is a model for every command.
    let shown = sandbox.run("model show m/mrl").done().out;
    assert!(shown.contains("Cnn") && shown.contains("window: 30"), "{shown}");
    let predicted = sandbox.run("predict mrl --model m/mrl --dtype f32 utrs.fa").done().out;
    let loads: Vec<f64> =
        predicted.lines().skip(1).map(|row| row.split('\t').next_back().unwrap().parse().unwrap()).collect();
    assert!(loads.len() == 2 && loads[0] > loads[1], "more G, more load: {predicted}");
    let long = sandbox.with("long.fa", format!(">c\n{}\n", "A".repeat(31)));
    let refused = long.run("predict mrl --model m/mrl long.fa");
    assert!(refused.err.contains("a sequence of 31 nt, the model's network takes up to 30 nt"), "{refused}");
    let other = long.run("predict splice --model m/mrl utrs.fa").refused();
    assert!(other.contains("has no splice head"), "{other}");
    let official = long.run("model convert m/mrl official.pt --to official");
    assert!(!official.err.contains("panicked"), "{official}");
}
