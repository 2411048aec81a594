//! `rinalmo fold --model turner2004` and `rinalmo energy`: free energies, in files and on pipes.

use rinalmo_seq::Structure;
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
                  ensemble_energy\tdiversity\tbinding";
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

/// The structures of dot-bracket text with their energies and shares.
fn shares(text: &str) -> Vec<(String, f64, f64)> {
    let lines = text.lines().filter_map(|line| line.split_once(" share="));
    let parsed = lines.map(|(rest, share)| {
        let (structure, energy) = rest.split_once(" (").unwrap();
        (structure.to_owned(), energy.trim_matches([' ', ')']).parse().unwrap(), share.parse().unwrap())
    });
    parsed.collect()
}

const SWITCH: &str = ">switch\nGGGCCCAAAAGGGCCCAAAAGGGCCC\n>hp\nGGGGGAAAACCCCC\n";

#[test]
fn a_band_lists_what_rnasubopt_lists() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGAAAACCCC\n");
    let run = sandbox.run("-q fold -m turner2004 a.fa --band 3").done();
    let found = shares(&run.out);
    // `RNAsubopt -e 3 -s` of ViennaRNA 2.7.2
    let expected = [
        ("((((....))))", -5.4),
        ("(((.....))).", -4.2),
        (".(((....))).", -3.1),
        ("(((......)))", -2.7),
        (".(((.....)))", -2.4),
    ];
    let found_energies: Vec<(&str, f64)> = found.iter().map(|one| (&*one.0, one.1)).collect();
    assert_eq!(found_energies, expected, "{}", run.out);
    let sum: f64 = found.iter().map(|one| one.2).sum();
    assert!(sum > 0.97 && sum < 1.003, "{}", run.out);
    let boltzmann = (1.2_f64 / 0.6163).exp(); // 1.2 kcal/mol between the first two, at 37 °C
    assert!((found[0].2 / found[1].2 - boltzmann).abs() < 0.1, "{}", run.out);
    assert!(run.out.starts_with(">a\nGGGGAAAACCCC\n((((....)))) ( -5.40) share=0."), "{}", run.out);
}

/// The bundled network adds to an ensemble of energies, so it has other structures too.
#[test]
fn nano_has_other_structures_of_its_ensemble() {
    let sandbox = Sandbox::new().with("a.fa", SWITCH);
    let run = |flags: &str| sandbox.run(&format!("-q fold a.fa --dtype f32 {flags}")).done().out;
    for record in objects(&run("--band 1 -f json")) {
        let number = |one: &Value, key: &str| one[key].as_f64().unwrap();
        for two in record["alternatives"].as_array().unwrap().windows(2) {
            let apart = number(&two[1], "energy") - number(&two[0], "energy");
            let ratio = number(&two[0], "share") / number(&two[1], "share");
            assert!(apart >= 0.0 && (ratio.ln() - apart / 0.6163).abs() < 0.15, "{two:?}");
        }
    }
    let drawn = run("--samples 20 --seed 3");
    assert_eq!(drawn, run("--samples 20 --seed 3 -j 1"));
    assert_eq!(shares(&drawn).len(), 40);
    let near = shares(&run("--samples 50 --max-span 9"));
    let spans = |text: &String| {
        let structure = Structure::parse_dot_bracket(text).unwrap();
        structure.pairs().iter().map(|(i, j)| j - i + 1).max().unwrap_or(0)
    };
    assert!(near.iter().all(|one| spans(&one.0) <= 9) && near.iter().any(|one| spans(&one.0) > 0), "{near:?}");
    let record = &objects(&run("--alternatives 3 -f json"))[0];
    assert!(!record["alternatives"].as_array().unwrap().is_empty() && record["mfe"].is_null(), "{record}");
    assert!(record["expected_f1"].is_number(), "the structure itself is as without alternatives");
}

