//! Drawings of an evaluation, as in the paper: F1 by family as violins with boxes or as bars, and reliability.

use std::collections::BTreeMap;

use rinalmo_draw::{Groups, Reliability, Series, Shape};

use super::{Evaluation, Figures, Means, RecordScore, References, Report};

/// The name of the group of all records, if there are no families.
const ALL: &str = "all";

/// One series of a drawing: its name, its predictor, and which of its figures.
struct Line<'e> {
    name: String,
    report: &'e Report,
    record: fn(&RecordScore) -> f64,
    mean: fn(&Means) -> &Figures,
}

impl Evaluation {
    /// Every record's F1 by family, as violins with boxes; SVG. A single predictor is drawn with strict and relaxed
    /// F1, several with relaxed F1. `references` are those of the evaluation.
    pub fn boxes(&self, references: &References) -> String {
        let family = |record: &RecordScore| references.items[record.reference].family.as_deref().unwrap_or(ALL);
        self.groups(|line| {
            let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
            for record in &line.report.records {
                values.entry(family(record)).or_default().push((line.record)(record));
            }
            values.into_iter().map(|(family, of)| (family.to_owned(), of.len(), Shape::Values(of))).collect()
        })
    }

    /// Mean F1 by family with its interval, as bars; SVG. Predictors as in [`Evaluation::boxes`].
    pub fn bars(&self) -> String {
        self.groups(|line| {
            let bar = |of: &Means| {
                let figures = (line.mean)(of);
                let interval = figures.interval.map(|interval| (interval.f1.low, interval.f1.high));
                (of.records, Shape::Bar(figures.mean.f1, interval))
            };
            let all = [(ALL.to_owned(), &line.report.mean)].into_iter();
            let families = line.report.families.iter().map(|(family, of)| (family.clone(), of));
            all.chain(families).map(|(name, of)| (name, bar(of).0, bar(of).1)).collect()
        })
    }

    /// The share of true pairs against the predicted probability, of every predictor that gives probabilities; SVG.
    /// `None` if none does.
    pub fn reliability(&self) -> Option<String> {
        let curve = |report: &Report| {
            let points = report.calibration.as_ref()?.bins.iter().map(|&(probability, part, _)| (probability, part));
            Some((report.predictor.clone(), points.collect()))
        };
        let curves: Vec<_> = self.reports.iter().filter_map(curve).collect();
        let title = format!("Reliability on {}", self.reference_name());
        (!curves.is_empty()).then(|| Reliability { title, curves }.svg())
    }

    fn groups(&self, of: impl Fn(&Line<'_>) -> Vec<(String, usize, Shape)>) -> String {
        let several = self.reports.len() > 1;
        let mut groups = Vec::new();
        let mut series = Vec::new();
        for line in self.lines() {
            let drawn = of(&line);
            groups = drawn.iter().map(|(name, count, _)| (name.clone(), *count)).collect();
            series.push(Series { name: line.name, shapes: drawn.into_iter().map(|(.., shape)| shape).collect() });
        }
        let title = match &self.reports[..] {
            [only] => format!("{} on {}", only.predictor, self.reference_name()),
            _ => self.reference_name(),
        };
        Groups { title, axis: if several { "relaxed F1" } else { "F1" }.into(), groups, series }.svg()
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let relaxed = |name: String, report| Line {
            name,
            report,
            record: |record| record.agreement.relaxed.f1,
            mean: |means| &means.figures.relaxed,
        };
        match &self.reports[..] {
            [report] => {
                let strict = Line {
                    name: "strict".into(),
                    report,
                    record: |record| record.agreement.strict.f1,
                    mean: |means| &means.figures.strict,
                };
                vec![strict, relaxed("relaxed".into(), report)]
            }
            several => several.iter().map(|report| relaxed(report.predictor.clone(), report)).collect(),
        }
    }

    /// The references' file without its folder.
    fn reference_name(&self) -> String {
        let path = std::path::Path::new(&self.reference);
        path.file_name().map_or_else(|| self.reference.clone(), |name| name.to_string_lossy().into_owned())
    }
}
