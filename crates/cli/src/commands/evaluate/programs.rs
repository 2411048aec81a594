//! `rinalmo evaluate structure --list-programs`.

use rinalmo::evaluate::KnownProgram;

/// The programs that `--run` knows, as a table, and what the last column means.
pub fn list() -> String {
    let heading = ["name", "command", "licence", "what it is", "where to get it", "tested"].map(str::to_owned);
    let rows = KnownProgram::ALL.iter().map(|known| {
        let tested = known.tested.unwrap_or("-");
        [known.name, &known.command(), known.licence, known.title, known.site, tested].map(str::to_owned)
    });
    let rows: Vec<[String; 6]> = std::iter::once(heading).chain(rows).collect();
    let widths = std::array::from_fn::<usize, 6, _>(|n| rows.iter().map(|row| row[n].len()).max().unwrap_or(0));
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let table: String = rows.iter().map(line).collect();
    format!(
        "{table}\ntested: the version that was run here; `-`: written from the program's documentation\n\
         A program that is not on the PATH: --run \"mxfold2=/path/to/mxfold2 predict\"\n"
    )
}
