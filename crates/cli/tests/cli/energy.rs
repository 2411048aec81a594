//! `rinalmo fold --model turner2004` and `rinalmo energy`: free energies, in files and on pipes.

use serde_json::Value;

use crate::common::{SMALL, Sandbox, random_fasta};

/// The energy after each structure of dot-bracket text.
fn energies(text: &str) -> Vec<f64> {
    let lines = text.lines().filter_map(|line| line.strip_suffix(')')?.rsplit_once(" ("));
    lines.map(|(_, energy)| energy.trim().parse().unwrap()).collect()
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_energy_model_folds_without_weights_and_prints_what_rnafold_prints() {
    let run = Sandbox::new().with("a.fa", SMALL).run("-q fold -m turner2004 a.fa").done();
    let expected = ">hp a hairpin\nGGGGAAAACCCC\n((((....)))) ( -5.40)\n>low\nggggaaaacccc\n((((....)))) ( -5.40)\n\
                    >T\nGGGGTTTTCCCCT\n((((....)))). ( -7.10)\n";
    assert_eq!(run.out, expected); // energies of RNAfold 2.7.2
}

#[test]
fn energies_are_in_json_and_tsv() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGAAAACCCC\n");
    let json = &objects(&sandbox.run("-q fold -m turner2004 a.fa -f json -T 20 -d 0").done().out)[0];
    assert_eq!((&json["model"]["name"], &json["model"]["temperature"]), (&"turner2004".into(), &20.0.into()));
    assert_eq!((&json["model"]["dangles"], &json["energy"]), (&0.into(), &json["mfe"]));
    assert!(json["ensemble_energy"].as_f64().unwrap() <= json["mfe"].as_f64().unwrap());
    assert!(json["diversity"].as_f64().unwrap() >= 0.0 && json["pairs"][0][2].as_f64().unwrap() > 0.9);
    let tsv = sandbox.run("-q fold -m turner2004 a.fa -f tsv").done().out;
    let header = "id\tlength\tscore\tsequence\tstructure\texpected_f1\tcrossing_left_out\theader\tenergy\tmfe\t\
                  ensemble_energy\tdiversity";
    assert_eq!(tsv.lines().next(), Some(header));
    assert!(tsv.lines().nth(1).unwrap().contains("\ta\t-5.4\t-5.4\t"), "{tsv}");
}

#[test]
fn every_way_to_choose_pairs_has_an_energy_and_keeps_the_order() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(60, |i| 5 + i * 37 % 90));
    let least = energies(&sandbox.run("-q fold -m turner2004 a.fa").done().out);
    for decode in ["mfe", "mea", "centroid", "nested", "f1"] {
        let run = sandbox.run(&format!("-q fold -m turner2004 --decode {decode} a.fa")).done();
        let names: Vec<&str> = run.out.lines().filter_map(|line| line.strip_prefix('>')).collect();
        assert!(names.iter().enumerate().all(|(at, name)| *name == format!("r{}", at + 1)) && names.len() == 60);
        let found = energies(&run.out);
        assert_eq!(found.len(), 60, "{decode}: {}", run.out);
        assert!(found.iter().zip(&least).all(|(energy, least)| energy >= least), "{decode}");
    }
}

#[test]
fn eval_gives_the_energies_of_what_fold_writes_in_any_format() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(12, |i| 10 + i * 17));
    for flags in ["", "-T 55", "-d 0"] {
        let expected = energies(&sandbox.run(&format!("-q fold -m turner2004 a.fa {flags}")).done().out);
        for format in ["dbn", "ct", "bpseq", "tsv"] {
            sandbox.run(&format!("-q fold -m turner2004 a.fa {flags} -f {format} -o folds.{format}")).done();
            let run = sandbox.run(&format!("-q energy eval folds.{format} {flags} -f tsv")).done();
            let column = run.out.lines().skip(1).map(|line| line.split('\t').nth(2).unwrap().parse::<f64>().unwrap());
            assert_eq!(column.collect::<Vec<_>>(), expected, "{format} {flags}");
        }
    }
}

