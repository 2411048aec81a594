//! The flags that say how a drawing looks.

use std::ops::Range;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use rinalmo::draw::rna::{Fill, Palette, Rna, Style, Turn, View};

/// How a drawing looks.
#[derive(Args, Clone, Debug)]
pub struct Looks {
    /// Draw in this layout
    #[arg(short, long, value_enum, default_value = "straight", value_name = "LAYOUT")]
    layout: LayoutName,
    /// Colour bases by this [default: value with --values, otherwise letter]
    #[arg(short, long, value_enum, value_name = "WHAT", alias = "colour-by")]
    color_by: Option<ColorBy>,
    /// Colour bases by this column of --values [default: its first column of numbers]
    #[arg(long, value_name = "NAME", requires = "values")]
    column: Option<String>,
    /// Colours of numbers
    #[arg(long, value_enum, default_value = "viridis", value_name = "PALETTE")]
    palette: PaletteName,
    /// Begin and end the colours at these numbers [default: the least and the greatest, or 0 and 1 of probabilities]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    range: Option<String>,
    /// Mark these positions, such as 10-20,35. May be given several times
    #[arg(long, value_name = "FROM-TO")]
    highlight: Vec<String>,
    /// Turn the stem at POSITION by so many degrees clockwise, or `flip` it to the other side, such as 12:30,40:flip.
    /// Turns are made one after the other, and may be given several times; what is turned may cover other parts
    #[arg(long, value_name = "POSITION:CHANGE", value_delimiter = ',', allow_hyphen_values = true)]
    turn: Vec<Turn>,
    /// Write TEXT above the drawing [default: the record's name]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Number every Nth base, or none for 0; fewer are numbered if there is no space
    #[arg(long, value_name = "N", default_value_t = 10)]
    numbers: usize,
    /// Draw letters without circles
    #[arg(long)]
    no_circles: bool,
    /// Leave out the explanation of colours and lines
    #[arg(long)]
    no_legend: bool,
}

/// `--layout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutName {
    /// In the plane, without crossings; bulges and inner loops do not bend stems
    Straight,
    /// In the plane, every loop a circle of equal steps as in RNAplot's; widened where stems would cross
    Radial,
    /// Pairs as arcs over the sequence; those of --reference below it
    Arcs,
    /// Pairs as arcs within a circle
    Circular,
    /// The square of all pairs: probabilities above the diagonal (the structure without them), --reference below it (the
    /// structure without it)
    DotPlot,
    /// The number of pairs around each base; of the structure, the probabilities and --reference
    Mountain,
}

/// `--color-by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorBy {
    /// The letter
    Letter,
    /// The part of the structure: stem, hairpin loop, inner loop, multiloop, exterior, pseudoknot
    Part,
    /// The probability of the base's drawn pair
    PairProbability,
    /// The probability of being paired, from --probabilities
    Paired,
    /// The probability of the drawn pair or of being unpaired, from --probabilities
    Confidence,
    /// The entropy of the partner in bits, from --probabilities
    Entropy,
    /// The numbers of --values
    Value,
    /// Nothing
    None,
}

/// `--palette`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PaletteName {
    /// Dark blue, green, yellow
    Viridis,
    /// Dark blue, grey, yellow
    Cividis,
    /// White to dark orange
    Orange,
    /// White to black
    Grey,
}

impl Looks {
    /// Checks what can be checked before the work.
    pub fn check(&self, values: bool) -> Result<()> {
        let name = name_of::<ColorBy>;
        match self.color_by {
            Some(ColorBy::Value) if !values => bail!("--color-by value: needs --values FILE"),
            Some(what) if values && what != ColorBy::Value => {
                bail!("--color-by {}: --values has other numbers; leave out one of both", name(what))
            }
            _ => {}
        }
        if !self.turn.is_empty() && !self.view().is_plane() {
            bail!("--turn: needs --layout straight or radial, {} has no stems to turn", name_of(self.layout));
        }
        self.parse_range()?;
        self.highlights(usize::MAX).map(drop)
    }

