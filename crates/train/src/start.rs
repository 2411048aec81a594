//! The weights at the start of a run: random ones, or those of any checkpoint.
//!
//! Random weights follow PyTorch's distributions for the layers of the released code: linear maps and convolutions
//! `U(−1/√fan_in, 1/√fan_in)`, weights and biases; embeddings `N(0, 1)`; norms 1 and 0; β 1. (The scale of embeddings
//! hardly matters here, since every block takes its residual after a layer norm.) Each tensor is drawn from a stream
//! that is identified by seed and name. So a seed gives the same weights on every device, and a head's weights do not
//! depend on its encoder.

use std::collections::HashMap;

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rinalmo_corpus::random::Random;
use rinalmo_model::{EncoderConfig, Model, ModelConfig, TensorSpec};
use rinalmo_weights::Checkpoint;
use xxhash_rust::xxh3::xxh3_64;

use crate::Error;
use crate::names::{self, Change};

/// A model of random weights.
pub fn fresh(config: &ModelConfig, seed: u64, device: &Device) -> Model {
    let manifest = config.manifest();
    let fan_in = fan_in(&manifest);
    let draw_parameter = |name: &str, count: usize| draw(seed, name, count, fan_in.get(name).copied().unwrap_or(1));
    names::change(config.init(device), &mut Fill(draw_parameter))
}

/// A model of these sizes with a checkpoint's weights. Heads that the checkpoint lacks are random; those that `config`
/// lacks are left out.
///
/// # Errors
/// If the checkpoint's encoder, or a head that both have, differs in size.
pub fn from_checkpoint(
    checkpoint: &Checkpoint,
    config: &ModelConfig,
    seed: u64,
    device: &Device,
) -> Result<Model, Error> {
    filled(checkpoint, config, false, seed, device)
}

/// As [`from_checkpoint`], with random heads even if the checkpoint has heads.
///
/// # Errors
/// If the checkpoint's encoder differs in size.
pub fn from_encoder(checkpoint: &Checkpoint, config: &ModelConfig, seed: u64, device: &Device) -> Result<Model, Error> {
    filled(checkpoint, config, true, seed, device)
}

fn filled(
    checkpoint: &Checkpoint,
    config: &ModelConfig,
    fresh_heads: bool,
    seed: u64,
    device: &Device,
) -> Result<Model, Error> {
    let theirs = &checkpoint.config;
    let plain = |encoder: &EncoderConfig| encoder.clone().with_lora(None);
    // If their encoder has adapters, they are those of this run, or there are none.
    let expected = config.encoder.clone().with_lora(theirs.encoder.lora.clone());
    checkpoint.require(&ModelConfig { encoder: expected, ..theirs.clone() })?;
    let differ = |what: &str, found: String, expected: String| {
        Err(Error::damaged(checkpoint.path(), format!("its {what} is {found}, the run expects {expected}")))
    };
    let other = theirs.encoder.lora.is_some() && theirs.encoder.lora != config.encoder.lora;
    if other || plain(&theirs.encoder) != plain(&config.encoder) {
        return differ("encoder", format!("{:?}", theirs.encoder), format!("{:?}", config.encoder));
    }
    if let (Some(found), Some(expected)) = (&theirs.head, &config.head)
        && !fresh_heads
        && found.task() == expected.task()
        && found != expected
    {
        return differ("head", format!("{found:?}"), format!("{expected:?}"));
    }
    let fan_in = fan_in(&config.manifest());
    let theirs = |name: &str| !fresh_heads || name.starts_with("encoder.");
    let values = |name: &str, count: usize| match checkpoint.tensor(name).filter(|_| theirs(name)) {
        Some(tensor) => tensor.to_f32(),
        None => draw(seed, name, count, fan_in.get(name).copied().unwrap_or(1)),
    };
    Ok(names::change(config.init(device), &mut Fill(values)))
}

/// Whether a run with adapters trains this parameter: it belongs to an adapter or a head.
pub fn own(name: &str) -> bool {
    !name.starts_with("encoder.") || name.contains(".adapter.")
}

