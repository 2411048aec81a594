//! `POST /v1/draw`: a structure as SVG, as `rinalmo draw` draws it. The group with the id `b17` is base 17.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use rinalmo::draw::rna::{Fill, Palette, Rna, Style, Track, Turn, TurnError, View, svg};
use rinalmo::seq::{Gaps, InputOptions, OnInvalid, Structure};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::app::App;
use crate::body;
use crate::failure::{ErrorType, Failure};
use crate::info::text;
use crate::sequences::{self, Input, Inputs};

/// Letters keep their places.
const LETTERS: InputOptions = InputOptions { on_invalid: OnInvalid::Unk, gaps: Gaps::Keep, strands: true };

/// What may be asked. The options are those of `rinalmo draw`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawRequest {
    #[serde(default)]
    sequence: String,
    structure: String,
    reference: Option<String>,
    /// Pairs from 1 with their probabilities; a list without any says that no pair is probable.
    probabilities: Option<Vec<(usize, usize, f64)>>,
    #[serde(default, deserialize_with = "layout")]
    layout: View,
    #[serde(default)]
    color_by: ColorBy,
    /// A number for each base, if it has one, and what the legend calls them.
    values: Option<Vec<Option<f64>>>,
    column: Option<String>,
    #[serde(default, deserialize_with = "palette")]
    palette: Palette,
    #[serde(default)]
    title: String,
    numbers: Option<usize>,
    circles: Option<bool>,
    legend: Option<bool>,
    /// First and last positions, from 1.
    #[serde(default)]
    highlight: Vec<(usize, usize)>,
    /// Stems to turn, such as `12:30` or `12:flip`.
    #[serde(default)]
    turn: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ColorBy {
    #[default]
    Letter,
    Part,
    PairProbability,
    Paired,
    Confidence,
    Entropy,
    Value,
    None,
}

fn layout<'de, D: Deserializer<'de>>(from: D) -> Result<View, D::Error> {
    static NAMES: [&str; View::NAMES.len()] = names(&View::NAMES);
    let name = String::deserialize(from)?;
    View::named(&name).ok_or_else(|| D::Error::unknown_variant(&name, &NAMES))
}

fn palette<'de, D: Deserializer<'de>>(from: D) -> Result<Palette, D::Error> {
    static NAMES: [&str; Palette::NAMES.len()] = names(&Palette::NAMES);
    let name = String::deserialize(from)?;
    Palette::named(&name).ok_or_else(|| D::Error::unknown_variant(&name, &NAMES))
}

const fn names<T, const N: usize>(named: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = named[at].0;
        at += 1;
    }
    names
}

/// `POST /v1/draw`.
pub async fn draw(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let request: DrawRequest = body::read(request, &app.limits).await?;
    let rna = request.rna(&app)?;
    let style = request.style(&rna)?;
    let drawing = app.queue.run(move || svg(&rna, &style)).await?;
    Ok(text("image/svg+xml", drawing))
}

impl DrawRequest {
    fn rna(&self, app: &App) -> Result<Rna, Failure> {
        let structure = parse("structure", &self.structure, app)?;
        let len = structure.len();
        let letters = letters(&self.sequence, &structure, app)?;
        let mut rna = Rna::new(letters, structure);
        rna.reference = self.reference.as_ref().map(|text| parse("reference", text, app)).transpose()?;
        if let Some(found) = rna.reference.as_ref().map(Structure::len).filter(|found| *found != len) {
            return Err(Failure::invalid(format!("reference: expected {len} bases, found {found}")));
        }
        rna.probabilities =
            self.probabilities.iter().flatten().map(|pair| probable(*pair, len)).collect::<Result<_, _>>()?;
        for &(first, last) in &self.highlight {
            if !(1 <= first && first <= last && last <= len) {
                let message = format!("highlight: expected positions from 1 to {len}, found {first} to {last}");
                return Err(Failure::invalid(message));
            }
            rna.highlights.push(first - 1..last);
        }
        rna.track = match self.color_by {
            ColorBy::Letter | ColorBy::Part | ColorBy::None => None,
            ColorBy::Value => Some(self.values(len)?),
            _ if self.probabilities.is_none() => {
                return Err(Failure::invalid("color_by: this needs `probabilities`"));
            }
            ColorBy::PairProbability => Some(rna.pair_probability()),
            ColorBy::Paired => Some(rna.paired()),
            ColorBy::Confidence => Some(rna.confidence()),
            ColorBy::Entropy => Some(rna.entropy()),
        };
        Ok(rna)
    }

