//! A sequence in place of a file: `rinalmo fold GGGGAAAACCCC`.

use std::path::Path;

use rinalmo::seq::alphabet;

/// Shorter arguments are taken as names: all letters of `data` and `cat` stand for bases.
const SHORTEST: usize = 5;
/// Arguments as short as this may have been meant as sequences.
const SHORTEST_LIKE: usize = 3;
/// Of ten letters this many must be A, C, G, U, T or N, as IUPAC codes spell many words.
const PLAIN_IN_TEN: usize = 9;
/// With this many of ten letters a name looks like a sequence with invalid letters.
const LIKE_IN_TEN: usize = 8;

/// The argument as a sequence, or as two strands, if no file has this name and all its letters are bases.
pub fn sequence_in_place_of(file: &Path) -> Option<&str> {
    let text = file.to_str()?;
    let bases = text.bytes().all(|letter| alphabet::is_base(letter) || letter == alphabet::NICK);
    let is_one = bases && text.len() >= SHORTEST && is_mostly_plain(text, PLAIN_IN_TEN);
    (is_one && !file.exists()).then_some(text)
}

/// The message of `command` for a file that does not exist.
pub fn missing(file: &Path, command: &str) -> String {
    let name = file.display();
    let looks_like_one = |text: &str| {
        let like = text.len() >= SHORTEST && is_mostly_plain(text, LIKE_IN_TEN) && !text.contains('\'');
        like || (SHORTEST_LIKE..SHORTEST).contains(&text.len()) && is_mostly_plain(text, 10)
    };
    if file.to_str().is_some_and(looks_like_one) {
        format!("{name}: no such file; a sequence is given by `echo '{name}' | rinalmo {command}`")
    } else {
        format!("{name}: no such file or folder")
    }
}

/// Are so many of ten letters A, C, G, U, T or N? The mark between two strands is none.
fn is_mostly_plain(text: &str, in_ten: usize) -> bool {
    let letters = || text.bytes().filter(|letter| *letter != alphabet::NICK);
    let plain = letters().filter(|letter| b"ACGUTN".contains(&letter.to_ascii_uppercase())).count();
    plain > 0 && plain * 10 >= letters().count() * in_ten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_taken_and_names_are_not() {
        for sequence in ["GGGGAAAACCCC", "acguu", "GGGNAAACCCNNN", "GGGGGRAAAACCCC", "GGGGA&UCCCC", "GGGG&CCCC&AAAA"] {
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
        let said = |name: &str| missing(Path::new(name), "energy bind");
        assert!(
            said("GGGGXAAA&CCCC")
                .ends_with("no such file; a sequence is given by `echo 'GGGGXAAA&CCCC' | rinalmo energy bind`")
        );
        assert!(said("ACGU").contains("`echo 'ACGU' | rinalmo energy bind`"));
        assert_eq!(said("my.fa"), "my.fa: no such file or folder");
        assert_eq!(said("bank"), "bank: no such file or folder");
    }
}
