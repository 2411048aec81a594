//! Walks the shelf of odd files: each gives what its line in `odd_files/README.md` says, and each has a line.

use std::{collections::BTreeSet, fs, path::Path};

use rinalmo_seq::{
    Error, InputOptions, Sequences, Structure, bpseq, ct, dot_bracket,
    input::{name_of, open},
    st, stockholm,
};

/// Cargo runs tests in the folder of the crate.
const SHELF: &str = "tests/odd_files";

/// What a file gives, in the words of the index: `id:bases` or `id:bases:pairs` for a record, `! message` for an error.
fn outcome(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let said = match extension {
        "dbn" => folded(path, |s| {
            Box::new(dot_bracket::Reader::new(s).map(|r| r.map(|r| (r.header, r.sequence, r.structure))))
        }),
        "ct" => folded(path, |s| Box::new(ct::Reader::new(s).map(|r| r.map(|r| (r.header, r.sequence, r.structure))))),
        "bpseq" => {
            folded(path, |s| Box::new(bpseq::Reader::new(s).map(|r| r.map(|r| (r.header, r.sequence, r.structure)))))
        }
        "sto" => folded(path, |s| {
            Box::new(stockholm::Reader::new(s).map(|r| r.map(|r| (r.header, r.sequence, r.structure))))
        }),
        "st" => folded(path, |s| Box::new(st::Reader::new(s).map(|r| r.map(|r| (r.header, r.sequence, r.structure))))),
        _ => Sequences::open(&[path], InputOptions::default())
            .map(|record| match record {
                Ok(record) => format!("{}:{}", record.id, record.sequence.len()),
                Err(error) => told(&error),
            })
            .collect(),
    };
    if said.is_empty() { "nothing".into() } else { said.join(" · ") }
}

type Stream = Box<dyn std::io::BufRead + Send>;
type Folded = Result<(String, Vec<u8>, Structure), Error>;

fn folded(path: &Path, reader: fn(Stream) -> Box<dyn Iterator<Item = Folded>>) -> Vec<String> {
    let say = |record: Folded| match record {
        Ok((header, sequence, structure)) => {
            assert_eq!(sequence.len(), structure.len());
            format!("{header}:{}:{}", sequence.len(), structure.pairs().len())
        }
        Err(error) => told(&error.named(&name_of(path))),
    };
    reader(open(path).expect("the shelf can be read")).map(say).collect()
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
