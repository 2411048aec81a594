//! `rinalmo draw`: every format in, SVG and PNG out.

use crate::common::{SMALL, Sandbox};

/// A hairpin with a G–U pair and a bulge, and a structure with a pseudoknot.
const TWO: &str = ">a a hairpin\nGGGAAAACUC\n(((....)))\n>b/2\nGGGGAACCACCCCAAUUGG\n((((..[[..))))...]]\n";

/// The places of the bases in an SVG: the attributes of the circle in each group `b1`, `b2`, ….
fn circles(svg: &str) -> Vec<String> {
    let group = |base: usize| svg.split(&format!("<g id=\"b{base}\">")).nth(1);
    let circle = |group: &str| group.split("<circle ").nth(1).unwrap().split(" r=").next().unwrap().to_owned();
    (1..).map_while(group).map(circle).collect()
}

#[test]
fn one_record_is_drawn_to_standard_output_or_to_a_file() {
    let sandbox = Sandbox::new().with("a.dbn", ">a a hairpin\nGGGAAAACUC\n(((....)))\n");
    let svg = sandbox.run("draw a.dbn").done().out;
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains(">a a hairpin</text>") && svg.contains("<title>2 G, pairs with 9 U</title>"));
    assert_eq!(circles(&svg).len(), 10);
    sandbox.run("draw a.dbn -o new.svg").done();
    assert_eq!(sandbox.read("new.svg"), svg);
    assert_eq!(sandbox.pipe("draw -o -", ">a a hairpin\nGGGAAAACUC\n(((....)))\n").done().out, svg);
    sandbox.run("draw a.dbn -o new.png").done();
    assert!(std::fs::read(sandbox.path("new.png")).unwrap().starts_with(b"\x89PNG"));
    sandbox.run("draw a.dbn -f pdf -o new").done();
    assert!(std::fs::read(sandbox.path("new")).unwrap().starts_with(b"%PDF-"));
    assert_eq!(sandbox.names(""), ["a.dbn", "new", "new.png", "new.svg"]);
    let odd = sandbox.run("draw a.dbn -o new.jpg");
    assert!(odd.code == 2 && odd.err.contains("new.jpg: expected a file that ends in .svg, .png or .pdf"), "{odd}");
}

#[test]
fn several_records_go_into_a_folder() {
    let sandbox = Sandbox::new().with("a.dbn", TWO);
    let refused = sandbox.run("draw a.dbn");
    assert!(refused.code == 2 && refused.out.is_empty(), "{refused}");
    assert!(refused.err.contains("2 records, expected one\nhint: --out-dir DIR"), "{refused}");
    let run = sandbox.run("draw a.dbn --out-dir out");
    assert!(run.code == 0 && run.err.contains("`b/2` is `b_2.svg`"), "{run}");
    assert_eq!(sandbox.names("out"), ["a.svg", "b_2.svg", "names.list"]);
    assert!(sandbox.read("out/b_2.svg").contains("pseudoknot"));
}

#[test]
fn every_format_gives_the_same_drawing() {
    let sandbox = Sandbox::new().with("a.fa", ">x\nGGGGCAAAAGCCCCAAGGCCGAAAGGCC\n");
    let draw = |format: &str| {
        let text = sandbox.run(&format!("-q fold a.fa -f {format}")).done().out;
        circles(&sandbox.pipe("draw --title x", text).done().out)
    };
    let expected = draw("dbn");
    assert_eq!(expected.len(), 28);
    for format in ["ct", "bpseq", "stockholm", "json", "tsv"] {
        assert_eq!(draw(format), expected, "{format}");
    }
}

#[test]
fn layouts_differ_and_name_every_base() {
    let sandbox = Sandbox::new().with("b.dbn", TWO.split_once(">b").map(|two| format!(">b{}", two.1)).unwrap());
    let mut seen = Vec::new();
    for layout in ["straight", "arcs", "circular"] {
        let places = circles(&sandbox.run(&format!("draw b.dbn -l {layout}")).done().out);
        assert_eq!(places.len(), 19);
        assert!(!seen.contains(&places), "{layout}");
        seen.push(places);
    }
    assert!(sandbox.run("draw b.dbn -l dot-plot").done().out.contains("id=\"upper\""));
    assert!(sandbox.run("draw b.dbn -l mountain").done().out.contains("pairs around the base"));
}

