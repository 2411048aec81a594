//! No command writes over what it reads: every pair of an input and an output of every command, found in the command
//! definitions, so that a new flag cannot be forgotten.

use std::any::TypeId;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::{Arg, Command};
use rinalmo_cli::files::roles::{ROLES, is_of, of};
use rinalmo_cli::files::{Input, Output, Role};

use crate::common::{SMALL, Sandbox};

/// A command that has no subcommands, and its words.
fn leaves(command: &Command, words: &str, found: &mut Vec<(String, Command)>) {
    for inner in command.get_subcommands() {
        let words = format!("{words} {}", inner.get_name()).trim().to_owned();
        match inner.has_subcommands() {
            true => leaves(inner, &words, found),
            false => found.push((words, inner.clone())),
        }
    }
}

fn commands() -> Vec<(String, Command)> {
    let mut found = Vec::new();
    let mut all = rinalmo_cli::command();
    all = all.disable_help_subcommand(true);
    all.build();
    leaves(&all, "", &mut found);
    found
}

/// Can the value of this argument be a path, as far as its type tells?
fn may_be_a_path(argument: &Arg) -> bool {
    let parser = argument.get_value_parser();
    let numbers = [
        TypeId::of::<bool>(),
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<f32>(),
        TypeId::of::<f64>(),
        TypeId::of::<Duration>(),
    ];
    let is_number = numbers.iter().any(|number| parser.type_id() == *number);
    argument.get_action().takes_values() && !is_number && argument.get_possible_values().is_empty()
}

#[test]
fn every_argument_that_may_be_a_path_has_a_role() {
    let mut without = Vec::new();
    let mut known = Vec::new();
    for (words, command) in commands() {
        for argument in command.get_arguments().filter(|argument| may_be_a_path(argument)) {
            let rows: Vec<_> = of(&words).filter(|(_, id, _)| argument.get_id() == id).collect();
            match rows.as_slice() {
                [] => without.push(format!("{words}: {}", argument.get_id())),
                rows => known.extend(rows.iter().flat_map(|(commands, id, _)| {
                    commands.iter().filter(|first| is_of(first, &words)).map(|first| (*first, *id))
                })),
            }
        }
    }
    assert!(without.is_empty(), "arguments without a row in crates/cli/src/io/files/roles.rs: {without:#?}");
    let rows = ROLES.iter().flat_map(|(commands, id, _)| commands.iter().map(|words| (*words, *id)));
    let dead: Vec<_> = rows.filter(|row| !known.contains(row)).collect();
    assert!(dead.is_empty(), "rows of arguments that no command has: {dead:#?}");
}

/// An argument of a command whose value names files.
struct Argument {
    id: String,
    role: Role,
    shown: String,
}

/// What a command reads or writes.
fn arguments(words: &str, command: &Command) -> Vec<Argument> {
    let found = of(words).filter(|row| row.2 != Role::Neither).filter_map(|&(_, id, role)| {
        let argument = command.get_arguments().find(|argument| argument.get_id() == id)?;
        let name = argument.get_value_names().map(|names| names[0].to_string()).unwrap_or_default();
        let shown = argument.get_long().map_or(name, |long| format!("--{long}"));
        Some(Argument { id: id.to_owned(), role, shown })
    });
    found.collect()
}

/// The word that has an argument name this file.
fn naming(argument: &Argument, path: &str) -> String {
    match argument.role {
        Role::Reads(Input::Weighed) => format!("{path}@0.5"),
        Role::Reads(Input::Named | Input::NamedModel) => format!("name={path}"),
        Role::Reads(Input::Results) => path.trim_end_matches("/results.json").to_owned(),
        Role::Writes(Output::Prefix) => path.trim_end_matches(".lengths.svg").to_owned(),
        Role::Writes(Output::Run | Output::Benchmark | Output::Records | Output::Drawings) => {
            path.rsplit_once('/').unwrap().0.to_owned()
        }
        _ => path.to_owned(),
    }
}

/// A name that a file must have so that both arguments can name it.
fn file_name(words: &str, input: &Argument, output: &Argument) -> &'static str {
    match (input.role, output.role) {
        (Role::Reads(Input::Results), _) => "results.json",
        (_, Role::Writes(Output::Prefix)) => "x.lengths.svg",
        (_, Role::Writes(Output::Run)) => "config.toml",
        (_, Role::Writes(Output::Benchmark)) => "table.md",
        (_, Role::Writes(Output::Drawings)) => "x.svg",
        (_, Role::Writes(Output::Records)) if words == "draw" => "x.svg",
        (_, Role::Writes(Output::Records)) => "x.dbn",
        _ => "x.npz",
    }
}

/// Arguments that a command needs beside those that clap itself says are required.
fn needed(words: &str) -> &'static [&'static str] {
    match words {
        "finetune" => &["config", "data", "out"],
        "pretrain" => &["config"],
        "benchmark" => &["data"],
        "evaluate structure" => &["reference"],
        "evaluate splice" | "evaluate mrl" | "evaluate family" => &["predictions"],
        _ => &[],
    }
}

