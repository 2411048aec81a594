//! Drawings in which every base has its place: strand, bonds, bases, numbers.

use std::ops::Range;

use super::bonds::{Bond, Letters, Verdict, bonds};
use super::colour::Colour;
use super::labels::{ANY, Label, SIZE, Taken, interval};
use super::layout::turned;
use super::loops::{Part, parts};
use super::page::{Entry, page, ring, stroke};
use super::{Fill, Layout, Nested, Point, Rna, Style, positions};
use crate::svg::{Anchor, Short, Svg};

/// No side of a drawing is longer; larger ones are scaled down, in pixels.
const LARGEST: f64 = 2400.0;
/// The radius of a base and the size of its letter, in steps along the strand.
const RADIUS: f64 = 0.4;
const LETTER: f64 = 0.58;
/// Smaller letters are left out, in pixels.
const SMALLEST: f64 = 4.5;
/// The height of the highest arc of a line, in pixels, and how flat arcs may get for that.
const HIGHEST: f64 = 340.0;
const FLATTEST: f64 = 0.35;
/// Space between the line and the arcs below it, for numbers, in pixels.
const NUMBERS: f64 = 18.0;

/// Draws an RNA.
pub(crate) fn svg(rna: &Rna, style: &Style, layout: Layout) -> String {
    let nested = Nested::new(&rna.structure);
    let scene = Scene::new(rna, style, layout, &nested);
    let labels = scene.labels();
    let bounds = scene.bounds(&labels);
    page(style, bounds, &scene.legend(), |svg, origin| scene.draw(svg, origin, &labels))
}

struct Scene<'a> {
    rna: &'a Rna,
    style: &'a Style,
    layout: Layout,
    nested: &'a Nested,
    bonds: Vec<Bond>,
    parts: Vec<Part>,
    points: Vec<Point>,
    /// The middle of the drawing.
    middle: Point,
    /// The distance of neighbours on the page.
    step: f64,
}

impl<'a> Scene<'a> {
    fn new(rna: &'a Rna, style: &'a Style, layout: Layout, nested: &'a Nested) -> Self {
        let mut points = positions(nested, layout);
        if style.view.is_plane() {
            points = turned(points, nested, &style.turns);
        }
        let size = points.iter().fold(0.0, |most: f64, point| most.max(point.x).max(point.y));
        let scale = if size > LARGEST { LARGEST / size } else { 1.0 };
        points.iter_mut().for_each(|point| *point = *point * scale);
        let step = match layout {
            Layout::Straight | Layout::Radial => super::layout::STEP * scale,
            Layout::Arcs | Layout::Circular => {
                let neighbours = nested.strands().find(|strand| strand.len() > 1).map(|strand| strand.start);
                neighbours.map_or(14.0, |base| points[base].distance(points[base + 1]))
            }
        };
        let far = points.iter().fold(Point::default(), |far, at| Point::new(far.x.max(at.x), far.y.max(at.y)));
        let (bonds, parts, middle) = (bonds(rna, nested), parts(nested), far * 0.5);
        Self { rna, style, layout, nested, bonds, parts, points, middle, step }
    }

    fn radius(&self) -> f64 {
        RADIUS * self.step
    }

    /// Are arcs drawn below the line too?
    fn has_lower_arcs(&self) -> bool {
        self.layout == Layout::Arcs && self.rna.reference.is_some()
    }

    /// The half axes of arcs, vertical to horizontal.
    fn flatness(&self) -> f64 {
        let widest = self.bonds.iter().map(|bond| bond.j - bond.i).max().unwrap_or(0) as f64 * self.step / 2.0;
        if widest > HIGHEST { (HIGHEST / widest).max(FLATTEST) } else { 1.0 }
    }

    /// The height of a pair's arc.
    fn height(&self, bond: &Bond) -> f64 {
        (bond.j - bond.i) as f64 * self.step / 2.0 * self.flatness()
    }

    /// The space that everything takes.
    fn bounds(&self, labels: &[Label]) -> (Point, Point) {
        let around = |middle: Point, half: Point| [middle - half, middle + half];
        let pad = self.radius() * 1.4 + 1.0;
        let bases = self.points.iter().flat_map(|point| around(*point, Point::new(pad, pad)));
        let texts = labels.iter().flat_map(|label| around(label.at, label.half));
        let arcs = self.bonds.iter().filter(|_| self.layout == Layout::Arcs).flat_map(|bond| {
            let x = self.points[bond.i].x;
            let (up, down) = (self.height(bond) + self.radius() + 2.0, self.height(bond) + NUMBERS + 2.0);
            let above = (!bond.is_missed()).then_some(Point::new(x, -up));
            above.into_iter().chain(self.has_lower_arcs().then_some(Point::new(x, down)))
        });
        let curves = self.bonds.iter().filter(|bond| self.is_curve(bond)).map(|bond| {
            let [from, towards, to] = self.curve(bond);
            from.towards(to, 0.5).towards(towards, 0.5)
        });
        let all = bases.chain(texts).chain(arcs).chain(curves);
        let ends = all.fold(None, |ends: Option<(Point, Point)>, point| {
            let (low, high) = ends.unwrap_or((point, point));
            Some((
                Point::new(low.x.min(point.x), low.y.min(point.y)),
                Point::new(high.x.max(point.x), high.y.max(point.y)),
            ))
        });
        ends.unwrap_or_default()
    }

