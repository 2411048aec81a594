//! Writes a checkpoint of any published size with random weights, to measure loading, memory and
//! speed without the real file. It is not a model of anything.
//!
//! ```text
//! cargo run --release -p rinalmo --example random_checkpoint -- giga structure /tmp/giga.safetensors
//! ```

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use rinalmo::checkpoint::{Document, HEADER_KEY};
use rinalmo_model::{ModelConfig, Preset, TaskSpec, TensorSpec};
use safetensors::{Dtype, View};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [preset, head, output] = args.as_slice() else {
        return Err("usage: random_checkpoint nano|micro|mega|giga none|TASK OUTPUT".into());
    };
    let preset = Preset::find(preset).ok_or("no such preset")?;
    let mut config = ModelConfig::pretrained(preset.encoder());
    if head != "none" {
        let task = TaskSpec::find(head).ok_or("no such head")?;
        config.head = Some(task.head.clone().ok_or("no such head")?);
    }
    let mut document = Document::new(format!("random-{}", preset.name), config.clone());
    document.provenance = Some("random weights, for measuring only".into());
    let header = HashMap::from([(HEADER_KEY.to_owned(), serde_json::to_string(&document)?)]);
    let tensors = config.manifest().into_iter().map(|spec| (spec.name.clone(), Random(spec)));
    safetensors::serialize_to_file(tensors, Some(header), Path::new(output))?;
    eprintln!("{output}: {} parameters", config.parameters());
    Ok(())
}

/// A tensor with random values, which are drawn when it is written.
struct Random(TensorSpec);

impl Random {
    fn count(&self) -> usize {
        self.0.shape.iter().product()
    }

    /// Norms near 1, biases near 0, matrices of unit gain.
    fn values(&self) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(self.count() as u64);
        let TensorSpec { name, shape } = &self.0;
        let is_norm_scale = name.contains("norm.weight") || name.ends_with("beta");
        let fan_in: usize = shape.iter().skip(1).product();
        let (middle, spread) = match shape.len() {
            1 if is_norm_scale => (1.0, 0.1),
            1 => (0.0, 0.1),
            _ => (0.0, (3.0 / fan_in as f32).sqrt()),
        };
        (0..self.count()).map(|_| middle + spread * (2.0 * random.f32() - 1.0)).collect()
    }
}

impl View for Random {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values().iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        4 * self.count()
    }
}