/// A complete command line with these arguments; other files that it needs are not there.
fn line(words: &str, command: &Command, given: [(&Argument, String); 2]) -> String {
    let is_given = |id: &str| given.iter().find(|(argument, _)| argument.id == id);
    let mut line = words.to_owned();
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let by_another = id == "fold" && is_given("splits").is_some(); // which needs it
        let value = match is_given(id) {
            Some((_, value)) => value.as_str(),
            None if !argument.is_required_set() && !needed(words).contains(&id) && !by_another => continue,
            None => "other",
        };
        let possible = argument.get_possible_values();
        let value = possible.first().map_or(value, |possible| possible.get_name());
        match argument.get_long() {
            Some(long) => write!(line, " --{long}={value}").unwrap(),
            None => write!(line, " {value}").unwrap(),
        }
    }
    line
}

/// Other ways to name the file `folder/name`.
fn ways(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let original = format!("in/{name}");
    #[cfg(unix)]
    {
        fs::create_dir_all(sandbox.path("soft")).unwrap();
        fs::create_dir_all(sandbox.path("hard")).unwrap();
        std::os::unix::fs::symlink(format!("../in/{name}"), sandbox.path(&format!("soft/{name}"))).unwrap();
        fs::hard_link(sandbox.path(&original), sandbox.path(&format!("hard/{name}"))).unwrap();
        vec![original, format!("./soft/../in/{name}"), format!("soft/{name}"), format!("hard/{name}")]
    }
    #[cfg(not(unix))]
    vec![original, format!("./in/../in/{name}")]
}

/// Runs a command with an output that is its input, named in all ways.
fn try_pair(words: &str, command: &Command, input: &Argument, output: &Argument) {
    let name = file_name(words, input, output);
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("in")).unwrap();
    fs::write(sandbox.path(&format!("in/{name}")), "precious").unwrap();
    let ways = ways(&sandbox, name);
    for way in &ways {
        let line = line(words, command, [(input, naming(input, &ways[0])), (output, naming(output, way))]);
        let run = sandbox.run(&line);
        assert!(run.code == 2 && run.err.contains(": is an input too"), "rinalmo {line}\n{run}");
        assert!(run.out.is_empty(), "rinalmo {line}\n{run}");
        assert_eq!(sandbox.read(&format!("in/{name}")), "precious", "rinalmo {line}");
        assert_eq!(sandbox.names("in"), [name], "rinalmo {line}");
    }
}

const ABOUT: &str = "\
# What commands read and write

No command overwrites a file that it reads: such a command line is refused with exit code 2 before any file is opened
for writing, however the path is written (links, hard links and `..` included). Two outputs to the same file are also
refused.

One rule holds for existing files: only a complete new file replaces an old one.

| output | an existing file |
|---|---|
| text results (`-o`), reports, drawings | is replaced once the new one is complete |
| files that take long to make or that others depend on: stores, models, embeddings, tables of `corpus structures` | is replaced only with `--force` |
| the folder of a training run | is never overwritten; `--resume` continues the run |

A file of results is written under another name next to it (`FILE.part`) and renamed at the end. If the disk is full,
the old file stays as it was, and complete records are kept in `FILE.part`.

A command that is stopped (Ctrl-C, SIGTERM, SIGHUP) ends within two seconds with exit code 130, 143 or 129. Its finished
records are in FILE, or in `FILE.part` if there is an old FILE; `embed --resume` continues from `FILE.part`. Training ends
its step and writes a checkpoint first. A second signal ends a command at once.

The table is made from the command definitions by the test that runs every pair of an input and an output.

| command | reads | writes | pairs refused |
|---|---|---|---|
";

/// The page that says what every command reads and writes; the pairs in it have been tried.
#[test]
fn no_command_writes_over_its_input() {
    let mut page = ABOUT.to_owned();
    for (words, command) in commands() {
        let arguments = arguments(&words, &command);
        let (inputs, outputs): (Vec<_>, Vec<_>) =
            arguments.iter().partition(|argument| matches!(argument.role, Role::Reads(_)));
        let mut tried = 0;
        for input in &inputs {
            for output in outputs.iter().filter(|output| output.role != Role::Writes(Output::Downloads)) {
                try_pair(&words, &command, input, output);
                tried += 1;
            }
        }
        let list = |arguments: &[&Argument]| match arguments {
            [] => "–".to_owned(),
            some => some
                .iter()
                .map(|argument| format!("`{}`", argument.shown.replace('|', "\\|")))
                .collect::<Vec<_>>()
                .join(" "),
        };
        let (reads, writes) = (list(&inputs), list(&outputs));
        let pairs = inputs.len() * outputs.len();
        writeln!(page, "| `{words}` | {reads} | {writes} | {tried} of {pairs} |").unwrap();
    }
    println!("{page}");
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/inputs-and-outputs.md"));
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        fs::write(path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), page, "INSTA_UPDATE=always writes {}", path.display());
}

