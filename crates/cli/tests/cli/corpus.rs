//! `rinalmo corpus`: what a build leaves, how it ends on bad input, and how it goes on.

use std::io::Write;

use serde_json::Value;

use crate::common::{Sandbox, random_fasta};

/// Two families, a duplicate in another spelling, and one record that is too short.
const RECORDS: &str = "\
>trna a tRNA
GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA
>like
GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACGA
>again
gcggatttagctcagttgggagagcgccagactgaagatctggaggtcctgtgttcgatccacagaattcgcacca
>tar
GGGUCUCUCUGGUUAGACCAGAUCUGAGCCUGGGAGCUCUCUGGCUAACUAGGGAACC
>short
ACGU
";

fn sandbox() -> Sandbox {
    Sandbox::new().with("a.fa", RECORDS)
}

fn report(sandbox: &Sandbox, name: &str) -> Value {
    serde_json::from_str(&sandbox.read(name)).unwrap()
}

/// Stages that an earlier build had done.
fn resumed(report: &Value) -> Vec<&str> {
    let stages = report["stages"].as_array().unwrap().iter();
    stages.filter(|stage| stage["resumed"] == true).map(|stage| stage["stage"].as_str().unwrap()).collect()
}

/// Asserts that a command could not run, and gives what it said.
#[track_caller]
#[test]
fn a_build_leaves_a_store_and_tells_what_it_did() {
    let sandbox = sandbox();
    let run = sandbox.run("-q corpus build a.fa -o c.lmdb --report r.json").done();
    assert!(run.out.contains("3 sequences in 2 clusters (builtin "), "{run}");
    let told = report(&sandbox, "r.json");
    let source = &told["read"]["sources"][0];
    assert_eq!((&source["source"], &source["records"]), (&"a.fa".into(), &5.into()));
    assert_eq!((&source["duplicates"], &source["dropped"]["too_short"]), (&1.into(), &1.into()));
    assert_eq!((&told["clusters"]["clusters"], &told["held_out"]), (&2.into(), &1.into()));
    assert_eq!(told["store_bytes"], std::fs::metadata(sandbox.path("c.lmdb")).unwrap().len());
    assert_eq!(sandbox.names("."), ["a.fa", "c.lmdb", "r.json"]);

    let stats = sandbox.run("-q corpus stats c.lmdb --verify --json --svg s").done();
    let stats: Value = serde_json::from_str(&stats.out).unwrap();
    assert_eq!(stats["header"]["sequences"], 3);
    assert!(sandbox.read("s.lengths.svg").starts_with("<svg") && sandbox.read("s.clusters.svg").starts_with("<svg"));
    assert!(sandbox.run("corpus stats c.lmdb").done().out.starts_with("3 sequences, 210 nt"));
}

#[test]
fn strands_are_left_out_and_not_joined() {
    let strands = format!("{RECORDS}>two\nGGGGAAAACCCCAAAA&GGGGCCCCAAAAGGGG\n");
    let sandbox = Sandbox::new().with("a.fa", strands);
    let run = sandbox.run("-q corpus build a.fa -o c.lmdb --report r.json");
    assert_eq!(run.code, 1, "{run}");
    assert!(run.out.contains("malformed: a.fa:12: record `two`: several strands joined by `&` cannot be"), "{run}");
    let source = &report(&sandbox, "r.json")["read"]["sources"][0];
    assert_eq!((&source["records"], &source["dropped"]["malformed"]), (&5.into(), &1.into()));
}

#[test]
fn a_report_takes_the_place_of_the_table_on_standard_output() {
    let sandbox = sandbox();
    let run = sandbox.run("-q corpus build a.fa -o c.lmdb --report -").done();
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&told["clusters"]["clusters"], &told["held_out"]), (&2.into(), &1.into()));
    assert_eq!(sandbox.names("."), ["a.fa", "c.lmdb"]);
}

#[test]
fn what_was_put_in_is_what_comes_out() {
    let sandbox = sandbox();
    sandbox.run("-q corpus build a.fa -o c.lmdb").done();
    let first = RECORDS.split(">again").next().unwrap();
    let tar = RECORDS.split_once(">tar").unwrap().1.split(">short").next().unwrap();
    assert_eq!(sandbox.run("-q corpus export c.lmdb").done().out, format!("{first}>tar{tar}"));
    let count =
        |which: &str| sandbox.run(&format!("-q corpus export c.lmdb --which {which}")).done().out.matches('>').count();
    assert_eq!([count("all"), count("representatives"), count("train") + count("held-out")], [3, 2, 3]);
    let table = sandbox.run("-q corpus export c.lmdb --table").done().out;
    assert_eq!(table.lines().next(), Some("cluster\tsplit\trepresentative\tid\tlength\tsource\tmerged"));
    assert!(table.lines().any(|row| row.ends_with("\t1\ttrna\t76\ta.fa\t1")), "{table}");
}

