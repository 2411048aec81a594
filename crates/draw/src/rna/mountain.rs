//! Mountain plots: for each base, the number of pairs around it; a stem is a slope, a hairpin loop a summit.

use rinalmo_seq::Structure;

use super::colour::Colour;
use super::labels::{SIZE, interval};
use super::page::{Entry, page, short, stroke};
use super::{Point, Rna, Style};
use crate::svg::{Anchor, Svg};

/// The distance of bases if there are few, and the width at least and at most, in pixels.
const STEP: f64 = 6.0;
const WIDE: (f64, f64) = (360.0, 1400.0);
/// The height, in pixels.
const HIGH: f64 = 260.0;
/// Lines across, at most.
const LINES: f64 = 6.0;

/// Draws the structure, and what else is known: probabilities, the reference.
pub(crate) fn svg(rna: &Rna, style: &Style) -> String {
    let curves = curves(rna);
    let plot = Plot {
        style,
        count: rna.len(),
        wide: (STEP * rna.len() as f64).clamp(WIDE.0, WIDE.1),
        most: curves.iter().flat_map(|curve| &curve.heights).copied().fold(1.0, f64::max),
    };
    let legend: Vec<Entry> = curves.iter().map(Curve::entry).collect();
    let bounds = (Point::new(-44.0, -8.0), Point::new(plot.wide + 8.0, HIGH + 40.0));
    page(style, bounds, &legend, |svg, origin| plot.draw(svg, origin, &curves))
}

struct Curve {
    name: &'static str,
    colour: Colour,
    heights: Vec<f64>,
}

impl Curve {
    fn entry(&self) -> Entry {
        Entry::Line { colour: self.colour, dashed: false, name: self.name.into() }
    }
}

fn curves(rna: &Rna) -> Vec<Curve> {
    let certain = |structure: &Structure| heights(rna.len(), structure.pairs().iter().map(|&(i, j)| (i, j, 1.0)));
    let mut curves = Vec::new();
    if !rna.probabilities.is_empty() {
        let heights = heights(rna.len(), rna.probabilities.iter().copied());
        curves.push(Curve { name: "probabilities", colour: Colour::ORANGE, heights });
    }
    if let Some(reference) = &rna.reference {
        curves.push(Curve { name: "reference", colour: Colour::GREEN, heights: certain(reference) });
    }
    curves.push(Curve { name: "structure", colour: Colour::BLUE, heights: certain(&rna.structure) });
    curves
}

/// How many pairs are around each base, each counted by its probability; a base is within its own pair.
fn heights(count: usize, pairs: impl Iterator<Item = (usize, usize, f64)>) -> Vec<f64> {
    let mut slopes = vec![0.0; count + 1];
    for (i, j, p) in pairs.filter(|pair| pair.1 < count) {
        slopes[i] += p;
        slopes[j + 1] -= p;
    }
    let mut height = 0.0;
    let climb = |slope: &f64| {
        height += slope;
        height
    };
    slopes[..count].iter().map(climb).collect()
}

struct Plot<'a> {
    style: &'a Style,
    count: usize,
    wide: f64,
    most: f64,
}

impl Plot<'_> {
    fn at(&self, base: f64, height: f64) -> Point {
        Point::new((base + 0.5) * self.wide / self.count.max(1) as f64, HIGH * (1.0 - height / (1.05 * self.most)))
    }

    fn draw(&self, svg: &mut Svg, origin: Point, curves: &[Curve]) {
        self.draw_axes(svg, origin);
        for curve in curves {
            let points: Vec<Point> =
                (0..).zip(&curve.heights).map(|(base, height)| self.at(f64::from(base), *height) + origin).collect();
            svg.polyline(&points, format_args!("{} stroke-linejoin=\"round\"", stroke(curve.colour, 1.6)));
        }
    }

    fn draw_axes(&self, svg: &mut Svg, origin: Point) {
        let step = (self.most / LINES).ceil().max(1.0);
        let (left, right) = (Point::new(0.0, 0.0), Point::new(self.wide, 0.0));
        let lines = (0..).map(|n| f64::from(n) * step).take_while(|height| *height <= 1.05 * self.most);
        for height in lines {
            let y = Point::new(0.0, self.at(0.0, height).y);
            svg.line(origin + left + y, origin + right + y, stroke(Colour::LIGHT, 0.8));
            svg.text(origin + y - Point::new(6.0, 0.0), SIZE, Anchor::End, short(height), "fill=\"#555555\"");
            svg.end_line();
        }
        let interval = interval(self.style.numbers, self.wide / self.count.max(1) as f64);
        for base in (interval.saturating_sub(1)..self.count).step_by(interval.max(1)).filter(|_| interval > 0) {
            let foot = Point::new(self.at(base as f64, 0.0).x, HIGH);
            svg.line(origin + foot, origin + foot + Point::new(0.0, 4.0), stroke(Colour::GREY, 0.8));
            svg.text(origin + foot + Point::new(0.0, 12.0), SIZE, Anchor::Middle, base + 1, "fill=\"#555555\"");
            svg.end_line();
        }
        svg.line(origin + Point::new(0.0, HIGH), origin + Point::new(self.wide, HIGH), stroke(Colour::GREY, 1.0));
        let middle = Point::new(self.wide / 2.0, HIGH + 30.0);
        svg.text(origin + middle, 11.0, Anchor::Middle, "position", "fill=\"#222222\"");
        let side = origin + Point::new(-32.0, HIGH / 2.0);
        let turned = format!("fill=\"#222222\" transform=\"rotate(-90 {:.1} {:.1})\"", side.x, side.y);
        svg.text(side, 11.0, Anchor::Middle, "pairs around the base", turned);
        svg.end_line();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rna::View;

    #[test]
    fn heights_count_the_pairs_around_a_base() {
        let pairs = [(0, 6, 1.0), (1, 5, 0.5), (7, 9, 1.0)];
        assert_eq!(heights(8, pairs.into_iter()), [1.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.0, 0.0]);
        assert!(heights(0, std::iter::empty()).is_empty());
    }

    #[test]
    fn every_source_has_a_line_with_its_name() {
        let mut rna = Rna::new("GGAAACC", Structure::parse_dot_bracket("((...))").unwrap());
        let style = Style { view: View::Mountain, ..Style::default() };
        assert_eq!(svg(&rna, &style).matches("<polyline").count(), 1);
        rna.probabilities = vec![(0, 6, 0.9)];
        rna.reference = Some(rna.structure.clone());
        let all = svg(&rna, &style);
        assert_eq!(all.matches("<polyline").count(), 3);
        assert!(["probabilities", "reference", "structure"].iter().all(|name| all.contains(name)));
    }
}
