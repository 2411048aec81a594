//! Builds exclude the same whether evaluation sets and inputs are alignments or plain sequences.

mod common;

use std::path::Path;

use common::{FirstLetters, fasta, options};
use rinalmo_corpus::build::{Exclude, Excluded, Options, Report, build};
use rinalmo_corpus::exclude::Gaps;

/// Every record of a FASTA text with `pad` applied to its letters.
fn padded(text: &str, pad: impl Fn(&str) -> String) -> String {
    let record = |record: &str| {
        let (header, letters) = record.split_once('\n').unwrap();
        format!(">{header}\n{}\n", pad(letters.trim()))
    };
    text.split('>').skip(1).map(record).collect()
}

/// Twelve letters, a gap of three, and so on, between padded ends.
fn alignment(letters: &str, gap: &str) -> String {
    let pieces: Vec<&str> = letters.as_bytes().chunks(12).map(|piece| str::from_utf8(piece).unwrap()).collect();
    format!("{}{}{}", gap.repeat(250), pieces.join(&gap.repeat(3)), gap.repeat(250))
}

fn built(folder: &Path, input: &str, set: &str) -> Report {
    let path = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let exclude = Exclude { sets: vec![path("set.fa", set)], ..Exclude::default() };
    let options = Options { exclude, ..options() };
    build(&[path("input.fa", input)], &folder.join("c.lmdb"), &options, &FirstLetters, &()).unwrap()
}

fn without_gaps(mut excluded: Excluded) -> Excluded {
    excluded.sets.iter_mut().for_each(|set| set.gaps = Gaps::default());
    excluded
}

#[test]
fn an_alignment_excludes_what_its_sequences_exclude_and_its_gaps_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (input, set) = (fasta(40, 100..180, 21), fasta(10, 100..180, 21));
    let plain = built(folder.path(), &input, &set);
    assert!(plain.excluded.sequences > 10, "{}", plain.excluded);
    assert_eq!(plain.excluded.sets[0].gaps, Gaps::default());
    for gap in ["-", ".", "~"] {
        let aligned = |text: &str| padded(text, |letters| alignment(letters, gap));
        for (rows, rows_of_set) in [(false, true), (true, false), (true, true)] {
            let row = |text: &str, yes: bool| if yes { aligned(text) } else { text.to_owned() };
            let report = built(folder.path(), &row(&input, rows), &row(&set, rows_of_set));
            assert_eq!(without_gaps(report.excluded.clone()), plain.excluded, "{gap}");
            assert_eq!((report.read.total().kept_bases), plain.read.total().kept_bases);
            assert_eq!(report.read.total().odd.gaps > 0, rows);
            let Gaps { letters, sequences } = report.excluded.sets[0].gaps;
            let size = report.excluded.sets[0].size;
            assert_eq!((letters > 500 * sequences, sequences), (rows_of_set, if rows_of_set { size } else { 0 }));
            assert_eq!(report.to_string().contains("compared without the "), rows_of_set);
        }
    }
}

#[test]
fn an_evaluation_set_without_bases_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.fa");
    std::fs::write(&input, fasta(3, 100..180, 22)).unwrap();
    for text in ["", ">a\n----\n>b\n....\n"] {
        let set = folder.path().join("set.fa");
        std::fs::write(&set, text).unwrap();
        let exclude = Exclude { sets: vec![set], ..Exclude::default() };
        let options = Options { exclude, ..options() };
        let result = build(std::slice::from_ref(&input), &folder.path().join("c.lmdb"), &options, &FirstLetters, &());
        let message = result.unwrap_err().to_string();
        assert!(
            message.ends_with("set.fa: the evaluation set holds no bases, so it would exclude nothing"),
            "{message}"
        );
    }
}

#[test]
fn an_evaluation_set_may_come_in_any_format_of_sequences_or_structures() {
    let folder = tempfile::tempdir().unwrap();
    let input = fasta(12, 100..180, 23);
    let letters = input.lines().nth(1).unwrap();
    let plain = built(folder.path(), &input, &format!(">e\n{letters}\n"));
    assert!(plain.excluded.sequences > 0);
    let (len, dots) = (letters.len(), ".".repeat(letters.len()));
    let rows = |row: &dyn Fn(usize, char) -> String| -> String {
        letters.chars().enumerate().map(|(at, letter)| row(at + 1, letter)).collect()
    };
    let ct = rows(&|at, letter| format!("{at} {letter} {} {} 0 {at}\n", at - 1, (at + 1) % (len + 1)));
    let bpseq = rows(&|at, letter| format!("{at} {letter} 0\n"));
    let aligned = alignment(letters, ".");
    for (name, text) in [
        ("set.dbn", format!(">e\n{letters}\n{dots}\n")),
        ("set.ct", format!("{len} e\n{ct}")),
        ("set.bpseq", bpseq),
        ("set.sto", format!("# STOCKHOLM 1.0\n\ne {aligned}\n#=GC SS_cons {}\n//\n", ".".repeat(aligned.len()))),
        (
            "set.st",
            format!(
                "#Name: e\n#Length: {len}\n#PageNumber: 1\n{letters}\n{dots}\n{}\n{}\n",
                "E".repeat(len),
                "N".repeat(len)
            ),
        ),
        ("set.csv", format!("id,sequence,structure\ne,{letters},{dots}\n")),
        ("set.txt", format!("{letters}\n")),
    ] {
        let set = folder.path().join(name);
        std::fs::write(&set, text).unwrap();
        let exclude = Exclude { sets: vec![set], ..Exclude::default() };
        let options = Options { exclude, ..options() };
        let inputs = [folder.path().join("input.fa")];
        let report = build(&inputs, &folder.path().join("c.lmdb"), &options, &FirstLetters, &()).unwrap();
        let found = (report.excluded.sequences, report.excluded.sets[0].size);
        assert_eq!(found, (plain.excluded.sequences, 1), "{name}");
    }
}