#[test]
fn samples_follow_their_seed_and_are_evaluated_alike() {
    let sandbox = Sandbox::new().with("a.fa", SWITCH);
    let drawn = sandbox.run("-q fold -m turner2004 a.fa --samples 20 --seed 3").done().out;
    assert_eq!(drawn, sandbox.run("-q fold -m turner2004 a.fa --samples 20 --seed 3 -j 1").done().out);
    assert_ne!(drawn, sandbox.run("-q fold -m turner2004 a.fa --samples 20 --seed 4").done().out);
    let found = shares(&drawn);
    assert_eq!((found.len(), drawn.lines().count()), (40, 44));
    let sandbox = sandbox.with("drawn.dbn", &drawn);
    let evaluated = energies(&sandbox.run("-q energy eval drawn.dbn").done().out);
    assert_eq!(evaluated, found.iter().map(|one| one.1).collect::<Vec<_>>());
}

#[test]
fn alternatives_are_in_every_format() {
    let sandbox = Sandbox::new().with("a.fa", SWITCH);
    let text = sandbox.run("-q fold -m turner2004 a.fa --alternatives 3").done().out;
    let found = shares(&text);
    assert!(found.len() >= 3 && found.iter().map(|one| one.2).sum::<f64>() > 1.98, "{text}");
    let count =
        |format: &str| sandbox.run(&format!("-q fold -m turner2004 a.fa --alternatives 3 -f {format}")).done().out;
    let json = objects(&count("json"));
    assert_eq!(json.iter().map(|one| one["alternatives"].as_array().unwrap().len()).sum::<usize>(), found.len());
    assert_eq!(json[0]["alternatives"][0]["structure"], *found[0].0);
    assert!(json[0]["mfe"].as_f64().unwrap() <= json[0]["alternatives"][0]["energy"].as_f64().unwrap());
    let tsv = count("tsv");
    assert_eq!(tsv.lines().next(), Some("id\tlength\tnumber\tenergy\tshare\tsequence\tstructure\theader"));
    assert_eq!(tsv.lines().count(), found.len() + 1);
    assert!(count("ct").starts_with("26  ENERGY = "));
    for format in ["ct", "bpseq", "stockholm", "tsv"] {
        let sandbox = Sandbox::new().with("folds", count(format));
        let again = sandbox.run("-q energy eval folds").done().out;
        assert_eq!(energies(&again), found.iter().map(|one| one.1).collect::<Vec<_>>(), "{format}");
    }
}

#[test]
fn what_cannot_give_alternatives_is_refused() {
    let sandbox = Sandbox::new().with("a.fa", SMALL);
    let refused = |words: &str| sandbox.run(words).refused();
    assert!(refused("fold -m turner2004 a.fa --band 1 --samples 3").contains("cannot be used with"));
    assert!(refused("fold -m turner2004 a.fa --seed 3").contains("nothing is drawn"));
    assert!(refused("fold -m turner2004 a.fa --samples 0").contains("expected at least 1"));
    assert!(refused("fold -m turner2004 a.fa --band -2").contains("band: expected 0 to 10000 kcal/mol, found -2"));
    let long = Sandbox::new().with("a.fa", format!(">a\n{}\n>b\nGGGAAACCC\n", "GGGAAACCCAAAGGGAAACCC".repeat(5)));
    let run = long.run("fold -m turner2004 a.fa --band 20 --max-memory 40M");
    assert!(run.code == 1 && run.out.starts_with(">b\n"), "{run}");
    assert!(run.err.contains("structures are within 20 kcal/mol of the minimum") && run.err.contains("hint"), "{run}");
}

/// Reactivities of the first record of [`SWITCH`], in which the first hairpin is protected.
const REACTIVITIES: [f64; 26] = [
    0.1, 0.1, 0.1, 0.9, 1.2, 0.8, 1.5, 1.5, 1.5, 1.5, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 1.1, 1.1, 1.1, 1.1, 0.7, 1.3,
    0.9, 0.1, 0.1, 0.1,
];
const PROBED: &str = "GGGCCCAAAAGGGCCCAAAAGGGCCC";

/// The reactivities, each as a line.
fn lines(line: impl Fn(usize, char, f64) -> String) -> String {
    REACTIVITIES.iter().zip(PROBED.chars()).enumerate().map(|(at, (value, base))| line(at + 1, base, *value)).collect()
}

