//! `--model` and `--dtype`: which weights, in which number format, and notes on them.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use rinalmo::checkpoint::{BUNDLED, bundled_for};
use rinalmo::{LoadOptions, Model, Precision};

use crate::context::Context;

/// A note for users of the bundled encoder of structures, in one line.
pub const ENCODER_NOTE: &str =
    "model: nano (bundled); `rinalmo model download giga` fetches a better one for embeddings";

/// A note for users of the bundled model for masked letters.
pub const LETTERS_NOTE: &str =
    "model: nano-mlm (bundled); `rinalmo model download giga` fetches a better one for scores";

/// A note for users of the bundled small heads.
pub const HEADS_NOTE: &str = "model: a small bundled head; `rinalmo model list` lists published ones";

/// Which model.
#[derive(Args, Clone, Debug)]
pub struct ModelChoice {
    /// Use this model: a name from `rinalmo model list`, or a path to an official .pt, a multimolecule
    /// folder, or our own .safetensors [default: the bundled one, if the command can use it]
    #[arg(short, long, value_name = "NAME|PATH")]
    pub model: Option<String>,
    /// Number of attention heads, if neither the checkpoint nor a config.json next to it has it; the published sizes
    /// (20 heads) do not need it
    #[arg(long, value_name = "N")]
    pub heads: Option<usize>,
    /// Compute products in this number format; sums are f32. auto is bf16 on a CPU that multiplies it faster, else f32;
    /// int8 is smaller, faster and less exact. Other devices than the CPU use f32
    #[arg(long, value_enum, default_value = "auto", value_name = "TYPE")]
    pub dtype: Dtype,
    #[command(flatten)]
    pub memory: MemoryArgs,
}

/// `--max-memory`.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct MemoryArgs {
    /// Limit the memory for work on sequences, without the weights, with K, M, G or T; sequences that need more are
    /// refused [default: 80 % of the memory that the machine, the container and `ulimit` leave free]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_memory: Option<u64>,
}

/// `--dtype`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Dtype {
    Auto,
    F32,
    Bf16,
    Int8,
}

impl From<Dtype> for Option<Precision> {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::Auto => None,
            Dtype::F32 => Some(Precision::F32),
            Dtype::Bf16 => Some(Precision::Bf16),
            Dtype::Int8 => Some(Precision::Int8),
        }
    }
}

impl ModelChoice {
    /// Loads it; if the user names none, the bundled one for `task`, and prints `note`.
    pub fn load(&self, context: &Context, task: &str, note: Option<&str>) -> anyhow::Result<Model> {
        let device = context.device()?;
        let options = LoadOptions::default()
            .heads(self.heads)
            .precision(Option::from(self.dtype))
            .max_memory(self.memory.max_memory);
        let model = match &self.model {
            Some(name) => Model::load_with(name, &options, &device)?,
            None => {
                let (model, does_it) = default_model(task, &options, &device)?;
                note.filter(|_| does_it).inspect(|note| context.banner(note));
                model
            }
        };
        context.detail(|| {
            let parameters = model.config().parameters();
            format!("model {} ({parameters} parameters, sha256 {})", model.name(), model.sha256())
        });
        context.detail(|| format!("computing with {}", model.computes_with()));
        Ok(model)
    }
}

/// The bundled model for a task and `true`; or the first and `false`, whose errors say what it lacks.
fn default_model(task: &str, options: &LoadOptions, device: &rinalmo::Device) -> anyhow::Result<(Model, bool)> {
    let none = "this program was built without a bundled model\nhint: give --model; `rinalmo model list` lists some";
    let first = BUNDLED.context(none)?;
    let found = bundled_for(task);
    let model = Model::load_with(found.as_deref().unwrap_or(first), options, device)?;
    Ok((model, found.is_some()))
}

/// `512M`, `4G`, `1.5GiB`: bytes, in powers of 1024.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let error = || format!("`{text}`: expected a number with K, M, G or T, such as 4G");
    let lower = text.trim().to_ascii_lowercase();
    let number = lower.trim_end_matches("ib").trim_end_matches('b');
    let (digits, power) = match number.as_bytes().last() {
        Some(b'k') => (&number[..number.len() - 1], 1),
        Some(b'm') => (&number[..number.len() - 1], 2),
        Some(b'g') => (&number[..number.len() - 1], 3),
        Some(b't') => (&number[..number.len() - 1], 4),
        _ => (number, 0),
    };
    let value: f64 = digits.trim().parse().map_err(|_| error())?;
    if !value.is_finite() || value < 0.0 {
        return Err(error());
    }
    Ok((value * 1024_f64.powi(power)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_on_bundled_models_fit_into_one_line() {
        for note in [ENCODER_NOTE, LETTERS_NOTE, HEADS_NOTE, rinalmo::checkpoint::BUNDLED_NOTE] {
            assert!(note.chars().count() <= 120 && !note.contains('\n') && !note.contains("  "), "{note}");
        }
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        for (text, bytes) in [("512", 512), ("1K", 1024), ("4g", 4 << 30), ("1.5GiB", 3 << 29), ("2 MB", 2 << 20)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "-1G", "lots", "NaN"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