#[test]
fn compressed_files_tables_and_standard_input_give_the_same_store() {
    let sandbox = sandbox();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(RECORDS.as_bytes()).unwrap();
    let rows = RECORDS.split('>').skip(1).map(|record| record.trim_end().replacen('\n', "\t", 1));
    let table = format!("id\tsequence\n{}\n", rows.collect::<Vec<_>>().join("\n"));
    let sandbox = sandbox.with("a.fa.gz", gz.finish().unwrap()).with("a.tsv", table);
    let exported = |store: &str| sandbox.run(&format!("-q corpus export {store} --which all")).done().out;
    sandbox.run("-q corpus build a.fa -o plain.lmdb").done();
    sandbox.run("-q corpus build a.fa.gz -o gz.lmdb").done();
    sandbox.pipe("-q corpus build - -o piped.lmdb", RECORDS).done();
    sandbox.run("-q corpus build a.tsv -o table.lmdb").done();
    let plain = exported("plain.lmdb");
    assert_eq!([exported("gz.lmdb"), exported("piped.lmdb")], [plain.clone(), plain.clone()]);
    let letters =
        |text: &str| text.lines().filter(|line| !line.starts_with('>')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(letters(&exported("table.lmdb")), letters(&plain));
}

#[test]
fn inputs_that_cannot_be_read_are_named_and_nothing_is_left_behind() {
    let sandbox = sandbox().with("bad.tsv", "name\tletters\na\tACGU\n");
    let say = |inputs: &str| sandbox.run(&format!("-q corpus build {inputs} -o c.lmdb")).refused();
    assert_eq!(say("none.fa"), "error: none.fa: cannot be opened: no such file or folder\n");
    assert_eq!(say("a.fa none.fa"), "error: none.fa: cannot be opened: no such file or folder\n");
    assert_eq!(
        say("bad.tsv"),
        "error: bad.tsv:1: no column `sequence`, `seq`, `utr`\nhint: its columns are `name`, `letters`\n"
    );
    assert!(say("a.fa --exclude none.fa").starts_with("error: none.fa: cannot be opened"));
    assert!(say("a.fa --exclude bad.tsv").starts_with("error: bad.tsv:1: no column"));
    let left: Vec<String> = sandbox.names(".").into_iter().filter(|name| name.ends_with(".lmdb")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(say("a.fa --identity 70"), "error: clusters: identity is 70, expected more than 0 and at most 1\n");
    assert!(say("a.fa --min-length 9 --max-length 8").contains("lengths from 9 to 8 nt hold no sequence"));
    assert!(say("").contains("<INPUT>"));
}

#[test]
fn a_build_of_nothing_is_refused_and_says_where_everything_went() {
    let sandbox = sandbox().with("empty.fa", "").with("two.fa", ">a\nACGUACGUGG&ACGUACGUGG\n>b\nGG&CC\n");
    let say = |words: &str| sandbox.run(&format!("-q corpus build {words} -o c.lmdb")).refused();
    assert_eq!(say("empty.fa"), "error: nothing to store: there is no record in the inputs\n");
    let dropped = say("a.fa --min-length 100");
    assert!(dropped.starts_with("error: nothing to store: none of 5 records is left\n"), "{dropped}");
    let row: Vec<&str> = dropped.lines().nth(2).unwrap().split_whitespace().collect();
    assert_eq!(row, ["a.fa", "5", "0", "5", "0", "0", "0", "0", "0", "0"]);
    let strands = say("two.fa");
    assert!(strands.starts_with("error: nothing to store: none of 2 records is left\n"), "{strands}");
    assert!(strands.contains("\nmalformed: two.fa:2: record `a`: several strands joined by `&`"), "{strands}");
    let excluded = say("a.fa --exclude a.fa");
    assert!(excluded.contains("3 sequences are similar to one of the 5 of a.fa"), "{excluded}");
    assert!(!sandbox.path("c.lmdb").exists());
}

#[test]
fn rows_that_cannot_be_read_are_skipped_and_counted() {
    let sandbox = Sandbox::new().with("a.tsv", "id\tseq\na\tGGGGAAAACCCCGGGGUUUUAAAA\nb\n");
    let run = sandbox.run("-q corpus build a.tsv -o c.lmdb");
    assert_eq!(run.code, 1, "{run}");
    assert!(run.out.contains("malformed: a.tsv:3: 1 columns, expected 2 as in the header"), "{run}");
}

#[test]
fn a_store_is_replaced_only_by_force() {
    let sandbox = sandbox().with("b.fa", random_fasta(3, |_| 50));
    sandbox.run("-q corpus build a.fa -o c.lmdb").done();
    let before = sandbox.run("-q corpus export c.lmdb").done().out;
    let again = sandbox.run("-q corpus build b.fa -o c.lmdb").refused();
    assert_eq!(again, "error: c.lmdb: already exists\nhint: --force replaces it\n");
    sandbox.run("-q corpus build b.fa none.fa -o c.lmdb --force").refused();
    assert_eq!(sandbox.run("-q corpus export c.lmdb").done().out, before, "a build that fails leaves the old one");
    sandbox.run("-q corpus build b.fa -o c.lmdb --force").done();
    assert!(sandbox.run("-q corpus export c.lmdb").done().out.starts_with(">r1\n"));
}

#[test]
fn a_build_that_failed_goes_on_behind_its_last_stage() {
    let sandbox = sandbox();
    let failed = sandbox.run("-q corpus build a.fa -o c.lmdb --exclude none.fa").refused();
    assert!(failed.starts_with("error: none.fa"), "{failed}");
    sandbox.run("-q corpus build a.fa -o c.lmdb --report r.json").done();
    assert_eq!(resumed(&report(&sandbox, "r.json")), ["read"]);
    assert!(!sandbox.path("c.lmdb.building").exists());
}

#[test]
fn evaluation_sets_are_kept_out_by_whose_coverage_is_asked_for() {
    let fragment = RECORDS.lines().nth(1).unwrap()[8..48].to_owned();
    let long = format!(">long\n{}{}{}\n", "ACCA".repeat(20), RECORDS.lines().nth(1).unwrap(), "GUUG".repeat(20));
    let corpus = format!("{RECORDS}{long}>piece\n{fragment}\n");
    let set = format!(">t\n{}\n", RECORDS.lines().nth(1).unwrap());
    let sandbox = Sandbox::new().with("a.fa", corpus).with("t.fa", set);
    let left = |words: &str| {
        sandbox.run(&format!("-q corpus build a.fa -o c.lmdb --force --exclude t.fa {words}")).done();
        let out = sandbox.run("-q corpus export c.lmdb").done().out;
        out.lines().filter_map(|line| line.strip_prefix('>')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(left(""), ["tar", "piece"]);
    assert_eq!(left("--exclude-coverage-of evaluation"), ["tar", "piece"]);
    assert_eq!(left("--exclude-coverage-of both"), ["tar", "long", "piece"]);
    assert_eq!(left("--exclude-coverage-of corpus"), ["tar", "long"]);
    assert_eq!(left("--exclude-identity 1 --exclude-coverage 1"), ["like", "tar", "piece"]);
}

#[test]
fn mmseqs_is_run_where_it_is_and_missed_where_it_is_not() {
    let sandbox = sandbox();
    let missing = sandbox.run("-q corpus build a.fa -o c.lmdb --engine mmseqs --mmseqs ./none").refused();
    assert!(missing.starts_with("error: clusters: `./none` cannot be run; install MMseqs2"), "{missing}");
    let mut nowhere = sandbox.command("-q corpus build a.fa -o c.lmdb --engine mmseqs");
    nowhere.env("PATH", sandbox.path("empty"));
    let missing = sandbox.finish(assert_cmd::Command::from_std(nowhere)).refused();
    assert!(missing.starts_with("error: clusters: `mmseqs` cannot be run; install MMseqs2"), "{missing}");
    assert_eq!(sandbox.names("."), ["a.fa"]);
    if std::process::Command::new("mmseqs").arg("version").output().is_err() {
        rinalmo_skips::skip!("no mmseqs on the PATH");
        return;
    }
    let run = sandbox.run("-q corpus build a.fa -o c.lmdb --engine mmseqs --report r.json").done();
    assert!(run.out.contains("3 sequences in 2 clusters (mmseqs "), "{run}");
    assert_eq!(report(&sandbox, "r.json")["clusters"]["engine"], "mmseqs");
    assert_eq!(sandbox.run("-q corpus stats c.lmdb --verify").code, 0);
}

#[cfg(unix)]
#[test]
fn a_program_that_fails_is_quoted_and_the_build_goes_on_without_it() {
    use std::os::unix::fs::PermissionsExt;
    let script = "#!/bin/sh\n[ \"$1\" = version ] && echo 99 && exit\necho out of luck >&2\nexit 3\n";
    let sandbox = sandbox().with("mmseqs", script);
    std::fs::set_permissions(sandbox.path("mmseqs"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let failed = sandbox.run("-q corpus build a.fa -o c.lmdb --engine mmseqs --mmseqs ./mmseqs").refused();
    assert!(failed.contains("easy-linclust") && failed.contains("    out of luck"), "{failed}");
    assert!(!sandbox.path("c.lmdb").exists());
    sandbox.run("-q corpus build a.fa -o c.lmdb --report r.json").done();
    assert_eq!(resumed(&report(&sandbox, "r.json")), ["read", "exclude"]);
}

#[test]
fn what_is_no_store_is_refused_by_all_that_read_one() {
    let sandbox = sandbox();
    for verb in ["stats", "sample", "export"] {
        let none = sandbox.run(&format!("-q corpus {verb} none.lmdb")).refused();
        assert_eq!(none, "error: none.lmdb: cannot be opened: no such file or folder\n", "{verb}");
        let other = sandbox.run(&format!("-q corpus {verb} a.fa")).refused();
        assert!(other.starts_with("error: a.fa: "), "{verb}: {other}");
    }
}

#[test]
fn samples_are_the_same_for_one_seed_and_go_on_at_any_step() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(60, |n| 30 + n));
    sandbox.run("-q corpus build a.fa -o c.lmdb").done();
    let rows = |words: &str| {
        let out = sandbox.run(&format!("-q corpus sample c.lmdb --batch-size 4 {words}")).done().out;
        out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let three = rows("-n 3");
    assert_eq!(three.len(), 12);
    assert_eq!(rows("-n 3 -j 1"), three);
    assert_eq!(rows("-n 2 --step 1"), three[4..]);
    assert_ne!(rows("-n 3 --seed 1"), three);
    assert!(three.iter().all(|row| row.split('\t').count() == 7 && row.split('\t').nth(5).unwrap().starts_with('<')));
    let speed = sandbox.run("-q corpus sample c.lmdb -n 5 --batch-size 4 --speed").done().out;
    assert!(speed.starts_with("tokens\tpadding_percent\tseconds\ttokens_per_second\tthreads\n"), "{speed}");
    assert!(sandbox.run("-q corpus sample c.lmdb --max-tokens 2").refused().contains("hold no letter"));
}

#[cfg(unix)]
#[test]
fn killed_at_ten_moments_a_build_leaves_the_old_store_or_the_new_one() {
    let old = random_fasta(50, |n| 30 + n);
    let sandbox = Sandbox::new().with("old.fa", old).with("new.fa", random_fasta(6000, |n| 40 + n % 300));
    sandbox.run("-q corpus build new.fa -o whole.lmdb").done();
    let exported = |store: &str| {
        sandbox.run(&format!("-q corpus stats {store} --verify")).code == 0
            && sandbox.run(&format!("-q corpus export {store} --table -o {store}.tsv")).done().code == 0
    };
    assert!(exported("whole.lmdb"));
    let whole = sandbox.read("whole.lmdb.tsv");
    sandbox.run("-q corpus build old.fa -o c.lmdb").done();
    assert!(exported("c.lmdb"));
    let before = sandbox.read("c.lmdb.tsv");
    let begun = std::time::Instant::now();
    sandbox.run("-q corpus build new.fa -o timed.lmdb").done();
    let took = begun.elapsed();
    for moment in 0..10 {
        let mut child = sandbox.spawn("-q corpus build new.fa -o c.lmdb --force");
        std::thread::sleep(took * (moment * 7 % 10) / 10);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(exported("c.lmdb"), "after {moment} kills");
        let now = sandbox.read("c.lmdb.tsv");
        assert!(now == before || now == whole, "after {moment} kills");
    }
    sandbox.run("-q corpus build new.fa -o c.lmdb --force").done();
    assert!(exported("c.lmdb") && sandbox.read("c.lmdb.tsv") == whole);
    assert!(!sandbox.path("c.lmdb.building").exists());
}

/// Two that are alike, one without pairs, one of an evaluation set, one of a family of its own, one with an odd letter.
const KNOWN: &str = "\
id\tfamily\tseq\tstruct
a\tclover\tGGCUACGAUUACGGCAUUCGUCUUCGGACGAAUGCCGUAAUCGUAGCCAACC\t((((((((((((((((((((((....))))))))))))))))))))))....
b\tclover\tGGCUACGAUUACGGCAUUCGUCUUCGGACGAAUGCCGUAAUCGUAGCCAACG\t((((((((((((((((((((((....))))))))))))))))))))))....
c\tpin\tGGCCAUGGCAAGCUUCGAUCUUCGGAUCG\t.............................
d\tpin\tGGAUCCAGUUGCGAACACGUCAUGAAAAUGACGUGUUCGCAACUGGAUCCAA\t(((((((((((((((((((((((....)))))))))))))))))))))))..
e\trare\tACAGUCAGGUUCCGAUGCAUACGGCAACGUAUGCAUCGGAACCUGACUGUUA\t(((((((((((((((((((((((....)))))))))))))))))))))))..
f\tpin\tGGCC!\t.....
";

#[test]
fn a_bad_record_costs_itself_and_further_structures_are_passed_over_in_every_format() {
    let ct = "9 ENERGY = ? a\n1 G 0 2 9 1\n2 G 1 3 8 2\n3 G 2 4 7 3\n4 A 3 5 0 4\n5 A 4 6 0 5\n6 A 5 7 0 6\n7 C 6 8 3 7\n8 C 7 9 2 8\n\
              9 C 8 0 1 9\n";
    let rnafold = ">b\nGGGAAAACCC\n(((....))) ( -3.40)\n(((....))) [ -3.60]\n(((....))) { -3.40 d=0.50}\n frequency of mfe structure in \
                   ensemble 0.72; ensemble diversity 0.93\n>bad\nGGG\n(.\n>c\nGGGAAAAACCC\n(((.....)))\n";
    let own = "# STOCKHOLM 1.0\nd/1-12 GGG-AAAAAACCC\n#=GR d/1-12 SS <<<.......>>>\n//\n";
    let sandbox = Sandbox::new()
        .with("a.ct", [ct.replace('?', "-3.4"), ct.replace('?', "-1.0")].concat())
        .with("b.dbn", rnafold)
        .with("d.sto", own);
    let run = sandbox.run("corpus structures a.ct b.dbn d.sto --min-length 1 -o out.tsv");
    assert_eq!(run.code, 1, "{run}");
    let table = sandbox.read("out.tsv");
    let ids: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(ids, ["a", "b", "c", "d/1-12"]);
    for said in [
        "a.ct: 1 further structure of `a` is passed over, the first counts\n",
        "b.dbn: 2 further structures of `b` are passed over, the first counts\n",
        "b.dbn\t3\t1\t0\t0\t0\t0\t0\t2\n",
        "the first unreadable structure: b.dbn:9: unbalanced bracket `(` at column 1\n",
    ] {
        assert!(run.err.contains(said), "{said}: {run}");
    }
}

#[test]
fn known_structures_are_gathered_with_a_reason_for_each_that_is_not() {
    let target = "id\tsequence\nt\tGGAUCCAGUUGCGAACACGUCAUGAAAAUGACGUGUUCGCAACUGGAUCCAA\n";
    let sandbox = Sandbox::new().with("known.tsv", KNOWN).with("again.tsv", KNOWN).with("test.tsv", target);
    let run = sandbox.run("corpus structures known.tsv again.tsv@0.5 --exclude test.tsv --without RAR* -o out.tsv");
    assert_eq!(run.code, 1, "a row of each cannot be read: {run}");
    let table = sandbox.read("out.tsv");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows[0], ["id", "family", "source", "cluster", "weight", "sequence", "base_pairs"]);
    let told: Vec<_> = rows[1..].iter().map(|row| row[..5].join(" ")).collect();
    assert_eq!(told, ["a clover known.tsv 0 1", "b clover known.tsv 0 1"], "{run}");
    assert!(run.err.contains("known.tsv\t6\t1\t0\t1\t1\t0\t1\t2\n"), "{run}");
    assert!(run.err.contains("again.tsv\t6\t1\t0\t1\t1\t3\t0\t0\n"), "{run}");
    assert!(run.err.contains("known.tsv:7: column `seq`, letter 5: `!` is not an RNA base"), "{run}");
    assert!(run.err.ends_with("2 structures in 1 clusters\n"), "{run}");

    let warning = "warning: --without";
    assert!(!run.err.contains(warning), "{run}");
    let typed =
        sandbox.run("corpus structures known.tsv --without Pins --without CLOVER --without snail* -o typed.tsv");
    let said = "warning: --without Pins: no structure is of this family\nhint: did you mean `pin`?\n";
    assert!(typed.err.contains(said) && typed.err.contains("--without snail*: no structure"), "{typed}");
    assert_eq!(typed.err.matches(warning).count(), 2, "{typed}");

    let nothing = sandbox.run("corpus structures known.tsv --min-pairs 100").refused();
    assert!(nothing.contains("no structure is left to train with"), "{nothing}");
}
