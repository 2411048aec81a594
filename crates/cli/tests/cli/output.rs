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
        "id\tlength\tscore\tsequence\tstructure\texpected_f1\tcrossing_left_out\theader\na\t4\t0.0\tACGU\t....\t0.0\t0\ta\n"
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
    error: a.fa: cannot be made: a file or folder of this name is there already
    ");
    insta::assert_snapshot!(say("-q fold a.fa --bpp -"), @r"
    exit 2
    [err]
    error: --bpp: standard output is taken by the structures; give a file
    ");
    insta::assert_snapshot!(say("-q fold a.fa -o p.tsv --bpp p.tsv"), @r"
    exit 2
    [err]
    error: --bpp: the structures go to that file; give another
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
