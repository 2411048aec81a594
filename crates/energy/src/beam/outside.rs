//! From the sums of the spans that a beam keeps to the probabilities of pairs: each step of the way forward, backward.

use super::{Beam, PAIRED, Row, place};
use crate::least::Least;
use crate::loops::Loops;
use crate::number::Number;
use crate::pairs::Probabilities;
use crate::weights::LONGEST_LOOP;

/// Bytes of a beam of this width and of what [`probabilities`] holds beside it, while another one finds the minimum of
/// energy.
pub(crate) fn bytes(len: usize, width: usize) -> usize {
    let kept = len * width.min(len);
    let of_sum = size_of::<(u32, f64)>() + size_of::<f64>() + size_of::<(u32, Least)>();
    let of_span = 3 * of_sum + size_of::<(u32, f32)>();
    // Rows that are gathered hold more than is kept.
    kept * of_span + len * 3 * 4 * size_of::<(u32, f64)>()
}

/// The probability of every pair that the beam keeps.
pub(crate) fn probabilities<T: Number>(loops: &Loops<'_>, beam: &Beam<T>) -> Probabilities {
    let len = loops.len();
    let unpaired = loops.unpaired();
    let zeros = |rows: &[Row<T>]| -> Vec<Vec<T>> { rows.iter().map(|row| vec![T::ZERO; row.len()]).collect() };
    let [mut closed, mut some, mut several] = [&beam.closed, &beam.some, &beam.several].map(|rows| zeros(rows));
    let mut behind = vec![T::ZERO; len + 1];
    behind[len] = T::ONE;
    // Of pairs with the current base, and of two or more branches that end with it, by the first base.
    let [mut around, mut added] = [vec![T::ZERO; len], vec![T::ZERO; len]];
    for j in (0..len).rev() {
        shorten(&mut some, &beam.some, j, unpaired[j]);
        shorten(&mut several, &beam.several, j, unpaired[j]);
        for (rows, sums) in [(&beam.some, &some), (&beam.several, &several)] {
            rows[j].iter().zip(&sums[j]).for_each(|((i, _), sum)| added[*i as usize] += *sum);
        }
        let after = behind[j + 1];
        for (at, &(k, sum)) in beam.closed[j].iter().enumerate() {
            let k = k as usize;
            let kind = loops.pair(k, j).expect(PAIRED);
            let (branch, exterior) = (loops.branch(kind, k, j), loops.exterior(kind, k, j));
            let mut as_branch = place(&beam.some[j], k).map_or(T::ZERO, |place| some[j][place]);
            if let Some(last) = k.checked_sub(1) {
                for ((i, others), out) in beam.some[last].iter().zip(&mut some[last]) {
                    let whole = added[*i as usize];
                    if whole != T::ZERO {
                        as_branch += whole * *others;
                        *out += whole * (sum * branch);
                    }
                }
            }
            closed[j][at] += as_branch * branch + beam.before[k] * after * exterior;
            behind[k] += after * (sum * exterior);
        }
        behind[j] += after * loops.scale(1);
        for (i, _) in beam.some[j].iter().chain(&beam.several[j]) {
            added[*i as usize] = T::ZERO;
        }

        for ((i, _), sum) in beam.closed[j].iter().zip(&closed[j]) {
            around[*i as usize] = *sum * loops.bonus(*i as usize, j);
        }
        into_multiloops(loops, beam, &unpaired, &around, &mut several, j);
        for (right, q) in (0..=LONGEST_LOOP).zip((0..j).rev()) {
            for (&(p, _), out) in beam.closed[q].iter().zip(&mut closed[q]) {
                let p = p as usize;
                let kind = loops.pair(p, q).expect(PAIRED);
                let opens = loops.opens(kind, p, q);
                for (left, i) in (0..=LONGEST_LOOP - right).zip((0..p).rev()) {
                    if around[i] != T::ZERO {
                        let outer = loops.pair(i, j).expect(PAIRED);
                        *out += around[i] * loops.internal_around([left, right], i, j, outer, kind, opens);
                    }
                }
            }
        }
        beam.closed[j].iter().for_each(|(i, _)| around[*i as usize] = T::ZERO);
    }
    let unit = beam.total().recip();
    let mut rows = vec![Vec::new(); len];
    for (j, (spans, outside)) in beam.closed.iter().zip(&closed).enumerate() {
        for (&(i, sum), outside) in spans.iter().zip(outside) {
            let p = (sum * *outside * unit).value() as f32;
            if p > 0.0 {
                rows[i as usize].push((j as u32, p.min(1.0)));
            }
        }
    }
    Probabilities::listed(rows)
}

/// Spans that end with an unpaired base are those that end before it.
fn shorten<T: Number>(sums: &mut [Vec<T>], rows: &[Row<T>], j: usize, unpaired: f64) {
    let Some(shorter) = j.checked_sub(1) else { return };
    let (before, now) = sums.split_at_mut(j);
    let mut spans = rows[j].iter().zip(&now[0]).peekable();
    for ((i, _), out) in rows[shorter].iter().zip(&mut before[shorter]) {
        while spans.next_if(|((first, _), _)| first < i).is_some() {}
        if let Some((_, sum)) = spans.next_if(|((first, _), _)| first == i) {
            *out += *sum * unpaired;
        }
    }
}

/// Pairs with base `j` close multiloops around branches that end before it.
fn into_multiloops<T: Number>(
    loops: &Loops<'_>,
    beam: &Beam<T>,
    unpaired: &[f64],
    around: &[T],
    several: &mut [Vec<T>],
    j: usize,
) {
    let (Some(last), Some(&(first, _))) = (j.checked_sub(1), beam.closed[j].first()) else { return };
    let mut pairs = T::ZERO; // that close a multiloop whose branches start with base `start`
    let mut start = first as usize;
    for ((k, _), out) in beam.several[last].iter().zip(&mut several[last]) {
        while start < *k as usize {
            pairs = pairs * unpaired[start];
            if around[start] != T::ZERO {
                pairs += around[start] * loops.multiloop(loops.pair(start, j).expect(PAIRED), start, j);
            }
            start += 1;
        }
        if *k as usize == start {
            *out += pairs;
        }
    }
}
