//! Walks the shelf of odd files: each gives what its line in `odd_files/README.md` says, and each has a line.

use std::{collections::BTreeSet, fs, path::Path};

use rinalmo_seq::{
    Error, InputOptions, Sequences,
    folded::{ENDINGS, Format, Reader, Record},
    input::{name_of, open},
};

/// Cargo runs tests in the folder of the crate.
const SHELF: &str = "tests/odd_files";
/// Endings under which structures may come, but sequences usually do.
const FASTA: [&str; 2] = ["fa", "fasta"];

/// What a file gives, in the words of the index: `id:bases` or `name:bases:pairs` for a record, then `+n` for further
/// structures and `-n` for pairs with a gap, `! message` for an error.
fn outcome(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let format = ENDINGS.iter().find(|(ending, _)| *ending == extension && !FASTA.contains(ending));
    let said: Vec<String> = match format {
        Some(&(_, format)) => folded(path, format),
        None => Sequences::open(&[path], InputOptions::default())
            .map(|record| match record {
                Ok(record) => format!("{}:{}", record.id, record.sequence.len()),
                Err(error) => told(&error),
            })
            .collect(),
    };
    if said.is_empty() { "nothing".into() } else { said.join(" · ") }
}

fn folded(path: &Path, format: Format) -> Vec<String> {
    let counted = |sign: &str, count: usize| if count == 0 { String::new() } else { format!("{sign}{count}") };
    let say = |record: Result<Record, Error>| match record {
        Ok(Record { name, sequence, structure, further, gapped_pairs }) => {
            assert_eq!(sequence.len(), structure.len());
            let (further, gapped) = (counted("+", further), counted("-", gapped_pairs));
            format!("{name}:{}:{}{further}{gapped}", sequence.len(), structure.pairs().len())
        }
        Err(error) => told(&error.named(&name_of(path))),
    };
    Reader::new(open(path).expect("the shelf can be read"), format).map(say).collect()
}

fn told(error: &Error) -> String {
    format!("! {error}").replace(&format!("{SHELF}/"), "")
}

#[test]
fn every_odd_file_gives_what_the_index_says() {
    let index = fs::read_to_string(format!("{SHELF}/README.md")).unwrap();
    let mut listed = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in index.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').splitn(3, " | ").map(str::trim).collect();
        let name = cells[0].trim_matches('`');
        listed.insert(name.to_string());
        let found = outcome(&Path::new(SHELF).join(name));
        if found != cells[2] {
            wrong.push(format!("{name}\n  index: {}\n  found: {found}", cells[2]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let shelf = fs::read_dir(SHELF).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let present: BTreeSet<String> = shelf.filter(|name| name != "README.md" && name != ".gitattributes").collect();
    assert_eq!(listed, present, "left: in the index, right: on the shelf");
}
