//! `rinalmo fold`: what is chosen, and what its options forbid.

use std::collections::HashMap;

use rinalmo_seq::base_pair::is_canonical;
use rinalmo_seq::{Structure, dot_bracket};

use crate::common::{Run, SMALL, Sandbox, random_fasta};

/// Records in dot-bracket, read back.
pub fn structures(text: &str) -> Vec<dot_bracket::Record> {
    dot_bracket::Reader::new(text.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The structures alone.
fn folds(run: Run) -> Vec<Structure> {
    structures(&run.done().out).into_iter().map(|record| record.structure).collect()
}

#[test]
fn the_readme_shows_what_is_printed() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).unwrap();
    let shown: Vec<&str> = readme.lines().skip_while(|line| !line.starts_with(">tRNA-Phe_yeast")).take(3).collect();
    let run = Sandbox::new().run(&format!("-q fold {root}/examples/rnas.fa")).done();
    let printed: Vec<&str> = run.out.lines().take(3).collect();
    assert_eq!(printed[..2], shown[..2]);
    let parts = |line: &str| {
        let (structure, number) = line.split_once(" expected_f1=").unwrap();
        (structure.to_owned(), number.parse::<f32>().unwrap())
    };
    let [(structure, f1), (expected, expected_f1)] = [printed[2], shown[2]].map(parts);
    assert_eq!(structure, expected);
    assert!((f1 - expected_f1).abs() < 0.01, "{f1}, the README has {expected_f1}"); // in bf16 or f32, by the processor
}

#[test]
fn the_default_output_is_header_sequence_as_given_structure_and_score() {
    let run = Sandbox::new().with("a.fa", SMALL).run("-q fold a.fa").done();
    let lines: Vec<&str> = run.out.lines().collect();
    let given: Vec<&str> = SMALL.lines().collect();
    assert_eq!(lines.len(), 9);
    for (record, given) in lines.chunks(3).zip(given.chunks(2)) {
        assert_eq!(&record[..2], given);
        let (structure, number) = record[2].split_once(' ').unwrap();
        assert_eq!(structure.len(), given[1].len());
        let score = number.strip_prefix("expected_f1=").unwrap();
        assert_eq!(score.len(), 5, "three decimals");
        assert!((0.0..=1.0).contains(&score.parse::<f64>().unwrap()));
    }
    assert_eq!(lines[2], lines[5], "upper and lower case are one sequence");
}

#[test]
fn the_expected_f1_is_of_structures_made_as_those_that_it_was_fitted_to() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGCAAAAGCCCC\n");
    let with = |flags: &str| {
        let json = sandbox.run(&format!("-q fold a.fa -f json {flags}")).well().out;
        let dbn = sandbox.run(&format!("-q fold a.fa {flags}")).well().out;
        let tsv = sandbox.run(&format!("-q fold a.fa -f tsv {flags}")).well().out;
        let expected = json.contains("\"expected_f1\"");
        assert!(json.contains("\"score\""), "{json}");
        assert_eq!(dbn.contains(" expected_f1="), expected, "{dbn}");
        assert_eq!(dbn.contains(" score="), !expected, "{dbn}");
        let row: Vec<&str> = tsv.lines().nth(1).unwrap().split('\t').collect();
        assert_eq!(row[5].is_empty(), !expected, "{tsv}");
        expected
    };
    for own in ["", "--decode f1", "--min-loop 3"] {
        assert!(with(own), "{own}");
    }
    let others =
        ["--decode nested", "--decode greedy", "-t 0.3", "-t 0.3 --decode f1", "--min-loop 4", "--non-canonical"];
    for other in others.into_iter().chain(["-C (............)"]) {
        assert!(!with(other), "{other}");
    }
}

#[test]
fn nothing_is_said_of_the_bundled_model_where_nobody_looks() {
    Sandbox::new().with("a.fa", SMALL).run("fold a.fa --threshold 0.999").done();
}

#[test]
fn nothing_is_paired_above_a_threshold_that_nothing_reaches() {
    let run = Sandbox::new().with("a.fa", SMALL).run("-q fold a.fa --threshold 0.9999");
    insta::assert_snapshot!(run, @r"
    exit 0
    [out]
    >hp a hairpin
    GGGGAAAACCCC
    ............ score=0.000
    >low
    ggggaaaacccc
    ............ score=0.000
    >T
    GGGGTTTTCCCCT
    ............. score=0.000
    ");
}

#[test]
fn a_lower_threshold_never_pairs_less() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(5, |_| 60));
    let count = |p| folds(sandbox.run(&format!("-q fold a.fa -t {p}"))).iter().map(|s| s.pairs().len()).sum::<usize>();
    let counts = ["0.5", "0.05", "0"].map(count);
    assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
}

