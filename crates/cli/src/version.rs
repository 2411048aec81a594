//! What `--version` prints.

use std::ffi::OsString;
use std::sync::OnceLock;

use clap::Command;
use rinalmo::checkpoint::all_bundled;

use crate::commands::thermodynamics::{RINALMO2026, TURNER2004};

/// The version, with the commit and its date if the build script knows them: `0.1.0 (1234abc 2026-11-27)`.
pub const LINE: &str = env!("RINALMO_VERSION");

/// The optional parts of the program, and whether they are built in.
const FEATURES: [(&str, bool); 5] = [
    ("bundled", cfg!(feature = "bundled")),
    ("wgpu", cfg!(feature = "wgpu")),
    ("tch", cfg!(feature = "tch")),
    ("cuda", cfg!(feature = "cuda")),
    ("mpi", cfg!(feature = "mpi")),
];

/// Adds what `--version` prints after the line of `-V`, if it is among the arguments. Models are only looked at then.
pub fn in_full_if_asked(definition: Command, arguments: &[OsString]) -> Command {
    static FULL: OnceLock<String> = OnceLock::new();
    match arguments.iter().any(|argument| argument == "--version") {
        true => definition.long_version(FULL.get_or_init(full).as_str()),
        false => definition,
    }
}

fn full() -> String {
    let features = FEATURES.map(|(name, built_in)| format!("{}{name}", if built_in { '+' } else { '-' }));
    let kernels = rinalmo::kernel_level().map_or_else(|error| error.to_string(), str::to_owned);
    let bundled = all_bundled();
    let models: Vec<&str> = bundled.iter().map(String::as_str).chain([TURNER2004, RINALMO2026]).collect();
    let (features, models) = (features.join(" "), models.join(" "));
    format!("{LINE}\n\nfeatures: {features}\nkernels:  {kernels}\nmodels:   {models}")
}
