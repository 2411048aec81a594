//! `rinalmo map`: embeddings as points in two dimensions.

mod labels;
mod output;
mod place;
mod quality;
mod vectors;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rinalmo::draw::{Dot, Scatter};
use rinalmo::map::{Error, Placed};
use rinalmo::sink::anndata::{AnnData, IDS, LabelColumn, Matrix};

use self::labels::{LabelArgs, Labels};
use self::output::Output;
use self::place::PlaceArgs;
use self::quality::Quality;
use self::vectors::{KindArg, Records};
use super::choose::ModelChoice;
use crate::context::{Context, Outcome};
use crate::io::{FailureArgs, InputArgs, many, one_for_standard_output, write_text};

/// Draw a map of sequences: similar embeddings are near each other
///
/// FILES are sequences, which are embedded with --model, or one file of embeddings that `rinalmo embed` wrote. Each is a
/// point on the map. UMAP and t-SNE keep who is next to whom; how far apart groups are, and how large, says little. PCA
/// keeps distances in the two directions of most variance.
///
/// How far to trust the map is printed on standard error: its trustworthiness, and with labels how pure the surroundings
/// of points are and the silhouette, before and after. The same seed gives the same map on any number of threads.
#[derive(Args)]
pub struct MapArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Write to FILE: a drawing (.svg, .png, .pdf), a page to look around in with a browser (.html), a table of id, x, y
    /// and label (.tsv, or - for standard output), or vectors, places and labels for scanpy (.h5ad). May be given several
    /// times [default: -]
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Make the map from these vectors [default: mean; of a file, the first of mean, cls and tokens that it has]
    #[arg(long, value_enum, value_name = "KIND")]
    vectors: Option<KindArg>,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    labels: LabelArgs,
    /// Write TEXT above the drawing
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Write the figures of the map's quality to FILE, as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    choice: ModelChoice,
    #[command(flatten)]
    failures: FailureArgs,
}

/// Runs the command.
pub fn run(args: MapArgs, context: &Context) -> Result<Outcome> {
    let outputs = args.outputs()?;
    args.place.check()?;
    let labels = args.labels.open(&args.input.files)?;
    if let Some(labels) = &labels {
        outputs.iter().try_for_each(|output| output.check_label(labels.column()))?;
    }
    let Some((records, outcome)) = vectors::read(&args.input, args.vectors, &args.choice, context)? else {
        return Ok(Outcome::Interrupted);
    };
    let labels = labels.map(|labels| labels.of(&records, context)).transpose()?;
    let placed = match args.place.run(&records.points, context) {
        Err(error) if error.downcast_ref() == Some(&Error::Stopped) => return Ok(Outcome::Interrupted),
        placed => placed?,
    };
    let quality = Quality::of(&records.points, &placed.map, labels.as_ref())?;
    quality.lines().iter().for_each(|line| context.note(line));
    let scatter = args.scatter(&records, &placed, labels.as_ref(), &quality);
    let anndata = || args.anndata(&records, &scatter);
    outputs.iter().try_for_each(|output| output.write(&scatter, anndata))?;
    write_text(args.report.as_deref(), || format!("{:#}\n", quality.json(&args.place, &records)))?;
    Ok(args.failures.judge(outcome))
}

impl MapArgs {
    fn outputs(&self) -> Result<Vec<Output>> {
        let standard_output = [PathBuf::from("-")];
        let paths = if self.output.is_empty() { &standard_output[..] } else { &self.output };
        let files = paths.iter().map(|path| ("--output", Some(path.as_path())));
        one_for_standard_output(&files.chain([("--report", self.report.as_deref())]).collect::<Vec<_>>())?;
        paths.iter().map(|path| Output::of(path)).collect()
    }

    /// The vectors with their places and labels.
    fn anndata(&self, records: &Records, scatter: &Scatter) -> AnnData {
        let groups = || scatter.dots.iter().map(|dot| dot.group.clone()).collect();
        let labels =
            (!scatter.legend.is_empty()).then(|| LabelColumn { name: scatter.legend.clone(), labels: groups() });
        let ids = records.records.iter().map(|record| Some(record.id.clone())).collect();
        let has_other_ids = records.records.iter().any(|record| record.id != record.name);
        let ids = has_other_ids.then(|| LabelColumn { name: IDS.into(), labels: ids });
        AnnData {
            names: records.records.iter().map(|record| record.name.clone()).collect(),
            x: Matrix::F32 { columns: records.points.dims(), values: records.points.values().to_vec() },
            labels: ids.into_iter().chain(labels).collect(),
            more: vec![(
                format!("X_{}", self.place.method.name()),
                Matrix::Plane(scatter.dots.iter().map(|dot| dot.at).collect()),
            )],
            texts: vec![
                ("rinalmo".into(), format!("version={}", env!("CARGO_PKG_VERSION"))),
                ("vectors".into(), records.kind.name().into()),
            ],
        }
    }

    fn scatter(&self, records: &Records, placed: &Placed, labels: Option<&Labels>, quality: &Quality) -> Scatter {
        let dot = |(place, (record, at)): (usize, (&vectors::Record, &[f64; 2]))| Dot {
            id: record.name.clone(),
            at: *at,
            group: labels.and_then(|labels| labels.name(place)).map(str::to_owned),
        };
        Scatter {
            title: self.title.clone().unwrap_or_default(),
            note: format!("{}, {}", many(records.records.len(), "record"), quality.note()),
            axes: placed.axes.clone(),
            legend: labels.map(|labels| labels.column.clone()).unwrap_or_default(),
            dots: records.records.iter().zip(&placed.map).enumerate().map(dot).collect(),
        }
    }
}
