//! Real collections, where they are at hand: every FASTA file is read, every structure survives every format.

use std::{io::BufRead, path::PathBuf};

use rinalmo_seq::{InputOptions, Sequences, Structure, bpseq, ct, dot_bracket, input::open, st, stockholm};

fn data(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(folder);
    if !path.is_dir() {
        rinalmo_skips::skip!("{} is not here", path.display());
    }
    path.is_dir().then_some(path)
}

#[test]
fn every_collection_is_read_to_its_end() {
    let Some(folder) = data("corpus") else { return };
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().contains(".fa"));
    files.sort();
    for path in files {
        let headers = open(&path).unwrap().split(b'\n').filter(|l| l.as_ref().unwrap().starts_with(b">")).count();
        let records = Sequences::open(&[&path], InputOptions::LENIENT);
        assert_eq!(records.map(Result::unwrap).count(), headers, "{}", path.display());
    }
}

#[test]
fn every_structure_survives_every_format() {
    let Some(folder) = data("structure") else { return };
    let table = open(folder.join("TS0.tsv.gz")).unwrap();
    let mut count = 0;
    for row in table.lines().skip(1).map(Result::unwrap) {
        let cells: Vec<&str> = row.split('\t').collect();
        let (header, sequence) = (cells[0].to_string(), cells[1].as_bytes().to_vec());
        let structure = Structure::parse_dot_bracket(cells[2]).unwrap();
        macro_rules! survives {
            ($format:ident $(, $field:ident)?) => {{
                let (header, sequence, structure) = (header.clone(), sequence.clone(), structure.clone());
                let record = $format::Record { header, sequence, structure $(, $field: None)? };
                let mut writer = $format::Writer::new(Vec::new());
                writer.write(&record).unwrap();
                let text = writer.into_inner();
                let read: Vec<_> = $format::Reader::new(&text[..]).collect::<Result<_, _>>().unwrap();
                assert_eq!(read, [record]);
            }};
        }
        survives!(dot_bracket, score);
        survives!(ct);
        survives!(bpseq);
        survives!(stockholm);
        survives!(st);
        count += 1;
    }
    assert_eq!(count, 1305);
}
