//! The bundled models: a small checkpoint that is part of the program, one encoder with several heads.

use rinalmo_weights::Checkpoint;

use crate::Error;

/// Its name, the default of `--model`.
pub const NAME: &str = "nano";

/// Aligns the file's bytes, so that f32 tensors can be viewed in place.
#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("../../../models/nano/nano.safetensors"));

/// Opens its first model, or another one by name, without copying.
pub fn checkpoint(member: Option<&str>) -> Result<Checkpoint, Error> {
    Ok(Checkpoint::from_static(&FILE.0, member)?)
}
