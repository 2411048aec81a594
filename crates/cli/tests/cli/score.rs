//! `rinalmo score`: laws that hold for any weights.

use crate::common::{SMALL, Sandbox};

/// The rows of a table, without its header.
fn rows(out: &str) -> Vec<Vec<String>> {
    out.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The llr of each row.
fn ratios(sandbox: &Sandbox, words: &str) -> Vec<f64> {
    let run = sandbox.run(&format!("-q score {words}")).done();
    assert!(run.out.starts_with("id\tvariant\tllr\tmarginal"), "{run}");
    rows(&run.out).iter().map(|row| row[2].parse().unwrap()).collect()
}

#[test]
fn perplexity_is_the_exponential_of_the_loss_and_names_how_it_was_asked() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let tables = [("", "masked"), ("--unmasked", "unmasked")].map(|(words, marginal)| {
        let run = sandbox.run(&format!("-q score a.fa {words}")).done();
        assert!(run.out.starts_with("id\tlength\tloss\tperplexity\tmarginal\n"), "{run}");
        let rows = rows(&run.out);
        assert_eq!(rows.iter().map(|row| &*row[0]).collect::<Vec<_>>(), ["hp", "low", "T"]);
        assert_eq!(rows.iter().map(|row| &*row[1]).collect::<Vec<_>>(), ["12", "12", "13"]);
        for row in &rows {
            let [loss, perplexity] = [2, 3].map(|i| row[i].parse::<f64>().unwrap());
            assert!(loss > 0.0 && (loss.exp() - perplexity).abs() < 1e-4 * perplexity, "{row:?}");
            assert_eq!(row[4], marginal);
        }
        assert_eq!(rows[0][1..], rows[1][1..], "lower case is the same sequence");
        rows
    });
    assert_ne!(tables[0][0][2], tables[1][0][2]);
    let json = sandbox.run("-q score a.fa -f json").done().out;
    let first = &tables[0][0];
    let expected = format!(
        "{{\"id\":\"hp\",\"length\":12,\"loss\":{},\"perplexity\":{},\"marginal\":\"masked\",\"model\":{{",
        first[2], first[3]
    );
    assert!(json.starts_with(&expected), "{json}");
}

#[test]
fn a_masked_variant_undone_is_the_same_ratio_with_the_other_sign() {
    // Masked, the model sees the same sequence both times; unmasked it does not, and the law does not hold.
    let sandbox = Sandbox::new()
        .with("a.fa", ">s\nGGGAAAACCCU\n")
        .with("b.fa", ">s\nGGGAGAACCCU\n")
        .with("c.fa", ">s\nCGGAGAACCCU\n");
    let there = ratios(&sandbox, "a.fa --variants A5G,G1C+A5G,A5A,A5C");
    let back = ratios(&sandbox, "b.fa --variants G5A,G5C");
    assert!((there[0] + back[0]).abs() < 1e-4);
    assert!((there[1] + ratios(&sandbox, "c.fa --variants G5A+C1G")[0]).abs() < 1e-4, "two together too");
    assert_eq!(there[2], 0.0, "a base in its own place changes nothing");
    assert!((there[3] - there[0] - back[1]).abs() < 1e-4, "A>C is A>G and then G>C");
}

#[test]
fn the_ratio_of_a_lone_base_is_the_difference_of_the_losses() {
    // Masked, a sequence of one base is the same input whatever the base.
    let sandbox = Sandbox::new().with("a.txt", "A\nC\nU\n").with("b.txt", "A\n");
    let run = sandbox.run("-q score a.txt").done();
    let loss: Vec<f64> = rows(&run.out).iter().map(|row| row[2].parse().unwrap()).collect();
    let ratios = ratios(&sandbox, "b.txt --variants A1C,A1U,A1T,a1u");
    assert!((ratios[0] - (loss[0] - loss[1])).abs() < 1e-5, "{ratios:?} {loss:?}");
    assert!((ratios[1] - (loss[0] - loss[2])).abs() < 1e-5, "{ratios:?} {loss:?}");
    assert_eq!([ratios[2], ratios[3]], [ratios[1]; 2], "T is U, in either case");
}

#[test]
fn variants_come_from_a_list_for_all_or_a_table_by_id() {
    let table = "variant,id\nG1A,hp\nG2C,low\nG1A+C12U,hp\n";
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("v.csv", table).with("v.tsv", "ID\tMutation\nT\tT5A\n");
    let list = sandbox.run("-q score a.fa --unmasked --variants G1A,g2c").done();
    let names: Vec<(String, String)> =
        rows(&list.out).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let expected = [("hp", "G1A"), ("hp", "G2C"), ("low", "G1A"), ("low", "G2C"), ("T", "G1A"), ("T", "G2C")];
    assert_eq!(names, expected.map(|(id, variant)| (id.to_owned(), variant.to_owned())));
    let table = sandbox.run("-q score a.fa --unmasked --variants v.csv").done();
    let found = rows(&table.out);
    assert_eq!(
        found.iter().map(|row| format!("{} {}", row[0], row[1])).collect::<Vec<_>>(),
        ["hp G1A", "hp G1A+C12U", "low G2C"]
    );
    assert_eq!(found[0], rows(&list.out)[0]);
    assert_eq!(rows(&sandbox.run("-q score a.fa --variants v.tsv").done().out)[0][1], "T5A");
}