#[test]
fn probabilities_of_fold_colour_bases() {
    let sandbox = Sandbox::new().with("a.fa", ">x\nGGGGCAAAAGCCCC\n>y\nGGGGCAAAAGCCCC\n");
    sandbox.run("-q fold a.fa -f json -o a.json --bpp p.tsv").done();
    sandbox.run("-q draw a.json --out-dir out -c pair-probability").done();
    assert!(sandbox.read("out/x.svg").contains(", probability of the pair: 0."));
    for what in ["paired", "confidence", "entropy"] {
        sandbox.run(&format!("-q draw a.json --out-dir out -c {what} --probabilities p.tsv")).done();
        assert!(sandbox.read("out/y.svg").contains("viewBox"));
    }
    let without = sandbox.run("draw a.json --out-dir out -c entropy");
    assert!(without.code == 2 && without.err.contains("needs the probabilities of all pairs"), "{without}");
}

#[test]
fn dot_plots_of_viennarna_are_structures_and_probabilities() {
    let plot = "%!PS-Adobe-3.0 EPSF-3.0\n/DPtitle {\n  (x)\n} def\n/sequence { (\\\nGGGGCAAAAGCCCC\\\n) } def\n\
        1 14 0.9 ubox\n2 13 0.95 ubox\n3 11 0.1 ubox\n1 14 0.95 lbox\n2 13 0.95 lbox\nshowpage\n";
    let sandbox = Sandbox::new().with("dot.ps", plot).with("a.dbn", ">x\nGGGGCAAAAGCCCC\n((((......))))\n");
    let itself = sandbox.run("draw dot.ps -l dot-plot").done().out;
    assert_eq!(itself.matches(", probability ").count(), 3, "{itself}");
    assert!(itself.contains("<title>1 and 14, probability 0.810</title>"), "{itself}");
    assert!(sandbox.run("draw dot.ps -c pair-probability").done().out.contains("probability of the pair: 0.81"));
    let other = sandbox.run("draw a.dbn -c paired --probabilities dot.ps").done().out;
    assert!(other.contains("<title>2 G, pairs with 13 C, probability of being paired: 0.9<"), "{other}");
    let drawing = "%!PS-Adobe-3.0 EPSF-3.0\n/sequence (\\\nGGGGCAAAAGCCCC\\\n) def\n/pairs [\n[1 14]\n] def\n";
    let untitled = Sandbox::new().with("a.ps", drawing);
    untitled.run("draw a.ps --out-dir out").done();
    assert_eq!(untitled.names("out"), ["a.svg"], "the name of the file without its ending");
    let none = untitled.run("draw a.ps -c paired --probabilities a.ps");
    assert!(none.code == 2 && none.err.contains("a.ps: has no probabilities of pairs\nhint: `RNAfold -p`"), "{none}");
    let damaged = Sandbox::new().with("dot.ps", plot.replace("3 11", "3 15"));
    let damaged = damaged.run("draw dot.ps");
    assert!(
        damaged.code == 2 && damaged.err.contains("dot.ps:10: expected two positions in a sequence of 14"),
        "{damaged}"
    );
}

