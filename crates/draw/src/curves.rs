//! Curves over a common axis, such as perplexity by step. A steep start of a curve is clipped at the top, so that the
//! rest is readable.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::canvas::{self, Failed, MARGIN, Root, colour};

/// Sizes of the drawing, in pixels.
const SIZE: (u32, u32) = (800, 480);
const LABELS: (u32, u32) = (48, 64); // below, left
/// Most points of a line before neighbours are averaged: more cannot be seen in a drawing of 800 pixels.
const MOST_POINTS: usize = 500;
/// Fraction of a line's points that set the height of the axis; higher points are clipped at the upper edge.
const SHOWN: f64 = 0.97;

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Its name in the legend.
    pub name: String,
    /// Its points; points that are not finite or not above 0 are left out.
    pub points: Vec<(f64, f64)>,
    /// Whether points are drawn as circles.
    pub marked: bool,
}

impl Curve {
    /// Many points, drawn as a line; neighbours are averaged if there are too many to see.
    pub fn line(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, marked: false }
    }

    /// Few points, each drawn as a circle.
    pub fn points(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, marked: true }
    }

    /// The points to draw.
    fn drawn(&self) -> Vec<(f64, f64)> {
        let good = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite() && *y > 0.0;
        let points: Vec<(f64, f64)> = self.points.iter().copied().filter(good).collect();
        if self.marked || points.len() <= MOST_POINTS {
            return points;
        }
        let mean = |few: &[(f64, f64)]| {
            let count = few.len() as f64;
            (few.iter().map(|point| point.0).sum::<f64>() / count, few.iter().map(|point| point.1).sum::<f64>() / count)
        };
        points.chunks(points.len().div_ceil(MOST_POINTS)).map(mean).collect()
    }
}

/// Curves over a common axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Text above the drawing.
    pub title: String,
    /// The names of the axes, x and y.
    pub axes: [String; 2],
    /// The curves.
    pub curves: Vec<Curve>,
}

impl Curves {
    /// An empty drawing.
    pub fn new(title: impl Into<String>, across: impl Into<String>, up: impl Into<String>) -> Self {
        Self { title: title.into(), axes: [across.into(), up.into()], curves: Vec::new() }
    }

    /// Draws the curves as SVG text.
    pub fn svg(&self) -> String {
        canvas::svg(SIZE, |root| self.draw(root))
    }

    fn draw(&self, root: &Root<'_>) -> Result<(), Failed> {
        let curves: Vec<Vec<(f64, f64)>> = self.curves.iter().map(Curve::drawn).collect();
        let all = || curves.iter().flatten();
        let across = extent(all().map(|point| point.0), |from, to| (from, to.max(from + 1.0)));
        let up = self.heights(&curves);
        let mut chart = ChartBuilder::on(root)
            .margin(MARGIN)
            .caption(&self.title, ("sans-serif", 18))
            .x_label_area_size(LABELS.0)
            .y_label_area_size(LABELS.1)
            .build_cartesian_2d(across, up.clone())?;
        let [x, y] = &self.axes;
        let steps = |x: &f64| format!("{x:.0}");
        let format_height = |y: &f64| format!("{y:.3}").trim_end_matches('0').trim_end_matches('.').to_owned();
        let mut mesh = chart.configure_mesh();
        mesh.x_desc(x).y_desc(y).x_label_formatter(&steps).y_label_formatter(&format_height);
        mesh.light_line_style(TRANSPARENT).label_style(("sans-serif", 12)).draw()?;
        for (place, (curve, points)) in self.curves.iter().zip(&curves).enumerate() {
            let colour = colour(place);
            let inside = points.iter().map(|&(x, y)| (x, y.min(up.end)));
            chart.draw_series(LineSeries::new(inside.clone(), colour.stroke_width(2)))?;
            if curve.marked {
                chart.draw_series(inside.map(|point| Circle::new(point, 3, colour.filled())))?;
            }
        }
        self.legend(root)
    }

