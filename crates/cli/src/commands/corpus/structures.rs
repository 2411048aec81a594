//! `rinalmo corpus structures`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rinalmo::corpus::cluster;
use rinalmo::structures::{CollectOptions, Collection, Counts, NotFound, Source, collect, name};

use super::exclude::ExcludeArgs;
use crate::context::{Context, Outcome};
use crate::io::{FailureArgs, ForceArgs, OutputArgs};

/// Gather known structures for fine-tuning into one table
///
/// Reads tables (id, sequence, structure or base_pairs), dot-bracket, CT, BPSEQ, ST and Stockholm files and folders of
/// them. Of several structures of one sequence, as in a CT file of suboptimal ones, the first is kept; the same holds
/// for a sequence in several files.
///
/// Leaves out structures of poor quality, repeated sequences, and sequences that are similar to one of an evaluation
/// set. Similar sequences form a cluster, of which `finetune structure` draws one structure in each epoch.
///
/// Prints a line of counts for each file. The exit code is 1 if some structures could not be read.
#[derive(Args)]
pub struct StructuresArgs {
    /// Files of structures; `FILE@0.3` gives its structures a weight of 0.3 in training
    #[arg(value_name = "FILE[@WEIGHT]", required = true)]
    files: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    force: ForceArgs,
    #[command(flatten)]
    failures: FailureArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    exclude: ExcludeArgs,
    /// Cluster sequences from this identity, over at least 80 % of both
    #[arg(long, help_heading = "Clustering", value_name = "SHARE", default_value_t = CollectOptions::default().alike.identity)]
    identity: f64,
}

/// Which structures are kept.
#[derive(Args)]
#[command(next_help_heading = "Quality")]
struct FilterArgs {
    /// Leave out shorter sequences
    #[arg(long, value_name = "NT", default_value_t = CollectOptions::default().min_len)]
    min_length: usize,
    /// Leave out longer sequences
    #[arg(long, value_name = "NT")]
    max_length: Option<usize>,
    /// Leave out structures with fewer base pairs
    #[arg(long, value_name = "N", default_value_t = CollectOptions::default().min_pairs)]
    min_pairs: usize,
    /// Leave out structures if a smaller share of their pairs is AU, GC or GU
    #[arg(long, value_name = "SHARE", default_value_t = CollectOptions::default().canonical)]
    canonical: f64,
    /// Leave out sequences if a larger share of their letters is unknown
    #[arg(long, value_name = "SHARE", default_value_t = CollectOptions::default().unknown)]
    unknown: f64,
    /// Leave out a family, by the name in a column `family_id` or `family`; a name may end in `*`. May be given several
    /// times
    #[arg(long, value_name = "FAMILY")]
    without: Vec<String>,
    /// Leave out structures without a known family, as they could belong to one that is left out
    #[arg(long)]
    known_families: bool,
}

impl StructuresArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        self.output.output.as_deref().map_or(Ok(()), |output| self.force.check(output))?;
        let sources: Vec<Source> = self.files.iter().map(|file| source(file)).collect();
        let found = collect(&sources, &self.options())?;
        let names: Vec<String> = sources.iter().map(|source| name(&source.path)).collect();
        let mut output = self.output.open()?;
        found.write(&names, &mut output)?;
        output.finish()?;
        found.notes.iter().for_each(|note| context.note(note));
        for NotFound { name, nearest, .. } in &found.not_found {
            let hint =
                nearest.as_ref().map_or_else(String::new, |nearest| format!("\nhint: did you mean `{nearest}`?"));
            context.note(format!("warning: --without {name}: no structure is of this family{hint}"));
        }
        context.note(summary(&names, &found));
        Ok(self.failures.judge(if found.wrong.is_empty() { Outcome::Done } else { Outcome::Partial }))
    }

    fn options(&self) -> CollectOptions {
        let FilterArgs { min_length, max_length, min_pairs, canonical, unknown, ref without, known_families } =
            self.filter;
        let defaults = CollectOptions::default();
        CollectOptions {
            min_len: min_length,
            max_len: max_length,
            min_pairs,
            canonical,
            unknown,
            without: without.clone(),
            known_families,
            exclude: self.exclude.resolve(false),
            alike: cluster::Options { identity: self.identity, ..defaults.alike },
        }
    }
}

/// `FILE@WEIGHT`; a file may have an `@` in its name.
fn source(text: &str) -> Source {
    let weighed = text.rsplit_once('@').and_then(|(path, weight)| Some((path, weight.parse::<f64>().ok()?)));
    match weighed.filter(|(_, weight)| weight.is_finite() && *weight >= 0.0) {
        Some((path, weight)) => Source { path: PathBuf::from(path), weight },
        None => Source { path: PathBuf::from(text), weight: 1.0 },
    }
}

/// The counts of each source.
fn summary(names: &[String], found: &Collection) -> String {
    let mut lines = vec!["file\tread\tunreadable\tlength\tfamily\tquality\trepeated\texcluded\tkept".to_owned()];
    for (name, counts) in names.iter().zip(&found.sources) {
        let Counts { read, unreadable, length, family, quality, repeated, excluded, kept } = counts;
        lines.push(format!(
            "{name}\t{read}\t{unreadable}\t{length}\t{family}\t{quality}\t{repeated}\t{excluded}\t{kept}"
        ));
    }
    if !found.excluded.sets.is_empty() {
        lines.push(found.excluded.to_string().trim_end().to_owned());
    }
    if let Some(first) = found.wrong.first() {
        lines.push(format!("the first unreadable structure: {first}"));
    }
    lines.push(format!("{} structures in {} clusters", found.rows.len(), found.clusters));
    lines.join("\n")
}
