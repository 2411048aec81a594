//! Lists of checksums that publishers put next to their files: the output of `md5sum`, `sha256sum` and `sum`.

use super::digest::{is_hex, parse_sha256};
use super::{Error, Expected, Options, Progress, Sum, Wanted, read_text};

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// Bare name of the file.
    pub file: String,
    /// Its checksum.
    pub expected: Expected,
}

impl Sums {
    /// Reads a list, line by line: `<md5 or sha256>  <file>`, or `<sum> <blocks> <file>` as BSD `sum` has it. Lines of
    /// any other form are ignored.
    pub fn parse(text: &str) -> impl Iterator<Item = Self> + '_ {
        text.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (name, expected) = match words[..] {
                [sum, name] if is_hex(sum, 32) => (name, Expected { md5: Some(sum.into()), ..Expected::default() }),
                [sum, name] => (name, Expected { sha256: Some(parse_sha256(sum).ok()?), ..Expected::default() }),
                [value, blocks, name] => {
                    let sum = Sum { value: value.parse().ok()?, blocks: blocks.parse().ok()? };
                    (name, Expected { sum: Some(sum), ..Expected::default() })
                }
                _ => return None,
            };
            // `md5sum -b` puts a star before the name, and names may carry a folder.
            let file = name.trim_start_matches('*').rsplit('/').next().unwrap_or(name).to_owned();
            Some(Self { file, expected })
        })
    }
}

/// What a list says about one file; empty if the list does not name it.
pub fn expected_in(text: &str, file: &str) -> Expected {
    Sums::parse(text).find(|line| line.file == file).map(|line| line.expected).unwrap_or_default()
}

/// What the list at this address says about the file; empty if there is no such list.
pub(super) fn published(
    url: &str,
    file: &str,
    wanted: &[Wanted],
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Expected, Error> {
    match read_text(url, wanted, options, progress) {
        Ok(text) => Ok(expected_in(&text, file)),
        Err(Error::Status { status: 404 | 410, .. }) => Ok(Expected::default()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";
    const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn every_form_of_line_is_read_and_others_are_passed_over() {
        let text = format!("# a remark\n{MD5}  nt.gz\n{SHA256} *./b.fa\n\n32001 18 sub/c.fa.gz\nx y d.fa\n{MD5}\n");
        assert_eq!(expected_in(&text, "nt.gz").md5.as_deref(), Some(MD5));
        assert_eq!(expected_in(&text, "b.fa").sha256.as_deref(), Some(SHA256));
        assert_eq!(expected_in(&text, "c.fa.gz").sum, Some(Sum { value: 32_001, blocks: 18 }));
        assert_eq!(expected_in(&text, "d.fa"), Expected::default());
        assert_eq!(Sums::parse(&text).count(), 3);
    }
}
