//! Output of rows, as TSV or JSON lines.

use std::io::Write;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use rinalmo::Model;
use rinalmo::seq::table::tsv_cell;
use serde::Serializer as _;
use serde::ser::SerializeMap as _;
use serde_json::{Value, json};

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

/// One cell with its column's name.
pub type Field = (&'static str, Value);

/// A float as a short decimal that reads back as the same float.
pub fn number(value: f32) -> Value {
    value.to_string().parse::<f64>().ok().filter(|value| value.is_finite()).map_or(Value::Null, Value::from)
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
        let model = match args.format {
            TableFormat::Json => json!({ "name": model.name(), "sha256": model.sha256() }),
            TableFormat::Tsv => Value::Null,
        };
        Ok(Self { format: args.format, out: args.output.open()?, header: false, model })
    }

    /// Writes a row; the first one also names the columns.
    pub fn write(&mut self, row: &[Field]) -> Result<()> {
        let text = match self.format {
            TableFormat::Json => json_line(row.iter().chain([&("model", self.model.clone())]))?,
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

fn json_line<'a>(row: impl Iterator<Item = &'a Field>) -> Result<String> {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in row {
        map.serialize_entry(name, value)?;
    }
    map.end()?;
    text.push(b'\n');
    Ok(String::from_utf8(text)?)
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
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(number(0.1).to_string(), "0.1");
        assert_eq!(number(1e-12).to_string(), "1e-12");
        assert_eq!(number(f32::NAN), Value::Null);
    }

    #[test]
    fn lists_fit_into_one_cell_and_tabs_are_quoted() {
        assert_eq!(cell(&vec![1, 2].into()), "1,2");
        assert_eq!(tsv_line(["a\tb".to_owned(), "c".to_owned()].into_iter()), "\"a\tb\"\tc\n");
    }
}