#[test]
fn every_sequence_has_its_own_threshold_unless_one_is_given() {
    // Of structures as sure as these the thresholds are above the model's least.
    let known = "\
        >trna\nGCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA\n\
        >tar\nGGGUCUCUCUGGUUAGACCAGAUCUGAGCCUGGGAGCUCUCUGGCUAACUAGGGAACCC\n\
        >add\nCGCUUCAUAUAAUCCUAAUGAUAUGGUUUGGGAGUUUCUACCAAGAGCCUUAAACUCUUGAUUAUGAAGUG\n";
    let sandbox = Sandbox::new().with("a.fa", known);
    let thresholds = |words: &str| {
        let run = sandbox.run(&format!("-q fold a.fa -f json {words}")).done().out;
        let threshold = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["threshold"].as_f64();
        run.lines().map(|line| threshold(line).unwrap()).collect::<Vec<f64>>()
    };
    let own = thresholds("");
    assert!(own[0] != own[1] && own[1] != own[2], "{own:?}");
    assert!(thresholds("-t 0.25").iter().all(|threshold| *threshold == 0.25));
    let least = thresholds("-t 0.25 --decode f1");
    assert!(least.iter().zip(&own).all(|(least, own)| (least - own.max(0.25)).abs() < 1e-5), "{least:?} {own:?}");
}

#[test]
fn thresholds_out_of_bounds_are_refused() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    for (given, found) in [("1", "1"), ("-0.1", "-0.1"), ("nan", "NaN"), ("1e9", "1000000000")] {
        let run = sandbox.run(&format!("fold a.fa --threshold {given}"));
        let expected = format!("error: --threshold: expected a probability from 0 to below 1, found {found}\n");
        assert_eq!((run.code, run.out, run.err), (2, String::new(), expected));
    }
    assert_eq!(
        sandbox.run("fold a.fa --bpp x.npz --bpp-cutoff 2").err,
        "error: --bpp-cutoff: expected a probability from 0 to 1, found 2\n"
    );
}

#[test]
fn a_threshold_is_refused_where_the_method_has_none() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    for flags in ["--decode mea", "--decode centroid", "-m turner2004 --decode mea", "-m turner2004"] {
        let said = sandbox.run(&format!("fold a.fa {flags} --threshold 0.9")).refused();
        assert_eq!(said, "error: a threshold of probability needs the method greedy, nested or f1\n", "{flags}");
    }
    sandbox.run("-q fold a.fa --decode mea").done(); // the model's own threshold is no option
}

#[test]
fn numbers_that_the_method_does_not_use_are_refused() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    for (flags, needs) in [
        ("--gamma 2", "gamma needs the method mea"),
        ("--decode nested --gamma 2", "gamma needs the method mea"),
        ("-m turner2004 --gamma 2", "gamma needs the method mea"),
        ("--decode mea --f1-share 0.5", "a share of the expected F1 needs the method f1"),
        ("--threshold 0.3 --f1-share 0.5", "a share of the expected F1 needs the method f1"), // one threshold for all
        ("-m turner2004 --f1-share 0.5", "a share of the expected F1 needs the method f1"),
    ] {
        let said = sandbox.run(&format!("fold a.fa {flags}")).refused();
        assert_eq!(said, format!("error: {needs}\n"), "{flags}");
    }
    for flags in ["--f1-share 0.5", "--decode mea --gamma 2", "-m turner2004 --decode f1 --f1-share 0.5"] {
        sandbox.run(&format!("-q fold a.fa {flags}")).done();
    }
}

#[test]
fn pairs_keep_to_canonical_ones_and_to_the_least_loop_unless_told_otherwise() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(4, |_| 80));
    let sequences: Vec<Vec<u8>> =
        structures(&sandbox.run("-q fold a.fa").done().out).into_iter().map(|r| r.sequence).collect();
    let all = |words: &str| {
        let folds = folds(sandbox.run(&format!("-q fold a.fa -t 0 {words}")));
        let pairs = folds.into_iter().zip(&sequences).flat_map(|(fold, sequence)| {
            fold.pairs().iter().map(|&(i, j)| (j - i - 1, is_canonical(sequence[i], sequence[j]))).collect::<Vec<_>>()
        });
        pairs.collect::<Vec<_>>()
    };
    assert!(all("").iter().all(|&(between, canonical)| between >= 3 && canonical));
    assert!(all("--min-loop 7").iter().all(|&(between, _)| between >= 7));
    assert!(all("--min-loop 0").iter().any(|&(between, _)| between < 3));
    assert!(all("--non-canonical").iter().any(|&(_, canonical)| !canonical));
}

