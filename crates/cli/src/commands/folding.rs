//! How a model folds: flags of every command that does.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use rinalmo::{FoldOptions, Method};

/// Threshold, decoding, memory.
#[derive(Args, Clone, Debug)]
pub struct FoldingArgs {
    /// Least probability of a chosen pair, the same for all sequences; with `--decode f1` it may be more [default: the
    /// model's own, tuned on validation data]
    #[arg(short, long, value_name = "P", allow_negative_numbers = true)]
    pub threshold: Option<f32>,
    /// How pairs are chosen [default: as the model was tuned, the paper's way where it does not say]
    #[arg(long, value_enum)]
    pub decode: Option<DecodeArg>,
    /// Allow pairs other than AU, GC and GU
    #[arg(long)]
    pub non_canonical: bool,
    /// Fewest unpaired bases in a hairpin loop
    #[arg(long, value_name = "N", default_value_t = FoldOptions::default().min_loop)]
    pub min_loop: usize,
    /// Memory for maps of pairs, with K, M, G or T; longer sequences are refused [default: 80 % of
    /// what is free]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_memory: Option<u64>,
    /// Tokens encoded at a time
    #[arg(long, value_name = "N", default_value_t = FoldOptions::default().batch_tokens)]
    pub batch_tokens: usize,
}

/// `--decode`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DecodeArg {
    /// The paper's: the most probable pair, then the next that does not clash; pseudoknots allowed
    Greedy,
    /// The best structure without pseudoknots, by dynamic programming
    Nested,
    /// That of those with the highest expected F1: pairs must be more probable than half of it, found for each sequence
    F1,
}

impl FoldingArgs {
    /// The options they stand for.
    pub fn resolve(&self) -> Result<FoldOptions> {
        if let Some(threshold) = self.threshold.filter(|p| !(0.0..1.0).contains(p)) {
            bail!("--threshold: expected a probability from 0 to below 1, found {threshold}");
        }
        Ok(FoldOptions {
            threshold: self.threshold,
            method: self.decode.map(|decode| match decode {
                DecodeArg::Greedy => Method::Greedy,
                DecodeArg::Nested => Method::Nested,
                DecodeArg::F1 => Method::F1,
            }),
            min_loop: self.min_loop,
            non_canonical: self.non_canonical,
            probabilities: false,
            max_memory: self.max_memory,
            batch_tokens: self.batch_tokens.max(1),
        })
    }
}

/// `512M`, `4G`, `1.5GiB`: bytes, in powers of 1024.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let error = || format!("`{text}`: expected a number with K, M, G or T, as in 4G");
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
    fn sizes_read_as_people_write_them() {
        for (text, bytes) in [("512", 512), ("1K", 1024), ("4g", 4 << 30), ("1.5GiB", 3 << 29), ("2 MB", 2 << 20)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "-1G", "lots", "NaN"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
