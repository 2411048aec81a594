//! `rinalmo corpus sample`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use rinalmo::corpus::Store;
use rinalmo::corpus::sample::{Batch, BatchSize, Loader, Options, Position, Sampler, Split};
use rinalmo::seq::alphabet::{PAD, Token, VOCABULARY};
use rinalmo::seq::table::tsv_cell;

use crate::context::{Context, Outcome};
use crate::io::OutputArgs;

/// Batches that a thread prepares in advance.
const AHEAD: usize = 4;

/// Show the batches of pre-training
///
/// Prints a line for each row: epoch, step, cluster, id, first position (from 1), the model's input and its targets,
/// one letter a token: `<` and `>` for the ends, `?` for a masked letter, `.` for no target.
#[derive(Args)]
pub struct SampleArgs {
    /// The store
    #[arg(value_name = "STORE")]
    store: PathBuf,
    /// Show N batches
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    batches: usize,
    /// Put N sequences into a batch
    #[arg(long, value_name = "N", default_value_t = 192)]
    batch_size: usize,
    /// Put at most N tokens into a batch, including padding, instead of a number of sequences
    #[arg(long, value_name = "N", conflicts_with = "batch_size")]
    batch_tokens: Option<usize>,
    /// Limit rows to N tokens
    #[arg(long, value_name = "N", default_value_t = 1024)]
    max_tokens: usize,
    /// Draw with this random seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Start at epoch N
    #[arg(long, value_name = "N", default_value_t = 0)]
    epoch: u64,
    /// Start at step N of the epoch
    #[arg(long, value_name = "N", default_value_t = 0)]
    step: usize,
    /// Show the batches of rank N, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    rank: usize,
    /// Split each epoch over N ranks
    #[arg(long, value_name = "N", default_value_t = 1)]
    ranks: usize,
    /// Draw from the clusters that are held out
    #[arg(long)]
    held_out: bool,
    /// Print how many tokens are prepared in a second, instead of the rows
    #[arg(long)]
    speed: bool,
    #[command(flatten)]
    output: OutputArgs,
}

impl SampleArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = super::open(&self.store, context)?;
        let sampler = Sampler::new(store.clone(), self.options())?;
        let position = Position { epoch: self.epoch, step: self.step };
        let threads = rayon::current_num_threads();
        self.output.output.as_deref().map_or(Ok(()), |output| store.check_output(output))?;
        let mut output = self.output.open()?;
        let begun = Instant::now();
        let (mut tokens, mut padding) = (0, 0);
        for batch in Loader::start(sampler, position, threads, AHEAD).take(self.batches) {
            if context.stopped() {
                return Ok(Outcome::Interrupted);
            }
            let batch = batch?;
            let filled: usize = batch.rows.iter().map(|row| row.tokens as usize).sum();
            tokens += filled;
            padding += batch.tokens.len() - filled;
            if !self.speed {
                print(&batch, &store, &mut output)?;
            }
        }
        if self.speed {
            let seconds = begun.elapsed().as_secs_f64();
            let share = 100.0 * padding as f64 / (tokens + padding).max(1) as f64;
            writeln!(output, "tokens\tpadding_percent\tseconds\ttokens_per_second\tthreads")?;
            writeln!(output, "{tokens}\t{share:.2}\t{seconds:.3}\t{:.0}\t{threads}", tokens as f64 / seconds)?;
        }
        output.finish()?;
        Ok(Outcome::Done)
    }

    fn options(&self) -> Options {
        Options {
            seed: self.seed,
            split: if self.held_out { Split::HeldOut } else { Split::Train },
            batch: self.batch_tokens.map_or(BatchSize::Sequences(self.batch_size), BatchSize::Tokens),
            max_tokens: self.max_tokens,
            rank: self.rank,
            ranks: self.ranks,
            ..Options::default()
        }
    }
}

fn print(batch: &Batch, store: &Store, output: &mut impl Write) -> Result<()> {
    let rows = batch.tokens.chunks(batch.len).zip(batch.targets.chunks(batch.len));
    for (row, (tokens, targets)) in batch.rows.iter().zip(rows) {
        let id = store.origins(row.sequence)?.into_iter().next().map_or_else(String::new, |origin| origin.id);
        let text =
            |tokens: &[Token]| tokens[..row.tokens as usize].iter().map(|&token| letter(token)).collect::<String>();
        let (seen, asked) = (text(tokens), text(targets));
        let id = tsv_cell(&id);
        writeln!(output, "{}\t{}\t{}\t{id}\t{}\t{seen}\t{asked}", batch.epoch, batch.step, row.cluster, row.start + 1)?;
    }
    Ok(())
}

/// One letter for a token.
fn letter(token: Token) -> char {
    match VOCABULARY[usize::from(token)] {
        "<cls>" => '<',
        "<eos>" => '>',
        "<mask>" => '?',
        _ if token == PAD => '.',
        "T" => 'U',
        name => {
            if name.len() == 1 {
                name.chars().next().unwrap_or('!')
            } else {
                '!'
            }
        }
    }
}
