//! The model in the box: a small checkpoint that is part of the program.

use rinalmo_weights::Checkpoint;

use crate::Error;

/// Its name, the default of `--model`.
pub const NAME: &str = "nano-preview";

/// Keeps the file's bytes where f32 tensors may be viewed in place.
#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!("../../../models/nano-preview.safetensors"));

/// Opens it, without copying.
pub fn checkpoint() -> Result<Checkpoint, Error> {
    Ok(Checkpoint::from_static(&FILE.0)?)
}
