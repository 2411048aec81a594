//! How far to trust a map.

use anyhow::Result;
use rinalmo::map::{Points, quality, trust};
use serde_json::{Value, json};

use super::labels::Labels;
use super::place::PlaceArgs;
use super::vectors::Records;

/// Neighbours that purity looks at, fewer of few points.
const PURE: usize = 10;

/// Figures of a map's quality.
pub struct Quality {
    /// The number of neighbours, and the trustworthiness; `None` of too few points.
    trust: Option<(usize, f64)>,
    labels: Option<OfLabels>,
}

/// Figures of labels, for the vectors and the map.
struct OfLabels {
    /// What the labels are.
    column: String,
    /// Records with a label.
    records: usize,
    neighbours: usize,
    purity: [f64; 2],
    /// `None` if all have one label.
    silhouette: [Option<f64>; 2],
}

impl Quality {
    /// Measures a map.
    pub fn of(points: &Points, map: &[[f64; 2]], labels: Option<&Labels>) -> Result<Self> {
        let trust = trust(points, map)?;
        let labels = labels.map(|labels| OfLabels::of(points, map, labels)).transpose()?.flatten();
        Ok(Self { trust, labels })
    }

    /// What is printed.
    pub fn lines(&self) -> Vec<String> {
        let trust = self.trust.map(|(count, trust)| format!("trustworthiness {trust:.3} (of {count} neighbours)"));
        let labels = self.labels.iter().flat_map(|labels| {
            let [before, after] = labels.purity;
            let purity = format!(
                "purity of {} neighbours by {}: {before:.3} of the embeddings, {after:.3} on the map",
                labels.neighbours, labels.column
            );
            let silhouette = labels.silhouette[0].zip(labels.silhouette[1]).map(|(before, after)| {
                format!("silhouette by {}: {before:.3} of the embeddings, {after:.3} on the map", labels.column)
            });
            std::iter::once(purity).chain(silhouette)
        });
        trust.into_iter().chain(labels).collect()
    }

    /// The line below a drawing.
    pub fn note(&self) -> String {
        let trust = self.trust.map(|(_, trust)| format!("trustworthiness {trust:.3}"));
        let purity = self
            .labels
            .as_ref()
            .map(|labels| format!("purity of {} neighbours {:.3}", labels.neighbours, labels.purity[1]));
        trust.into_iter().chain(purity).collect::<Vec<_>>().join(", ")
    }

    /// Everything, for programs.
    pub fn json(&self, place: &PlaceArgs, records: &Records) -> Value {
        let trust = self.trust.map(|(count, trust)| json!({ "neighbours": count, "value": trust }));
        let of = |[embeddings, map]: [Option<f64>; 2]| json!({ "embeddings": embeddings, "map": map });
        let labels = self.labels.as_ref().map(|labels| {
            json!({
                "column": labels.column,
                "records": labels.records,
                "neighbours": labels.neighbours,
                "purity": of(labels.purity.map(Some)),
                "silhouette": of(labels.silhouette),
            })
        });
        json!({
            "method": place.method.name(),
            "seed": place.seed,
            "records": records.records.len(),
            "vectors": records.kind.name(),
            "dimensions": records.points.dims(),
            "trustworthiness": trust,
            "labels": labels,
        })
    }
}

impl OfLabels {
    /// Of the records with a label; `None` if these are fewer than two.
    fn of(points: &Points, map: &[[f64; 2]], labels: &Labels) -> Result<Option<Self>> {
        let rows = points.values().chunks_exact(points.dims()).zip(map).zip(&labels.of);
        let (mut values, mut places, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for ((row, place), label) in rows {
            if let Some(label) = *label {
                values.extend(row);
                places.push(*place);
                numbers.push(label);
            }
        }
        let records = numbers.len();
        if records < 2 {
            return Ok(None);
        }
        let neighbours = PURE.min(records - 1);
        let both = [Points::new(values, points.dims())?, Points::from_map(&places)?];
        let purity = |points: &Points| quality::knn_purity(points, &numbers, neighbours);
        let silhouette = |points: &Points| quality::silhouette(points, &numbers);
        Ok(Some(Self {
            column: labels.column.clone(),
            records,
            neighbours,
            purity: [purity(&both[0])?, purity(&both[1])?],
            silhouette: [silhouette(&both[0])?, silhouette(&both[1])?],
        }))
    }
}
