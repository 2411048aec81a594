//! SVG text, piece by piece. Everything is said by attributes: some programs that open SVG files ignore style sheets.

use std::fmt::{Display, Write as _};

use crate::rna::Point;

/// The fonts that letters are drawn in.
const FONTS: &str = "Arial, Helvetica, 'DejaVu Sans', sans-serif";

/// An SVG that is being written.
pub(crate) struct Svg {
    text: String,
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// A white canvas, in pixels, with a title that programs show as its name.
    pub(crate) fn new(width: f64, height: f64, title: &str) -> Self {
        let (width, height) = (width.ceil(), height.ceil());
        let mut svg = Self { text: String::new() };
        svg.push(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\">\n"
        ));
        if !title.is_empty() {
            svg.title(title);
            svg.text.push('\n');
        }
        svg.push(format_args!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"));
        svg
    }

    /// The finished text.
    pub(crate) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    fn push(&mut self, piece: std::fmt::Arguments<'_>) {
        self.text.write_fmt(piece).expect("writing to a string does not fail");
    }

    /// Opens a group; `attributes` as they are written.
    pub(crate) fn open(&mut self, attributes: impl Display) {
        self.push(format_args!("<g {attributes}>"));
    }

    /// Closes the innermost group.
    pub(crate) fn close(&mut self) {
        self.text.push_str("</g>\n");
    }

    /// What a browser shows when the mouse rests on the group.
    pub(crate) fn title(&mut self, title: &str) {
        self.push(format_args!("<title>{}</title>", Escaped(title)));
    }

    pub(crate) fn line(&mut self, from: Point, to: Point, attributes: impl Display) {
        let [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y].map(Short);
        self.push(format_args!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {attributes}/>"));
    }

    pub(crate) fn polyline(&mut self, points: &[Point], attributes: impl Display) {
        self.text.push_str("<polyline points=\"");
        for point in points {
            self.push(format_args!("{},{} ", Short(point.x), Short(point.y)));
        }
        self.push(format_args!("\" fill=\"none\" {attributes}/>\n"));
    }

    pub(crate) fn circle(&mut self, centre: Point, radius: f64, attributes: impl Display) {
        let [x, y, radius] = [centre.x, centre.y, radius].map(Short);
        self.push(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {attributes}/>"));
    }

    pub(crate) fn polygon(&mut self, corners: &[Point]) {
        self.text.push_str("<polygon points=\"");
        for (place, corner) in corners.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            self.push(format_args!("{space}{},{}", Short(corner.x), Short(corner.y)));
        }
        self.text.push_str("\"/>");
    }

    /// A rectangle from its upper left corner.
    pub(crate) fn rect(&mut self, corner: Point, width: f64, height: f64, attributes: impl Display) {
        let [x, y, width, height] = [corner.x, corner.y, width, height].map(Short);
        self.push(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {attributes}/>"));
    }

    /// A curve bent towards a point.
    pub(crate) fn curve(&mut self, from: Point, towards: Point, to: Point, attributes: impl Display) {
        let [x1, y1, x, y, x2, y2] = [from.x, from.y, towards.x, towards.y, to.x, to.y].map(Short);
        self.push(format_args!("<path d=\"M{x1} {y1}Q{x} {y} {x2} {y2}\" fill=\"none\" {attributes}/>"));
    }

    /// Half of an ellipse between two points on a horizontal line: above it if `height` is positive, otherwise below.
    pub(crate) fn half_ellipse(&mut self, from: Point, to: Point, height: f64, attributes: impl Display) {
        let [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y].map(Short);
        let [wide, high] = [(to.x - from.x) / 2.0, height.abs()].map(Short);
        let sweep = u8::from(height > 0.0);
        self.push(format_args!(
            "<path d=\"M{x1} {y1}A{wide} {high} 0 0 {sweep} {x2} {y2}\" fill=\"none\" {attributes}/>"
        ));
    }

    /// A text whose letters are centred on the height of `at`.
    pub(crate) fn text(&mut self, at: Point, size: f64, anchor: Anchor, text: impl Display, attributes: impl Display) {
        let [x, y, size] = [at.x, at.y + 0.36 * size, size].map(Short);
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = text.to_string();
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" {attributes}>{}</text>",
            Escaped(&text)
        ));
    }

    pub(crate) fn end_line(&mut self) {
        self.text.push('\n');
    }
}

/// About how wide a text is, in pixels.
pub(crate) fn width_of(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * 0.6 * size
}

/// A number with at most two decimals.
pub(crate) struct Short(pub(crate) f64);

impl Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded = (self.0 * 100.0).round() / 100.0;
        write!(f, "{}", if rounded == 0.0 { 0.0 } else { rounded }) // no -0
    }
}

/// A text as XML holds it. Control characters, which XML cannot hold, become question marks.
struct Escaped<'t>(&'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\t' | '\n' => f.write_char(' '),
            letter if letter.is_control() || "\u{fffe}\u{ffff}".contains(letter) => f.write_char('?'),
            letter => f.write_char(letter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_numbers_short() {
        let mut svg = Svg::new(10.2, 5.0, "a < b & \u{1} \"c\"");
        svg.line(Point::new(-0.001, 1.0 / 3.0), Point::new(2.0, 1e3), "stroke=\"#000000\"");
        let text = svg.finish();
        assert!(text.contains("<title>a &lt; b &amp; ? &quot;c&quot;</title>"), "{text}");
        assert!(text.contains("x1=\"0\" y1=\"0.33\" x2=\"2\" y2=\"1000\""), "{text}");
        assert!(text.starts_with("<svg ") && text.contains("width=\"11\" height=\"5\""));
    }
}
