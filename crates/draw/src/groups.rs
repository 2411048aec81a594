//! Groups next to each other, such as families, each with one shape per series: distributions as violins with boxes, or
//! bars. Values are scores, from 0 to 1.

use std::ops::Range;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::canvas::{self, Failed, MARGIN, Root, colour};

/// Sizes of the drawing, in pixels.
const HEIGHT: u32 = 500;
const SHAPE: usize = 44;
const BETWEEN: usize = 24;
const LEAST: usize = 560;
const LINE: u32 = 16;
const LABELS: (u32, u32) = (52, 56); // below, left
/// Number of points of a violin's outline on each side.
const OUTLINE: usize = 60;

/// The shape of a series in a group.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Every value, as a violin with a box: quartiles, median, and whiskers to the last value within 1.5 times the
    /// interquartile range.
    Values(Vec<f64>),
    /// One value as a bar, with the ends of its interval.
    Bar(f64, Option<(f64, f64)>),
}

/// The shapes of one colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// A shape for each group.
    pub shapes: Vec<Shape>,
}

/// Groups next to each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// Text above the drawing.
    pub title: String,
    /// The name of the y axis.
    pub axis: String,
    /// The name of each group, and how many values it has.
    pub groups: Vec<(String, usize)>,
    /// The series.
    pub series: Vec<Series>,
}

type Chart<'c, 't> = ChartContext<'c, SVGBackend<'t>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

impl Groups {
    /// Draws the groups as SVG text.
    pub fn svg(&self) -> String {
        let wide = self.groups.len() * (self.series.len() * SHAPE + BETWEEN) + (LABELS.1 + 2 * MARGIN) as usize;
        canvas::svg((wide.max(LEAST) as u32, HEIGHT), |root| self.draw(root))
    }

    fn draw(&self, root: &Root<'_>) -> Result<(), Failed> {
        let across = 0.0..self.groups.len().max(1) as f64;
        let mut chart = ChartBuilder::on(root)
            .margin(MARGIN)
            .margin_top(MARGIN + LINE * self.series.len() as u32) // space for the legend
            .caption(&self.title, ("sans-serif", 18))
            .x_label_area_size(LABELS.0)
            .y_label_area_size(LABELS.1)
            .build_cartesian_2d(across, 0.0..1.0)?;
        let heights = |y: &f64| format!("{y:.1}");
        let mut mesh = chart.configure_mesh();
        mesh.disable_x_mesh().x_labels(0).y_desc(&self.axis).y_label_formatter(&heights);
        mesh.light_line_style(TRANSPARENT).label_style(("sans-serif", 12)).draw()?;
        let width = 1.0 / (self.series.len() as f64 + BETWEEN as f64 / SHAPE as f64);
        for (place, series) in self.series.iter().enumerate() {
            let colour = colour(place);
            for (group, shape) in series.shapes.iter().enumerate() {
                let left = group as f64 + (1.0 - width * self.series.len() as f64) / 2.0 + place as f64 * width;
                shape.draw(&mut chart, left + 0.05 * width..left + 0.95 * width, colour)?;
            }
        }
        self.names(root, &chart)?;
        self.legend(root)
    }

    /// Names under the groups.
    fn names(&self, root: &Root<'_>, chart: &Chart<'_, '_>) -> Result<(), Failed> {
        let style = ("sans-serif", 12).into_font().color(&BLACK).pos(Pos::new(HPos::Center, VPos::Top));
        for (group, (name, count)) in self.groups.iter().enumerate() {
            let (x, y) = chart.backend_coord(&(group as f64 + 0.5, 0.0));
            root.draw(&Text::new(name.clone(), (x, y + 8), style.clone()))?;
            root.draw(&Text::new(format!("n = {count}"), (x, y + 24), style.clone()))?;
        }
        Ok(())
    }

    /// Names in their colours, in the upper right corner, if there are several series.
    fn legend(&self, root: &Root<'_>) -> Result<(), Failed> {
        let right = root.dim_in_pixel().0 as i32 - 2 * MARGIN as i32;
        for (place, series) in self.series.iter().enumerate().filter(|_| self.series.len() > 1) {
            let height = (MARGIN + LINE * place as u32) as i32;
            canvas::name(root, series.name.clone(), place, HPos::Right, (right, height))?;
        }
        Ok(())
    }
}

impl Shape {
    fn draw(&self, chart: &mut Chart<'_, '_>, across: Range<f64>, colour: RGBColor) -> Result<(), Failed> {
        match self {
            Self::Values(values) => {
                let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
                sorted.sort_by(f64::total_cmp);
                violin(chart, &sorted, &across, colour)?;
                boxed(chart, &sorted, &across, colour)
            }
            Self::Bar(value, interval) => bar(chart, *value, *interval, &across, colour),
        }
    }
}

