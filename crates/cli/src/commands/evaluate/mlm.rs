//! `rinalmo evaluate mlm`: perplexity of models on the held-out part of a corpus.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rinalmo::evaluate::Perplexities;
use rinalmo::pretrain::{MlmConfig, Validation, perplexity};
use serde_json::{Map, Value, json};

use crate::commands::corpus::{baselines, open};
use crate::context::{Context, Outcome};
use crate::io::{print_table, write_text};

/// Arguments of `rinalmo evaluate mlm`.
#[derive(Args)]
pub struct MlmArgs {
    /// Evaluate on the held-out clusters of this corpus, made by `rinalmo corpus build`
    #[arg(long, value_name = "STORE")]
    corpus: PathBuf,
    /// Evaluate these models with a masked-language head, by name or path
    #[arg(short, long, value_name = "MODEL", num_args = 1.., required = true)]
    model: Vec<String>,
    /// Evaluate only N batches [default: all]
    #[arg(long, value_name = "N")]
    batches: Option<usize>,
    /// Put N tokens into a batch
    #[arg(long, value_name = "N", default_value_t = 8192)]
    tokens: usize,
    /// Also print the perplexity of frequencies: of letters (1-gram), and of letters after the four before them
    /// (5-gram)
    #[arg(long)]
    baselines: bool,
    /// Write all figures to FILE as JSON; `-` prints them in place of the table
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl MlmArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let device = context.device()?;
        let config = MlmConfig { tokens: Some(self.tokens), validation_batches: self.batches, ..MlmConfig::default() };
        let store = open(&self.corpus, context)?;
        let models = Perplexities::open(&self.model, store.clone(), &config)?;
        let mut columns = Vec::new();
        for (model, found) in self.model.iter().zip(models.validate(&device)) {
            context.detail(|| format!("model {model}"));
            columns.push((model.clone(), found?));
            if context.stopped() {
                return Ok(Outcome::Interrupted);
            }
        }
        let baselines = if self.baselines { baselines(&store)? } else { Vec::new() };
        let mut out = table(&columns);
        for baseline in &baselines {
            writeln!(out, "# {}-gram\t{}\t{:.4}", baseline.order, baseline.letters, baseline.perplexity)?;
        }
        write_text(self.json.as_deref(), || {
            let models: Map<String, Value> = columns.iter().map(|(name, found)| (name.clone(), parts(found))).collect();
            let baselines: Map<String, Value> =
                baselines.iter().map(|b| (format!("{}-gram", b.order), json!(b.perplexity))).collect();
            format!("{:#}\n", json!({ "models": models, "baselines": baselines }))
        })?;
        print_table(out, [self.json.as_deref()])?;
        Ok(Outcome::Done)
    }
}

/// A line for each part, a column for each model.
fn table(columns: &[(String, Validation)]) -> String {
    let mut text = String::from("part\tletters");
    columns.iter().for_each(|(name, _)| text += &format!("\t{name}"));
    text.push('\n');
    let first = columns.first().map_or(&[][..], |(_, found)| &found.parts);
    for part in first.iter().filter(|part| part.weight > 0.0) {
        text += &format!("{}\t{:.0}", part.name, part.weight);
        for (_, found) in columns {
            let loss = found.part(&part.name).and_then(|part| part.mean());
            text += &loss.map_or_else(|| "\t–".into(), |loss| format!("\t{:.4}", perplexity(loss)));
        }
        text.push('\n');
    }
    text
}

/// Perplexity and letters of each part.
fn parts(found: &Validation) -> Value {
    let known = found.parts.iter().filter_map(|part| part.mean().map(|loss| (part, loss)));
    let entries = known.map(|(part, loss)| {
        (part.name.clone(), json!({ "letters": part.weight, "loss": loss, "perplexity": perplexity(loss) }))
    });
    Value::Object(entries.collect())
}
