//! The extension module `rinalmo._rinalmo`: what the Python package `rinalmo` computes with.
//!
//! It takes and gives plain Python objects and NumPy arrays. Names, defaults, documentation and result types for users
//! are in `python/rinalmo/`, and so is `_rinalmo.pyi`, the types of everything here.
//!
//! All work on sequences runs in `work.rs`: on a pool of threads, without Python's lock, interrupted by Ctrl-C.

mod asked;
mod calibration;
mod command;
mod corpora;
mod drawing;
mod energies;
mod error;
mod folded;
mod folding;
mod maps;
mod model;
mod pool;
mod reading;
mod structures;
mod training;
mod work;

use pyo3::prelude::*;

#[pymodule]
mod _rinalmo {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::asked::letters;
    #[pymodule_export]
    use crate::calibration::calibrate;
    #[pymodule_export]
    use crate::command::command;
    #[pymodule_export]
    use crate::corpora::build_corpus;
    #[pymodule_export]
    use crate::drawing::{draw, pdf, png};
    #[pymodule_export]
    use crate::energies::EnergyEngine;
    #[pymodule_export]
    use crate::maps::place;
    #[pymodule_export]
    use crate::model::Engine;
    #[pymodule_export]
    use crate::reading::{Reader, read_structures};
    #[pymodule_export]
    use crate::structures::{brackets, compare, pairs_of, write};
    #[pymodule_export]
    use crate::training::{finetune, pretrain, resume};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("models", super::bundled_models())
    }
}

/// The names of the bundled models, the default one first.
fn bundled_models() -> Vec<String> {
    rinalmo::checkpoint::all_bundled()
}
