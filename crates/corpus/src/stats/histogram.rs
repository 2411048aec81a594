//! How often sizes occur, in bins that double, as text and as an SVG drawing.

use std::fmt::{self, Write};

use serde::Serialize;

use crate::report::grouped;

/// Letters the longest bar takes in text.
const BAR: usize = 40;
/// Measures of the drawing, in pixels.
const WIDTH: usize = 640;
const HEIGHT: usize = 320;
const MARGIN: usize = 56;

/// How often sizes occur.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// What is counted.
    pub title: String,
    /// The unit of sizes.
    pub unit: String,
    /// The smallest size.
    pub min: u64,
    /// The size that half of them do not exceed.
    pub median: u64,
    /// The mean size.
    pub mean: f64,
    /// The largest size.
    pub max: u64,
    /// First size, last size and count of each bin; bins begin at powers of two, and none is left out between.
    pub bins: Vec<(u64, u64, u64)>,
}

impl Histogram {
    pub(super) fn new(title: &str, unit: &str, mut sizes: Vec<u32>) -> Self {
        sizes.sort_unstable();
        let bin = |size: u32| size.max(1).ilog2();
        let of_bin = |power: u32| {
            let from = sizes.partition_point(|&size| bin(size) < power);
            let to = sizes.partition_point(|&size| bin(size) <= power);
            (if power == 0 { sizes[0].min(1).into() } else { 1 << power }, (2u64 << power) - 1, (to - from) as u64)
        };
        let ends = sizes.first().zip(sizes.last());
        Self {
            title: title.into(),
            unit: unit.into(),
            min: ends.map_or(0, |(&min, _)| min.into()),
            median: if sizes.is_empty() { 0 } else { sizes[(sizes.len() - 1) / 2].into() },
            mean: sizes.iter().map(|&size| f64::from(size)).sum::<f64>() / sizes.len().max(1) as f64,
            max: ends.map_or(0, |(_, &max)| max.into()),
            bins: ends.map_or(Vec::new(), |(&min, &max)| (bin(min)..=bin(max)).map(of_bin).collect()),
        }
    }

    fn most(&self) -> u64 {
        self.bins.iter().map(|&(_, _, count)| count).max().unwrap_or(0).max(1)
    }

    fn label((from, to, _): (u64, u64, u64)) -> String {
        if from == to { from.to_string() } else { format!("{from}–{to}") }
    }

    /// Draws it: one bar a bin, its count on top.
    pub fn svg(&self) -> String {
        let (inner_width, inner_height) = (WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN);
        let step = inner_width as f64 / self.bins.len().max(1) as f64;
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"10\" text-anchor=\"middle\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
             <text x=\"{}\" y=\"24\" font-size=\"15\">{}</text>\n",
            WIDTH / 2,
            self.title
        );
        for (place, &bin) in self.bins.iter().enumerate() {
            let height = inner_height as f64 * bin.2 as f64 / self.most() as f64;
            let (left, top) = (MARGIN as f64 + step * place as f64, (MARGIN + inner_height) as f64 - height);
            let (middle, below) = (left + step / 2.0, MARGIN + inner_height + 14);
            let (label, count) = (Self::label(bin), grouped(bin.2));
            let _ = writeln!(
                text,
                "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"#4477aa\"/>\n\
                 <text x=\"{middle:.1}\" y=\"{:.1}\">{count}</text>\n\
                 <text x=\"{middle:.1}\" y=\"{below}\" font-size=\"8\">{label}</text>",
                left + step * 0.05,
                step * 0.9,
                top - 4.0,
            );
        }
        let (y, right) = (MARGIN + inner_height, WIDTH - MARGIN);
        let _ = writeln!(
            text,
            "<path d=\"M{MARGIN} {y}H{right}\" stroke=\"black\"/>\n<text x=\"{}\" y=\"{}\" font-size=\"11\">{}</text>\n</svg>",
            WIDTH / 2,
            HEIGHT - 12,
            self.unit
        );
        text
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, unit, min, median, mean, max, .. } = self;
        write!(f, "{title}: {min} to {max} {unit}, median {median}, mean {mean:.1}")?;
        let label_width = self.bins.iter().map(|&bin| Self::label(bin).chars().count()).max().unwrap_or(0);
        let count_width = grouped(self.most()).len();
        for &bin in &self.bins {
            let bar = "█".repeat((bin.2 as f64 / self.most() as f64 * BAR as f64).ceil() as usize);
            write!(f, "\n  {:>label_width$}  {:>count_width$}  {bar}", Self::label(bin), grouped(bin.2))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_in_one_bin_and_bins_double() {
        let histogram = Histogram::new("sizes", "members", vec![5, 1, 1, 2, 3, 17]);
        assert_eq!(histogram.bins, [(1, 1, 2), (2, 3, 2), (4, 7, 1), (8, 15, 0), (16, 31, 1)]);
        assert_eq!((histogram.min, histogram.median, histogram.max), (1, 2, 17));
        let text = histogram.to_string();
        assert!(text.starts_with("sizes: 1 to 17 members, median 2, mean 4.8\n"), "{text}");
        assert_eq!(text.lines().count(), 6);
    }

    #[test]
    fn the_drawing_has_a_bar_for_each_bin() {
        let svg = Histogram::new("lengths", "nt", vec![20, 30, 40]).svg();
        assert_eq!(svg.matches("fill=\"#4477aa\"").count(), 2);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn no_sizes_are_no_bins() {
        let histogram = Histogram::new("sizes", "nt", Vec::new());
        assert_eq!((histogram.bins.len(), histogram.max), (0, 0));
        assert!(histogram.svg().contains("</svg>"));
    }
}
