//! Drawings of secondary structures: data in, SVG text out.
//!
//! [`Rna`] is what is drawn, [`Style`] how, and [`svg`] draws it. [`positions`] gives only the places of the bases.
//!
//! ```
//! use rinalmo_draw::rna::{Layout, Rna, Style, View, svg};
//! use rinalmo_seq::Structure;
//!
//! let rna = Rna::new("GGGAAACCC", Structure::parse_dot_bracket("(((...)))")?);
//! let style = Style { view: View::Bases(Layout::Radial), title: "a hairpin".into(), ..Style::default() };
//! let drawing = svg(&rna, &style);
//! assert!(drawing.contains("<title>1 G, pairs with 9 C</title>"));
//! # Ok::<(), rinalmo_seq::Error>(())
//! ```

mod bases;
mod bonds;
mod colour;
mod dot_plot;
mod labels;
pub mod layout;
mod legend;
mod loops;
mod mountain;
mod nested;
mod page;
mod style;
mod subject;

pub use colour::{Colour, Palette};
pub use layout::{Change, Layout, Point, Turn, TurnError, positions};
pub use nested::Nested;
pub use style::{Fill, Style, View};
pub use subject::{Rna, Track};

/// Draws an RNA as SVG text.
pub fn svg(rna: &Rna, style: &Style) -> String {
    match style.view {
        View::Bases(layout) => bases::svg(rna, style, layout),
        View::DotPlot => dot_plot::svg(rna, style),
        View::Mountain => mountain::svg(rna, style),
    }
}
