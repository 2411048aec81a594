//! Cells on their way out.

use std::borrow::Cow;

/// A cell of a table whose cells are separated by tabs, as [`Table`](super::Table) and spreadsheets read it back: quoted
/// where it holds a tab, a quote or a line end (RFC 4180), else as it is.
pub fn tsv_cell(text: &str) -> Cow<'_, str> {
    match text.contains(['\t', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")).into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Table;
    use super::*;

    proptest! {
        /// What is written is read back, white space at the ends of cells aside.
        #[test]
        fn cells_read_back_as_written(rows in prop::collection::vec(prop::array::uniform2("[ a\"',;\t\n\r#=-]{0,6}"), 1..5)) {
            let line = |cells: [&str; 2]| cells.map(tsv_cell).join("\t") + "\n";
            let mut text = line(["id", "a \"note\""]);
            rows.iter().for_each(|[id, note]| text += &line([id, note]));
            let mut table = Table::from_reader("a.tsv", std::io::Cursor::new(text)).unwrap();
            prop_assert_eq!(&table.names()[1], "a \"note\"");
            for row in rows.iter().map(|row| row.each_ref().map(|cell| cell.trim())).filter(|row| *row != ["", ""]) {
                let found = table.next_row().unwrap().unwrap();
                prop_assert_eq!([found.cell(0), found.cell(1)], row);
            }
            prop_assert!(table.next_row().unwrap().is_none());
        }
    }
}
