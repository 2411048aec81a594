//! `rinalmo map`: from embeddings or sequences to every output, the same each time.

use std::fmt::Write as _;

use crate::common::{Sandbox, random_fasta};

/// A table of arrays as `embed` writes it: two groups of 20 vectors, far from each other.
fn vectors() -> String {
    let mut text = "id\tkind\tposition\tv0\tv1\tv2\n".to_owned();
    for n in 0..40 {
        let (group, value) = (n / 20, |k: usize| (n * k * 7 % 13) as f32 / 13.0);
        let _ = writeln!(text, "g{group}_{n}\tmean\t\t{}\t{}\t{}", 9 * group, value(1), value(2));
    }
    text
}

fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split('\t').collect()).collect()
}

#[test]
fn embeddings_become_a_table_with_a_row_for_each_record() {
    let sandbox = Sandbox::new().with("a.tsv", vectors());
    for method in ["pca", "tsne", "umap"] {
        let run = sandbox.run(&format!("map a.tsv --method {method} --labels prefix")).well();
        let table = rows(&run.out);
        assert_eq!(table[0], ["id", "x", "y", "family"]);
        assert_eq!(table.len(), 41);
        assert_eq!((table[1][0], table[1][3], table[40][3]), ("g0_0", "g0", "g1"));
        let x = |row: &Vec<&str>| row[1].parse::<f32>().unwrap();
        assert!(table[1..].iter().all(|row| x(row).is_finite()), "{}", run.out);
        for figure in ["trustworthiness 0.", "purity of 10 neighbours by family: 1.000 of the embeddings", "silhouette"]
        {
            assert!(run.err.contains(figure), "{method}: {}", run.err);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_map_on_any_number_of_threads() {
    let sandbox = Sandbox::new().with("a.tsv", vectors());
    for method in ["pca", "tsne", "umap"] {
        let map = |more: &str| sandbox.run(&format!("-q map a.tsv --method {method} {more}")).done().out;
        assert_eq!(map("-j 1"), map("-j 3"), "{method}");
    }
    let umap = |seed: usize| sandbox.run(&format!("-q map a.tsv --seed {seed}")).done().out;
    assert_ne!(umap(1), umap(2));
}

#[test]
fn several_outputs_are_drawings_pages_and_tables() {
    let sandbox = Sandbox::new().with("a.tsv", vectors()).with("l.csv", "name,group\ng0_0,x<y\ng1_39,z\n");
    let words = "map a.tsv --labels l.csv --color-by group --title T -o m.svg -o m.png -o m.pdf -o m.html -o m.tsv \
                 --report r.json";
    let run = sandbox.run(words).well();
    assert!(run.out.is_empty() && run.err.contains("38 records without a label in l.csv"), "{run}");
    let svg = sandbox.read("m.svg");
    assert_eq!(svg.matches("<circle").count(), 40 + 3, "dots and the legend: {svg}");
    for text in [">T<", "x&lt;y (1)", "without a group (38)", "UMAP 1", "40 records, trustworthiness 0."] {
        assert!(svg.contains(text), "{text}: {svg}");
    }
    assert!(std::fs::read(sandbox.path("m.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(std::fs::read(sandbox.path("m.pdf")).unwrap().starts_with(b"%PDF"));
    assert!(sandbox.read("m.html").contains("\"g1_39\""));
    assert_eq!(rows(&sandbox.read("m.tsv"))[1][3], "x<y");
    let report: serde_json::Value = serde_json::from_str(&sandbox.read("r.json")).unwrap();
    assert_eq!((&report["records"], &report["labels"]["records"]), (&40.into(), &2.into()));
    assert!(report["trustworthiness"]["value"].as_f64().unwrap() > 0.5);

    let run = sandbox.run("-q map a.tsv -o again.tsv --report -").done();
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["records"], 40);
    let refused = sandbox.run("map a.tsv --report -").refused();
    assert!(refused.contains("standard output is taken by --output"), "{refused}");
}

#[test]
fn sequences_are_embedded_first_and_give_the_map_of_their_embeddings() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(12, |n| 20 + n));
    let direct = sandbox.run("-q map a.fa --method pca --dtype f32").done().out;
    sandbox.run("-q embed a.fa -o a.npz --include mean --dtype f32").done();
    let table = |out: &str| -> Vec<(String, f32)> {
        rows(out)[1..].iter().map(|row| (row[0].to_owned(), row[1].parse().unwrap())).collect()
    };
    let (one, other) = (table(&direct), table(&sandbox.run("-q map a.npz --method pca").done().out));
    assert_eq!(one.len(), 12);
    let most = one.iter().map(|row| row.1.abs()).fold(0.0, f32::max);
    for (one, other) in one.iter().zip(&other) {
        assert!(one.0 == other.0 && (one.1 - other.1).abs() < 1e-3 * most, "{one:?} {other:?}");
    }
}

#[test]
fn a_table_of_sequences_has_its_own_labels() {
    let sequences: String =
        (0..8).map(|n| format!("s{n},{},{}\n", "ACGU".repeat(4 + n), ["even", "odd"][n % 2])).collect();
    let sandbox = Sandbox::new().with("a.csv", format!("id,sequence,kind\n{sequences}"));
    let run = sandbox.run("map a.csv --method pca --colour-by kind").well();
    assert_eq!(rows(&run.out)[0], ["id", "x", "y", "kind"]);
    assert_eq!(rows(&run.out)[2][3], "odd");
    let missing = sandbox.run("map a.csv --color-by colour").refused();
    assert!(missing.contains("no column `colour`") && missing.contains("`kind`"), "{missing}");
}

#[test]
fn scanpys_files_hold_vectors_and_places_and_are_read() {
    let sandbox = Sandbox::new().with("a.tsv", vectors()).with("a.fa", random_fasta(12, |n| 20 + n));
    let table = sandbox.run("map a.tsv --method pca --labels prefix -o - -o b.h5ad").well().out;
    assert_eq!(sandbox.run("map b.h5ad --method pca --labels prefix").well().out, table);
    let run = sandbox.run("embed a.fa -o x.h5ad");
    assert!(run.code == 2 && run.err.contains("`.h5ad` holds mean and cls"), "{run}");
    sandbox.run("-q embed a.fa -o x.h5ad --include mean cls").done();
    sandbox.run("-q embed a.fa -o x.npz --include mean cls").done();
    for kind in ["mean", "cls"] {
        let map = |file: &str| sandbox.run(&format!("-q map {file} --vectors {kind} --method pca")).done().out;
        assert_eq!(map("x.h5ad"), map("x.npz"), "{kind}");
    }
}

#[test]
fn what_cannot_be_mapped_is_refused_with_a_reason() {
    let nan = vectors().replace("g0_1\tmean\t\t0", "g0_1\tmean\t\tNaN");
    let twice = "id,family\ng0_0,a\ng0_0,b\n";
    let sandbox = Sandbox::new()
        .with("a.tsv", vectors())
        .with("nan.tsv", nan)
        .with("two.tsv", vectors().lines().take(3).fold(String::new(), |text, line| text + line + "\n"))
        .with("twice.csv", twice)
        .with("other.csv", "id,family\nz,a\n")
        .with("slash.csv", "id,a/b,_index\ng0_0,a,b\n")
        .with("a.fa", ">x\nACGU\n");
    for (words, expected) in [
        ("map nan.tsv", "nan.tsv: record `g0_1`, value 1: NaN is not finite"),
        ("map two.tsv", "expected at least 4 vectors, found 2"),
        ("map a.tsv a.fa", "a.tsv: holds embeddings, and is not the only input"),
        ("map a.tsv --model giga", "a.tsv: holds embeddings, so --model makes no sense"),
        ("map a.tsv -o m.xlsx", "m.xlsx: expected a file that ends in .svg, .png, .pdf, .html, .tsv or .h5ad"),
        ("map a.tsv -o a.tsv", "a.tsv: is an input too"),
        ("map a.tsv -o m.svg -o m.svg", "m.svg: both --output and --output would write it"),
        ("map a.tsv --vectors cls", "a.tsv: holds no arrays `cls`"),
        ("map a.tsv --perplexity 5", "--perplexity: makes no sense with --method umap\nhint: it is for tsne"),
        ("map a.tsv --method tsne --perplexity 20", "perplexity: expected from 1 to 13"),
        ("map a.tsv --neighbours 41", "neighbours: expected from 2 to 40"),
        ("map a.tsv --min-dist -1", "min-dist: expected from 0 to 1"),
        ("map a.tsv --labels twice.csv", "twice.csv:3: `g0_0` is `b` here and `a` before"),
        ("map a.tsv --labels other.csv", "other.csv: column `family` has no label for any record, such as `g0_0`"),
        (
            "map a.tsv --labels slash.csv --color-by a/b -o m.h5ad",
            "m.h5ad: a column of a .h5ad file cannot be named `a/b`; expected a name without `/`",
        ),
        ("map a.tsv --labels slash.csv --color-by _index -o m.h5ad", "cannot be named `_index`"),
        ("map a.tsv --labels slash.csv --color-by id -o m.h5ad", "cannot be named `id`"),
        ("map a.tsv --labels prefix --color-by x", "--color-by: names a column, but --labels prefix has none"),
    ] {
        let refused = sandbox.run(words).refused();
        assert!(refused.contains(expected), "{words}: {refused}");
    }
    assert_eq!(sandbox.names("").iter().filter(|name| name.starts_with("m.")).count(), 0, "nothing was written");
}
