//! Time of drawing a structure by layout and length: hairpins, inner loops and multiloops as in ribosomal RNA.

#[path = "../tests/random/mod.rs"]
mod random;

use divan::Bencher;
use rinalmo_draw::rna::{Layout, Rna, Style, View, svg};

/// The longest RNA of ArchiveII, a long mRNA, a coronavirus.
const LENGTHS: [usize; 3] = [2900, 5000, 30_000];

fn main() {
    divan::main();
}

fn draw(bencher: Bencher<'_, '_>, len: usize, view: View) {
    let rna = Rna::new("ACGU".repeat(len / 4 + 1)[..len].to_owned(), random::structure(len, 7));
    let style = Style { view, ..Style::default() };
    bencher.bench_local(|| svg(&rna, &style));
}

#[divan::bench(args = LENGTHS, max_time = 5)]
fn straight(bencher: Bencher<'_, '_>, len: usize) {
    draw(bencher, len, View::Bases(Layout::Straight));
}

#[divan::bench(args = LENGTHS, max_time = 5)]
fn radial(bencher: Bencher<'_, '_>, len: usize) {
    draw(bencher, len, View::Bases(Layout::Radial));
}

#[divan::bench(args = LENGTHS, max_time = 2)]
fn arcs(bencher: Bencher<'_, '_>, len: usize) {
    draw(bencher, len, View::Bases(Layout::Arcs));
}

#[divan::bench(args = LENGTHS, max_time = 2)]
fn circular(bencher: Bencher<'_, '_>, len: usize) {
    draw(bencher, len, View::Bases(Layout::Circular));
}

#[divan::bench(args = LENGTHS, max_time = 2)]
fn dot_plot(bencher: Bencher<'_, '_>, len: usize) {
    draw(bencher, len, View::DotPlot);
}

#[divan::bench(args = LENGTHS, max_time = 2)]
fn mountain(bencher: Bencher<'_, '_>, len: usize) {
    draw(bencher, len, View::Mountain);
}
