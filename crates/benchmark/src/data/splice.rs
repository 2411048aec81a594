//! Splice sites: a fold for each kind of site, and each training set or held-out species.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use rinalmo_runs::FileError;
use rinalmo_seq::labelled::labels::{same, yes_no};
use rinalmo_seq::table::{Table, columns};

use super::{Prepared, Written, each, everything, folder_of, missing, name, tables_with};
use crate::Error;
use crate::{Fold, Trial};
use rinalmo_runs::finetune::Files;

const KINDS: [&str; 2] = ["donor", "acceptor"];
/// The meaning of the three labels in data of one species.
const SITES: [(&str, &str); 3] = [("0", "acceptor"), ("1", "donor"), ("2", "")];
const HEADER: [&str; 3] = ["id", "sequence", "label"];

/// Reads three layouts: Spliceator's, tables of windows by species, and one species with three labels.
pub(super) fn folds(paths: &[PathBuf], folder: &Path) -> Result<Prepared, Error> {
    let mut prepared = Prepared { folds: spliceator(paths, folder)?, notes: Vec::new() };
    prepared.folds.extend(species(paths, folder)?);
    three_labels(paths, folder, &mut prepared)?;
    if prepared.folds.is_empty() {
        return Err(missing(
            "no windows around splice sites",
            paths,
            "Spliceator's folders (GS_1/N/Train_donor_400.csv; SPECIES/SA_sequences_donor_400_Final_3.fasta), a table with \
             the columns species, kind, label, seq, or tables dev and test with sequence and label (0 acceptor, 1 donor, 2 \
             neither)",
        ));
    }
    Ok(prepared)
}

/// Spliceator's data (Scalzitti et al. 2021): `GS_1/N/{Train,Test}_{donor,acceptor}_400.csv`, rows `id;sequence;label`
/// without a header; and for each benchmark species `SA_sequences_KIND_400_Final_3.fasta` with a sequence a line, and
/// `SA_labels_KIND_400_Final_3.fasta` with a label a line.
fn spliceator(paths: &[PathBuf], folder: &Path) -> Result<Vec<Fold>, Error> {
    let all = everything(paths)?;
    let mut folds = Vec::new();
    for kind in KINDS {
        let mut trials = Vec::new();
        let wanted = format!("sa_sequences_{kind}_400_final_3.fasta");
        for sequences in all.iter().filter(|path| name(path) == wanted) {
            let of = folder_of(sequences);
            let file = sequences.file_name().unwrap_or_default().to_string_lossy();
            let labels = sequences.with_file_name(file.replacen("sequences", "labels", 1));
            let path = labelled_lines(sequences, &labels, folder, &format!("{kind}-{of}"))?;
            trials.push(Trial { row: format!("{kind} {of}"), path });
        }
        for train in all.iter().filter(|path| name(path) == format!("train_{kind}_400.csv")) {
            let number = folder_of(train);
            let file = train.file_name().unwrap_or_default().to_string_lossy();
            let test = train.with_file_name(file.replacen("Train", "Test", 1));
            if trials.is_empty() {
                let expected = format!("SPECIES/SA_sequences_{kind}_400_Final_3.fasta, Spliceator's benchmarks");
                return Err(missing(&format!("no species to test {kind}s on"), paths, &expected));
            }
            let fold = format!("{kind}-{number}");
            let [train, validation] = [(train, "train"), (&test, "validation")]
                .map(|(path, part)| semicolons(path, folder, &format!("{fold}/{part}")));
            let files = Files { train: vec![train?], validation: vec![validation?], ..Files::default() };
            folds.push(Fold { name: fold, files, trials: trials.clone() });
        }
    }
    Ok(folds)
}

