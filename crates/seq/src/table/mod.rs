//! Tables with a header, as programs and spreadsheets write them.
//!
//! One reader serves every table of the program, so a table that one command reads is read by all of them:
//!
//! - The header says whether cells are separated by tabs, semicolons or commas; the name of the file does not.
//!   A line `sep=;` before it, as Excel writes it, says it too.
//! - A byte order mark, any line ends and any compression that [`input::open`](crate::input::open) knows are undone.
//! - Cells may be quoted and then hold separators and line ends. White space around cells is dropped.
//! - Rows whose cells are all empty are passed over.
//! - Columns are found by any of their usual names ([`columns`]), whatever their case, blanks, `_` and `-`.
//! - Numbers may have a decimal comma ([`Comma`]).
//!
//! A row that cannot be read is an error of that row alone: it names file, line, what was expected and what was found,
//! and the next call of [`Table::next_row`] goes on after it.
//!
//! ```
//! use rinalmo_seq::table::{Table, columns};
//!
//! let text = "sep=;\r\nSequence ID;Sequence;half-life\r\n;;\r\nx;GGGAAACCC;3,5\r\n";
//! let mut table = Table::from_reader("a.csv", text.as_bytes())?;
//! let [id, value] = [table.column(columns::ID)?, table.column(&["half_life"])?];
//! let row = table.next_row()?.unwrap();
//! assert_eq!((row.cell(id), row.number(value)?, row.line()), ("x", 3.5, 4));
//! # Ok::<(), rinalmo_seq::table::Error>(())
//! ```

mod cells;
pub mod columns;
mod error;
mod header;
mod number;
mod reader;
mod row;
mod write;

pub use error::Error;
pub use header::{is_start, peek};
pub use number::{Comma, NumberError};
pub use reader::Table;
pub use row::Row;
pub use write::tsv_cell;

/// Whether a file's name is that of a table: `.csv`, `.tsv` or `.tab`, compressed or not.
pub fn is_named(path: &std::path::Path) -> bool {
    const KINDS: crate::input::Kinds<()> = crate::input::Kinds(&[("csv", ()), ("tsv", ()), ("tab", ())]);
    KINDS.of(path).is_some()
}
