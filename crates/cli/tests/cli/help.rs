//! What the program says of itself.

use crate::common::Sandbox;

const COMMANDS: [&str; 40] = [
    "",
    "fold",
    "draw",
    "embed",
    "predict",
    "predict splice",
    "predict mrl",
    "predict family",
    "predict sequence",
    "predict token",
    "score",
    "serve",
    "evaluate",
    "evaluate structure",
    "evaluate splice",
    "evaluate mrl",
    "evaluate family",
    "evaluate mlm",
    "model",
    "model show",
    "model convert",
    "model calibrate",
    "model verify",
    "model list",
    "model download",
    "corpus",
    "corpus download",
    "corpus build",
    "corpus stats",
    "corpus sample",
    "corpus export",
    "corpus structures",
    "config",
    "config list",
    "config show",
    "pretrain",
    "finetune",
    "benchmark",
    "completions",
    "man",
];

#[test]
fn every_command_explains_itself_within_a_hundred_columns() {
    let sandbox = Sandbox::new();
    for command in COMMANDS {
        let run = sandbox.run(&format!("{command} --help")).done();
        assert!(run.out.ends_with('\n') && run.out.contains("Usage: rinalmo"), "{run}");
        for line in run.out.lines() {
            assert!(line.chars().count() <= 100, "{command}: {line}");
        }
        assert_eq!(sandbox.run(&format!("help {command}")).done().out, run.out);
    }
}

#[test]
fn the_first_page_names_the_commands_and_exit_codes() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.run("-h"), @r"
    exit 0
    [out]
    RNA language model: structures, embeddings, splice sites, ribosome load, variant effects

    Usage: rinalmo [OPTIONS] <COMMAND>

    Commands:
      fold         Predict secondary structures
      draw         Draw secondary structures
      embed        Write embeddings of sequences
      map          Draw a map of sequences: similar embeddings are near each other
      predict      Predict splice sites, ribosome load, ncRNA families, or labels of your own
      score        Score sequences, or the effect of variants
      energy       Compute free energies by a nearest-neighbour model (Turner 2004), without a network
      serve        Serve a page and an API on this machine
      evaluate     Score predictions against known answers, and compare predictors
      model        Show, convert, calibrate, verify, list and download models
      corpus       Fetch, build, inspect, sample and export training data
      config       List or print the built-in configs for training
      pretrain     Train a model to predict masked letters of a corpus
      finetune     Train a model for a task on labelled sequences
      benchmark    Repeat an experiment of the paper and compare with the published figures
      runs         Compare training runs
      completions  Print a script that completes commands, options, names and files in your shell
      man          Print the manual page of a command, or write the pages of all commands
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    Common options:
          --device <DEVICE>  Compute on DEVICE: cpu, wgpu[:n], tch:cpu, tch:cuda[:n], tch:mps, cuda[:n]
                             or auto [default: auto]
      -j, --threads <N>      Use N threads [default: all cores, or RAYON_NUM_THREADS]
      -q, --quiet            Print only errors on standard error
      -v, --verbose          Print what is used: device, model, sizes

    Exit codes: 0 done, 1 finished but some records failed or were skipped, 2 could not run, 130 stopped
    by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
    ");
    let bare = sandbox.run("");
    assert_eq!((bare.code, bare.out.as_str()), (2, ""));
    assert!(bare.err.contains("Usage: rinalmo"));
    let typo = sandbox.run("fld");
    assert!(typo.code == 2 && typo.err.contains("a similar subcommand exists: 'fold'"), "{typo}");
}

#[test]
fn the_page_of_fold_says_what_its_score_means() {
    let help = Sandbox::new().run("fold --help").done().out;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "expected_f1=",
        "mean probability of the chosen pairs",
        "[default: as the model was tuned",
        "RNAfold -C",
        "[default: 3]",
        "pseudoknots",
    ] {
        assert!(help.contains(text), "{text}");
    }
}

#[test]
fn the_version_is_one_line_and_in_full_says_what_is_built_in() {
    let sandbox = Sandbox::new();
    let line = sandbox.run("-V").done().out;
    let rest = line.strip_prefix(concat!("rinalmo ", env!("CARGO_PKG_VERSION"))).unwrap().strip_suffix('\n').unwrap();
    let is_hash = |text: &str| text.len() == 7 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_date = |text: &str| text.len() == 10 && text.bytes().all(|c| c == b'-' || c.is_ascii_digit());
    let commit = rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
    match commit.map(|commit| commit.split_once(' ').unwrap_or((commit, ""))) {
        Some((hash, date)) => assert!(is_hash(hash) && (date.is_empty() || is_date(date)), "{line}"),
        None => assert_eq!(rest, ""),
    }
    let full = sandbox.run("--version").done().out;
    assert!(full.starts_with(&line), "{full}");
    for text in ["\nfeatures: +bundled ", "\nmodels:   nano ", " nano-mlm", " turner2004 rinalmo2026\n"] {
        assert!(full.contains(text), "{full}");
    }
    let mut portable = sandbox.command("--version");
    portable.env("RINALMO_KERNELS", "portable");
    let portable = sandbox.finish(assert_cmd::Command::from_std(portable)).done().out;
    assert!(portable.contains("\nkernels:  portable\n"), "{portable}");
    assert_eq!(sandbox.run("fold -V").done().out, line.replace("rinalmo ", "rinalmo-fold "));
}
