//! Attention compared with plain loops: every level and head width, sequences of many lengths.

mod common;

use common::{assert_close, bits, values, with_threads};
use rinalmo_kernels::attention::{Heads, attend, attention};
use rinalmo_kernels::linear::Precision;
use rinalmo_kernels::rope::Table;
use rinalmo_kernels::{Level, reference};

/// Averages of values under 1; scores reach 8, so that each weight is off by up to 8 roundings.
const ATTENTION: f32 = 4e-6;

/// Lengths around the sizes of a tile of queries and a block of keys, and 0.
const LENGTHS: [usize; 9] = [1, 2, 7, 0, 24, 64, 65, 130, 31];

fn starts(lengths: &[usize]) -> Vec<usize> {
    let ends = lengths.iter().scan(0, |end, len| {
        *end += len;
        Some(*end)
    });
    std::iter::once(0).chain(ends).collect()
}

fn run(level: Level, qkv: &[f32], dim: usize, heads: usize, starts: &[usize]) -> Vec<f32> {
    let mut out = vec![f32::NAN; qkv.len() / 3];
    attention(level, qkv, dim, heads, starts, &mut out).unwrap();
    out
}

#[test]
fn every_level_agrees_with_plain_loops_for_every_head_width() {
    let starts = starts(&LENGTHS);
    let rows = starts[LENGTHS.len()];
    for head_dim in [5, 16, 24, 32, 64, 80] {
        let dim = 2 * head_dim;
        let qkv: Vec<f32> = values(rows * 3 * dim + 1, 1).iter().map(|x| x * 1.5).collect();
        let qkv = &qkv[1..];
        let expected = reference::attention(qkv, dim, 2, &starts);
        for level in Level::available() {
            let found = run(level, qkv, dim, 2, &starts);
            assert_close(&found, &expected, ATTENTION, &format!("{level}, head {head_dim}"));
        }
    }
}

/// Averages of values under 1.5. Weights and values are off by 2⁻⁹, and scores by about √head_dim · 2⁻⁹ · 1.5² / 2.
const BF16_ATTENTION: f32 = 0.03;

#[test]
fn turned_and_rounded_attention_agrees_with_plain_loops() {
    let starts = starts(&[1, 60, 0, 7, 270]);
    let rows = starts[5];
    let positions: Vec<u32> = starts.windows(2).flat_map(|pair| 0..(pair[1] - pair[0]) as u32).collect();
    for head_dim in [6, 16, 24, 64] {
        let dim = 2 * head_dim;
        let qkv: Vec<f32> = values(rows * 3 * dim, 6).iter().map(|x| x * 1.5).collect();
        let turned = reference::rope(&qkv, dim, head_dim, 10_000.0, &positions);
        let expected = reference::attention(&turned, dim, 2, &starts);
        let table = Table::new(10_000.0, head_dim, 270).unwrap();
        for level in Level::available() {
            for (precision, tolerance) in [(Precision::F32, 2e-5), (Precision::Bf16, BF16_ATTENTION)] {
                let heads = Heads { count: 2, rope: Some(&table), precision };
                let attend_with = || {
                    let mut out = vec![f32::NAN; rows * dim];
                    attend(level, heads, &qkv, dim, &starts, &mut out).unwrap();
                    out
                };
                let found = attend_with();
                assert_close(&found, &expected, tolerance, &format!("{level}, head {head_dim}, {precision:?}"));
                for threads in [1, 3, 16] {
                    assert_eq!(bits(&with_threads(threads, attend_with)), bits(&found), "{level}, {threads} threads");
                }
            }
        }
    }
}

#[test]
fn a_table_that_does_not_serve_is_refused() {
    let table = Table::new(1e4, 4, 5).unwrap();
    let heads = Heads { count: 2, rope: Some(&table), precision: Precision::F32 };
    let attend =
        |dim, len| attend(Level::best(), heads, &vec![0.0; len * 3 * dim], dim, &[0, len], &mut vec![0.0; len * dim]);
    assert!(attend(8, 5).is_ok() && attend(8, 6).is_err() && attend(4, 5).is_err());
}

#[test]
fn a_sequence_depends_neither_on_its_batch_mates_nor_on_the_threads() {
    let dim = 48;
    let starts = starts(&LENGTHS);
    let qkv = values(starts[LENGTHS.len()] * 3 * dim, 2);
    for level in Level::available() {
        let together = run(level, &qkv, dim, 2, &starts);
        for threads in [1, 3] {
            let again = with_threads(threads, || run(level, &qkv, dim, 2, &starts));
            assert_eq!(bits(&again), bits(&together), "{level}, {threads} threads");
        }
        for span in starts.windows(2) {
            let alone = run(level, &qkv[span[0] * 3 * dim..span[1] * 3 * dim], dim, 2, &[0, span[1] - span[0]]);
            assert_eq!(bits(&alone), bits(&together[span[0] * dim..span[1] * dim]), "{level}, rows {span:?}");
        }
    }
}

#[test]
fn large_scores_do_not_overflow() {
    let (dim, len) = (16, 100);
    let qkv: Vec<f32> = values(len * 3 * dim, 3).iter().map(|x| x * 100.0).collect();
    let expected = reference::attention(&qkv, dim, 1, &[0, len]);
    for level in Level::available() {
        // Scores reach 4e4 and are rounded to 4e-3 of themselves at worst; values reach 100.
        assert_close(&run(level, &qkv, dim, 1, &[0, len]), &expected, 0.5, level.name());
    }
}

#[test]
fn nan_stays_in_its_query_or_its_sequence() {
    let (dim, len) = (16, 70);
    let mut qkv = values(2 * len * 3 * dim, 4);
    qkv[5 * 3 * dim] = f32::NAN; // a query of the first sequence
    let expected = reference::attention(&qkv, dim, 1, &[0, len, 2 * len]);
    for level in Level::available() {
        let found = run(level, &qkv, dim, 1, &[0, len, 2 * len]);
        assert_close(&found, &expected, ATTENTION, level.name());
        assert!(found[5 * dim..6 * dim].iter().all(|x| x.is_nan()), "{level}");
    }
    qkv[(len + 66) * 3 * dim + dim + 3] = f32::NAN; // a key of the second
    for level in Level::available() {
        let found = run(level, &qkv, dim, 1, &[0, len, 2 * len]);
        assert!(found[len * dim..].iter().all(|x| x.is_nan()), "{level}");
        assert_close(&found[..len * dim], &expected[..len * dim], ATTENTION, level.name());
    }
}

#[test]
fn a_key_infinitely_far_away_weighs_nothing() {
    let (dim, len) = (16, 130);
    let mut qkv = values(len * 3 * dim, 5);
    for row in qkv.chunks_mut(3 * dim) {
        row[0] = 1.0;
    }
    for row in 0..64 {
        qkv[row * 3 * dim + dim] = f32::NEG_INFINITY; // the whole first block of keys
    }
    let expected = reference::attention(&qkv, dim, 1, &[0, len]);
    assert!(expected.iter().all(|x| x.is_finite()));
    for level in Level::available() {
        assert_close(&run(level, &qkv, dim, 1, &[0, len]), &expected, ATTENTION, level.name());
    }
}
