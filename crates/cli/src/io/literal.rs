//! A sequence in place of a file: `rinalmo fold GGGGAAAACCCC`.

use std::path::Path;

use rinalmo::seq::alphabet;

/// Shorter arguments are taken as names: all letters of `data` and `cat` stand for bases.
const SHORTEST: usize = 5;
/// Of ten letters this many must be A, C, G, U, T or N, as IUPAC codes spell many words.
const PLAIN_IN_TEN: usize = 9;
/// With this many of ten letters a name looks like a sequence with invalid letters.
const LIKE_IN_TEN: usize = 8;

/// The argument as a sequence, or as two strands, if no file has this name and all its letters are bases.
pub fn sequence_in_place_of(file: &Path) -> Option<&str> {
    let text = file.to_str()?;
    let bases = text.bytes().all(|letter| alphabet::is_base(letter) || letter == alphabet::NICK);
    (bases && is_mostly_plain(text, PLAIN_IN_TEN) && !file.exists()).then_some(text)
}

/// The message for a file that does not exist.
pub fn missing(file: &Path) -> String {
    let name = file.display();
    let looks_like_one = file.to_str().is_some_and(|text| is_mostly_plain(text, LIKE_IN_TEN));
    if looks_like_one {
        format!("{name}: no such file; a sequence is given by `echo {name} | rinalmo fold`")
    } else {
        format!("{name}: no such file or folder")
    }
}

fn is_mostly_plain(text: &str, in_ten: usize) -> bool {
    let plain = text.bytes().filter(|letter| b"ACGUTN".contains(&letter.to_ascii_uppercase())).count();
    text.len() >= SHORTEST && plain * 10 >= text.len() * in_ten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_taken_and_names_are_not() {
        for sequence in ["GGGGAAAACCCC", "acguu", "GGGNAAACCCNNN", "GGGGGRAAAACCCC", "GGGGA&UCCCC"] {
            assert_eq!(sequence_in_place_of(Path::new(sequence)), Some(sequence));
        }
        for name in ["data", "cat", "my.fa", "bank", "scans", "GGGG/AAAA", "GGGG.AAAACCCC", "-", "", "GGGGXAAAACCCC"] {
            assert_eq!(sequence_in_place_of(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn a_file_wins_over_a_sequence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ACGUACGU");
        std::fs::write(&file, "").unwrap();
        assert_eq!(sequence_in_place_of(&file), None);
    }

    #[test]
    fn a_name_that_looks_like_a_sequence_gets_a_hint() {
        assert!(missing(Path::new("GGGGXAAAACCCC")).contains("`echo GGGGXAAAACCCC | rinalmo fold`"));
        assert_eq!(missing(Path::new("my.fa")), "my.fa: no such file or folder");
    }
}