#[test]
fn reactivities_of_every_file_give_the_energies_of_rnafold() {
    let values: Vec<String> = REACTIVITIES.iter().map(f64::to_string).collect();
    let positions: Vec<String> = PROBED.chars().zip(101..).map(|(base, at)| format!("{base}{at}")).collect();
    let files = [
        ("a.shape", lines(|at, _, value| format!("{at} {value}\n"))),
        ("b.shape", lines(|at, base, value| format!("{at} {base} {value}\n"))),
        ("a.map", lines(|at, base, value| format!("{at}\t{value}\t0.1\t{base}\n"))),
        ("comma.shape", lines(|at, _, value| format!("{at}\t{value}\n")).replace('.', ",")),
        ("blank.shape", lines(|at, _, value| format!("{at} {value}\n")).replace('.', ",")),
        ("semicolon.shape", lines(|at, _, value| format!("{at};{value}\n")).replace('.', ",")),
        ("comment.shape", format!("# by hand, in May\n{}", lines(|at, _, value| format!("{at}\t{value}\n")))),
        ("list.txt", lines(|_, _, value| format!("{value}\n"))),
        (
            "letters.csv",
            format!(
                "id,position,base,reactivity\n{}",
                lines(|at, base, value| format!("switch,{at},{base},{value}\n"))
            ),
        ),
        (
            "sequence.tsv",
            format!(
                "id\tsequence\treactivity\nswitch\t{}\t{}\n",
                PROBED.to_lowercase(),
                values.join(" ").replace('.', ",")
            ),
        ),
        ("a.react", format!("switch\n{}\n", values.join("\t"))),
        ("list.tsv", format!("id\tother\treactivity\nswitch\t1\t{}\n", values.join(","))),
        (
            "rows.csv",
            lines(|at, _, value| format!("switch,{at},{value}\n")).replacen(
                "switch",
                "id,position,reactivity\nswitch",
                1,
            ),
        ),
        (
            "a.rdat",
            format!(
                "RDAT\t0.34\nNAME\tx\nSEQUENCE\t{PROBED}\nOFFSET 100\nSEQPOS\t{}\nREACTIVITY:1\t{}\n",
                positions.join("\t"),
                values.join("\t")
            ),
        ),
    ];
    let sandbox = Sandbox::new().with("a.fa", format!(">switch\n{PROBED}\n"));
    for (name, text) in files {
        let sandbox = Sandbox::new().with("a.fa", sandbox.read("a.fa")).with(name, text);
        // Energies of ViennaRNA 2.7.2: `RNAfold --shape` with and without `--shapeMethod`; of DMS with A and C only.
        for (flags, energy) in
            [("", -18.23), ("--reactivity-slope 0.5 --reactivity-intercept -0.1", -14.04), ("--reagent dms", -17.40)]
        {
            let run = sandbox.run(&format!("-q fold -m turner2004 a.fa --reactivities {name} {flags}")).done();
            assert_eq!(energies(&run.out), [energy], "{name} {flags}: {}", run.out);
        }
    }
}

#[test]
fn reactivities_of_another_sequence_are_an_error_of_the_record() {
    let two = format!(">switch\n{PROBED}\n>b\nGGGAAACCC\n");
    let sandbox = Sandbox::new().with("a.fa", &two).with("a.shape", lines(|at, _, value| format!("{at} {value}\n")));
    let run = sandbox.run("fold -m turner2004 a.fa --reactivities a.shape");
    assert!(run.code == 1 && energies(&run.out) == [-18.23], "{run}");
    assert!(run.err.contains("has no ids, so it is for one sequence, and was used for `switch`"), "{run}");

    let sandbox = Sandbox::new().with("a.fa", &two).with("other.map", "1 0.5 0.1 G\n2 0.5 0.1 A\n");
    let run = sandbox.run("fold -m turner2004 a.fa --reactivities other.map");
    assert!(run.err.contains("other.map is for another sequence: base 2 is A there, G here"), "{run}");

    let sandbox = Sandbox::new().with("a.fa", &two).with("t.tsv", "id\treactivity\nb\t1,2,3,4,5,6,7,8,NA\nc\t1,2,3\n");
    let run = sandbox.run("fold -m turner2004 a.fa --reactivities t.tsv").well();
    assert!(run.err.contains("no reactivities for `switch`, folded without"), "{run}");
    assert!(run.err.contains("t.tsv: no sequence for `c`"), "{run}");
    let sandbox = Sandbox::new().with("a.fa", &two).with("t.tsv", "id\treactivity\nb\t1,2,3\n");
    let run = sandbox.run("fold -m turner2004 a.fa --reactivities t.tsv");
    assert!(run.code == 1 && run.err.contains("t.tsv: expected 9 values, found 3"), "{run}");
    assert!(!run.err.contains("no sequence for"), "it is there: {run}");
}

