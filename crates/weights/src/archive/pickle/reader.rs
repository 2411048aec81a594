//! Reads a pickle's bytes: numbers, counted strings, lines; never beyond the end.

use crate::error::Fault;

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    place: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], place: &'static str) -> Self {
        Self { bytes, at: 0, place }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn damaged(&self, reason: impl Into<String>) -> Fault {
        let (reason, at, place) = (reason.into(), self.at, self.place);
        Fault::damaged("pickle", format!("{reason} (byte {at} of {place})"))
    }

    pub(super) fn refused(&self, offset: usize, what: String) -> Fault {
        Fault::Refused { what, offset, place: self.place }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..count).ok_or_else(|| self.damaged("ends too early"))?;
        self.at += count;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    /// A little-endian unsigned number of `N` bytes.
    pub(super) fn unsigned<const N: usize>(&mut self) -> Result<u64, Fault> {
        let mut all = [0; 8];
        all[..N].copy_from_slice(self.take(N)?);
        Ok(u64::from_le_bytes(all))
    }

    /// A little-endian number of `N` bytes in two's complement.
    pub(super) fn int<const N: usize>(&mut self) -> Result<i64, Fault> {
        self.take(N).map(sign_extended)
    }

    /// A number after its length of `N` bytes.
    pub(super) fn long<const N: usize>(&mut self) -> Result<i64, Fault> {
        let bytes = self.counted::<N>()?;
        if bytes.len() > 8 {
            return Err(self.damaged("an integer of more than 64 bits"));
        }
        Ok(sign_extended(bytes))
    }

    /// A big-endian double.
    pub(super) fn float(&mut self) -> Result<f64, Fault> {
        let mut all = [0; 8];
        all.copy_from_slice(self.take(8)?);
        Ok(f64::from_be_bytes(all))
    }

    /// Bytes after their length of `N` bytes.
    pub(super) fn counted<const N: usize>(&mut self) -> Result<&'a [u8], Fault> {
        let count = self.unsigned::<N>()?;
        match usize::try_from(count) {
            Ok(count) => self.take(count),
            Err(_) => Err(self.damaged("ends too early")),
        }
    }

    /// Text up to a line feed.
    pub(super) fn line(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|b| *b == b'\n').ok_or_else(|| self.damaged("ends too early"))?;
        let text = std::str::from_utf8(&rest[..end]).map_err(|_| self.damaged("a name that is not UTF-8"))?;
        self.at += end + 1;
        Ok(text)
    }
}

fn sign_extended(bytes: &[u8]) -> i64 {
    let negative = bytes.last().is_some_and(|top| top & 0x80 != 0);
    let mut all = if negative { [0xff; 8] } else { [0; 8] };
    all[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_sign() {
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff], "").int::<4>(), Ok(-1));
        assert_eq!(Reader::new(&[2, 0x2c, 0x01], "").long::<1>(), Ok(300));
        assert_eq!(Reader::new(&[1, 0x80], "").long::<1>(), Ok(-128));
        assert_eq!(Reader::new(&[0], "").long::<1>(), Ok(0));
    }
}
