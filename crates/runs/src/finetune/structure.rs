//! Fine-tuning on secondary structures.

use std::cell::RefCell;
use std::path::Path;

use rinalmo_decode::Method;
use rinalmo_energy::BuiltIn;
use rinalmo_model::{HeadConfig, TaskSpec};
use rinalmo_seq::labelled::structures::{self as dataset, Item};
use rinalmo_train::{Cache, StructureConfig, Structures, Tuning};
use rinalmo_weights::Document;

use super::Section;
use super::heads::contradiction;
use super::hold_out::Entry;
use super::kind::{Files, Kind, Prepared, Split, divide, unfit};
use crate::Error;

/// Which positions pair.
#[derive(Debug, Clone, Copy)]
pub struct Structure;

impl Section for StructureConfig {
    fn full() -> Self {
        Self {
            batch: 1,
            max_len: Some(1),
            crop: Some(2),
            energy: Some(true),
            ensemble: Some(BuiltIn::Turner2004),
            channels: Some(1),
            blocks: Some(1),
            all_structures: true,
            tuning: Tuning::default(),
            decode: Some(Method::default()),
        }
    }

    fn contradictions(&self, head: &HeadConfig, _: &HeadConfig) -> Vec<String> {
        let HeadConfig::Structure { channels, blocks, energy, ensemble, .. } = *head else { return Vec::new() };
        let found = [
            contradiction("energy", self.energy, energy),
            contradiction("channels", self.channels, channels),
            contradiction("blocks", self.blocks, blocks),
            self.ensemble.filter(|asked| Some(*asked) != ensemble).map(|asked| {
                let found = ensemble.map_or("none", BuiltIn::name);
                format!("data.ensemble = \"{}\", its head has {found}", asked.name())
            }),
        ];
        found.into_iter().flatten().collect()
    }

    fn settle(&mut self, head: &HeadConfig, decode: Option<&str>) {
        if let HeadConfig::Structure { channels, blocks, energy, ensemble, .. } = *head {
            (self.channels, self.blocks, self.energy) = (Some(channels), Some(blocks), Some(energy));
            self.ensemble = ensemble;
        }
        // A decoder that finds its own threshold needs calibrated probabilities, and training makes a calibration
        // invalid.
        let theirs = decode.and_then(Method::find).map(Method::of_one_threshold);
        self.decode = self.decode.or(theirs).or(Some(Method::default()));
    }

    fn settled_as(self, run: &Self) -> Self {
        Self {
            energy: self.energy.or(run.energy),
            ensemble: self.ensemble.or(run.ensemble),
            channels: self.channels.or(run.channels),
            blocks: self.blocks.or(run.blocks),
            decode: self.decode.or(run.decode),
            ..self
        }
    }
}

impl Kind for Structure {
    type Data = StructureConfig;
    type Task = Structures;

    fn spec(&self) -> &'static TaskSpec {
        const STRUCTURE: &TaskSpec = TaskSpec::named("structure");
        STRUCTURE
    }

    fn prepare(&self, files: &Files, split: &Split, data: &StructureConfig) -> Result<Prepared<Structures>, Error> {
        let notes = RefCell::new(Vec::new());
        let read_part = |path: &Path, test: bool| read(path, data.all_structures && !test, &mut notes.borrow_mut());
        let mut parts = divide(files, read_part, |item: &Item| &item.id)?;
        let left_out = parts.keep(|item| data.fits(item));
        let held_out =
            parts.hold_out(split, |item| Ok(entry(item))).map_err(|error| explained(error, &notes.borrow()))?;
        if parts.validation_given || split.hold_out > 0.0 {
            check(&parts.validation, parts.validation_given)?;
        }
        let mut notes = notes.into_inner();
        notes.push(about("training", &parts.train));
        if !parts.validation.is_empty() {
            notes.push(about("validation", &parts.validation));
        }
        if !parts.test.is_empty() {
            notes.push(about("test", &parts.test));
        }
        notes.extend(held_out);
        if left_out > 0 {
            let most = data.max_len.map_or_else(String::new, |most| format!(", longer than {most} nt"));
            notes.push(format!("{left_out} structures are left out{most}"));
        }
        let task = Structures::new(parts.train, parts.validation, data, split.seed, split.share)?;
        let drawn = |item: &Item| data.crop.map_or(item.sequence.len(), |crop| crop.min(item.sequence.len())) + 2;
        let (items, batches) = (task.train().len(), task.batches_an_epoch());
        let all: u64 = task.train().iter().map(|item| drawn(item) as u64).sum();
        // Sequences that clusters leave out are assumed to be as long as the others.
        let tokens = all * task.drawn_an_epoch() as u64 / items.max(1) as u64;
        if task.drawn_an_epoch() < items {
            notes.push(format!("an epoch draws {} of them, one of each cluster", task.drawn_an_epoch()));
        }
        let longest = task.train().iter().map(drawn).max().unwrap_or(0);
        Ok(Prepared {
            task,
            head: data.head(),
            test: (!parts.test.is_empty()).then(|| Structures::trial(parts.test)),
            notes,
            items,
            batches,
            tokens,
            longest,
        })
    }

    fn settled(task: Structures, data: &StructureConfig) -> Structures {
        task.decoded(None, data.method())
    }

    fn describe(_: &Structures, _: &mut Document) {}

    fn cached(task: Structures, cache: Cache) -> Result<Structures, Error> {
        Ok(task.cached(cache)?)
    }

    fn fixed(test: Structures, document: &Document) -> Structures {
        let decode = document.decode.as_deref().and_then(Method::find).unwrap_or_default();
        test.decoded(document.threshold, decode)
    }
}

