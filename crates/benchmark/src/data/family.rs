//! Families of non-coding RNA: a training set and a test set, in FASTA or tables.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rinalmo_seq::input::Kinds;
use rinalmo_seq::labelled::labels::{self, Columns};
use rinalmo_seq::table::Table;

use super::{Prepared, Written, everything, is_table, missing, name};
use crate::Error;
use crate::{Fold, Trial};
use rinalmo_runs::finetune::Files;

const FASTA: Kinds<()> = Kinds(&[("fasta", ()), ("fa", ())]);
const HEADER: [&str; 3] = ["id", "sequence", "family"];

/// Reads files with `test` or `validated`, and `val` or `dev` in their names; all others are for training. They are
/// FASTA with `>id family`, or tables with the columns sequence and family (or class or label; `name` in the paper's
/// own tables). Training sequences that are also in the test set are dropped.
pub(super) fn fold(paths: &[PathBuf], folder: &Path) -> Result<Prepared, Error> {
    let is_data = |path: &PathBuf| is_table(path) || path.is_file() && FASTA.of(path).is_some();
    let files: Vec<PathBuf> = everything(paths)?.into_iter().filter(is_data).collect();
    let part = |path: &Path| match name(path) {
        name if name.contains("test") || name.contains("validated") => "test",
        name if name.contains("val") || name.contains("dev") => "validation",
        _ => "train",
    };
    let mut items = Vec::new();
    for path in &files {
        let found = labels::read(path, &columns(path)?)?;
        items.extend(found.into_iter().map(|item| (part(path), item)));
    }
    let letters = |sequence: &[u8]| sequence.to_ascii_uppercase();
    let tested: HashSet<Vec<u8>> =
        items.iter().filter(|(part, _)| *part == "test").map(|(_, item)| letters(&item.sequence)).collect();
    let mut written = Written::new(folder, HEADER);
    let mut dropped = 0;
    for (part, item) in &items {
        if *part != "test" && tested.contains(&letters(&item.sequence)) {
            dropped += 1;
            continue;
        }
        let sequence = String::from_utf8_lossy(&item.sequence);
        written.add(&format!("family/{part}"), [item.id.as_str(), &sequence, &item.label])?;
    }
    let found = written.finish()?;
    let of = |part: &str| found.get(&format!("family/{part}")).map(|(path, _)| path.clone());
    let (Some(train), Some(test)) = (of("train"), of("test")) else {
        return Err(missing(
            "no training set or no test set",
            paths,
            "the test set's file is called test or validated",
        ));
    };
    let notes = match dropped {
        0 => Vec::new(),
        dropped => vec![format!("{dropped} training sequences dropped that are also in the test set")],
    };
    let validation = of("validation").into_iter().collect();
    let files = Files { train: vec![train], validation, ..Files::default() };
    let trials = vec![Trial { row: "test".into(), path: test }];
    Ok(Prepared { folds: vec![Fold { name: "family".into(), files, trials }], notes })
}

/// The column of families of a table.
fn columns(path: &Path) -> Result<Columns, Error> {
    if labels::is_fasta(path)? {
        return Ok(Columns::default());
    }
    let table = Table::open(path)?;
    let column = table.column(&["family", "class", "label", "name"])?;
    Ok(Columns { label: Some(table.name(column).to_owned()), ..Columns::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fasta_and_the_papers_tables_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("nrc_6320.fasta"), ">a tRNA\nACGU\n>b 5S\nGGGG\n>c 5S\nCCCC\n").unwrap();
        std::fs::write(at("nrc_validated.fasta"), ">d tRNA\nAAAA\n>e 5S\ncccc\n").unwrap();
        let found = fold(&[at("nrc_6320.fasta"), at("nrc_validated.fasta")], &at("data")).unwrap();
        assert_eq!(found.notes, ["1 training sequences dropped that are also in the test set"]);
        let train = std::fs::read_to_string(&found.folds[0].files.train[0]).unwrap();
        assert_eq!(train, "id,sequence,family\na,ACGU,tRNA\nb,GGGG,5S\n");

        std::fs::create_dir(at("rfam")).unwrap();
        for part in ["train", "val", "test"] {
            let letter = if part == "train" { "ACGU" } else { "GGCC" };
            std::fs::write(
                at("rfam").join(format!("{part}.csv")),
                format!("name,width,sequence,class_id\nRF00001,4,{letter},0\n"),
            )
            .unwrap();
        }
        let found = fold(&[at("rfam")], &at("data2")).unwrap();
        let test = std::fs::read_to_string(&found.folds[0].trials[0].path).unwrap();
        assert!(test.ends_with("GGCC,RF00001\n"), "{test}");
        assert!(fold(&[at("nrc_6320.fasta")], &at("data3")).is_err());
    }
}
