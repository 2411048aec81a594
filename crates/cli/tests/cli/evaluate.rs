//! `rinalmo evaluate structure`: what is scored, what is left out, and how that is told.

use serde_json::Value;

use crate::common::{Run, Sandbox, random_fasta};
use crate::fold::structures;

/// Three hairpins of two families, one with a base that pairs twice.
const KNOWN: &str = "id,sequence,structure,base_pairs\n\
    a_1,GGGAAAACCC,(((....))),\"[[1, 10], [2, 9], [3, 8]]\"\n\
    a_2,GGCAAAAGCC,(((....))),\"[[1, 10], [2, 9], [3, 8], [3, 7]]\"\n\
    b_1,GGAAAAAAACC,((.......)),\"[[1, 11], [2, 10]]\"\n";

/// Exact; one pair lost and one a position off; nothing.
const FOUND: &str =
    ">b_1\nGGAAAAAAACC\n...........\n>a_1 best\nGGGAAAACCC\n(((....))) (-1.20)\n>a_2\nggcaaaagcc\n(.(...).).\n";

fn sandbox() -> Sandbox {
    Sandbox::new().with("known.csv", KNOWN).with("found.dbn", FOUND)
}

fn json(sandbox: &Sandbox, run: &Run) -> Value {
    assert!(run.code < 2, "{run}");
    serde_json::from_str(&sandbox.read("out.json")).unwrap()
}

fn near(value: &Value, expected: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() < 1e-9)
}

#[test]
fn figures_are_as_worked_by_hand() {
    let sandbox = sandbox();
    let run = sandbox.run(
        "evaluate structure -r known.csv -p found.dbn --family-from prefix --json out.json --csv out.csv --resamples 200",
    );
    let json = json(&sandbox, &run.done());
    // a_2: (1,9) is beside (1,10) and (2,9); (3,7) is exact, and beside (3,8). Of four known pairs all are near.
    let of = |family: &str, how: &str, figure: &str| json["families"][family][how][figure].clone();
    assert!(near(&of("a", "strict", "precision"), (1.0 + 0.5) / 2.0), "{json:#}");
    assert!(near(&of("a", "strict", "recall"), (1.0 + 0.25) / 2.0));
    assert!(near(&of("a", "strict", "f1"), (1.0 + 1.0 / 3.0) / 2.0));
    assert!(near(&of("a", "relaxed", "f1"), 1.0));
    assert!(near(&of("b", "strict", "f1"), 0.0));
    assert!(near(&json["mean"]["strict"]["f1"], (1.0 + 1.0 / 3.0) / 3.0));
    assert!(near(&json["mean"]["relaxed"]["f1"], 2.0 / 3.0));
    assert!(near(&json["length_weighted"]["relaxed"]["f1"], 20.0 / 31.0));
    assert!(near(&json["family_mean"]["relaxed"]["f1"], 0.5));
    assert!(near(&json["lengths"]["1-50"]["strict"]["f1"], (1.0 + 1.0 / 3.0) / 3.0));
    assert_eq!(json["pairs"]["all"]["reference"], 9, "the base that pairs twice counts for each");
    assert_eq!(json["pairs"]["non_canonical"]["reference"], 1); // C3 with A7
    let interval = &json["mean"]["strict"]["interval"]["f1"];
    assert!(interval["low"].as_f64() < json["mean"]["strict"]["f1"].as_f64(), "{interval}");
    assert_eq!(sandbox.read("out.csv").lines().count(), 4);
    assert!(sandbox.read("out.csv").contains("\nfound,a_2,a,10,4,2,0.500000,0.250000,0.333333,"));
}

