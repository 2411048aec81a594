//! The vectors of a map: from a file of embeddings, or of sequences that are embedded.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use rinalmo::EmbedOptions;
use rinalmo::map::{self, Points};
use rinalmo::seq::SequenceRecord;
use rinalmo::sink::ArrayKind;
use rinalmo::sink::read::{holds_arrays, vectors};

use crate::commands::choose::{ENCODER_NOTE, ModelChoice};
use crate::context::{Context, Outcome};
use crate::io::{self, Asked, InputArgs, Job, many};

/// `--vectors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// The mean of the vectors of all bases
    Mean,
    /// The vector of the `<cls>` token
    Cls,
    /// The vectors of all bases in a file, which are averaged
    Tokens,
}

impl From<KindArg> for ArrayKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Mean => Self::Mean,
            KindArg::Cls => Self::Cls,
            KindArg::Tokens => Self::Tokens,
        }
    }
}

/// What a point of the map is.
pub struct Record {
    /// Its name, which no other has in a file of embeddings.
    pub name: String,
    /// Its id.
    pub id: String,
}

/// All records with their vectors.
pub struct Records {
    /// The records.
    pub records: Vec<Record>,
    /// Their vectors.
    pub points: Points,
    /// What the vectors are.
    pub kind: ArrayKind,
}

/// Reads or computes the vectors; `None` if the program was stopped.
pub fn read(
    input: &InputArgs,
    kind: Option<KindArg>,
    choice: &ModelChoice,
    context: &Context,
) -> Result<Option<(Records, Outcome)>> {
    let arrays: Vec<&PathBuf> =
        input.files.iter().filter(|file| file.is_file() && holds_arrays(file).unwrap_or(false)).collect();
    match (&arrays[..], input.files.len()) {
        ([], _) => embed(input, kind, choice, context),
        ([file], 1) => {
            if choice.model.is_some() {
                bail!("{}: holds embeddings, so --model makes no sense", file.display());
            }
            let found = vectors(file, kind.map(ArrayKind::from))?;
            let record = |record: rinalmo::sink::read::VectorRecord| Record { name: record.name, id: record.id };
            let records: Vec<Record> = found.records.into_iter().map(record).collect();
            let points = Points::new(found.values, found.dims).map_err(|error| named(error, &records));
            let points = points.with_context(|| file.display().to_string())?;
            Ok(Some((Records { records, points, kind: found.kind }, Outcome::Done)))
        }
        ([file, ..], _) => bail!(
            "{}: holds embeddings, and is not the only input\nhint: give one file of embeddings, or files of sequences",
            file.display()
        ),
    }
}

/// Names the record of a value that is not finite.
fn named(error: map::Error, records: &[Record]) -> anyhow::Error {
    match error {
        map::Error::NotFinite { row, column, value } => {
            let name = records.get(row).map_or("", |record| &record.name);
            anyhow::anyhow!("record `{name}`, value {}: {value} is not finite", column + 1)
        }
        other => other.into(),
    }
}

fn embed(
    input: &InputArgs,
    kind: Option<KindArg>,
    choice: &ModelChoice,
    context: &Context,
) -> Result<Option<(Records, Outcome)>> {
    let kind = if kind == Some(KindArg::Cls) { ArrayKind::Cls } else { ArrayKind::Mean };
    let options = EmbedOptions::default().include([kind]);
    let feed = input.open(context)?;
    let model = choice.load(context, "structure", Some(ENCODER_NOTE))?;
    let gathering = Gathering { kind, records: Vec::new(), values: Vec::new(), dims: 0 };
    let (gathered, ended) = io::run(gathering, feed, context, |items| model.embeddings(items, &options));
    let outcome = ended?.into_result()?;
    if outcome == Outcome::Interrupted {
        return Ok(None);
    }
    if gathered.records.is_empty() {
        bail!("no sequence could be embedded, so there is no map");
    }
    context.detail(|| format!("embedded {}", many(gathered.records.len(), "record")));
    let points = Points::new(gathered.values, gathered.dims)?;
    Ok(Some((Records { records: gathered.records, points, kind }, outcome)))
}

/// Keeps the vector of every sequence.
struct Gathering {
    kind: ArrayKind,
    records: Vec<Record>,
    values: Vec<f32>,
    dims: usize,
}

impl Job for Gathering {
    type Item = Vec<u8>;
    type Result = rinalmo::Embedding;

    fn ask(&mut self, record: &SequenceRecord) -> Result<Asked<Vec<u8>, rinalmo::Embedding>> {
        Ok(Asked::Model(record.sequence.clone()))
    }

    fn write(&mut self, record: &SequenceRecord, embedding: rinalmo::Embedding) -> Result<()> {
        let array = embedding.get(self.kind).context("the model gave no vector")?;
        if array.data.is_empty() || !array.data.iter().all(|value| value.is_finite()) {
            bail!("its embedding is not finite");
        }
        self.dims = array.data.len();
        self.values.extend(&array.data);
        let id = if record.id.is_empty() { format!("record_{}", record.index + 1) } else { record.id.clone() };
        self.records.push(Record { name: id.clone(), id });
        Ok(())
    }

    /// Nothing is written yet.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}
