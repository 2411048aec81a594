//! `--repeats`: the same run with consecutive seeds, and its mean figures.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use rinalmo::evaluate::metrics::spread::spread;
use rinalmo::finetune::{Finished, Kind};
use rinalmo::pretrain::{Ended, Exchange, Processes, Validation};

use super::{FinetuneArgs, go};
use crate::context::{Context, Outcome};
use crate::io::print;

/// Runs all seeds in order.
pub fn run<K: Kind>(
    kind: K,
    args: &FinetuneArgs,
    out: &Path,
    repeats: u64,
    context: &Context,
    processes: &mut Processes,
) -> Result<Outcome> {
    let first = args.read(kind)?.train.seed;
    let (mut found, mut stopped) = (Vec::new(), false);
    for seed in first..first.saturating_add(repeats) {
        let folder = out.join(format!("seed-{seed}"));
        context.note(format!("seed {seed}, in {}", folder.display()));
        let run = args.begin(kind, &folder, Some(seed), context, processes.share())?;
        let finished = go(run, &mut *processes, context)?;
        stopped = finished.ended == Ended::Stopped;
        found.push(finished);
        if stopped {
            break;
        }
    }
    if processes.leads() {
        print_means(&found)?;
    }
    Ok(if stopped { Outcome::Interrupted } else { Outcome::Done })
}

/// Prints mean and standard deviation of every figure, a line each.
fn print_means(found: &[Finished]) -> Result<()> {
    let mut figures: BTreeMap<(usize, usize), (&str, &str, Vec<f64>)> = BTreeMap::new();
    for finished in found {
        let validation = finished.validation.as_ref().map(|report| &report.validation);
        for (order, (data, of)) in
            [("validation", validation), ("test", finished.test.as_ref())].into_iter().enumerate()
        {
            for (number, part) in of.iter().flat_map(|of: &&Validation| of.parts.iter().enumerate()) {
                let figure = figures.entry((order, number)).or_insert((data, &part.name, Vec::new()));
                figure.2.extend(part.mean());
            }
        }
    }
    let mut out = String::new();
    writeln!(out, "data\tfigure\tmean\tsd\truns")?;
    for (data, figure, values) in figures.into_values() {
        let (mean, sd) = spread(&values);
        writeln!(out, "{data}\t{figure}\t{mean:.4}\t{sd:.4}\t{}", values.len())?;
    }
    print(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_of_a_sample() {
        assert_eq!(spread(&[1.0, 3.0]), (2.0, 2f64.sqrt()));
        assert_eq!(spread(&[5.0]), (5.0, 0.0));
    }
}
