//! Where results go, and what happens if they cannot.

use std::io::{BufRead, BufReader, Read};

use crate::common::{SMALL, Sandbox, random_fasta};

const FOLD: &str = "-q fold -t 0.9999";

#[test]
fn a_folder_gets_a_file_a_record_with_safe_names_that_never_repeat() {
    let fasta = ">a b\nACGU\n>a\nACGU\n>../x/y\nACGU\n>A\nACGU\n>\nACGU\n>..\nACGU\n>µ|1\nACGU\n";
    let sandbox = Sandbox::new().with("a.fa", fasta);
    sandbox.run(&format!("{FOLD} a.fa --out-dir new/out -f ct")).done();
    assert_eq!(sandbox.names(""), ["a.fa", "new"]);
    let expected = [".._x_y.ct", "A_3.ct", "a.ct", "a_2.ct", "names.list", "record.ct", "record_2.ct", "µ_1.ct"];
    assert_eq!(sandbox.names("new/out"), expected);
    assert!(sandbox.read("new/out/a.ct").starts_with("4  a b\n"), "the header inside is whole");
    sandbox.run(&format!("{FOLD} a.fa --out-dir new/out -f tsv")).done();
    assert_eq!(
        sandbox.read("new/out/a_2.tsv"),
        "id\tlength\tscore\tsequence\tstructure\texpected_f1\tcrossing_left_out\theader\na\t4\t0.0\tACGU\t....\t\t0\ta\n"
    );
    assert!(sandbox.run("fold a.fa --out-dir new -o x").err.contains("cannot be used with"));
}

#[test]
fn a_file_gets_what_standard_output_would() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let shown = sandbox.run(&format!("{FOLD} a.fa")).done().out;
    assert_eq!(sandbox.run(&format!("{FOLD} a.fa -o a.dbn")).done().out, "");
    assert_eq!(sandbox.read("a.dbn"), shown);
    assert_eq!(sandbox.run(&format!("{FOLD} a.fa -o -")).done().out, shown);
}

#[test]
fn an_input_is_never_overwritten() {
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("a.tsv", "sequence\nACGU\n");
    for words in ["fold a.fa -o ./a.fa", "score a.fa -o a.fa", "predict splice a.fa -o a.fa"] {
        let run = sandbox.run(words);
        assert!(run.code == 2 && run.err.ends_with("a.fa: is an input too; write to another file\n"), "{run}");
    }
    assert!(sandbox.run("fold a.tsv --bpp a.tsv").err.contains("is an input too"));
    assert!(sandbox.run("embed a.tsv -o a.tsv").err.contains("is an input too"));
    assert_eq!((sandbox.read("a.fa").as_str(), sandbox.read("a.tsv").as_str()), (SMALL, "sequence\nACGU\n"));
}

#[test]
fn places_that_cannot_be_written_are_told_before_any_work() {
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("old.dbn", "precious");
    let say = |words: &str| sandbox.run(words).to_string();
    insta::assert_snapshot!(say("-q fold a.fa -o no/such/folder"), @r"
    exit 2
    [err]
    error: no/such/folder: cannot be written: no such file or folder
    ");
    insta::assert_snapshot!(say("-q fold a.fa --out-dir a.fa"), @r"
    exit 2
    [err]
    error: a.fa: cannot be created: a file or folder of this name already exists
    ");
    insta::assert_snapshot!(say("-q fold a.fa --bpp -"), @r"
    exit 2
    [err]
    error: --bpp: standard output is used for the structures; name a file
    ");
    insta::assert_snapshot!(say("-q fold a.fa -o p.tsv --bpp p.tsv"), @r"
    exit 2
    [err]
    error: p.tsv: both --output and --bpp would write it; give each its own file
    ");
    assert_eq!(sandbox.run("-q fold a.fa -o old.dbn --bpp p.txt").code, 2);
    assert_eq!(sandbox.read("old.dbn"), "precious");
    insta::assert_snapshot!(say("-q fold a.fa --bpp p.parquet"), @r"
    exit 2
    [err]
    error: base-pair probabilities cannot be written as `.parquet`
    hint: use `.tsv` (pairs above a cutoff) or `.npz` (whole matrices)
    ");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_with_its_reason() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for words in
        ["-q fold a.fa", "-q fold a.fa -f json", "-q score a.fa --unmasked", "-q embed a.fa -o -", "model list"]
    {
        let mut command = sandbox.command(words);
        let output = command.stdout(full()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}: {err}");
        assert!(err.starts_with("error: ") && err.ends_with(": no space left on the disk\n"), "{words}: {err}");
        assert_eq!(err.lines().count(), 1, "{words}: {err}");
    }
    let run = sandbox.run("-q fold a.fa -o /dev/full");
    assert_eq!((run.code, run.err.as_str()), (2, "error: results cannot be written: no space left on the disk\n"));
}

#[test]
fn a_reader_that_stops_reading_is_a_normal_end() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(300, |_| 60)).with("b.fa", random_fasta(3000, |_| 60));
    sandbox.run("-q corpus build b.fa -o b.lmdb").done();
    let commands = [
        "-q fold a.fa -j 1 --batch-tokens 200 --bpp p.tsv",
        "-q embed a.fa -o - -j 1 --batch-tokens 200",
        "-q corpus export b.lmdb",
        "-q corpus export b.lmdb --table",
        "model list",
    ];
    for words in commands {
        let mut child = sandbox.spawn(words);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap(); // and the pipe is closed
        assert!(!line.is_empty());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""), "{words}");
    }
    let finished = sandbox.read("p.tsv");
    assert!(
        finished.starts_with("id\ti\tj\tp\nr1\t") && finished.lines().count() > 2,
        "what was done is kept: {finished}"
    );
    assert_eq!(sandbox.names(""), ["a.fa", "b.fa", "b.lmdb", "p.tsv"]);
}

#[test]
fn work_goes_on_if_nobody_reads_the_remarks() {
    let sandbox = Sandbox::new().with("a.fa", ">p a protein\nMKVLAEELPFQ\n>r\nGGGGAAAACCCC\n");
    for (words, code) in [("fold a.fa", 0), ("-v embed a.fa -o a.npz", 0), ("fold no.fa", 2)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader); // as in `2>&1 >a.dbn | head -1`, from the first line on
        let output = sandbox.command(words).stderr(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}");
        assert_eq!(output.stdout.is_empty(), words != "fold a.fa", "{words}");
    }
    assert_eq!(sandbox.names(""), ["a.fa", "a.npz"]);
}

