//! Groups of points and their marks: six colours, and four shapes of each.

use std::cmp::Reverse;
use std::collections::HashMap;

use plotters::style::RGBColor;

use crate::canvas;

/// Shapes of marks. The colours are used up before the next shape begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Triangle,
    Square,
    Diamond,
}

impl Shape {
    const ALL: [Self; 4] = [Self::Circle, Self::Triangle, Self::Square, Self::Diamond];

    /// Its name in a page's data.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Triangle => "triangle",
            Self::Square => "square",
            Self::Diamond => "diamond",
        }
    }
}

/// The colour of groups without a mark of their own (the grey of Tol's bright colours), and of points without a group.
const OTHERS: RGBColor = RGBColor(0xbb, 0xbb, 0xbb);
const NONE: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);

/// Points that look the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) count: usize,
    pub(super) colour: String,
    pub(super) shape: Shape,
}

/// The groups of all points.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Groups {
    /// The largest first; then the groups without a mark of their own as one, then the points without a group.
    pub(super) all: Vec<Group>,
    /// The group of each point.
    pub(super) of: Vec<usize>,
    /// Does any point have a group?
    pub(super) are_named: bool,
}

impl Groups {
    pub(super) fn of<'n>(names: impl Iterator<Item = Option<&'n str>> + Clone) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        names.clone().flatten().for_each(|name| *counts.entry(name).or_default() += 1);
        let mut sorted: Vec<(&str, usize)> = counts.into_iter().collect();
        sorted.sort_unstable_by_key(|&(name, count)| (Reverse(count), name));
        let marked = if sorted.len() > canvas::COLOURS.len() * Shape::ALL.len() {
            canvas::COLOURS.len() * Shape::ALL.len()
        } else {
            sorted.len()
        };
        let mut all: Vec<Group> = sorted[..marked]
            .iter()
            .enumerate()
            .map(|(place, &(name, count))| Group {
                name: name.to_owned(),
                count,
                colour: hex(canvas::colour(place)),
                shape: Shape::ALL[place / canvas::COLOURS.len()],
            })
            .collect();
        let mut add = |name: String, count: usize, colour: RGBColor| {
            all.push(Group { name, count, colour: hex(colour), shape: Shape::Circle });
            all.len() - 1
        };
        let rest = &sorted[marked..];
        let others = (!rest.is_empty()).then(|| {
            let name = format!("{} other groups", rest.len());
            add(name, rest.iter().map(|group| group.1).sum(), OTHERS)
        });
        let without = names.clone().filter(Option::is_none).count();
        let none = (without > 0).then(|| {
            let colour = if sorted.is_empty() { canvas::colour(0) } else { NONE };
            add("without a group".to_owned(), without, colour)
        });
        let places: HashMap<&str, usize> = sorted[..marked].iter().map(|group| group.0).zip(0..).collect();
        let place = |name: Option<&str>| match name {
            Some(name) => places.get(name).copied().or(others).unwrap_or(0),
            None => none.unwrap_or(0),
        };
        let of = names.map(place).collect();
        Self { all, of, are_named: !sorted.is_empty() }
    }
}

fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