/// The second record of an id has the probabilities that `fold` wrote for it.
#[test]
fn records_of_one_id_have_their_own_probabilities() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nGGGGCAAAAGCCCC\n>a second\nAAGGGCAAAGCCCA\n>b\nGGGGCAAAAGCCCC\n");
    let paired = |file: &str, base: &str| {
        let svg = sandbox.read(file);
        let about = svg.split(&format!("<title>{base}")).nth(1).unwrap().split('<').next().unwrap().to_owned();
        about.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    for format in ["dbn", "json", "tsv", "ct"] {
        sandbox.run(&format!("-q fold -m turner2004 a.fa -f {format} -o all --bpp p.tsv")).done();
        sandbox.run("-q draw all --out-dir out -c paired --probabilities p.tsv").done();
        let second = "out/a_second.svg";
        assert!(paired("out/a.svg", "1 G") > 0.9 && paired(second, "1 A") < 0.2, "{format}");
        assert!(paired(second, "3 G") > 0.9, "{format}");
    }
    let sandbox = sandbox.with("one.tsv", "id\ti\tj\tp\na\t1\t14\t0.9\n");
    let run = sandbox.run("draw all --out-dir out -c paired --probabilities one.tsv");
    assert!(run.code == 1 && run.err.contains("what it has for `a` was used for another sequence of this id"), "{run}");
    sandbox.run("-q fold -m turner2004 a.fa --out-dir folder").well();
    let said = sandbox.run("draw folder --out-dir out -c paired --probabilities p.tsv").refused();
    assert!(said.contains("several records are called `a`, and in a folder their order is not that of"), "{said}");
}

#[test]
fn probabilities_that_cannot_be_are_refused() {
    let sandbox = Sandbox::new()
        .with("a.dbn", ">a\nGGGGCAAAAGCCCC\n((((......))))\n")
        .with("twice.tsv", "id\ti\tj\tp\na\t1\t14\t0.4\na\t2\t13\t0.4\na\t14\t1\t0.4\n")
        .with("much.tsv", "id\ti\tj\tp\na\t1\t14\t0.8\na\t1\t13\t0.5\n")
        .with("round.tsv", "id\ti\tj\tp\na\t1\t14\t0.8\na\t1\t13\t0.205\n");
    let draw = |table: &str| sandbox.run(&format!("draw a.dbn -c paired --probabilities {table} -o a.svg"));
    let twice = draw("twice.tsv").refused();
    assert!(twice.contains("twice.tsv:4: pair (1, 14) of `a` is given twice"), "{twice}");
    let much = draw("much.tsv").well().err;
    assert_eq!(much, "warning: much.tsv: the probabilities of base 1 of `a` add up to 1.30; counted as 1\n");
    draw("round.tsv").done();
}

#[test]
fn values_of_another_record_or_sequence_are_not_drawn() {
    let sandbox = Sandbox::new()
        .with("a.dbn", ">a\nGGGAAAACUC\n(((....)))\n")
        .with("two.dbn", ">a\nGGGAAAACUC\n(((....)))\n>a two\nGGGAAAACCC\n(((....)))\n")
        .with("b.csv", "id,position,dms\nb,1,0.5\n")
        .with("letters.shape", "1 G 0.5\n2 C 0.5\n")
        .with("sequence.csv", "id,sequence,dms\na,gggaaaactu,\"1,2,3,4,5,6,7,8,9,10\"\n")
        .with("comma.shape", "1\t0,5\n2\t0,25\n")
        .with("list.txt", "0.5\n0.25\n1\n1\n1\n1\n1\n1\n1\nNA\n")
        .with("twice.tsv", "position\tdms\n1\t0.5\n1\t0.7\n")
        .with("ids.csv", "id,position,dms\na,1,0.5\n");
    let draw = |file: &str| sandbox.run(&format!("draw a.dbn --values {file}"));
    let other = draw("b.csv").well();
    assert_eq!(
        other.err, "warning: b.csv: no values for `a`, drawn without\nwarning: b.csv: no record for `b`\n",
        "{other}"
    );
    assert!(!other.out.contains(", dms: "));
    let said = draw("letters.shape").refused();
    assert!(said.contains("letters.shape is for another sequence: base 2 is C there, G here"), "{said}");
    let said = draw("sequence.csv").refused();
    assert!(said.contains("sequence.csv is for another sequence: base 10 is U there, C here"), "{said}");
    assert!(draw("comma.shape").done().out.contains("<title>1 G, pairs with 10 C, comma: 0.5</title>"));
    let list = draw("list.txt").done().out;
    assert!(
        list.contains("<title>1 G, pairs with 10 C, list: 0.5</title>") && list.contains(", list: 0.25<"),
        "{list}"
    );
    assert!(draw("twice.tsv").refused().contains("twice.tsv:3: position 1 is given twice"));
    let run = sandbox.run("draw two.dbn --out-dir out --values ids.csv");
    assert!(run.code == 1 && run.err.contains("`a` was used for another sequence of this id"), "{run}");
}

