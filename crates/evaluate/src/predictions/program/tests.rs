//! What programs print, as it was recorded or as their documentation shows it.

use super::command::FoldCommand;
use super::*;
use crate::references::FamilyFrom;

/// The sequences of most recordings: a transfer RNA, a hairpin, and the example of LinearPartition's guide.
const SEQUENCES: [&str; 3] = [
    "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA",
    "GGGGAAAACCCC",
    "GUUGUUAUAGCAUAAGAAGUGCAUUUGUUUUAAGCGUAAAAGAUAUGGGACAACUCCA",
];

fn references(sequences: &[&str]) -> References {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refs.csv");
    let rows =
        sequences.iter().enumerate().map(|(n, letters)| format!("r{n},{letters},{}\n", ".".repeat(letters.len())));
    std::fs::write(&path, format!("id,sequence,structure\n{}", rows.collect::<String>())).unwrap();
    References::open(&path, &FamilyFrom::Column, None).unwrap()
}

/// The structures that a known program's `printed` text gives.
fn read(program: &str, sequences: &[&str], printed: &str) -> Vec<String> {
    let references = references(sequences);
    let numbers: Vec<usize> = (0..sequences.len()).collect();
    let mut output = Output::new(&references, &numbers, FoldCommand::parse(program).unwrap().pick);
    printed.lines().for_each(|line| {
        output.line(line);
    });
    assert!(output.odd.is_empty(), "{program}: {:?}", output.odd);
    let text = |structure: &Option<rinalmo_seq::Structure>| {
        structure.as_ref().map_or_else(|| "none".into(), |structure| structure.to_dot_bracket().unwrap())
    };
    output.structures.iter().map(text).collect()
}

#[test]
fn the_structure_that_a_name_asks_for_is_read_from_rnafold() {
    let printed = include_str!("recorded/rnafold.txt"); // RNAfold 2.5.1 --noPS --noDP --partfunc --MEA
    let trna = |program| read(program, &SEQUENCES, printed)[0].clone();
    assert_eq!(trna("rnafold"), "(((((((..((((........)))).(((((.......))))).....(((((.......))))))))))))....");
    assert_eq!(
        trna("rnafold-centroid"),
        "(((((((.....(((................)))...............................)))))))...."
    );
    assert_eq!(trna("rnafold-mea"), "(((((((....((((((.((......)).))))))....((.........(((.......))))))))))))....");
    for program in ["rnafold", "rnafold-centroid", "rnafold-mea"] {
        assert_eq!(read(program, &SEQUENCES, printed)[1], "((((....))))", "{program}");
    }
}

#[test]
fn squarnas_consensus_counts() {
    let found = read("squarna", &SEQUENCES, include_str!("recorded/squarna.txt")); // SQUARNA 3.2.2
    let trna = "((((((((.(([[[[........)).(((((]]]]...))))).((((.[[[[...))))]]]]))))))))....";
    assert_eq!(found, [trna, "((((....))))", "((((((...((((.....)))).....(((((....))))).......))))))...."]);
}

#[test]
fn what_mxfold2_and_efold_print_is_read() {
    let found = read("mxfold2", &SEQUENCES, include_str!("recorded/mxfold2.txt")); // MXfold2 0.1.1
    let trna = "(((((((..((((........)))).(((((.......))))).....(((((.......))))))))))))....";
    assert_eq!(found, [trna, "((((....))))", "((((((...((((.....))))...(.(((((....))))).).....))))))...."]);
    let found = read("efold", &SEQUENCES, include_str!("recorded/efold.txt")); // eFold 0.1.2, which prints no names
    let trna = "(((((((..((((........))))((((((.......))))))....(((((.......))))))))))))....";
    assert_eq!(found, [trna, "((((....))))", "((((((...((((.....))))...(...........)..........))))))...."]);
}

/// Texts from the guides of programs that were not at hand.
#[test]
fn what_guides_show_is_read() {
    let hammerhead = "CGCUGUCUGUACUUGUAUCAGUACACUGACGAGUCCCUAAAGGACGAAACAGCG";
    let eternafold = "Training mode: \nUse constraints: 0\nUse evidence: 0\nPredicting using MEA estimator.\n>test.seq\n\
        CGCUGUCUGUACUUGUAUCAGUACACUGACGAGUCCCUAAAGGACGAAACAGCG\n>structure\n\
        (((((((((((((......))))))..)....((((.....))))...))))))\n";
    let structure = "(((((((((((((......))))))..)....((((.....))))...))))))";
    assert_eq!(read("eternafold", &[hammerhead], eternafold), [structure]);
    assert_eq!(read("contrafold", &[hammerhead], eternafold), [structure]);

    let trna = "GGGCUCGUAGAUCAGCGGUAGAUCGCUUCCUUCGCAAGGAAGCCCUGGGUUCAAAUCCCAGCGAGUCCACCA";
    let structure = "(((((((..((((.......))))((((((((...)))))))).(((((.......))))))))))))....";
    let partition = format!("Free Energy of Ensemble: -32.14 kcal/mol\n{trna}\n{structure}\n");
    assert_eq!(read("linearpartition-v", &[trna], &partition), [structure]);
    let fold = format!(">seq1\n{trna}\n{structure} (-31.20)\n");
    assert_eq!(read("linearfold-v", &[trna], &fold), [structure]);

    let knot =
        "GACUCGCUUGACUGUUCACCUCCCCGUGGUGCGAGUUGGACACCCACCACUCGCAUUCUUCACCUAUUGUUUAAUUGUGCUUGUGGUGGGUGACUGAGAAACAGUC";
    let structure =
        ".[[[[[...(((((((((((.......))))]]]]].((.((((((((((..((((....................))))..)))))))))).))....)))))))";
    assert_eq!(read("ipknot", &[knot], &format!(">seq1\n{knot}\n{structure}\n"))[0].matches('[').count(), 5);
}

