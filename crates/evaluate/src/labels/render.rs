//! Prints scored answers.

use super::{LabelComparison, LabelEvaluation, Scores};
use crate::grid::Grid;

impl LabelEvaluation {
    /// Aligned tables.
    pub fn text(&self) -> String {
        self.parts(Grid::text, "")
    }

    /// The same as Markdown.
    pub fn markdown(&self) -> String {
        self.parts(Grid::markdown, "## ")
    }

    fn parts(&self, render: fn(&Grid) -> String, mark: &str) -> String {
        let Self { reference, references, records, .. } = self;
        let names: Vec<&str> = self.reports.iter().map(|report| report.predictor.as_str()).collect();
        let names = names.join(", ");
        let mut text = format!("{mark}{names} on {reference}: {records} of {references} known answers scored\n");
        for grid in self.grids() {
            text = format!("{text}\n{}", render(&grid));
        }
        let drawn = self.drawn.line(&self.bootstrap);
        if !drawn.is_empty() {
            text = format!("{text}\n{drawn}");
        }
        text
    }

    fn grids(&self) -> Vec<Grid> {
        let several = self.reports.len() > 1;
        // There is a column of intervals if any row has one.
        let mut rows =
            self.reports.iter().flat_map(|report| std::iter::once(&report.all).chain(report.groups.values()));
        let has_interval = |scores: &&Scores| scores.figures.iter().any(|figure| figure.interval.is_some());
        let Some(like) = rows.clone().find(has_interval).or_else(|| rows.next()) else { return Vec::new() };
        let mut grids = vec![header("predictor", like)];
        for report in &self.reports {
            grids[0].row(&report.predictor, cells(&report.all, like));
            let within = |name: &str| if several { format!("{} {name}", report.predictor) } else { name.to_owned() };
            report.groups.iter().for_each(|(name, scores)| grids[0].row(&within(name), cells(scores, like)));
        }
        for report in &self.reports {
            if let Some(first) = report.classes.values().next() {
                let mut grid = header(&format!("{} by class", report.predictor), first);
                report.classes.iter().for_each(|(name, scores)| grid.row(name, cells(scores, first)));
                grids.push(grid);
            }
        }
        if several {
            let mut grid = Grid::new("difference, row by row", ["of", "mean", "95 %", "p", "higher", "lower"]);
            self.comparisons.iter().for_each(|of| grid.row(&format!("{} - {}", of.first, of.second), compared(of)));
            grids.push(grid);
        }
        grids
    }
}

fn header(title: &str, scores: &Scores) -> Grid {
    let columns = scores.figures.iter().flat_map(|figure| {
        let interval = figure.interval.map(|_| "95 %".to_owned());
        std::iter::once(figure.name.replace('_', " ")).chain(interval)
    });
    Grid::new(title, std::iter::once("records".to_owned()).chain(columns))
}

/// The cells of a row, under the header of `like`.
fn cells(scores: &Scores, like: &Scores) -> Vec<String> {
    let number = |value: f64| format!("{value:.3}");
    let figures = scores.figures.iter().zip(&like.figures).flat_map(|(figure, like)| {
        let interval = || {
            figure.interval.map_or_else(|| "-".to_owned(), |of| format!("{} to {}", number(of.low), number(of.high)))
        };
        let interval = like.interval.map(|_| interval());
        std::iter::once(figure.value.map_or_else(|| "-".to_owned(), number)).chain(interval)
    });
    std::iter::once(scores.records.to_string()).chain(figures).collect()
}

fn compared(of: &LabelComparison) -> Vec<String> {
    let paired = &of.paired;
    let interval = paired.interval.map_or_else(String::new, |of| format!("{:+.3} to {:+.3}", of.low, of.high));
    let p = if paired.p < 0.0001 { format!("{:.0e}", paired.p) } else { format!("{:.4}", paired.p) };
    let mean = format!("{:+.3}", paired.difference);
    vec![of.of.to_owned(), mean, interval, p, paired.higher.to_string(), paired.lower.to_string()]
}
