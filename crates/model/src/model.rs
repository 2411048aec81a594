//! A whole model: encoder, masked-language head, task head.

use burn::module::Module;
use burn::tensor::Device;

use crate::config::{HeadConfig, ModelConfig};
use crate::encoder::Encoder;
use crate::heads::{Classifier, CnnHead, MlmHead, MrlHead, StructureHead};

/// An encoder with the heads of its [`ModelConfig`]. Parameter paths are the tensor names of [`ModelConfig::manifest`].
#[derive(Module, Debug)]
pub struct Model {
    /// The encoder.
    pub encoder: Encoder,
    /// Head for masked tokens.
    pub mlm: Option<MlmHead>,
    /// Head for pairs of a secondary structure.
    pub structure: Option<StructureHead>,
    /// Head for mean ribosome load. The field is named as its tensors are in every file, see [`HeadConfig::prefix`].
    pub ribosome: Option<MrlHead>,
    /// Head for splice sites.
    pub splice: Option<Classifier>,
    /// Head for ncRNA families.
    pub family: Option<Classifier>,
    /// Head for labels of whole sequences.
    pub sequence: Option<Classifier>,
    /// Head for labels of bases.
    pub token: Option<Classifier>,
    /// A convolutional network for labels of whole sequences.
    pub cnn: Option<CnnHead>,
}

impl ModelConfig {
    /// A model with random weights. Parameters are computed when first used, so one that is filled from a checkpoint
    /// right away costs nothing.
    pub fn init(&self, device: &Device) -> Model {
        let dim = self.encoder.dim;
        let mut model = Model {
            encoder: Encoder::new(&self.encoder, device),
            mlm: self.mlm.then(|| MlmHead::new(&self.encoder, device)),
            structure: None,
            ribosome: None,
            splice: None,
            family: None,
            sequence: None,
            token: None,
            cnn: None,
        };
        let sizes = self.head.as_ref().and_then(HeadConfig::classifier);
        let classifier = sizes.map(|(hidden, outputs)| Classifier::new(dim, hidden, outputs, device));
        match self.head {
            Some(HeadConfig::Cnn { outputs, ref network, .. }) => {
                model.cnn = Some(CnnHead::new(dim, network, outputs, device));
            }
            Some(HeadConfig::Structure { channels, blocks, kernel, energy, ensemble }) => {
                let head = StructureHead::new(dim, channels, blocks, kernel, device).within(ensemble);
                model.structure = Some(if energy { head.with_features(device) } else { head });
            }
            Some(HeadConfig::Mrl { channels, blocks, kernel }) => {
                model.ribosome = Some(MrlHead::new(dim, channels, blocks, kernel, device));
            }
            Some(HeadConfig::Splice { .. }) => model.splice = classifier,
            Some(HeadConfig::Family { .. }) => model.family = classifier,
            Some(HeadConfig::Sequence { .. }) => model.sequence = classifier,
            Some(HeadConfig::Token { .. }) => model.token = classifier,
            None => {}
        }
        model
    }
}

impl Model {
    /// The head that is a classifier, under whichever name its tensors have.
    pub fn classifier(&self) -> Option<&Classifier> {
        [&self.splice, &self.family, &self.sequence, &self.token].into_iter().find_map(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EncoderConfig, Pooling};
    use crate::manifest::TensorSpec;
    use burn::module::{ModuleVisitor, Param};
    use burn::tensor::Tensor;

    /// Records the parameters of a module, as `weights` does when it fills one.
    #[derive(Default)]
    struct Walk {
        path: Vec<String>,
        found: Vec<TensorSpec>,
    }

    impl ModuleVisitor for Walk {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push(TensorSpec { name: self.path.join("."), shape: param.lazy_shape().to_vec() });
        }
    }

    #[test]
    fn parameter_paths_are_the_names_of_the_manifest() {
        let tiny = || ModelConfig::pretrained(EncoderConfig::new(16, 2, 2));
        let configs = [
            tiny().with_head(HeadConfig::structure()),
            tiny().with_head(HeadConfig::Structure { channels: 8, blocks: 1, kernel: 3, energy: true, ensemble: None }),
            tiny().with_head(HeadConfig::mrl()),
            tiny().with_head(HeadConfig::splice()),
            tiny().with_head(HeadConfig::family()),
            tiny().with_head(HeadConfig::Sequence { hidden: 8, outputs: 2, pooling: Pooling::Mean }),
            tiny().with_head(HeadConfig::Token { hidden: 8, outputs: 3 }),
            ModelConfig::pretrained(EncoderConfig::new(2, 0, 1)).with_head(HeadConfig::Cnn {
                made_for: "mrl".into(),
                outputs: 1,
                network: crate::cnn::tests::optimus(),
            }),
            ModelConfig { mlm: false, ..tiny() },
            ModelConfig::pretrained(EncoderConfig::new(16, 2, 2).with_gelu().with_learned_positions(64)),
        ];
        for config in configs {
            let mut walk = Walk::default();
            config.init(&Device::flex()).visit(&mut walk);
            let (mut found, mut expected) = (walk.found, config.manifest());
            found.sort_by(|a, b| a.name.cmp(&b.name));
            expected.sort_by(|a, b| a.name.cmp(&b.name));
            assert_eq!(found, expected);
        }
    }
}
