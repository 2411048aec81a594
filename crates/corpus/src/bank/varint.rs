//! Numbers in as few bytes as they need: seven bits a byte, the lowest first, the top bit saying that more follow.

/// Appends `value`.
pub(crate) fn put(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Takes a number from the front of `from`; `None` if it ends too early or is not a u64.
pub(crate) fn take(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (place, &byte) in from.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * place as u32)?;
        if byte < 0x80 {
            *from = &from[place + 1..];
            return Some(value);
        }
    }
    None
}

/// Appends the length of a text, then the text.
pub(crate) fn put_text(text: &str, to: &mut Vec<u8>) {
    put(text.len() as u64, to);
    to.extend_from_slice(text.as_bytes());
}

/// Takes text that [`put_text`] wrote; bytes that are not UTF-8 become `�`.
pub(crate) fn take_text(from: &mut &[u8]) -> Option<String> {
    Some(String::from_utf8_lossy(take_bytes(from)?).into_owned())
}

/// Takes as many bytes as the number before them says.
pub(crate) fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take(from)?).ok()?;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken_again() {
        let mut bytes = Vec::new();
        let values = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        values.iter().for_each(|&value| put(value, &mut bytes));
        put_text("tRNA-Phe é", &mut bytes);
        let mut rest = &bytes[..];
        assert_eq!(values.map(|_| take(&mut rest).unwrap()), values);
        assert_eq!(take_text(&mut rest).as_deref(), Some("tRNA-Phe é"));
        assert!(rest.is_empty());
    }

    #[test]
    fn a_number_that_ends_too_early_is_none() {
        assert_eq!(take(&mut &[0x80, 0x80][..]), None);
        assert_eq!(take(&mut &[][..]), None);
        assert_eq!(take_text(&mut &[5, b'a'][..]), None);
    }
}
