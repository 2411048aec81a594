//! A gzip file is a row of members (bgzip, pigz, `cat`), perhaps with zeros after the last, as tapes and padded uploads
//! leave them. This reads all members as one stream and passes over the zeros, as `gzip -d` does.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The decompressed content of all members of a stream.
pub(super) struct Members<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Members<R> {
    pub(super) fn new(source: R) -> Self {
        Self(Some(GzDecoder::new(source)))
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let ended = self.0.take().map(GzDecoder::into_inner);
            self.0 = ended.map(next_member).transpose()?.flatten().map(GzDecoder::new);
        }
        Ok(0)
    }
}

/// Moves past zeros; `None` if nothing else follows.
fn next_member<R: BufRead>(mut source: R) -> io::Result<Option<R>> {
    loop {
        let bytes = source.fill_buf()?;
        let (zeros, len) = (bytes.iter().take_while(|&&byte| byte == 0).count(), bytes.len());
        if len == 0 {
            return Ok(None);
        }
        source.consume(zeros);
        if zeros < len {
            return Ok(Some(source));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        Members::new(io::BufReader::with_capacity(7, bytes)).read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn zeros_after_a_member_are_passed_over_and_other_bytes_are_not() {
        let whole = [member(b"ACGU"), member(b""), member(b"GG")].concat();
        for zeros in [0, 1, 5, 512] {
            let padded = [&whole[..], &vec![0; zeros], &whole].concat();
            assert_eq!(read(&[padded, vec![0; zeros]].concat()).unwrap(), b"ACGUGGACGUGG");
        }
        assert!(read(&[&whole[..], b"junk of some length"].concat()).is_err());
        assert!(read(&whole[..whole.len() - 3]).is_err());
    }
}
