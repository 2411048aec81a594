//! Mean ribosome load: Random7600 and Human7600 for testing, and the rest for training.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{Prepared, Written, each, missing, tables_with};
use crate::Error;
use crate::{Fold, Trial};
use rinalmo_runs::finetune::Files;

/// Fewest reads of a usable load.
const READS: f64 = 10.0;
/// Lengths of UTRs for evaluation. Of each, the [`OF_EACH`] UTRs with the most reads are kept.
const LENGTHS: std::ops::RangeInclusive<usize> = 25..=100;
/// UTRs for evaluation of each length.
const OF_EACH: usize = 100;
/// Training UTRs must not share this many letters in a row with one for evaluation.
const SHARED: usize = 25;
const HEADER: [&str; 4] = ["id", "utr", "rl", "set"];

/// From GSM4084997 by the paper's rules, or from tables that are already split.
pub(super) fn fold(paths: &[PathBuf], folder: &Path) -> Result<Prepared, Error> {
    let original = tables_with(paths, [&["utr"], &["rl"], &["set"], &["total_reads"]])?;
    let (rows, mut notes) = if original.is_empty() { already_split(paths)? } else { split(original)? };
    let mut written = Written::new(folder, HEADER);
    for Row { set, place, utr, load, of } in &rows {
        written.add(&format!("mrl/{set}"), [place.as_str(), utr, load, of])?;
    }
    let found = written.finish()?;
    let Some((train, count)) = found.get("mrl/train") else {
        return Err(missing("no UTRs to train on", paths, "GSM4084997_varying_length_25to100.csv.gz has both parts"));
    };
    notes.push(format!("{count} UTRs to train on"));
    let trials: Vec<Trial> = found
        .iter()
        .filter(|(name, _)| name.as_str() != "mrl/train")
        .map(|(name, (path, _))| Trial { row: name["mrl/".len()..].to_owned(), path: path.clone() })
        .collect();
    if trials.is_empty() {
        return Err(missing("no UTRs to test a model on", paths, "sets `random` and `human` of lengths 25 to 100"));
    }
    let files = Files { train: vec![train.clone()], ..Files::default() };
    Ok(Prepared { folds: vec![Fold { name: "mrl".into(), files, trials }], notes })
}

/// A UTR and the set that it belongs to.
struct Row {
    set: String,
    place: String,
    utr: String,
    load: String,
    of: String,
}

type Tables = Vec<(PathBuf, rinalmo_seq::table::Table, [usize; 4])>;

/// Splits the original table by the paper's rules. UTRs need a finite load, the set random or human, and ten reads or
/// more; of repeated UTRs, none is kept. The hundred with the most reads of each length and set are for evaluation,
/// other random ones for training.
fn split(tables: Tables) -> Result<(Vec<Row>, Vec<String>), Error> {
    struct Read {
        utr: String,
        load: String,
        of: String,
        reads: f64,
        number: usize,
    }
    let mut kept = Vec::new();
    let mut times = HashMap::<String, usize>::new();
    let mut all = 0;
    for (_, mut table, [utr, load, set, reads]) in tables {
        each(&mut table, |row| {
            all += 1;
            let found = row.number(load).unwrap_or(f64::NAN);
            let read = row.number(reads)?;
            if found.is_finite() && ["random", "human"].contains(&row.cell(set)) && read >= READS {
                *times.entry(row.cell(utr).to_owned()).or_default() += 1;
                let [utr, load, of] = [utr, load, set].map(|column| row.cell(column).to_owned());
                kept.push(Read { utr, load, of, reads: read, number: all });
            }
            Ok(())
        })?;
    }
    let usable = kept.len();
    kept.retain(|read| times[&read.utr] == 1);
    let once = kept.len();
    let mut notes =
        vec![format!("{all} UTRs, {usable} of them with a load and {READS} reads, {once} of these only once")];
    let mut groups: BTreeMap<(String, usize), Vec<usize>> = BTreeMap::new();
    for (at, read) in kept.iter().enumerate().filter(|(_, read)| LENGTHS.contains(&read.utr.len())) {
        groups.entry((read.of.clone(), read.utr.len())).or_default().push(at);
    }
    let mut chosen = HashSet::new();
    for group in groups.values_mut() {
        group.sort_by(|&a, &b| kept[b].reads.total_cmp(&kept[a].reads));
        chosen.extend(group.iter().take(OF_EACH).copied());
    }
    let count = |of: &str| chosen.iter().filter(|&&at| kept[at].of == of).count();
    let names: BTreeMap<&str, String> =
        [("random", format!("Random{}", count("random"))), ("human", format!("Human{}", count("human")))].into();
    notes.push(format!("for evaluation {} and {}", names["random"], names["human"]));
    let row = |(at, Read { utr, load, of, number, .. }): (usize, Read)| {
        let set = match (chosen.contains(&at), of.as_str()) {
            (true, of) => names[of].clone(),
            (false, "random") => "train".to_owned(),
            (false, _) => return None,
        };
        Some(Row { set, place: format!("utr{number}"), utr, load, of })
    };
    Ok((kept.into_iter().enumerate().filter_map(row).collect(), notes))
}

