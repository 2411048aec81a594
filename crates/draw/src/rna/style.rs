//! How an RNA is drawn.

use super::colour::Palette;
use super::{Layout, Turn};

/// The kind of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Every base at its place.
    Bases(Layout),
    /// A square of all pairs: probabilities above the diagonal, the structure or the reference below.
    DotPlot,
    /// For each base, how many pairs are around it.
    Mountain,
}

impl View {
    /// Every kind with its name on the command line and in Python.
    pub const NAMES: [(&str, Self); 6] = [
        ("straight", Self::Bases(Layout::Straight)),
        ("radial", Self::Bases(Layout::Radial)),
        ("arcs", Self::Bases(Layout::Arcs)),
        ("circular", Self::Bases(Layout::Circular)),
        ("dot-plot", Self::DotPlot),
        ("mountain", Self::Mountain),
    ];

    /// Is the drawing in the plane, so that stems can be turned?
    pub fn is_plane(self) -> bool {
        matches!(self, Self::Bases(Layout::Straight | Layout::Radial))
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find_map(|(known, view)| (known == name).then_some(view))
    }
}

impl Default for View {
    fn default() -> Self {
        Self::Bases(Layout::default())
    }
}

/// What the colour of a base shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fill {
    /// Nothing: all bases are white.
    Plain,
    /// Its letter.
    #[default]
    Letters,
    /// Its part of the structure: stem, hairpin loop, inner loop, multiloop, exterior, pseudoknot.
    Parts,
    /// Its number in [`Rna::track`](super::Rna::track).
    Track,
}

/// How an RNA is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// The kind of the drawing.
    pub view: View,
    /// Stems that are turned or flipped, in this order; only drawings in the plane have them. Those that are not there are
    /// passed over; [`Turn::root`] finds them.
    pub turns: Vec<Turn>,
    /// A line above it; may be empty.
    pub title: String,
    /// What the colours of bases show.
    pub fill: Fill,
    /// The colours of numbers.
    pub palette: Palette,
    /// Every so many bases have their number; fewer if there is no space, none if 0.
    pub numbers: usize,
    /// Whether letters stand in circles.
    pub circles: bool,
    /// Whether the colours and lines are explained below the drawing.
    pub legend: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            view: View::default(),
            turns: Vec::new(),
            title: String::new(),
            fill: Fill::default(),
            palette: Palette::default(),
            numbers: 10,
            circles: true,
            legend: true,
        }
    }
}
