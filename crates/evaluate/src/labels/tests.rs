//! Tables of answers that are small enough to check by hand.

use super::*;

fn score(question: Question, known: &str, predicted: &[&str], by: Option<&str>) -> LabelEvaluation {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let known = Labels::open(&write("known.csv", known), question, by).unwrap();
    let open = |(number, text): (usize, &&str)| Answers::open(&write(&format!("p{number}.tsv"), text), &known).unwrap();
    let predictors: Vec<Answers> = predicted.iter().enumerate().map(open).collect();
    labels(&known, &predictors, &Bootstrap::default()).unwrap()
}

fn figure(scores: &Scores, name: &str) -> f64 {
    scores.figures.iter().find(|figure| figure.name == name).unwrap().value.unwrap()
}

const SITES: &str = "sequence,label,species\nA,1,fly\nC,0,fly\nG,2,worm\nU,1,worm\nA,2,worm\n";

#[test]
fn splice_sites_are_scored_against_the_labels_asked_for() {
    let question = Question::YesNo {
        task: TaskSpec::named("splice"),
        positive: "1".into(),
        negative: vec!["2".into()],
        threshold: 0.5,
        logits: false,
    };
    let predicted = "id\tprobability\nseq1\t0.9\nseq2\t0.9\nseq3\t0.6\nseq4\t0.4\nseq5\t0.1\n";
    let found = score(question, SITES, &[predicted], Some("species"));
    assert_eq!((found.records, found.left_out.len()), (4, 0), "label 0 is left out as asked");
    let all = &found.reports[0].all;
    assert_eq!(["f1", "accuracy", "specificity"].map(|name| figure(all, name)), [0.5, 0.5, 0.5]);
    assert_eq!(figure(all, "auroc"), 0.75);
    assert_eq!(figure(&found.reports[0].groups["fly"], "recall"), 1.0);
    assert!(all.figures[0].interval.is_some());
}

#[test]
fn loads_have_r2_and_pearson_and_bad_numbers_are_reported() {
    let known = "id,rl\na,1\nb,3\nc,5\nd,nan\n";
    let found =
        score(Question::Number(TaskSpec::named("mrl")), known, &["id\tmrl\na\t11\nb\t12\nc\t13\nd\t4\nx\t1\n"], None);
    let all = &found.reports[0].all;
    assert!((figure(all, "pearson_squared") - 1.0).abs() < 1e-12 && figure(all, "r2") < 0.0);
    assert_eq!(found.left_out, BTreeMap::from([(ProblemKind::Unreadable, 1), (ProblemKind::NoReference, 2)]));
}

