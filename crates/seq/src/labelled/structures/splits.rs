//! Who is trained on, validated and tested with: a table of `fold`, `partition` and `id`.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::table::{Error, Table, columns};

/// One fold of such a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Splits {
    of: HashMap<String, Partition>,
}

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// Training.
    Train,
    /// Choosing a model and its threshold.
    Validation,
    /// What is reported.
    Test,
}

impl Splits {
    /// Reads the rows of one fold.
    ///
    /// # Errors
    /// A column is missing, a partition is unknown, or there is no such fold, and which there are.
    pub fn read(path: &Path, fold: &str) -> Result<Self, Error> {
        let mut table = Table::open(path)?;
        let [of_fold, partition, id] =
            [table.column(&["fold"])?, table.column(&["partition"])?, table.column(columns::ID)?];
        let (mut splits, mut folds) = (Self::default(), BTreeSet::new());
        while let Some(row) = table.next_row()? {
            folds.insert(row.cell(of_fold).to_owned());
            if row.cell(of_fold) == fold {
                let partition = match row.cell(partition) {
                    "train" => Partition::Train,
                    "valid" | "validation" | "val" => Partition::Validation,
                    "test" => Partition::Test,
                    other => return Err(row.wrong(format!("partition `{other}`, expected train, valid or test"))),
                };
                splits.of.insert(row.cell(id).to_owned(), partition);
            }
        }
        match splits.of.is_empty() {
            false => Ok(splits),
            true => {
                let folds = Vec::from_iter(folds).join(", ");
                Err(Error::File { file: table.file().clone(), message: format!("no fold `{fold}`, there are {folds}") })
            }
        }
    }

    /// What a record of this name is for; `None` where the fold does not name it.
    pub fn of(&self, id: &str) -> Option<Partition> {
        self.of.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fold_is_read_and_unknown_ones_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("splits.csv");
        std::fs::write(&path, "fold,partition,id\n5s,train,a\n5s,valid,b\n5s,test,c\nsrp,train,c\n").unwrap();
        let splits = Splits::read(&path, "5s").unwrap();
        let found = ["a", "b", "c", "d"].map(|id| splits.of(id));
        assert_eq!(found, [Some(Partition::Train), Some(Partition::Validation), Some(Partition::Test), None]);
        let said = Splits::read(&path, "16s").unwrap_err().to_string();
        assert!(said.ends_with("splits.csv: no fold `16s`, there are 5s, srp"), "{said}");
    }
}
