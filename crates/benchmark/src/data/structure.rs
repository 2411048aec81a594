//! Secondary structures: bpRNA's three parts, and ArchiveII by family.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rinalmo_runs::FileError;
use rinalmo_seq::labelled::structures::{Partition, Splits};
use rinalmo_seq::table::{Table, columns};

use super::{Prepared, Written, each, everything, folder_of, is_table, missing, name, tables_with};
use crate::Error;
use crate::{Fold, Trial};
use rinalmo_runs::finetune::Files;

const PARTS: [&str; 3] = ["tr0", "vl0", "ts0"];

/// TR0 for training, VL0 for validation, TS0 for testing: files or folders of these names, as in SPOT-RNA's
/// `bpRNA_dataset.zip`.
pub(super) fn bprna(paths: &[PathBuf]) -> Result<Prepared, Error> {
    let all = everything(paths)?;
    let part = |part: &str| {
        let called = all.iter().find(|path| name(path).starts_with(part));
        let expected = "files or folders called TR0, VL0 and TS0; SPOT-RNA's bpRNA_dataset.zip has them";
        called.cloned().ok_or_else(|| missing(&format!("no {}", part.to_uppercase()), paths, expected))
    };
    let [train, validation, test] = [part(PARTS[0])?, part(PARTS[1])?, part(PARTS[2])?];
    let files = Files { train: vec![train], validation: vec![validation], ..Files::default() };
    let trials = vec![Trial { row: "TS0".into(), path: test }];
    Ok(Prepared { folds: vec![Fold { name: "bprna".into(), files, trials }], notes: Vec::new() })
}

/// A fold for each family of ArchiveII, which is held out: folders `fam-fold/FAMILY/{train,valid,test}`, as in
/// `ct-splits.tar.gz`, or a table of structures and one of `fold`, `partition` and `id`.
pub(super) fn families(paths: &[PathBuf], folder: &Path) -> Result<Prepared, Error> {
    let mut splits = tables_with(paths, [&["fold"], &["partition"], columns::ID])?;
    let folds = match splits.pop() {
        Some((path, mut table, [fold, _, _])) => {
            let data = tables_with(paths, [columns::ID, columns::SEQUENCE])?;
            let data: Vec<PathBuf> = data.into_iter().map(|(path, ..)| path).collect();
            if data.is_empty() {
                return Err(missing(
                    "no table of structures",
                    paths,
                    "columns id, sequence, and base_pairs or structure",
                ));
            }
            let mut names = BTreeSet::new();
            each(&mut table, |row| {
                names.insert(row.cell(fold).to_owned());
                Ok(())
            })?;
            split(&data, &path, &names, folder)?
        }
        None => folders(paths)?,
    };
    if folds.is_empty() {
        return Err(missing(
            "no folds",
            paths,
            "ct-splits.tar.gz with folders fam-fold/FAMILY/{train,valid,test}, or a table of structures and one with the \
             columns fold, partition, id",
        ));
    }
    Ok(Prepared { folds, notes: Vec::new() })
}

fn folders(paths: &[PathBuf]) -> Result<Vec<Fold>, Error> {
    let all = everything(paths)?;
    let families = all.iter().filter(|path| path.is_dir() && folder_of(path) == "fam-fold");
    let fold = |family: &PathBuf| {
        let [train, validation, test] = ["train", "valid", "test"].map(|part| family.join(part));
        for part in [&train, &validation, &test] {
            std::fs::metadata(part).map_err(FileError::of("read", part))?;
        }
        let row = family.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = Files { train: vec![train], validation: vec![validation], ..Files::default() };
        Ok(Fold { name: row.clone(), files, trials: vec![Trial { row, path: test }] })
    };
    families.map(fold).collect()
}

fn split(data: &[PathBuf], splits: &Path, names: &BTreeSet<String>, folder: &Path) -> Result<Vec<Fold>, Error> {
    let parts: BTreeMap<&str, Splits> =
        names.iter().map(|name| Ok((name.as_str(), Splits::read(splits, name)?))).collect::<Result<_, Error>>()?;
    let mut folds = Vec::new();
    for (name, splits) in parts {
        let mut written: Option<Written<'_>> = None;
        for path in data.iter().filter(|path| is_table(path)) {
            let mut table = Table::open(path)?;
            let id = table.column(columns::ID)?;
            let written = written.get_or_insert_with(|| Written::new(folder, table.names().to_vec()));
            each(&mut table, |row| {
                let part = match splits.of(row.cell(id)) {
                    Some(Partition::Train) => "train",
                    Some(Partition::Validation) => "validation",
                    Some(Partition::Test) => "test",
                    None => return Ok(()),
                };
                written.add(&format!("{name}/{part}"), row.cells())
            })?;
        }
        let found = written.map(Written::finish).transpose()?.unwrap_or_default();
        let part = |part: &str| match found.get(&format!("{name}/{part}")) {
            Some((path, _)) => Ok(path.clone()),
            None => {
                Err(missing(&format!("fold `{name}`: no {part} records"), data, "ids are compared letter by letter"))
            }
        };
        let validation = found.get(&format!("{name}/validation")).map(|(path, _)| path.clone());
        let files =
            Files { train: vec![part("train")?], validation: validation.into_iter().collect(), ..Files::default() };
        let trials = vec![Trial { row: name.to_owned(), path: part("test")? }];
        folds.push(Fold { name: name.to_owned(), files, trials });
    }
    Ok(folds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bprna_is_found_by_the_names_of_its_parts() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for part in ["bpRNA_dataset/TR0", "bpRNA_dataset/VL0", "bpRNA_dataset/TS0"] {
            std::fs::create_dir_all(at(part)).unwrap();
        }
        let found = bprna(&[at("bpRNA_dataset")]).unwrap().folds.remove(0);
        assert_eq!(found.files.train, [at("bpRNA_dataset/TR0")]);
        assert_eq!(found.trials[0].path, at("bpRNA_dataset/TS0"));
        std::fs::remove_dir(at("bpRNA_dataset/VL0")).unwrap();
        let said = bprna(&[at("bpRNA_dataset")]).err().unwrap().to_string();
        assert!(said.contains("bpRNA_dataset: no VL0\nhint: "), "{said}");
    }

    #[test]
    fn a_family_is_kept_out_by_a_table_or_by_folders() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("A.csv"), "id,sequence,structure\na,GAAAC,(...)\nb,GAAAC,(...)\nc,GAAAC,.....\n").unwrap();
        let rows = "fold,partition,id\n5s,train,a\n5s,valid,b\n5s,test,c\nsrp,train,c\nsrp,valid,b\nsrp,test,a\n";
        std::fs::write(at("splits.csv"), rows).unwrap();
        let found = families(&[at("A.csv"), at("splits.csv")], &at("data")).unwrap().folds;
        assert_eq!(found.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["5s", "srp"]);
        let test = std::fs::read_to_string(&found[1].trials[0].path).unwrap();
        assert_eq!(test, "id,sequence,structure\na,GAAAC,(...)\n");

        for part in ["train", "valid", "test"] {
            std::fs::create_dir_all(at("x/ct/fam-fold/tRNA").join(part)).unwrap();
        }
        let found = families(&[at("x")], &at("data")).unwrap().folds;
        assert_eq!((found.len(), found[0].name.as_str()), (1, "tRNA"));
        assert!(families(&[at("A.csv")], &at("data")).err().unwrap().to_string().contains("no folds"));
    }
}