/// Adds notes on ignored structures to an error: they may be why there are too few.
fn explained(error: Error, notes: &[String]) -> Error {
    match error {
        Error::Options(text) => Error::Options(notes.iter().fold(text, |text, note| format!("{text}\nnote: {note}"))),
        other => other,
    }
}

/// The structures of a file; ignored ones are added to `notes`.
fn read(path: &Path, all_structures: bool, notes: &mut Vec<String>) -> Result<Vec<Item>, Error> {
    let mut found = dataset::read(path, &dataset::ReadOptions { all_structures, sequences: true, strands: false })?;
    let hint = |note: String| {
        if note.contains("further structure") {
            format!("{note}; `all_structures = true` in [data] uses all of them")
        } else {
            note
        }
    };
    notes.extend(std::mem::take(&mut found.notes).into_iter().map(hint));
    Ok(found.strict()?)
}

/// A structure as the draw for validation needs it.
fn entry(item: &Item) -> Entry {
    Entry { sequence: item.sequence.clone(), cluster: item.cluster, classes: Vec::new() }
}

/// Checks that the best model can be chosen with these.
fn check(validation: &[Item], given: bool) -> Result<(), Error> {
    if validation.is_empty() {
        return Err(unfit("hold no structure of 2 bases to data.max_len", given));
    }
    if validation.iter().all(|item| item.structure.pairs().is_empty()) {
        return Err(unfit(&format!("have no pair in {} structures", validation.len()), given));
    }
    Ok(())
}

fn about(what: &str, items: &[Item]) -> String {
    let longest = items.iter().map(|item| item.sequence.len()).max().unwrap_or(0);
    let pairs: usize = items.iter().map(|item| item.structure.pairs().len()).sum();
    let knots = items.iter().filter(|item| !item.structure.is_nested()).count();
    let several = items.iter().filter(|item| item.structure.has_multiplets()).count();
    format!(
        "{what}: {} structures of up to {longest} nt, {pairs} pairs, {knots} with pseudoknots, {several} with bases that \
         pair twice",
        items.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suboptimal_structures_are_trained_on_only_when_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ct");
        let structure = "2 ENERGY = -1 a\n1 G 0 2 2 1\n2 C 1 0 1 2\n";
        std::fs::write(&path, [structure, &structure.replace("-1", "0")].concat()).unwrap();
        let mut notes = Vec::new();
        assert_eq!(read(&path, false, &mut notes).unwrap().len(), 1);
        assert!(notes[0].contains("a.ct: 1 further structure of `a` is passed over, the first counts"), "{notes:?}");
        assert!(notes[0].ends_with("`all_structures = true` in [data] uses all of them"), "{notes:?}");
        notes.clear();
        assert_eq!(read(&path, true, &mut notes).unwrap().len(), 2);
        assert!(notes.is_empty());
    }
}