/// Numbers that could be others, and positions that have two, are refused with their line.
#[test]
fn reactivities_that_could_be_others_are_refused() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGAAACCC\n");
    for (text, message) in [
        ("1\t0.5\n2\t1,234\n", "r:2: `1,234` may be 1.234 or 1234, write it with a decimal point"),
        ("1,0,5\n2,0,7\n", "r:1: `0,5` may be 0.5, or 0 and 5"),
        ("1 0.5\n2 0.5\n1 0.7\n", "r:3: position 1 is given twice"),
        ("0.5\n0.7 0.1\n", "r:2: expected one number, as in the lines before, found `0.7 0.1`"),
        ("0.5\n0.7\n0.7 0.1\n", "r:3: expected one number, as in the lines before, found `0.7 0.1`"),
        ("0.5\t0.1\n0.7\t0.1\n", "r:1: expected a position from 1, found `0.5\t0.1`"),
        ("id,position,reactivity\na,1,0.5\na,1,0.7\n", "r:3: position 1 of `a` is given twice"),
        ("id\treactivity\na\t1,x\n", "r:2: expected a number, found `x`"),
    ] {
        std::fs::write(sandbox.path("r"), text).unwrap();
        let said = sandbox.run("fold -m turner2004 a.fa --reactivities r").refused();
        assert!(said.contains(message), "{text:?}: {said}");
    }
}

/// The letters of a table, its sequences, and one profile for two sequences.
#[test]
fn reactivities_of_tables_are_of_the_same_sequence() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGAAACCC\n>a other\nGGGUAACCC\n");
    let list = "1,1,1,1,1,1,1,1,1";
    for (table, messages) in [
        (format!("id,sequence,reactivity\na,ggguaaccc,\"{list}\"\n"), ["a.fa:1", "base 4 is U there, A here"]),
        (format!("id,sequence,reactivity\na,GGGTAACCC,\"{list}\"\n"), ["a.fa:1", "base 4 is U there, A here"]),
        (format!("id,sequence,reactivity\na,GGGAAACCC,\"{list}\"\n"), ["a.fa:3", "base 4 is A there, U here"]),
        (format!("id,sequence,reactivity\na,GGGAAACC,\"{list}\"\n"), ["a.fa:1", "8 bases there, 9 here"]),
        ("id position base reactivity\na 4 U 0.5\n".replace(' ', "\t"), ["a.fa:1", "base 4 is U there, A here"]),
        ("id position seq reactivity\na 4 A 0.5\n".replace(' ', "\t"), ["a.fa:3", "base 4 is A there, U here"]),
        (format!("id,reactivity\na,\"{list}\"\n"), ["a.fa:3", "`a` was used for another sequence of this id"]),
    ] {
        std::fs::write(sandbox.path("t.csv"), &table).unwrap();
        let run = sandbox.run("fold -m turner2004 a.fa --reactivities t.csv");
        assert!(run.code == 1 && energies(&run.out).len() < 2, "{table}{run}");
        assert!(messages.iter().all(|message| run.err.contains(message)), "{table}{run}");
    }
    let same = Sandbox::new().with("a.fa", ">a\nGGGAAACCC\n>a other\ngggaaaccc\n");
    let same = same.with("t.csv", format!("id,reactivity\na,\"{list}\"\n"));
    assert_eq!(energies(&same.run("fold -m turner2004 a.fa --reactivities t.csv").done().out).len(), 2);
}