#[test]
#[cfg(unix)]
fn a_closed_standard_output_is_an_error_and_not_a_place_for_results() {
    let sandbox =
        Sandbox::new().with("a.fa", SMALL).with("t.tsv", "id\tsequence\tstructure\na\tGGGAAACCC\t(((...)))\n");
    sandbox.run("-q corpus build a.fa -o c.lmdb --min-length 1").well();
    let closed = |words: &str| {
        let program = sandbox.command(words);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" >&-"]).arg(program.get_program()).args(program.get_args());
        shell.current_dir(sandbox.path(""));
        sandbox.finish(assert_cmd::Command::from_std(shell))
    };
    for words in [
        "fold a.fa",
        "fold a.fa -o -",
        "embed a.fa -o - --include mean",
        "predict mrl a.fa",
        "score a.fa --unmasked",
        "evaluate structure -r t.tsv -p t.tsv",
        "model list",
        "model show nano",
        "corpus stats c.lmdb",
        "corpus export c.lmdb",
        "corpus structures t.tsv",
    ] {
        let run = closed(words);
        assert!(run.code == 2 && run.err.starts_with("error: standard output is closed; "), "{words}\n{run}");
    }
    assert_eq!(closed("-q fold a.fa -o a.dbn").code, 0, "nothing is printed there");
    assert!(sandbox.read("a.dbn").starts_with(">hp"));
}

