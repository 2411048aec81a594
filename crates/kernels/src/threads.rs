//! Rows shared out among threads by halving, so that a thread without work can take half of another's.

/// Calls `work(first row, rows of out)` over all rows of `out`, `width` values each, in pieces of at most
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

#[cfg(test)]
mod tests {
    use super::*;

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
