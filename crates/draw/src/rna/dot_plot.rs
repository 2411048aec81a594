//! The square of all pairs: each pair is a dot in the row of one base and the column of the other.

use super::bonds::{Bond, Verdict, bonds};
use super::colour::Colour;
use super::labels::{SIZE, interval};
use super::page::{Entry, page, stroke};
use super::{Nested, Point, Rna, Style};
use crate::svg::{Anchor, Svg};

/// The size of a cell if there are few, and of the whole square at least and at most, in pixels.
const CELL: f64 = 9.0;
const SQUARE: (f64, f64) = (240.0, 900.0);
/// No dot is smaller, in pixels.
const DOT: f64 = 1.0;
/// Pairs less probable than this are left out.
const LEAST: f64 = 1e-4;
/// Cells from this size have letters beside them, in pixels.
const WITH_LETTERS: f64 = 7.0;

/// Draws the probabilities above the diagonal, or the structure if there are none; below it the reference, or else the
/// structure.
pub(crate) fn svg(rna: &Rna, style: &Style) -> String {
    let square = (CELL * rna.len() as f64).clamp(SQUARE.0, SQUARE.1);
    let plot = Plot { rna, style, square, cell: square / rna.len().max(1) as f64 };
    let space = Point::new(34.0, 30.0);
    let bounds = (space * -1.0, Point::new(square, square) + space);
    page(style, bounds, &plot.legend(), |svg, origin| plot.draw(svg, origin))
}

struct Plot<'a> {
    rna: &'a Rna,
    style: &'a Style,
    square: f64,
    cell: f64,
}

impl Plot<'_> {
    fn bonds(&self) -> Vec<Bond> {
        bonds(self.rna, &Nested::new(&self.rna.structure))
    }

    /// What is above the diagonal and below it.
    fn names(&self) -> [&'static str; 2] {
        let upper = if self.rna.probabilities.is_empty() { "structure" } else { "probabilities" };
        [upper, if self.rna.reference.is_some() { "reference" } else { "structure" }]
    }

    fn legend(&self) -> Vec<Entry> {
        let bonds = self.bonds();
        let has = |verdict: &Verdict| bonds.iter().any(|bond| bond.verdict == Some(*verdict));
        let found = Verdict::ALL.into_iter().filter(has);
        found.map(|verdict| Entry::Circle(verdict.colour(), verdict.name().into())).collect()
    }

    fn draw(&self, svg: &mut Svg, origin: Point) {
        self.draw_grid(svg, origin);
        svg.open("id=\"upper\"");
        for &(i, j, p) in self.rna.probabilities.iter().filter(|pair| pair.2 >= LEAST && pair.1 < self.rna.len()) {
            self.dot(svg, origin, (i, j), p, Colour::DARK);
        }
        let bonds = self.bonds();
        if self.rna.probabilities.is_empty() {
            let own = bonds.iter().filter(|bond| !bond.is_missed());
            own.for_each(|bond| self.dot(svg, origin, (bond.i, bond.j), 1.0, self.colour(bond)));
        }
        svg.close();
        svg.open("id=\"lower\"");
        let has_reference = self.rna.reference.is_some();
        let is_wrong = |bond: &Bond| bond.verdict == Some(Verdict::Wrong);
        let lower = bonds.iter().filter(|bond| !has_reference || !is_wrong(bond));
        lower.for_each(|bond| self.dot(svg, origin, (bond.j, bond.i), 1.0, self.colour(bond)));
        svg.close();
    }

    fn colour(&self, bond: &Bond) -> Colour {
        bond.verdict.map_or(Colour::DARK, |verdict| verdict.colour())
    }

    /// Draws a pair as a square whose area is its probability, in the row of its first base.
    fn dot(&self, svg: &mut Svg, origin: Point, (row, column): (usize, usize), p: f64, colour: Colour) {
        let side = (self.cell * p.clamp(0.0, 1.0).sqrt()).max(DOT.min(3.0 * self.cell));
        let middle = origin + Point::new(column as f64 + 0.5, row as f64 + 0.5) * self.cell;
        svg.open("");
        let chance = if p < 1.0 { format!(", probability {p:.3}") } else { String::new() };
        svg.title(&format!("{} and {}{chance}", row.min(column) + 1, row.max(column) + 1));
        svg.rect(middle - Point::new(side, side) * 0.5, side, side, format_args!("fill=\"{colour}\""));
        svg.close();
    }

    fn draw_grid(&self, svg: &mut Svg, origin: Point) {
        let (square, cell) = (self.square, self.cell);
        let at = |x: f64, y: f64| origin + Point::new(x, y);
        svg.rect(origin, square, square, format_args!("fill=\"none\" {}", stroke(Colour::GREY, 1.0)));
        svg.line(origin, at(square, square), stroke(Colour::GREY, 0.8));
        let letters = cell >= WITH_LETTERS && !self.rna.letters.is_empty();
        let beside = if letters { 20.0 } else { 12.0 };
        let interval = interval(self.style.numbers, cell);
        if interval > 0 {
            for base in (interval - 1..self.rna.len()).step_by(interval) {
                let place = (base as f64 + 0.5) * cell;
                svg.line(at(place, 0.0), at(place, square), stroke(Colour::LIGHT, 0.6));
                svg.line(at(0.0, place), at(square, place), stroke(Colour::LIGHT, 0.6));
                svg.text(at(place, -beside), SIZE, Anchor::Middle, base + 1, "fill=\"#555555\"");
                svg.text(at(-beside + 5.0, place), SIZE, Anchor::End, base + 1, "fill=\"#555555\"");
                svg.end_line();
            }
        }
        for base in (0..self.rna.len()).filter(|_| letters) {
            let (place, letter) = ((base as f64 + 0.5) * cell, self.rna.letter(base).unwrap_or(' '));
            svg.text(at(place, -7.0), 0.85 * cell, Anchor::Middle, letter, "fill=\"#222222\"");
            svg.text(at(-7.0, place), 0.85 * cell, Anchor::Middle, letter, "fill=\"#222222\"");
        }
        let [upper, lower] = self.names();
        let names = format!("above the diagonal: {upper}; below: {lower}");
        svg.text(at(square / 2.0, square + 16.0), 11.0, Anchor::Middle, names, "fill=\"#222222\"");
        svg.end_line();
    }
}

#[cfg(test)]
mod tests {
    use rinalmo_seq::Structure;

    use super::*;
    use crate::rna::View;

    #[test]
    fn probabilities_are_above_and_the_reference_below_the_diagonal() {
        let mut rna = Rna::new("GGAAACC", Structure::parse_dot_bracket("((...))").unwrap());
        let style = Style { view: View::DotPlot, ..Style::default() };
        let dots = |svg: &str, part: &str| {
            let part = svg.split(&format!("id=\"{part}\"")).nth(1).unwrap().split("id=").next().unwrap().to_owned();
            part.matches("<title>").count()
        };
        let both = svg(&rna, &style);
        assert_eq!((dots(&both, "upper"), dots(&both, "lower")), (2, 2));
        rna.probabilities = vec![(0, 6, 0.9), (1, 5, 0.5), (1, 6, 0.1), (0, 5, 1e-6)];
        rna.reference = Some(Structure::parse_dot_bracket("(.....)").unwrap());
        let compared = svg(&rna, &style);
        assert_eq!((dots(&compared, "upper"), dots(&compared, "lower")), (3, 1));
        assert!(compared.contains("2 and 6, probability 0.500") && compared.contains("not in the reference"));
    }
}