    /// Is a pair drawn as a curve through the plane?
    fn is_curve(&self, bond: &Bond) -> bool {
        match self.layout {
            Layout::Straight | Layout::Radial => !bond.is_nested,
            Layout::Circular => true,
            Layout::Arcs => false,
        }
    }

    /// The ends of a pair's curve, and between them the point towards which it bends.
    fn curve(&self, bond: &Bond) -> [Point; 3] {
        let [from, to] = [self.points[bond.i], self.points[bond.j]];
        let middle = from.towards(to, 0.5);
        if self.layout == Layout::Circular {
            return [from, middle.towards(self.middle, 0.7), to];
        }
        let aside = (to - from).turned() * 0.25;
        let [one, other] = [middle + aside, middle - aside];
        let outer = if one.distance(self.middle) > other.distance(self.middle) { one } else { other };
        [from, outer, to]
    }

    /// The direction from a base out of the structure.
    fn outwards(&self, base: usize) -> Point {
        let here = self.points[base];
        if self.layout == Layout::Arcs {
            return Point::new(0.0, 1.0);
        }
        if self.layout == Layout::Circular {
            return (here - self.middle).unit();
        }
        if let Some(partner) = self.nested.partners[base] {
            return (here - self.points[partner]).unit();
        }
        let strand = self.nested.strands().find(|strand| strand.contains(&base)).unwrap_or_default();
        let towards = |next: usize| (self.points[next] - here).unit();
        let before = (base > strand.start).then(|| towards(base - 1));
        let after = (base + 1 < strand.end).then(|| towards(base + 1));
        let inwards = before.unwrap_or_default() + after.unwrap_or_default();
        match (before, after) {
            (Some(along), Some(_)) if inwards.length() < 0.05 => along.turned(),
            _ => (inwards * -1.0).unit(),
        }
    }

    /// Numbers and the names of the ends, where they cover nothing.
    fn labels(&self) -> Vec<Label> {
        let (count, radius) = (self.points.len(), self.radius());
        let mut taken = self.taken();
        let mut labels = Vec::new();
        let turns = if self.layout == Layout::Arcs { 1 } else { ANY };
        let mut add = |text: String, base: usize, best: Point, turns: usize| {
            labels.extend(taken.label(text, self.points[base], radius, best, turns));
        };
        for strand in self.nested.strands() {
            let (first, last) = (strand.start, strand.end - 1);
            let is_straight = self.layout == Layout::Arcs || first == last;
            let end = |base: usize, next: usize, side: f64| {
                if is_straight { Point::new(side, 0.0) } else { (self.points[base] - self.points[next]).unit() }
            };
            add("5′".into(), first, end(first, first + 1, -1.0), turns);
            add("3′".into(), last, end(last, last.saturating_sub(1), 1.0), turns);
        }
        let interval = interval(self.style.numbers, self.step);
        if interval > 0 {
            for base in (interval - 1..count).step_by(interval) {
                add((base + 1).to_string(), base, self.outwards(base), turns);
            }
        }
        labels
    }

    /// What labels must not cover.
    fn taken(&self) -> Taken {
        let (mut taken, radius) = (Taken::default(), self.radius());
        self.points.iter().for_each(|point| taken.disc(*point, radius + 1.0));
        for strand in self.nested.strands() {
            self.points[strand].windows(2).for_each(|two| taken.line(two[0], two[1], radius.max(1.0) * 0.6));
        }
        for bond in &self.bonds {
            let [from, towards, to] = self.curve(bond);
            if !self.is_curve(bond) && self.layout != Layout::Arcs {
                taken.line(from, to, radius.max(1.0) * 0.6);
            } else if self.layout != Layout::Arcs && self.layout != Layout::Circular {
                let top = from.towards(to, 0.5).towards(towards, 0.5);
                let quarter = |end: Point| end.towards(towards, 0.5).towards(top, 0.5);
                let points = [from, quarter(from), top, quarter(to), to];
                points.windows(2).for_each(|two| taken.line(two[0], two[1], 2.0));
            }
        }
        taken
    }