#[test]
fn eval_reads_the_alternatives_of_every_format() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGAAAACCCCGGGGAAAACCCC\n");
    for flags in ["--samples 3 --seed 1", "--alternatives 2", ""] {
        let eval = |format: &str| {
            let folded = sandbox.run(&format!("-q fold -m turner2004 a.fa -f {format} {flags}")).done().out;
            energies(&sandbox.pipe("-q energy eval", folded).done().out)
        };
        let expected = eval("dbn");
        assert!(!expected.is_empty());
        for format in ["json", "ct", "bpseq", "tsv", "stockholm"] {
            assert_eq!(eval(format), expected, "{flags} {format}");
        }
    }
}

#[test]
fn structures_without_lonely_or_far_pairs_have_none() {
    let sandbox = Sandbox::new().with("a.fa", random_fasta(60, |i| 20 + i * 37 % 90));
    let folded = |flags: &str| {
        let run = sandbox.run(&format!("-q fold -m turner2004 a.fa -f json {flags}")).done();
        let pairs = |one: &Value| -> Vec<(u64, u64)> {
            let pairs = one["pairs"].as_array().unwrap().iter();
            pairs.map(|pair| (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap())).collect()
        };
        objects(&run.out).iter().map(pairs).collect::<Vec<_>>()
    };
    let lonely = |pairs: &Vec<(u64, u64)>| {
        let stacks = |&(i, j): &(u64, u64)| pairs.contains(&(i + 1, j - 1)) || pairs.contains(&(i - 1, j + 1));
        pairs.iter().filter(|pair| !stacks(pair)).count()
    };
    let widest = |pairs: &Vec<(u64, u64)>| pairs.iter().map(|(i, j)| j - i + 1).max().unwrap_or(0);
    let free = folded("");
    assert!(free.iter().map(lonely).sum::<usize>() > 0 && free.iter().map(widest).max() > Some(30));
    assert_eq!(folded("--no-lonely-pairs").iter().map(lonely).sum::<usize>(), 0);
    assert_eq!(folded("--max-span 30").iter().map(widest).max(), Some(30));
}

#[test]
fn gaps_and_what_is_no_letter_are_no_bases() {
    let text = ">a\nGGGG----AAAACCCC\n((((........))))\n>b\nGGGGAAAA-CCC\n((((....))))\n";
    let run = Sandbox::new().with("a.dbn", text).run("energy eval a.dbn").well();
    assert_eq!(run.out, ">a\nGGGGAAAACCCC\n((((....)))) ( -5.40)\n>b\nGGGGAAAACCC\n(((.....))) ( -3.40)\n");
    assert!(run.err.contains("1 pair of `b` is left out, a gap standing where a base would pair"), "{run}");
    let text = ">a\nGGGG7AAACCCC\n((((....))))\n>b\nGGGGAAAACCCC\n((((....))))\n";
    let run = Sandbox::new().with("a.dbn", text).run("energy eval a.dbn");
    assert!(
        run.code != 0 && run.err.contains("a.dbn: `a`: expected letters and gaps in its sequence, found `7` at base 5"),
        "{run}"
    );
}

#[test]
fn learning_says_what_it_leaves_out() {
    let hairpin = "GGGGAAAACCCC\n((((....))))\n";
    let data = format!(
        ">a\n{hairpin}>b\nGGGGACCACCCCAGG\n((((.[[.)))).]]\n>c\nCGGAAAACCA\n(((....)))\n>d\nAAAAAAAAAA\n..........\n>e\n{}\n{}\n",
        "GAAAAC".repeat(60),
        "(....)".repeat(60)
    );
    let run = Sandbox::new().with("a.dbn", &data).run("energy learn a.dbn --epochs 1 -o a.par").well();
    for note in [
        "3 of 5 structures",
        "left out: 1 structure longer than 300 nt",
        "left out: 1 structure with less than 25 % of the bases paired",
        "3 pairs of 2 structures do not count",
    ] {
        assert!(run.err.contains(note), "{run}");
    }
}

