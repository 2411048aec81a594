//! Makes the final file, and renames it into place.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};

use super::{Error, Format, Layout, names::Names, npz, safetensors, spool::Spool, tsv, with_suffix};

/// Checks in advance that a file can be written at `path` or replace the existing one.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Err(Error::io("cannot write", path)(io::ErrorKind::IsADirectory.into()));
    }
    Ok(())
}

/// Writes a new file next to `path` with `fill`, syncs it to the disk, and renames it to `path`.
pub(super) fn replace(
    path: &Path,
    fill: impl FnOnce(BufWriter<File>) -> io::Result<BufWriter<File>>,
) -> Result<(), Error> {
    let new = with_suffix(path, ".part.tmp");
    let filled = File::create(&new)
        .and_then(|file| fill(BufWriter::with_capacity(1 << 20, file)))
        .and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error))
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&new, path));
    filled.map_err(|source| {
        let _ = fs::remove_file(&new); // the error that matters is the first
        Error::io("cannot write", path)(source)
    })?;
    sync_folder(path);
    Ok(())
}

/// Syncs the new name to the disk, if folders can be opened: the spool is deleted after it.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = File::open(folder).and_then(|folder| folder.sync_all()); // not all systems can
}

/// Writes the records of the spool in the given format.
pub(super) fn encode(
    spool: &Spool,
    format: Format,
    layout: Layout,
    settings: &str,
    names: &Names,
    out: BufWriter<File>,
) -> io::Result<BufWriter<File>> {
    let mut out = match format {
        Format::Npz => npz::encode(spool, names, out)?,
        Format::Safetensors => safetensors::encode(spool, names, settings, out)?,
        #[cfg(feature = "parquet")]
        Format::Parquet => super::parquet::encode(spool, names, settings, out)?,
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => unreachable!("`Format::of` refuses it in this build"),
        #[cfg(feature = "h5ad")]
        Format::H5ad => super::h5ad::encode(spool, names, settings, out)?,
        #[cfg(not(feature = "h5ad"))]
        Format::H5ad => unreachable!("`Format::of` refuses it in this build"),
        Format::Tsv => tsv::encode(spool, names, layout, out)?,
        Format::TsvGz => tsv::encode(spool, names, layout, GzEncoder::new(out, Compression::default()))?.finish()?,
    };
    out.flush()?;
    Ok(out)
}