/// Reads tables with `utr`, `rl` and `set`. The sets `random` and `human` are for evaluation, others for training
/// unless they share [`SHARED`] letters in a row with one for evaluation.
fn already_split(paths: &[PathBuf]) -> Result<(Vec<Row>, Vec<String>), Error> {
    let mut rows = Vec::new();
    for (_, mut table, [utr, load, set]) in tables_with(paths, [&["utr"], &["rl"], &["set"]])? {
        each(&mut table, |row| {
            let [utr, load, of] = [utr, load, set].map(|column| row.cell(column).to_owned());
            rows.push(Row { set: String::new(), place: format!("utr{}", rows.len() + 1), utr, load, of });
            Ok(())
        })?;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| ["random", "human"].contains(&row.of.as_str())) {
        *counts.entry(if row.of == "random" { "Random" } else { "Human" }).or_default() += 1;
    }
    let name = |of: &str| {
        let prefix = match of {
            "random" => "Random",
            "human" => "Human",
            _ => return "train".to_owned(),
        };
        format!("{prefix}{}", counts[prefix])
    };
    let names: Vec<String> = rows.iter().map(|row| name(&row.of)).collect();
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    for (row, _) in rows.iter().zip(&names).filter(|(_, name)| *name != "train") {
        seen.extend(row.utr.as_bytes().windows(SHARED).map(<[u8]>::to_ascii_uppercase));
    }
    rows.iter_mut().zip(names).for_each(|(row, name)| row.set = name);
    let before = rows.len();
    let shares = |row: &Row| row.utr.as_bytes().windows(SHARED).any(|part| seen.contains(&part.to_ascii_uppercase()));
    rows.retain(|row| row.set != "train" || !shares(row));
    let notes = match before - rows.len() {
        0 => Vec::new(),
        dropped => vec![format!("{dropped} training UTRs dropped that share {SHARED} letters with the evaluation's")],
    };
    Ok((rows, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_original_is_split_by_the_papers_rules() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("GSM4084997.csv");
        let utr = |number: usize| format!("{number:025b}").replace('0', "A").replace('1', "C");
        let mut text = "utr,set,total_reads,rl\n".to_owned();
        for number in 0..102 {
            text += &format!("{},random,{},5.5\n", utr(number), 1000 - number);
        }
        text += &format!("{},human,50,4.5\n", utr(300));
        let odd = [("400", "random,9,5"), ("401", "random,99,NaN"), ("402", "random,99,"), ("403", "snv,99,5")];
        odd.iter().for_each(|(number, rest)| text += &format!("{},{rest}\n", utr(number.parse().unwrap())));
        text += &format!("{0},random,99,5\n{0},human,99,5\n", utr(500)); // one UTR twice
        std::fs::write(&path, &text).unwrap();
        let found = fold(std::slice::from_ref(&path), &folder.path().join("data")).unwrap();
        let fold_of = &found.folds[0];
        assert_eq!(fold_of.trials.iter().map(|trial| trial.row.as_str()).collect::<Vec<_>>(), ["Human1", "Random100"]);
        let train = std::fs::read_to_string(&fold_of.files.train[0]).unwrap();
        // The two with the fewest reads are left for training.
        assert_eq!(train.lines().count(), 3, "{train}");
        assert!(train.contains(&utr(100)) && train.contains(&utr(101)));
        std::fs::write(&path, text.replace("random,9,5", "random,many,5")).unwrap();
        let said = fold(std::slice::from_ref(&path), &folder.path().join("data")).err().unwrap().to_string();
        assert!(said.contains("GSM4084997.csv:105: column `total_reads`: `many`"), "{said}");
    }

    #[test]
    fn split_tables_never_train_on_test_data() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let shared = "ACGTACGTACGTACGTACGTACGTA";
        std::fs::write(at("eval.csv"), format!("utr,rl,set\n{shared}C,5,random\nGGGG,4,human\n")).unwrap();
        std::fs::write(at("train.csv"), format!("utr,rl,set\nTT{shared},5,random50\nCCCC,3,random50\n")).unwrap();
        let found = fold(&[at("eval.csv"), at("train.csv")], &at("data")).unwrap();
        assert_eq!(found.notes[0], "1 training UTRs dropped that share 25 letters with the evaluation's");
        assert_eq!(found.folds[0].trials[0].row, "Human1");
        assert!(fold(&[at("eval.csv")], &at("data")).err().unwrap().to_string().contains("no UTRs to train on"));
    }
}
