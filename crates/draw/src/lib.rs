//! Drawings: data in, SVG text out, and a PNG or PDF of it on request.
//!
//! ```
//! use rinalmo_draw::{Curve, Curves};
//!
//! let mut curves = Curves::new("nano", "step", "perplexity");
//! curves.curves.push(Curve::line("training", vec![(1.0, 22.0), (2.0, 4.1), (3.0, 3.9)]));
//! curves.curves.push(Curve::points("validation", vec![(3.0, 3.8)]));
//! assert!(curves.svg().starts_with("<svg "));
//! ```

mod canvas;
mod curves;
mod groups;
mod pdf;
mod raster;
mod reliability;
pub mod rna;
mod scatter;
mod svg;

pub use curves::{Curve, Curves};
pub use groups::{Groups, Series, Shape};
pub use pdf::pdf;
pub use raster::{Unusable, png};
pub use reliability::Reliability;
pub use scatter::{Dot, Scatter};
