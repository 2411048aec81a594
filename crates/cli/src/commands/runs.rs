//! `rinalmo runs`: what training runs were and what came of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use rinalmo::pretrain::Error;
use rinalmo::run::Summary;
use rinalmo::seq::table::tsv_cell;
use serde_json::{Map, Value, json};

use crate::context::Outcome;
use crate::io::print;

/// Compare training runs
#[derive(Args)]
pub struct RunsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Compare(CompareArgs),
}

/// Print a table of training runs: settings that differ, steps, figures
///
/// A row for each run, in the order of their folders: how it ended, its steps, the settings in which the runs differ, the
/// figures of its best validation with their step, and of the test. Runs may still be going on.
#[derive(Args)]
struct CompareArgs {
    /// Folders of runs, as `pretrain`, `finetune` and `benchmark` make them
    #[arg(value_name = "RUN", required = true)]
    folders: Vec<PathBuf>,
    /// Print every setting, not only those that differ
    #[arg(long)]
    all_settings: bool,
    /// Print in this format
    #[arg(short, long, value_enum, default_value = "tsv", value_name = "FORMAT")]
    format: CompareFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CompareFormat {
    /// Tab-separated, with a header line
    Tsv,
    /// One JSON object in each line
    Json,
    /// A table of Markdown
    Markdown,
}

/// Runs the command.
pub fn run(args: &RunsArgs) -> Result<Outcome> {
    match &args.action {
        Action::Compare(args) => args.run(),
    }
}

impl CompareArgs {
    fn run(&self) -> Result<Outcome> {
        let runs = self.folders.iter().map(|folder| read(folder)).collect::<Result<Vec<_>>>()?;
        let table = Table::of(&runs, self.all_settings);
        print(match self.format {
            CompareFormat::Tsv => table.lines("", "\t", "", |cell| tsv_cell(cell).into_owned()),
            CompareFormat::Markdown => table.markdown(),
            CompareFormat::Json => table.json(),
        })?;
        Ok(Outcome::Done)
    }
}

/// The summary of a run. That there is none is said without the hint of those who want to resume it.
fn read(folder: &Path) -> Result<Summary> {
    Summary::read(folder).map_err(|error| match error {
        Error::NoRun { folder, .. } if folder.is_file() => {
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let (file, parent) = (folder.display(), parent.display());
            anyhow!("{file}: is a file, expected the folder of a run\nhint: `rinalmo runs compare {parent}`")
        }
        Error::NoRun { folder, missing } => anyhow!("{}: holds no run (no `{missing}`)", folder.display()),
        error => error.into(),
    })
}

/// Cells by columns; a run may lack some.
struct Table {
    columns: Vec<String>,
    rows: Vec<BTreeMap<String, Value>>,
}

impl Table {
    fn of(runs: &[Summary], all_settings: bool) -> Self {
        let differs = |key: &String| runs.iter().any(|run| run.settings.get(key) != runs[0].settings.get(key));
        let mut columns: Vec<String> = ["run", "task", "ended", "steps"].map(str::to_owned).into();
        let mut add = |name: String| {
            if !columns.contains(&name) {
                columns.push(name);
            }
        };
        let keys = || runs.iter().flat_map(|run| run.settings.keys());
        keys().filter(|key| all_settings || differs(key)).cloned().for_each(&mut add);
        let mut rows = Vec::new();
        for run in runs {
            let mut row: BTreeMap<String, Value> = BTreeMap::new();
            row.insert("run".to_owned(), run.folder.display().to_string().into());
            row.insert("task".to_owned(), run.task.as_str().into());
            row.insert("ended".to_owned(), run.ended.as_deref().unwrap_or("going on, or killed").into());
            row.insert("steps".to_owned(), run.steps.into());
            row.extend(run.settings.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
            if let Some((step, figures)) = &run.validation {
                row.insert("best_step".to_owned(), (*step).into());
                row.extend(figures.iter().map(|(name, value)| (format!("validation {name}"), short(*value))));
                add("best_step".to_owned());
                figures.iter().for_each(|(name, _)| add(format!("validation {name}")));
            }
            row.extend(run.test.iter().map(|(name, value)| (format!("test {name}"), short(*value))));
            rows.push(row);
        }
        runs.iter().flat_map(|run| &run.test).for_each(|(name, _)| add(format!("test {name}")));
        Self { columns, rows }
    }

    fn lines(&self, before: &str, between: &str, after: &str, cell: impl Fn(&str) -> String) -> String {
        let line = |cells: Vec<String>| {
            let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
            format!("{before}{}{after}\n", cells.join(between))
        };
        let mut text = line(self.columns.clone());
        for row in &self.rows {
            let shown = |column: &String| match row.get(column) {
                None => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            };
            text.push_str(&line(self.columns.iter().map(shown).collect()));
        }
        text
    }

    fn markdown(&self) -> String {
        let text = self.lines("| ", " | ", " |", |cell| cell.replace('|', "\\|"));
        let rule = format!("|{}\n", "---|".repeat(self.columns.len()));
        let end = text.find('\n').map_or(text.len(), |end| end + 1);
        format!("{}{rule}{}", &text[..end], &text[end..])
    }

    fn json(&self) -> String {
        let object = |row: &BTreeMap<String, Value>| {
            let cells = self.columns.iter().filter_map(|column| Some((column.clone(), row.get(column)?.clone())));
            format!("{}\n", Value::Object(cells.collect::<Map<_, _>>()))
        };
        self.rows.iter().map(object).collect()
    }
}

/// A figure to five digits.
fn short(value: f64) -> Value {
    json!(format!("{value:.4e}").parse::<f64>().unwrap_or(value))
}
