//! `rinalmo embed`: every form holds the same numbers, and nothing is ever cut off.

use crate::arrays::{Array, npz, parquet, safetensors, tsv};
use crate::common::{SMALL, Sandbox, random_fasta};

const TWICE: &str = ">a x\nGGGGAAAACCCC\n>b/c\nACGU\n>a\nACGUA\n";

fn find<'a>(arrays: &'a [Array], name: &str) -> &'a Array {
    arrays.iter().find(|array| array.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Largest difference, to be small: batches round differently.
#[track_caller]
fn assert_close(a: &[f32], b: &[f32], tolerance: f32) {
    assert_eq!(a.len(), b.len());
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance, "off by {worst}");
}

#[test]
fn npz_holds_every_kind_under_its_record_and_duplicates_are_numbered() {
    let sandbox = Sandbox::new().with("a.fa", TWICE);
    sandbox.run("-q embed a.fa -o a.npz --include tokens,mean,cls,logits,attentions,mean").done();
    let arrays = npz(&sandbox.path("a.npz"));
    let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
    let kinds = ["tokens", "mean", "cls", "logits", "attentions"];
    let expected: Vec<String> =
        ["a", "b/c", "a_2"].iter().flat_map(|id| kinds.map(|kind| format!("{id}/{kind}"))).collect();
    assert_eq!(names, expected);
    let named = sandbox.run("embed a.fa -o b.npz --include mean").well().err;
    let note = "b.npz: 1 record has another name than its id: `a` is `a_2`; the member names.tsv lists them\n";
    assert!(named.ends_with(note), "{named}");
    let width = find(&arrays, "a/mean").shape[0];
    for (id, len) in [("a", 12), ("b/c", 4), ("a_2", 5)] {
        let shape = |kind: &str| &find(&arrays, &format!("{id}/{kind}")).shape[..];
        assert_eq!((shape("tokens"), shape("mean"), shape("cls")), (&[len, width][..], &[width][..], &[width][..]));
        assert_eq!(shape("logits"), [len, 22]);
        let [_blocks, _heads, from, to] = shape("attentions")[..] else { panic!("four dimensions") };
        assert_eq!((from, to), (len + 2, len + 2), "special tokens too");
        let rows = find(&arrays, &format!("{id}/attentions")).data.chunks(len + 2);
        rows.for_each(|row| assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4, "attention weights sum to 1"));
        let tokens = &find(&arrays, &format!("{id}/tokens")).data;
        let mean: Vec<f32> =
            (0..width).map(|d| tokens.iter().skip(d).step_by(width).sum::<f32>() / len as f32).collect();
        assert_close(&mean, &find(&arrays, &format!("{id}/mean")).data, 1e-5);
    }
}

#[test]
fn safetensors_parquet_and_tables_hold_what_npz_holds() {
    let sandbox = Sandbox::new().with("a.fa", TWICE);
    for name in ["a.npz", "a.safetensors", "a.parquet", "a.tsv"] {
        sandbox.run(&format!("-q embed a.fa -o {name} --include tokens,mean,cls,logits")).done();
    }
    let expected = npz(&sandbox.path("a.npz"));
    let same = safetensors(&sandbox.path("a.safetensors"));
    assert_eq!(same.len(), expected.len());
    assert!(same.iter().all(|(array, _)| array == find(&expected, &array.name)));

    let rows = parquet(&sandbox.path("a.parquet"));
    assert_eq!(rows.len(), 2 * (12 + 4 + 5) + 2 * 3);
    for (id, kind, position, values) in &rows {
        let array = find(&expected, &format!("{}/{kind}", id));
        let width = *array.shape.last().unwrap();
        let row = position.map_or(0, |position| position - 1);
        assert_eq!(array.shape.len() == 2, position.is_some());
        assert_eq!(*values, array.data[row * width..(row + 1) * width]);
    }
    assert_eq!(tsv(&sandbox.read("a.tsv")), rows, "floats in text read back as themselves");
    let shown = sandbox.run("-q embed a.fa -o - --include tokens,mean,cls,logits").done();
    assert_eq!(shown.out.lines().count(), rows.len() + 1);
}

#[test]
fn numbers_are_stored_in_the_type_asked_for() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    for (dtype, expected) in
        [("f32", safetensors::Dtype::F32), ("f16", safetensors::Dtype::F16), ("bf16", safetensors::Dtype::BF16)]
    {
        sandbox.run(&format!("-q embed a.fa -o a.safetensors --force --store {dtype} --include cls")).done();
        assert!(safetensors(&sandbox.path("a.safetensors")).iter().all(|(_, found)| *found == expected), "{dtype}");
    }
    sandbox.run("-q embed a.fa -o a.npz --store f16 --include cls").done();
    let size = |name: &str| std::fs::metadata(sandbox.path(name)).unwrap().len();
    let half = size("a.npz");
    sandbox.run("-q embed a.fa -o a.npz --force --include cls").done();
    assert!(half < size("a.npz") * 2 / 3);
}