/// The predictions of a program of a few lines of shell, for the last two sequences.
#[cfg(unix)]
fn results(script: &str, arguments: &str) -> Result<Predictions, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fold.sh");
    std::fs::write(&path, script).unwrap();
    let command = format!("sh {} {arguments}", path.display());
    Predictions::from_program(&command, &references(&SEQUENCES[1..]), &mut ())
}

/// Writes the ends of each sequence as its only pair, to a file of the sequence's name in the folder `$2`.
#[cfg(unix)]
const BPSEQ: &str = r#"awk -v folder="$2" '/^>/ { name = substr($0, 2); next } {
    n = length($0); file = folder "/" name ".bpseq"
    for (i = 1; i <= n; i++) print i, substr($0, i, 1), (i == 1 ? n : i == n ? 1 : 0) > file
    print "0.5 0.1" > (folder "/" name ".prob")
}' "$1"
echo "............""#;

#[cfg(unix)]
#[test]
fn sequences_come_in_files_and_structures_may_go_to_files() {
    let pairs = |found: &Predictions| -> Vec<usize> {
        found.structures.iter().map(|structure| structure.as_ref().map_or(9, |found| found.pairs().len())).collect()
    };
    let all = results(r#"sed 's/^[ACGU]/(/; s/[ACGU]$/)/; s/[ACGU]/./g' "$1""#, "{input}").unwrap();
    assert_eq!(pairs(&all), [1, 1], "{:?}", all.problems);
    let cost = all.cost.unwrap();
    assert!(cost.seconds > 0.0, "{cost:?}");
    // Less than this process has had cannot be told from it; 400 MB can.
    let large = r#"head -c 400000000 /dev/zero | tail -c 400000000 > /dev/null; sed 's/[ACGU]/./g' "$1""#;
    let cost = results(large, "{input}").unwrap().cost.unwrap();
    assert!(cost.peak_memory > Some(400_000_000), "{cost:?}");
    let one = r#"[ $(grep -c '>' "$1") = 1 ] && sed 's/^[ACGU]/(/; s/[ACGU]$/)/; s/[ACGU]/./g' "$1""#;
    assert_eq!(pairs(&results(one, "{record}").unwrap()), [1, 1]);
    for arguments in ["{input} {output}", "{record} {output}"] {
        let files = results(BPSEQ, arguments).unwrap();
        assert_eq!(pairs(&files), [1, 1], "{arguments}: what is printed does not count: {:?}", files.problems);
    }
}

/// A program that prints each sequence once, as those do that collect them by their letters.
#[cfg(unix)]
#[test]
fn records_of_the_same_letters_have_the_same_structure() {
    let twins = references(&[SEQUENCES[1], SEQUENCES[2], SEQUENCES[1]]);
    let once = "sh -c \"grep -v '>' | sort -u | sed 'p; s/[ACGU]/./g'\"";
    let found = Predictions::from_program(once, &twins, &mut ()).unwrap();
    assert_eq!((found.count(), found.problems.len()), (3, 0), "{:?}", found.problems);
    assert!(
        found.notes[0].ends_with(": 1 record has the structure of another with the same sequence"),
        "{:?}",
        found.notes
    );
}

#[cfg(unix)]
#[test]
fn a_program_that_prints_nothing_is_stopped_and_not_waited_for() {
    /// Is asked once before the program is started.
    struct Soon(std::cell::Cell<bool>);
    impl Watch for Soon {
        fn stopped(&self) -> bool {
            self.0.replace(true)
        }
    }
    let begun = std::time::Instant::now();
    let found =
        Predictions::from_program("sh -c \"sleep 100; true\"", &references(&SEQUENCES[1..]), &mut Soon(false.into()))
            .unwrap();
    assert_eq!(found.count(), 0);
    assert!(begun.elapsed().as_secs() < 90, "it was waited for");
}

#[cfg(unix)]
#[test]
fn a_sequence_that_a_program_fails_at_is_an_error_of_that_record() {
    let choosy = r#"grep -q GGGG "$1" && exit 3; sed 's/[ACGU]/./g' "$1""#;
    let found = results(choosy, "{record}").unwrap();
    assert_eq!(found.count(), 1);
    assert!(found.problems[0].text.ends_with("ended with exit status: 3 at `r0` (12 nt)"), "{:?}", found.problems);
    let short = results(r#"sed 's/^[ACGU]//; s/[ACGU]/./g' "$1""#, "{input}").unwrap_err().to_string();
    assert!(short.contains("a structure of 11 positions for 12 bases"), "{short}");
    let wrong = results("echo '...'", "{record} {output}").unwrap_err().to_string();
    assert!(wrong.contains("printed no structure for any of 2 sequences"), "{wrong}");
}
