//! Scripts for shells: bash's is run, the others are looked at.

use std::process::Command;

use clap::Command as Definition;

use crate::common::Sandbox;

/// Asks bash's completion for the last of these words.
const ASK: &str = r#"
source ./rinalmo.bash
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_rinalmo rinalmo "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// A folder with bash's script; none, with a remark, if there is no bash.
fn with_bash() -> Option<Sandbox> {
    if Command::new("bash").arg("--version").output().is_err() {
        rinalmo_skips::skip!("no bash");
        return None;
    }
    let sandbox = Sandbox::new();
    let script = sandbox.run("completions bash").done().out;
    Some(sandbox.with("rinalmo.bash", script))
}

fn completed(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let mut bash = Command::new("bash");
    bash.current_dir(sandbox.path("")).args(["--norc", "-c", ASK, "bash", "rinalmo"]).args(words);
    let output = bash.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_words_of_a_list() {
    let Some(sandbox) = with_bash() else { return };
    assert_eq!(completed(&sandbox, &["fol"]), ["fold"]);
    assert_eq!(completed(&sandbox, &["corpus", "bu"]), ["build"]);
    assert_eq!(completed(&sandbox, &["draw", "--lay"]), ["--layout"]);
    assert_eq!(completed(&sandbox, &["draw", "--format", ""]), ["svg", "png", "pdf"]);
    assert_eq!(completed(&sandbox, &["--device", "c"]), ["cpu"]);
    assert_eq!(completed(&sandbox, &["fold", "--device", "au"]), ["auto"]);
}

#[test]
fn bash_completes_the_names_of_models_configs_and_sources() {
    let Some(sandbox) = with_bash() else { return };
    assert_eq!(completed(&sandbox, &["fold", "--model", "turn"]), ["turner2004"]);
    assert!(completed(&sandbox, &["fold", "-m", "nano"]).contains(&"nano-mlm".to_owned()));
    assert_eq!(completed(&sandbox, &["model", "download", "giga-structure-b"]), ["giga-structure-bprna"]);
    assert_eq!(completed(&sandbox, &["config", "show", "nano-e"]), ["nano-evening"]);
    assert_eq!(completed(&sandbox, &["corpus", "download", "rf"]), ["rfam", "rfam-seed"]);
}

#[test]
fn bash_completes_files_where_a_file_is_meant_or_no_name_fits() {
    let Some(sandbox) = with_bash() else { return };
    let sandbox = sandbox.with("families of mine.tsv", "").with("my.fa", "");
    assert_eq!(completed(&sandbox, &["map", "--labels", "fam"]), ["families of mine.tsv"]);
    assert_eq!(completed(&sandbox, &["pretrain", "--corpus", "my"]), ["my.fa"]);
    // Without an answer, bash completes files, because the script asks for its default.
    assert!(sandbox.read("rinalmo.bash").contains("complete -F _rinalmo -o nosort -o bashdefault -o default rinalmo"));
    for words in [&["fold", "my"][..], &["fold", "--model", "my"], &["finetune", "structure", "--config", "my"]] {
        assert!(completed(&sandbox, words).is_empty(), "{words:?}");
    }
}

/// All commands below this one, with their words.
fn commands(command: &Definition, words: &str, found: &mut Vec<String>) {
    for inner in command.get_subcommands() {
        let words = format!("{words} {}", inner.get_name()).trim().to_owned();
        commands(inner, &words, found);
        found.push(words);
    }
}

#[test]
fn every_shell_gets_a_script_that_names_every_command() {
    let sandbox = Sandbox::new();
    let mut all = Vec::new();
    commands(&rinalmo_cli::command(), "", &mut all);
    assert!(all.iter().any(|words| words == "corpus build"), "{all:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.run(&format!("completions {shell}")).done().out;
        for word in all.iter().flat_map(|words| words.split(' ')) {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let zsh = sandbox.run("completions zsh").done().out;
    assert!(zsh.starts_with("#compdef rinalmo\n") && zsh.contains("--labels=") && zsh.contains(":_files"), "{zsh}");
    assert!(!zsh.contains("[:N]"), "zsh takes this part of a name for code");
    assert!(sandbox.run("completions tcsh").refused().contains("possible values: bash"));
}
