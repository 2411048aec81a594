//! What comes in: files of all kinds, and what is wrong with them.

use std::io::Write;

use crate::common::{SMALL, Sandbox};

/// `>hp a hairpin / GGGGAAAACCCC`, by `zstd -19` (1.5.5).
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x04\x68\xd9\x00\x00>hp a hairpin\nGGGGAAAACCCC\n\x75\xbb\x40\x19";
/// The same by `xz -9 --check=crc32` (5.4).
const XZ: &[u8] = b"\xfd7zXZ\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x1c\x00\x00\x00\x10\xcf\x58\xcc\x01\x00\x1a>hp a hairpin\nGGGGAAAACCCC\n\x00\x00\xa9\x9f\x3d\x7b\x00\x01\x2f\x1b\xaa\x44\xff\xb8\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01\x59\x5a";
const HAIRPIN: &str = ">hp a hairpin\nGGGGAAAACCCC\n";
/// Finds no pair, whatever the model.
const FOLD: &str = "-q fold -t 0.9999";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The headers of a default output.
fn headers(out: &str) -> Vec<&str> {
    out.lines().filter_map(|line| line.strip_prefix('>')).collect()
}

#[test]
fn compression_is_told_by_content_whatever_the_name() {
    let expected = format!("{HAIRPIN}............ score=0.000\n");
    for (name, bytes) in
        [("a.txt", gzip(HAIRPIN)), ("a.gz", ZSTD.to_vec()), ("a.fa", XZ.to_vec()), ("b.xz", HAIRPIN.into())]
    {
        let sandbox = Sandbox::new().with(name, &bytes);
        assert_eq!(sandbox.run(&format!("{FOLD} {name}")).done().out, expected, "{name}");
        assert_eq!(sandbox.pipe(FOLD, bytes).done().out, expected, "{name} by standard input");
    }
}

#[test]
fn files_and_standard_input_are_one_stream_in_the_order_given() {
    let sandbox =
        Sandbox::new().with("b.fq", "@read 1\nGGGG\n+\nIIII\n").with("c.txt", "ACGU\n\nACGT\r\n").with("a.fa", SMALL);
    let run = sandbox.pipe(&format!("{FOLD} b.fq - c.txt a.fa"), ">in\nGG\nGG\n").done();
    assert_eq!(headers(&run.out), ["read 1", "in", "seq1", "seq2", "hp a hairpin", "low", "T"]);
    assert!(run.out.contains(">in\nGGGG\n"), "several lines are one sequence");
    assert_eq!(headers(&sandbox.pipe(FOLD, SMALL).done().out).len(), 3, "no file is standard input");
}

#[test]
fn tables_give_their_sequence_column() {
    let table = "name,other,Sequence\n\"a, b\",1,GGGG\n,2,ACGU\n";
    let sandbox =
        Sandbox::new().with("t.csv", table).with("u.tsv", "utr\nACGU\n").with("v.csv.gz", gzip("seq,id\nACGU,z\n"));
    let run = sandbox.run(&format!("{FOLD} t.csv u.tsv v.csv.gz")).done();
    assert_eq!(headers(&run.out), ["a, b", "seq1", "seq2", "z"]);
    let json = sandbox.run(&format!("{FOLD} t.csv -f json")).done().out;
    assert!(json.starts_with("{\"id\":\"a, b\","), "a table's ids are whole: {json}");
}

