//! `softmax(q · kᵀ / √head_dim) · v`, one query at a time.

/// Attention of rows `[rows, 3 · dim]` whose sequences start and end at `starts`; returns `[rows, dim]`.
pub fn attention(qkv: &[f32], dim: usize, heads: usize, starts: &[usize]) -> Vec<f32> {
    attention_adding(qkv, dim, heads, starts, |_, _, _| 0.0)
}

/// The same, with `before(head, query, key)` added to the scores; queries and keys are rows of the batch.
pub fn attention_adding(
    qkv: &[f32],
    dim: usize,
    heads: usize,
    starts: &[usize],
    before: impl Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let head_dim = dim / heads;
    let at = |row: usize, part: usize, i: usize| f64::from(qkv[row * 3 * dim + part * dim + i]);
    let mut out = Vec::new();
    for span in starts.windows(2) {
        for query in span[0]..span[1] {
            for i in 0..dim {
                let head = i / head_dim * head_dim..(i / head_dim + 1) * head_dim;
                let score = |key| head.clone().map(|j| at(query, 0, j) * at(key, 1, j)).sum::<f64>();
                let before = |key| f64::from(before(i / head_dim, query, key));
                let sum = |key| before(key) + score(key) / (head_dim as f64).sqrt();
                let scores: Vec<f64> = (span[0]..span[1]).map(sum).collect();
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let weights = scores.iter().map(|score| (score - largest).exp());
                let total: f64 = weights.clone().sum();
                let sum: f64 = weights.zip(span[0]..).map(|(weight, key)| weight * at(key, 2, i)).sum();
                out.push((sum / total) as f32);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_position_attends_to_itself() {
        assert_eq!(attention(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0], 2, 1, &[0, 1]), [5.0, 4.0]);
    }

    #[test]
    fn equal_keys_are_averaged_within_their_sequence() {
        let qkv = [1.0, 0.0, 2.0, 1.0, 0.0, 4.0, 1.0, 0.0, 100.0];
        assert_eq!(attention(&qkv, 1, 1, &[0, 2, 3]), [3.0, 3.0, 100.0]);
    }
}
