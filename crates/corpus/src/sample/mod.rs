//! Epochs for pre-training: one random member of each cluster, cropped, masked, in batches of about equal length.
//!
//! A [`Sampler`] plans an [`Epoch`]; an epoch returns its batches by number. All random numbers follow from seed, epoch
//! and cluster, so batch 1000 of epoch 3 is the same whether it is requested first or last, from one thread or eight,
//! and a run resumes at any step as if it had never stopped. A [`Loader`] prepares batches ahead on threads.
//!
//! The recipe is RiNALMo's (Methods, "Pre-training"): a sequence over 1022 nt gives a random window of that length,
//! with `<cls>` only if it begins and `<eos>` only if it ends the sequence; 15 % of the letters are masked.

mod draw;
mod loader;
mod plan;

use rinalmo_seq::alphabet::{PAD, Token};
use rinalmo_seq::masking::Masking;

pub use loader::{Loader, Position};

use crate::{Error, Store};
use draw::Draw;
use plan::Plan;

/// Which clusters are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Split {
    /// Those not held out.
    #[default]
    Train,
    /// Those held out.
    HeldOut,
}

/// How much a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchSize {
    /// A number of sequences; the last batch of an epoch may have fewer.
    Sequences(usize),
    /// A maximum number of tokens, padding included: rows × longest row.
    Tokens(usize),
}

/// What is drawn and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The seed of all draws.
    pub seed: u64,
    /// Which clusters are drawn from.
    pub split: Split,
    /// How much a batch holds.
    pub batch: BatchSize,
    /// The longest row in tokens, `<cls>` and `<eos>` included.
    pub max_tokens: usize,
    /// Which letters are masked.
    pub masking: Masking,
    /// How many batches of clusters are sorted by length together; 1 does not group by length.
    pub stretch: usize,
    /// Which of the ranks this is, from 0.
    pub rank: usize,
    /// How many ranks share an epoch.
    pub ranks: usize,
}

impl Default for Options {
    /// The paper's batch of 192 sequences of at most 1024 tokens, for one rank.
    fn default() -> Self {
        Self {
            seed: 0,
            split: Split::Train,
            batch: BatchSize::Sequences(192),
            max_tokens: 1024,
            masking: Masking::default(),
            stretch: 50,
            rank: 0,
            ranks: 1,
        }
    }
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        let refuse = |message: String| Err(Error::Options(message));
        let &Self { max_tokens, rank, ranks, stretch, batch, .. } = self;
        if max_tokens < 3 {
            return refuse(format!("rows of {max_tokens} tokens hold no letter, expected at least 3"));
        }
        if rank >= ranks {
            return refuse(format!("rank {rank} of {ranks}, expected less than {ranks}"));
        }
        match batch {
            BatchSize::Sequences(0) => refuse("batches of 0 sequences".into()),
            BatchSize::Tokens(tokens) if tokens < max_tokens => {
                refuse(format!("batches of {tokens} tokens do not hold one row of {max_tokens}"))
            }
            _ if stretch == 0 => refuse("0 batches cannot be sorted together, expected at least 1".into()),
            _ => Ok(()),
        }
    }
}

/// Draws epochs from a store.
#[derive(Debug, Clone)]
pub struct Sampler {
    store: Store,
    options: Options,
    clusters: Vec<u32>,
}

impl Sampler {
    /// Prepares to draw.
    ///
    /// # Errors
    /// An option is invalid, or there is no cluster to draw from.
    pub fn new(store: Store, options: Options) -> Result<Self, Error> {
        options.check()?;
        let index = store.view().index;
        let clusters: Vec<u32> = match options.split {
            Split::HeldOut => index.held_out.iter().collect(),
            Split::Train => (0..index.clusters()).filter(|&cluster| !index.held_out.contains_sorted(cluster)).collect(),
        };
        if clusters.is_empty() {
            return Err(Error::Options(format!("{}: no cluster to draw from", store.path().display())));
        }
        Ok(Self { store, options, clusters })
    }

