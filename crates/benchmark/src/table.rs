//! The table of a benchmark: the paper's rows, and a column for each predictor, the published ones last.

use rinalmo_metrics::spread::spread;

use super::{Benchmark, FoldResult, published};
use rinalmo_evaluate::grid::Grid;

/// Marks a model that may have seen its test data.
const DOUBTFUL: &str = "*";

/// Tables with their notes.
pub struct Tables {
    grids: Vec<Grid>,
    notes: Vec<String>,
}

impl Tables {
    /// Aligned columns.
    pub fn text(&self) -> String {
        self.all(Grid::text, "")
    }

    /// The same as Markdown.
    pub fn markdown(&self) -> String {
        self.all(Grid::markdown, "- ")
    }

    fn all(&self, render: fn(&Grid) -> String, mark: &str) -> String {
        let grids: Vec<String> = self.grids.iter().map(render).collect();
        let notes: String = self.notes.iter().map(|note| format!("{mark}{note}\n")).collect();
        format!("{}\n{notes}", grids.join("\n"))
    }
}

/// A predictor's values, by row.
struct Column {
    name: String,
    values: Vec<(String, Vec<f64>)>,
}

impl Column {
    /// Its value in a row. If several folds fill it, their mean and standard deviation.
    fn cell(&self, row: &str) -> Option<(f64, Option<f64>)> {
        let (_, values) = self.values.iter().find(|(name, values)| name == row && !values.is_empty())?;
        let (mean, sd) = spread(values);
        Some((mean, (values.len() > 1).then_some(sd)))
    }

    fn text(&self, row: &str) -> String {
        match self.cell(row) {
            Some((mean, Some(sd))) => format!("{mean:.3} ± {sd:.3}"),
            Some((mean, None)) => format!("{mean:.3}"),
            None => String::new(),
        }
    }
}

