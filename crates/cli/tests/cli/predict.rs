//! `rinalmo predict`, with random weights that have the heads.

use crate::common::{Run, SMALL, Sandbox, fixture};

/// Runs a task on `a.fa` with a fixture's weights.
fn predict(sandbox: &Sandbox, task: &str, weights: &str, words: &str) -> Option<Run> {
    let model = fixture(&format!("official/{weights}"))?;
    Some(sandbox.run(&format!("predict {task} a.fa --heads 4 -m {model} {words}")))
}

/// The cells of a table.
fn cells(run: &Run) -> Vec<Vec<&str>> {
    run.out.lines().map(|line| line.split('\t').collect()).collect()
}

#[test]
fn splice_gives_a_probability_and_its_logit() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let Some(run) = predict(&sandbox, "splice", "tiny_splice_ft.pt", "") else { return };
    let run = run.done();
    let rows = cells(&run);
    assert_eq!(rows[0], ["id", "probability", "logit"]);
    assert_eq!(rows[1..].iter().map(|row| row[0]).collect::<Vec<_>>(), ["hp", "low", "T"]);
    assert_eq!(rows[1][1..], rows[2][1..]);
    for row in &rows[1..] {
        let [p, logit] = [1, 2].map(|i| row[i].parse::<f64>().unwrap());
        assert!((p - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-6);
    }
    let json = predict(&sandbox, "splice", "tiny_splice_ft.pt", "-f json -o a.json").unwrap().done();
    assert_eq!(json.out, "");
    for (line, row) in sandbox.read("a.json").lines().zip(&rows[1..]) {
        let start = format!("{{\"id\":\"{}\",\"probability\":{},\"logit\":{},", row[0], row[1], row[2]);
        assert!(line.starts_with(&start) && line.contains("\"model\":{\"name\":\"tiny_splice_ft\","), "{line}");
    }
}

#[test]
fn mrl_depends_on_its_padding_and_refuses_what_does_not_fit() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let Some(run) = predict(&sandbox, "mrl", "tiny_mrl_ft.pt", "") else { return };
    let run = run.done();
    assert_eq!(cells(&run)[0], ["id", "mrl"]);
    assert!(cells(&run)[1..].iter().all(|row| row[1].parse::<f64>().unwrap() >= 0.0));
    assert_eq!(predict(&sandbox, "mrl", "tiny_mrl_ft.pt", "--pad-to 102").unwrap().out, run.out, "102 is the default");
    assert_ne!(predict(&sandbox, "mrl", "tiny_mrl_ft.pt", "--pad-to 40").unwrap().out, run.out);
    let mut short = predict(&sandbox, "mrl", "tiny_mrl_ft.pt", "--pad-to 14").unwrap();
    assert_eq!(cells(&short).len(), 3);
    short.out.clear();
    insta::assert_snapshot!(short, @r"
    exit 1
    [err]
    error: a.fa:5: record `T`: a sequence of 13 nt does not fit into 14 tokens (12 nt)
    hint: raise --pad-to, or trim to the 3' end
    records: 1 failed
    ");
    insta::assert_snapshot!(predict(&sandbox, "mrl", "tiny_mrl_ft.pt", "--pad-to 2").unwrap(), @r"
    exit 2
    [err]
    error: --pad-to: expected at least 3, a base and two special tokens
    ");
}

#[test]
fn family_gives_the_likeliest_and_on_wish_all_logits() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let Some(run) = predict(&sandbox, "family", "tiny_ncrna_ft.pt", "") else { return };
    let run = run.done();
    let rows = cells(&run);
    assert_eq!(rows[0], ["id", "family", "probability"]);
    let all = predict(&sandbox, "family", "tiny_ncrna_ft.pt", "--logits").unwrap().done();
    for (row, with_logits) in rows[1..].iter().zip(&cells(&all)[1..]) {
        assert_eq!(row[..], with_logits[..3]);
        let logits: Vec<f64> = with_logits[3].split(',').map(|x| x.parse().unwrap()).collect();
        assert_eq!(logits.len(), 88);
        let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let p = 1.0 / logits.iter().map(|x| (x - max).exp()).sum::<f64>();
        assert!((p - row[2].parse::<f64>().unwrap()).abs() < 1e-6);
        assert!(row[1].ends_with(&format!("_{}", logits.iter().position(|&x| x == max).unwrap())), "{row:?}");
    }
}

#[test]
fn a_model_without_the_head_is_refused_with_what_it_has() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    insta::assert_snapshot!(sandbox.run("predict splice a.fa --model nano"), @r"
    exit 2
    [err]
    error: model `nano` has no splice head (it has: structure)
    hint: `rinalmo model list` names models by what they are for
    ");
    let Some(run) = predict(&sandbox, "family", "tiny_mrl_ft.pt", "") else { return };
    insta::assert_snapshot!(run, @r"
    exit 2
    [err]
    error: model `tiny_mrl_ft` has no family head (it has: masked-language, mrl)
    hint: `rinalmo model list` names models by what they are for
    ");
    let model = fixture("official/tiny_pretrained.pt").unwrap();
    let run = sandbox.run(&format!("fold a.fa --heads 4 -m {model}"));
    assert!(run.code == 2 && run.err.starts_with("error: model `tiny_pretrained` has no structure head"), "{run}");
    let heads = sandbox.run(&format!("score a.fa --heads 7 -m {model}"));
    assert!(
        heads
            .err
            .contains("7 heads do not divide a width of 80\nhint: give the number of attention heads with `--heads`;"),
        "{heads}"
    );
}
