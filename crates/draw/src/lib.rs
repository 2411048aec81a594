//! Drawings: data in, SVG text out.
//!
//! ```
//! use rinalmo_draw::{Curve, Curves};
//!
//! let mut curves = Curves::new("nano", "step", "perplexity");
//! curves.curves.push(Curve::line("training", vec![(1.0, 22.0), (2.0, 4.1), (3.0, 3.9)]));
//! curves.curves.push(Curve::points("validation", vec![(3.0, 3.8)]));
//! assert!(curves.svg().starts_with("<svg "));
//! ```

mod curves;
mod groups;
mod reliability;

use plotters::style::RGBColor;

pub use curves::{Curve, Curves};
pub use groups::{Groups, Series, Shape};
pub use reliability::Reliability;

/// Colours that colour-blind readers can tell apart (Tol, "Colour schemes", 2021: bright).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x44, 0x77, 0xaa),
    RGBColor(0xee, 0x66, 0x77),
    RGBColor(0x22, 0x88, 0x33),
    RGBColor(0xcc, 0xbb, 0x44),
    RGBColor(0x66, 0xcc, 0xee),
    RGBColor(0xaa, 0x33, 0x77),
];