#[test]
fn a_beam_folds_what_would_not_fit() {
    let long = random_fasta(1, |_| 5000);
    let sandbox = Sandbox::new().with("a.fa", &long);
    let run = sandbox.run("fold -m turner2004 a.fa --max-memory 100M");
    assert!(run.code == 1 && run.err.contains("hint: ") && run.err.contains("`--beam 200`"), "{run}");
    let run = sandbox.run("-q fold -m turner2004 a.fa --max-memory 100M --beam 20 -f json").done();
    let record = &objects(&run.out)[0];
    let pairs = record["pairs"].as_array().unwrap();
    assert!(pairs.len() > 500 && record["mfe"].as_f64() < Some(-500.0), "{record}");
    let evaluated = sandbox.with("a.json", &run.out).run("-q energy eval a.json").done().out;
    assert!(
        evaluated.contains(&format!("{:.2})", record["mfe"].as_f64().unwrap())),
        "the energy is that of the structure"
    );
    for (words, message) in [
        ("fold GGGGAAAACCCC --beam 9", "only an energy model can leave some\nhint: `--model rinalmo2026`"),
        ("fold -m turner2004 GGGGAAAACCCC --beam 0", "at least one span"),
        (
            "fold -m turner2004 GGGGAAAACCCC --beam 9 --no-lonely-pairs",
            "too little for structures without lonely pairs",
        ),
    ] {
        let run = Sandbox::new().run(words);
        assert!(run.code != 0 && run.err.contains(message), "{run}");
    }
}

#[test]
fn a_network_refuses_what_only_energies_have() {
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("a.shape", "1 0.5\n");
    let refused = |words: &str| sandbox.run(words).refused();
    assert!(refused("fold a.fa --parameters a.par").contains("--parameters: only an energy model has energies"));
    assert!(refused("fold -m turner2004 a.fa --reagent dms").contains("--reactivities"));
    let wrong = "fold -m turner2004 a.fa --reactivities a.shape --reactivity-slope nan";
    assert!(refused(wrong).contains("expected a number from -100 to 100 kcal/mol, found NaN"));
}

/// Reactivities that favour pairs or not: probabilities follow, and there is no expected F1 with them.
#[test]
fn a_network_sees_reactivities_through_its_energies() {
    let table = |value: &str| format!("id\treactivity\nswitch\t{}\n", vec![value; PROBED.len()].join(","));
    let sandbox = Sandbox::new()
        .with("a.fa", format!(">switch\n{PROBED}\n>b\nGGGGAAAACCCC\n"))
        .with("low.tsv", table("0"))
        .with("high.tsv", table("4"));
    let folded = |flags: &str| objects(&sandbox.run(&format!("-q fold a.fa -f json {flags}")).done().out);
    let score = |folds: &[Value]| folds[0]["score"].as_f64().unwrap();
    let free = folded("--dtype f32");
    let [low, high] = ["low", "high"].map(|name| folded(&format!("--dtype f32 --reactivities {name}.tsv")));
    assert!(free[0]["expected_f1"].is_number() && low[0]["expected_f1"].is_null() && high[0]["expected_f1"].is_null());
    assert_eq!((&low[1], &high[1]), (&free[1], &free[1]), "it has no reactivities");
    assert!(score(&low) > score(&high), "{low:?} {high:?}");
    let all = folded("--dtype f32 --reactivities low.tsv --energy-share 1");
    let energies = folded("-m rinalmo2026 --decode f1 --reactivities low.tsv");
    assert!((score(&all) - score(&energies)).abs() < 1e-4, "{all:?} {energies:?}");
}

