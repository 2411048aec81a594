//! The bundled models: two small checkpoints that are part of the program, each one encoder with its heads.

use rinalmo_weights::Checkpoint;

use crate::Error;

/// The name of the first, the default of `--model`; the names of the others begin with it.
pub const NAME: &str = "nano";

/// The files: the encoder for structures, then the one for everything else.
const FILES: [&[u8]; 2] = [rinalmo_nano::FILE, rinalmo_nano_mlm::FILE];

/// Opens the first model of each file, without copying.
///
/// # Errors
/// A file is damaged, which would be a mistake in the program.
pub fn files() -> Result<Vec<Checkpoint>, Error> {
    FILES.iter().map(|file| Ok(Checkpoint::from_static(file, None)?)).collect()
}

/// Opens the model called [`NAME`].
///
/// # Errors
/// As for [`files`].
pub fn first() -> Result<Checkpoint, Error> {
    Ok(Checkpoint::from_static(FILES[0], None)?)
}

/// The names of all models, file by file.
///
/// # Errors
/// As for [`files`].
pub fn names() -> Result<Vec<String>, Error> {
    let names = |first: Checkpoint| [std::slice::from_ref(&first.meta.name), first.members()].concat();
    Ok(files()?.into_iter().flat_map(names).collect())
}

/// Opens a model by name, without copying; `None` if there is none of that name.
///
/// # Errors
/// As for [`files`].
pub fn checkpoint(name: &str) -> Result<Option<Checkpoint>, Error> {
    for (bytes, first) in FILES.iter().zip(files()?) {
        if first.meta.name == name {
            return Ok(Some(first));
        }
        if first.members().iter().any(|member| member == name) {
            return Ok(Some(Checkpoint::from_static(bytes, Some(name))?));
        }
    }
    Ok(None)
}