    /// How many clusters an epoch draws from.
    pub fn clusters(&self) -> usize {
        self.clusters.len()
    }

    /// The store it draws from.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Plans an epoch, in time linear in the clusters.
    ///
    /// # Errors
    /// The store is damaged; or there are fewer batches than ranks.
    pub fn epoch(&self, number: u64) -> Result<Epoch<'_>, Error> {
        Ok(Epoch { sampler: self, plan: self.plan(number)?, number })
    }

    fn plan(&self, epoch: u64) -> Result<Plan, Error> {
        let plan = Plan::new(&self.store.view().index, &self.clusters, &self.options, epoch);
        if plan.len() == 0 {
            let message = format!("an epoch has fewer batches than the {} ranks", self.options.ranks);
            return Err(Error::Options(message));
        }
        Ok(plan)
    }

    fn batch(&self, plan: &Plan, epoch: u64, step: usize) -> Result<Batch, Error> {
        let Options { seed, max_tokens, masking, .. } = self.options;
        let mut view = self.store.view();
        let clusters = plan.clusters(step);
        let index = view.index;
        let draw = |&cluster: &u32| Draw::new(&index, seed, epoch, cluster, max_tokens);
        let draws: Vec<Draw> = clusters.iter().map(draw).collect();
        let len = draws.iter().map(Draw::tokens).max().unwrap_or(0);
        let (mut tokens, mut targets) = (vec![PAD; draws.len() * len], vec![PAD; draws.len() * len]);
        let (mut rows, mut letters) = (Vec::with_capacity(draws.len()), Vec::new());
        let lines = tokens.chunks_exact_mut(len).zip(targets.chunks_exact_mut(len));
        for ((mut draw, &cluster), (tokens, targets)) in draws.into_iter().zip(clusters).zip(lines) {
            let filled = draw.tokens();
            draw.read(&mut view, &mut letters, &mut tokens[..filled])?;
            masking.apply(&mut tokens[..filled], &mut targets[..filled], &mut || draw.random.bits());
            rows.push(Row { cluster, sequence: draw.sequence, start: draw.start as u32, tokens: filled as u32 });
        }
        Ok(Batch { epoch, step, len, tokens, targets, rows })
    }
}

/// One pass over all clusters, or this rank's part of it.
pub struct Epoch<'s> {
    sampler: &'s Sampler,
    plan: Plan,
    number: u64,
}

impl Epoch<'_> {
    /// How many steps it has; the same for all ranks.
    pub fn steps(&self) -> usize {
        self.plan.len()
    }

    /// The batch of a step.
    ///
    /// # Errors
    /// The store is damaged.
    ///
    /// # Panics
    /// If there are not as many steps.
    pub fn batch(&self, step: usize) -> Result<Batch, Error> {
        self.sampler.batch(&self.plan, self.number, step)
    }

    /// All batches in order.
    pub fn batches(&self) -> impl Iterator<Item = Result<Batch, Error>> {
        (0..self.steps()).map(|step| self.batch(step))
    }
}

/// Rows of tokens, all of different clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The epoch.
    pub epoch: u64,
    /// The step in its epoch, from 0.
    pub step: usize,
    /// Tokens in a row, padding included.
    pub len: usize,
    /// The input of the model, `[rows, len]`, padded with `<pad>`.
    pub tokens: Vec<Token>,
    /// The tokens it has to predict, `[rows, len]`; `<pad>` elsewhere.
    pub targets: Vec<Token>,
    /// Where each row came from.
    pub rows: Vec<Row>,
}

/// Where a row of a batch came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The cluster.
    pub cluster: u32,
    /// The sequence in the store.
    pub sequence: u32,
    /// The position in the sequence at which the row begins.
    pub start: u32,
    /// Tokens without padding.
    pub tokens: u32,
}
