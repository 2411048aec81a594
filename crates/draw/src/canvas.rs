//! What all drawings share: the white SVG canvas and the colours of lines.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(crate) type Root<'t> = DrawingArea<SVGBackend<'t>, Shift>;
pub(crate) type Failed = DrawingAreaErrorKind<std::io::Error>;

/// Margin around a drawing, in pixels.
pub(crate) const MARGIN: u32 = 16;

/// Colours that colour-blind readers can tell apart (Tol, "Colour schemes", 2021: bright).
pub(crate) const COLOURS: [RGBColor; 6] = [
    RGBColor(0x44, 0x77, 0xaa),
    RGBColor(0xee, 0x66, 0x77),
    RGBColor(0x22, 0x88, 0x33),
    RGBColor(0xcc, 0xbb, 0x44),
    RGBColor(0x66, 0xcc, 0xee),
    RGBColor(0xaa, 0x33, 0x77),
];

/// The colour of line or shape number `place`; colours repeat after six.
pub(crate) fn colour(place: usize) -> RGBColor {
    COLOURS[place % COLOURS.len()]
}

/// Draws on a white canvas of `size` pixels and returns the SVG text.
pub(crate) fn svg(size: (u32, u32), draw: impl FnOnce(&Root<'_>) -> Result<(), Failed>) -> String {
    let mut text = String::new();
    let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
    root.fill(&WHITE).and_then(|()| draw(&root)).expect("drawing into a string does not fail");
    drop(root);
    text
}

/// Writes a name in the colour of its place, at `at`, aligned to `side`.
pub(crate) fn name(root: &Root<'_>, text: String, place: usize, side: HPos, at: (i32, i32)) -> Result<(), Failed> {
    let style = ("sans-serif", 13).into_font().color(&colour(place)).pos(Pos::new(side, VPos::Center));
    root.draw(&Text::new(text, at, style))
}
