//! `rinalmo config`, and configs by name in an empty folder.

use crate::common::Sandbox;

#[test]
fn configs_are_listed_with_their_tasks_and_printed_as_they_are() {
    let sandbox = Sandbox::new();
    let list = sandbox.run("config list").done().out;
    for (name, task) in [("structure-nano", "structure"), ("giga", "pretrain"), ("token", "token")] {
        let line = list.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        assert_eq!(line.split_whitespace().nth(1), Some(task), "{line}");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../runs/configs/splice.toml");
    let text = std::fs::read_to_string(file).unwrap();
    for name in ["splice", "splice.toml", "configs/splice.toml"] {
        assert_eq!(sandbox.run(&format!("config show {name}")).done().out, text, "{name}");
    }
    insta::assert_snapshot!(sandbox.run("config show splise"), @r"
    exit 2
    [err]
    error: splise: no config of this name is built in
    hint: did you mean `splice`?
    ");
}

#[test]
fn a_config_is_found_by_name_where_there_is_no_file() {
    let sandbox = Sandbox::new();
    for name in ["structure-nano", "structure-nano.toml", "configs/structure-nano.toml"] {
        let run = sandbox.run(&format!("finetune structure --config {name} --dry-run --set model.preset=nano")).done();
        assert!(run.out.starts_with("task        structure\n"), "{run}");
    }
    assert!(sandbox.run("pretrain configs/nano-evening.toml --dry-run").done().out.contains("7,508,824"));
    insta::assert_snapshot!(sandbox.run("pretrain nano-evning --dry-run"), @r"
    exit 2
    [err]
    error: nano-evning: no such file, and no config of this name is built in
    hint: did you mean `nano-evening`? `rinalmo config list` names all that are built in
    ");
}

#[test]
fn a_file_of_ones_own_wins_over_the_name_of_a_config() {
    let sandbox = Sandbox::new().with("splice", "task = \"splice\"\n[train]\nseed = 1\n");
    let run = sandbox.run("finetune splice --config splice --dry-run");
    assert!(run.code == 2 && run.err.starts_with("error: splice: the config gives no learning rate"), "{run}");
}

#[test]
fn a_config_of_another_task_is_refused_before_anything_is_read() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(
        sandbox.run("finetune structure --config splice --data none.tsv --out run"), @r"
    exit 2
    [err]
    error: splice: this config is for the task `splice`, not for `structure`
    hint: `rinalmo finetune splice --config splice …` uses it; for `structure` there are structure, structure-nano, structure-released
    ");
    let said = |words: &str| sandbox.run(words).err;
    assert!(said("pretrain family --dry-run").contains("this config is for the task `family`, not for `pretrain`"));
    let said = said("benchmark family --data none --out run --config giga --list");
    assert!(said.contains("this config is for the task `pretrain`") || said.contains("none"), "{said}");
}
