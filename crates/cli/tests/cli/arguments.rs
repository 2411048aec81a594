//! What people type who come from elsewhere: flags of RNAfold, sequences in the place of files, lists with blanks.

use crate::arrays::npz;
use crate::common::{SMALL, Sandbox};

#[test]
fn a_flag_of_rnafold_gets_what_fold_has_in_its_place() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let said = |words: &str| {
        let run = sandbox.run(words);
        assert_eq!(run.code, 2, "{run}");
        run.err
    };
    for (flag, ours) in [
        ("-p", "`--bpp FILE.tsv`"),
        ("-p2", "`--bpp FILE.tsv`"),
        ("--partfunc=1", "`--bpp FILE.tsv`"),
        ("--MEA", "`--decode mea`"),
        ("--noPS", "`--draw DIR`"),
        ("--svg", "`--draw DIR`"),
        ("--shape=a.dat", "`--reactivities FILE`"),
        ("--noLP", "`--no-lonely-pairs`"),
        ("--circ", "linear"),
        ("--jobs=4", "`--threads N`"),
        ("--infile=a.fa", "`rinalmo fold my.fa`"),
    ] {
        let text = said(&format!("fold a.fa {flag}"));
        assert!(text.contains("tip: ") && text.contains(ours), "{flag}: {text}");
        assert!(!text.contains("as a value, use"), "{flag}: {text}");
    }
    for flag in ["-T 25", "-d2"] {
        assert!(said(&format!("fold a.fa {flag}")).contains("`--model turner2004` is one"), "{flag}");
    }
    assert!(said("fold a.fa -C").contains("`-C FILE` reads what `RNAfold -C` reads"));
    let elsewhere = said("embed a.fa -o a.npz --noPS");
    assert!(elsewhere.contains("unexpected argument '--noPS'") && !elsewhere.contains("tip"), "{elsewhere}");
    assert!(said("fold a.fa --threshhold 0.5").contains("'--threshold'"), "our own flags are still proposed");
}

#[test]
fn a_sequence_is_taken_where_a_file_would_stand() {
    let sandbox = Sandbox::new().with("a.fa", ">seq1\nGGGGAAAACCCC\n>seq2\nacguu\n");
    let (given, file) = (sandbox.run("fold GGGGAAAACCCC acguu"), sandbox.run("fold a.fa").done());
    assert_eq!((given.code, &given.out), (0, &file.out));
    let note = |sequence| format!("note: no file `{sequence}`: taken as a sequence\n");
    assert_eq!(given.err, note("GGGGAAAACCCC") + &note("acguu"));
    assert_eq!(sandbox.run("-q embed GGGGAAAACCCC -o -").code, 0);
    insta::assert_snapshot!(sandbox.run("fold GGGGXAAAACCCC"), @r"
    exit 2
    [err]
    error: GGGGXAAAACCCC: no such file; a sequence is given by `echo 'GGGGXAAAACCCC' | rinalmo fold`
    ");
    for (words, name) in [("fold ACGU", "ACGU"), ("energy bind GGGGXAA&CCCC", "GGGGXAA&CCCC")] {
        let said = sandbox.run(words).refused();
        let command = words.strip_suffix(name).unwrap().trim();
        assert!(said.contains(&format!("a sequence is given by `echo '{name}' | rinalmo {command}`")), "{said}");
    }
    let three = sandbox.run("energy bind GGGG&CCCC&AAAA");
    assert!(three.code == 1 && three.err.contains("expected one strand or two joined by `&`, found 3"), "{three}");
    let sandbox = sandbox.with("GGGGAAAACCCC", ">mine\nACGUACGU\n");
    assert!(sandbox.run("fold GGGGAAAACCCC").done().out.starts_with(">mine\n"), "a file wins");
}

#[test]
fn a_list_of_kinds_may_be_written_with_blanks() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    sandbox.run("embed --include mean cls a.fa -o a.npz").done();
    sandbox.run("embed a.fa -o b.npz --include mean,cls").done();
    let names = |file: &str| npz(&sandbox.path(file)).into_iter().map(|array| array.name).collect::<Vec<_>>();
    assert_eq!(names("a.npz"), names("b.npz"));
}

#[test]
fn a_mistyped_model_finds_its_neighbour() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    for (typed, meant) in [("nanno", "nano"), ("nanoo", "nano"), ("gigga", "giga"), ("nano-familly", "nano-family")] {
        let run = sandbox.run(&format!("fold a.fa -m {typed}"));
        assert!(run.code == 2 && run.err.contains(&format!("did you mean `{meant}`?")), "{run}");
        assert!(run.err.contains("`rinalmo model list`"), "{run}");
    }
}

#[test]
fn a_missing_file_is_plain_words_in_every_command() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    for words in [
        "fold none.fa",
        "embed none.fa -o a.npz",
        "score none.fa",
        "predict family none.fa",
        "fold a.fa -m none.safetensors",
        "model show none.pt",
        "corpus stats none.lmdb",
        "corpus build none.fa -o a.lmdb",
        "corpus structures none.tsv -o a.tsv",
        "pretrain none.toml --dry-run",
        "pretrain nano --corpus none.lmdb --out run",
        "finetune splice --config splice --data none.csv --out run --set model.preset=nano",
        "evaluate structure -r none.tsv -p a.fa",
        "evaluate mlm --corpus none.lmdb --model nano-mlm",
        "model calibrate nano a.safetensors --data none.tsv",
    ] {
        let run = sandbox.run(words);
        assert_eq!(run.code, 2, "{words}: {run}");
        assert!(run.err.contains("none.") && run.err.contains("no such file"), "{words}: {run}");
        assert!(!run.err.contains("os error"), "{words}: {run}");
    }
}

#[test]
fn a_file_of_sequences_is_no_corpus_and_says_what_makes_one() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let made_by = "this is a FASTA file, expected a corpus store, as `rinalmo corpus build` makes";
    for words in ["pretrain nano --corpus a.fa --out run", "corpus stats a.fa", "corpus export a.fa -o b.fa"] {
        let run = sandbox.run(words);
        assert_eq!((run.code, run.err), (2, format!("error: a.fa: {made_by}\n")), "{words}");
    }
}
