//! The loop of every command that turns records into results: read, ask the model, write.
//!
//! The model reads records ahead, as many as it computes together ([`Items`]); this loop writes the results as they
//! come, each with its record.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use anyhow::Result;
use rinalmo::seq::SequenceRecord;

use crate::context::{Context, Outcome};
use crate::io::{Failures, Feed, Progress, Read, is_output_failure};

/// What a command does with records.
pub trait Job {
    /// What the model is asked about a record.
    type Item;
    /// The result for one record.
    type Result;

    /// Is this record still to be done?
    fn wants(&self, _record: &SequenceRecord) -> Result<bool> {
        Ok(true)
    }

    /// What to ask the model about a record, or the result if that is known.
    fn ask(&mut self, record: &SequenceRecord) -> Result<Asked<Self::Item, Self::Result>>;

    /// Writes the result of one record, whole or not at all.
    fn write(&mut self, record: &SequenceRecord, result: Self::Result) -> Result<()>;

    /// Flushes everything written so far.
    fn flush(&mut self) -> Result<()>;

    /// Finishes the output, however the loop ended, unless the output itself failed.
    fn finish(&mut self) -> Result<()>;
}

/// What is to be done about a record.
pub enum Asked<I, R> {
    /// Ask the model.
    Model(I),
    /// Write this.
    Known(R),
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

/// Runs a job over all records, in input order. `compute` turns what the job asks into results: one of the streaming
/// verbs of [`rinalmo::Model`].
///
/// Failures of single records are reported and counted. An input error or Ctrl-C ends the loop after
/// the records before it are written. The job comes back even if the loop failed.
///
/// # Errors
/// Of the output, after which nothing more can be written, and of the job as a whole.
pub fn run<'c, J: Job, R>(
    job: J,
    feed: Feed,
    context: &'c Context,
    compute: impl FnOnce(Items<'c, J>) -> Result<R, rinalmo::Error>,
) -> (J, Result<Ended>)
where
    R: Iterator<Item = Result<J::Result, rinalmo::Error>>,
{
    let intake = Rc::new(RefCell::new(Intake::new(job, feed, context)));
    let ended = work(&intake, compute, context);
    let mut intake = match Rc::try_unwrap(intake) {
        Ok(intake) => intake.into_inner(),
        Err(_) => unreachable!("the results are gone, and their items with them"),
    };
    let outcome = ended.map(|()| intake.failures.finish(context));
    let finished = intake.job.finish(); // does nothing if the output failed, as it is closed then
    let ended = outcome.and_then(|outcome| finished.map(|()| Ended { outcome, error: intake.error }));
    (intake.job, ended)
}

fn work<'c, J: Job, R>(
    intake: &Rc<RefCell<Intake<'c, J>>>,
    compute: impl FnOnce(Items<'c, J>) -> Result<R, rinalmo::Error>,
    context: &Context,
) -> Result<()>
where
    R: Iterator<Item = Result<J::Result, rinalmo::Error>>,
{
    let mut results = compute(Items(intake.clone()))?;
    // No result is computed any more if the command is to stop: the lower bound counts those that are ready.
    while results.size_hint().0 > 0 || !context.stopped() {
        let Some(result) = results.next() else { break };
        let mut intake = intake.borrow_mut();
        intake.write_until(Some(result))?;
        if results.size_hint().0 == 0 {
            intake.job.flush()?;
        }
    }
    let mut intake = intake.borrow_mut();
    if !context.stopped() {
        intake.write_until(None)?;
        intake.job.flush()?;
    }
    intake.progress.finish();
    if intake.empty && intake.error.is_none() && !context.stopped() {
        context.note("the input holds no sequence");
    }
    intake.fatal.take().map_or(Ok(()), Err)
}

/// What the model is asked, one item after the other, as it reads them.
pub struct Items<'c, J: Job>(Rc<RefCell<Intake<'c, J>>>);

impl<J: Job> Iterator for Items<'_, J> {
    type Item = J::Item;

    fn next(&mut self) -> Option<J::Item> {
        self.0.borrow_mut().next_item()
    }
}

/// The records on their way: the ones that were read wait here for their results.
struct Intake<'c, J: Job> {
    job: J,
    feed: Feed,
    context: &'c Context,
    progress: Progress,
    failures: Failures,
    waiting: VecDeque<Waiting<J::Result>>,
    /// The input error that ends the loop early.
    error: Option<anyhow::Error>,
    /// The error of the job as a whole.
    fatal: Option<anyhow::Error>,
    empty: bool,
}

/// A record, and its result if the model is not asked for it.
struct Waiting<R> {
    record: SequenceRecord,
    known: Option<Result<R>>,
}

impl<'c, J: Job> Intake<'c, J> {
    fn new(job: J, feed: Feed, context: &'c Context) -> Self {
        let (progress, failures) = (Progress::new(context), Failures::default());
        let waiting = VecDeque::new();
        Self { job, feed, context, progress, failures, waiting, error: None, fatal: None, empty: true }
    }

    /// What to ask about the next record that the model is asked about.
    fn next_item(&mut self) -> Option<J::Item> {
        while let Some(record) = self.read() {
            match self.job.wants(&record) {
                Ok(true) => {}
                Ok(false) => {
                    self.progress.pass(record.sequence.len());
                    continue;
                }
                Err(error) => {
                    self.fatal = Some(error);
                    return None;
                }
            }
            let (item, known) = match self.job.ask(&record) {
                Ok(Asked::Model(item)) => (Some(item), None),
                Ok(Asked::Known(result)) => (None, Some(Ok(result))),
                Err(error) => (None, Some(Err(error))),
            };
            self.waiting.push_back(Waiting { record, known });
            if item.is_some() {
                return item;
            }
        }
        None
    }

    /// The next usable record.
    fn read(&mut self) -> Option<SequenceRecord> {
        while self.error.is_none() && self.fatal.is_none() && !self.context.is_stop_asked() {
            let next = self.feed.next()?;
            self.empty = false;
            match next {
                Ok(Read::Record(record)) => return Some(record),
                Ok(Read::Failed(error)) => self.failures.unusable(&self.progress, &error),
                Ok(Read::Note(note)) if !self.context.quiet() => self.progress.line(&note),
                Ok(Read::Note(_)) => {}
                Ok(Read::Skipped(error)) => self.failures.skipped(&self.progress, &error, self.context.quiet()),
                Err(error) => self.error = Some(error),
            }
        }
        None
    }

    /// Writes the records up to the one that `result` is for, or all whose results are known.
    fn write_until(&mut self, mut result: Option<Result<J::Result, rinalmo::Error>>) -> Result<()> {
        while let Some(Waiting { record, known }) = self.waiting.pop_front() {
            let asked = known.is_none();
            let Some(found) = known.or_else(|| Some(result.take()?.map_err(anyhow::Error::from))) else { break };
            match found.and_then(|found| self.job.write(&record, found)) {
                Ok(()) => {}
                Err(error) if is_output_failure(&error) => return Err(error),
                Err(error) => self.failures.failed(&self.progress, &place(&record), &error),
            }
            self.progress.add(record.sequence.len());
            if asked {
                break;
            }
        }
        Ok(())
    }
}

/// Where a record is in the input, for messages.
fn place(record: &SequenceRecord) -> String {
    let SequenceRecord { source, line, id, index, .. } = record;
    match id.as_str() {
        "" => format!("{source}:{line}: record `#{}`", index + 1),
        id => format!("{source}:{line}: record `{id}`"),
    }
}