#[test]
fn what_is_of_another_sequence_is_refused_or_noted() {
    let plot = "%!PS-Adobe-3.0 EPSF-3.0\n/DPtitle {\n  (x)\n} def\n/sequence { (\\\nGGGGCAAAAGCCCC\\\n) } def\n\
        1 14 0.9 ubox\n2 13 0.95 ubox\n1 14 0.95 lbox\nshowpage\n";
    let sandbox = Sandbox::new()
        .with("dot.ps", plot)
        .with("same.dbn", ">x\nggggcaaaagcccc\n((((......))))\n")
        .with("other.dbn", ">x\nGGGGCAAAAGCCCU\n((((......))))\n");
    let said = sandbox.run("draw other.dbn --probabilities dot.ps -c paired").refused();
    assert!(said.contains("dot.ps is for another sequence: base 14 is C there, U here"), "{said}");
    sandbox.run("draw same.dbn --probabilities dot.ps -c paired").done();
    let own = sandbox.run("draw dot.ps -c paired").done().out;
    assert!(own.contains("<title>2 G, probability of being paired: 0.9<"), "it has all probabilities: {own}");
    let noted = sandbox.run("draw other.dbn -r same.dbn").well();
    let note = "note: the reference is of another sequence: same.dbn: `x`: base 14 is C there, U here\n";
    assert!(noted.err == note && noted.out.contains("in both structures"), "{noted}");
    sandbox.run("draw dot.ps -r same.dbn").done();
}

#[test]
fn values_are_read_with_and_without_a_header() {
    let sandbox = Sandbox::new()
        .with("a.dbn", ">a\nGGGAAAACUC\n(((....)))\n")
        .with("r.shape", "1\t0.25\n2\t-999\n10 2\n")
        .with("t.tsv", "id\tposition\tbase\tdms\tother\na\t1\tG\t0.5\t7\na\t3\tG\tNA\t8\n")
        .with("l.csv", "id,sequence,mean\na,GGGAAAACUC,\"1,2,3,4,5,6,7,8,9,10\"\n")
        .with("far.tsv", "position\tdms\n11\t1\n");
    let draw = |words: &str| sandbox.run(&format!("draw a.dbn {words}"));
    let shape = draw("--values r.shape").done().out;
    assert!(shape.contains("<title>1 G, pairs with 10 C, r: 0.25</title>"), "{shape}");
    assert!(shape.contains("<title>2 G, pairs with 9 U</title>") && shape.contains(">no value</text>"), "{shape}");
    assert!(draw("--values t.tsv").done().out.contains(", dms: 0.5<"));
    assert!(draw("--values t.tsv --column other --range 0,10").done().out.contains(", other: 8<"));
    assert!(draw("--values l.csv").done().out.contains("<title>4 A, mean: 4</title>"));
    let far = draw("--values far.tsv");
    assert!(far.code == 2 && far.err.contains("position 11 is outside a sequence of 10 bases"), "{far}");
    let none = draw("--values t.tsv --column nothing");
    assert!(none.code == 2 && none.err.contains("no column `nothing`"), "{none}");
    let both = draw("--values t.tsv -c letter");
    assert!(both.code == 2 && both.err.contains("--color-by letter"), "{both}");
}

#[test]
fn a_reference_is_matched_by_name_and_compared() {
    let sandbox = Sandbox::new()
        .with("a.dbn", TWO)
        .with("one.dbn", ">other\nGGGAAAACUC\n((......))\n")
        .with("known.dbn", ">a\nGGGAAAACUC\n((......))\n>b/2\nGGGG\n....\n");
    let run = sandbox.run("draw a.dbn --out-dir out -r known.dbn");
    assert!(run.code == 1 && run.err.contains("expected 19 bases, found 4"), "{run}");
    let svg = sandbox.read("out/a.svg");
    assert!(svg.contains("in both structures") && svg.contains("not in the reference"));
    assert_eq!(sandbox.names("out"), ["a.svg"]);
    let single = sandbox.pipe("draw -r one.dbn", TWO.split(">b").next().unwrap()).done();
    assert!(single.out.contains("not in the reference"));
    let missing = sandbox.run("draw a.dbn --out-dir out -r one.dbn");
    assert!(missing.code == 1 && missing.err.contains("no structure of this name in one.dbn"), "{missing}");
}

