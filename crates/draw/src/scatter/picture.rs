//! The picture: a square of points, the legend to the right of it.

use super::groups::{Group, Shape};
use super::{Dot, Finite};
use crate::rna::Point;
use crate::svg::{Anchor, Svg, width_of};

/// Sizes in pixels.
const MARGIN: f64 = 16.0;
const TITLE: f64 = 18.0;
const TEXT: f64 = 12.0;
const LINE: f64 = 19.0;
/// Space of a line of text with the air around it.
const ROW: f64 = 26.0;
/// The longer side of the frame.
const FRAME: f64 = 600.0;
/// The shorter side is at least this part of the longer one.
const NARROWEST: f64 = 0.6;
/// Space between the points and the frame, as a part of the longer side.
const AIR: f64 = 0.03;
/// A dot of a map of 1000 points, and the smallest and largest of others.
const RADIUS: f64 = 3.2;
const RADII: (f64, f64) = (1.3, 4.0);
/// The radius of a legend's dot.
const LEGEND_RADIUS: f64 = 4.5;
/// Letters of a name in the legend; longer ones are truncated there.
const LONGEST: usize = 36;

pub(super) fn svg(finite: &Finite<'_>) -> String {
    let (scatter, groups) = (finite.scatter, &finite.groups);
    let view = View::of(&finite.dots);
    let top = MARGIN + if scatter.title.is_empty() { 0.0 } else { ROW };
    let left = MARGIN + ROW;
    let below = top + view.height + ROW + if scatter.note.is_empty() { 0.0 } else { ROW };
    let legend = if groups.are_named { legend_width(&scatter.legend, &groups.all) } else { 0.0 };
    let legend_height = (groups.all.len() + 1) as f64 * LINE;
    let height = if groups.are_named { below.max(top + legend_height) } else { below };
    let mut svg = Svg::new(left + view.width + legend + MARGIN, height + MARGIN, &scatter.title);
    let middle = Point::new(left + view.width / 2.0, top + view.height / 2.0);
    svg.text(Point::new(middle.x, MARGIN + TITLE / 2.0), TITLE, Anchor::Middle, &scatter.title, "");
    svg.rect(Point::new(left, top), view.width, view.height, "fill=\"none\" stroke=\"#999999\"");
    let [across, up] = &scatter.axes;
    svg.text(Point::new(middle.x, top + view.height + ROW / 2.0), TEXT, Anchor::Middle, across, "");
    svg.open(format_args!("transform=\"translate({} {}) rotate(-90)\"", MARGIN + ROW / 2.0, middle.y.round()));
    svg.text(Point::new(0.0, 0.0), TEXT, Anchor::Middle, up, "");
    svg.close();
    let note = Point::new(middle.x, top + view.height + 1.5 * ROW);
    svg.text(note, TEXT, Anchor::Middle, &scatter.note, "fill=\"#555555\"");
    svg.end_line();
    draw_dots(&mut svg, finite, &view, Point::new(left, top));
    if groups.are_named {
        draw_legend(&mut svg, &scatter.legend, &groups.all, Point::new(left + view.width + MARGIN, top));
    }
    svg.finish()
}

/// Where places are in the frame.
struct View {
    width: f64,
    height: f64,
    /// Pixels per unit.
    scale: f64,
    /// The place in the middle.
    middle: [f64; 2],
}

impl View {
    fn of(dots: &[&Dot]) -> Self {
        let ends = |axis: usize| {
            let values = || dots.iter().map(move |dot| dot.at[axis]);
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
        };
        let [x, y] = [ends(0), ends(1)].map(|ends| if dots.is_empty() { (0.0, 0.0) } else { ends });
        let [wide, high] = [x, y].map(|(from, to)| to - from);
        let longer = wide.max(high);
        let inside = FRAME * (1.0 - 2.0 * AIR);
        let scale = if longer > 0.0 { inside / longer } else { 0.0 };
        let side = |length: f64| (length * scale + FRAME - inside).clamp(NARROWEST * FRAME, FRAME).round();
        let [width, height] = [wide, high].map(side);
        Self { width, height, scale, middle: [x, y].map(|(from, to)| from / 2.0 + to / 2.0) }
    }

