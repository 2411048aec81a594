//! What travels to a machine with a GPU: the program built against LibTorch, a corpus, and sequences of one length.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::process::{command, root};

/// Sequences of [`LETTERS`], all of one length so that PyTorch has nothing to pad.
const SEQUENCES: usize = 20_000;
/// 256 tokens with the first and the last.
const LETTERS: usize = 254;

/// Builds the program and packs `target/gpu-kit.tar.xz`.
///
/// # Errors
/// If the program cannot be built against the PyTorch of `python`, or something cannot be written.
pub fn run(corpus: &Path) -> anyhow::Result<std::process::ExitCode> {
    let corpus = fs::canonicalize(corpus).with_context(|| format!("{} cannot be opened", corpus.display()))?;
    let kit = root().join("target/gpu-kit");
    fs::create_dir_all(&kit)?;
    // Whole-program optimisation takes minutes and does nothing for a GPU.
    let mut build = command("cargo");
    build.args(["build", "--release", "-p", "rinalmo-cli", "--features", "tch", "--target-dir", "target/gpu"]);
    build.env("CARGO_PROFILE_RELEASE_LTO", "false");
    build.env("LIBTORCH_USE_PYTORCH", "1").env("LIBTORCH_BYPASS_VERSION_CHECK", "1");
    ran(&mut build, "build the program; is a `python` with PyTorch first on PATH?")?;
    let program = root().join("target/gpu/release/rinalmo");
    ran(command("strip").arg(&program).arg("-o").arg(kit.join("rinalmo")), "strip the program")?;
    fs::copy(&corpus, kit.join("corpus.lmdb")).with_context(|| format!("{} cannot be copied", corpus.display()))?;
    fs::write(kit.join("fixed.fa"), sequences())?;
    let archive = PathBuf::from("target/gpu-kit.tar.xz");
    let mut pack = command("tar");
    pack.env("XZ_OPT", "-9").args(["-cJf"]).arg(&archive).arg("-C").arg("target").arg("gpu-kit");
    ran(&mut pack, "pack the kit")?;
    let size = fs::metadata(root().join(&archive))?.len() as f64 / 1e6;
    println!("{} ({size:.1} MB): unpack it there, and run benches/gpu/run.sh gpu-kit OUT check", archive.display());
    Ok(std::process::ExitCode::SUCCESS)
}

fn ran(command: &mut std::process::Command, what: &str) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot {what}"))?;
    if !status.success() {
        bail!("could not {what}");
    }
    Ok(())
}

/// Random sequences, the same each time.
fn sequences() -> String {
    let mut state = 1_u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b"ACGU"[(state >> 62) as usize])
    };
    let mut text = String::with_capacity(SEQUENCES * (LETTERS + 8));
    for number in 0..SEQUENCES {
        let _ = writeln!(text, ">r{number}");
        text.extend((0..LETTERS).map(|_| letter()));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_have_one_length_and_all_letters() {
        let text = sequences();
        let lines: Vec<&str> = text.lines().skip(1).step_by(2).collect();
        assert_eq!(lines.len(), SEQUENCES);
        assert!(lines.iter().all(|line| line.len() == LETTERS));
        let share = |letter: u8| text.bytes().filter(|&b| b == letter).count() as f64 / (SEQUENCES * LETTERS) as f64;
        assert!(b"ACGU".iter().all(|&letter| (0.24..0.26).contains(&share(letter))));
    }
}