/// Rows `id;sequence;label` as a table.
fn semicolons(path: &Path, folder: &Path, to: &str) -> Result<PathBuf, Error> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(rinalmo_seq::input::open(path)?);
    let mut written = Written::new(folder, HEADER);
    let wrong = |line: u64, what: String| Error::Options(format!("{}:{line}: {what}", path.display()));
    for row in reader.records() {
        let row = row.map_err(|error| wrong(error.position().map_or(0, csv::Position::line), error.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        let (Some(id), Some(sequence), Some(label)) = (row.get(0), row.get(1), row.get(2)) else {
            return Err(wrong(line, format!("{} cells, expected id;sequence;label", row.len())));
        };
        let label = check(label).map_err(|what| wrong(line, what))?;
        written.add(to, [id, sequence, label])?;
    }
    one(written, path)
}

/// Sequences and labels, a line each, as a table.
fn labelled_lines(sequences: &Path, labels: &Path, folder: &Path, to: &str) -> Result<PathBuf, Error> {
    let lines = |path: &Path| -> Result<Vec<String>, Error> {
        let mut text = String::new();
        BufReader::new(rinalmo_seq::input::open(path)?)
            .read_to_string(&mut text)
            .map_err(FileError::of("read", path))?;
        Ok(text.as_bytes().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()).collect())
    };
    let (letters, marks) = (lines(sequences)?, lines(labels)?);
    if letters.len() != marks.len() {
        let (sequences, labels, many, few) = (sequences.display(), labels.display(), letters.len(), marks.len());
        return Err(Error::Options(format!("{labels}: {few} labels for the {many} sequences of {sequences}")));
    }
    let mut written = Written::new(folder, HEADER);
    for (number, (sequence, label)) in letters.iter().zip(&marks).enumerate() {
        let wrong = |what| Error::Options(format!("{}:{}: {what}", labels.display(), number + 1));
        let label = check(label.trim()).map_err(wrong)?;
        written.add(to, [format!("seq{}", number + 1).as_str(), sequence.trim(), label])?;
    }
    one(written, sequences)
}

/// A label as 0 or 1, from any spelling of yes and no.
fn check(label: &str) -> Result<&'static str, String> {
    match yes_no(label) {
        Some(yes) => Ok(if yes { "1" } else { "0" }),
        None => Err(format!("label `{label}`, expected 0 or 1")),
    }
}

fn one(written: Written<'_>, of: &Path) -> Result<PathBuf, Error> {
    let path = written.finish()?.into_values().next().map(|(path, _)| path);
    path.ok_or_else(|| Error::Options(format!("{}: is empty", of.display())))
}

/// Tables of windows with `species`, `kind`, `label` 0 or 1: a fold for each kind and each held-out species.
fn species(paths: &[PathBuf], folder: &Path) -> Result<Vec<Fold>, Error> {
    let mut written = Written::new(folder, HEADER);
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, mut table, [species, kind, ..]) in
        tables_with(paths, [&["species"], &["kind"], &["label"], columns::SEQUENCE])?
    {
        each(&mut table, |row| {
            names.entry(row.cell(kind).into()).or_default().insert(row.cell(species).into());
            Ok(())
        })?;
    }
    for (_, mut table, [species, kind, label, sequence]) in
        tables_with(paths, [&["species"], &["kind"], &["label"], columns::SEQUENCE])?
    {
        let mut number = 0;
        each(&mut table, |row| {
            number += 1;
            let label = check(row.cell(label)).map_err(|what| row.wrong(what))?;
            let (own, kind, id) = (row.cell(species), row.cell(kind), format!("{}-{number}", row.cell(species)));
            for kept_out in names.get(kind).into_iter().flatten() {
                let part = if kept_out == own { "test" } else { "train" };
                written.add(&format!("{kind}-{kept_out}/{part}"), [&id, row.cell(sequence), label])?;
            }
            Ok(())
        })?;
    }
    let found = written.finish()?;
    let mut folds = Vec::new();
    for (kind, species) in &names {
        for kept_out in species {
            let fold = format!("{kind}-{kept_out}");
            let part = |part: &str| found.get(&format!("{fold}/{part}")).map(|(path, _)| path.clone());
            let (Some(train), Some(path)) = (part("train"), part("test")) else {
                return Err(missing(&format!("one species only for {kind}s: {kept_out}"), paths, "two at least"));
            };
            let files = Files { train: vec![train], ..Files::default() };
            folds.push(Fold { name: fold, files, trials: vec![Trial { row: format!("{kind} {kept_out}"), path }] });
        }
    }
    Ok(folds)
}

