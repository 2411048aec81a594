//! The flags that say how points are placed.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use indicatif::{ProgressBar, ProgressStyle};
use rinalmo::map::{Choice, Error, Method, Placed, Points, Watch};

use crate::context::Context;

/// How points are placed.
#[derive(Args, Clone, Debug)]
pub struct PlaceArgs {
    /// Place points by this method
    #[arg(long, value_parser = methods(), default_value = Method::default().name(), value_name = "METHOD")]
    pub method: Method,
    /// t-SNE: draw each point to about N neighbours [default: 30, or a third of the records if that is less]
    #[arg(long, value_name = "N")]
    perplexity: Option<f64>,
    /// UMAP: look at the N nearest neighbours of each point, itself counted. Fewer show finer shapes, more show larger ones
    /// [default: 15, or all records if there are fewer]
    #[arg(long, value_name = "N", alias = "neighbors")]
    neighbours: Option<usize>,
    /// UMAP: place neighbours at least about D apart, from 0 to 1; less packs groups more tightly [default: 0.1]
    #[arg(long, value_name = "D", allow_negative_numbers = true)]
    min_dist: Option<f64>,
    /// UMAP: seed of the random number generator; the other methods use none
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// The methods by name.
fn methods() -> impl TypedValueParser<Value = Method> {
    let value = |method: Method| PossibleValue::new(method.name()).help(method.about());
    let values: Vec<PossibleValue> = Method::ALL.map(value).into();
    PossibleValuesParser::new(values).map(|name| Method::find(&name).expect("a possible value is a method's name"))
}

impl PlaceArgs {
    /// As the library takes them.
    fn choice(&self) -> Choice {
        let Self { method, perplexity, neighbours, min_dist, seed } = *self;
        Choice { method, perplexity, neighbours, min_dist, seed }
    }

    /// Checks what can be checked before the work.
    pub fn check(&self) -> Result<()> {
        match self.choice().check() {
            Err(Error::OtherMethod { option, method, of }) => {
                let flag = option.replace('_', "-");
                bail!("--{flag}: makes no sense with --method {method}\nhint: it is for {of}")
            }
            checked => Ok(checked?),
        }
    }

    /// Places all points.
    pub fn run(&self, points: &Points, context: &Context) -> Result<Placed> {
        let mut watching = Watching::new(context);
        let placed = self.choice().place(points, &mut watching)?;
        watching.bar.finish_and_clear();
        Ok(placed)
    }
}

/// Shows progress on a terminal, and stops on Ctrl-C.
struct Watching<'c> {
    context: &'c Context,
    bar: ProgressBar,
}

impl<'c> Watching<'c> {
    fn new(context: &'c Context) -> Self {
        let bar = if context.quiet() { ProgressBar::hidden() } else { ProgressBar::no_length() };
        bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is well formed"));
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { context, bar }
    }
}

impl Watch for Watching<'_> {
    fn step(&mut self, part: &'static str, done: usize, total: usize) {
        self.bar.set_message(format!("{part}: {done} of {total}"));
    }

    fn is_stopped(&self) -> bool {
        self.context.stopped()
    }
}
