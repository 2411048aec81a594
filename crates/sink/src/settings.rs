//! The header of a spool: the settings that its records were made with.
//!
//! `"rnaspl01", settings length u32, settings, crc32 u32`, little-endian. The magic word has the version.

use std::{fs::File, io::Read, path::Path};

use super::Error;

const MAGIC: &[u8; 8] = b"rnaspl01";
/// Bytes before the settings.
const FIXED: usize = 12;
const CRC: usize = 4;

/// The header for these settings.
pub(super) fn header(settings: &str) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((settings.len() as u32).to_le_bytes());
    bytes.extend(settings.as_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// Reads the settings of a spool; `None` if the file ends inside its header, because a run was killed at its start.
///
/// # Errors
/// If the file is something else, or cannot be read.
pub(super) fn read(file: &mut File, path: &Path) -> Result<Option<String>, Error> {
    let stranger = || Error::NotASpool { path: path.to_owned() };
    let mut bytes = Vec::new();
    let mut read =
        |count: u64, bytes: &mut Vec<u8>| file.take(count).read_to_end(bytes).map_err(Error::io("cannot read", path));
    read(FIXED as u64, &mut bytes)?;
    if !MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())]) {
        return Err(stranger());
    }
    let Some([_, _, _, _, _, _, _, _, length @ ..]) = bytes.first_chunk::<FIXED>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    if read((length + CRC) as u64, &mut bytes)? < length + CRC {
        return Ok(None);
    }
    let settings = String::from_utf8_lossy(&bytes[FIXED..FIXED + length]).into_owned();
    if header(&settings) == bytes { Ok(Some(settings)) } else { Err(stranger()) }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Seek, Write},
        path::Path,
    };

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Option<String>, Error> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        read(&mut file, Path::new("x.part"))
    }

    #[test]
    fn settings_are_read_back_a_torn_header_is_none_and_a_changed_one_is_refused() {
        let whole = header("model=µ");
        assert_eq!(read_bytes(&whole).unwrap().as_deref(), Some("model=µ"));
        for cut in 0..whole.len() {
            assert_eq!(read_bytes(&whole[..cut]).unwrap(), None, "cut at {cut}");
        }
        for place in (0..8).chain(12..whole.len()) {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(matches!(read_bytes(&changed), Err(Error::NotASpool { .. })), "changed at {place}");
        }
    }
}
