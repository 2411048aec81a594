//! Validation: every structure is decoded as at inference, without gradients.
//!
//! On a CPU this uses inference's own network instead of Burn, for several structures at a time. Greedy decoding
//! chooses pairs in order of probability. So its result at a threshold is its result at a lower one, without the pairs
//! that do not pass, and one decoding at the lowest threshold gives all of them. The best nested structure is decoded
//! again at each threshold.

use burn::tensor::Device;
use rayon::prelude::*;
use rinalmo_decode::{DecodeOptions, Method};
use rinalmo_metrics::pairs::PairCounts;
use rinalmo_model::cpu::{CpuModel, Precision};
use rinalmo_model::memory::default_budget;
use rinalmo_model::{Model, Network, OnDevice, Packed};
use rinalmo_seq::labelled::structures::Item;
use rinalmo_seq::tokenizer::tokenize;

use super::threshold::{AT_EACH, LOSS, thresholds};
use crate::optimizer::values::level;
use crate::{Error, Part, Share, Validation};

/// Tokens that are encoded together.
const TOKENS: usize = 4096;

/// What one structure adds to the sums: its loss, then the figures in [`AT_EACH`] for every threshold.
type Sums = Vec<(f64, f64)>;

pub(super) fn validate(
    items: &[Item],
    decode: Method,
    model: &Model,
    device: &Device,
    share: Share,
) -> Result<Validation, Error> {
    if items.is_empty() {
        return Ok(Validation::default());
    }
    let network: Box<dyn Network> = if *device == Device::flex() {
        Box::new(CpuModel::new(model.clone(), Precision::F32, level()))
    } else {
        Box::new(OnDevice::new(model.clone(), device.clone()))
    };
    let mine: Vec<&Item> = items.iter().skip(share.rank).step_by(share.ranks).collect();
    let names = std::iter::once(LOSS).chain(thresholds(decode).flat_map(|_| AT_EACH));
    let mut parts: Vec<Part> = names.map(|name| Part { name: name.into(), sum: 0.0, weight: 0.0 }).collect();
    for batch in batches(&mine, default_budget(), |item| network.pair_memory(item.sequence.len())) {
        let packed = Packed::new(batch.iter().map(|item| tokenize(&item.sequence)));
        let hidden = network.encode(&packed);
        let spans: Vec<_> = packed.bases().collect();
        let jobs = spans.into_par_iter().zip(batch.par_iter());
        let found: Vec<Sums> = jobs
            .map(|(bases, item)| sums(item, decode, &network.pair_logits(&hidden.rows(bases), &item.sequence)))
            .collect();
        for (part, (sum, weight)) in found.iter().flat_map(|sums| (0..).zip(sums)) {
            parts[part].sum += sum;
            parts[part].weight += weight;
        }
    }
    Ok(Validation { parts })
}

/// Groups neighbouring structures of up to this many tokens whose maps fit into `budget` bytes together. A structure
/// that does not fit on its own is an error before training ([`crate::Task::afford`]).
fn batches<'a, 'i>(
    items: &'a [&'i Item],
    budget: u64,
    memory: impl Fn(&Item) -> u64,
) -> impl Iterator<Item = &'a [&'i Item]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let (mut tokens, mut bytes) = (0, 0u64);
        let fits = |item: &&&Item| {
            tokens += item.sequence.len() + 2;
            bytes = bytes.saturating_add(memory(item));
            tokens <= TOKENS && bytes <= budget
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        rest.split_off(..count).filter(|batch| !batch.is_empty())
    })
}

/// The sums of one structure, from its map of logits `[len, len]`.
fn sums(item: &Item, decode: Method, logits: &[f32]) -> Sums {
    let (len, reference) = (item.sequence.len(), item.structure.pairs());
    let mut sums = vec![(loss(logits, len, reference), 1.0)];
    let map: Vec<f32> = logits.iter().map(|&x| 1.0 / (1.0 + (-x).exp())).collect();
    let decoded = decode.decode_at(&map, &item.sequence, &DecodeOptions::default(), thresholds(decode));
    for decoded in decoded.expect("a map is len × len, and there is no constraint") {
        let pairs: Vec<(usize, usize)> = decoded.pairs.iter().map(|&(i, j, _)| (i, j)).collect();
        let relaxed = PairCounts::relaxed(&pairs, reference).score();
        let strict = PairCounts::strict(&pairs, reference).score();
        sums.extend([relaxed.f1, relaxed.precision, relaxed.recall, strict.f1].map(|value| (value, 1.0)));
        sums.push((pairs.len() as f64, reference.len() as f64));
    }
    sums
}

/// The mean binary cross-entropy over the strict upper triangle, in f64.
fn loss(logits: &[f32], len: usize, reference: &[(usize, usize)]) -> f64 {
    let softplus = |x: f32| f64::from(x.max(0.0)) + f64::from((-x.abs()).exp().ln_1p());
    let all: f64 =
        (0..len).map(|i| logits[i * len + i + 1..(i + 1) * len].iter().map(|&x| softplus(x)).sum::<f64>()).sum();
    let pairs: f64 = reference.iter().map(|&(i, j)| f64::from(logits[i * len + j])).sum();
    (all - pairs) / (len * (len - 1) / 2) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rinalmo_seq::Structure;

    #[test]
    fn batches_keep_to_tokens_and_memory() {
        let item = |len: usize| Item::new("x".into(), vec![b'A'; len], Structure::new(len, Vec::new()).unwrap());
        let items: Vec<Item> = [2000, 2000, 2000, 5000, 10, 10].map(item).into();
        let items: Vec<&Item> = items.iter().collect();
        let square = |item: &Item| (item.sequence.len() as u64).pow(2);
        let lengths = |budget| batches(&items, budget, square).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(u64::MAX), [2, 1, 1, 2]);
        assert_eq!(lengths(4_000_000), [1, 1, 1, 1, 2], "what does not fit is decoded on its own");
    }

    #[test]
    fn one_decoding_gives_the_result_of_each_threshold() {
        let sequence: Vec<u8> = (0..40).map(|i: usize| b"GCAU"[(i * i + 3 * i) % 7 % 4]).collect();
        let len = sequence.len();
        let mut logits = vec![0.0f32; len * len];
        for (cell, x) in logits.iter_mut().enumerate() {
            *x = -6.0 + ((cell * 7919) % 1009) as f32 / 180.0;
        }
        let reference = Structure::new(len, vec![(0, 20), (1, 19), (5, 30), (5, 12)]).unwrap();
        let item = Item::new("x".into(), sequence.clone(), reference.clone());
        for decode in [Method::Greedy, Method::Nested] {
            check(decode, &item, &logits, &reference);
        }
    }

    fn check(decode: Method, item: &Item, logits: &[f32], reference: &Structure) {
        let (sequence, found) = (&item.sequence, sums(item, decode, logits));
        let map: Vec<f32> = logits.iter().map(|&x| 1.0 / (1.0 + (-x).exp())).collect();
        for (number, threshold) in thresholds(decode).enumerate() {
            let options = DecodeOptions::default().threshold(threshold);
            let decoded = decode.decode(&map, sequence, &options).unwrap();
            let structure = decoded.structure();
            let score = PairCounts::relaxed(structure.pairs(), reference.pairs()).score();
            assert_eq!(found[1 + 5 * number].0, score.f1, "threshold {threshold}");
            assert_eq!(found[5 + 5 * number], (structure.pairs().len() as f64, 4.0));
        }
    }
}