#[test]
fn whatever_names_a_record_and_whatever_follows_its_structure_is_known() {
    let rnafold = ">a\nGGGAAACCC\n(((...))) ( -3.40)\n(((...))) [ -3.60]\n(((...))) { -3.40 d=0.50}\n frequency of mfe structure in \
                   ensemble 0.72; ensemble diversity 0.93\n";
    let sandbox = Sandbox::new().with("known.dbn", ">a\nGGGAAACCC\n(((...)))\n");
    for (name, text) in [
        ("rnafold.dbn", rnafold),
        ("subopt.txt", ">a\nGGGAAACCC  -3.40   1.00\n(((...)))  -3.40\n.........   0.00\n"),
        ("energy.dbn", ">ENERGY = -3.4  a\nGGGAAACCC\n(((...)))\n"),
        ("bprna.dbn", "#Name: a\n#Length: 9\n#PageNumber: 1\nGGGAAACCC\n(((...)))\n"),
        ("own.sto", "# STOCKHOLM 1.0\na GGGA--AACCC\n#=GR a SS (((.....)))\n//\n"),
        ("tuples.csv", "id,sequence,base_pairs\na,GGGAAACCC,\"[(1, 9), (2, 8), (3, 7)]\"\n"),
    ] {
        let sandbox = Sandbox::new().with("known.dbn", sandbox.read("known.dbn")).with(name, text);
        let run = sandbox.run(&format!("evaluate structure -r known.dbn -p {name} --resamples 0"));
        assert_eq!(run.code, 0, "{name}: {run}");
        let all = run.out.lines().find(|line| line.starts_with("all ")).unwrap_or_default();
        assert!(all.split_whitespace().skip(2).all(|figure| figure == "1.000"), "{name}: {run}");
        assert_eq!(
            run.err.contains("passed over, the first counts"),
            ["rnafold.dbn", "subopt.txt"].contains(&name),
            "{run}"
        );
    }
}

