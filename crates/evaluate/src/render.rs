//! Prints an evaluation: tables as text or Markdown, and one row for each record as CSV.

use rinalmo_metrics::bootstrap::Interval;
use rinalmo_metrics::paired::Paired;

use super::{Both, Comparison, Evaluation, Figures, Leakage, Means, Pooled, References, Report};
use crate::grid::Grid;

const FIGURES: [&str; 11] = ["records", "strict P", "R", "F1", "95 %", "MCC", "relaxed P", "R", "F1", "95 %", "MCC"];

impl Evaluation {
    /// Aligned tables.
    pub fn text(&self) -> String {
        self.parts(Grid::text, "")
    }

    /// The same as Markdown.
    pub fn markdown(&self) -> String {
        self.parts(Grid::markdown, "## ")
    }

    fn parts(&self, render: fn(&Grid) -> String, mark: &str) -> String {
        let mut text = format!("{mark}{}\n\n", self.title());
        let grids = match &self.reports[..] {
            [only] => one(only),
            several => many(several, &self.comparisons),
        };
        let notes = self.reports.iter().filter_map(calibration).chain(self.reports.iter().filter_map(expected));
        let cost = self.reports.iter().filter(|_| self.reports.len() == 1).filter_map(took);
        let notes = notes.chain(cost).chain(self.leakage.iter().map(leakage));
        for grid in &grids {
            text += &render(grid);
            text.push('\n');
        }
        text += "P precision, R recall, MCC Matthews' correlation; strict: exact pairs, relaxed: a pair may be one position off at one end\n";
        text += &self.drawn.line(&self.bootstrap);
        notes.for_each(|note| text = format!("{text}{note}\n"));
        text
    }

    fn title(&self) -> String {
        let names: Vec<&str> = self.reports.iter().map(|report| report.predictor.as_str()).collect();
        let Self { reference, references, records, .. } = self;
        format!("{} on {reference}: {records} of {references} references scored", names.join(", "))
    }

    /// A row for every record and predictor; `references` are those of the evaluation.
    pub fn csv(&self, references: &References) -> String {
        let names = ["precision", "recall", "f1", "mcc"];
        let columns = ["strict", "relaxed"].map(|kind| names.map(|name| format!("{kind}_{name}")).join(","));
        let expects = self.reports.iter().any(|report| report.expected_f1.is_some());
        let expected = if expects { ",expected_f1" } else { "" };
        let similar = if self.leakage.is_some() { ",like_training" } else { "" };
        let mut text = format!(
            "predictor,id,family,length,reference_pairs,predicted_pairs,{}{expected}{similar}\n",
            columns.join(",")
        );
        for report in &self.reports {
            for record in &report.records {
                let reference = &references.items[record.reference];
                let family = reference.family.as_deref().unwrap_or_default();
                let mut cells = vec![cell(&report.predictor), cell(&reference.id), cell(family)];
                let counts = &record.all.strict;
                cells.extend([reference.structure.len(), counts.reference, counts.predicted].map(|n| n.to_string()));
                for of in [&record.agreement.strict, &record.agreement.relaxed] {
                    cells.extend([of.precision, of.recall, of.f1, of.mcc].map(|value| format!("{value:.6}")));
                }
                if expects {
                    cells.push(record.expected_f1.map_or_else(String::new, |f1| format!("{f1:.6}")));
                }
                cells.extend(self.leakage.iter().map(|leakage| leakage.marked[record.reference].to_string()));
                text += &cells.join(",");
                text.push('\n');
            }
        }
        text
    }
}

/// A cell of CSV, quoted if necessary.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Everything about one predictor.
fn one(report: &Report) -> Vec<Grid> {
    let mut all = Grid::new("", FIGURES);
    all.row("all", means(&report.mean));
    all.row("weighted by length", means(&report.length_weighted));
    report.family_mean.inspect(|family_mean| all.row("mean of families", means(family_mean)));
    report.unlike_training.inspect(|unlike| all.row("unlike training", means(unlike)));
    report.families.iter().for_each(|(family, of)| all.row(family, means(of)));
    report.lengths.iter().for_each(|(band, of)| all.row(&format!("{band} nt"), means(of)));
    let mut pairs = Grid::new("pairs, added up", ["known", "predicted", "strict P", "R", "F1", "relaxed P", "R", "F1"]);
    kinds(report).into_iter().for_each(|(kind, of)| pairs.row(kind, pooled(&of)));
    vec![all, pairs]
}

fn kinds(report: &Report) -> Vec<(&'static str, Pooled)> {
    let of = &report.pairs;
    let known = [("canonical", of.canonical), ("non-canonical", of.non_canonical), ("crossing", Some(of.crossing))];
    let known = known.into_iter().filter_map(|(kind, of)| Some((kind, of?)));
    [("all", of.all)].into_iter().chain(known).collect()
}

/// Chooses means of a report.
type Choose = fn(&Report) -> Option<Means>;

