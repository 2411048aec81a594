//! `rinalmo energy bind`.

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use rinalmo::EnergyFolder;
use rinalmo::energy::{BuiltIn, Dimers};
use rinalmo::results::{Field, hundredths, significant};
use rinalmo::seq::SequenceRecord;

use crate::commands::choose::MemoryArgs;
use crate::commands::thermodynamics::EnergyArgs;
use crate::context::{Context, Outcome};
use crate::io::{self, FailureArgs, InputArgs, Job, Rows, TableArgs};

/// Compute how much of two strands is bound at equilibrium
///
/// Each record is two strands joined by `&`, A and B. Prints for each record and each --at the concentrations in mol/l of
/// the complexes AB, AA and BB and of A and B alone, and what binding gains in kcal/mol at 1 mol/l, as RNAcofold's
/// --concentrations does. Complexes of more strands are not counted.
#[derive(Args)]
pub struct BindArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Put so much of A and of B into the solution, in mol/l: one number for both, or A:B. Several are separated by commas
    #[arg(long, value_name = "CONC", value_delimiter = ',', default_value = "1e-6", value_parser = concentrations)]
    at: Vec<[f64; 2]>,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    energies: EnergyArgs,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    failures: FailureArgs,
}

/// `1e-6`, or `1e-6:2e-6`.
fn concentrations(text: &str) -> Result<[f64; 2]> {
    let (a, b) = text.split_once(':').unwrap_or((text, text));
    let one = |text: &str| {
        let number =
            text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && (0.0..=100.0).contains(number));
        number.with_context(|| format!("expected mol/l from 0 to 100, such as 1e-6 or 1e-6:2e-6, found `{text}`"))
    };
    Ok([one(a)?, one(b)?])
}

impl BindArgs {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let energies = self.energies.load(BuiltIn::Turner2004)?;
        let folder = EnergyFolder::new(self.energies.name(BuiltIn::Turner2004), energies);
        let folder = folder.max_memory(self.memory.max_memory);
        let feed = InputArgs { strands: true, ..self.input }.open(context)?;
        let rows = Rows::named(&self.table, || (&folder).into())?;
        let job = Binding { rt: folder.model().conditions().rt(), at: self.at, rows };
        let (_, ended) = io::run(job, feed, context, |strands| Ok(strands.map(|[a, b]| folder.dimers(&a, &b))));
        ended?.into_result().map(|outcome| self.failures.judge(outcome))
    }
}

struct Binding {
    rt: f64,
    at: Vec<[f64; 2]>,
    rows: Rows,
}

impl Job for Binding {
    type Item = [Vec<u8>; 2];
    type Result = Dimers;

    fn ask(&mut self, record: &SequenceRecord) -> Result<io::Asked<Self::Item, Dimers>> {
        let Some(nick) = record.nick else {
            bail!("expected two strands, such as GGGGA&UCCCC, found one");
        };
        let (a, b) = record.sequence.split_at(nick);
        ensure!(!a.is_empty() && !b.is_empty(), "expected two strands, one has no bases");
        Ok(io::Asked::Model([a.to_vec(), b.to_vec()]))
    }

    fn write(&mut self, record: &SequenceRecord, dimers: Dimers) -> Result<()> {
        for &total in &self.at {
            let found = dimers.equilibrium(self.rt, total);
            let amounts = [("AB", found.ab), ("AA", found.aa), ("BB", found.bb), ("A", found.a), ("B", found.b)];
            let gains = [("binding_AB", dimers.ab), ("binding_AA", dimers.aa), ("binding_BB", dimers.bb)];
            let mut row: Vec<Field> = vec![("id", record.id.as_str().into())];
            row.extend([("total_A", total[0].into()), ("total_B", total[1].into())]);
            row.extend(amounts.map(|(name, amount)| (name, significant(amount).into())));
            // Strands that cannot pair have an infinite one, which JSON has no number for.
            row.extend(gains.map(|(name, gain)| (name, gain.is_finite().then(|| hundredths(gain)).into())));
            self.rows.write(&row)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.flush()
    }

    fn finish(&mut self) -> Result<()> {
        self.rows.finish()
    }
}
