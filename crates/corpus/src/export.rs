//! Sequences and clusters of a store for other programs: FASTA and a table.
//!
//! [`Store::check_output`] says whether a file is safe to write while the store is open.

use std::io::Write;

use rinalmo_seq::table::tsv_cell;
use rinalmo_seq::{alphabet, fasta};

use crate::{Error, Origin, Store};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    /// Every sequence.
    #[default]
    All,
    /// The representative of each cluster.
    Representatives,
    /// Every sequence of the clusters that are not held out.
    Train,
    /// Every sequence of the clusters that are held out.
    HeldOut,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What is written.
    pub which: Which,
    /// Whether to write T for U.
    pub dna: bool,
}

/// Numbers of sequences with their clusters, cluster by cluster.
///
/// A store whose pages have no checksums is verified first, so that no damaged data is exported.
fn chosen(store: &Store, which: Which, mut each: impl FnMut(u32, u32, bool) -> Result<(), Error>) -> Result<(), Error> {
    if !store.is_checked() {
        store.verify()?;
    }
    let index = store.view().index;
    for cluster in 0..index.clusters() {
        let held_out = index.held_out.contains_sorted(cluster);
        match which {
            Which::Train if held_out => {}
            Which::HeldOut if !held_out => {}
            Which::Representatives => each(index.representatives.at(cluster as usize), cluster, held_out)?,
            _ => index.members(cluster).iter().try_for_each(|member| each(member, cluster, held_out))?,
        }
    }
    Ok(())
}

/// Writes FASTA, each sequence under the header of the record that was kept; returns how many there are.
///
/// # Errors
/// The store is damaged, or `to` cannot be written.
pub fn fasta(store: &Store, options: Options, to: impl Write) -> Result<usize, Error> {
    let mut writer = fasta::Writer::new(to);
    let (mut view, mut written) = (store.view(), 0);
    chosen(store, options.which, |sequence, _, _| {
        let mut letters = Vec::new();
        view.letters(sequence, &mut letters)?;
        if !options.dna {
            alphabet::to_rna(&mut letters);
        }
        let header = view.origins(sequence)?.into_iter().next().map(header).unwrap_or_default();
        writer.write(&fasta::Record { header, sequence: letters })?;
        written += 1;
        Ok(())
    })?;
    writer.flush()?;
    Ok(written)
}

fn header(origin: Origin) -> String {
    if origin.description.is_empty() { origin.id } else { format!("{} {}", origin.id, origin.description) }
}

/// Writes a table of sequences and their clusters: `cluster, split, representative, id, length, source, merged`, the
/// last one counting further records with the same sequence.
///
/// # Errors
/// The store is damaged, or `to` cannot be written.
pub fn table(store: &Store, which: Which, mut to: impl Write) -> Result<usize, Error> {
    let failed = |error: std::io::Error| Error::from(rinalmo_seq::Error::from(error));
    let sources = &store.header().sources;
    let mut view = store.view();
    let index = view.index;
    let mut written = 0;
    writeln!(to, "cluster\tsplit\trepresentative\tid\tlength\tsource\tmerged").map_err(failed)?;
    chosen(store, which, |sequence, cluster, held_out| {
        let origins = view.origins(sequence)?;
        let (id, source) = origins
            .first()
            .map_or(("", ""), |origin| (origin.id.as_str(), sources.get(origin.source).map_or("", String::as_str)));
        let split = if held_out { "held_out" } else { "train" };
        let represents = u8::from(index.representatives.at(cluster as usize) == sequence);
        let (length, merged) = (index.lengths.at(sequence as usize), origins.len().saturating_sub(1));
        let (id, source) = (tsv_cell(id), tsv_cell(source));
        written += 1;
        writeln!(to, "{cluster}\t{split}\t{represents}\t{id}\t{length}\t{source}\t{merged}").map_err(failed)
    })?;
    to.flush().map_err(failed)?;
    Ok(written)
}
