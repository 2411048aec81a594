//! The computing of jobs.

use std::sync::Arc;
use std::time::Duration;

use super::{Job, State};
use crate::app::App;
use crate::failure::Failure;
use crate::sequences::Record;

/// Bases of a piece: about what the library encodes at a time.
const PIECE: usize = 4096;
/// Sequences of a piece, those that cannot be read included.
const MOST: usize = 256;
/// How often jobs that ended a while ago are looked for.
const SWEEP: Duration = Duration::from_secs(30);

/// Computes jobs, one after the other, and forgets old ones. It does not end.
pub async fn run(app: Arc<App>) {
    let sweeping = app.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SWEEP).await;
            sweeping.jobs.sweep();
        }
    });
    loop {
        let job = app.jobs.next().await;
        // A task of its own, because a panic must not end the others.
        let task = tokio::spawn(one(app.clone(), job.clone()));
        if task.await.is_err() {
            job.end(State::Failed, Some(Failure::backend("the computation failed; the server's log says why")));
        }
    }
}

/// Computes a job, until it has ended.
async fn one(app: Arc<App>, job: Arc<Job>) {
    let mut follow = job.follow();
    tokio::select! {
        result = compute(&app, &job) => match result {
            Ok(()) => job.end(State::Done, None),
            Err(failure) => job.end(State::Failed, Some(failure)),
        },
        // Whoever ended it does not want the rest; the worker stops as soon as nobody waits for its answers.
        _ = follow.wait_for(|progress| progress.state.is_end()) => false,
    };
}

async fn compute(app: &App, job: &Job) -> Result<(), Failure> {
    let Some((plan, records)) = job.begin() else { return Ok(()) };
    let mut records = records.into_iter().peekable();
    while records.peek().is_some() {
        let piece = next_piece(&mut records);
        let (ask, items) = plan.asked(app, &piece);
        let answers = if items.is_empty() { Vec::new() } else { app.queue.ask_patiently(ask, items).await? };
        // Vectors of all bases are megabytes of text.
        let shown = tokio::task::block_in_place(|| plan.shown(&piece, answers));
        job.add(&shown)?;
    }
    Ok(())
}

fn next_piece(records: &mut impl Iterator<Item = Result<Record, Failure>>) -> Vec<Result<Record, Failure>> {
    let mut bases = 0;
    let mut piece = Vec::new();
    for record in records {
        bases += record.as_ref().map_or(0, |read| read.record.sequence.len());
        piece.push(record);
        if bases >= PIECE || piece.len() == MOST {
            break;
        }
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::sequences;

    #[test]
    fn pieces_have_every_record_once_in_order() {
        let text =
            ">a\nACGUACGUACGU\n".repeat(700) + &">b\nGG@\n".repeat(300) + ">c\n" + &"ACGU".repeat(1200) + "\n>d\nC\n";
        let found =
            sequences::read(None, Some(text), Default::default(), &Limits { sequences: 9999, ..Limits::default() });
        let records = found.unwrap().records;
        assert_eq!(records.len(), 1002);
        let expected: Vec<String> = records.iter().map(|record| format!("{record:?}")).collect();
        let mut left = records.into_iter().peekable();
        let mut seen = Vec::new();
        while left.peek().is_some() {
            let piece = next_piece(&mut left);
            assert!(!piece.is_empty() && piece.len() <= MOST);
            seen.extend(piece.iter().map(|record| format!("{record:?}")));
        }
        assert_eq!(seen, expected);
    }
}
