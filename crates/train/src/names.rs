//! Walks a module's float parameters by name: the path of a parameter is the name of its tensor in the manifest.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Reads each parameter.
pub(crate) trait Look {
    fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>);
}

/// Replaces each parameter.
pub(crate) trait Change {
    fn of<const D: usize>(&mut self, name: &str, param: Param<Tensor<D>>) -> Param<Tensor<D>>;
}

/// Calls `look` with every float parameter, in the manifest's order.
pub(crate) fn look<M: Module>(module: &M, look: &mut impl Look) {
    module.visit(&mut Walk { path: Vec::new(), each: look });
}

/// Replaces every float parameter by `change`, in the manifest's order.
pub(crate) fn change<M: Module>(module: M, change: &mut impl Change) -> M {
    module.map(&mut Walk { path: Vec::new(), each: change })
}

struct Walk<'a, E> {
    path: Vec<String>,
    each: &'a mut E,
}

impl<E> Walk<'_, E> {
    /// An enum's variant is a level of the module tree, but not of our names.
    fn enter(&mut self, name: &str, container: &str) {
        if !container.starts_with("Enum:") {
            self.path.push(name.to_owned());
        }
    }

    fn exit(&mut self, container: &str) {
        if !container.starts_with("Enum:") {
            self.path.pop();
        }
    }
}

impl<E: Look> ModuleVisitor for Walk<'_, E> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.each.at(&self.path.join("."), param);
    }
}

impl<E: Change> ModuleMapper for Walk<'_, E> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.each.of(&self.path.join("."), param)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use rinalmo_model::{
        CnnConfig, CnnGather, CnnInput, CnnLayer, CnnPadding, EncoderConfig, HeadConfig, Lora, LoraTarget, ModelConfig,
        TensorSpec,
    };

    #[test]
    fn parameters_come_in_the_order_of_the_manifest() {
        struct Found(Vec<TensorSpec>);
        impl Look for Found {
            fn at<const D: usize>(&mut self, name: &str, param: &Param<Tensor<D>>) {
                self.0.push(TensorSpec { name: name.into(), shape: param.lazy_shape().to_vec() });
            }
        }
        let layers = vec![CnnLayer { filters: 3, kernel: 2, pool: 1 }; 11];
        let (input, padding, gather) = (CnnInput::Encoder, CnnPadding::None, CnnGather::Flatten);
        let network = CnnConfig { input, window: 9, padding, layers, gather, dense: vec![2; 11] };
        let cnn = HeadConfig::Cnn { made_for: "mrl".into(), outputs: 1, network };
        for head in [HeadConfig::structure(), HeadConfig::mrl(), HeadConfig::splice(), HeadConfig::family(), cnn] {
            let targets = vec![LoraTarget::Qkv, LoraTarget::Out, LoraTarget::Up, LoraTarget::Gate, LoraTarget::Down];
            let lora = matches!(head, HeadConfig::Splice { .. }).then_some(Lora { rank: 2, alpha: 2, targets });
            let config = ModelConfig::pretrained(EncoderConfig::new(16, 11, 2).with_lora(lora)).with_head(head);
            let mut found = Found(Vec::new());
            look(&config.init(&Device::flex()), &mut found);
            assert_eq!(found.0, config.manifest());
        }
    }
}
