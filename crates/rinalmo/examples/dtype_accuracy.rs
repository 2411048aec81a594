//! Compares bf16 and int8 with f32: pair logits and structures of a whole test set, with the same weights.
//!
//! The set is a table `name, sequence, dot-bracket` with a header line, tab-separated, gzipped or not. Sequences are
//! upper-cased. F1 is the relaxed one, averaged over structures, at the model's own threshold.
//!
//! ```text
//! cargo run --release -p rinalmo --example dtype_accuracy -- nano TS0.tsv.gz
//! ```

use std::error::Error;
use std::io::Read;

use rinalmo::seq::Structure;
use rinalmo::{Device, FoldOptions, LoadOptions, Model, Precision};
use rinalmo_metrics::pairs::{PairCounts, PairScore, Summary};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, set] = args.as_slice() else {
        return Err("usage: dtype_accuracy MODEL SET.tsv[.gz]".into());
    };
    let records = read(set)?;
    let exact = Folded::by(model, Precision::F32, &records)?;
    println!("{} structures; f32: relaxed F1 {:.4}\n", records.len(), exact.f1(&records));
    println!("| | largest logit difference | mean | structures changed | pairs changed | relaxed F1 |");
    println!("|---|---|---|---|---|---|");
    for precision in [Precision::Bf16, Precision::Int8] {
        let rounded = Folded::by(model, precision, &records)?;
        let change = Change::between(&exact, &rounded);
        println!(
            "| {} | {:.4} | {:.5} | {} of {} ({:.1} %) | {} of {} | {:.4} |",
            precision.name(),
            change.largest,
            change.sum / change.logits as f64,
            change.structures,
            records.len(),
            100.0 * change.structures as f64 / records.len() as f64,
            change.pairs,
            change.of_pairs,
            rounded.f1(&records),
        );
    }
    Ok(())
}

/// A sequence and its reference.
struct Record {
    sequence: Vec<u8>,
    reference: Structure,
}

fn read(path: &str) -> Result<Vec<Record>, Box<dyn Error>> {
    let file = std::fs::File::open(path)?;
    let mut text = String::new();
    if path.ends_with(".gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text)?;
    } else {
        (&file).read_to_string(&mut text)?;
    }
    let record = |line: &str| {
        let mut columns = line.split('\t').skip(1);
        let (sequence, structure) = columns.next().zip(columns.next()).ok_or("a line lacks its columns")?;
        let reference = Structure::parse_dot_bracket(structure)?;
        Ok(Record { sequence: sequence.to_ascii_uppercase().into_bytes(), reference })
    };
    text.lines().skip(1).map(record).collect()
}

/// Every record's pair logits and structure.
struct Folded(Vec<(Vec<f32>, Structure)>);

impl Folded {
    fn by(model: &str, precision: Precision, records: &[Record]) -> Result<Self, Box<dyn Error>> {
        let options = LoadOptions::default().precision(precision);
        let model = Model::load_with(model, &options, &Device::cpu())?;
        let fold = |record: &Record| {
            let structure = model.fold(&[&record.sequence], &FoldOptions::default())?.remove(0).structure;
            Ok((model.pair_logits(&record.sequence)?, structure))
        };
        records.iter().map(fold).collect::<Result<_, rinalmo::Error>>().map(Self).map_err(Into::into)
    }

    fn f1(&self, records: &[Record]) -> f64 {
        let score = |((_, structure), record): (&(_, Structure), &Record)| -> (usize, PairScore) {
            let counts = PairCounts::relaxed(structure.pairs(), record.reference.pairs());
            (record.sequence.len(), counts.score())
        };
        Summary::of(self.0.iter().zip(records).map(score)).mean.f1
    }
}

/// The differences between two foldings of the same set.
#[derive(Default)]
struct Change {
    largest: f32,
    sum: f64,
    logits: usize,
    structures: usize,
    pairs: usize,
    of_pairs: usize,
}

impl Change {
    fn between(exact: &Folded, rounded: &Folded) -> Self {
        let mut change = Self::default();
        for ((exact, before), (rounded, after)) in exact.0.iter().zip(&rounded.0) {
            for (a, b) in exact.iter().zip(rounded) {
                let difference = (a - b).abs();
                change.largest = change.largest.max(difference);
                change.sum += f64::from(difference);
            }
            change.logits += exact.len() - before.len(); // the diagonal is 0 in both
            change.structures += usize::from(before != after);
            let lost = before.pairs().iter().filter(|pair| !after.pairs().contains(pair)).count();
            let won = after.pairs().iter().filter(|pair| !before.pairs().contains(pair)).count();
            change.pairs += lost + won;
            change.of_pairs += before.pairs().len();
        }
        change
    }
}