/// Predictors side by side.
fn many(reports: &[Report], comparisons: &[Comparison]) -> Vec<Grid> {
    let measured = reports.iter().any(|report| report.cost.is_some());
    let mut all =
        Grid::new("predictor", FIGURES.into_iter().chain(["time", "memory"].into_iter().filter(|_| measured)));
    reports.iter().for_each(|report| all.row(&report.predictor, [means(&report.mean), cost(report)].concat()));
    let mut grids = vec![all];
    let columns = |title: &str| {
        let names = reports.iter().flat_map(|report| [format!("{} strict", report.predictor), "relaxed".into()]);
        Grid::new(title, std::iter::once("records".to_owned()).chain(names))
    };
    let f1 = |of: &[&Means]| {
        let cells = of.iter().flat_map(|of| {
            let Both { strict, relaxed } = &of.figures;
            [strict, relaxed].map(|figures| mean(of.records, figures.mean.f1))
        });
        std::iter::once(of[0].records.to_string()).chain(cells).collect::<Vec<_>>()
    };
    let mut groups = columns("mean F1");
    let over_all: [(&str, Choose); 3] = [
        ("weighted by length", |report| Some(report.length_weighted)),
        ("mean of families", |report| report.family_mean),
        ("unlike training", |report| report.unlike_training),
    ];
    for (name, of) in over_all {
        let found: Vec<Means> = reports.iter().filter_map(of).collect();
        if !found.is_empty() {
            groups.row(name, f1(&found.iter().collect::<Vec<_>>()));
        }
    }
    for family in reports[0].families.keys() {
        groups.row(family, f1(&reports.iter().map(|report| &report.families[family]).collect::<Vec<_>>()));
    }
    for (place, (band, _)) in reports[0].lengths.iter().enumerate() {
        groups
            .row(&format!("{band} nt"), f1(&reports.iter().map(|report| &report.lengths[place].1).collect::<Vec<_>>()));
    }
    grids.push(groups);
    let mut pairs = Grid::new("pairs, added up", ["known", "predicted", "strict P", "R", "F1", "relaxed P", "R", "F1"]);
    for report in reports {
        kinds(report)
            .into_iter()
            .for_each(|(kind, of)| pairs.row(&format!("{} {kind}", report.predictor), pooled(&of)));
    }
    grids.push(pairs);
    let names = ["strict", "95 %", "p", "better", "worse", "relaxed", "95 %", "p", "better", "worse"];
    let mut differences = Grid::new("difference of F1, record by record", names);
    for Comparison { first, second, f1 } in comparisons {
        let cells = [&f1.strict, &f1.relaxed].map(paired).concat();
        differences.row(&format!("{first} - {second}"), cells);
    }
    grids.push(differences);
    grids
}

/// The mean over so many records.
fn mean(records: usize, value: f64) -> String {
    if records == 0 { "–".into() } else { number(value) }
}

fn means(of: &Means) -> Vec<String> {
    let records = of.records;
    let figures = |of: &Figures| {
        let interval = of.interval.map_or_else(String::new, |interval| range(interval.f1, number));
        let number = |value: f64| mean(records, value);
        [number(of.mean.precision), number(of.mean.recall), number(of.mean.f1), interval, number(of.mean.mcc)]
    };
    let mut cells = vec![of.records.to_string()];
    cells.extend(figures(&of.figures.strict));
    cells.extend(figures(&of.figures.relaxed));
    cells
}

/// The cells of time and memory; none if they were not measured.
fn cost(report: &Report) -> Vec<String> {
    report.cost.map_or_else(Vec::new, |cost| vec![cost.time(), cost.memory()])
}

fn pooled(of: &Pooled) -> Vec<String> {
    let mut cells = vec![of.reference.to_string(), of.predicted.to_string()];
    for rates in [&of.figures.strict, &of.figures.relaxed] {
        let cell = |rate: Option<f64>| rate.map_or_else(|| "–".into(), number);
        cells.extend([rates.precision, rates.recall, rates.f1].map(cell));
    }
    cells
}

fn paired(of: &Paired) -> Vec<String> {
    let signed = |value: f64| format!("{value:+.3}");
    let interval = of.interval.map_or_else(String::new, |interval| range(interval, signed));
    let p = match of.p {
        p if p < 0.0001 => format!("{p:.0e}"),
        p => format!("{p:.4}"),
    };
    vec![signed(of.difference), interval, p, of.higher.to_string(), of.lower.to_string()]
}

fn number(value: f64) -> String {
    format!("{value:.3}")
}

fn range(interval: Interval, number: fn(f64) -> String) -> String {
    format!("{} to {}", number(interval.low), number(interval.high))
}

fn calibration(report: &Report) -> Option<String> {
    let of = report.calibration.as_ref()?;
    Some(format!(
        "{}: expected calibration error {:.3}, over {} pairs of probability {} or more",
        report.predictor, of.expected_error, of.pairs, of.least
    ))
}

fn expected(report: &Report) -> Option<String> {
    let of = report.expected_f1?;
    let correlation = of.pearson_squared.map_or_else(String::new, |r2| format!(", squared correlation {r2:.3}"));
    Some(format!(
        "{}: expected relaxed F1 {:.3} on average where {:.3} was found; {:.3} apart in the mean{correlation}",
        report.predictor, of.expected, of.found, of.mean_error
    ))
}

fn took(report: &Report) -> Option<String> {
    let cost = report.cost?;
    let memory = cost.memory();
    let memory = if memory.is_empty() { memory } else { format!(", at most {memory} of memory") };
    Some(format!("{}: {}{memory}", report.predictor, cost.time()))
}

fn leakage(of: &Leakage) -> String {
    let families: Vec<&str> = of.families.keys().map(String::as_str).collect();
    let shared =
        if families.is_empty() { String::new() } else { format!("; families in both: {}", families.join(", ")) };
    let gaps = match of.training_gaps.letters {
        0 => String::new(),
        gaps => format!("; compared without {gaps} gaps"),
    };
    format!(
        "training ({} sequences) holds {} of the references as they are, and {} at {:.0} % identity or more{gaps}{shared}",
        of.training_sequences,
        of.identical,
        of.alike,
        100.0 * of.identity
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!([cell("a_1"), cell("a,\"b\"")], ["a_1", "\"a,\"\"b\"\"\""]);
    }
}