/// Energies of RNAcofold 2.7.2; its probabilities are those of the bound strands.
#[test]
fn two_strands_fold_together() {
    let text = ">let7\nUGAGGUAGUAGGUUGUAUAGUU&AACUGUACAAACUACUACCUCA\n>one\nGGGGAAAACCCC\n>same\nggcgcc&GGCGCC\n>none\nAAAA&AAAA\n";
    let sandbox = Sandbox::new().with("a.fa", text);
    let dbn = sandbox.run("-q fold -m turner2004 a.fa").done().out;
    let expected = ">let7\nUGAGGUAGUAGGUUGUAUAGUU&AACUGUACAAACUACUACCUCA\n\
                    (((((((((((..(((((((((&)))))))))..))))))))))) (-29.20)\n>one\nGGGGAAAACCCC\n((((....)))) ( -5.40)\n\
                    >same\nggcgcc&GGCGCC\n((((((&)))))) (-11.70)\n>none\nAAAA&AAAA\n....&.... (  0.00)\n";
    assert_eq!(dbn, expected);
    assert_eq!(sandbox.pipe("-q energy eval", &*dbn).done().out, dbn);
    let all = objects(&sandbox.run("-q fold -m turner2004 a.fa -f json").done().out);
    let binding: Vec<_> = all.iter().map(|record| record["binding"].as_f64()).collect();
    assert_eq!(binding, [Some(-29.74), None, Some(-11.3), None]);
    assert_eq!((&all[0]["pairs"][0][1], &all[2]["sequence"]), (&44.into(), &"ggcgcc&GGCGCC".into()));
    let tsv = sandbox.run("-q fold -m turner2004 a.fa -f tsv").done().out;
    assert!(
        tsv.lines().nth(4).unwrap().ends_with("\t0.0\t0.0\t0.0\t0.0\t") && tsv.contains("\t8\t0.0\tAAAA&AAAA\t"),
        "{tsv}"
    );
    for flags in ["--decode mea", "--alternatives 2", "--samples 3", "--band 1", "--no-lonely-pairs"] {
        let folded = sandbox.run(&format!("-q fold -m turner2004 a.fa {flags}")).done().out;
        let evaluated = sandbox.pipe("-q energy eval", &*folded).done().out;
        assert_eq!(energies(&evaluated), energies_of(&folded), "{flags}: {folded}");
    }
}

#[test]
fn two_strands_are_drawn_with_their_ends() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGA&UCCCC\n");
    let dbn = sandbox.run("-q fold -m turner2004 a.fa --draw pictures").done().out;
    let picture = sandbox.read("pictures/a.svg");
    assert_eq!([picture.matches("5′").count(), picture.matches("3′").count()], [2, 2]);
    assert_eq!(sandbox.pipe("-q draw", &*dbn).done().out, picture);
    for format in ["json", "tsv"] {
        let written = sandbox.run(&format!("-q fold -m turner2004 a.fa -f {format}")).done().out;
        let picture = sandbox.pipe("-q draw", &*written).done().out;
        assert_eq!(picture.matches("3′").count(), 2, "{format}: {picture}");
        assert_eq!(energies(&sandbox.pipe("-q energy eval", &*written).done().out), [-7.7], "{format}");
    }
    let compared = sandbox.with("a.dbn", &dbn).pipe("-q draw --reference a.dbn --layout arcs", &*dbn).done().out;
    assert!(compared.contains("in both structures") && compared.matches("<polyline").count() == 2, "{compared}");
}

/// The energy after each structure, whatever follows it.
fn energies_of(text: &str) -> Vec<f64> {
    let lines = text.lines().filter_map(|line| line.split_once(" (")?.1.split_once(')'));
    lines.map(|(energy, _)| energy.trim().parse().unwrap()).collect()
}

#[test]
fn constraints_of_two_strands_have_their_nick() {
    let file = ">a\nGGGGA&UCCCC\nx....&.....\n";
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGA&UCCCC\n").with("c.fa", file);
    let fold = |constraint: &str| sandbox.run(&format!("-q fold -m turner2004 a.fa -C {constraint}"));
    assert!(fold("x....&.....").done().out.contains("\n.((((&)))). "));
    assert!(fold("c.fa").done().out.contains("\n.((((&)))). "));
    assert!(sandbox.run("-q fold -m turner2004 -C c.fa").done().out.contains("\nGGGGA&UCCCC\n.((((&)))). "));
    assert!(fold("....(&)....").done().out.contains("\n(((((&))))) "));
    let wrong = fold("x...&......");
    assert!(wrong.err.contains("the constraint has `&` after base 4, the sequence `&` after base 5"), "{wrong}");
    assert!(fold("x.........").err.contains("the constraint has one strand, the sequence `&` after base 5"));
}

