//! What a map is written as.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use rinalmo::draw::Scatter;
use rinalmo::seq::table::tsv_cell;
use rinalmo::sink::anndata::{self, AnnData};

use crate::commands::draw::DrawingFormat;
use crate::io::{OutputArgs, OutputFailure, is_standard};

/// An output and its format.
pub struct Output {
    path: PathBuf,
    format: Format,
}

enum Format {
    Drawing(DrawingFormat),
    Page,
    Table,
    AnnData,
}

impl Output {
    /// The output at a path, in the format of its ending; `-` is a table.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        let format = match (ending.as_deref(), DrawingFormat::of(path)) {
            (_, Some(format)) => Format::Drawing(format),
            (Some("html" | "htm"), _) => Format::Page,
            (Some("tsv"), _) => Format::Table,
            (Some("h5ad"), _) => Format::AnnData,
            _ if is_standard(path) => Format::Table,
            _ => bail!("{}: expected a file that ends in .svg, .png, .pdf, .html, .tsv or .h5ad", path.display()),
        };
        Ok(Self { path: path.to_owned(), format })
    }

    /// Checks that points can be labelled by this column in the output's format.
    pub fn check_label(&self, column: &str) -> Result<()> {
        match self.format {
            Format::AnnData => anndata::check_label(column)
                .map_err(|what| anyhow!("{}: {what}\nhint: rename the column of labels", self.path.display())),
            Format::Drawing(_) | Format::Page | Format::Table => Ok(()),
        }
    }

    /// Writes the map; `anndata` gives the vectors with it.
    pub fn write(&self, scatter: &Scatter, anndata: impl FnOnce() -> AnnData) -> Result<()> {
        let bytes = match self.format {
            Format::Drawing(format) => format.bytes(scatter.svg())?,
            Format::Page => scatter.html().into_bytes(),
            Format::Table => table(scatter).into_bytes(),
            Format::AnnData => anndata().bytes()?,
        };
        let mut out = OutputArgs { output: Some(self.path.clone()) }.open()?;
        out.write_all(&bytes).context(OutputFailure)?;
        out.finish()
    }
}

/// A row for each point; numbers are the shortest that read back the same.
fn table(scatter: &Scatter) -> String {
    let label = if scatter.legend.is_empty() { String::new() } else { format!("\t{}", tsv_cell(&scatter.legend)) };
    let mut text = format!("id\tx\ty{label}\n");
    for dot in &scatter.dots {
        let [x, y] = dot.at.map(|value| value as f32);
        text += &format!("{}\t{x:?}\t{y:?}", tsv_cell(&dot.id));
        if !label.is_empty() {
            text += "\t";
            text += &tsv_cell(dot.group.as_deref().unwrap_or_default());
        }
        text += "\n";
    }
    text
}