    /// The numbers to colour bases by.
    fn values(&self, len: usize) -> Result<Track, Failure> {
        let values = self.values.clone().ok_or_else(|| Failure::invalid("color_by: this needs `values`"))?;
        if values.len() != len {
            return Err(Failure::invalid(format!("values: expected {len} as bases, found {}", values.len())));
        }
        let name = self.column.clone().unwrap_or_else(|| "value".to_owned());
        Ok(Track { name, values, range: None })
    }

    /// The stems to turn, all of which are there.
    fn turns(&self, rna: &Rna) -> Result<Vec<Turn>, Failure> {
        if self.turn.is_empty() {
            return Ok(Vec::new());
        }
        if !self.layout.is_plane() {
            return Err(Failure::invalid("turn: this needs the layout `straight` or `radial`"));
        }
        let wrong = |error: TurnError| Failure::invalid(format!("turn: {error}"));
        let turns: Vec<Turn> = self.turn.iter().map(|text| text.parse()).collect::<Result<_, _>>().map_err(wrong)?;
        Turn::check(&turns, &rna.structure).map_err(wrong)?;
        Ok(turns)
    }

    fn style(&self, rna: &Rna) -> Result<Style, Failure> {
        let usual = Style::default();
        Ok(Style {
            view: self.layout,
            turns: self.turns(rna)?,
            title: self.title.clone(),
            fill: match self.color_by {
                ColorBy::Letter => Fill::Letters,
                ColorBy::Part => Fill::Parts,
                ColorBy::None => Fill::Plain,
                _ => Fill::Track,
            },
            palette: self.palette,
            numbers: self.numbers.unwrap_or(usual.numbers),
            circles: self.circles.unwrap_or(usual.circles),
            legend: self.legend.unwrap_or(usual.legend),
        })
    }
}

/// As many letters as the structure has bases, or none.
pub(super) fn letters(sequence: &str, structure: &Structure, app: &App) -> Result<Vec<u8>, Failure> {
    if sequence.is_empty() {
        return Ok(Vec::new());
    }
    let inputs = Inputs(vec![Input { sequence: sequence.to_owned(), ..Input::default() }]);
    let mut found = sequences::read(Some(inputs), None, LETTERS, &app.limits)?;
    let record = found.records.pop().unwrap_or_else(|| Err(Failure::empty("there is no sequence")))?;
    let (letters, len) = (record.record.sequence, structure.len());
    if record.record.nick != structure.nick() {
        return Err(Failure::invalid("expected one `&` in the sequence and in the structure, at the same place"));
    }
    if letters.len() != len {
        let found = letters.len();
        return Err(Failure::invalid(format!("sequence: expected {len} letters as the structure, found {found}")));
    }
    Ok(letters)
}

/// A structure in dot-bracket, of one strand or two, with at least one base.
pub(super) fn parse(field: &str, text: &str, app: &App) -> Result<Structure, Failure> {
    let most = app.limits.length;
    if text.len() > most {
        return Err(Failure::too_large(format!("{field}: this server takes up to {most} bases")));
    }
    let wrong = |error: rinalmo::seq::Error| {
        Failure::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, ErrorType::Tokenizer, format!("{field}: {error}"))
    };
    let structure = Structure::parse_strands(text.trim()).map_err(wrong)?;
    if structure.is_empty() {
        return Err(Failure::empty(format!("{field}: there are no bases")));
    }
    Ok(structure)
}

/// A pair from 0, first base first.
fn probable((i, j, p): (usize, usize, f64), len: usize) -> Result<(usize, usize, f64), Failure> {
    if i == j || !(1..=len).contains(&i) || !(1..=len).contains(&j) || !(0.0..=1.0).contains(&p) {
        let message =
            format!("probabilities: expected two positions from 1 to {len} and a probability, found [{i}, {j}, {p}]");
        return Err(Failure::invalid(message));
    }
    Ok((i.min(j) - 1, i.max(j) - 1, p))
}