/// One species, labels 1 donor, 0 acceptor, 2 neither, in tables called train, dev and test: a fold for each kind, with
/// the other two labels as no. Training sequences that are also in the test set are dropped.
fn three_labels(paths: &[PathBuf], folder: &Path, prepared: &mut Prepared) -> Result<(), Error> {
    let tables = || tables_with(paths, [&["label"], columns::SEQUENCE]);
    let is_other = |table: &Table| table.find(&["species"]).is_none();
    let found: Vec<PathBuf> =
        tables()?.into_iter().filter(|(_, table, _)| is_other(table)).map(|(path, ..)| path).collect();
    let has_train = found.iter().any(|path| name(path).contains("train"));
    let part = |path: &Path| match name(path) {
        name if name.contains("test") => Some("test"),
        name if name.contains("train") => Some("train"),
        name if name.contains("dev") || name.contains("valid") => Some(if has_train { "validation" } else { "train" }),
        _ => None,
    };
    if !found.iter().any(|path| part(path) == Some("test")) {
        return Ok(());
    }
    let mut tested: HashSet<String> = HashSet::new();
    for (path, mut table, [_, sequence]) in tables()? {
        if is_other(&table) && part(&path) == Some("test") {
            each(&mut table, |row| {
                tested.insert(row.cell(sequence).to_ascii_uppercase());
                Ok(())
            })?;
        }
    }
    let mut written = Written::new(folder, HEADER);
    let mut dropped = 0;
    for (path, mut table, [label, sequence]) in tables()?.into_iter().filter(|(_, table, _)| is_other(table)) {
        let Some(part) = part(&path) else { continue };
        let mut number = 0;
        each(&mut table, |row| {
            number += 1;
            if part != "test" && tested.contains(&row.cell(sequence).to_ascii_uppercase()) {
                dropped += 1;
                return Ok(());
            }
            let label = row.cell(label);
            let Some((_, site)) = SITES.iter().find(|(known, _)| same(label, known)) else {
                return Err(row.wrong(format!("label `{label}`, expected 0, 1 or 2")).into());
            };
            for kind in KINDS {
                let mark = if kind == *site { "1" } else { "0" };
                written.add(&format!("{kind}-human/{part}"), [&format!("{part}{number}"), row.cell(sequence), mark])?;
            }
            Ok(())
        })?;
    }
    if dropped > 0 {
        prepared.notes.push(format!("{dropped} training sequences dropped that are also in the test set"));
    }
    let found = written.finish()?;
    for kind in KINDS {
        let part = |part: &str| found.get(&format!("{kind}-human/{part}")).map(|(path, _)| path.clone());
        let Some(train) = part("train") else {
            return Err(missing("no table to train on", paths, "a table called train or dev next to the test set"));
        };
        let files =
            Files { train: vec![train], validation: part("validation").into_iter().collect(), ..Files::default() };
        let trials = part("test").map(|path| Trial { row: format!("{kind} human"), path }).into_iter().collect();
        prepared.folds.push(Fold { name: format!("{kind}-human"), files, trials });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_species_is_kept_out_of_one_fold_a_kind() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let rows = "species\tkind\tlabel\tseq\nfly\tdonor\t1\tACGT\nworm\tdonor\t0\tACGA\nfly\tacceptor\t1\tGGGT\n\
                    worm\tacceptor\t0\tGGGA\n";
        std::fs::write(at("w.tsv"), rows).unwrap();
        let found = folds(&[at("w.tsv")], &at("data")).unwrap().folds;
        let names: Vec<&str> = found.iter().map(|fold| fold.name.as_str()).collect();
        assert_eq!(names, ["acceptor-fly", "acceptor-worm", "donor-fly", "donor-worm"]);
        assert_eq!(std::fs::read_to_string(&found[2].files.train[0]).unwrap(), "id,sequence,label\nworm-2,ACGA,0\n");
        assert_eq!(std::fs::read_to_string(&found[2].trials[0].path).unwrap(), "id,sequence,label\nfly-1,ACGT,1\n");
        std::fs::write(at("w.tsv"), rows.replace("\t1\tACGT", "\t7\tACGT")).unwrap();
        let said = folds(&[at("w.tsv")], &at("data")).err().unwrap().to_string();
        assert!(said.ends_with("w.tsv:2: label `7`, expected 0 or 1"), "{said}");
    }

    #[test]
    fn three_labels_are_two_questions_and_the_test_is_never_trained_on() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("gue_dev.csv"), "sequence,label\nACGT,1\nACGA,0\nACGC,2\nTTTT,2\n").unwrap();
        std::fs::write(at("gue_test.csv"), "sequence,label\nGGGT,1\nTTTT,2\n").unwrap();
        let found = folds(&[at("gue_dev.csv"), at("gue_test.csv")], &at("data")).unwrap();
        assert_eq!(found.notes, ["1 training sequences dropped that are also in the test set"]);
        let train = std::fs::read_to_string(&found.folds[0].files.train[0]).unwrap();
        assert_eq!(train, "id,sequence,label\ntrain1,ACGT,1\ntrain2,ACGA,0\ntrain3,ACGC,0\n");
        assert_eq!(found.folds[1].trials[0].row, "acceptor human");
    }

    #[test]
    fn spliceators_files_are_read_as_they_are_distributed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for path in ["GS_1/1", "GS_1/2", "Danio"] {
            std::fs::create_dir_all(at(path)).unwrap();
        }
        for number in ["1", "2"] {
            std::fs::write(at(&format!("GS_1/{number}/Train_donor_400.csv")), "a;ACGT;1\nb;ACGA;0\n").unwrap();
            std::fs::write(at(&format!("GS_1/{number}/Test_donor_400.csv")), "c;ACGC;1\n").unwrap();
        }
        std::fs::write(at("Danio/SA_sequences_donor_400_Final_3.fasta"), "GGGT\nGGGA\n").unwrap();
        std::fs::write(at("Danio/SA_labels_donor_400_Final_3.fasta"), "1\n0\n").unwrap();
        let found = folds(&[folder.path().to_owned()], &at("data")).unwrap().folds;
        assert_eq!(found.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["donor-1", "donor-2"]);
        assert_eq!(found[1].trials[0].row, "donor danio");
        let tried = std::fs::read_to_string(&found[1].trials[0].path).unwrap();
        assert_eq!(tried, "id,sequence,label\nseq1,GGGT,1\nseq2,GGGA,0\n");
        std::fs::write(at("Danio/SA_labels_donor_400_Final_3.fasta"), "1\n").unwrap();
        let said = folds(&[folder.path().to_owned()], &at("data")).err().unwrap().to_string();
        assert!(said.contains("1 labels for the 2 sequences of "), "{said}");
        std::fs::write(at("GS_1/1/Train_donor_400.csv"), "a;ACGT\n").unwrap();
        std::fs::write(at("Danio/SA_labels_donor_400_Final_3.fasta"), "1\n0\n").unwrap();
        let said = folds(&[folder.path().to_owned()], &at("data")).err().unwrap().to_string();
        assert!(said.ends_with("Train_donor_400.csv:1: 2 cells, expected id;sequence;label"), "{said}");
    }
}