/// Real files, and what a command would do to them.
#[test]
fn whole_files_stay_as_they_are() {
    let table = "id\tsequence\tstructure\na\tGGGGAAAACCCC\t((((....))))\n";
    let sandbox = Sandbox::new()
        .with("a.fa", SMALL)
        .with("a.tsv", table)
        .with("v.tsv", "id\tvariant\nhp\tG1A\n")
        .with("c.tsv", ">hp\nGGGGAAAACCCC\n............\n")
        .with("known.tsv", "id\tlabel\na\t1\nb\t0\n")
        .with("mine.tsv", "id\tprobability\na\t0.9\nb\t0.2\n")
        .with("many.fa", crate::common::random_fasta(30, |i| 30 + i));
    sandbox.run("-q corpus build many.fa -o c.lmdb").well();
    sandbox.run("model convert nano m.safetensors").well();
    sandbox.run("-q model convert m.safetensors m --to own-folder").well();
    let before = |name: &str| fs::read(sandbox.path(name)).unwrap();
    let all = ["a.fa", "a.tsv", "v.tsv", "c.tsv", "known.tsv", "mine.tsv", "many.fa", "c.lmdb", "m.safetensors"];
    let bytes: Vec<Vec<u8>> = all.iter().map(|name| before(name)).collect();
    for words in [
        "corpus export c.lmdb -o c.lmdb",
        "corpus sample c.lmdb -o c.lmdb",
        "corpus structures a.tsv -o a.tsv",
        "corpus structures a.tsv --exclude many.fa -o many.fa",
        "corpus build many.fa -o new.lmdb --report many.fa",
        "corpus build many.fa -o many.fa --force",
        "score a.fa --variants v.tsv -o v.tsv",
        "fold a.fa -C c.tsv -o c.tsv",
        "fold a.fa -C c.tsv --bpp c.tsv",
        "fold a.tsv -f tsv --out-dir .",
        "draw a.tsv -o a.tsv -f svg",
        "draw a.tsv --values mine.tsv -o mine.tsv -f svg",
        "evaluate splice -r known.tsv -p mine.tsv --json mine.tsv",
        "evaluate structure -r a.tsv -p a.tsv --trained-on many.fa --csv many.fa",
        "evaluate structure -r a.tsv -p a.tsv --family-from known.tsv --markdown known.tsv",
        "embed a.fa -m m.safetensors --include mean -o m.safetensors",
        "embed a.fa -m m --include mean -o m/model.safetensors",
        "model convert m.safetensors m.safetensors --force",
        "model convert m m --to own-folder --force",
        "model calibrate m.safetensors m.safetensors --data a.tsv --force",
    ] {
        let run = sandbox.run(words);
        assert!(run.code == 2 && run.err.contains(": is an input too"), "{words}\n{run}");
        all.iter().zip(&bytes).for_each(|(name, bytes)| assert!(before(name) == *bytes, "{words}: {name} changed"));
    }
    let mut names = all.map(str::to_owned).to_vec();
    names.push("m".into());
    names.sort();
    assert_eq!(sandbox.names(""), names, "nothing new is left");
}

#[test]
fn two_outputs_are_two_files() {
    let sandbox =
        Sandbox::new().with("a.fa", SMALL).with("a.tsv", "id\tsequence\tstructure\na\tGGGAAACCC\t(((...)))\n");
    for words in [
        "fold a.fa -o new.tsv --bpp ./new.tsv",
        "fold a.fa --out-dir . -f tsv --bpp new.tsv",
        "fold a.fa --out-dir new --draw ./new",
        "evaluate structure -r a.tsv -p a.tsv --json new --csv ../[here]/new",
    ] {
        let here = sandbox.path("").file_name().unwrap().to_string_lossy().into_owned();
        let run = sandbox.run(&words.replace("[here]", &here));
        assert!(run.code == 2 && run.err.contains(" would write it; give each its own file\n"), "{words}\n{run}");
    }
    sandbox.run("-q evaluate structure -r a.tsv -p a.tsv --json /dev/null --csv /dev/null --resamples 0").well();
    assert_eq!(sandbox.names(""), ["a.fa", "a.tsv"]);
}

#[test]
#[cfg(unix)]
fn a_file_on_standard_input_or_output_is_compared_too() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let open = || fs::File::options().read(true).append(true).open(sandbox.path("a.fa")).unwrap();
    let mut reading = sandbox.command("-q fold -o a.fa");
    reading.stdin(open());
    let mut printing = sandbox.command("-q fold a.fa");
    printing.stdout(open());
    for mut command in [reading, printing] {
        let output = command.output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && err.contains(": is an input too"), "{err}");
        assert_eq!(sandbox.read("a.fa"), SMALL);
    }
}
