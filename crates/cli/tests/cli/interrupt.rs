//! Ctrl-C and worse: whole records on the disk, and a run that goes on as if it had never stopped.
#![cfg(unix)]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Sandbox, random_fasta};
use crate::fold::structures;
use crate::server::{Reply, Server};

/// Enough records that no machine is done before it is stopped.
fn long() -> Sandbox {
    Sandbox::new().with("a.fa", random_fasta(6000, |i| 30 + i % 50))
}

/// Waits until a file has grown beyond `bytes`.
fn wait_for(path: &Path, bytes: u64) {
    let start = Instant::now();
    while std::fs::metadata(path).map_or(0, |meta| meta.len()) <= bytes {
        assert!(start.elapsed() < Duration::from_secs(60), "{} does not grow", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Bytes of an unfinished output that it only reaches with a record in it: the file of an embedding begins with the settings
/// of the run, in some 160 bytes, and a record of the bundled model has some 660.
fn first_record(part: &str) -> u64 {
    if part.ends_with(".npz.part") { 600 } else { 20 }
}

/// Waits until a file holds this text.
fn wait_for_text(path: &Path, text: &str) {
    let holds = || std::fs::read_to_string(path).is_ok_and(|found| found.contains(text));
    let limit = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < limit, "{} never holds `{text}`", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Sends a signal and gives the exit code and standard error.
fn stop(mut child: Child, name: &str) -> (Option<i32>, String) {
    signal(&child, name);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (child.wait().unwrap().code(), err)
}

#[test]
fn ctrl_c_leaves_whole_records_in_the_output() {
    let sandbox = long();
    let child = sandbox.spawn("-q fold a.fa -o a.dbn --bpp p.tsv -j 1 --batch-tokens 400");
    wait_for(&sandbox.path("a.dbn.part"), 0);
    let (code, err) = stop(child, "-INT");
    assert_eq!(code, Some(130), "{err}");
    assert_eq!(err, "\nstopping; a second signal stops at once\n");
    assert_eq!(sandbox.names(""), ["a.dbn", "a.fa", "p.tsv"]);
    let found = structures(&sandbox.read("a.dbn"));
    assert!((1..6000).contains(&found.len()));
    assert!(found.iter().enumerate().all(|(i, record)| record.header == format!("r{}", i + 1)));
    let listed = sandbox.read("p.tsv");
    let last = listed.lines().last().unwrap().split('\t').next().unwrap();
    assert!(last[1..].parse::<usize>().unwrap() <= found.len(), "probabilities are of the same records");
}

#[test]
fn a_stopped_run_does_not_replace_the_results_of_an_earlier_one() {
    let sandbox = long().with("a.dbn", "whole");
    let child = sandbox.spawn("-q fold a.fa -o a.dbn -j 1 --batch-tokens 400");
    wait_for(&sandbox.path("a.dbn.part"), 0);
    let (code, err) = stop(child, "-INT");
    assert_eq!(code, Some(130), "{err}");
    assert!(err.contains("finished records are kept in ") && err.ends_with("a.dbn.part\n"), "{err}");
    assert_eq!(sandbox.read("a.dbn"), "whole");
    assert_eq!(sandbox.names(""), ["a.dbn", "a.dbn.part", "a.fa"]);
    assert!((1..6000).contains(&structures(&sandbox.read("a.dbn.part")).len()));
}

#[test]
fn a_stopped_embedding_goes_on_and_ends_byte_for_byte_the_same() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(250, |i| 20 + i % 40));
    let run = |words: &str| format!("-q embed a.fa --include mean,cls -j 1 --batch-tokens 200 {words}");
    sandbox.run(&run("-o whole.npz")).done();

    let part = sandbox.path("cut.npz.part");
    let child = sandbox.spawn(&run("-o cut.npz").replace("-q ", ""));
    wait_for(&part, 20_000);
    let (code, err) = stop(child, "-INT");
    assert_eq!(code, Some(130));
    assert!(err.ends_with("finished records are kept in cut.npz.part; --resume continues from there\n"), "{err}");
    assert!(!sandbox.path("cut.npz").exists() && part.exists());

    let refused = sandbox.run(&run("-o cut.npz"));
    assert_eq!(refused.code, 2);
    let (said, hint) = refused.err.split_once("hint: ").unwrap();
    assert!(
        said.starts_with("error: `cut.npz.part` holds ") && said.ends_with(" records of an unfinished run\n"),
        "{said}"
    );
    assert_eq!(hint, "`--resume` continues that run, `--restart` starts again\n");
    let other = sandbox.run(&run("-o cut.npz --resume --window 30"));
    assert!(other.code == 2 && other.err.contains("was started with other settings"), "{other}");

    let size = std::fs::metadata(&part).unwrap().len();
    let child = sandbox.spawn(&run("-o cut.npz --resume"));
    wait_for(&part, size + 20_000);
    let (code, _) = stop(child, "-KILL");
    assert_eq!(code, None);

    let end = sandbox.run(&run("-o cut.npz --resume").replace("-q ", ""));
    assert!(end.code == 0 && end.err.contains("resuming after "), "{end}");
    assert!(std::fs::read(sandbox.path("cut.npz")).unwrap() == std::fs::read(sandbox.path("whole.npz")).unwrap());
    assert_eq!(sandbox.names(""), ["a.fa", "cut.npz", "whole.npz"]);
}

#[test]
fn another_input_cannot_go_on_with_the_records_of_the_first() {
    let sandbox = long().with("b.fa", ">other\nACGU\n");
    let child = sandbox.spawn("-q embed a.fa --include mean -o a.npz -j 1 --batch-tokens 200");
    wait_for(&sandbox.path("a.npz.part"), 5_000);
    stop(child, "-INT");
    let run = sandbox.run("-q embed b.fa --include mean -o a.npz --resume");
    insta::assert_snapshot!(run, @r"
    exit 2
    [err]
    error: record 1 of the input is `other`, but the unfinished output has `r1` there
    hint: the input has changed; start again with `--restart`, or resume with the input of the first run
    ");
    sandbox.run("-q embed b.fa --include mean -o a.npz --restart").done();
    assert_eq!(crate::arrays::npz(&sandbox.path("a.npz"))[0].name, "other/mean");
}

/// A sequence that takes any machine much longer than a stopped program may take to end.
fn huge() -> String {
    random_fasta(1, |_| 4_000)
}

#[test]
fn a_program_that_waits_for_input_is_stopped() {
    let sandbox = Sandbox::new();
    for (words, signal, code) in [
        ("-q fold", "-INT", 130),
        ("-q fold -o a.dbn --batch-tokens 1", "-TERM", 143),
        ("-q embed -o a.npz --include mean --batch-tokens 1", "-HUP", 129),
        ("-q score --unmasked", "-INT", 130),
        ("-q predict mrl -o a.tsv", "-TERM", 143),
    ] {
        let mut command = sandbox.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // The second record lets the first be done, and is then waited for.
        pipe.write_all(format!(">a\n{0}\n>b\n{0}\n>c\nAC", "GGGGAAAACCCC".repeat(3)).as_bytes()).unwrap();
        pipe.flush().unwrap();
        let begun = match words.split_once("-o ") {
            Some((_, rest)) if !words.contains("predict") => format!("{}.part", rest.split(' ').next().unwrap()),
            _ => String::new(),
        };
        match begun.as_str() {
            "" => std::thread::sleep(Duration::from_secs(3)), // it has begun to listen by then
            name => wait_for(&sandbox.path(name), first_record(name)),
        }
        let (ended, err) = stop(child, signal);
        assert_eq!(ended, Some(code), "{words}: {err}");
        drop(pipe);
    }
    assert_eq!(structures(&sandbox.read("a.dbn"))[0].header, "a", "what was finished is there");
    let names = sandbox.names("");
    assert_eq!(names, ["a.dbn", "a.npz.part"], "an embedding is kept for --resume, nothing else is left");
}

#[test]
fn a_long_computation_is_stopped_with_what_is_finished() {
    let sandbox = Sandbox::new().with("a.fa", format!(">short\nGGGGAAAACCCC\n{}", huge()));
    for (words, part) in [
        ("fold a.fa -j 1 --batch-tokens 20 -o a.dbn", "a.dbn.part"),
        ("embed a.fa -j 1 --include mean --batch-tokens 20 -o a.npz", "a.npz.part"),
        ("score a.fa -j 1 -o a.tsv", "a.tsv.part"),
    ] {
        let child = sandbox.spawn(words);
        match part {
            "a.tsv.part" => wait_for_text(&sandbox.path(part), "short"), // its first line is as long as a record
            part => wait_for(&sandbox.path(part), first_record(part)),
        }
        let (code, err) = stop(child, "-TERM");
        assert_eq!(code, Some(143), "{words}: {err}");
        assert_eq!(
            err.contains("finished records are kept in a.npz.part; --resume continues from there"),
            part == "a.npz.part",
            "{err}"
        );
    }
    let found = structures(&sandbox.read("a.dbn"));
    assert_eq!((found.len(), found[0].header.as_str()), (1, "short"));
    assert!(sandbox.read("a.tsv").lines().nth(1).is_some_and(|line| line.starts_with("short\t")));
    assert_eq!(sandbox.names(""), ["a.dbn", "a.fa", "a.npz.part", "a.tsv"]);
}

#[test]
fn a_build_that_is_stopped_leaves_nothing_half() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(60_000, |_| 100));
    let child = sandbox.spawn("corpus build a.fa -o a.lmdb -j 1");
    while !sandbox.path("a.lmdb.building").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let (code, err) = stop(child, "-TERM");
    assert_eq!(code, Some(143), "{err}");
    assert!(!sandbox.path("a.lmdb").exists());
}

#[test]
fn progress_is_printed_where_there_is_no_terminal() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(400, |_| 60));
    let mut command = sandbox.command("fold a.fa -o a.dbn -j 1 --batch-tokens 200");
    command.env("RINALMO_PROGRESS_SECONDS", "0.05");
    let run = sandbox.finish(assert_cmd::Command::from_std(command));
    assert_eq!(run.code, 0, "{run}");
    let lines: Vec<&str> = run.err.lines().filter(|line| line.contains(" of 400 records, ")).collect();
    let line = lines.iter().find(|line| line.contains(" left")).unwrap_or_else(|| panic!("{run}"));
    assert!(line.contains(" %, ") && line.contains(" nt/s, "), "{line}");
    let mut quiet = sandbox.command("-q fold a.fa -o a.dbn -j 1 --batch-tokens 200");
    quiet.env("RINALMO_PROGRESS_SECONDS", "0.05");
    sandbox.finish(assert_cmd::Command::from_std(quiet)).done();
}