    fn draw(&self, svg: &mut Svg, origin: Point, labels: &[Label]) {
        let points: Vec<Point> = self.points.iter().map(|point| *point + origin).collect();
        self.draw_highlights(svg, &points);
        self.draw_strand(svg, &points);
        svg.open("id=\"pairs\"");
        self.bonds.iter().for_each(|bond| self.draw_bond(svg, bond, &points, origin));
        svg.close();
        svg.open("id=\"bases\"");
        (0..points.len()).for_each(|base| self.draw_base(svg, base, points[base]));
        svg.close();
        svg.open("id=\"numbers\"");
        labels.iter().for_each(|label| self.draw_label(svg, label, origin));
        svg.close();
    }

    /// Draws the strands; in pieces between letters without circles.
    fn draw_strand(&self, svg: &mut Svg, points: &[Point]) {
        let line = stroke(Colour::GREY, (0.09 * self.step).clamp(0.4, 1.6));
        if self.style.circles || self.letter(0).is_none() {
            for strand in self.nested.strands() {
                svg.polyline(&points[strand], format!("{line} stroke-linejoin=\"round\""));
            }
            return;
        }
        svg.open("id=\"strand\"");
        for two in self.nested.strands().flat_map(|strand| points[strand].windows(2)) {
            let inset = (two[1] - two[0]).unit() * (self.radius() + 0.5);
            svg.line(two[0] + inset, two[1] - inset, &line);
        }
        svg.close();
    }

    /// The letter that is drawn at a base, if it can be read.
    fn letter(&self, base: usize) -> Option<char> {
        self.rna.letter(base).filter(|_| LETTER * self.step >= SMALLEST)
    }

    fn draw_highlights(&self, svg: &mut Svg, points: &[Point]) {
        let width = 2.0 * self.radius() + 8.0_f64.min(0.5 * self.step).max(1.0);
        let of_strand = |range: &Range<usize>, strand: Range<usize>| {
            let (start, end) = (range.start.max(strand.start), range.end.min(strand.end));
            (start < end).then_some(start..end)
        };
        let of_strands = |range| self.nested.strands().filter_map(move |strand| of_strand(range, strand));
        for range in self.rna.highlights.iter().flat_map(of_strands) {
            if let [only] = points[range.clone()] {
                svg.circle(only, width / 2.0, format!("fill=\"{}\"", Colour::YELLOW));
            }
            let round = "stroke-linecap=\"round\" stroke-linejoin=\"round\"";
            svg.polyline(&points[range], format!("{} {round}", stroke(Colour::YELLOW, width)));
        }
    }

    fn draw_bond(&self, svg: &mut Svg, bond: &Bond, points: &[Point], origin: Point) {
        let width = (0.11 * self.step).clamp(0.3, 2.0);
        let dashes = if bond.is_missed() { " stroke-dasharray=\"4 2\"" } else { "" };
        let line = format!("{}{dashes}", stroke(bond.colour(), width));
        let [from, to] = [points[bond.i], points[bond.j]];
        if self.layout == Layout::Arcs {
            self.draw_arcs(svg, bond, [from, to]);
        } else if self.is_curve(bond) {
            let towards = self.curve(bond)[1] + origin;
            let inset = |end: Point| end + (towards - end).unit() * self.radius();
            svg.curve(inset(from), towards, inset(to), line);
        } else if bond.letters == Letters::WatsonCrick || self.radius() < 2.0 {
            let inset = (to - from).unit() * self.radius();
            svg.line(from + inset, to - inset, line);
        } else {
            let middle = from.towards(to, 0.5);
            let size = 0.14 * self.step;
            match bond.letters {
                Letters::Wobble => svg.circle(middle, size, format!("fill=\"{}\"", bond.colour())),
                _ => svg.circle(middle, size, ring(bond.colour())),
            }
        }
        svg.end_line();
    }

    /// Draws a pair's arcs: above the line if the structure has it, below if the reference does.
    fn draw_arcs(&self, svg: &mut Svg, bond: &Bond, [from, to]: [Point; 2]) {
        let line = stroke(bond.colour(), (0.11 * self.step).clamp(0.3, 1.6));
        let height = self.height(bond);
        let up = Point::new(0.0, -self.radius() - 1.0);
        if !bond.is_missed() {
            svg.half_ellipse(from + up, to + up, height, &line);
        }
        if bond.verdict.is_some_and(|verdict| verdict != Verdict::Wrong) {
            let down = Point::new(0.0, NUMBERS);
            svg.half_ellipse(from + down, to + down, -height, &line);
        }
    }

