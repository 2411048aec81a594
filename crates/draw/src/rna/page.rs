//! A drawing with a title above and a legend below it.

use super::colour::{Colour, Palette};
use super::subject::Track;
use super::{Point, Style};
use crate::svg::{Anchor, Short, Svg, width_of};

/// Space around everything, in pixels.
const MARGIN: f64 = 18.0;
/// The size of the title's letters and the height of its lines, in pixels.
const TITLE: (f64, f64) = (14.0, 18.0);
/// Space between the title and the drawing, in pixels.
const AFTER_TITLE: f64 = 8.0;
/// The size of the legend's letters and the height of its lines, in pixels.
const LEGEND: (f64, f64) = (11.0, 18.0);
/// The width of the legend's symbols and of its scale of colours, in pixels.
const SYMBOL: f64 = 14.0;
const SCALE: f64 = 120.0;
/// Space after an entry, in pixels.
const AFTER_ENTRY: f64 = 22.0;
/// Pieces that a scale of colours is made of.
const PIECES: usize = 40;
/// No drawing is narrower, so that legends have space, in pixels.
const NARROWEST: f64 = 240.0;
/// A title may widen a drawing to this, in pixels; longer ones are broken into lines.
const TITLE_WIDTH: f64 = 400.0;
/// A title has at most so many lines.
const TITLE_LINES: usize = 3;

/// A line of a legend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    Circle(Colour, String),
    Line { colour: Colour, dashed: bool, name: String },
    Dot(String),
    Ring(String),
    Scale(Track, Palette),
}

impl Entry {
    fn width(&self) -> f64 {
        let wide = |text: &str| width_of(text, LEGEND.0);
        SYMBOL
            + AFTER_ENTRY
            + match self {
                Self::Circle(_, name) | Self::Line { name, .. } | Self::Dot(name) | Self::Ring(name) => wide(name),
                Self::Scale(track, _) => {
                    let (low, high) = track.ends();
                    SCALE + wide(&track.name) + wide(&short(low)) + wide(&short(high)) + 12.0
                }
            }
    }

    fn draw(&self, svg: &mut Svg, at: Point) {
        let middle = Point::new(at.x + SYMBOL / 2.0, at.y);
        let outline = |fill: Colour| format!("fill=\"{fill}\" stroke=\"#666666\" stroke-width=\"0.8\"");
        let name = match self {
            Self::Circle(colour, name) => {
                svg.circle(middle, 5.0, outline(*colour));
                name
            }
            Self::Line { colour, dashed, name } => {
                let dashes = if *dashed { " stroke-dasharray=\"4 2\"" } else { "" };
                let end = Point::new(at.x + SYMBOL, at.y);
                svg.line(at, end, format!("stroke=\"{colour}\" stroke-width=\"2\"{dashes}"));
                name
            }
            Self::Dot(name) => {
                svg.circle(middle, 2.4, format!("fill=\"{}\"", Colour::DARK));
                name
            }
            Self::Ring(name) => {
                svg.circle(middle, 2.6, ring(Colour::DARK));
                name
            }
            Self::Scale(track, palette) => return scale(svg, at, track, *palette),
        };
        svg.text(Point::new(at.x + SYMBOL + 5.0, at.y), LEGEND.0, Anchor::Start, name, INK);
    }
}

/// The attributes of a small empty circle.
pub(crate) fn ring(colour: Colour) -> String {
    format!("fill=\"#ffffff\" stroke=\"{colour}\" stroke-width=\"1.2\"")
}

const INK: &str = "fill=\"#222222\"";

/// Draws a scale of colours with its ends and its name.
fn scale(svg: &mut Svg, at: Point, track: &Track, palette: Palette) {
    let (low, high) = track.ends();
    let left = at.x + width_of(&short(low), LEGEND.0) + 4.0;
    svg.text(at, LEGEND.0, Anchor::Start, short(low), INK);
    let wide = SCALE / PIECES as f64;
    for piece in 0..PIECES {
        let colour = palette.at((piece as f64 + 0.5) / PIECES as f64);
        let corner = Point::new(left + piece as f64 * wide, at.y - 5.0);
        svg.rect(corner, wide + 0.3, 10.0, format!("fill=\"{colour}\""));
    }
    svg.rect(Point::new(left, at.y - 5.0), SCALE, 10.0, "fill=\"none\" stroke=\"#666666\" stroke-width=\"0.8\"");
    let text = format!("{}   {}", short(high), track.name);
    svg.text(Point::new(left + SCALE + 4.0, at.y), LEGEND.0, Anchor::Start, text, INK);
}