#[test]
fn the_table_is_aligned_and_names_everything() {
    let run =
        sandbox().run("evaluate structure -r known.csv -p mine=found.dbn --family-from prefix --resamples 0").done();
    insta::assert_snapshot!(run.out, @r"
    mine on known.csv: 3 of 3 references scored

                        records  strict P      R     F1  95 %    MCC  relaxed P      R     F1  95 %    MCC
    all                       3     0.500  0.417  0.444        0.437      0.667  0.667  0.667        0.667
    weighted by length        3     0.484  0.403  0.430        0.423      0.645  0.645  0.645        0.645
    mean of families          2     0.375  0.312  0.333        0.328      0.500  0.500  0.500        0.500
    a                         2     0.750  0.625  0.667        0.656      1.000  1.000  1.000        1.000
    b                         1     0.000  0.000  0.000        0.000      0.000  0.000  0.000        0.000
    1-50 nt                   3     0.500  0.417  0.444        0.437      0.667  0.667  0.667        0.667

    pairs, added up  known  predicted  strict P      R     F1  relaxed P      R     F1
    all                  9          5     0.800  0.444  0.571      1.000  0.778  0.875
    canonical            8          4     0.750  0.375  0.500      1.000  0.750  0.857
    non-canonical        1          1     1.000  1.000  1.000      1.000  1.000  1.000
    crossing             0          0         –      –      –          –      –      –

    P precision, R recall, MCC Matthews' correlation; strict: exact pairs, relaxed: a pair may be one position off at one end
    ");
}

#[test]
fn one_of_the_files_may_take_the_place_of_the_table() {
    let sandbox = sandbox();
    let run = |words: &str| sandbox.run(&format!("evaluate structure -r known.csv -p found.dbn --resamples 0 {words}"));
    let json: Value = serde_json::from_str(&run("--json -").done().out).unwrap();
    assert_eq!(json["records"], 3);
    assert!(json["pairs"]["crossing"]["strict"]["precision"].is_null(), "no pair that crosses was predicted");
    assert!(run("--csv - --json out.json").done().out.starts_with("predictor,id,"));
    assert!(sandbox.read("out.json").starts_with('{'));
    let both = run("--csv - --json -");
    assert_eq!(both.code, 2);
    assert!(both.err.starts_with("error: --csv -: standard output is taken by --json; write one of them"), "{both}");
}

#[test]
fn ct_bpseq_folders_and_tables_score_alike() {
    let sandbox =
        Sandbox::new().with("known.dbn", ">a_1\nGAAAC\n(...)\n").with("t.tsv", "name\tbase_pairs\na_1\t[[1, 5]]\n");
    let sandbox = sandbox.with("x.ct", "5 a_1\n1 G 0 2 5 1\n2 A 1 3 0 2\n3 A 2 4 0 3\n4 A 3 5 0 4\n5 C 4 6 1 5\n");
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    let sandbox = sandbox.with("folder/a_1.bpseq", "1 G 5\n2 A 0\n3 A 0\n4 A 0\n5 C 1\n");
    for file in ["t.tsv", "x.ct", "folder"] {
        let run = sandbox.run(&format!("evaluate structure -r known.dbn -p {file} --json out.json"));
        assert!(near(&json(&sandbox, &run.done())["mean"]["strict"]["f1"], 1.0), "{file}");
    }
}

#[test]
fn what_is_missing_or_does_not_fit_is_told_counted_and_ends_with_one() {
    let odd = ">a_1\nGGGAAAACCC\n(((....)))\n>a_2\nGGCAAAAGC\n(((...)))\n>zz\nGG\n..\n>a_1\nGGGAAAACCC\n..........\n";
    let sandbox = Sandbox::new().with("known.csv", KNOWN).with("odd.dbn", odd);
    let run = sandbox.run("evaluate structure -r known.csv -p odd.dbn --json out.json");
    assert_eq!(run.code, 1, "{run}");
    insta::assert_snapshot!(run.err, @r"
    left out: odd.dbn: `a_1`: duplicate id, the first counts
    warning: odd: 1 record with a duplicate id; the first counts
    left out: odd.dbn: nothing for `b_1` (known.csv:4: `b_1`)
    warning: odd: 1 reference without a prediction; they are NOT in the figures
    left out: odd.dbn: `zz`: no reference has this id
    note: odd: 1 prediction without a reference
    left out: odd.dbn: `a_2`: 9 positions, its reference has 10 (known.csv:3: `a_2`)
    warning: odd: 1 prediction for another sequence than the reference's
    hint: --missing empty scores references without a prediction as predicted without pairs
    ");
    let told = json(&sandbox, &run);
    assert_eq!((&told["records"], &told["references"]), (&1.into(), &3.into()));
    assert_eq!(
        told["left_out"],
        serde_json::json!({"different": 1, "duplicate": 1, "no_prediction": 1, "no_reference": 1})
    );
    let empty = Sandbox::new().with("known.csv", KNOWN).with("one.dbn", ">a_1\nGGGAAAACCC\n(((....)))\n");
    let run = empty.run("evaluate structure -r known.csv -p one.dbn --missing empty --json out.json");
    assert_eq!(run.code, 0, "a choice is no failure: {run}");
    assert!(near(&json(&empty, &run)["mean"]["strict"]["f1"], 1.0 / 3.0));
}

#[test]
fn what_cannot_be_scored_is_refused_with_what_to_do() {
    let sandbox = sandbox().with("other.dbn", ">seq1\nGG\n..\n").with("bare.csv", "id,seq\na,GG\n");
    let said = |words: &str| {
        let run = sandbox.run(&format!("evaluate structure {words}"));
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{run}");
        run.err
    };
    assert_eq!(said("-r known.csv"), "error: nothing to evaluate: give --predictions, --model or --run\n");
    assert!(said("-r known.csv -p other.dbn").contains("other.dbn: no id is that of a reference: the first is `seq1`"));
    assert!(said("-r bare.csv -p found.dbn").contains("bare.csv:1: no column `structure`, `struct`, `base_pairs`"));
    assert!(said("-r gone.csv -p found.dbn").contains("gone.csv"));
    assert!(said("-r known.csv --run no-such-program").contains("`no-such-program` cannot be run"));
    assert!(said("-r known.csv -p found.dbn --json known.csv").contains("known.csv: is an input too"));
    assert!(said("-r known.csv -p found.dbn --figure a.pdf").contains("figures are written as .svg or .png"));
    let bare = Sandbox::new().with("known.csv", "id,structure\na,(...)\n");
    let run = bare.run("evaluate structure -r known.csv --model nano");
    assert!(run.code == 2 && run.err.contains("`a`: has no sequence to fold"), "{run}");
}

#[test]
fn predictors_are_compared_on_the_records_they_share() {
    let sandbox = sandbox().with("none.csv", "id,structure\na_1,..........\na_2,..........\nb_1,...........\n");
    let run = sandbox.run("evaluate structure -r known.csv -p found.dbn none.csv --json out.json --markdown out.md --figure f.svg --figure-bars b.svg");
    let json = json(&sandbox, &run.done());
    let compared = &json["comparisons"][0];
    assert_eq!((&compared["first"], &compared["second"]), (&"found".into(), &"none".into()));
    assert!(near(&compared["strict"]["difference"], (1.0 + 1.0 / 3.0) / 3.0));
    assert_eq!((&compared["strict"]["higher"], &compared["strict"]["equal"]), (&2.into(), &1.into()));
    assert!(near(&compared["strict"]["p"], 0.5), "two of two, either way");
    assert!(near(&json["predictors"]["none"]["mean"]["strict"]["f1"], 0.0));
    assert!(sandbox.read("out.md").contains("|---"));
    assert!(sandbox.read("f.svg").contains("relaxed F1") && sandbox.read("b.svg").contains("found"));
}

#[test]
fn a_model_scores_as_its_own_predictions_do() {
    let sandbox = Sandbox::new().with("in.fa", random_fasta(6, |n| 20 + 7 * n));
    let folded = sandbox.run("-q fold in.fa").done().out;
    let paired = structures(&folded).iter().filter(|record| !record.structure.pairs().is_empty()).count();
    let sandbox = sandbox.with("folded.dbn", folded);
    let run = sandbox.run(
        "-q evaluate structure -r folded.dbn -p folded.dbn --model nano --json out.json --figure-calibration c.svg",
    );
    let json = json(&sandbox, &run.done());
    assert_eq!(json["records"], 6);
    let [file, model] = ["folded", "nano"].map(|name| json["predictors"][name]["mean"].clone());
    assert_eq!(file, model);
    assert!(near(&model["strict"]["precision"], paired as f64 / 6.0), "it folds as it did, nothing scores 0");
    assert!(json["predictors"]["nano"]["calibration"]["pairs"].as_u64().is_some());
}

#[test]
fn training_sequences_among_the_references_are_told() {
    let trna = "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA";
    let dots = ".".repeat(trna.len());
    let known = format!("id,sequence,structure\nt_1,{trna},{dots}\nu_1,GGGAAAACCC,(((....)))\n");
    let sandbox = Sandbox::new().with("known.csv", known).with("train.fa", format!(">t_9\n{}\n", trna.to_lowercase()));
    let run = sandbox
        .run("evaluate structure -r known.csv -p known.csv --trained-on train.fa --family-from prefix --json out.json");
    assert_eq!(run.code, 0);
    assert!(run.err.contains("of 2 references 1 were trained on, 1 are similar to a training sequence"), "{run}");
    assert!(run.err.contains("families in both: t\n"), "{run}");
    let json = json(&sandbox, &run);
    assert_eq!((&json["leakage"]["identical"], &json["leakage"]["alike"]), (&1.into(), &1.into()));
    assert_eq!(json["unlike_training"]["records"], 1);
    assert!(near(&json["unlike_training"]["strict"]["f1"], 1.0));
}

/// Where every reference is like training, the others have no mean.
#[test]
fn a_mean_of_no_records_is_a_dash() {
    let sandbox = sandbox().with("train.fa", ">x\nGGGAAAACCC\n>y\nGGCAAAAGCC\n>z\nGGAAAAAAACC\n");
    let known = "evaluate structure -r known.csv --trained-on train.fa --resamples 0 -p known.csv";
    for words in [known.to_owned(), format!("{known} other=known.csv")] {
        let run = sandbox.run(&words).well();
        let row = run.out.lines().find(|line| line.starts_with("unlike training")).unwrap_or_default();
        let cells: Vec<&str> = row.split_whitespace().skip(2).collect();
        assert!(cells[0] == "0" && cells[1..].iter().all(|cell| *cell == "–"), "{run}");
    }
}

#[test]
fn families_of_a_table_are_of_the_references_and_each_has_one() {
    let sandbox = sandbox()
        .with("twice.csv", "id,family\na_1,x\na_1,y\n")
        .with("same.csv", "id,family\na_1,x\na_1,x\n")
        .with("others.csv", "id,family\nz,x\n");
    let say = |table: &str| {
        let words = format!("evaluate structure -r known.csv -p known.csv --resamples 0 --family-from {table}");
        sandbox.run(&words)
    };
    let twice = say("twice.csv").refused();
    assert!(twice.contains("twice.csv:3: `a_1` is `y` here and `x` before"), "{twice}");
    let others = say("others.csv").refused();
    assert!(others.contains("others.csv: has no family for any reference, such as `a_1`"), "{others}");
    say("same.csv").well();
}

#[test]
fn references_that_are_all_too_long_are_no_references() {
    let said = sandbox().run("evaluate structure -r known.csv -p known.csv --max-length 5").refused();
    assert!(said.contains("known.csv: no reference is left\nhint: they are longer than --max-length 5"), "{said}");
}

#[test]
fn answers_in_tables_are_scored() {
    let sites = "sequence,label,kind\nA,1,x\nC,0,x\nG,1,y\nU,0,y\n";
    let sandbox = Sandbox::new()
        .with("sites.csv", sites)
        .with("p.tsv", "id\tprobability\nseq1\t0.9\nseq2\t0.2\nseq3\t0.4\nseq4\t0.3\n");
    let run = sandbox.run("evaluate splice -r sites.csv -p p.tsv --by kind --json out.json --resamples 0");
    insta::assert_snapshot!(run.done().out, @r"
    p on sites.csv: 4 of 4 known answers scored

    predictor  records     f1  accuracy  precision  recall  specificity    mcc  auroc  auprc  calibration error
    p                4  0.667     0.750      1.000   0.500        1.000  0.577  1.000  1.000              0.300
    x                2  1.000     1.000      1.000   1.000        1.000  1.000  1.000  1.000              0.150
    y                2  0.000     0.500      0.000   0.000        1.000  0.000  1.000  1.000              0.450
    ");
    let told: Value = serde_json::from_str(&sandbox.read("out.json")).unwrap();
    assert!(near(&told["all"]["accuracy"], 0.75) && near(&told["groups"]["y"]["recall"], 0.0), "{told:#}");

    let sandbox =
        sandbox.with("loads.csv", "utr,rl\nA,1\nC,3\nG,5\n").with("l.tsv", "id\tmrl\nseq1\t1\nseq2\t3\nseq3\tmany\n");
    let run = sandbox.run("evaluate mrl -r loads.csv -p l.tsv --json out.json");
    assert_eq!(run.code, 1, "{run}");
    assert!(run.err.contains("left out: l.tsv:4: `seq3`: `many`, expected a finite number\n"), "{run}");
    assert!(run.err.contains("1 reference without a prediction; they are NOT in the figures\n"), "{run}");
    let told: Value = serde_json::from_str(&sandbox.read("out.json")).unwrap();
    assert!(near(&told["all"]["r2"], 1.0) && near(&told["all"]["mae"], 0.0), "{told:#}");

    let sandbox = sandbox.with("families.csv", "id,family\na,tRNA\nb,5s\n");
    let run = sandbox.run("evaluate family -r families.csv -p families.csv families.csv --json out.json").done();
    assert!(run.out.contains("families by class") && run.out.contains("families - families #2"), "{run}");
    let wrong = sandbox.run("evaluate family -r loads.csv -p families.csv");
    assert!(wrong.code == 2 && wrong.err.contains("loads.csv:1: no column `family`, `label`, `class`"), "{wrong}");
}

#[cfg(unix)]
mod programs {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folding program of a few lines of shell.
    fn with_program(script: &str) -> Sandbox {
        let sandbox = sandbox().with("fold.sh", format!("#!/bin/sh\n{script}"));
        std::fs::set_permissions(sandbox.path("fold.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        sandbox
    }

    const PAIR_THE_ENDS: &str = "while read -r line; do case $line in '>'*) h=$line;; *) echo \"$h\"; echo \"$line\"; \
        echo \"(${line#??}\" | sed 's/[A-Z]/./g; s/$/) (-1.00)/';; esac; done\n";

    #[test]
    fn any_program_that_folds_can_be_scored() {
        let sandbox = with_program(PAIR_THE_ENDS);
        let run = sandbox.run("evaluate structure -r known.csv --run ./fold.sh --json out.json");
        let json = json(&sandbox, &run.done());
        assert_eq!((&json["predictor"], &json["records"]), (&"fold.sh".into(), &3.into()));
        assert!(near(&json["mean"]["strict"]["precision"], 1.0), "{json:#}");
    }

    /// Reads the file of its first argument.
    fn of_file(script: &str) -> Sandbox {
        with_program(&format!("exec < \"$1\"\n{script}"))
    }

    #[test]
    fn a_known_program_gets_a_file_and_its_time_and_memory_are_reported() {
        // What it has must be more than our program had before.
        let large = "head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null";
        let sandbox = of_file(&format!("{large}\n{PAIR_THE_ENDS}"));
        let run = sandbox.run("evaluate structure -r known.csv -p found.dbn --run mxfold2=./fold.sh --json out.json");
        assert_eq!(run.code, 0, "{run}");
        let json = json(&sandbox, &run);
        let cost = &json["predictors"]["mxfold2"]["cost"];
        assert!(cost["seconds"].as_f64() > Some(0.0) && cost["peak_memory"].as_u64() > Some(300_000_000), "{cost}");
        assert!(json["predictors"]["found"].get("cost").is_none(), "nobody measured how a file was made");
        let lines: Vec<&str> = run.out.lines().filter(|line| !line.is_empty()).take(4).collect();
        assert!(lines[1].contains(" time ") && lines[1].ends_with(" memory"), "{run}");
        assert!(lines[3].starts_with("mxfold2") && lines[3].ends_with(" MiB"), "{run}");
        let alone = sandbox.run("evaluate structure -r known.csv --run mxfold2=./fold.sh").done();
        assert!(alone.out.lines().any(|line| line.starts_with("mxfold2: ") && line.ends_with(" of memory")), "{alone}");
    }

    #[test]
    fn a_known_program_that_is_missing_is_named_with_its_site() {
        let run = sandbox().run("evaluate structure -r known.csv --run ipknot=no-such-program");
        assert_eq!(run.code, 2, "{run}");
        let hint = "hint: get it from https://github.com/satoken/ipknot; if it is not on the PATH, say where: \
                    --run \"ipknot=/path/to/ipknot\"";
        assert!(run.err.contains("`no-such-program` cannot be run") && run.err.contains(hint), "{run}");
        let run = sandbox().run("evaluate structure -r known.csv --run ipknt");
        assert!(run.err.contains("hint: did you mean the known program `ipknot`?"), "{run}");
    }

    #[test]
    fn the_guide_has_a_row_for_every_known_program() {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/evaluation.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        let listed = sandbox().run("evaluate structure --list-programs").done().out;
        let rows = listed.lines().skip(1).take_while(|line| !line.is_empty());
        let names: Vec<&str> = rows.filter_map(|row| row.split_whitespace().next()).collect();
        assert!(names.len() > 10, "{listed}");
        for name in names {
            assert!(guide.lines().any(|line| line.starts_with(&format!("| `{name}` |"))), "{name}");
        }
    }

    #[test]
    fn a_sequence_that_a_program_ends_at_costs_itself() {
        let choosy = PAIR_THE_ENDS.replace("*) echo \"$h\"", "*A?A??AGCC) echo too long >&2; exit 3;; *) echo \"$h\"");
        let choosy = choosy.replace("*A?A??AGCC", "GGCAAAAGCC");
        let sandbox = with_program(&choosy);
        let run = sandbox.run("evaluate structure -r known.csv --run ./fold.sh --json out.json");
        assert_eq!(run.code, 1, "{run}");
        let told = "`./fold.sh` ended with exit status: 3 at `a_2` (10 nt); it last said: too long";
        assert!(run.err.contains(told), "{run}");
        assert!(run.err.contains("1 reference without a prediction"), "{run}");
        assert_eq!(json(&sandbox, &run)["records"], 2);
    }

    #[test]
    fn a_program_that_prints_no_structure_is_refused_with_what_it_said() {
        let sandbox = with_program("cat >/dev/null\necho 'licence expired' >&2\nexit 7\n");
        let run = sandbox.run("evaluate structure -r known.csv --run ./fold.sh");
        assert_eq!(run.code, 2, "{run}");
        let told =
            "error: `./fold.sh` printed no structure for any of 3 sequences; it last said: licence expired\nhint: ";
        assert!(run.err.starts_with(told), "{run}");
    }
}
