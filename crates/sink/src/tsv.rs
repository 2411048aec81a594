//! The `.tsv` format, for files and pipes.
//!
//! Vectors: a header line `id kind position v0 v1 …`, then one row per vector; `position` counts bases from 1 and is
//! empty for `mean` and `cls`. Rows of a narrower kind are filled with empty cells. Pairs: a header line `id i j p`,
//! then one row per listed pair `i < j`, from 1. Numbers are the shortest that read back to the same f32.

use std::io::{self, Write};

use rinalmo_seq::table::tsv_cell;

use super::{Layout, array::row_shape, names::Names, rows::rows, spool::Spool};

/// Writes all records of the spool.
pub(super) fn encode<W: Write>(spool: &Spool, names: &Names, layout: Layout, out: W) -> io::Result<W> {
    let mut width = 0;
    for head in spool.heads() {
        width = head?.arrays.iter().map(|array| row_shape(&array.shape).1).fold(width, usize::max);
    }
    let mut table = Table::new(out, layout, width)?;
    for head in spool.heads() {
        let head = head?;
        let name = names.of(head.index);
        for array in &head.arrays {
            rows(spool, array, |position, values| table.row(name, array.kind.name(), position, values))?;
        }
    }
    Ok(table.out)
}

/// A text table whose header line is written.
pub(super) struct Table<W> {
    pub out: W,
    layout: Layout,
    width: usize,
}

impl<W: Write> Table<W> {
    /// Writes the header line for `width` values a row.
    pub fn new(mut out: W, layout: Layout, width: usize) -> io::Result<Self> {
        match layout {
            Layout::Pairs { .. } => write!(out, "id\ti\tj\tp")?,
            Layout::Vectors => {
                write!(out, "id\tkind\tposition")?;
                (0..width).try_for_each(|column| write!(out, "\tv{column}"))?;
            }
        }
        writeln!(out)?;
        Ok(Self { out, layout, width })
    }

    /// Values per row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Writes a vector, or for pairs a triple `i, j, p`.
    pub fn row(&mut self, name: &str, kind: &str, position: Option<usize>, values: &[f32]) -> io::Result<()> {
        let (out, name) = (&mut self.out, tsv_cell(name));
        if let Layout::Pairs { .. } = self.layout {
            let [i, j, p] = values else { return Err(io::Error::other("a pair is not a triple")) };
            return writeln!(out, "{name}\t{i}\t{j}\t{p:?}");
        }
        write!(out, "{name}\t{kind}\t")?;
        position.map_or(Ok(()), |position| write!(out, "{position}"))?;
        values.iter().try_for_each(|value| write!(out, "\t{value:?}"))?;
        (values.len()..self.width).try_for_each(|_| write!(out, "\t"))?;
        writeln!(out)
    }
}
