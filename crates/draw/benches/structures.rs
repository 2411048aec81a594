//! Time of drawing a structure by layout and length: hairpins, inner loops and multiloops as in ribosomal RNA.

use divan::Bencher;
use rinalmo_draw::rna::{Layout, Rna, Style, View, svg};
use rinalmo_seq::Structure;

/// The longest RNA of ArchiveII, a long mRNA, a coronavirus.
const LENGTHS: [usize; 3] = [2900, 5000, 30_000];

fn main() {
    divan::main();
}

/// Stems of 3 to 9 pairs around 1 to 4 others or a hairpin loop, the same in every run.
fn structure(len: usize) -> Structure {
    let mut random = fastrand::Rng::with_seed(7);
    let mut pairs = Vec::new();
    let mut open = vec![(0, len)];
    while let Some((mut from, mut to)) = open.pop() {
        from += random.usize(0..4);
        to = to.saturating_sub(random.usize(0..4));
        let pairs_of_stem = random.usize(3..10);
        if to < from + 2 * pairs_of_stem + 4 {
            continue;
        }
        pairs.extend((0..pairs_of_stem).map(|n| (from + n, to - 1 - n)));
        (from, to) = (from + pairs_of_stem, to - pairs_of_stem);
        let parts = random.usize(1..5);
        let size = (to - from) / parts;
        open.extend((0..parts).map(|part| (from + part * size, from + (part + 1) * size)));
    }
    Structure::new(len, pairs).expect("all pairs are within the sequence")
}

fn draw(bencher: Bencher<'_, '_>, len: usize, view: View) {
    let rna = Rna::new("ACGU".repeat(len / 4 + 1)[..len].to_owned(), structure(len));
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