    fn draw_base(&self, svg: &mut Svg, base: usize, at: Point) {
        let size = LETTER * self.step;
        let letter = self.letter(base);
        let fill = self.colour(base);
        svg.open(format_args!("id=\"b{}\"", base + 1));
        svg.title(&self.about(base));
        let has_circle = self.style.circles || letter.is_none();
        if has_circle {
            let outline = if self.step > 6.0 { " stroke=\"#666666\" stroke-width=\"0.8\"" } else { "" };
            let fill = if outline.is_empty() && fill == Colour::WHITE { Colour::GREY } else { fill };
            svg.circle(at, self.radius(), format_args!("fill=\"{fill}\"{outline}"));
        }
        if let Some(letter) = letter {
            let ink = if has_circle { fill.ink() } else { fill.on_white() };
            svg.text(
                at,
                if has_circle { size } else { 1.2 * size },
                Anchor::Middle,
                letter,
                format_args!("fill=\"{ink}\""),
            );
        }
        svg.close();
    }

    fn draw_label(&self, svg: &mut Svg, label: &Label, origin: Point) {
        let is_end = label.text.ends_with('′');
        if !is_end {
            let from = label.of + label.direction * (self.radius() + 0.5);
            let reach = label.half.x * label.direction.x.abs() + label.half.y * label.direction.y.abs();
            let to = label.at - label.direction * (reach - 0.5);
            svg.line(from + origin, to + origin, stroke(Colour::GREY, 0.8));
        }
        let ink = if is_end { "fill=\"#000000\" font-weight=\"bold\"" } else { "fill=\"#555555\"" };
        svg.text(label.at + origin, SIZE, Anchor::Middle, &label.text, ink);
        svg.end_line();
    }

    fn colour(&self, base: usize) -> Colour {
        match self.style.fill {
            Fill::Plain => Colour::WHITE,
            Fill::Letters => self.rna.letter(base).map_or(Colour::WHITE, of_letter),
            Fill::Parts => self.parts[base].colour(),
            Fill::Track => {
                let part = self.rna.track.as_ref().and_then(|track| track.part(base));
                part.map_or(Colour::LIGHT, |part| self.style.palette.at(part))
            }
        }
    }

    /// A base in words.
    fn about(&self, base: usize) -> String {
        let named = |base: usize| match self.rna.letter(base) {
            Some(letter) => format!("{} {letter}", base + 1),
            None => (base + 1).to_string(),
        };
        let mut text = named(base);
        if let Some(partner) = self.nested.partners[base] {
            text += &format!(", pairs with {}", named(partner));
        }
        let others = self.nested.others.iter().filter(|pair| pair.0 == base || pair.1 == base);
        for &(i, j) in others {
            text += &format!(", pairs with {}", named(if i == base { j } else { i }));
        }
        if let Some(track) = &self.rna.track
            && let Some(value) = track.value(base)
        {
            text += &format!(", {}: {}", track.name, Short(value));
        }
        text
    }

    fn legend(&self) -> Vec<Entry> {
        let mut entries = match self.style.fill {
            Fill::Plain => Vec::new(),
            Fill::Letters if self.rna.letters.is_empty() => Vec::new(),
            Fill::Letters => self.letters_legend(),
            Fill::Parts => {
                let found = Part::ALL.into_iter().filter(|part| self.parts.contains(part));
                found.map(|part| Entry::Circle(part.colour(), part.name().into())).collect()
            }
            Fill::Track => self.track_legend(),
        };
        entries.extend(super::legend::of_bonds(&self.bonds, self.layout));
        entries
    }

    fn letters_legend(&self) -> Vec<Entry> {
        let has = |letter: char| (0..self.rna.len()).any(|base| self.rna.letter(base) == Some(letter));
        let found = ['A', 'C', 'G', 'U', 'T'].into_iter().filter(|letter| has(*letter));
        found.map(|letter| Entry::Circle(of_letter(letter), letter.into())).collect()
    }

    fn track_legend(&self) -> Vec<Entry> {
        let Some(track) = &self.rna.track else { return Vec::new() };
        let scale = Entry::Scale(track.clone(), self.style.palette);
        let missing = (0..self.rna.len()).any(|base| track.value(base).is_none());
        [scale].into_iter().chain(missing.then(|| Entry::Circle(Colour::LIGHT, "no value".into()))).collect()
    }
}

fn of_letter(letter: char) -> Colour {
    match letter {
        'A' => Colour::ORANGE,
        'C' => Colour::SKY,
        'G' => Colour::GREEN,
        'U' | 'T' => Colour::PURPLE,
        _ => Colour::LIGHT,
    }
}