    /// The y axis points up; a tenth of a pixel is enough.
    fn place(&self, at: [f64; 2], corner: Point) -> Point {
        let x = (at[0] - self.middle[0]) * self.scale + self.width / 2.0;
        let y = self.height / 2.0 - (at[1] - self.middle[1]) * self.scale;
        let round = |value: f64| (value * 10.0).round() / 10.0;
        Point::new(round(corner.x + x), round(corner.y + y))
    }
}

/// Draws all dots, those of small groups above those of large ones, and dots without a group below all.
fn draw_dots(svg: &mut Svg, finite: &Finite<'_>, view: &View, corner: Point) {
    let crowd = (finite.dots.len().max(1) as f64 / 1000.0).powf(0.25);
    let radius = (RADIUS / crowd).clamp(RADII.0, RADII.1);
    let mut members = vec![Vec::new(); finite.groups.all.len()];
    finite.dots.iter().zip(&finite.groups.of).for_each(|(dot, &group)| members[group].push(dot));
    let is_marked = |group: &Group| usize::from(finite.groups.are_named && !is_grey(group));
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|&group| (is_marked(&finite.groups.all[group]), std::cmp::Reverse(members[group].len())));
    for number in order {
        let group = &finite.groups.all[number];
        svg.open(format_args!("fill=\"{}\" stroke=\"#ffffff\" stroke-width=\"0.4\"", group.colour));
        svg.title(&group.name);
        members[number].iter().for_each(|dot| mark(svg, group.shape, view.place(dot.at, corner), radius));
        svg.close();
    }
}

/// Does the group share its grey with others?
fn is_grey(group: &Group) -> bool {
    group.colour.as_bytes()[1..].chunks(2).all(|part| part == &group.colour.as_bytes()[1..3])
}

/// Draws a mark. Shapes with corners are a little larger than circles: they are the marks of smaller groups.
fn mark(svg: &mut Svg, shape: Shape, at: Point, radius: f64) {
    let corners = |points: &[(f64, f64)]| {
        let place = |&(x, y): &(f64, f64)| Point::new(at.x + x * radius, at.y + y * radius);
        points.iter().map(place).collect::<Vec<Point>>()
    };
    match shape {
        Shape::Circle => svg.circle(at, radius, ""),
        Shape::Square => svg.rect(Point::new(at.x - radius, at.y - radius), 2.0 * radius, 2.0 * radius, ""),
        Shape::Triangle => svg.polygon(&corners(&[(0.0, -1.6), (1.5, 1.05), (-1.5, 1.05)])),
        Shape::Diamond => svg.polygon(&corners(&[(0.0, -1.6), (1.35, 0.0), (0.0, 1.6), (-1.35, 0.0)])),
    }
}

fn legend_width(title: &str, groups: &[Group]) -> f64 {
    let widest = groups.iter().map(|group| width_of(&label(group), TEXT)).fold(width_of(title, TEXT), f64::max);
    MARGIN + 18.0 + widest
}

fn label(group: &Group) -> String {
    let short: String = group.name.chars().take(LONGEST).collect();
    let dots = if short.len() < group.name.len() { "…" } else { "" };
    format!("{short}{dots} ({})", group.count)
}

fn draw_legend(svg: &mut Svg, title: &str, groups: &[Group], corner: Point) {
    let mut y = corner.y + LINE / 2.0;
    if !title.is_empty() {
        svg.text(Point::new(corner.x, y), TEXT, Anchor::Start, title, "font-weight=\"bold\"");
        y += LINE;
    }
    for group in groups {
        svg.open(format_args!("fill=\"{}\"", group.colour));
        mark(svg, group.shape, Point::new(corner.x + 6.0, y), LEGEND_RADIUS);
        svg.close();
        svg.text(Point::new(corner.x + 18.0, y), TEXT, Anchor::Start, label(group), "");
        svg.end_line();
        y += LINE;
    }
}