#[test]
fn variants_that_do_not_fit_are_told_and_the_others_done() {
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("v.tsv", "id\tvariant\nhp\tG1A\nnobody\tG1A\nnone\tG1A\n");
    let mut run = sandbox.run("score a.fa --unmasked -q --variants A5G");
    assert_eq!(rows(&run.out).len(), 2);
    run.out.clear();
    insta::assert_snapshot!(run, @r"
    exit 1
    [err]
    error: a.fa:5: record `T`: variant `A5G`: position 5 is `T`, not `A`
    ");
    let beyond = sandbox.run("-q score a.fa --unmasked --variants C13A").err;
    assert!(
        beyond.starts_with("error: a.fa:1: record `hp`: variant `C13A`: the sequence ends at position 12\n"),
        "{beyond}"
    );
    let mut unused = sandbox.run("-q score a.fa --unmasked --variants v.tsv");
    assert_eq!(rows(&unused.out).len(), 1);
    unused.out.clear();
    insta::assert_snapshot!(unused, @r"
    exit 1
    [err]
    error: v.tsv: no sequence for `nobody` and 1 more
    ");
}

#[test]
fn variants_that_cannot_be_read_are_refused_with_their_place() {
    let sandbox =
        Sandbox::new().with("a.fa", SMALL).with("w.tsv", "id\tfoo\nhp\tG1A\n").with("x.tsv", "variant\nG1A\n");
    let say = |words: &str| sandbox.run(&format!("score a.fa --variants {words}")).to_string();
    insta::assert_snapshot!(say("A1"), @r"
    exit 2
    [err]
    error: --variants: neither a file nor a list of variants: variant `A1`: expected base, position, base: `A23G` (or HGVS, `n.23A>G`), joined by `+` where several occur together
    ");
    insta::assert_snapshot!(say("w.tsv"), @r"
    exit 2
    [err]
    error: w.tsv:1: no column `variant`, `variants`, `mutation`
    hint: its columns are `id`, `foo`
    ");
    insta::assert_snapshot!(say("x.tsv"), @r"
    exit 2
    [err]
    error: x.tsv:2: no column `id`, expected `id` and `variant`, or variants such as `ID:n.23A>G`
    ");
    assert!(say("missing.tsv").contains("missing.tsv: cannot be opened"), "{}", say("missing.tsv"));
    assert!(say("G0A").contains("positions count from 1"));
}

#[test]
fn hgvs_and_columns_of_alleles_are_the_same_variants() {
    let sandbox = Sandbox::new()
        .with("a.fa", SMALL)
        .with("v.tsv", "id\tvariant\nhp\tG1A\nhp\tG1A+C12U\n")
        .with("hgvs.csv", "hgvs\r\nhp:n.1G>A\r\n\r\nhp:r.[1g>a;12c>u]\r\n")
        .with("a.csv", "sep=;\nID;Position;Ref;Alt\nhp;1;G;A\n;;;\n")
        .with("a.vcf", "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nhp\t1\trs1\tG\tA,C\n");
    let scored = |words: &str| rows(&sandbox.run(&format!("-q score a.fa --unmasked --variants {words}")).done().out);
    let expected = scored("v.tsv");
    assert_eq!(expected[0].len(), 4, "without a column `written` where all are in normal form");
    let hgvs = scored("hgvs.csv");
    for (row, expected) in hgvs.iter().zip(&expected) {
        assert_eq!(row[..4], expected[..]);
    }
    assert_eq!([&hgvs[0][4], &hgvs[1][4]], ["hp:n.1G>A", "hp:r.[1g>a;12c>u]"]);
    assert_eq!(scored("a.csv")[0][..4], expected[0][..]);
    let vcf = scored("a.vcf");
    assert_eq!((&vcf[0][..4], vcf[1][1].as_str()), (&expected[0][..], "G1C"));
    assert_eq!(scored("hp:n.1G>A"), [hgvs[0].clone()], "one sequence alone");
}

#[test]
fn what_cannot_be_scored_is_told_and_the_others_are() {
    let table = "id\tvariant\nhp\tn.3del\nhp\tG1A\nhp\tA2C\nhp\tG1\nlow\tg2c\nlow\n";
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("v.tsv", table);
    let mut run = sandbox.run("-q score a.fa --unmasked --variants v.tsv");
    assert_eq!(rows(&run.out).iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["G1A", "G2C"]);
    run.out.clear();
    insta::assert_snapshot!(run, @r"
    exit 1
    [err]
    error: a.fa:1: record `hp`: 3 variants are not scored
      variant `n.3del`: not scored: a deletion; only substitutions are
      variant `A2C`: position 2 is `G`, not `A`
      v.tsv:5: variant `G1`: expected base, position, base: `A23G` (or HGVS, `n.23A>G`), joined by `+` where several occur together
    error: v.tsv:7: 1 columns, expected 2 as in the header
    ");
    let list = sandbox.run("-q score a.fa --unmasked --variants n.2_3insA,nobody:n.1G>A");
    assert!(list.err.contains("record `low`: variant `n.2_3insA`: not scored: an insertion"), "{list}");
    assert!(list.err.ends_with("error: --variants: no sequence for `nobody`\n"), "{list}");
}