#[test]
fn nested_decoding_has_no_pseudoknots_where_greedy_has() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(3, |_| 90));
    assert!(folds(sandbox.run("-q fold a.fa -t 0.01 --decode greedy")).iter().any(|fold| !fold.is_nested()));
    let nested = sandbox.run("-q fold a.fa -t 0.01 --decode nested");
    assert!(!nested.out.contains(['[', '{', '<']));
    assert!(folds(nested).iter().all(Structure::is_nested));
}

#[test]
fn a_constraint_is_obeyed_where_it_fits_and_the_others_are_told() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let mut run = sandbox.run("-q fold a.fa -C ((((....))))");
    run.out = structures(&run.out)
        .iter()
        .map(|r| format!("{} {}\n", r.header, r.structure.to_dot_bracket().unwrap()))
        .collect();
    insta::assert_snapshot!(run, @r"
    exit 1
    [out]
    hp a hairpin ((((....))))
    low ((((....))))
    [err]
    error: a.fa:5: record `T`: constraint: 12 characters for a sequence of 13 bases, expected one for each
    ");
    let unpaired = sandbox.run("-q fold a.fa -t 0 -C xxxx......x.x");
    assert_eq!(structures(&unpaired.out)[0].header, "T");
    assert_eq!(structures(&unpaired.out)[0].structure.pairs(), []);
}

#[test]
fn constraints_come_from_a_file_as_rnafold_reads_it() {
    let file = ">hp x\nGGGGAAAACCCC\n((((....))))\n>low\nggggaaaacccc\nxxxxxxxxxxxx\n";
    let sandbox =
        Sandbox::new().with("c.txt", file).with("a.fa", SMALL).with("other.txt", ">hp\n((((....))))\n>nobody\n...\n");
    for words in ["-q fold -C c.txt", "-q fold -C c.txt a.fa"] {
        let found = structures(&sandbox.run(words).done().out);
        assert_eq!(found[0].structure.to_dot_bracket().unwrap(), "((((....))))");
        assert_eq!(found[1].structure.to_dot_bracket().unwrap(), "............");
    }
    let other = sandbox.run("fold a.fa -C other.txt");
    assert!(other.code == 0 && other.err.ends_with("warning: other.txt: no sequence for `nobody`\n"), "{other}");
    let commented =
        sandbox.pipe("-q fold a.fa -C -", "# probing of May\r\n>hp x\r\n# of one\r\n((((....))))\r\n").done();
    assert_eq!(structures(&commented.out)[0].structure.to_dot_bracket().unwrap(), "((((....))))");
    let twice = sandbox.with("twice.txt", ">hp\n((((....))))\n>hp\n............\n");
    let said = twice.run("fold a.fa -C twice.txt");
    assert!(said.code == 1 && said.err.contains("twice.txt: 2 constraints for this id, expected one"), "{said}");
    assert!(!said.err.contains("no sequence for"), "it is there: {said}");
    let bare = twice.run("fold -C other.txt");
    assert_eq!(bare.err, "error: other.txt: record `hp` has no sequence; give FILES with the sequences\n");
}

