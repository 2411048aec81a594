//! A thread that computes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Answers, Ask, Asked, Question, Shared, Waiting, Work};
use crate::failure::Failure;
use crate::models::Engine;

/// Computes what waits, until the queue is closed. A panic is an error of the requests at hand.
pub(super) fn work(shared: &Shared) {
    while let Some(batch) = shared.next() {
        if catch_unwind(AssertUnwindSafe(|| compute(batch, shared))).is_err() {
            (shared.log)("error: a computation panicked; its requests were answered with code 424");
        }
    }
}

fn compute(batch: Vec<Waiting>, shared: &Shared) {
    let bases = batch.iter().map(|waiting| waiting.bases).sum();
    let mut asked = Vec::with_capacity(batch.len());
    for waiting in batch {
        match waiting.work {
            Work::Asked(one) => asked.push(*one),
            Work::Alone(run) => run(),
        }
    }
    if let Some(first) = asked.first() {
        shared.metrics.batch(asked.len(), bases);
        let ask = first.ask.clone();
        answer(&ask, asked);
    }
}

/// Who waits for the answers of a request, and those found so far.
struct Open {
    reply: Option<oneshot::Sender<Result<Answers, Failure>>>,
    left: usize,
    found: Answers,
}

impl Open {
    fn is_wanted(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| !reply.is_closed())
    }

    /// Sends the answers if they are complete.
    fn send_if_complete(&mut self) {
        if self.left == 0
            && let Some(reply) = self.reply.take()
        {
            let _ = reply.send(Ok(std::mem::take(&mut self.found))); // the client may be gone by now
        }
    }
}

/// Computes requests together, and answers each as soon as it is complete. Ends early if nobody waits any more.
fn answer(ask: &Ask, asked: Vec<Asked>) {
    let mut items = Vec::new();
    let mut owners = Vec::new();
    let mut open = Vec::new();
    for (number, Asked { items: own, reply, .. }) in asked.into_iter().enumerate() {
        open.push(Open { reply: Some(reply), left: own.len(), found: Vec::with_capacity(own.len()) });
        owners.extend(std::iter::repeat_n(number, own.len()));
        items.extend(own);
    }
    open.iter_mut().for_each(Open::send_if_complete);
    let engine = engine(ask);
    let answers = match &engine {
        Ok(engine) => engine.answer(&ask.question, items),
        Err(failure) => Err(failure.clone()),
    };
    match answers {
        Ok(answers) => {
            for (owner, answer) in owners.into_iter().zip(answers) {
                let one = &mut open[owner];
                one.found.push(answer);
                one.left -= 1;
                one.send_if_complete();
                if !open.iter().any(Open::is_wanted) {
                    return;
                }
            }
        }
        Err(failure) => {
            for reply in open.into_iter().filter_map(|one| one.reply) {
                let _ = reply.send(Err(failure.clone()));
            }
        }
    }
}

fn engine(ask: &Ask) -> Result<Arc<Engine>, Failure> {
    match &ask.question {
        Question::Fold(folding) if folding.conditions().is_some() => {
            let conditions = folding.conditions().unwrap_or_default();
            ask.models.under(&ask.model, conditions)
        }
        _ => ask.models.load(&ask.model),
    }
}