/// Runs the program where no file may grow beyond some blocks of 512 bytes, as on a full disk.
#[cfg(target_os = "linux")]
fn with_little_space(sandbox: &Sandbox, blocks: usize, words: &str) -> crate::common::Run {
    let program = sandbox.command(words);
    let mut shell = std::process::Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(program.get_program()).args(program.get_args()).current_dir(sandbox.path(""));
    shell.env("RINALMO_HOME", sandbox.path("home"));
    sandbox.finish(assert_cmd::Command::from_std(shell))
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_leaves_no_half_file() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(60, |_| 100)).with("old", "precious").with(
        "t.tsv",
        (0..60).fold("id\tsequence\tstructure\n".to_owned(), |text, i| {
            text + &format!(
                "r{i}\t{0}{1}AAAA{2}\t{3}....{4}\n",
                "",
                "G".repeat(5 + i),
                "C".repeat(5 + i),
                "(".repeat(5 + i),
                ")".repeat(5 + i)
            )
        }),
    );
    sandbox.run("-q corpus build a.fa -o c.lmdb").well();
    let before = sandbox.names("");
    for words in [
        "-q fold a.fa -o old",
        "-q fold a.fa -f json -o old",
        "-q predict mrl a.fa -f json -o old",
        "-q score a.fa --unmasked -f json -o old",
        "-q corpus export c.lmdb -o old",
        "-q corpus export c.lmdb --table -o old",
        "-q corpus sample c.lmdb -o old",
        "-q corpus structures t.tsv --min-pairs 1 --canonical 0 --identity 1 --force -o old",
        "-q evaluate structure -r t.tsv -p t.tsv --csv old",
        "-q evaluate structure -r t.tsv -p t.tsv --figure old.svg",
    ] {
        let run = with_little_space(&sandbox, 1, words);
        assert!(
            run.code == 2 && run.err.ends_with("the file would be larger than is allowed here\n"),
            "{words}\n{run}"
        );
        assert_eq!(run.err.lines().count(), 1, "{words}\n{run}");
        assert_eq!(sandbox.names(""), before, "{words}: nothing is left");
        assert_eq!(sandbox.read("old"), "precious", "{words}");
    }
    // What comes in batches keeps those that are whole, under another name.
    let run = with_little_space(&sandbox, 4, "-q fold a.fa -o old --batch-tokens 200");
    let kept = "finished records are kept in [folder]/old.part\n";
    assert!(run.code == 2 && run.err.ends_with(kept), "{run}");
    assert_eq!(sandbox.read("old"), "precious");
    let part = sandbox.read("old.part");
    assert!(part.len() <= 4 * 512 && part.lines().count().is_multiple_of(3) && part.ends_with('\n'), "{part}");

    // Arrays of an `-o` or `--bpp` that is full are told in the words of the system.
    for words in ["-q fold a.fa -o new --bpp p.npz", "-q embed a.fa --include mean -o e.npz"] {
        let run = with_little_space(&sandbox, 40, words);
        assert!(
            run.code == 2 && run.err.ends_with("the file would be larger than is allowed here\n"),
            "{words}\n{run}"
        );
        assert!(!sandbox.path("p.npz").exists() && !sandbox.path("e.npz").exists(), "{words}");
    }
}

#[test]
fn one_rule_says_what_is_written_over() {
    let table = "id\tsequence\tstructure\na\tGGGGAAAACCCC\t((((....))))\n";
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("a.tsv", table).with("many.fa", random_fasta(20, |i| 20 + i));
    sandbox.run("model convert nano m.safetensors").well();
    let old = |name: &str| std::fs::write(sandbox.path(name), "old").unwrap();
    for words in [
        "corpus build many.fa -o x",
        "corpus structures a.tsv -o x",
        "embed a.fa --include mean -o x.npz",
        "embed a.fa --include mean --resume -o x.npz",
        "model convert m.safetensors x",
        "model calibrate m.safetensors x --data a.tsv",
    ] {
        let name = if words.starts_with("embed") { "x.npz" } else { "x" };
        old(name);
        let run = sandbox.run(words);
        let said = format!("error: {name}: already exists\nhint: --force replaces it\n");
        assert_eq!((run.code, run.err), (2, said), "{words}");
        assert_eq!(sandbox.read(name), "old");
        if !words.contains("calibrate") {
            sandbox.run(&format!("{words} --force")).well();
            assert!(std::fs::read(sandbox.path(name)).unwrap() != b"old", "{words}");
        }
    }
    for words in [
        "fold a.fa -o x",
        "score a.fa --unmasked -o x",
        "predict mrl a.fa -o x",
        "evaluate structure -r a.tsv -p a.tsv --json x",
        "corpus export c.lmdb -o x",
        "corpus build many.fa -o c.lmdb --force --report x",
    ] {
        if words.contains("export") {
            sandbox.run("-q corpus build many.fa -o c.lmdb --force").well();
        }
        old("x");
        sandbox.run(words).well();
        assert_ne!(sandbox.read("x"), "old", "{words}");
    }
}

#[test]
fn failures_can_be_allowed() {
    let sandbox = Sandbox::new()
        .with("a.fa", ">good\nGGGGAAAACCCC\n>long\nACGUACGUACGUACGUACGUACGU\n")
        .with("t.tsv", "id\tsequence\tstructure\na\tGGGAAACCC\t(((...)))\nb\tGGGAAACCC\t(((...)))\n")
        .with("p.tsv", "id\tstructure\na\t(((...)))\n")
        .with("more.tsv", "id\tstructure\na\t(((...)))\nb\t(((...)))\nnew\t((...))\n");
    for words in ["predict mrl a.fa --pad-to 16", "evaluate structure -r t.tsv -p p.tsv"] {
        let (strict, allowed) = (sandbox.run(words), sandbox.run(&format!("{words} --allow-failures")));
        assert_eq!((strict.code, allowed.code), (1, 0), "{strict}{allowed}");
        assert_eq!((strict.out, strict.err), (allowed.out, allowed.err), "the same words");
    }
    let run = sandbox.run("evaluate structure -r t.tsv -p more.tsv");
    assert!(run.code == 0 && run.err.contains("note: more: 1 prediction without a reference"), "{run}");
}
