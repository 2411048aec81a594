//! The bundled models: a small checkpoint that is part of the program, one encoder with several heads.

use rinalmo_weights::Checkpoint;

use crate::Error;

/// Its name, the default of `--model`.
pub const NAME: &str = "nano";

/// Keeps the file's bytes where f32 tensors may be viewed in place.
#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("../../../models/nano/nano.safetensors"));

/// Opens the first of its models, or a further one by name, without copying.
pub fn checkpoint(member: Option<&str>) -> Result<Checkpoint, Error> {
    Ok(Checkpoint::from_static(&FILE.0, member)?)
}
