//! Fine-tuning on secondary structures.

use rinalmo_model::HeadConfig;
use rinalmo_tasks::structure::dataset::{self, Item};
use rinalmo_tasks::structure::decode::Method;
use rinalmo_train::{Cache, StructureConfig, Structures, Tuning};
use rinalmo_weights::Document;

use super::Section;
use super::kind::{Files, Kind, Prepared, Split, share_out};
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
            energy: true,
            channels: Some(1),
            blocks: Some(1),
            tuning: Tuning::default(),
            decode: Method::default(),
        }
    }
}

impl Kind for Structure {
    type Data = StructureConfig;
    type Task = Structures;
    const NAME: &'static str = "structure";

    fn published() -> HeadConfig {
        HeadConfig::structure()
    }

    fn prepare(files: &Files, split: &Split, data: &StructureConfig) -> Result<Prepared<Structures>, Error> {
        let read = |path: &std::path::Path, _: bool| Ok(dataset::read(path)?);
        let parts = share_out(files, split, read, |item: &Item| &item.id)?;
        let mut told = vec![about("training", &parts.train), about("validation", &parts.validation)];
        if !parts.test.is_empty() {
            told.push(about("test", &parts.test));
        }
        let task = Structures::new(parts.train, parts.validation, data, split.seed, split.share)?;
        if task.left_out() > 0 {
            let most = data.max_len.map_or_else(String::new, |most| format!(", longer than {most} nt"));
            told.push(format!("{} structures are left out{most}", task.left_out()));
        }
        let drawn = |item: &Item| data.crop.map_or(item.sequence.len(), |crop| crop.min(item.sequence.len())) + 2;
        let (items, batches) = (task.train().len(), task.batches_an_epoch());
        let all: u64 = task.train().iter().map(|item| drawn(item) as u64).sum();
        let tokens = all * task.drawn_an_epoch() as u64 / items.max(1) as u64; // what clusters leave out is like the rest
        if task.drawn_an_epoch() < items {
            told.push(format!("an epoch draws {} of them, one of each cluster", task.drawn_an_epoch()));
        }
        let longest = task.train().iter().map(drawn).max().unwrap_or(0);
        Ok(Prepared {
            task,
            head: data.head(),
            test: (!parts.test.is_empty()).then(|| Structures::trial(parts.test)),
            told,
            items,
            batches,
            tokens,
            longest,
        })
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
