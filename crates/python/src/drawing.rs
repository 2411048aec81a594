//! Drawings of structures, as `rinalmo draw` makes them.

use std::borrow::Cow;

use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use rinalmo::draw::rna::{Change, Fill, Nested, Palette, Rna, Style, Track, Turn, View, svg};
use rinalmo::seq::Structure;

use crate::error;

/// Least probability of the pairs that are drawn of a map.
const CUTOFF: f32 = 0.01;

/// What is drawn, and how.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct DrawSettings<'py> {
    letters: PyBackedBytes,
    len: usize,
    pairs: Vec<(usize, usize)>,
    /// Of two strands, the first base of the second one.
    nick: Option<usize>,
    /// Probabilities of all pairs, `[len, len]`.
    bpp: Option<PyReadonlyArray2<'py, f32>>,
    /// Those of the structure's pairs, where they are known apart from the map: those of helices that cross are of
    /// another ensemble.
    pair_probabilities: Option<Vec<f64>>,
    reference: Option<Vec<(usize, usize)>>,
    values: Option<Vec<Option<f64>>>,
    highlights: Vec<(usize, usize)>,
    /// Positions from 0 with degrees, or with nothing for a flip.
    turns: Vec<(usize, Option<f64>)>,
    layout: String,
    color_by: Option<String>,
    palette: String,
    range: Option<(f64, f64)>,
    title: String,
    numbers: usize,
    circles: bool,
    legend: bool,
}

/// The drawing as SVG text.
#[pyfunction]
pub fn draw(py: Python<'_>, settings: DrawSettings<'_>) -> PyResult<String> {
    let rna = settings.rna(py)?;
    let style = settings.style(py, &rna)?;
    Ok(py.detach(|| svg(&rna, &style)))
}

