//! Every `--format` of `fold` holds the same structures, and our own readers read it.

use std::io::Read;

use rinalmo_seq::{Structure, bpseq, ct, stockholm};

use crate::arrays::npz;
use crate::common::{Sandbox, random_fasta};
use crate::fold::structures;

/// Header, sequence, structure.
type Folded = (String, String, Structure);

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Five random records with descriptions, some lower case, some with T, folded once in every format.
fn sandbox() -> Sandbox {
    let fasta = random_fasta(5, |i| 40 + 10 * i);
    let fasta = fasta
        .replace(">r2", ">r2 two  words")
        .replace(">r4", ">r4 x")
        .replacen("ACGU", "acgu", 2)
        .replacen('U', "T", 3);
    Sandbox::new().with("a.fa", fasta)
}

fn dbn(sandbox: &Sandbox) -> Vec<Folded> {
    let run = sandbox.run("-q fold a.fa --decode greedy -t 0.01").done();
    structures(&run.out).into_iter().map(|r| (r.header, text(r.sequence), r.structure)).collect()
}

#[test]
fn dbn_ct_bpseq_and_stockholm_say_the_same() {
    let sandbox = sandbox();
    let expected = dbn(&sandbox);
    assert!(expected.iter().any(|(_, _, structure)| !structure.is_nested()), "pseudoknots are part of the trial");
    let run = |format: &str| sandbox.run(&format!("-q fold a.fa --decode greedy -t 0.01 -f {format}")).done().out;

    let found = ct::Reader::new(run("ct").as_bytes())
        .map(|r| r.unwrap())
        .map(|r| (r.header, text(r.sequence), r.structure))
        .collect::<Vec<_>>();
    assert_eq!(found, expected);
    let found = bpseq::Reader::new(run("bpseq").as_bytes())
        .map(|r| r.unwrap())
        .map(|r| (r.header, text(r.sequence), r.structure))
        .collect::<Vec<_>>();
    assert_eq!(found, expected);
    let found = stockholm::Reader::new(run("stockholm").as_bytes())
        .map(|r| r.unwrap())
        .map(|r| (r.header, text(r.sequence), r.structure))
        .collect::<Vec<_>>();
    let one_space = |(header, sequence, structure): Folded| (header.replace("  ", " "), sequence, structure);
    assert_eq!(found, expected.into_iter().map(one_space).collect::<Vec<_>>());
}

#[test]
fn tsv_has_a_header_and_a_row_a_record() {
    let sandbox = sandbox();
    let run = sandbox.run("-q fold a.fa --decode greedy -t 0.01 -f tsv --batch-tokens 60").done();
    let rows: Vec<Vec<&str>> = run.out.lines().map(|line| line.split('\t').collect()).collect();
    let names = ["id", "length", "score", "sequence", "structure", "expected_f1", "crossing_left_out", "header"];
    assert_eq!(rows[0], names);
    let expected = dbn(&sandbox);
    assert_eq!(rows.len(), 1 + expected.len());
    for (row, (header, sequence, structure)) in rows[1..].iter().zip(expected) {
        assert_eq!((row[0], row[7]), (header.split(' ').next().unwrap(), &*header));
        assert_eq!((row[1].parse(), row[3]), (Ok(sequence.len()), &*sequence));
        assert_eq!(Structure::parse_dot_bracket(row[4]).unwrap(), structure);
    }
}

#[test]
fn json_names_pairs_from_one_and_the_weights() {
    let sandbox = sandbox();
    let run = sandbox.run("-q fold a.fa --decode greedy -t 0.01 -f json").done();
    let shown: serde_json::Value = serde_json::from_str(&sandbox.run("model show nano --json").done().out).unwrap();
    for (line, (header, sequence, structure)) in run.out.lines().zip(dbn(&sandbox)) {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        let id = header.split(' ').next().unwrap();
        let expects = value.get("expected_f1").is_some();
        assert_eq!(keys.len(), 8 + usize::from(expects) + usize::from(header != id), "{keys:?}");
        assert_eq!((&value["id"], value["header"].as_str().unwrap_or(id)), (&id.into(), &*header));
        assert_eq!(value["sequence"], sequence);
        assert_eq!(Structure::parse_dot_bracket(value["structure"].as_str().unwrap()).unwrap(), structure);
        assert_eq!(value["threshold"], 0.01);
        assert_eq!(value["model"]["name"], "nano");
        assert_eq!(value["model"]["sha256"], shown["sha256"]);
        let pairs = value["pairs"].as_array().unwrap();
        let ends: Vec<_> =
            pairs.iter().map(|p| (p[0].as_u64().unwrap() as usize - 1, p[1].as_u64().unwrap() as usize - 1)).collect();
        assert_eq!(ends, structure.pairs());
        let mean = pairs.iter().map(|p| p[2].as_f64().unwrap()).sum::<f64>() / pairs.len().max(1) as f64;
        assert!((mean - value["score"].as_f64().unwrap()).abs() < 1e-5);
        assert!(pairs.iter().all(|p| p[2].as_f64().unwrap() > 0.01));
    }
}

#[test]
fn probabilities_go_to_a_table_above_a_cutoff_or_to_matrices() {
    let sandbox = sandbox();
    sandbox.run("-q fold a.fa --bpp p.tsv --bpp-cutoff 0.05 -o a.dbn").done();
    let json = sandbox.run("-q fold a.fa -t 0.05 -f json --bpp p.npz").done().out;
    assert_eq!(sandbox.names(""), ["a.dbn", "a.fa", "p.npz", "p.tsv"], "nothing is left over");
    let maps = npz(&sandbox.path("p.npz"));
    assert_eq!(maps.len(), 5);
    let table = sandbox.read("p.tsv");
    assert_eq!(table.lines().next(), Some("id\ti\tj\tp"));
    let mut listed = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (i, j, p): (usize, usize, f32) =
            (cells[1].parse().unwrap(), cells[2].parse().unwrap(), cells[3].parse().unwrap());
        let map = &maps.iter().find(|map| map.name == cells[0]).unwrap();
        let len = map.shape[0];
        assert!((map.data[(i - 1) * len + j - 1] - p).abs() < 1e-5 && i < j && p > 0.05, "{line}");
        listed += 1;
    }
    let above = maps.iter().flat_map(|map| map.data.iter()).filter(|&&p| p > 0.05).count();
    assert_eq!(2 * listed, above, "the maps are symmetric and hold no other pair above the cutoff");
    for (line, map) in json.lines().zip(&maps) {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        for pair in value["pairs"].as_array().unwrap() {
            let [i, j] = [0, 1].map(|end| pair[end].as_u64().unwrap() as usize - 1);
            assert!((f64::from(map.data[i * map.shape[0] + j]) - pair[2].as_f64().unwrap()).abs() < 1e-5);
        }
    }
}

#[test]
fn a_table_of_probabilities_can_be_gzipped() {
    let sandbox = sandbox();
    sandbox.run("-q fold a.fa --bpp p.tsv.gz -o a.dbn").done();
    let mut table = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(sandbox.path("p.tsv.gz")).unwrap())
        .read_to_string(&mut table)
        .unwrap();
    assert!(table.starts_with("id\ti\tj\tp\nr1\t"), "{table}");
}
