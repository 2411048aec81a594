//! Text tables: names aligned left, numbers aligned right.

/// A table.
#[derive(Debug)]
pub struct Grid {
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// A table with a header: the name of the first column, and the names of the others.
    pub fn new<S: Into<String>>(title: &str, columns: impl IntoIterator<Item = S>) -> Self {
        let header = std::iter::once(title.to_owned()).chain(columns.into_iter().map(Into::into));
        Self { rows: vec![header.collect()] }
    }

    /// Adds a row.
    pub fn row(&mut self, name: &str, cells: Vec<String>) {
        self.rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }

    /// As plain text with aligned columns, one line for each row.
    pub fn text(&self) -> String {
        let widths = self.widths();
        self.rows.iter().map(|row| format!("{}\n", padded(row, &widths, "  ").trim_end())).collect()
    }

    /// As a Markdown table.
    pub fn markdown(&self) -> String {
        let widths = self.widths();
        let line = |row: &Vec<String>| format!("| {} |\n", padded(row, &widths, " | "));
        let rule = widths.iter().enumerate().map(|(n, width)| match n {
            0 => format!("{}|", "-".repeat(width + 2)),
            _ => format!("{}:|", "-".repeat(width + 1)),
        });
        let mut lines = self.rows.iter().map(line);
        let header = lines.next().unwrap_or_default();
        format!("{header}|{}\n{}", rule.collect::<String>(), lines.collect::<String>())
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        (0..columns).map(|column| width(column).unwrap_or(0)).collect()
    }
}

fn padded(row: &[String], widths: &[usize], between: &str) -> String {
    let cell = |(n, width): (usize, &usize)| {
        let text = row.get(n).map_or("", String::as_str);
        if n == 0 { format!("{text:<width$}") } else { format!("{text:>width$}") }
    };
    widths.iter().enumerate().map(cell).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_left_and_numbers_right() {
        let mut grid = Grid::new("", ["n", "F1"]);
        grid.row("all", vec!["1305".into(), "0.474".into()]);
        grid.row("tRNA", vec!["7".into()]);
        assert_eq!(grid.text(), "         n     F1\nall   1305  0.474\ntRNA     7\n");
        let markdown =
            "|      |    n |    F1 |\n|------|-----:|------:|\n| all  | 1305 | 0.474 |\n| tRNA |    7 |       |\n";
        assert_eq!(grid.markdown(), markdown);
    }
}
