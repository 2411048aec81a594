//! Output of rows, as TSV or JSON lines.

use std::io::Write;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use rinalmo::Model;
use rinalmo::results::{Field, ModelName, Row};
use rinalmo::seq::table::tsv_cell;
use serde_json::Value;

use crate::io::{Out, OutputArgs, OutputFailure};

/// How rows are written.
#[derive(Args, Clone, Debug)]
pub struct TableArgs {
    /// Write the results in FORMAT; json also names the model, with its checksum
    #[arg(short, long, value_enum, default_value = "tsv", value_name = "FORMAT")]
    format: TableFormat,
    #[command(flatten)]
    output: OutputArgs,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    /// Tab-separated, with a header line; cells with tabs, quotes or line ends are quoted
    Tsv,
    /// One JSON object in each line
    Json,
}

/// An open table.
pub struct Rows {
    format: TableFormat,
    out: Out,
    header: bool,
    model: Value,
}

impl Rows {
    /// Opens the output; every JSON row will name the model.
    pub fn open(args: &TableArgs, model: &Model) -> Result<Self> {
        Self::named(args, || model.into())
    }

    /// As [`Rows::open`], with the name of any model. It is only asked for if it is written.
    pub fn named(args: &TableArgs, model: impl FnOnce() -> ModelName) -> Result<Self> {
        let model = match args.format {
            TableFormat::Json => serde_json::to_value(model())?,
            TableFormat::Tsv => Value::Null,
        };
        Ok(Self { format: args.format, out: args.output.open()?, header: false, model })
    }

    /// Writes a row; the first one also names the columns.
    pub fn write(&mut self, row: &[Field]) -> Result<()> {
        let text = match self.format {
            TableFormat::Json => {
                let named = Row(row.iter().cloned().chain([("model", self.model.clone())]).collect());
                serde_json::to_string(&named)? + "\n"
            }
            TableFormat::Tsv => {
                let header = (!self.header).then(|| row.iter().map(|(name, _)| (*name).to_owned()));
                let mut text = header.map(tsv_line).unwrap_or_default();
                self.header = true;
                text.push_str(&tsv_line(row.iter().map(|(_, value)| cell(value))));
                text
            }
        };
        self.out.write_all(text.as_bytes()).context(OutputFailure)
    }

    /// Flushes everything written so far.
    pub fn flush(&mut self) -> Result<()> {
        self.out.flush().context(OutputFailure)
    }

    /// Finishes a file and gives it its name.
    pub fn finish(&mut self) -> Result<()> {
        self.out.finish()
    }
}

fn tsv_line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| tsv_cell(&cell).into_owned()).collect();
    cells.join("\t") + "\n"
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(","),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_fit_into_one_cell_and_tabs_are_quoted() {
        assert_eq!(cell(&vec![1, 2].into()), "1,2");
        assert_eq!(tsv_line(["a\tb".to_owned(), "c".to_owned()].into_iter()), "\"a\tb\"\tc\n");
    }
}
