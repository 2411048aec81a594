//! Splits rows among threads by halving, so that an idle thread can take half of another one's rows.

use rayon::prelude::*;

/// Calls `work(first row, rows of out)` for all rows of `out`, `width` values each, in pieces of at most
/// `most` rows. All pieces but the last are whole multiples of `unit` rows.
pub(crate) fn for_rows(
    out: &mut [f32],
    width: usize,
    unit: usize,
    most: usize,
    work: &(impl Fn(usize, &mut [f32]) + Sync),
) {
    let rows = out.len() / width;
    let share = rows.div_ceil(rayon::current_num_threads()).next_multiple_of(unit);
    halve(out, width, unit, share.min(most), 0, work);
}

fn halve(
    out: &mut [f32],
    width: usize,
    unit: usize,
    most: usize,
    first: usize,
    work: &(impl Fn(usize, &mut [f32]) + Sync),
) {
    let rows = out.len() / width;
    let half = (rows / 2).next_multiple_of(unit);
    if rows <= most || half >= rows {
        return work(first, out);
    }
    let (head, tail) = out.split_at_mut(half * width);
    rayon::join(|| halve(head, width, unit, most, first, work), || halve(tail, width, unit, most, first + half, work));
}

/// How a pass over rows is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// Each thread has its own rows and does everything to them.
    Rows,
    /// There are too few rows for that: a product's columns are split as well.
    Both,
}

/// Most rows that a thread processes at once: enough to use a panel many times while it is in the cache, and few enough
/// that their activations stay in the cache too.
const MOST_ROWS: usize = 192;
/// With fewer rows per thread than this, reading the weights takes longer than multiplying them.
const FEWEST_ROWS: usize = 24;

/// Calls `work` on pieces of rows of `from` and `to`, each given with its width, spread evenly over the threads. All
/// pieces but the last are whole multiples of `unit` rows.
pub(crate) fn split(
    rows: usize,
    unit: usize,
    (from, from_width): (&[f32], usize),
    (to, to_width): (&mut [f32], usize),
    work: impl Fn(Split, &[f32], &mut [f32]) + Sync,
) {
    let height = height(rows, unit);
    if height >= rows {
        let alone = rayon::current_num_threads() == 1;
        return if rows > 0 {
            work(if alone { Split::Rows } else { Split::Both }, from, to)
        };
    }
    let pieces = from.par_chunks(height * from_width).zip(to.par_chunks_mut(height * to_width));
    pieces.for_each(|(from, to)| work(Split::Rows, from, to));
}

/// The same for two sets of rows that are both changed.
pub(crate) fn split_mut(
    rows: usize,
    unit: usize,
    (first, first_width): (&mut [f32], usize),
    (second, second_width): (&mut [f32], usize),
    work: impl Fn(Split, &mut [f32], &mut [f32]) + Sync,
) {
    let height = height(rows, unit);
    if height >= rows {
        let alone = rayon::current_num_threads() == 1;
        return if rows > 0 {
            work(if alone { Split::Rows } else { Split::Both }, first, second)
        };
    }
    let pieces = first.par_chunks_mut(height * first_width).zip(second.par_chunks_mut(height * second_width));
    pieces.for_each(|(first, second)| work(Split::Rows, first, second));
}

/// Rows per piece: an integer number of pieces for each thread, all but the last of whole tiles; all rows if there are
/// too few to split.
fn height(rows: usize, unit: usize) -> usize {
    let threads = rayon::current_num_threads();
    if threads > 1 && rows < threads * FEWEST_ROWS {
        return rows;
    }
    let pieces = threads * rows.div_ceil(threads * MOST_ROWS);
    rows.div_ceil(pieces.max(1)).next_multiple_of(unit)
}

/// Rows and panels of each part of a product, so that every thread has one. Panels are split first, since each is then
/// read by one thread.
pub(crate) fn spread(rows: usize, panels: usize, unit: usize) -> (usize, usize) {
    let threads = rayon::current_num_threads();
    let width = panels.div_ceil(threads).max(1);
    let bands = threads / panels.div_ceil(width).max(1);
    (rows.div_ceil(bands.max(1)).next_multiple_of(unit), width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generic::tile::TILE_ROWS;

    #[test]
    fn pieces_cover_all_rows_once_and_each_thread_has_as_many() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        for rows in [0, 1, 17, 71, 72, 73, 200, 576, 577, 1022] {
            let from: Vec<f32> = (0..rows).map(|row| row as f32).collect();
            let mut to = vec![-1.0; 2 * rows];
            let pieces = std::sync::atomic::AtomicUsize::new(0);
            pool.install(|| {
                split(rows, TILE_ROWS, (&from, 1), (&mut to, 2), |split, from, to| {
                    assert_eq!(split == Split::Both, rows < 3 * FEWEST_ROWS);
                    pieces.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    to.chunks_mut(2).zip(from).for_each(|(to, from)| to[1] = to[1] + 1.0 + *from);
                });
            });
            assert!(to.chunks(2).enumerate().all(|(row, to)| *to == [-1.0, row as f32]), "{rows}");
            assert!(rows < 3 * FEWEST_ROWS || pieces.into_inner().is_multiple_of(3), "{rows}");
        }
    }

    #[test]
    fn every_row_is_visited_once_and_pieces_start_at_whole_units() {
        for rows in 0..40 {
            let mut out = vec![0.0; rows * 3];
            for_rows(&mut out, 3, 6, 12, &|first, out| {
                assert!(first % 6 == 0 && out.len() <= 12 * 3);
                for (r, row) in out.chunks_mut(3).enumerate() {
                    row.iter_mut().for_each(|x| *x += (first + r) as f32);
                }
            });
            let expected: Vec<f32> = (0..rows).flat_map(|r| [r as f32; 3]).collect();
            assert_eq!(out, expected);
        }
    }
}