#[test]
fn eval_lists_loops() {
    let sandbox = Sandbox::new();
    let input = ">a\nAGGCAAAGCC\n.(((...)))\n";
    let text = sandbox.pipe("-q energy eval --loops", input).done().out;
    let expected = ">a\nAGGCAAAGCC\n.(((...))) ( -1.50)\nexterior     -0.20  (   2,  10) GC\n\
                    stack        -3.30  (   2,  10) GC  (   3,   9) GC\nstack        -3.40  (   3,   9) GC  (   4,   8) CG\n\
                    hairpin       5.40  (   4,   8) CG\n";
    assert_eq!(text, expected); // energies of RNAeval 2.7.2
    let tsv = sandbox.pipe("-q energy eval --loops -f tsv", input).done().out;
    assert_eq!(tsv.lines().nth(2), Some("a\tstack\t2\t10\t3-9\t0\t-3.30"));
    let json = &objects(&sandbox.pipe("-q energy eval -f json", input).done().out)[0];
    assert_eq!((&json["energy"], json["loops"].as_array().unwrap().len()), (&(-1.5).into(), 4));
    assert_eq!(json["loops"][3]["closing"], serde_json::json!([4, 8]));
}

#[test]
fn a_structure_without_an_energy_is_an_error_of_its_record() {
    let input = ">knot\nGGCCAACCGGAA\n((.[..)).]..\n>a\nGGGAAACCC\n(((...)))\n>odd\nGGAAAAACC\n(((...)))\n";
    let run = Sandbox::new().pipe("energy eval -f tsv", input);
    assert_eq!((run.code, run.out.lines().count()), (1, 3), "{run}");
    assert!(run.err.contains("cross; the model has no energy for pseudoknots"), "{run}");
    assert!(run.err.contains("1 pair of 1 structure, first") && run.err.contains("`odd`"), "{run}");
}

#[test]
fn parameters_are_printed_read_and_used() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGAAAACCCC\n");
    let text = sandbox.run("energy parameters").done().out;
    assert!(text.starts_with("## RNAfold parameter file v2.0\n"));
    let sandbox = sandbox
        .with("same.par", &text)
        .with("weak.par", "## RNAfold parameter file v2.0\n# stack\n".to_owned() + &"0 ".repeat(49));
    assert_eq!(sandbox.run("energy parameters -P same.par").done().out, text);
    assert!(sandbox.run("-q fold -m turner2004 -P same.par a.fa").done().out.contains("( -5.40)"));
    assert!(sandbox.run("-q fold -m turner2004 -P weak.par a.fa").done().out.contains("............ (  0.00)"));
    let sandbox = sandbox.with("bad.par", "## RNAfold parameter file v2.0\n# stack\n1 2 x3\n");
    let run = sandbox.run("fold -m turner2004 -P bad.par a.fa");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("bad.par: line 3: section `stack`: expected a whole number"), "{run}");
}

#[test]
fn constraints_hold_inside_the_energy_model() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGAAAACCCCAAGGGGAAAACCCC\n");
    let run = sandbox.run("-q fold -m turner2004 a.fa -C x.........................").done();
    assert!(run.out.lines().nth(2).unwrap().starts_with('.'), "{run}", run = run.out);
    let run = sandbox.run("-q fold -m turner2004 a.fa -C (........................)").done();
    let structure = run.out.lines().nth(2).unwrap().split(' ').next().unwrap();
    assert!(structure.starts_with('(') && structure.ends_with(')'), "{structure}");
}

#[test]
fn flags_that_mean_nothing_are_refused() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let refused = |words: &str| {
        let run = sandbox.run(words);
        assert_eq!((run.code, &*run.out), (2, ""), "{words}: {run}");
        run.err
    };
    assert!(refused("fold a.fa -T 60").contains("--temperature: only an energy model has energies"));
    assert!(refused("fold a.fa --decode mfe").contains("--decode mfe: only an energy model"));
    assert!(refused("fold -m turner2004 a.fa -T 900").contains("expected -100 to 200 °C, found 900"));
    assert!(refused("fold -m turner2004 a.fa -d 1").contains("possible values: 0, 2"));
    assert!(refused("fold -m turner2004 a.fa -t 0.3").contains("needs the method greedy, nested or f1"));
    assert!(refused("fold -m turner2004 a.fa --non-canonical").contains("pairs AU, GC and GU"));
    assert!(refused("fold -m turner2004 a.fa --dtype f32").contains("has no weights"));
    assert!(refused("embed -m turner2004 a.fa -o a.npz").contains("is an energy model, which only `rinalmo fold`"));
}