#[test]
fn tables_that_cannot_be_read_say_what_they_have() {
    let sandbox = Sandbox::new().with("t.csv", "foo,bar\n1,2\n").with("e.tsv", "").with("w.csv", "id,seq\na,ACGU,1\n");
    let sandbox = sandbox.with("x.tsv", "id\tseq\na\tACGU\nb\tAC@U\nc\tGGGG\n");
    let err = |words: &str| sandbox.run(words).err;
    assert_eq!(
        err("fold t.csv"),
        "error: t.csv:1: no column `sequence`, `seq`, `utr`\nhint: its columns are `foo`, `bar`\n"
    );
    assert_eq!(err("fold e.tsv"), "error: e.tsv:1: is empty, expected a header with the names of columns\n");
    let expected = "error: w.csv:2: record `#1`: 3 columns, expected 2 as in the header\n\
                    hint: cells that hold the separator, such as a decimal comma, need quotes\n";
    assert!(err("fold w.csv").starts_with(expected), "{}", err("fold w.csv"));
    insta::assert_snapshot!(sandbox.run(&format!("{FOLD} x.tsv")), @r"
    exit 1
    [out]
    >a
    ACGU
    .... score=0.000
    >c
    GGGG
    .... score=0.000
    [err]
    error: x.tsv:3: record `b`: character `@` is not an RNA base
    ");
    assert_eq!(headers(&sandbox.run(&format!("{FOLD} x.tsv --on-invalid skip")).out), ["a", "c"]);
}

#[test]
fn a_wrong_letter_fails_its_record_stops_is_skipped_or_is_unknown_as_asked() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nACGU\n>b\nAC\nA@A\n>c\nGGPG\n>d\nACGU\n");
    let say = |words: &str| sandbox.run(&format!("fold -t 0.9999 {words} a.fa")).to_string();
    insta::assert_snapshot!(say(""), @r"
    exit 1
    [out]
    >a
    ACGU
    .... score=0.000
    >c
    GGNG
    .... score=0.000
    >d
    ACGU
    .... score=0.000
    [err]
    error: a.fa:5: record `b`: character `@` is not an RNA base
    hint: --on-invalid unk reads such characters as unknown bases, skip leaves their records out
    warning: a.fa: 1 letter that is no base is read as N, in 1 record, first `P` at line 7 in record `c`
    records: 1 failed
    ");
    insta::assert_snapshot!(say("--on-invalid error"), @r"
    exit 2
    [out]
    >a
    ACGU
    .... score=0.000
    [err]
    error: a.fa:5: record `b`: character `@` is not an RNA base
    ");
    insta::assert_snapshot!(say("--on-invalid skip"), @r"
    exit 1
    [out]
    >a
    ACGU
    .... score=0.000
    >d
    ACGU
    .... score=0.000
    [err]
    skipped: a.fa:5: record `b`: character `@` is not an RNA base
    skipped: a.fa:7: record `c`: character `P` is not an RNA base
    records: 2 skipped
    ");
    insta::assert_snapshot!(say("--on-invalid unk"), @r"
    exit 0
    [out]
    >a
    ACGU
    .... score=0.000
    >b
    ACAXA
    ..... score=0.000
    >c
    GGPG
    .... score=0.000
    >d
    ACGU
    .... score=0.000
    [err]
    warning: a.fa: 2 letters that are no bases are read as unknown, in 2 records, first `@` at line 5 in record `b`
    ");
}

#[test]
fn one_bad_letter_does_not_end_a_batch_in_any_command() {
    let good: String = (0..30).map(|i| format!(">r{i}\nGGGGAAAACCCC\n")).collect();
    let sandbox = Sandbox::new().with("a.fa", format!(">x\nAC\u{0}GU\n>y\nAC[GU\n{good}>z\nGGGG&CCCC\n"));
    for (words, lines) in [("fold -f tsv", 31), ("score", 31), ("embed --include mean -o -", 31)] {
        let run = sandbox.run(&format!("-q {words} a.fa"));
        assert_eq!((run.code, run.out.lines().count()), (1, lines), "{words}: {run}");
        assert_eq!(run.err.matches("error: a.fa:").count(), 3, "{run}");
        assert!(run.err.contains("record `z`: several strands joined by `&`"), "{run}");
    }
}

#[test]
fn a_damaged_record_of_a_structure_file_does_not_end_a_batch() {
    let ct = "2 ENERGY = -1  a\n1 G 0 2 2 1\n2 C 1 0 1 2\n2 b\n1 G 0 2 x 1\n2 C 1 0 1 2\n1 c\n1 G 0 0 0 1\n";
    let bpseq = "# a\n1 G 2\n2 C 1\n# b\n1 G 2\n2 C 0\n# c\n1 G 0\n";
    let st = "#Name: a\nGC\n()\n#Name: b\nGC\n(\n#Name: c\nG\n.\n";
    let sandbox = Sandbox::new().with("a.ct", ct).with("a.bpseq", bpseq).with("a.st", st);
    for (name, line) in [("a.ct", 5), ("a.bpseq", 5), ("a.st", 6)] {
        let run = sandbox.run(&format!("{FOLD} {name}"));
        assert_eq!((run.code, headers(&run.out)), (1, vec!["a", "c"]), "{run}");
        assert!(run.err.contains(&format!("error: {name}:{line}: record `b`: ")), "{run}");
    }
}

#[test]
fn letters_of_several_bytes_are_one_position_in_every_layout() {
    // Pseudouridine, an accented letter in one and in two characters, a no-break space and a stop sign.
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGΨGÁAU\u{301}A\u{a0}CCCC*\n");
    for (policy, printed) in [("replace", "GGNGNANACCCCN"), ("unk", "GGXGXAXACCCCX")] {
        for format in ["dbn", "ct", "bpseq", "stockholm", "json", "tsv"] {
            let run = sandbox.run(&format!("{FOLD} a.fa -f {format} --on-invalid {policy}")).done();
            let name = format!("b.{format}");
            let again = Sandbox::new().with(&name, &run.out);
            match format {
                "json" => assert!(run.out.contains(&format!("\"{printed}\",\"structure\":\".............\"")), "{run}"),
                "tsv" => assert!(run.out.contains(&format!("\t13\t0.0\t{printed}\t.............")), "{run}"),
                _ => {
                    let read = again.run(&format!("{FOLD} {name} -f dbn --on-invalid {policy}")).done();
                    assert!(read.out.contains(&format!("\n{printed}\n.............")), "{read}");
                }
            }
        }
    }
    let warned = sandbox.run("fold -t 0.9999 a.fa").err;
    let expected = "a.fa: 4 letters that are no bases are read as N, in 1 record, first `Ψ` at line 2 in record `a`";
    assert!(warned.contains(expected), "{warned}");
}

#[test]
fn gaps_are_dropped_kept_or_refused_as_asked() {
    let sandbox = Sandbox::new().with("a.fa", ">gapped\n..GGGG-AAA~CCCC-\n>plain\nGGGGAAACCCC\n");
    let run = sandbox.run("fold a.fa -f tsv");
    let rows: Vec<Vec<&str>> = run.out.lines().map(|line| line.split('\t').skip(1).take(6).collect()).collect();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(rows[1], rows[2], "without its gaps a sequence folds as it would alone");
    let warning = "warning: a.fa: 5 gaps in 1 record are dropped, positions count bases alone, \
                   first `.` at line 2 in record `gapped`\n";
    assert!(run.err.contains(warning), "{run}");
    let kept = sandbox.run(&format!("{FOLD} a.fa --gaps keep")).done();
    assert!(kept.out.contains("\n--GGGG-AAA-CCCC-\n"), "{kept}");
    let refused = sandbox.run(&format!("{FOLD} a.fa --gaps error"));
    assert_eq!((refused.code, headers(&refused.out)), (1, vec!["plain"]), "{refused}");
    let message = "error: a.fa:2: record `gapped`: gaps are not allowed, found 5, the first `.`\n";
    assert_eq!(refused.err, message);
    let scores = sandbox.run("-q score a.fa").done().out;
    let scores: Vec<&str> = scores.lines().map(|line| line.split_once('\t').unwrap().1).collect();
    assert_eq!(scores[1], scores[2]);
}

#[test]
fn sequences_are_read_from_files_of_every_layout() {
    let hairpin = ">hp\nGGGGAAAACCCC\n............ score=0.000\n";
    let rows: String = (1..=12).map(|i| format!("{i} {} 0\n", ["G", "A", "C"][(i - 1) / 4])).collect();
    let ct: String =
        (1..=12).map(|i| format!("{i} {} {} {} 0 {i}\n", ["G", "A", "C"][(i - 1) / 4], i - 1, (i + 1) % 13)).collect();
    let utf16: Vec<u8> = "\u{feff}>hp\r\nGGGGAAAACCCC\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let padded = [gzip(">hp\nGGGGAAAACCCC\n"), vec![0; 700]].concat();
    let files: [(&str, Vec<u8>); 13] = [
        ("hashes.fa", "# by hand\n>hp\nGGGG\n# half way\nAAAACCCC\n".into()),
        ("mac.fa", ">hp\rGGGGAAAA\rCCCC\r".into()),
        ("utf16.fa", utf16),
        ("padded.gz", padded),
        ("x.seq", "; by hand\nhp\n\nGGGGAAAA\nCCCC1\n".into()),
        ("x.dbn", ">hp\nGGGGAAAACCCC\n((((....)))) (-5.40)\n".into()),
        ("x.st", "#Name: hp\nGGGGAAAACCCC\n((((....))))\n".into()),
        ("x.bpseq", format!("# hp\n{rows}").into()),
        ("x.ct", format!("12 ENERGY = -5.4  hp\n{ct}").repeat(2).into()),
        ("x.sto", "# STOCKHOLM 1.0\nhp GGGG-AAAA\nhp CC.CC\n//\n".into()),
        ("x.gb", "LOCUS       hp 12 bp\nORIGIN\n        1 GGGGAAAACC CC\n//\n".into()),
        ("x.embl", "ID   hp; SV 1;\nSQ   Sequence 12 BP;\n     GGGGAAAACC CC     12\n//\n".into()),
        ("bom.fa", "\u{feff}>hp\nGGGGAAAACCCC\n".into()),
    ];
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let count = files.len();
    let sandbox = files.iter().fold(Sandbox::new(), |sandbox, (name, bytes)| sandbox.with(name, bytes));
    let run = sandbox.run(&format!("{FOLD} {}", names.join(" "))).done();
    assert_eq!(run.out, hairpin.repeat(count));
    let noted = sandbox.run("fold -t 0.9999 x.dbn").err;
    let note = "warning: x.dbn: the known structures of 1 record are passed over, only sequences are read\n";
    assert!(noted.contains(note), "{noted}");
}

#[test]
fn a_header_after_a_bare_sequence_begins_the_next_record() {
    let run = Sandbox::new().with("a.fa", "GGGG\n>q\nAC\nGU\n").run("fold -t 0.9999 -f tsv a.fa");
    let ids: Vec<&str> = run.out.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(ids, ["id", "seq1", "q"]);
    assert!(run.err.contains("warning: a.fa:2: a header after 1 line of sequence without one\n"), "{run}");
}

#[test]
fn empty_records_fail_alone_and_an_empty_input_is_no_failure() {
    let sandbox = Sandbox::new().with("a.fa", ">a\n>\n>c\nACGU\n").with("none.fa", "\n\n");
    insta::assert_snapshot!(sandbox.run(&format!("{FOLD} a.fa")), @r"
    exit 1
    [out]
    >c
    ACGU
    .... score=0.000
    [err]
    error: a.fa:1: record `a`: the sequence is empty
    error: a.fa:2: record `#2`: the sequence is empty
    ");
    let run = sandbox.run("fold none.fa");
    assert!(run.code == 0 && run.out.is_empty() && run.err.ends_with("the input holds no sequence\n"), "{run}");
}

#[test]
fn a_record_without_a_name_can_be_written_in_every_format() {
    let sandbox = Sandbox::new().with("a.fa", ">\nACGU\n");
    for format in ["dbn", "ct", "bpseq", "stockholm", "json", "tsv"] {
        sandbox.run(&format!("{FOLD} a.fa -f {format}")).done();
    }
}

#[test]
fn missing_files_folders_and_other_files_are_told_apart() {
    let sandbox = Sandbox::new()
        .with("a.fa", SMALL)
        .with("elf", b"\x7fELF\x02\x01")
        .with("cut.fa", &gzip(&SMALL.repeat(50))[..60]);
    let sandbox = sandbox.with("latin.fa", b">caf\xe9\nAC\xffGU\n");
    let say = |words: &str| sandbox.run(words).to_string();
    insta::assert_snapshot!(say("fold a.fa missing.fa"), @r"
    exit 2
    [err]
    error: missing.fa: no such file or folder
    ");
    insta::assert_snapshot!(say("fold a.fa ."), @r"
    exit 2
    [err]
    error: .: is a folder, expected a sequence file
    ");
    insta::assert_snapshot!(say("-q fold elf"), @r"
    exit 2
    [err]
    error: elf:1: this is a program or a library of one, expected a file of sequences
    hint: look whether the path is right
    ");
    insta::assert_snapshot!(say("-q fold latin.fa"), @r"
    exit 1
    [err]
    error: latin.fa:2: record `caf�`: byte `\xff` is not text in UTF-8, and so not an RNA base
    ");
    let cut = sandbox.run("-q fold -t 0.9999 cut.fa");
    assert_eq!(cut.code, 2);
    assert!(
        cut.err.starts_with("error: cut.fa: cannot be read to its end as gzip, it may be truncated or damaged: "),
        "{cut}"
    );
}

#[test]
fn a_fault_further_down_leaves_what_came_before_it() {
    let many: String = (0..400).map(|i| format!(">r{i}\nACGU\n")).collect();
    let whole = gzip(&many);
    let sandbox = Sandbox::new().with("cut.gz", &whole[..whole.len() - 9]);
    let run = sandbox.run(&format!("{FOLD} cut.gz --batch-tokens 100"));
    assert_eq!(run.code, 2);
    assert!(headers(&run.out).len() > 300, "{}", run.err);
    assert_eq!(run.out.lines().count() % 3, 0);
}
