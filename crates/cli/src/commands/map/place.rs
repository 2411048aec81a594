//! The flags that say how points are placed.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use rinalmo::map::{Placed, Points, Tsne, Umap, Watch, Way};

use crate::context::Context;

/// How points are placed.
#[derive(Args, Clone, Debug)]
pub struct PlaceArgs {
    /// Place points by this method
    #[arg(long, value_enum, default_value = "umap", value_name = "METHOD")]
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

/// `--method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// Principal components: exact
    Pca,
    /// t-SNE, by Barnes and Hut's trees
    Tsne,
    /// UMAP
    Umap,
}

impl Method {
    /// Its name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl PlaceArgs {
    /// Checks what can be checked before the work.
    pub fn check(&self) -> Result<()> {
        let flags = [
            ("--perplexity", self.perplexity.is_some(), Method::Tsne),
            ("--neighbours", self.neighbours.is_some(), Method::Umap),
            ("--min-dist", self.min_dist.is_some(), Method::Umap),
        ];
        for (flag, is_given, method) in flags {
            if is_given && method != self.method {
                bail!("{flag}: makes no sense with --method {}\nhint: it is for {}", self.method.name(), method.name());
            }
        }
        Ok(())
    }

    /// Places all points.
    pub fn run(&self, points: &Points, context: &Context) -> Result<Placed> {
        let mut watching = Watching::new(context);
        let placed = self.way(points.len()).place(points, &mut watching)?;
        watching.bar.finish_and_clear();
        Ok(placed)
    }

    fn way(&self, len: usize) -> Way {
        match self.method {
            Method::Pca => Way::Pca,
            Method::Tsne => {
                let usual = Tsne::usual(len);
                Way::Tsne(Tsne { perplexity: self.perplexity.unwrap_or(usual.perplexity), ..usual })
            }
            Method::Umap => {
                let usual = Umap::usual(len);
                Way::Umap(Umap {
                    neighbours: self.neighbours.unwrap_or(usual.neighbours),
                    min_dist: self.min_dist.unwrap_or(usual.min_dist),
                    seed: self.seed,
                    ..usual
                })
            }
        }
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
