//! Validation: every sequence through inference's own network, without gradients.

use burn::tensor::Device;
use rinalmo_model::batches::Batches;
use rinalmo_model::cpu::{CpuModel, Precision};
use rinalmo_model::memory::{default_budget, longest_that_fits};
use rinalmo_model::{Model, Network, OnDevice, Packed};
use rinalmo_seq::tokenizer::tokenize;

use super::{Aim, Example, Labels, Readout, measure};
use crate::optimizer::values::level;
use crate::{Error, Share, Validation};

/// Tokens that are encoded together, if memory allows it.
const TOKENS: usize = 8192;

impl Labels {
    pub(super) fn measure(&self, model: &Model, device: &Device, share: Share) -> Result<Validation, Error> {
        if self.validation.is_empty() {
            return Ok(Validation::default());
        }
        let network: Box<dyn Network> = if *device == Device::flex() {
            Box::new(CpuModel::new(model.clone(), Precision::F32, level()))
        } else {
            Box::new(OnDevice::new(model.clone(), device.clone()))
        };
        let on_cpu = *device == Device::flex();
        let most = TOKENS.min(longest_that_fits(default_budget(), |tokens| model.encoder.memory(tokens, on_cpu)));
        let mut validation = measure::empty(&self.aim);
        let mine = self.validation.iter().skip(share.rank).step_by(share.ranks);
        for batch in Batches::new(mine, most, |example: &&Example| example.sequence.len() + 2) {
            let packed = Packed::new(batch.iter().map(|example| tokenize(&example.sequence)));
            let outputs = self.ask(network.as_ref(), &packed);
            let targets: Vec<f32> = batch.iter().flat_map(|example| example.targets.iter().copied()).collect();
            let wide = outputs.len() / targets.len().max(1);
            for (outputs, &target) in
                outputs.chunks_exact(wide.max(1)).zip(&targets).filter(|(_, target)| !target.is_nan())
            {
                measure::add(&mut validation, &self.aim, loss(&self.aim, outputs, target), outputs, target);
            }
        }
        Ok(validation)
    }

    /// The head's outputs, one row per label.
    fn ask(&self, network: &dyn Network, packed: &Packed) -> Vec<f32> {
        let hidden = network.encode(packed);
        match self.readout {
            Readout::Padded(pad_to) => network.mean_loads(&hidden, packed, pad_to),
            Readout::Window => network.convolve(&hidden, packed),
            Readout::Whole(pooling) => network.classify(&hidden.pool(packed, pooling)),
            Readout::Bases => {
                let outputs = network.classify(&hidden); // also of `<cls>` and `<eos>`: one call for all sequences
                let width = outputs.len() / packed.total().max(1);
                packed.bases().flat_map(|bases| &outputs[bases.start * width..bases.end * width]).copied().collect()
            }
        }
    }
}

/// The loss of one label, without class weights.
fn loss(aim: &Aim, outputs: &[f32], target: f32) -> f64 {
    match aim {
        Aim::Number(scaler) => f64::from(outputs[0] - (target - scaler.mean) / scaler.std).powi(2),
        Aim::YesNo => f64::from(outputs[0].max(0.0) + (-outputs[0].abs()).exp().ln_1p() - outputs[0] * target),
        Aim::Classes(_) => {
            let most = outputs.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(f64::from(x)));
            let sum: f64 = outputs.iter().map(|&x| (f64::from(x) - most).exp()).sum();
            most + sum.ln() - f64::from(outputs[target as usize])
        }
    }
}
