//! The bundled models: a small checkpoint that is part of the program, one encoder with several heads.

use rinalmo_weights::Checkpoint;

use crate::Error;

/// Its name, the default of `--model`.
pub const NAME: &str = "nano";

/// Opens its first model, or another one by name, without copying.
pub fn checkpoint(member: Option<&str>) -> Result<Checkpoint, Error> {
    Ok(Checkpoint::from_static(rinalmo_nano::FILE, member)?)
}
