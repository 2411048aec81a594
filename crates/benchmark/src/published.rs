//! Published figures, from `published.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Benchmark;

/// A published table: one figure, several predictors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Its benchmark.
    pub benchmark: Benchmark,
    /// Its figure, by its name in an evaluation.
    pub figure: String,
    /// Who published it, with remarks.
    pub source: String,
    /// Every predictor's value for each row.
    pub predictors: BTreeMap<String, BTreeMap<String, f64>>,
}

#[derive(Deserialize)]
struct File {
    table: Vec<Published>,
}

static TABLES: LazyLock<Vec<Published>> = LazyLock::new(|| {
    toml::from_str::<File>(include_str!("published.toml")).expect("a test parses the program's own file").table
});

/// The published tables of a benchmark's figure.
pub fn published(benchmark: Benchmark, figure: &str) -> impl Iterator<Item = &'static Published> {
    TABLES.iter().filter(move |table| table.benchmark == benchmark && table.figure == figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_of_a_figure_that_is_shown() {
        assert!(TABLES.len() >= 6);
        for table in TABLES.iter() {
            assert!(table.benchmark.figures().contains(&table.figure.as_str()), "{}", table.figure);
            assert!(table.predictors.values().flatten().all(|(_, value)| (0.0..=1.0).contains(value)));
        }
        let relaxed = published(Benchmark::ArchiveII, "relaxed F1").next().unwrap();
        assert_eq!(relaxed.predictors["RiNALMo 650M"]["telomerase"], 0.12);
    }
}
