//! Reliability curves: the fraction of predictions that came true, by probability. Calibrated ones are on the diagonal.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::canvas::{self, Failed, MARGIN, Root, colour};

/// Sizes of the drawing, in pixels.
const SIZE: (u32, u32) = (520, 520);
const LABELS: (u32, u32) = (48, 56); // below, left

/// Reliability of several predictors.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// Text above the drawing.
    pub title: String,
    /// Each curve's name and, for each bin, its mean probability and the fraction that came true.
    pub curves: Vec<(String, Vec<(f64, f64)>)>,
}

impl Reliability {
    /// Draws the curves as SVG text.
    pub fn svg(&self) -> String {
        canvas::svg(SIZE, |root| self.draw(root))
    }

    fn draw(&self, root: &Root<'_>) -> Result<(), Failed> {
        let mut chart = ChartBuilder::on(root)
            .margin(MARGIN)
            .caption(&self.title, ("sans-serif", 18))
            .x_label_area_size(LABELS.0)
            .y_label_area_size(LABELS.1)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        let mut mesh = chart.configure_mesh();
        mesh.x_desc("probability").y_desc("part that is right").light_line_style(TRANSPARENT);
        mesh.label_style(("sans-serif", 12)).draw()?;
        chart.draw_series([PathElement::new(vec![(0.0, 0.0), (1.0, 1.0)], BLACK.mix(0.4).stroke_width(1))])?;
        for (place, (name, points)) in self.curves.iter().enumerate() {
            let colour = colour(place);
            chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
            chart.draw_series(points.iter().map(|&point| Circle::new(point, 3, colour.filled())))?;
            let corner = ((LABELS.1 + 2 * MARGIN) as i32, 64 + 18 * place as i32);
            canvas::name(root, name.clone(), place, HPos::Left, corner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_is_a_point() {
        let svg = Reliability { title: "t".into(), curves: vec![("nano".into(), vec![(0.1, 0.2), (0.9, 0.7)])] }.svg();
        assert!(svg.contains("nano") && svg.contains("part that is right"));
        assert_eq!(svg.matches("<circle").count(), 2);
    }
}