/// The drawing as PNG, two pixels for each of the SVG's.
#[pyfunction]
pub fn png(py: Python<'_>, svg: String) -> PyResult<Cow<'static, [u8]>> {
    let drawn = py.detach(|| rinalmo::draw::png(&svg));
    drawn.map(Cow::Owned).map_err(|error| error::input(py, format!("the drawing is too large for PNG: {error}")))
}

/// The drawing as PDF.
#[pyfunction]
pub fn pdf(py: Python<'_>, svg: String) -> PyResult<Cow<'static, [u8]>> {
    let drawn = py.detach(|| rinalmo::draw::pdf(&svg));
    drawn.map(Cow::Owned).map_err(|error| error::failure(py, error.to_string()))
}

impl DrawSettings<'_> {
    fn rna(&self, py: Python<'_>) -> PyResult<Rna> {
        let structure = |pairs: &Vec<(usize, usize)>| {
            Structure::new(self.len, pairs.clone()).map_err(|error| error::of_file(py, &error))
        };
        let mut rna = Rna::new(self.letters.to_vec(), structure(&self.pairs)?.with_nick(self.nick));
        rna.reference = self.reference.as_ref().map(structure).transpose()?;
        rna.probabilities = self.probabilities(py)?;
        rna.highlights = self.highlights.iter().map(|&(from, to)| from..to).collect();
        if let Some((from, to)) = self.highlights.iter().find(|(from, to)| from >= to || *to > self.len) {
            let message = format!("highlight: expected positions within 0 to {}, found {from} to {to}", self.len);
            return Err(error::input(py, message));
        }
        let needs = |what: &str| error::input(py, format!("color_by=\"{}\": needs {what}", self.color_by()));
        let all = "the probabilities of all pairs; fold with bpp=True";
        rna.track = match self.color_by() {
            "pair-probability" if self.pair_probabilities.is_some() => {
                let mut drawn = rna.clone();
                drawn.probabilities = self.own_probabilities();
                Some(drawn.pair_probability())
            }
            "pair-probability" if rna.probabilities.is_empty() && !self.pairs.is_empty() => {
                return Err(needs("the probabilities of pairs"));
            }
            "pair-probability" => Some(rna.pair_probability()),
            "paired" | "confidence" | "entropy" if self.bpp.is_none() => return Err(needs(all)),
            "paired" => Some(rna.paired()),
            "confidence" => Some(rna.confidence()),
            "entropy" => Some(rna.entropy()),
            "value" => {
                let values = self.values.clone().ok_or_else(|| needs("values"))?;
                if values.len() != self.len {
                    let message = format!("values: expected {}, one for each base, found {}", self.len, values.len());
                    return Err(error::input(py, message));
                }
                Some(Track { name: "value".to_owned(), values, range: None })
            }
            _ => None,
        };
        if let (Some(track), Some(range)) = (&mut rna.track, self.range) {
            track.range = Some(range);
        }
        Ok(rna)
    }

    /// The probabilities of pairs that are known.
    fn probabilities(&self, py: Python<'_>) -> PyResult<Vec<(usize, usize, f64)>> {
        if let Some(bpp) = &self.bpp {
            let map = bpp.as_array();
            if map.dim() != (self.len, self.len) {
                let (len, (rows, columns)) = (self.len, map.dim());
                let message = format!("bpp: expected an array [{len}, {len}], found [{rows}, {columns}]");
                return Err(error::input(py, message));
            }
            let above = map.indexed_iter().filter(|&((i, j), &p)| i < j && p > CUTOFF);
            return Ok(above.map(|((i, j), &p)| (i, j, f64::from(p))).collect());
        }
        Ok(self.own_probabilities())
    }

    /// The structure's pairs with their probabilities, if these are known apart from the map.
    fn own_probabilities(&self) -> Vec<(usize, usize, f64)> {
        let known = self.pair_probabilities.iter().flatten();
        self.pairs.iter().zip(known).map(|(&(i, j), &p)| (i, j, p)).collect()
    }

    /// The stems to turn, all of which are there.
    fn turns(&self, py: Python<'_>, rna: &Rna, view: View) -> PyResult<Vec<Turn>> {
        if !self.turns.is_empty() && !view.is_plane() {
            return Err(error::input(py, "turn: needs the layout \"straight\" or \"radial\""));
        }
        let nested = Nested::new(&rna.structure);
        let read = |&(base, degrees): &(usize, Option<f64>)| {
            let change = degrees.map_or(Change::Flip, Change::Degrees);
            let has_stem = Turn { base, change }.root(&nested).is_ok() && degrees.is_none_or(f64::is_finite);
            let expected =
                format!("turn: expected a position in a stem, from 0, and degrees or \"flip\", found {base}");
            has_stem.then_some(Turn { base, change }).ok_or_else(|| error::input(py, expected))
        };
        self.turns.iter().map(read).collect()
    }

    fn style(&self, py: Python<'_>, rna: &Rna) -> PyResult<Style> {
        let unknown = |what: &str, found: &str, known: Vec<&str>| {
            error::input(py, format!("{what}: expected {}, found \"{found}\"", known.join(", ")))
        };
        let known = View::NAMES.map(|(name, _)| name).to_vec();
        let view = View::named(&self.layout).ok_or_else(|| unknown("layout", &self.layout, known))?;
        let palette = Palette::named(&self.palette);
        Ok(Style {
            view,
            turns: self.turns(py, rna, view)?,
            palette: palette
                .ok_or_else(|| unknown("palette", &self.palette, Palette::NAMES.map(|(name, _)| name).to_vec()))?,
            fill: match self.color_by() {
                "letter" => Fill::Letters,
                "part" => Fill::Parts,
                "none" => Fill::Plain,
                "pair-probability" | "paired" | "confidence" | "entropy" | "value" => Fill::Track,
                other => return Err(unknown("color_by", other, COLORS.to_vec())),
            },
            title: self.title.clone(),
            numbers: self.numbers,
            circles: self.circles,
            legend: self.legend,
        })
    }

    fn color_by(&self) -> &str {
        let usual = if self.values.is_some() { "value" } else { "letter" };
        self.color_by.as_deref().unwrap_or(usual)
    }
}

/// What bases can be coloured by.
const COLORS: [&str; 8] = ["letter", "part", "pair-probability", "paired", "confidence", "entropy", "value", "none"];