#[test]
fn stems_are_turned_and_flipped_by_hand() {
    let sandbox = Sandbox::new().with("a.dbn", ">a\nGGGAAAACUCA\n(((....))).\n");
    let plain = sandbox.run("draw a.dbn").done().out;
    let turned = sandbox.run("draw a.dbn --turn 5:30,1:flip").done().out;
    assert_ne!(turned, plain);
    assert_eq!(sandbox.run("draw a.dbn --turn 1:90 --turn 2:-90").done().out, plain, "it turned back");
    assert_eq!(sandbox.run("draw a.dbn --turn 1:flip,8:flip").done().out, plain);
    for (flags, message) in [
        ("--turn 11:30", "a.dbn: `a`: --turn: position 11 is in no stem and in no loop that one closes"),
        ("--turn 12:30", "position 12 is beyond the end, 11"),
        ("--turn 1:far", "expected a position and degrees such as 12:30, or 12:flip, found `1:far`"),
        ("--turn 1:30 --layout arcs", "--turn: needs --layout straight or radial, arcs has no stems to turn"),
    ] {
        let refused = sandbox.run(&format!("draw a.dbn {flags}"));
        assert!(refused.code == 2 && refused.err.contains(message), "{refused}");
    }
}

#[test]
fn marks_and_odd_records() {
    let sandbox = Sandbox::new().with("a.dbn", ">a\nGGGAAAACUC\n(((....)))\n").with("n.ct", "1 one\n1 G 0 2 0 1\n");
    let marked = sandbox.run("draw a.dbn --highlight 2-4,9").done().out;
    assert!(marked.contains("#f0e442"), "{marked}");
    let far = sandbox.run("draw a.dbn --highlight 9-11");
    assert!(far.code == 2 && far.err.contains("--highlight: position 11 is beyond the end, 10"), "{far}");
    assert!(sandbox.run("draw n.ct").done().out.contains("<title>1 G</title>"));
    let broken = sandbox.pipe("draw --out-dir out", ">x\nGAAAC\n(....\n>z\nGAAAC\n(...)\n");
    assert!(broken.code == 1 && broken.err.contains("unbalanced bracket"), "{broken}");
    assert_eq!(sandbox.names("out"), ["z.svg"]);
}

#[test]
fn fold_draws_what_it_predicts() {
    let sandbox = Sandbox::new().with("a.fa", ">x\nGGGGCAAAAGCCCC\n>y/1\nGGGGCAAAAGCCCC\n");
    let run = sandbox.run("fold a.fa -o a.dbn --draw out");
    assert!(run.code == 0 && run.err.contains("`y/1` is `y_1.svg`"), "{run}");
    assert_eq!(sandbox.names("out"), ["names.list", "x.svg", "y_1.svg"]);
    sandbox.run("-q draw a.dbn --out-dir drawn").done();
    assert_eq!(circles(&sandbox.read("out/x.svg")), circles(&sandbox.read("drawn/x.svg")));
}

#[test]
fn sequences_without_structures_are_told_how_they_are_folded() {
    let sandbox = Sandbox::new().with("a.fa", SMALL).with("bad.dbn", "GGGAAACCC\n(((...))\n");
    let said = sandbox.run("draw a.fa --out-dir x").refused();
    assert!(
        said.contains("a.fa: holds no structure") && said.contains("hint: `rinalmo fold a.fa --draw DIR`"),
        "{said}"
    );
    assert!(!sandbox.run("draw bad.dbn --out-dir x").refused().contains("rinalmo fold"));
}