#[test]
fn what_has_one_strand_refuses_two() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGA&UCCCC\n>b\nGGGGAAAACCCC\n>c\nGG&CC&GG\n>d\nGG&\n");
    let refused = |words: &str, messages: &[&str]| {
        let run = sandbox.run(words);
        assert!(run.code == 1 && messages.iter().all(|message| run.err.contains(message)), "{run}");
        assert!(run.out.contains("GGGGAAAACCCC"), "{run}");
    };
    refused(
        "fold -m turner2004 a.fa",
        &["a.fa:6: record `c`: expected one strand or two joined by `&`, found 3 strands", "record `d`", "found one"],
    );
    refused("fold -m turner2004 a.fa --max-span 50", &["two strands: pairs of both have no span"]);
    refused(
        "fold a.fa",
        &["several strands joined by `&`", "hint: `rinalmo fold --model turner2004` folds two strands"],
    );
}

#[test]
fn strands_bind_as_much_as_their_concentrations_allow() {
    let sandbox = Sandbox::new().with("a.fa", ">x\nGGGGAGGG&CCCUCCCC\n>y\nAAAA&CCCC\n");
    let tsv = sandbox.run("-q energy bind a.fa --at 1e-6,1e-12:1e-9").done().out;
    let rows: Vec<Vec<&str>> = tsv.lines().map(|line| line.split('\t').collect()).collect();
    let columns = ["id", "total_A", "total_B", "AB", "AA", "BB", "A", "B", "binding_AB", "binding_AA", "binding_BB"];
    assert_eq!((rows[0].as_slice(), rows.len()), (&columns[..], 5));
    let number = |row: usize, column: usize| rows[row][column].parse::<f64>().unwrap();
    assert!(number(1, 3) > 0.99e-6 && number(1, 3) <= 1e-6, "nearly all is bound: {tsv}");
    assert!((number(1, 3) + 2.0 * number(1, 4) + number(1, 6) - 1e-6).abs() < 1e-9, "no strand is lost: {tsv}");
    assert_eq!((rows[2][1], rows[2][2]), ("1e-12", "1e-9"));
    assert_eq!(rows[3], ["y", "1e-6", "1e-6", "0.0", "0.0", "0.0", "1e-6", "1e-6", "", "", ""]);

    let json = &objects(&sandbox.run("-q energy bind a.fa -f json -T 20").done().out)[0];
    assert_eq!((&json["model"]["name"], &json["model"]["temperature"]), (&"turner2004".into(), &20.0.into()));
    let folded = &objects(&sandbox.run("-q fold -m turner2004 a.fa -f json -T 20").done().out)[0];
    assert_eq!(json["binding_AB"], folded["binding"]);
}

#[test]
fn one_strand_binds_nothing_and_odd_concentrations_are_refused() {
    let sandbox = Sandbox::new().with("a.fa", ">x\nGGGGAGGG\n>y\nGGGG&CCCC\n>z\n&CCCC\n");
    let run = sandbox.run("energy bind a.fa");
    assert_eq!(run.code, 1, "{run}");
    assert!(run.err.contains("`x`") && run.err.contains("expected two strands, such as GGGGA&UCCCC, found one"));
    assert!(run.out.lines().nth(1).unwrap().starts_with("y\t"), "{}", run.out);
    for at in ["x", "-1", "1e-6:", "1e-6:nan", "1000"] {
        let said = sandbox.run(&format!("energy bind a.fa --at={at}")).refused();
        assert!(said.contains("expected mol/l from 0 to 100, such as 1e-6 or 1e-6:2e-6"), "{at}: {said}");
    }
    let run = sandbox.run("energy bind a.fa --max-memory 1K");
    assert_eq!(run.code, 1, "{run}");
    assert!(run.err.contains("MiB are allowed"), "{}", run.err);
}
