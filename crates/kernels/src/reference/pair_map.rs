//! The structure head over a stored map, operation by operation.

use super::{convolution, instance_norm};
use crate::convolution::Filter;
use crate::pair_map::Weights;

/// Logits `[len, len]` of the pairs of `rows` and `columns`, `[len, channels]` each, with `features`, `[len, len, features]`.
pub fn pair_map(weights: &Weights<'_>, rows: &[f32], columns: &[f32], features: &[f32]) -> Vec<f32> {
    let &Weights { channels, kernel, features: by_channel, ref blocks, out, bias } = weights;
    let len = rows.len() / channels;
    let mut map = Vec::new();
    for i in 0..len {
        for j in 0..len {
            let count = by_channel.len() / channels;
            let known = &features[(i * len + j) * count..][..count];
            let adds = |c: usize| known.iter().zip(&by_channel[c * count..]).map(|(x, w)| x * w).sum::<f32>();
            map.extend((0..channels).map(|c| rows[i * channels + c] + columns[j * channels + c] + adds(c)));
        }
    }
    let layer = |map: &[f32], weights: &[f32], side: usize| {
        let filter = Filter { outputs: channels, inputs: channels, height: side, width: side };
        let mut map = instance_norm(&convolution(map, len, weights, None, filter), channels, 1e-5);
        map.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x });
        map
    };
    for block in blocks {
        let inner = layer(&map, block.squeeze, 1);
        let inner = layer(&inner, block.spread, kernel);
        let inner = layer(&inner, block.expand, 1);
        map.iter_mut().zip(inner).for_each(|(x, y)| *x += y);
    }
    let filter = Filter { outputs: 1, inputs: channels, height: kernel, width: kernel };
    let logits = convolution(&map, len, out, Some(&[bias]), filter);
    let upper = |i: usize, j: usize| if i == j { 0.0 } else { logits[i.min(j) * len + i.max(j)] };
    (0..len * len).map(|pair| upper(pair / len, pair % len)).collect()
}