#[test]
fn nothing_is_cut_off_whole_or_in_windows() {
    let sandbox = Sandbox::new().with("a.fa", format!("{}>short\nGGGGAAAACCCC\n", random_fasta(1, |_| 1500)));
    let whole = sandbox.run("embed a.fa -o whole.npz");
    assert!(
        whole.err.ends_with(
            "1 sequence longer than 1022 nt ran in one piece, beyond the 1022 nt of pre-training (--window averages windows)\n"
        ),
        "{whole}"
    );
    let cut = sandbox.run("embed a.fa -o cut.npz --window 400 --overlap 100 --include mean,tokens");
    assert!(cut.err.ends_with("1 sequence longer than 1022 nt ran in windows of 400 nt overlapping by 100\n"), "{cut}");
    let [whole, cut] = ["whole.npz", "cut.npz"].map(|name| npz(&sandbox.path(name)));
    for arrays in [&whole, &cut] {
        assert_eq!(find(arrays, "r1/tokens").shape[0], 1500);
        assert!(find(arrays, "r1/tokens").data.iter().all(|x| x.is_finite()));
    }
    assert_eq!(find(&cut, "r1/mean").shape, [find(&cut, "r1/tokens").shape[1]]);
    assert_close(&find(&whole, "short/tokens").data, &find(&cut, "short/tokens").data, 1e-4);
    assert!(find(&whole, "r1/tokens").data != find(&cut, "r1/tokens").data);
}

#[test]
fn batch_mates_and_threads_change_nothing() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(12, |i| 10 + i * 17 % 40));
    for (name, words) in [("a.npz", "-j 1 --batch-tokens 1"), ("b.npz", "-j 2 --batch-tokens 4096")] {
        sandbox.run(&format!("-q embed a.fa -o {name} {words}")).done();
    }
    let [a, b] = ["a.npz", "b.npz"].map(|name| npz(&sandbox.path(name)));
    assert_eq!(a.len(), 12);
    for (a, b) in a.iter().zip(&b) {
        assert_eq!((&a.name, &a.shape), (&b.name, &b.shape));
        assert_close(&a.data, &b.data, 1e-4);
    }
}

#[test]
fn failures_of_single_records_leave_the_others() {
    let sandbox = Sandbox::new().with("a.fa", ">a\n>b\nACGU\n>c\nAC@U\n>d\nGG\n");
    let run = sandbox.run("-q embed a.fa -o a.npz --include mean --on-invalid skip");
    assert_eq!((run.code, run.err.as_str()), (1, "error: a.fa:1: record `a`: the sequence is empty\n"));
    let names: Vec<String> = npz(&sandbox.path("a.npz")).into_iter().map(|array| array.name).collect();
    assert_eq!(names, ["b/mean", "d/mean"]);

    let run = sandbox.run("embed a.fa -o b.npz --include mean --batch-tokens 1 --on-invalid error");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("error: a.fa:5: record `c`: character `@` is not an RNA base\n"), "{run}");
    assert!(run.err.contains("finished records are kept in b.npz.part; --resume continues from there\n"), "{run}");
    assert_eq!(sandbox.names(""), ["a.fa", "a.npz", "b.npz.part"]);
    // What was refused may be read otherwise now; what is done would not be the same with other positions.
    let other = sandbox.run("embed a.fa -o b.npz --include mean --resume --gaps keep");
    assert!(other.code == 2 && other.err.contains("gaps=keep"), "{other}");
    assert_eq!(sandbox.run("-q embed a.fa -o b.npz --include mean --resume --on-invalid skip").code, 1);
    assert_eq!(sandbox.names(""), ["a.fa", "a.npz", "b.npz"]);
}

#[test]
fn what_cannot_be_written_or_computed_is_refused_in_the_first_second() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let say = |words: &str| sandbox.run(&format!("-q embed a.fa {words}")).to_string();
    insta::assert_snapshot!(say("-o a.csv"), @r"
    exit 2
    [err]
    error: output `a.csv`: the ending does not name a format
    hint: use `.npz`, `.safetensors`, `.parquet`, `.h5ad` or `.tsv` (also `.tsv.gz`), or `-` for a table on standard output
    ");
    insta::assert_snapshot!(say("-o a.tsv --include attentions"), @r"
    exit 2
    [err]
    error: `attentions` cannot be written into this `.tsv` file
    hint: attentions need `.npz` or `.safetensors`; `.h5ad` holds mean and cls; pairs have a file of their own
    ");
    insta::assert_snapshot!(say("-o a.npz --store bf16"), @r"
    exit 2
    [err]
    error: `.npz` files cannot hold bf16
    hint: `.safetensors` holds f32, f16 and bf16; `.npz` holds f32 and f16; `.parquet`, `.h5ad` and `.tsv` hold f32
    ");
    insta::assert_snapshot!(say("-o a.npz --window 4 --overlap 4"), @r"
    exit 2
    [err]
    error: windows of 4 nt cannot overlap by 4 nt
    ");
    insta::assert_snapshot!(say("-o a.npz --window 0"), @r"
    exit 2
    [err]
    error: --window: expected at least 1 nt
    ");
    insta::assert_snapshot!(say("-o a.npz --window 9 --include attentions"), @r"
    exit 2
    [err]
    error: attention weights cannot be averaged over windows
    ");
    insta::assert_snapshot!(say("-o - --resume"), @r"
    exit 2
    [err]
    error: a table on standard output cannot be resumed
    hint: name an output file
    ");
    insta::assert_snapshot!(say("-o no/a.npz"), @r"
    exit 2
    [err]
    error: cannot open `no/a.npz`: no such file or folder
    ");
    assert_eq!(sandbox.names(""), ["a.fa"], "nothing is left over");
}