#[test]
fn a_download_is_stopped_by_the_first_ctrl_c() {
    // Somebody who listens and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("-q model download micro");
    command.env("RINALMO_MIRROR", format!("http://{}", listener.local_addr().unwrap()));
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let (_silent, _) = listener.accept().unwrap();
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), None, "ended by the signal itself");
}

#[test]
fn a_corpus_download_goes_on_from_where_ctrl_c_ended_it() {
    let fasta = random_fasta(3000, |_| 60);
    let server = Server::start(fasta.as_bytes()).then(&[Reply::Stall(70_000)]);
    let sandbox = Sandbox::new();
    let words = format!("-q corpus download rfam -o data --mirror {}", server.url(""));
    let child = sandbox.spawn(&words);
    wait_for(&sandbox.path("data/rfam/current/Rfam.fa.gz.part"), 69_999);
    assert_eq!(stop(child, "-INT"), (None, String::new()), "ended by the signal itself");
    assert!(!sandbox.path("data/rfam/current/Rfam.fa.gz").exists());

    sandbox.run(&words).done();
    assert_eq!(sandbox.read("data/rfam/current/Rfam.fa.gz"), fasta);
    assert_eq!(server.seen()[1].range.as_deref(), Some("bytes=70000-"));
    assert_eq!(sandbox.names("data/rfam/current"), [".lock", "Rfam.fa.gz", "Rfam.fa.gz.json"]);
}
