//! The loop of every command that turns records into results: gather a batch, compute, write.

use anyhow::Result;
use rinalmo::seq::SequenceRecord;

use crate::context::{Context, Outcome};
use crate::io::{Failures, Feed, Progress, Read, is_output_failure};

/// What a command does with records.
pub trait Job {
    /// The result for one record.
    type Result;

    /// Is this record still to be done?
    fn wants(&self, _record: &SequenceRecord) -> Result<bool> {
        Ok(true)
    }

    /// Computes a batch: one result for each record, in order.
    fn work(&mut self, batch: &[SequenceRecord]) -> Result<Vec<Result<Self::Result>>>;

    /// Writes the result of one record, whole or not at all.
    fn write(&mut self, record: &SequenceRecord, result: Self::Result) -> Result<()>;

    /// Flushes everything written so far.
    fn flush(&mut self) -> Result<()>;

    /// Finishes the output, however the loop ended, unless the output itself failed.
    fn finish(&mut self) -> Result<()>;
}

/// How the loop ended.
pub struct Ended {
    /// What the exit code will report.
    pub outcome: Outcome,
    /// The input error that ended it early, after everything before it was written.
    pub error: Option<anyhow::Error>,
}

impl Ended {
    /// Was everything read?
    pub fn is_complete(&self) -> bool {
        self.error.is_none() && self.outcome != Outcome::Interrupted
    }

    /// The command's own result.
    pub fn into_result(self) -> Result<Outcome> {
        self.error.map_or(Ok(self.outcome), Err)
    }
}

/// Runs a job over all records in batches of about `batch_tokens` tokens, in input order.
///
/// Failures of single records are reported and counted. An input error or Ctrl-C ends the loop after
/// the records before it are written.
///
/// # Errors
/// Of the output, after which nothing more can be written, and of the job as a whole.
pub fn run(job: &mut impl Job, feed: Feed, batch_tokens: usize, context: &Context) -> Result<Ended> {
    let ended = work(job, feed, batch_tokens, context);
    let finished = job.finish(); // does nothing if the output failed, as it is closed then
    ended.and_then(|ended| finished.map(|()| ended))
}

fn work(job: &mut impl Job, feed: Feed, batch_tokens: usize, context: &Context) -> Result<Ended> {
    let progress = Progress::new(context);
    let mut failures = Failures::default();
    let mut batches = Gatherer { feed, held: None, error: None, limit: batch_tokens, empty: true };
    loop {
        let batch = batches.next(job, &progress, &mut failures, context)?;
        if batch.is_empty() {
            break;
        }
        for (record, result) in batch.iter().zip(job.work(&batch)?) {
            match result.and_then(|result| job.write(record, result)) {
                Ok(()) => {}
                Err(error) if is_output_failure(&error) => return Err(error),
                Err(error) => failures.failed(&progress, &place(record), &error),
            }
            progress.add(record.sequence.len());
        }
        job.flush()?;
    }
    progress.finish();
    if batches.empty && batches.error.is_none() && !context.stopped() {
        context.note("the input holds no sequence");
    }
    Ok(Ended { outcome: failures.finish(context), error: batches.error })
}

/// Where a record is in the input, for messages.
fn place(record: &SequenceRecord) -> String {
    let SequenceRecord { source, line, id, index, .. } = record;
    match id.as_str() {
        "" => format!("{source}:{line}: record `#{}`", index + 1),
        id => format!("{source}:{line}: record `{id}`"),
    }
}

/// Gathers records into batches without reading further than one record ahead.
struct Gatherer {
    feed: Feed,
    held: Option<SequenceRecord>,
    error: Option<anyhow::Error>,
    limit: usize,
    empty: bool,
}

impl Gatherer {
    /// The next batch; empty at the end.
    fn next(
        &mut self,
        job: &impl Job,
        progress: &Progress,
        failures: &mut Failures,
        context: &Context,
    ) -> Result<Vec<SequenceRecord>> {
        let mut batch: Vec<SequenceRecord> = Vec::new();
        let mut tokens = 0;
        while !context.stopped() {
            let Some(record) = self.held.take().or_else(|| self.read(progress, failures, context)) else { break };
            if !job.wants(&record)? {
                progress.pass(record.sequence.len());
                continue;
            }
            tokens += record.sequence.len() + 2;
            if tokens > self.limit && !batch.is_empty() {
                self.held = Some(record);
                break;
            }
            batch.push(record);
        }
        if context.stopped() {
            batch.clear(); // records that were only read need not be finished
        }
        Ok(batch)
    }

    /// The next usable record.
    fn read(&mut self, progress: &Progress, failures: &mut Failures, context: &Context) -> Option<SequenceRecord> {
        while self.error.is_none() {
            let next = self.feed.next()?;
            self.empty = false;
            match next {
                Ok(Read::Record(record)) => return Some(record),
                Ok(Read::Failed(error)) => failures.unusable(progress, &error),
                Ok(Read::Note(note)) if !context.quiet() => progress.line(&note),
                Ok(Read::Note(_)) => {}
                Ok(Read::Skipped(error)) => failures.skipped(progress, &error, context.quiet()),
                Err(error) => self.error = Some(error),
            }
        }
        None
    }
}