    /// The range of the y axis: from below the lowest point to above all marked points and most others.
    fn heights(&self, curves: &[Vec<(f64, f64)>]) -> Range<f64> {
        let shown = |(curve, points): (&Curve, &Vec<(f64, f64)>)| {
            let mut heights: Vec<f64> = points.iter().map(|point| point.1).collect();
            heights.sort_by(f64::total_cmp);
            let most = if curve.marked { 1.0 } else { SHOWN };
            heights.truncate((heights.len() as f64 * most).ceil() as usize);
            heights
        };
        let heights = self.curves.iter().zip(curves).flat_map(shown);
        extent(heights, |from, to| {
            let margin = 0.05 * (to - from).max(1e-3 * to);
            (from - margin, to + margin)
        })
    }

    /// Names in their colours, in the upper right corner.
    fn legend(&self, root: &Root<'_>) -> Result<(), Failed> {
        let right = (SIZE.0 - 2 * MARGIN) as i32;
        for (place, curve) in self.curves.iter().enumerate() {
            let (last, height) = (curve.points.last(), 56 + 18 * place as i32);
            let now = last.map_or_else(String::new, |(_, y)| format!(" {y:.3}"));
            canvas::name(root, format!("{}{now}", curve.name), place, HPos::Right, (right, height))?;
        }
        Ok(())
    }
}

/// The range of the numbers, widened; 1 to 2 if there are none.
fn extent(numbers: impl Iterator<Item = f64>, widen: impl Fn(f64, f64) -> (f64, f64)) -> Range<f64> {
    let ends = numbers.fold(None, |ends: Option<(f64, f64)>, number| {
        let (from, to) = ends.unwrap_or((number, number));
        Some((from.min(number), to.max(number)))
    });
    let (from, to) = ends.map_or((1.0, 2.0), |(from, to)| widen(from, to));
    from..to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_is_drawn_and_named() {
        let mut curves = Curves::new("a < b", "step", "perplexity");
        curves
            .curves
            .push(Curve::line("training", (1..2000).map(|x| (f64::from(x), 22.0 / f64::from(x) + 3.0)).collect()));
        curves.curves.push(Curve::points("validation", vec![(500.0, 3.5), (1000.0, 3.25)]));
        let svg = curves.svg();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
        for text in ["a &lt; b", "step", "perplexity", "training 3.011", "validation 3.250"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 2);
    }

    #[test]
    fn a_steep_start_does_not_flatten_the_rest() {
        let mut curves = Curves::new("", "", "");
        let steep = |x: u32| 3.0 + 19.0 / f64::from(x).powi(2);
        curves.curves.push(Curve::line("training", (1..=400).map(|x| (f64::from(x), steep(x))).collect()));
        let drawn: Vec<_> = curves.curves.iter().map(Curve::drawn).collect();
        assert!(curves.heights(&drawn).end < 3.3);
        curves.curves.push(Curve::points("validation", vec![(1.0, 9.0)]));
        let drawn: Vec<_> = curves.curves.iter().map(Curve::drawn).collect();
        assert!(curves.heights(&drawn).contains(&9.0), "marked points are never clipped");
    }

    #[test]
    fn long_lines_are_thinned_to_means() {
        let drawn = Curve::line("", (0..1500).map(|x| (f64::from(x), 1.0 + f64::from(x % 3))).collect()).drawn();
        assert_eq!(drawn.len(), 500);
        assert!(drawn.iter().all(|&(_, y)| (y - 2.0).abs() < 1e-12));
    }

    #[test]
    fn empty_curves_and_nan_are_drawn_without_a_panic() {
        let mut curves = Curves::new("", "", "");
        assert!(curves.svg().contains("</svg>"));
        curves.curves.push(Curve::line("bad", vec![(1.0, f64::NAN), (2.0, f64::INFINITY), (3.0, 0.0)]));
        curves.curves.push(Curve::points("one", vec![(7.0, 5.0)]));
        assert!(curves.svg().contains("</svg>"));
    }
}