#[test]
fn constraints_that_cannot_be_are_refused() {
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("c.txt", ">hp\nGGG\n");
    let say = |words: &str| sandbox.run(words).to_string();
    insta::assert_snapshot!(say("fold a.fa -C (("), @r"
    exit 2
    [err]
    error: constraint: column 2: `(` has no matching bracket
    ");
    insta::assert_snapshot!(say("fold a.fa -C ((..))-"), @r"
    exit 2
    [err]
    error: --constraint: `((..))-` is neither a constraint (of the characters .|x<>()) nor a file
    ");
    insta::assert_snapshot!(say("fold a.fa -C c.txt"), @r"
    exit 2
    [err]
    error: c.txt:1: record `hp`: no constraint line; expected one of the characters .|x<>()
    ");
}

#[test]
fn a_bad_constraint_costs_its_record_and_the_others_are_folded() {
    let text = "# by hand\n>a\nGGGGAAAACCCC\n((((....)))]\n>b\nGGGGAAAACCCC\n((((....))))\n>c\nGGGGAAAACCCCA\n((((....))))\n>d\n....\n";
    let sequences = ">a\nGGGGAAAACCCC\n>b\nGGGGAAAACCCG\n>c\nGGGGAAAACCCC\n>d\nGGGGA\n>e\nGGGGAAAACCCC\n";
    let sandbox = Sandbox::new().with("c.txt", text).with("a.fa", sequences);
    let mut own = sandbox.run("-q fold -C c.txt");
    own.out = structures(&own.out).iter().map(|record| format!("{}\n", record.header)).collect();
    insta::assert_snapshot!(own, @r"
    exit 1
    [out]
    b
    [err]
    error: c.txt:2: record `a`: c.txt:4: column 12: `]` is not one of `.|x<>()`
    error: c.txt:8: record `c`: c.txt:8: 12 characters in the constraint, 13 bases in the sequence
    error: c.txt:11: record `d`: c.txt:11: it has no sequence; give FILES with the sequences
    ");
    let mut other = sandbox.run("-q fold -C c.txt a.fa");
    other.out = structures(&other.out).iter().map(|record| format!("{}\n", record.header)).collect();
    insta::assert_snapshot!(other, @r"
    exit 1
    [out]
    e
    [err]
    error: a.fa:1: record `a`: c.txt:4: column 12: `]` is not one of `.|x<>()`
    error: a.fa:3: record `b`: c.txt:5: the constraint is for another sequence of this name: letter 12 is C there and G here
    error: a.fa:5: record `c`: c.txt:8: 12 characters in the constraint, 13 bases in the sequence
    error: a.fa:7: record `d`: constraint: 4 characters for a sequence of 5 bases, expected one for each
    ");
}

#[test]
fn constraints_are_found_by_whole_headers_and_what_they_cannot_have_is_reported() {
    let sandbox = Sandbox::new()
        .with("a.fa", ">s 1\nGGGGAAAACCCC\n>s 2\nGGGGAAAACCCC\n>odd\nGAGGAAAACCCC\n>all\nAAAAAAAA\n")
        .with("c.txt", ">s 2\nxxxxxxxxxxxx\n>s 1\n((((....))))\n>odd\n((((....))))\n>all\n...|....\n");
    let run = sandbox.run("fold a.fa -C c.txt");
    let found: Vec<_> = structures(&run.out).iter().map(|r| r.structure.to_dot_bracket().unwrap()).collect();
    assert_eq!(found, ["((((....))))", "............", "((((....))))", "........"]);
    assert_eq!(run.code, 1, "{run}");
    let unmet = "error: a.fa:7: record `all`: the constraint is not met: base 4 has no partner that it may pair with\n";
    let odd = "warning: a.fa:5: record `odd`: the constraint pairs A2 with C11, which are not canonical pairs; they are kept\n";
    assert!(run.err.contains(unmet) && run.err.contains(odd), "{run}");
}

#[test]
fn what_fold_writes_in_any_layout_is_found_by_its_name_again() {
    let fasta = ">seq 1\nGGGGAAAACCCC\n>seq 2\nGGGGAAAACCCCA\n>AB12.1/1-24  of Rfam\nGGGGAAAACCCCAA\n>AB12.1_1-24\nGGGGAAAACCCCU\n";
    let known = "id,sequence,structure\nseq 1,GGGGAAAACCCC,((((....))))\nseq 2,GGGGAAAACCCCA,((((....)))).\n\
                 AB12.1/1-24,GGGGAAAACCCCAA,((((....))))..\nAB12.1_1-24,GGGGAAAACCCCU,((((....)))).\n";
    let sandbox = Sandbox::new().with("a.fa", fasta).with("known.csv", known);
    for (format, ending) in [("dbn", "dbn"), ("ct", "ct"), ("bpseq", "bpseq"), ("stockholm", "sto"), ("tsv", "tsv")] {
        sandbox.run(&format!("-q fold a.fa -f {format} -o out.{ending}")).done();
        sandbox.run(&format!("-q fold a.fa -f {format} --out-dir {format}")).done();
        for found in [format!("out.{ending}"), format.to_owned()] {
            let run = sandbox.run(&format!("-q evaluate structure -r known.csv -p {found} --resamples 0"));
            assert_eq!(run.code, 0, "{format}: {run}");
            let references = sandbox.run(&format!("-q evaluate structure -r {found} -p out.{ending} --resamples 0"));
            assert_eq!(references.code, 0, "{format}: {references}");
        }
    }
    let list = sandbox.read("dbn/names.list");
    assert_eq!(
        list,
        "file\tid\theader\nseq_2.dbn\tseq\tseq 2\nAB12.1_1-24.dbn\tAB12.1/1-24\tAB12.1/1-24  of Rfam\n\
                      AB12.1_1-24_2.dbn\tAB12.1_1-24\tAB12.1_1-24\n"
    );
    let json = sandbox.run("-q fold a.fa -f json").done().out;
    assert!(json.starts_with("{\"id\":\"seq\",\"header\":\"seq 1\",\"sequence\""), "{json}");
}

#[test]
fn a_list_of_names_says_nothing_of_files_that_a_later_run_wrote() {
    let record = |name: &str| format!(">{name}\nGGGGAAAACCCC\n");
    let sandbox = Sandbox::new()
        .with("odd.fa", record("a/b") + &record("c/d"))
        .with("plain.fa", record("a_b"))
        .with("both.fa", record("a_b") + &record("c_d"));
    let row = |file: &str, id: &str| format!("{file}.dbn\t{id}\t{id}\n");
    sandbox.run("-q fold odd.fa --out-dir out").done();
    assert_eq!(sandbox.read("out/names.list"), format!("file\tid\theader\n{}{}", row("a_b", "a/b"), row("c_d", "c/d")));
    sandbox.run("-q fold plain.fa --out-dir out").done();
    assert_eq!(sandbox.read("out/names.list"), format!("file\tid\theader\n{}", row("c_d", "c/d")));
    sandbox.run("-q fold both.fa --out-dir out").done();
    assert_eq!(sandbox.names("out"), ["a_b.dbn", "c_d.dbn"]);
}

#[test]
fn a_sequence_too_long_for_the_memory_is_refused_with_the_length_that_fits() {
    let long = random_fasta(1, |_| 300);
    let sandbox = Sandbox::new().with("a.fa", format!(">a\nGGGAAACCC\n{long}>b\nGGGAAACCC\n"));
    let run = sandbox.run("-q fold a.fa --max-memory 4M");
    assert_eq!(run.code, 1);
    assert_eq!(structures(&run.out).iter().map(|r| r.header.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let (start, rest) = run.err.split_once("up to ").unwrap();
    assert!(start.starts_with("error: a.fa:3: record `r1`: a sequence of 300 nt needs "), "{}", run.err);
    assert!(start.ends_with(" MiB for its map of pairs, 4 MiB are allowed\nhint: "), "{}", run.err);
    let fits: usize = rest.split_once(' ').unwrap().0.parse().unwrap();
    for (len, code) in [(fits, 0), (fits + 1, 1)] {
        let sandbox = Sandbox::new().with("b.fa", random_fasta(1, |_| len));
        assert_eq!(sandbox.run("-q fold b.fa --max-memory 4M").code, code, "{len} nt");
    }
    let odd = sandbox.run("fold a.fa --max-memory lots").err;
    assert!(odd.contains("`lots`: expected a number with K, M, G or T, such as 4G"), "{odd}");
}

#[test]
fn neither_batches_nor_threads_change_a_result_or_the_order() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(24, |i| 20 + i * 37 % 70));
    let run = |words: &str| sandbox.run(&format!("-q fold a.fa -f json {words}")).done().out;
    let one = run("-j 1");
    assert_eq!(one.lines().count(), 24);
    assert!(one.lines().enumerate().all(|(i, line)| line.starts_with(&format!("{{\"id\":\"r{}\",", i + 1))));
    for words in ["--batch-tokens 1", "--batch-tokens 130 -j 2", "--batch-tokens 100000 -j 2"] {
        assert_same(&one, &run(words), words);
    }
}

/// Equal lines, but for the last decimal of probabilities: sums in another order round otherwise.
fn assert_same(one: &str, other: &str, what: &str) {
    assert_eq!(one.lines().count(), other.lines().count());
    for (a, b) in one.lines().zip(other.lines()) {
        let [a, b] = [a, b].map(|line| line.split([',', ':', '[', ']', '}']).map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(a.len(), b.len(), "{what}");
        for (a, b) in a.iter().zip(&b).filter(|(a, b)| a != b) {
            let [a, b] = [a, b].map(|x| x.parse::<f64>().unwrap_or(f64::NAN));
            assert!((a - b).abs() < 2e-5, "{what}: {a} and {b}");
        }
    }
}

#[test]
fn names_of_devices_and_models_are_checked_before_anything_else() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let say = |words: &str| sandbox.run(words).to_string();
    insta::assert_snapshot!(say("fold a.fa --device banana"), @r"
    exit 2
    [err]
    error: --device: `banana` is not a device; expected cpu, wgpu[:n], tch:cpu, tch:cuda[:n], tch:mps, cuda[:n] or auto
    ");
    insta::assert_snapshot!(say("fold a.fa -m nano-previw"), @r"
    exit 2
    [err]
    error: nano-previw: no model of this name, and no such file
    hint: did you mean `nano`? `rinalmo model list` names the models
    ");
    insta::assert_snapshot!(say("fold a.fa -m giga-structur-bprna"), @r"
    exit 2
    [err]
    error: giga-structur-bprna: no model of this name, and no such file
    hint: did you mean `giga-structure-bprna`? `rinalmo model list` names the models
    ");
    insta::assert_snapshot!(say("fold a.fa -m weights.pt"), @r"
    exit 2
    [err]
    error: weights.pt: no such file
    hint: `rinalmo model list` names the models
    ");
    insta::assert_snapshot!(say("fold a.fa -m giga-structure-bprna"), @r"
    exit 2
    [err]
    error: model `giga-structure-bprna` is not here; its files, and where they belong:
      https://zenodo.org/records/15043668/files/rinalmo_giga_ss_bprna_ft.pt
        to [folder]/home/models/giga-structure-bprna/rinalmo_giga_ss_bprna_ft.pt
    hint: `rinalmo model download giga-structure-bprna` fetches it; without a network, get them on another machine and copy them there
    ");
    let built: HashMap<&str, bool> =
        [("wgpu", cfg!(feature = "wgpu")), ("tch", cfg!(feature = "tch")), ("cuda", cfg!(feature = "cuda"))].into();
    for (device, feature) in [("wgpu", "wgpu"), ("tch:cuda:1", "tch"), ("cuda:0", "cuda")] {
        let expected = format!("error: device `{device}` is not built in\nhint: build with `--features {feature}`\n");
        assert!(built[feature] || sandbox.run(&format!("fold a.fa --device {device}")).err == expected, "{device}");
    }
    assert_eq!(sandbox.run("fold a.fa -j 0").err, "error: --threads: expected 1 to 1024, found 0\n");
}

#[test]
fn pseudoknots_that_are_left_out_are_counted_and_said() {
    let sandbox = Sandbox::new().with("a.fa", ">SRV1\nGCGGCCAGCUCCAGGCCGCCAAACAAUAUGGAGCAC\n>none\nGGGGAAAACCCC\n");
    let counts = |words: &str| {
        let run = sandbox.run(&format!("fold a.fa -f json {words}"));
        assert_eq!(run.code, 0, "{run}");
        let count = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["crossing_left_out"].clone();
        (run.out.lines().map(|line| count(line).as_u64().unwrap()).collect::<Vec<u64>>(), run.err)
    };
    let (left_out, said) = counts("");
    assert!(left_out[0] > 0 && left_out[1] == 0, "{left_out:?}");
    let pairs = format!("record `SRV1`: {} pairs with a probability above 0.5 left out", left_out[0]);
    assert!(said.contains(&pairs) && said.contains("`--pseudoknots`"), "{said}");
    assert_eq!(counts("-q"), (left_out, String::new()));
    assert_eq!(counts("--pseudoknots"), (vec![0, 0], String::new()));
    let knotted = sandbox.run("-q fold a.fa --pseudoknots").done().out;
    let first = knotted.lines().nth(2).unwrap();
    assert!(first.contains('[') && first.contains("score="), "its expected F1 is not known: {knotted}");
    let plain = sandbox.run("-q fold a.fa").done().out;
    let of_none = |text: &str| text.lines().nth(5).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(of_none(&knotted), of_none(&plain));
    let refused = sandbox.run("fold -m turner2004 a.fa --pseudoknots").refused();
    assert!(refused.contains("pseudoknots: only a network in an ensemble of energies finds them"), "{refused}");
    let twice =
        sandbox.pipe("fold", ">a\nGCGGCCAGCUCCAGGCCGCCAAACAAUAUGGAGCAC\n>b\nGCGGCCAGCUCCAGGCCGCCAAACAAUAUGGAGCAC\n");
    assert!(twice.err.starts_with("note: 2 records, first `a`: "), "{twice}");
}