/// The number of inputs of each output of a tensor's layer; a bias has that of its weight.
fn fan_in(manifest: &[TensorSpec]) -> HashMap<String, usize> {
    let mut inputs = HashMap::new();
    for TensorSpec { name, shape } in manifest {
        if name.ends_with(".adapter.down") {
            inputs.insert(name.clone(), shape[1]);
        }
        if let (Some(layer), true) = (name.strip_suffix(".weight"), shape.len() > 1) {
            let count = shape[1..].iter().product();
            inputs.insert(format!("{layer}.bias"), count);
            inputs.insert(name.clone(), count);
        }
    }
    inputs
}

fn draw(seed: u64, name: &str, count: usize, fan_in: usize) -> Vec<f32> {
    let mut random = Random::keyed([seed, xxh3_64(name.as_bytes())]);
    let (layer, kind) = name.rsplit_once('.').unwrap_or(("", name));
    match kind {
        "embedding" | "positions" => {
            let pairs = std::iter::repeat_with(|| random.normal_pair()).flatten();
            pairs.take(count).map(|x| x as f32).collect()
        }
        "beta" => vec![1.0; count],
        "up" if layer.ends_with(".adapter") => vec![0.0; count], // so that a new adapter does not change the result
        "weight" if layer.ends_with("norm") => vec![1.0; count],
        "bias" if layer.ends_with("norm") => vec![0.0; count],
        _ => {
            let bound = 1.0 / (fan_in as f64).sqrt();
            (0..count).map(|_| (bound * (2.0 * random.unit() - 1.0)) as f32).collect()
        }
    }
}

/// Fills parameters, given their names and sizes.
pub(crate) struct Fill<F>(pub(crate) F);

impl<F: FnMut(&str, usize) -> Vec<f32>> Change for Fill<F> {
    fn of<const D: usize>(&mut self, name: &str, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (shape, device, id) = (param.lazy_shape().to_vec(), param.lazy_device(), param.id);
        let values = (self.0)(name, shape.iter().product());
        param.transform_for_load(Tensor::from_data(TensorData::new(values, shape), (&device, DType::F32)), id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Look;
    use rinalmo_model::EncoderConfig;
    use std::collections::BTreeMap;

    struct Values(BTreeMap<String, Vec<f32>>);

    impl Look for Values {
        fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>) {
            self.0.insert(name.into(), param.val().try_into_vec_as::<f32>().unwrap());
        }
    }

    fn values(seed: u64) -> BTreeMap<String, Vec<f32>> {
        let config = ModelConfig::pretrained(EncoderConfig::new(64, 2, 2));
        let mut values = Values(BTreeMap::new());
        names::look(&fresh(&config, seed, &Device::flex().autodiff()), &mut values);
        values.0
    }

    #[test]
    fn a_seed_gives_the_same_weights_every_time_and_another_gives_others() {
        let (one, again, other) = (values(1), values(1), values(2));
        assert_eq!(one, again);
        assert_ne!(one["encoder.embedding"], other["encoder.embedding"]);
        let of = |block| &one[&format!("encoder.blocks.{block}.attention.qkv.weight")];
        assert_ne!(of(0), of(1));
    }

    #[test]
    fn weights_are_spread_as_pytorch_spreads_them() {
        let values = values(3);
        let spread = |name: &str| {
            let values = &values[name];
            let largest = values.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            let square = values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
            (largest, square.sqrt())
        };
        let near = |(largest, deviation): (f32, f32), bound: f32| {
            assert!(largest <= bound && largest > 0.95 * bound, "{largest}, expected {bound}");
            assert!((deviation - bound / 3f32.sqrt()).abs() < 0.1 * bound, "{deviation}");
        };
        near(spread("encoder.blocks.0.attention.qkv.weight"), 1.0 / 8.0);
        near(spread("encoder.blocks.1.feed_forward.up.bias"), 1.0 / 8.0);
        near(spread("encoder.blocks.1.feed_forward.down.bias"), 1.0 / 170f32.sqrt());
        let (_, deviation) = spread("encoder.embedding");
        assert!((deviation - 1.0).abs() < 0.1, "{deviation}");
        assert!(values["encoder.norm.weight"].iter().all(|&x| x == 1.0));
        assert!(values["mlm.norm.bias"].iter().all(|&x| x == 0.0));
        assert_eq!(values["encoder.blocks.1.feed_forward.beta"], [1.0]);
    }
}