#[test]
fn families_have_classes_and_predictors_are_compared() {
    let known = "id,family\na,tRNA\nb,tRNA\nc,5s\n";
    let (one, other) = ("id\tfamily\na\ttRNA\nb\ttRNA\nc\t5s\n", "id\tfamily\na\ttRNA\nb\t5s\nc\tsrp\n");
    let found = score(Question::Classes(TaskSpec::named("family")), known, &[one, other], None);
    let second = &found.reports[1];
    assert!((figure(&second.all, "accuracy") - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!((second.classes["tRNA"].records, figure(&second.classes["tRNA"], "recall")), (2, 0.5));
    assert_eq!((found.comparisons[0].paired.higher, found.comparisons[0].of), (2, "accuracy"));
    let json = found.to_json();
    assert_eq!(json["all"]["accuracy"], 1.0);
    assert_eq!(json["predictors"]["p1"]["classes"]["srp"]["f1"], 0.0);
    assert!(found.text().contains("p0 by class") && found.markdown().contains("|---"));
}

fn sites(positive: &str, logits: bool) -> Question {
    Question::YesNo {
        task: TaskSpec::named("splice"),
        positive: positive.into(),
        negative: Vec::new(),
        threshold: 0.5,
        logits,
    }
}

fn value(scores: &Scores, name: &str) -> Option<f64> {
    scores.figures.iter().find(|figure| figure.name == name).unwrap().value
}

#[test]
fn spellings_of_yes_and_of_numbers_are_one_label() {
    let predicted = "id\tprobability\na\t0,9\nb\t0,2\nc\t0,1\n";
    for (yes, no) in [("1", "0"), ("1.0", "0.0"), ("True", "False"), ("y", "n"), ("+", "-")] {
        let found = score(sites("1", false), &format!("id,label\na,{yes}\nb,{no}\nc,{no}\n,,\n"), &[predicted], None);
        assert_eq!((figure(&found.reports[0].all, "f1"), found.left_out.len()), (1.0, 0), "{yes} {no}");
    }
}

#[test]
fn without_a_known_site_nothing_is_said_of_sites() {
    let predicted = "id\tprobability\na\t0.9\nb\t0.1\n";
    let known = "id,label\na,acceptor\nb,none\n";
    let found = score(sites("1", false), known, &[predicted], None);
    let all = &found.reports[0].all;
    assert_eq!(["f1", "precision", "recall", "mcc"].map(|name| value(all, name)), [None; 4]);
    assert_eq!((value(all, "accuracy"), all.figures[0].interval), (Some(0.5), None));
    assert_eq!(figure(&score(sites("acceptor", false), known, &[predicted], None).reports[0].all, "f1"), 1.0);
}

#[test]
fn logits_have_an_order_only_unless_they_are_said_to_be_logits() {
    let (known, predicted) = ("id,label\na,1\nb,0\nc,1\n", "id\tscore\na\t3.2\nb\t-2.1\nc\t0.3\n");
    let found = score(sites("1", false), known, &[predicted, predicted], None);
    let all = &found.reports[0].all;
    let withheld = ["f1", "accuracy", "precision", "recall", "specificity", "mcc", "calibration_error"];
    assert!(withheld.iter().all(|name| value(all, name).is_none()));
    assert_eq!((figure(all, "auroc"), found.comparisons.len()), (1.0, 0));
    let found = score(sites("1", true), known, &[predicted, predicted], None);
    let all = &found.reports[0].all;
    assert_eq!((figure(all, "f1"), figure(all, "recall"), found.comparisons.len()), (1.0, 1.0, 1));
    assert!((figure(all, "calibration_error") - 0.191).abs() < 0.001, "sigmoids are 0.961, 0.109 and 0.574");
}

/// A table of 12 answers with four near-copies each, a third of the answers wrong; with a column of clusters or
/// without.
fn near_copies(clusters: bool) -> (String, String) {
    let mut known = format!("id,family,set{}\n", if clusters { ",cluster" } else { "" });
    let mut found = "id\tfamily\n".to_owned();
    for number in 0..48 {
        let (cluster, set) = (number / 4, if number < 4 { "one" } else { "others" });
        let of = if clusters { format!(",c{cluster}") } else { String::new() };
        known += &format!("x{number},tRNA,{set}{of}\n");
        found += &format!("x{number}\t{}\n", if cluster % 3 == 0 { "5s" } else { "tRNA" });
    }
    (known, found)
}

#[test]
fn intervals_are_wider_if_near_copies_are_known_as_clusters() {
    let score = |clusters| {
        let (known, found) = near_copies(clusters);
        score(Question::Classes(TaskSpec::named("family")), &known, &[&found], Some("set"))
    };
    let width = |found: &LabelEvaluation| {
        let interval = found.reports[0].all.figures[0].interval.unwrap();
        interval.high - interval.low
    };
    let (apart, together) = (score(false), score(true));
    assert_eq!(figure(&apart.reports[0].all, "accuracy"), figure(&together.reports[0].all, "accuracy"));
    assert!(width(&together) > 1.6 * width(&apart), "{} {}", width(&together), width(&apart));
    assert_eq!(together.drawn, Drawn { by: "clusters", count: 12 });
    assert!(
        together.text().ends_with("\n95 %: intervals by resampling 12 clusters, whose records are not independent\n")
    );
    assert_eq!(together.to_json()["drawn"]["by"], "clusters");
    assert_eq!(apart.drawn, Drawn { by: "records", count: 48 });
    assert!(!apart.text().contains("resampling"));
    // One cluster cannot show how clusters differ: there is no interval, and the columns stay aligned.
    assert_eq!(together.reports[0].groups["one"].figures[0].interval, None);
    let text = together.markdown();
    let columns = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().matches('|').count();
    let row = text.lines().find(|line| line.starts_with("| one")).unwrap();
    assert_eq!(row.split('|').map(str::trim).collect::<Vec<_>>()[2..5], ["4", "0.000", "-"]);
    assert_eq!(columns("| one"), columns("| predictor"));
}

#[test]
fn differences_of_predictors_are_drawn_by_cluster_too() {
    let compare = |clusters| {
        let (known, found) = near_copies(clusters);
        let right = found.replace("5s", "tRNA");
        let interval = score(Question::Classes(TaskSpec::named("family")), &known, &[&right, &found], None).comparisons
            [0]
        .paired
        .interval
        .unwrap();
        interval.high - interval.low
    };
    assert!(compare(true) > 1.6 * compare(false));
}