/// A number with as many digits as help.
pub(crate) fn short(number: f64) -> String {
    let most = number.abs();
    if most > 0.0 && !(0.001..1e6).contains(&most) {
        return format!("{number:.1e}");
    }
    let decimals = if most >= 100.0 {
        0
    } else if most >= 10.0 {
        1
    } else {
        3
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Writes a page around a drawing that takes the space from `low` to `high` in its own coordinates; `draw` is given where
/// their origin is on the page.
pub(crate) fn page(
    style: &Style,
    (low, high): (Point, Point),
    legend: &[Entry],
    draw: impl FnOnce(&mut Svg, Point),
) -> String {
    let size = high - low;
    let title = lines(&style.title, size.x.max(TITLE_WIDTH));
    let titles = title.iter().map(|line| width_of(line, TITLE.0));
    let entries = legend.iter().filter(|_| style.legend).map(|entry| entry.width() - AFTER_ENTRY);
    let wide = titles.chain(entries).chain([size.x]).fold(NARROWEST, f64::max);
    let above = if title.is_empty() { 0.0 } else { title.len() as f64 * TITLE.1 + AFTER_TITLE };
    let places = if style.legend { places(legend, wide) } else { Vec::new() };
    let below = places.last().map_or(0.0, |last| last.y + LEGEND.1 / 2.0);
    let total = Point::new(wide + 2.0 * MARGIN, size.y + above + below + 2.0 * MARGIN);
    let mut svg = Svg::new(total.x, total.y, &style.title);
    for (place, line) in title.iter().enumerate() {
        let at = Point::new(total.x / 2.0, MARGIN + (place as f64 + 0.5) * TITLE.1 - 4.0);
        svg.text(at, TITLE.0, Anchor::Middle, line, "fill=\"#000000\" font-weight=\"bold\"");
        svg.end_line();
    }
    draw(&mut svg, Point::new(MARGIN + (wide - size.x) / 2.0, MARGIN + above) - low);
    svg.open("id=\"legend\"");
    for (entry, place) in legend.iter().zip(&places) {
        entry.draw(&mut svg, *place + Point::new(MARGIN, MARGIN + above + size.y));
        svg.end_line();
    }
    svg.close();
    svg.finish()
}

/// Where the entries of a legend are, below the drawing and from its left side.
fn places(legend: &[Entry], wide: f64) -> Vec<Point> {
    let mut at = Point::new(0.0, LEGEND.1);
    let place = |entry: &Entry| {
        let width = entry.width();
        if at.x > 0.0 && at.x + width > wide + AFTER_ENTRY {
            at = Point::new(0.0, at.y + LEGEND.1);
        }
        let place = at;
        at.x += width;
        place
    };
    legend.iter().map(place).collect()
}

/// A text in lines of this width, broken between words where that is possible; the last line is cut.
fn lines(text: &str, wide: f64) -> Vec<String> {
    let most = (wide / width_of("m", TITLE.0)) as usize;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let is_long = lines.len() > TITLE_LINES;
    lines.truncate(TITLE_LINES);
    let last = lines.len().saturating_sub(1);
    for (place, line) in lines.iter_mut().enumerate() {
        if line.chars().count() > most || (is_long && place == last) {
            *line = line.chars().take(most - 1).chain(['…']).collect();
        }
    }
    lines
}

/// A stroke's attributes.
pub(crate) fn stroke(colour: Colour, width: f64) -> String {
    format!("stroke=\"{colour}\" stroke-width=\"{}\"", Short(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts = [0.0, 1.0, 0.25, 12.345, 123.4, 1e-5, -2.5, 1234.0].map(short);
        assert_eq!(texts, ["0", "1", "0.25", "12.3", "123", "1.0e-5", "-2.5", "1234"]);
    }

    #[test]
    fn long_titles_are_cut_and_legends_wrapped() {
        assert_eq!(lines("one two  three", 70.0), ["one two", "three"]);
        assert_eq!(lines(&"word ".repeat(99), 90.0)[2], "word word…");
        assert_eq!(lines(" ", 90.0), [""; 0]);
        let style = Style { title: "x".repeat(500), ..Style::default() };
        let legend: Vec<Entry> = (0..30).map(|n| Entry::Circle(Colour::SKY, format!("name {n}"))).collect();
        let svg = page(&style, (Point::new(-5.0, -5.0), Point::new(300.0, 100.0)), &legend, |_, _| {});
        assert!(svg.contains('…') && svg.contains("name 29"));
        assert!(places(&legend, 300.0).iter().all(|place| place.x < 300.0));
        assert!(places(&legend, 300.0).last().is_some_and(|last| last.y > 100.0));
    }
}