/// The density of the values, mirrored: Gaussian kernels of Silverman's bandwidth, clipped to 0 to 1.
fn violin(chart: &mut Chart<'_, '_>, sorted: &[f64], across: &Range<f64>, colour: RGBColor) -> Result<(), Failed> {
    let count = sorted.len() as f64;
    if sorted.len() < 3 {
        return Ok(());
    }
    let mean = sorted.iter().sum::<f64>() / count;
    let deviation = (sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
    let spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.34;
    let narrow = if spread > 0.0 { deviation.min(spread) } else { deviation };
    let width = (0.9 * narrow * count.powf(-0.2)).max(0.01);
    let density = |y: f64| sorted.iter().map(|value| (-((y - value) / width).powi(2) / 2.0).exp()).sum::<f64>();
    let (low, high) = ((sorted[0] - 2.0 * width).max(0.0), (sorted[sorted.len() - 1] + 2.0 * width).min(1.0));
    let heights = (0..=OUTLINE).map(|n| low + (high - low) * n as f64 / OUTLINE as f64);
    let outline: Vec<(f64, f64)> = heights.map(|y| (y, density(y))).collect();
    let most = outline.iter().map(|point| point.1).fold(f64::MIN_POSITIVE, f64::max);
    let (middle, half) = ((across.start + across.end) / 2.0, (across.end - across.start) / 2.0);
    let right = outline.iter().map(|(y, density)| (middle + half * density / most, *y));
    let left = outline.iter().rev().map(|(y, density)| (middle - half * density / most, *y));
    chart.draw_series([Polygon::new(right.chain(left).collect::<Vec<_>>(), colour.mix(0.25).filled())])?;
    Ok(())
}

fn boxed(chart: &mut Chart<'_, '_>, sorted: &[f64], across: &Range<f64>, colour: RGBColor) -> Result<(), Failed> {
    if sorted.is_empty() {
        return Ok(());
    }
    let [first, median, third] = [0.25, 0.5, 0.75].map(|part| quantile(sorted, part));
    let reach = 1.5 * (third - first);
    let low = sorted.iter().copied().find(|value| *value >= first - reach).unwrap_or(first);
    let high = sorted.iter().copied().rev().find(|value| *value <= third + reach).unwrap_or(third);
    let (middle, half) = ((across.start + across.end) / 2.0, (across.end - across.start) / 6.0);
    let line = |points: [(f64, f64); 2], style: ShapeStyle| PathElement::new(points.to_vec(), style);
    let (thin, thick) = (colour.stroke_width(1), BLACK.stroke_width(2));
    chart.draw_series([
        line([(middle, low), (middle, first)], thin),
        line([(middle, third), (middle, high)], thin),
        line([(middle - half, low), (middle + half, low)], thin),
        line([(middle - half, high), (middle + half, high)], thin),
    ])?;
    chart.draw_series([Rectangle::new([(middle - half, first), (middle + half, third)], WHITE.filled())])?;
    chart.draw_series([Rectangle::new([(middle - half, first), (middle + half, third)], colour.stroke_width(2))])?;
    chart.draw_series([line([(middle - half, median), (middle + half, median)], thick)])?;
    Ok(())
}

fn bar(
    chart: &mut Chart<'_, '_>,
    value: f64,
    interval: Option<(f64, f64)>,
    across: &Range<f64>,
    colour: RGBColor,
) -> Result<(), Failed> {
    chart.draw_series([Rectangle::new([(across.start, 0.0), (across.end, value)], colour.filled())])?;
    if let Some((low, high)) = interval {
        let (middle, half) = ((across.start + across.end) / 2.0, (across.end - across.start) / 6.0);
        let ends = [
            [(middle, low), (middle, high)],
            [(middle - half, low), (middle + half, low)],
            [(middle - half, high), (middle + half, high)],
        ];
        chart.draw_series(ends.map(|points| PathElement::new(points.to_vec(), BLACK.stroke_width(1))))?;
    }
    Ok(())
}

/// The quantile `part` (from 0 to 1) of sorted values, interpolated linearly.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * sorted.len().saturating_sub(1) as f64;
    let at = |place: f64| sorted.get(place as usize).copied().unwrap_or(0.0);
    let (low, high) = (at(place.floor()), at(place.ceil()));
    low + (high - low) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_a_shape_of_every_series() {
        let values = |shift: f64| Shape::Values((0..40).map(|n| (f64::from(n) / 50.0 + shift).min(1.0)).collect());
        let groups = Groups {
            title: "F1 < 1".into(),
            axis: "relaxed F1".into(),
            groups: vec![("tRNA".into(), 40), ("5s".into(), 40)],
            series: vec![
                Series { name: "one".into(), shapes: vec![values(0.0), values(0.1)] },
                Series { name: "other".into(), shapes: vec![values(0.2), Shape::Values(vec![0.5])] },
            ],
        };
        let svg = groups.svg();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
        for text in ["F1 &lt; 1", "relaxed F1", "tRNA", "n = 40", "one", "other"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert_eq!(svg.matches("<polygon").count(), 3, "one value has no density");
    }

    #[test]
    fn bars_have_intervals_and_empty_groups_do_not_panic() {
        let bars = |value| Series { name: "a".into(), shapes: vec![Shape::Bar(value, Some((0.4, 0.6)))] };
        let groups = |series| Groups { title: "".into(), axis: "F1".into(), groups: vec![("x".into(), 3)], series };
        let (drawn, empty) = (groups(vec![bars(0.5)]).svg(), groups(Vec::new()).svg());
        assert!(drawn.matches("<polyline").count() >= empty.matches("<polyline").count() + 3);
        assert!(
            groups(vec![Series { name: "".into(), shapes: vec![Shape::Values(vec![f64::NAN])] }])
                .svg()
                .contains("</svg>")
        );
    }
}