    /// # Errors
    /// Bases are to be coloured by the probabilities of all pairs, which are not there.
    pub fn check_without_probabilities(&self) -> Result<()> {
        match self.color_by {
            Some(what @ (ColorBy::Paired | ColorBy::Confidence | ColorBy::Entropy)) => bail!(
                "--color-by {}: needs the probabilities of all pairs\nhint: `fold --bpp FILE.tsv` writes them, \
                 --probabilities FILE.tsv reads them",
                name_of(what)
            ),
            _ => Ok(()),
        }
    }

    /// What bases are coloured by.
    pub fn color_by(&self, values: bool) -> ColorBy {
        self.color_by.unwrap_or(if values { ColorBy::Value } else { ColorBy::Letter })
    }

    /// `--column`.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// `--range`.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.parse_range().ok().flatten()
    }

    fn parse_range(&self) -> Result<Option<(f64, f64)>> {
        let Some(text) = &self.range else { return Ok(None) };
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let ends = text.split_once(',').and_then(|(low, high)| number(low).zip(number(high)));
        let Some(ends) = ends.filter(|(low, high)| low < high) else {
            bail!("--range: expected two rising numbers such as 0,1.5, found `{text}`");
        };
        Ok(Some(ends))
    }

    /// The positions of `--highlight`, from 0, in a sequence of this length.
    pub fn highlights(&self, len: usize) -> Result<Vec<Range<usize>>> {
        let texts = self.highlight.iter().flat_map(|text| text.split(','));
        texts.map(|text| highlight(text, len)).collect()
    }

    /// Checks that the stems of `--turn` are there.
    pub fn check_turns(&self, rna: &Rna) -> Result<()> {
        Turn::check(&self.turn, &rna.structure).context("--turn")
    }

    fn view(&self) -> View {
        View::named(&name_of(self.layout)).expect("a test looks for each layout's view")
    }

    /// The style of a drawing of the record `name`.
    pub fn style(&self, name: &str, values: bool) -> Style {
        Style {
            view: self.view(),
            turns: self.turn.clone(),
            title: self.title.clone().unwrap_or_else(|| name.to_owned()),
            fill: match self.color_by(values) {
                ColorBy::Letter => Fill::Letters,
                ColorBy::Part => Fill::Parts,
                ColorBy::None => Fill::Plain,
                _ => Fill::Track,
            },
            palette: Palette::named(&name_of(self.palette)).expect("a test looks for each palette"),
            numbers: self.numbers,
            circles: !self.no_circles,
            legend: !self.no_legend,
        }
    }
}

/// The name of a flag's value.
fn name_of<V: ValueEnum>(value: V) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// `10-20` or `10`, from 1, as positions from 0.
fn highlight(text: &str, len: usize) -> Result<Range<usize>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<usize>().ok().filter(|number| *number > 0);
    let ends = number(from).zip(number(to)).filter(|(from, to)| from <= to);
    let (from, to) = ends.with_context(|| format!("--highlight: expected positions such as 10-20, found `{text}`"))?;
    if to > len {
        bail!("--highlight: position {to} is beyond the end, {len}");
    }
    Ok(from - 1..to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_and_palette_can_be_drawn() {
        let layouts = LayoutName::value_variants().iter().copied().map(name_of);
        assert_eq!(layouts.collect::<Vec<_>>(), View::NAMES.map(|(name, _)| name));
        let palettes = PaletteName::value_variants().iter().copied().map(name_of);
        assert_eq!(palettes.collect::<Vec<_>>(), Palette::NAMES.map(|(name, _)| name));
    }

    #[test]
    fn positions_are_read_from_one() {
        assert_eq!(highlight("10-20", 20).unwrap(), 9..20);
        assert_eq!(highlight(" 3", 20).unwrap(), 2..3);
        let message = |text| highlight(text, 20).unwrap_err().to_string();
        assert_eq!(message("10-21"), "--highlight: position 21 is beyond the end, 20");
        for text in ["", "0-3", "5-4", "a", "-3", "1-2-3"] {
            assert_eq!(message(text), format!("--highlight: expected positions such as 10-20, found `{text}`"));
        }
    }
}