/// The tables of a benchmark. `results` are those of this plan and of others to compare with, `data` are notes on the
/// data.
pub fn tables(benchmark: Benchmark, results: &[FoldResult], data: &[String]) -> Tables {
    let figures: Vec<(&str, Vec<Column>)> =
        benchmark.figures().iter().map(|&figure| (figure, columns(benchmark, figure, results))).collect();
    let mut notes = data.to_vec();
    notes.extend(times(results));
    notes.extend(doubts(results, benchmark.task().name));
    for table in benchmark.figures().iter().flat_map(|&figure| published(benchmark, figure)) {
        let names: Vec<&str> = table.predictors.keys().map(String::as_str).collect();
        let note = format!("published ({}): {}", names.join(", "), table.source);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let rows = |columns: &[Column]| {
        let mut rows: Vec<String> = Vec::new();
        for (row, _) in columns.iter().flat_map(|column| &column.values) {
            if !rows.contains(row) {
                rows.push(row.clone());
            }
        }
        rows
    };
    let own: Vec<String> = figures.iter().flat_map(|(_, columns)| rows(columns)).collect();
    let grids = if own.iter().all(|row| *row == own[0]) {
        own.first().map(|row| turned(row, &figures)).into_iter().collect()
    } else {
        figures.iter().map(|(figure, columns)| upright(figure, columns, rows(columns), benchmark)).collect()
    };
    Tables { grids, notes }
}

/// Every predictor with this figure: those of the results in their order, then the published ones.
fn columns(benchmark: Benchmark, figure: &str, results: &[FoldResult]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let doubtful = |name: &str| results.iter().any(|result| result.name == name && result.is_doubtful());
    for score in results.iter().flat_map(|result| &result.scores) {
        let Some(&value) = score.figures.get(figure) else { continue };
        let mark = if doubtful(&score.predictor) { DOUBTFUL } else { "" };
        let name = format!("{}{mark}", score.predictor);
        let place = columns.iter().position(|column| column.name == name).unwrap_or_else(|| {
            columns.push(Column { name, values: Vec::new() });
            columns.len() - 1
        });
        let values = &mut columns[place].values;
        match values.iter_mut().find(|(row, _)| *row == score.row) {
            Some((_, found)) => found.push(value),
            None => values.push((score.row.clone(), vec![value])),
        }
    }
    for (name, rows) in published(benchmark, figure).flat_map(|table| &table.predictors) {
        let values = rows.iter().map(|(row, value)| (row.clone(), vec![*value])).collect();
        columns.push(Column { name: format!("[{name}]"), values });
    }
    columns
}

/// A row for each trial.
fn upright(figure: &str, columns: &[Column], rows: Vec<String>, benchmark: Benchmark) -> Grid {
    let mut grid = Grid::new(figure, columns.iter().map(|column| column.name.clone()));
    for row in &rows {
        grid.row(row, columns.iter().map(|column| column.text(row)).collect());
    }
    if benchmark == Benchmark::ArchiveII {
        let mean = |column: &Column| {
            let found: Option<Vec<f64>> = rows.iter().map(|row| Some(column.cell(row)?.0)).collect();
            found.map_or_else(String::new, |found| format!("{:.3}", found.iter().sum::<f64>() / found.len() as f64))
        };
        grid.row("mean", columns.iter().map(mean).collect());
    }
    grid
}

/// A row for each predictor, if there is only one trial.
fn turned(row: &str, figures: &[(&str, Vec<Column>)]) -> Grid {
    let mut grid = Grid::new(row, figures.iter().map(|(figure, _)| *figure));
    let mut names: Vec<&str> = Vec::new();
    for name in figures.iter().flat_map(|(_, columns)| columns).map(|column| column.name.as_str()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let of = |(_, columns): &(&str, Vec<Column>)| {
            columns.iter().find(|column| column.name == name).map_or_else(String::new, |column| column.text(row))
        };
        grid.row(name, figures.iter().map(of).collect());
    }
    grid
}

/// Notes on what the guard found, and why a model's column is marked.
fn doubts(results: &[FoldResult], task: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    for result in results {
        match &result.guard {
            Some(checks) => checks.iter().for_each(|check| note(check.sentence())),
            None => note(format!("guard: fold {} was tested before there was one", result.fold)),
        }
        if let Some(from) = &result.trained_before {
            note(format!(
                "{DOUBTFUL} {}: not comparable with published figures: it began with {from}, which was trained for {task} \
                 before on data that were not named",
                result.name
            ));
        } else if result.is_doubtful() {
            note(format!("{DOUBTFUL} {}: some test records are like training records", result.name));
        }
    }
    notes
}

/// How long training took.
fn times(results: &[FoldResult]) -> Option<String> {
    let (seconds, steps) = results.iter().fold((0.0, 0), |sum, result| (sum.0 + result.seconds, sum.1 + result.steps));
    let time = rinalmo_runs::pretrain::duration(seconds);
    let (folds, steps) = (results.len(), rinalmo_runs::pretrain::grouped(steps));
    (folds > 0).then(|| format!("trained here: {folds} folds, {steps} steps, {time}; in brackets published figures"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Score};

    fn result(fold: &str, row: &str, figures: &[(&str, f64)]) -> FoldResult {
        let figures = figures.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let (row, predictor) = (row.to_owned(), "nano".to_owned());
        let score = Score { row, predictor, records: 1, figures, intervals: Default::default() };
        FoldResult {
            fold: fold.into(),
            steps: 10,
            seconds: 60.0,
            scores: vec![score],
            guard: Some(Vec::new()),
            trained_before: None,
            name: "nano".into(),
        }
    }

    #[test]
    fn a_model_that_may_have_seen_the_test_data_is_marked_and_the_reason_noted() {
        let clean = result("5s", "5s", &[("relaxed F1", 0.5)]);
        let text = |result: FoldResult| tables(Benchmark::ArchiveII, &[result], &[]).text();
        assert!(!text(clean.clone()).contains("nano*"));
        let trained = FoldResult { trained_before: Some("nano (on TR0)".into()), ..clean.clone() };
        let said = text(trained);
        assert!(said.contains("nano*"), "{said}");
        assert!(said.contains("* nano: not comparable with published figures: it began with nano (on TR0), which was trained for structure before"), "{said}");
        let check = |alike| Check { row: "5s".into(), records: 9, alike, identical: 1, trained_on: Vec::new() };
        let doubtful = FoldResult { guard: Some(vec![check(4)]), ..clean.clone() };
        let said = text(doubtful);
        assert!(said.contains("nano*") && said.contains("guard: 4 of the 9 records of 5s are like"), "{said}");
        let none = text(FoldResult { guard: Some(vec![check(0)]), ..clean.clone() });
        assert!(!none.contains("nano*") && none.contains("guard: none of the 9 records of 5s"), "{none}");
        assert!(text(FoldResult { guard: None, ..clean }).contains("guard: fold 5s was tested before there was one"));
    }

    #[test]
    fn families_are_rows_and_predictors_columns() {
        let results = [result("5s", "5s", &[("relaxed F1", 0.5), ("strict F1", 0.4)])];
        let text = tables(Benchmark::ArchiveII, &results, &[]).text();
        let line = text.lines().find(|line| line.starts_with("5s")).unwrap();
        let first: Vec<&str> = line.split_whitespace().take(3).collect();
        assert_eq!(first, ["5s", "0.500", "0.853"], "{text}");
        let published = text.lines().find(|line| line.starts_with("mean")).unwrap();
        assert!(published.contains("0.720"), "{published}"); // RiNALMo's own mean, as the paper gives it
        assert!(text.contains("trained here: 1 folds, 10 steps, 1 min"), "{text}");
    }

    #[test]
    fn a_single_trial_has_predictors_as_rows_and_folds_are_averaged() {
        let results = [result("bprna", "TS0", &[("relaxed F1", 0.5), ("strict F1", 0.4)])];
        let text = tables(Benchmark::BpRna, &results, &["three parts".into()]).text();
        let own = text.lines().find(|line| line.starts_with("nano")).unwrap();
        assert_eq!(own.split_whitespace().collect::<Vec<_>>(), ["nano", "0.500", "0.400"]);
        assert!(text.contains("[SPOT-RNA]") && text.contains("three parts"), "{text}");
        let folds = [result("donor-1", "donor fly", &[("f1", 0.9)]), result("donor-2", "donor fly", &[("f1", 0.7)])];
        let text = tables(Benchmark::Splice, &folds, &[]).text();
        assert!(text.contains("0.800 ± 0.141"), "{text}");
    }
}
